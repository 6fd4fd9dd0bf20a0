//! A screen that is being filled, line by line.

use super::Screen;
use super::paragraph;
use super::style::{self, paint};
use super::table::{self, Align};
use super::untrusted::{fitted, for_terminal, width};

/// Lines of text with ANSI styles.
pub(super) struct Sheet {
    pub(super) screen: Screen,
    pub(super) out: String,
}

impl Sheet {
    pub(super) fn new(screen: Screen) -> Self {
        Self {
            screen,
            out: String::new(),
        }
    }

    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// A title and what is said of it, which goes on below where it does not fit beside.
    pub(super) fn heading(&mut self, title: &str, rest: &str) {
        self.out.push('\n');
        let beside = self.wrapped(rest, width(title) + 2);
        let title = paint(style::HEADING, title);
        if let [only] = &beside[..] {
            self.line(&format!("{title}  {}", paint(style::FAINT, only)));
            return;
        }
        self.line(&title);
        for line in self.wrapped(rest, 2) {
            self.line(&format!("  {}", paint(style::FAINT, &line)));
        }
    }

    /// Lines of the screen's width less `indent`; nothing is cut off.
    pub(super) fn wrapped(&self, text: &str, indent: usize) -> Vec<String> {
        let text = fitted(text, usize::MAX, self.screen.ascii);
        paragraph::wrapped(&text, self.screen.columns, indent)
    }

    /// A name, cut off after `most` columns, and what is said of it, which goes on below where it
    /// does not fit beside.
    pub(super) fn titled(&mut self, name: &str, most: usize, text: &str) {
        let Screen { columns, ascii } = self.screen;
        let name = fitted(name, most.min(columns.saturating_sub(2)), ascii);
        let beside = self.wrapped(text, width(&name) + 4);
        let name = paint(style::STRONG, &name);
        if let [only] = &beside[..] {
            self.line(&format!("  {name}  {only}"));
            return;
        }
        self.line(&format!("  {name}"));
        for line in self.wrapped(text, 4) {
            self.line(&format!("    {line}"));
        }
    }

    /// Lines of running text.
    pub(super) fn paragraph(&mut self, text: &str) {
        for line in self.wrapped(text, 0) {
            self.line(&line);
        }
    }

    /// A table with its first column as it stands; the head is faint.
    pub(super) fn table<const N: usize>(
        &mut self,
        align: [Align; N],
        head: &[&str],
        rows: &[[String; N]],
    ) {
        let rows = self.unfolded(align, rows);
        let (head, rows) = table::set(align, head, &rows, self.screen);
        if let Some(cells) = head {
            let line = paint(style::FAINT, cells.join("  ").trim_end());
            self.line(&format!("  {line}"));
        }
        for cells in rows {
            self.line(&format!("  {}", cells.join("  ")));
        }
    }

    /// With what does not fit into a last column of text in rows of its own.
    pub(super) fn unfolded<const N: usize>(
        &self,
        align: [Align; N],
        rows: &[[String; N]],
    ) -> Vec<[String; N]> {
        if align[N - 1] != Align::Left {
            return rows.to_vec();
        }
        let widest = |i: usize| rows.iter().map(|row| width(&for_terminal(&row[i]))).max();
        let indent = (0..N - 1)
            .map(|i| 2 + widest(i).unwrap_or(0))
            .sum::<usize>()
            + 2;
        let mut out = Vec::new();
        for row in rows {
            for (i, line) in self.wrapped(&row[N - 1], indent).into_iter().enumerate() {
                let mut cells = if i == 0 {
                    row.clone()
                } else {
                    std::array::from_fn(|_| String::new())
                };
                cells[N - 1] = line;
                out.push(cells);
            }
        }
        out
    }
}
