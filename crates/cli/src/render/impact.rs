//! What an edit builds again, on one screen.

use super::Screen;
use super::difference;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use crate::dto::graph::{Derivation, Graph};
use crate::dto::impact::{Cause, Impact, Lost};
use crate::quantity::{count, duration, plural, size};

/// Columns of a name.
const NAME: usize = 48;

/// The document as one screen of text with ANSI styles; of causes, additions and what is gone the
/// first `top`, or all if it is 0.
pub(crate) fn render(impact: &Impact, top: usize, screen: Screen) -> String {
    let mut page = Page {
        impact,
        top: if top == 0 { usize::MAX } else { top },
        sheet: Sheet::new(screen),
    };
    page.head();
    page.summary();
    page.causes();
    let added: Vec<&Derivation> = impact.added.iter().map(|added| &added.derivation).collect();
    page.alone("New", &added);
    page.alone("Gone", &impact.gone.iter().collect::<Vec<_>>());
    page.lost();
    page.sheet.out
}

/// `98 %`; a little is never nothing, and nearly all never all.
pub(super) fn percent(share: Option<f64>) -> String {
    match share {
        None => String::new(),
        Some(share) if share > 0.0 && share < 0.01 => "<1 %".to_owned(),
        Some(share) if share < 1.0 => format!("{:.0} %", (share * 100.0).min(99.0)),
        Some(_) => "100 %".to_owned(),
    }
}

struct Page<'a> {
    impact: &'a Impact,
    top: usize,
    sheet: Sheet,
}

impl Page<'_> {
    fn head(&mut self) {
        let describe = |graph: &Graph| {
            format!(
                "{} from {}",
                plural(graph.closure, "derivation"),
                graph.sources.join(", ")
            )
        };
        let rows = [
            ["before".to_owned(), describe(&self.impact.before)],
            ["after".to_owned(), describe(&self.impact.after)],
        ];
        self.sheet.table([Align::Left; 2], &[], &rows);
    }

    fn summary(&mut self) {
        let summary = &self.impact.summary;
        let fates = &summary.fates;
        if fates.changed + fates.added + fates.gone == 0 {
            let other = match summary.unchanged_with_other_file {
                0 => String::new(),
                files => format!("; {} another .drv file and the same outputs", has(files)),
            };
            self.sheet.out.push('\n');
            self.sheet
                .paragraph(&format!("Nothing is built again{other}"));
            return;
        }
        let machine = self.impact.machine.as_ref();
        let on = machine.map_or(String::new(), |name| format!(" on {name}"));
        let note = format!(
            "{} one after the other{on}, {} at least",
            duration(summary.build_ms),
            duration(summary.longest_chain_ms)
        );
        let title = format!("{} to build again", plural(summary.rebuilds, "derivation"));
        self.sheet.heading(&title, &note);
        let share = match &*percent(summary.share) {
            "" => String::new(),
            share => format!(", {share} of all builds"),
        };
        let mut rows = vec![[
            "changed".to_owned(),
            count(fates.changed),
            format!(
                "{} {} something else, {} from {}{share}",
                count(fates.causes),
                if fates.causes == 1 { "says" } else { "say" },
                follow(fates.cascade),
                if fates.causes == 1 { "it" } else { "these" },
            ),
        ]];
        let mut row = |name: &str, n: u64, what: String| {
            if n > 0 {
                rows.push([name.to_owned(), count(n), what]);
            }
        };
        row("new", fates.added, String::new());
        row("gone", fates.gone, String::new());
        row("downloads", summary.downloads, String::new());
        let cached = "of the changed and new are in a cache, or not needed";
        row("cached", summary.available, cached.to_owned());
        let other = match summary.unchanged_with_other_file {
            0 => String::new(),
            files => format!("{} another .drv file and the same outputs", has(files)),
        };
        row("unchanged", fates.unchanged, other);
        self.sheet
            .table([Align::Left, Align::Right, Align::Left], &[], &rows);
    }

    fn causes(&mut self) {
        let causes = &self.impact.causes;
        if causes.is_empty() {
            return;
        }
        self.sheet.heading(
            "Causes",
            "what says something else itself, the most dragged along first",
        );
        for cause in causes.iter().take(self.top) {
            self.cause(cause);
        }
        self.more(causes.len());
    }

    fn cause(&mut self, cause: &Cause) {
        let change = self.impact.change(cause.change);
        let drags = match (cause.drags, cause.drags_alone) {
            (0, _) => "drags nothing along".to_owned(),
            (all, 0) => format!("drags {} along", count(all)),
            (all, alone) if all == alone => format!("drags {} along, alone", count(all)),
            (all, alone) => format!("drags {} along, {} of them alone", count(all), count(alone)),
        };
        let dragged = if cause.is_dragged {
            ", would have changed anyway"
        } else {
            ""
        };
        let text = format!("{drags}, {}{dragged}", duration(cause.build_ms));
        self.sheet.titled(&change.after.name, NAME, &text);
        for difference in &cause.differences {
            difference::lines(&mut self.sheet, difference, 6);
        }
    }

    fn alone(&mut self, title: &str, all: &[&Derivation]) {
        if all.is_empty() {
            return;
        }
        let names: Vec<&str> = all
            .iter()
            .take(self.top)
            .map(|derivation| derivation.name.as_str())
            .collect();
        self.sheet
            .heading(title, &plural(all.len() as u64, "derivation"));
        for line in self.sheet.wrapped(&names.join(", "), 2) {
            self.sheet.line(&format!("  {line}"));
        }
        self.more(all.len());
    }

    fn lost(&mut self) {
        let Impact { lost, .. } = self.impact;
        if lost.is_empty() {
            return;
        }
        self.sheet.heading(
            "Lost",
            "what caches have of what it was, and not of what it is",
        );
        let rows: Vec<[String; 3]> = lost.iter().map(lost_row).collect();
        self.sheet
            .table([Align::Left, Align::Right, Align::Left], &[], &rows);
    }

    fn more(&mut self, all: usize) {
        let more = all.saturating_sub(self.top);
        if more > 0 {
            let text = format!("  and {} more: --top 0 shows all", count(more as u64));
            self.sheet.line(&paint(style::FAINT, &text));
        }
    }
}

fn lost_row(lost: &Lost) -> [String; 3] {
    let sizes: Vec<String> = [
        (lost.download_bytes, "to download"),
        (lost.nar_bytes, "unpacked"),
    ]
    .into_iter()
    .filter_map(|(bytes, what)| Some(format!("{} {what}", size(bytes?))))
    .collect();
    [
        lost.cache.clone(),
        plural(lost.paths, "path"),
        sizes.join(", "),
    ]
}

fn has(n: u64) -> String {
    let verb = if n == 1 { "has" } else { "have" };
    format!("{} {verb}", count(n))
}

fn follow(n: u64) -> String {
    let verb = if n == 1 { "follows" } else { "follow" };
    format!("{} {verb}", count(n))
}
