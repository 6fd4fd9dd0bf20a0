//! What an edit changes, as a unified diff.

use std::fmt::Write as _;
use std::path::Path;

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

use crate::render::style;
use crate::render::untrusted::{for_terminal, line_for_terminal};

const HEAD: Style = Style::new().bold();
const PLACE: Style = AnsiColor::Cyan.on_default();

/// Lines shown around a change.
const CONTEXT: usize = 3;

/// The difference with ANSI styles; without them, `patch` takes it.
pub(crate) fn unified(path: &Path, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let path = path.display().to_string();
    let path = for_terminal(&path);
    let mut out = format!("{HEAD}--- {path}{HEAD:#}\n{HEAD}+++ {path}{HEAD:#}\n");
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = writeln!(out, "{PLACE}{}{PLACE:#}", hunk.header());
        for change in hunk.iter_changes() {
            let paint = match change.tag() {
                ChangeTag::Delete => style::GONE,
                ChangeTag::Insert => style::NEW,
                ChangeTag::Equal => Style::new(),
            };
            let line = change.value();
            let text = line.strip_suffix('\n').unwrap_or(line);
            // A line end of Windows is part of the line to `patch`.
            let (text, carriage_return) = match text.strip_suffix('\r') {
                Some(text) => (text, "\r"),
                None => (text, ""),
            };
            let shown = line_for_terminal(text);
            let tag = change.tag();
            let _ = writeln!(out, "{paint}{tag}{shown}{paint:#}{carriage_return}");
            if change.missing_newline() {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_line_end_and_a_missing_one() {
        let shown = unified(Path::new("a.nix"), "[\r\n\ta\r\n]", "[\r\n\ta\r\n\tb\r\n]");
        let plain = anstream::adapter::strip_str(&shown).to_string();
        expect![[r#"
            --- a.nix
            +++ a.nix
            @@ -1,3 +1,4 @@
             [
             	a
            +	b
             ]
            \ No newline at end of file
        "#]]
        .assert_eq(&plain.replace('\r', ""));
    }
}
