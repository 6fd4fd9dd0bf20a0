//! Cells set in columns.

use super::Screen;
use super::untrusted::{fitted, for_terminal, width};

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Columns between two columns, and before the first.
const GAP: usize = 2;

/// The head's cells, unless it is empty, and every row's, padded to the columns' widths: as wide
/// as the widest cell, but where the screen is too narrow names give way to figures.
pub(super) fn set<const N: usize>(
    align: [Align; N],
    head: &[&str],
    rows: &[[String; N]],
    screen: Screen,
) -> (Option<Vec<String>>, Vec<Vec<String>>) {
    let mut widths: Vec<usize> = (0..N)
        .map(|i| {
            let cells = rows.iter().map(|row| width(&for_terminal(&row[i])));
            cells
                .chain(head.get(i).map(|h| width(h)))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let all = widths.iter().sum::<usize>() + GAP * N;
    // The last column if it is a text, else the first.
    let gives = match align[N - 1] {
        Align::Left => N - 1,
        Align::Right => 0,
    };
    widths[gives] = widths[gives].saturating_sub(all.saturating_sub(screen.columns));
    let cell = |text: &str, i: usize| {
        let text = fitted(text, widths[i], screen.ascii);
        let space = " ".repeat(widths[i] - width(&text));
        match align[i] {
            Align::Left => text + &space,
            Align::Right => space + &text,
        }
    };
    let line = |texts: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        texts.enumerate().map(|(i, text)| cell(text, i)).collect()
    };
    let head = (!head.is_empty()).then(|| line(&mut head.iter().copied()));
    let rows = rows
        .iter()
        .map(|row| line(&mut row.iter().map(String::as_str)));
    (head, rows.collect())
}
