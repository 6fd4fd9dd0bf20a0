//! What was done to a cache, on one screen, or as the commands that do it.

use std::fmt::Write as _;

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use super::table::Align;
use super::untrusted::{for_shell, for_terminal};
use crate::dto::cache_application::CacheApplication;
use crate::dto::cache_plan::Step;
use crate::quantity::{plural, size};

/// The document as one screen of text with ANSI styles; of each list the first `top`, or all if it
/// is 0.
pub(crate) fn render(document: &CacheApplication, top: usize, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    let top = if top == 0 { usize::MAX } else { top };
    head(&mut sheet, document);
    let steps: Vec<[String; 3]> = document.steps.iter().take(top).map(row).collect();
    if !steps.is_empty() {
        let is_done = document.is_carried_out || document.failure.is_some();
        let title = if document.commands.is_empty() || is_done {
            "Done"
        } else {
            "To do"
        };
        sheet.heading(title, &plural(document.steps.len() as u64, "step"));
        sheet.table([Align::Left, Align::Right, Align::Left], &[], &steps);
        more(&mut sheet, document.steps.len(), top);
    }
    if !document.left.is_empty() {
        let note = "what its client cannot do";
        sheet.heading("Left to Cachix", note);
        let rows: Vec<[String; 3]> = document.left.iter().take(top).map(row).collect();
        sheet.table([Align::Left, Align::Right, Align::Left], &[], &rows);
        more(&mut sheet, document.left.len(), top);
        sheet.paragraph(&left(&document.cache.name));
    }
    for is_given_up in [true, false] {
        lost(&mut sheet, document, is_given_up, top);
    }
    refusal(&mut sheet, document, top);
    if let Some(failure) = &document.failure {
        let note = "something came in between";
        sheet.heading("Stopped", note);
        sheet.line(&paint(style::ERROR, &for_terminal(&failure.message)));
        sheet.paragraph(
            "What was done stays done: run the command again, and it goes on from there.",
        );
    }
    sheet.out
}

fn head(sheet: &mut Sheet, document: &CacheApplication) {
    let bytes = |is_it: fn(&Step) -> Option<u64>| {
        let all = document.steps.iter().filter_map(is_it);
        let (count, sum) = all.fold((0_u64, 0_u64), |(count, sum), bytes| {
            (count + 1, sum.saturating_add(bytes))
        });
        format!("{}, {}", plural(count, "path"), size(sum))
    };
    let pushed = bytes(|step| match step {
        Step::Push { bytes, .. } => Some(*bytes),
        _ => None,
    });
    let evicted = bytes(|step| match step {
        Step::Evict { bytes, .. } => Some(*bytes),
        _ => None,
    });
    let pins = |is_it: fn(&Step) -> bool| document.steps.iter().filter(|it| is_it(it)).count();
    let place = match &document.cache.dir {
        Some(dir) => format!("in {}", for_terminal(dir)),
        None => format!("at {}", document.cache.kind),
    };
    let rows = [
        [
            "cache".to_owned(),
            format!("{} {place}", for_terminal(&document.cache.name)),
        ],
        ["pushed".to_owned(), pushed],
        [
            "pinned".to_owned(),
            format!(
                "{}, and {} no longer",
                pins(|step| matches!(step, Step::Pin { .. })),
                pins(|step| matches!(step, Step::Unpin { .. }))
            ),
        ],
        ["evicted".to_owned(), evicted],
        [
            "holds".to_owned(),
            format!(
                "{} of {}; before {}",
                size(document.occupied_bytes),
                size(document.limit_bytes),
                size(document.occupied_before_bytes)
            ),
        ],
    ];
    if document.steps.is_empty() && document.unbuilt.is_empty() && document.unrestorable.is_empty()
    {
        let text = "Nothing to do: the cache holds what it should.";
        sheet.line(&paint(style::GOOD, text));
        return;
    }
    sheet.table([Align::Left; 2], &[], &rows);
}

