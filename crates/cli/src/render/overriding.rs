//! What overriding packages would build again, as a table.

use std::cmp::Reverse;

use super::Screen;
use super::impact::percent;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use crate::dto::overriding::{Overriding, Rebuild, Rebuilt};
use crate::quantity::{count, duration, plural};

/// The document as one screen of text with ANSI styles; of packages and of derivations the first
/// `top`, or all if it is 0.
pub(crate) fn render(document: &Overriding, top: usize, screen: Screen) -> String {
    let top = if top == 0 { usize::MAX } else { top };
    let mut sheet = Sheet::new(screen);
    let graph = &document.graph;
    let from = graph.sources.join(", ");
    sheet.paragraph(&format!("{} from {from}", plural(document.builds, "build")));
    sheet.heading(
        "Built again",
        "at most, when a package is overridden: all that needs it, one after the other",
    );
    let row = |name: &str, what: String, rebuild: &Rebuild| {
        [
            name.to_owned(),
            count(rebuild.rebuilds),
            percent(rebuild.share),
            duration(rebuild.build_ms),
            what,
        ]
    };
    let mut rows: Vec<[String; 5]> = document
        .packages
        .iter()
        .take(top)
        .map(|package| {
            let several = match package.derivations {
                1 => String::new(),
                n => format!("{} of that name", plural(n, "derivation")),
            };
            row(&package.name, several, &package.rebuild)
        })
        .collect();
    if let Some(together) = document
        .together
        .as_ref()
        .filter(|_| document.packages.len() > 1)
    {
        rows.push(row("all together", String::new(), together));
    }
    let right = Align::Right;
    let align = [Align::Left, right, right, right, Align::Left];
    sheet.table(align, &["", "builds", "of all", "time", ""], &rows);
    more(&mut sheet, document.packages.len(), top);
    if let Some(rebuilt) = &document.rebuilt {
        which(&mut sheet, rebuilt, top);
    }
    sheet.out
}

/// The derivations themselves.
fn which(sheet: &mut Sheet, rebuilt: &[Rebuilt], top: usize) {
    sheet.heading("Of these", "those that take longest first");
    let mut longest: Vec<&Rebuilt> = rebuilt.iter().collect();
    longest.sort_by_key(|build| Reverse(build.duration_ms));
    let rows = longest.iter().take(top).map(|build| {
        let note = if build.is_overridden {
            "overridden"
        } else {
            ""
        };
        let name = build.derivation.name.clone();
        [name, duration(build.duration_ms), note.to_owned()]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    sheet.table([Align::Left, Align::Right, Align::Left], &[], &rows);
    more(sheet, longest.len(), top);
}

/// How many of `all` are not shown, if there are such.
fn more(sheet: &mut Sheet, all: usize, top: usize) {
    let more = all.saturating_sub(top);
    if more > 0 {
        let text = format!("  and {} more: --top 0 shows all", count(more as u64));
        sheet.line(&paint(style::FAINT, &text));
    }
}
