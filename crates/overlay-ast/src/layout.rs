//! Lines, indentation and line ends around a place in a text.

use crate::Span;

/// Where the line of `at` starts.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line after that of `at` starts, or the text ends.
pub(crate) fn next_line(text: &str, at: usize) -> usize {
    text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

/// Whether only blanks stand before `at` on its line.
pub(crate) fn starts_line(text: &str, at: usize) -> bool {
    is_blank(&text[line_start(text, at)..at])
}

/// Whether only blanks stand between `at` and the end of its line, which is there.
pub(crate) fn ends_line(text: &str, at: usize) -> bool {
    let rest = &text[at..next_line(text, at)];
    rest.ends_with('\n') && is_blank(rest)
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether a path or URL may end where `text` ends, which to Nix would go on with a `/*` there.
pub(crate) fn may_go_on(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric() || "%/?:@&=+$,-_.!~*'".contains(c))
}

/// The blanks that the line of `at` starts with.
pub(crate) fn indent(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    let length = line
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    &line[..length]
}

/// Blanks as wide as what stands before `at` on its line; tabs stay tabs.
pub(crate) fn column(text: &str, at: usize) -> String {
    text[line_start(text, at)..at]
        .chars()
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect()
}

/// How the line of `at` ends, or else the line before it: `"\r\n"` or `"\n"`.
pub(crate) fn line_end(text: &str, at: usize) -> &'static str {
    let after = next_line(text, at);
    let line = &text[line_start(text, at)..after];
    let before = &text[..line_start(text, at)];
    let sample = if line.ends_with('\n') { line } else { before };
    if sample.ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    }
}

/// One level more than `outer`, in the way of the text: a tab below tabs, else two blanks.
pub(crate) fn deeper(text: &str, outer: &str) -> String {
    let tabs = outer.contains('\t') || outer.is_empty() && text.contains("\n\t");
    format!("{outer}{}", if tabs { "\t" } else { "  " })
}

/// The part of `span` without blanks at its end: a comment's token takes the carriage return of
/// its line along.
pub(crate) fn trim_end(text: &str, span: Span) -> Span {
    let trimmed = span.text(text).trim_end_matches('\r');
    Span::new(span.start, span.start + trimmed.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "a\r\n\t b c\nd";
        assert_eq!((line_start(text, 5), next_line(text, 5)), (3, 9));
        assert!(starts_line(text, 5) && !starts_line(text, 7));
        assert!(ends_line(text, 8) && !ends_line(text, 6));
        assert!(
            ends_line(text, 1),
            "a carriage return belongs to the line end"
        );
        assert!(!ends_line(text, text.len()), "the last line is not ended");
        assert_eq!(indent(text, 7), "\t ");
        assert_eq!(column(text, 7), "\t   ");
        assert_eq!((line_end(text, 0), line_end(text, 5)), ("\r\n", "\n"));
        assert_eq!(line_end(text, text.len()), "\n");
    }
}