/// The older generations that were given up, or those that are still to be.
fn lost(sheet: &mut Sheet, document: &CacheApplication, is_given_up: bool, top: usize) {
    let all = document.lost_generations.iter();
    let all: Vec<_> = all.filter(|it| it.is_given_up == is_given_up).collect();
    if all.is_empty() {
        return;
    }
    let count = plural(all.len() as u64, "older generation");
    let title = if is_given_up {
        format!("{count} lost")
    } else {
        format!("{count} to be given up")
    };
    let note = "what they refer to is held nowhere, and no graph says how to build it";
    sheet.heading(&title, note);
    for lost in all.iter().take(top) {
        let age = plural(u64::from(lost.age), "revision");
        let text = format!("  {}, {age} ago: {}", lost.pin, lost.path);
        sheet.line(&for_terminal(&text));
        for missing in lost.missing.iter().take(top) {
            let text = format!("    needs {}", for_terminal(missing));
            sheet.line(&paint(style::FAINT, &text));
        }
        more(sheet, lost.missing.len(), top);
    }
    more(sheet, all.len(), top);
    sheet.paragraph(if is_given_up {
        "These are not held any longer: a machine that goes back to one finds in this cache only what \
         newer generations share with it, and builds the rest again."
    } else {
        "These are still pinned, and would be given up: a machine that goes back to one finds in this \
         cache only a part of it."
    });
}

fn refusal(sheet: &mut Sheet, document: &CacheApplication, top: usize) {
    if !document.unbuilt.is_empty() {
        let note = "what should be pushed and is not in the store";
        sheet.heading("Not built", note);
        for missing in document.unbuilt.iter().take(top) {
            let made_by = missing
                .drv
                .as_ref()
                .map(|drv| format!("nix-store --realise {drv}"));
            sheet.line(&format!("  {}", for_terminal(&missing.path)));
            let way = made_by.unwrap_or_else(|| "no graph says how it is built".to_owned());
            sheet.line(&paint(style::FAINT, &format!("    {}", for_terminal(&way))));
        }
        more(sheet, document.unbuilt.len(), top);
        let text = "nothing of this plan was done: build these first, e.g. by `hmtool plan --sh`";
        sheet.line(&paint(style::ERROR, text));
    }
    if !document.unrestorable.is_empty() {
        let note = "what would be deleted, and nothing that is known has it";
        sheet.heading("Cannot be had again", note);
        for path in document.unrestorable.iter().take(top) {
            sheet.line(&format!("  {}", for_terminal(path)));
        }
        more(sheet, document.unrestorable.len(), top);
        let text = "nothing of this plan was done: leave --only-restorable out to delete them";
        sheet.line(&paint(style::ERROR, text));
    }
}

/// The commands as a POSIX shell script.
pub(crate) fn script(document: &CacheApplication) -> String {
    let mut out = String::from("#!/bin/sh\nset -eu\n");
    if document.commands.is_empty() {
        out.push_str("# Nothing to do: the cache holds what it should, as far as is known.\n");
    }
    for command in &document.commands {
        let (words, paths): (Vec<&String>, Vec<&String>) =
            command.argv.iter().partition(|word| !word.starts_with('/'));
        // A pin's path stands in the middle; pushed paths stand at the end, each on its line.
        if let [_] = paths[..] {
            let words = command.argv.iter().map(|word| shell_word(word));
            out.push_str(&words.collect::<Vec<_>>().join(" "));
        } else {
            let words = words.into_iter().map(|word| shell_word(word));
            out.push_str(&words.collect::<Vec<_>>().join(" "));
            for path in paths {
                let _ = write!(out, " \\\n  {}", shell_word(path));
            }
        }
        out.push('\n');
    }
    if !document.left.is_empty() {
        for step in &document.left {
            let [verb, _, text] = row(step);
            let _ = writeln!(out, "# {verb}: {}", for_terminal(&text));
        }
        let _ = writeln!(out, "# {}", for_terminal(&left(&document.cache.name)));
    }
    out
}

/// A word as it is where the shell takes it so, else quoted.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=@:".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        for_shell(word)
    }
}

/// Who does what Cachix's client cannot.
pub(super) fn left(cache: &str) -> String {
    format!(
        "Cachix evicts by itself what no pin holds, the longest not asked for first; a pin is \
         removed at https://app.cachix.org/cache/{cache}"
    )
}

fn row(step: &Step) -> [String; 3] {
    let row = |verb: &str, bytes: String, text: String| [verb.to_owned(), bytes, text];
    match step {
        Step::Push { path, bytes } => row("push", size(*bytes), path.clone()),
        Step::Pin {
            name,
            path,
            revisions,
        } => {
            let revisions = plural(u64::from(*revisions), "revision");
            row(
                "pin",
                String::new(),
                format!("{name}: {path}, keep {revisions}"),
            )
        }
        Step::Unpin { name, path, .. } => row("unpin", String::new(), format!("{name}: {path}")),
        Step::Evict { path, bytes, .. } => row("evict", size(*bytes), path.clone()),
    }
}

fn more(sheet: &mut Sheet, all: usize, top: usize) {
    if all > top {
        let text = format!("  and {} more: --top 0, or --format json", all - top);
        sheet.line(&paint(style::FAINT, &text));
    }
}
