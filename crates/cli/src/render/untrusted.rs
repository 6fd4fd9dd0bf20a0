//! Names that come from outside (a graph, a cache, a configuration) are data.
//!
//! A derivation may be called `\e]0;pwned\a` or `$(touch x)`: what reaches a terminal has its
//! control characters spelled out, what reaches a shell is quoted, what reaches DOT is escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Whether a terminal might act on `c`, or show a text in another order than it is written.
///
/// C0 and C1 controls (an 8-bit CSI is U+009B), the bidirectional controls of "Trojan Source"
/// (CVE-2021-42574), line and paragraph separators, zero-width characters and the tag block.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text with everything a terminal might act on spelled out, e.g. `\u{1b}`.
pub(crate) fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Like [`for_terminal`] for a line of a file, whose tabs are layout.
pub(crate) fn line_for_terminal(line: &str) -> String {
    let parts: Vec<_> = line.split('\t').map(for_terminal).collect();
    parts.join("\t")
}

/// The columns a text takes on a terminal; wide characters take two.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Like [`for_terminal`], cut to `columns` with `…` (or `~`) where it is longer.
pub(crate) fn fitted(text: &str, columns: usize, ascii: bool) -> String {
    let safe = for_terminal(text);
    let safe = if ascii { ascii_only(&safe) } else { safe };
    if width(&safe) <= columns {
        return safe.into_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in safe.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > columns {
            break;
        }
        out.push(c);
        used += w;
    }
    if used < columns {
        out.push(if ascii { '~' } else { '…' });
    }
    out
}

fn ascii_only(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| if c.is_ascii() { c } else { '?' })
            .collect(),
    )
}

/// `text` cut or filled with spaces to exactly `columns`.
pub(crate) fn padded(text: &str, columns: usize, ascii: bool) -> String {
    let mut out = fitted(text, columns, ascii);
    let used = width(&out);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(used)));
    out
}

/// One word of a POSIX shell, quoted even where it need not be.
///
/// Inside single quotes the shell interprets nothing at all; a single quote itself becomes
/// `'\''`. A NUL cannot be in any argument and is dropped.
pub(crate) fn for_shell(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' => out.push_str("'\\''"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// A double-quoted DOT string.
///
/// Backslashes are doubled so that `\n`, `\l`, `\N` stay what they are; there is no other escape
/// than `\"` in the language, so control characters are spelled out first.
pub(crate) fn for_dot(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in for_terminal(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 9] = [
        "$(touch x)",
        "a'; rm -rf ~; '",
        "back`tick`",
        "line\nbreak",
        "\u{1b}]0;title\u{7}",
        "\u{9b}31mred",
        "trojan\u{202e}gpj.exe",
        "quote\"back\\slash",
        "zero\u{200b}width",
    ];

    #[test]
    fn a_terminal_sees_no_control_character() {
        for text in HOSTILE {
            let shown = for_terminal(text);
            assert!(!shown.chars().any(is_unsafe), "{shown:?}");
        }
        assert_eq!(for_terminal("\u{1b}]0;t\u{7}"), "\\u{1b}]0;t\\u{7}");
        assert_eq!(for_terminal("libc++ 日本語 é"), "libc++ 日本語 é");
    }

    #[test]
    fn fitting_counts_columns_not_characters() {
        for text in HOSTILE
            .into_iter()
            .chain(["日本語日本語", "👩‍👩‍👧 family", "plain"])
        {
            for columns in 0..20 {
                assert!(
                    width(&fitted(text, columns, false)) <= columns,
                    "{text:?} in {columns}"
                );
                assert_eq!(
                    width(&padded(text, columns, false)),
                    columns,
                    "{text:?} in {columns}"
                );
                assert!(padded(text, columns, true).is_ascii());
            }
        }
        assert_eq!(fitted("日本語", 4, false), "日…");
    }

    #[test]
    fn a_shell_reads_back_exactly_what_was_quoted() {
        for text in HOSTILE {
            let output = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", for_shell(text)))
                .output()
                .expect("sh runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), text);
        }
    }

    #[test]
    fn dot_strings_end_where_they_should() {
        assert_eq!(for_dot("a\"b\\n"), "\"a\\\"b\\\\n\"");
        for text in HOSTILE {
            let inner = for_dot(text);
            let inner = &inner[1..inner.len() - 1];
            assert!(!inner.replace("\\\\", "").replace("\\\"", "").contains('"'));
        }
    }
}
