//! What would be built and fetched, and what is there, on one screen.

use std::cmp::Reverse;

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use crate::dto::dry_run::{Build, DryRun};
use crate::dto::plan::Source;
use crate::quantity::{count, duration, plural, size};

/// The document as one screen of text with ANSI styles; of builds the `top` longest, or all if it is 0.
pub(crate) fn render(document: &DryRun, top: usize, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    let graph = &document.graph;
    let from = graph.sources.join(", ");
    sheet.paragraph(&format!(
        "{} from {from}",
        plural(graph.closure, "derivation")
    ));
    let top = if top == 0 { usize::MAX } else { top };
    builds(&mut sheet, document, top);
    fetches(&mut sheet, document);
    let work = &document.work;
    sheet.heading(
        "There or not needed",
        &plural(work.present + work.untouched, "derivation"),
    );
    let rows = [
        ["in the store".to_owned(), count(work.present)],
        [
            "not needed, as what needs it is available".to_owned(),
            count(work.untouched),
        ],
    ];
    sheet.table([Align::Left, Align::Right], &[], &rows);
    sheet.out
}

fn builds(sheet: &mut Sheet, document: &DryRun, top: usize) {
    let title = format!("{} to build", plural(document.work.build, "derivation"));
    let on = document.machine.as_ref();
    let on = on.map_or(String::new(), |machine| format!(" on {machine}"));
    let note = match document.work.build {
        0 => String::new(),
        _ => format!(
            "{} one after the other{on}, {} at least",
            duration(document.build_ms),
            duration(document.longest_chain_ms)
        ),
    };
    sheet.heading(&title, &note);
    if document.work.build_fixed_output > 0 {
        let sources = plural(document.work.build_fixed_output, "download");
        let line = format!("  of these {sources} of sources");
        sheet.line(&paint(style::FAINT, &line));
    }
    let mut longest: Vec<&Build> = document.builds.iter().collect();
    longest.sort_by_key(|build| Reverse(build.duration_ms));
    let rows = longest
        .iter()
        .take(top)
        .map(|build| [build.derivation.name.clone(), duration(build.duration_ms)]);
    let rows: Vec<[String; 2]> = rows.collect();
    sheet.table([Align::Left, Align::Right], &[], &rows);
    let more = longest.len().saturating_sub(top);
    if more > 0 {
        let text = format!("  and {} more: --top 0 shows all", count(more as u64));
        sheet.line(&paint(style::FAINT, &text));
    }
}

fn fetches(sheet: &mut Sheet, document: &DryRun) {
    let sum = |bytes: fn(&Source) -> Option<u64>| {
        let known = document.work.sources.iter().filter_map(bytes);
        known.reduce(u64::saturating_add)
    };
    let title = format!("{} to fetch", plural(document.work.fetch, "path"));
    let (download, unpacked) = (sum(|s| s.download_bytes), sum(|s| s.nar_bytes));
    sheet.heading(&title, &sizes(download, unpacked));
    let used = document.work.sources.iter().filter(|s| s.used > 0);
    let rows = used.map(|source| {
        let unknown = match source.unknown_sizes {
            0 => String::new(),
            n => format!("{} of unknown size", count(n)),
        };
        let sizes = sizes(source.download_bytes, source.nar_bytes);
        let parts = [sizes, unknown].into_iter().filter(|part| !part.is_empty());
        [
            source.name.clone(),
            plural(source.used, "path"),
            parts.collect::<Vec<_>>().join(", "),
        ]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    sheet.table([Align::Left, Align::Right, Align::Left], &[], &rows);
}

fn sizes(download: Option<u64>, unpacked: Option<u64>) -> String {
    let parts = [(download, "to download"), (unpacked, "unpacked")];
    let parts = parts.into_iter().filter_map(|(bytes, what)| {
        let bytes = bytes?;
        Some(format!("{} {what}", size(bytes)))
    });
    parts.collect::<Vec<_>>().join(", ")
}
