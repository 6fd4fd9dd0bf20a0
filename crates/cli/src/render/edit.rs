//! Edits of texts, as lines of a screen.

use anstyle::Style;
use unicode_width::UnicodeWidthChar;

use super::sheet::Sheet;
use super::style::{self, paint};
use super::untrusted::fitted;
use crate::dto::diff::{Line, Words};
use crate::quantity::plural;

/// Lines of one attribute that are shown: the document has them all.
const LINES: usize = 32;
/// Columns of one run of words that are shown.
const COLUMNS: usize = 600;
/// Characters of a store path's hash, and how many of them are shown.
const HASH: usize = 32;
const SHOWN: usize = 4;

/// The attribute's name with its edit: in one line where the text has one, else below it.
pub(super) fn lines(sheet: &mut Sheet, name: &str, edit: &[Line], indent: usize) {
    let ascii = sheet.screen.ascii;
    let name = fitted(name, 40, ascii);
    let head = |sheet: &Sheet| vec![Part::plain(sheet, &format!("{name}  "))];
    match edit {
        [] => {}
        all if is_short(all) => {
            for line in all {
                let mut parts = head(sheet);
                match (&*line.edit, &line.text) {
                    ("changed", _) => parts.extend(of_words(sheet, &line.words, Margin::Cut)),
                    (_, Some(text)) if text.trim().is_empty() => {
                        parts.extend(of_text(sheet, &line.edit, &format!("{text:?}")));
                    }
                    (_, text) => {
                        let text = text.as_deref().unwrap_or_default();
                        parts.extend(of_text(sheet, &line.edit, text.trim()));
                    }
                }
                filled(sheet, &parts, indent);
            }
        }
        all => {
            sheet.line(&format!("{:indent$}{name}", ""));
            block(sheet, all, indent + 2);
        }
    }
}

/// The lines of an edit, below each other.
pub(super) fn block(sheet: &mut Sheet, edit: &[Line], indent: usize) {
    // That both texts end with a line's end is no news.
    let is_end = |line: &Line| line.text.as_deref() == Some("") && line.edit == "same";
    let edit = match edit.split_last() {
        Some((last, lines)) if is_end(last) => lines,
        _ => edit,
    };
    for line in edit.iter().take(LINES) {
        let parts = of_line(sheet, line);
        filled(sheet, &parts, indent);
    }
    let more = edit.len().saturating_sub(LINES);
    if more > 0 {
        let more = plural(more as u64, "more line");
        let text = format!("{:indent$}{more}: --format json has all", "");
        sheet.line(&paint(style::FAINT, &text));
    }
}

/// Whether it is a line that changed, came or went, or one in another's place.
fn is_short(edit: &[Line]) -> bool {
    match edit {
        [only] => only.edit != "skipped",
        [gone, come] => gone.edit == "removed" && come.edit == "added",
        _ => false,
    }
}

/// A text of one style.
struct Part {
    text: String,
    style: Option<Style>,
}

impl Part {
    fn plain(sheet: &Sheet, text: &str) -> Self {
        Self::styled(sheet, text, None)
    }

    fn styled(sheet: &Sheet, text: &str, style: Option<Style>) -> Self {
        let text = short_hashes(&text.replace('\t', "    "), sheet.screen.ascii);
        Self {
            text: fitted(&text, COLUMNS, sheet.screen.ascii),
            style,
        }
    }
}

fn of_line(sheet: &Sheet, line: &Line) -> Vec<Part> {
    match &*line.edit {
        "changed" => {
            let mut parts = vec![Part::plain(sheet, "~ ")];
            parts.extend(of_words(sheet, &line.words, Margin::Kept));
            parts
        }
        "skipped" => {
            let text = format!("  … {} …", plural(line.count, "line"));
            vec![Part::styled(
                sheet,
                &for_screen(&text, sheet),
                Some(style::FAINT),
            )]
        }
        edit => of_text(sheet, edit, line.text.as_deref().unwrap_or_default()),
    }
}

fn of_text(sheet: &Sheet, edit: &str, text: &str) -> Vec<Part> {
    let (sign, style) = match edit {
        "removed" => ("-", Some(style::GONE)),
        "added" => ("+", Some(style::NEW)),
        _ => (" ", None),
    };
    vec![Part::styled(sheet, &format!("{sign} {text}"), style)]
}

/// What becomes of the white space a line begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Margin {
    Kept,
    Cut,
}

/// In the notation of `git diff --word-diff`.
fn of_words(sheet: &Sheet, words: &[Words], margin: Margin) -> Vec<Part> {
    let is_change = |words: &Words| matches!(&*words.edit, "removed" | "added");
    if !words.iter().any(is_change) {
        let text = "differs in white space";
        return vec![Part::styled(sheet, text, Some(style::FAINT))];
    }
    let mut parts = Vec::new();
    for (at, run) in words.iter().enumerate() {
        let text = run.text.as_deref().unwrap_or_default();
        let (space, solid) = text.split_at(text.len() - text.trim_start().len());
        // The first word of the line after has no space before it that tells it from a word that
        // was removed there.
        let is_behind_first = at == 1 && words[0].edit == "removed" && run.edit == "same";
        let ends_itself = |words: &Words| {
            let text = words.text.as_deref().unwrap_or_default();
            text.ends_with([',', ':'])
        };
        let space = match at {
            0 if margin == Margin::Cut => "",
            _ if is_behind_first && space.is_empty() && !ends_itself(&words[0]) => " ",
            _ => space,
        };
        let mut push = |text: &str, style| parts.push(Part::styled(sheet, text, style));
        match &*run.edit {
            "removed" => {
                push(space, None);
                push(&format!("[-{solid}-]"), Some(style::GONE));
            }
            "added" => {
                push(space, None);
                push(&format!("{{+{solid}+}}"), Some(style::NEW));
            }
            "skipped" => {
                let space = if at == 0 { "" } else { " " };
                let text = format!("{space}… {} …", plural(run.count, "word"));
                push(&for_screen(&text, sheet), Some(style::FAINT));
            }
            _ => push(&format!("{space}{solid}"), None),
        }
    }
    parts
}

fn for_screen(text: &str, sheet: &Sheet) -> String {
    let dots = if sheet.screen.ascii { "..." } else { "…" };
    text.replace('…', dots)
}

/// With the start of each hash of a store path, which is enough to tell two apart.
fn short_hashes(text: &str, ascii: bool) -> String {
    let dots = if ascii { "~" } else { "…" };
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('/') {
        let (before, after) = rest.split_at(at + 1);
        out.push_str(before);
        rest = after;
        let hash = after.split_at_checked(HASH);
        if let Some((hash, name)) = hash
            && name.starts_with('-')
            && hash.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            out.push_str(&hash[..SHOWN]);
            out.push_str(dots);
            rest = name;
        }
    }
    out + rest
}

/// Lines of the screen's width, broken at spaces; what does not fit into the first stands deeper.
fn filled(sheet: &mut Sheet, parts: &[Part], indent: usize) {
    let chars = |part: &Part| part.text.chars().collect::<Vec<char>>();
    let all: Vec<(char, Option<Style>)> = parts
        .iter()
        .flat_map(|part| chars(part).into_iter().map(|c| (c, part.style)))
        .collect();
    let mut rest = &all[..];
    let mut margin = indent;
    loop {
        let room = sheet.screen.columns.saturating_sub(margin).max(20);
        let (line, left) = rest.split_at(fitting(rest, room));
        let mut text = " ".repeat(margin);
        for run in line.chunk_by(|a, b| a.1 == b.1) {
            let run_text: String = run.iter().map(|(c, _)| c).collect();
            match run[0].1 {
                Some(style) => text.push_str(&paint(style, &run_text)),
                None => text.push_str(&run_text),
            }
        }
        sheet.line(&text);
        let spaces = left.iter().take_while(|(c, _)| *c == ' ').count();
        rest = &left[spaces..];
        if rest.is_empty() {
            return;
        }
        margin = indent + 4;
    }
}

/// How many characters go into a line of `room` columns, at least one where there are any.
fn fitting(text: &[(char, Option<Style>)], room: usize) -> usize {
    let mut used = 0;
    let mut fits = 0;
    for (c, _) in text {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        fits += 1;
    }
    if fits == text.len() {
        return fits;
    }
    let solid = text[..fits]
        .iter()
        .position(|(c, _)| *c != ' ')
        .unwrap_or(0);
    let space = text[..=fits].iter().rposition(|(c, _)| *c == ' ');
    // A short first word is no line: what follows it is broken instead.
    space
        .filter(|&at| at > solid + room / 4)
        .unwrap_or(fits.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_shortened_where_they_are_paths() {
        let hash = "8vh17lfiabqfl2bd2rasxrh94g9pf9dd";
        for (text, shown) in [
            (
                format!("-L/nix/store/{hash}-zlib/lib"),
                "-L/nix/store/8vh1…-zlib/lib",
            ),
            (format!("{hash}-zlib"), &*format!("{hash}-zlib")),
            (format!("/nix/store/{hash}"), &*format!("/nix/store/{hash}")),
            ("/é/".repeat(12), &*"/é/".repeat(12)),
        ] {
            assert_eq!(short_hashes(&text, false), shown);
        }
    }
}
