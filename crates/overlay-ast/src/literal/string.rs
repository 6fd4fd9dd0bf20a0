//! Strings as Nix decodes them, from the text between the quotes.
//!
//! rnix offers `normalized_parts`, which keeps carriage returns where Nix yields line feeds, and
//! strips the indentation of escaped line feeds otherwise than Nix does. So the lexer's rules and
//! `stripIndentation` are followed here step by step.

/// Decodes a string without `${…}` in it, quotes included.
pub(crate) fn decoded(text: &str) -> String {
    if let Some(inner) = text.strip_prefix("''") {
        indented(inner.strip_suffix("''").unwrap_or(inner))
    } else {
        let inner = text.strip_prefix('"').unwrap_or(text);
        quoted(inner.strip_suffix('"').unwrap_or(inner))
    }
}

/// Decodes what stands between two `"`.
///
/// A carriage return, with the line feed after it if there is one, becomes a line feed; an
/// escaped carriage return stays one.
fn quoted(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    unescape(raw, &mut out);
    out
}

fn unescape(raw: &str, out: &mut String) {
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => {}
            },
            '\r' => {
                out.push('\n');
                chars.next_if_eq(&'\n');
            }
            other => out.push(other),
        }
    }
}

/// Appends to `out` what has to stand between two `"` to be decoded to `text`.
pub(crate) fn escape(text: &str, out: &mut String) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '$' if chars.peek() == Some(&'{') => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
}

/// Decodes what stands between two `''`, with the common indentation stripped.
///
/// Unlike in [`quoted`], carriage returns stay as they are.
fn indented(raw: &str) -> String {
    let pieces = pieces(without_first_blank_line(raw));
    let indent = common_indent(&pieces);
    strip(&pieces, indent)
}

/// One token of Nix's lexer within an indented string.
enum Piece<'a> {
    /// Plain text, which may hold indentation.
    Text(&'a str),
    /// An escape, which ends the indentation of its line.
    Escape(String),
}

/// The opening token takes blanks and a line feed along.
fn without_first_blank_line(raw: &str) -> &str {
    raw.trim_start_matches(' ')
        .strip_prefix('\n')
        .unwrap_or(raw)
}

fn pieces(raw: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let plain = plain_length(rest);
        if plain > 0 {
            pieces.push(Piece::Text(&rest[..plain]));
            rest = &rest[plain..];
        } else if let Some(behind) = rest.strip_prefix("''$") {
            pieces.push(Piece::Escape("$".to_owned()));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("'''") {
            pieces.push(Piece::Escape("''".to_owned()));
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("''\\") {
            let length = behind.chars().next().map_or(0, char::len_utf8);
            let mut escape = String::new();
            unescape(&rest[2..3 + length], &mut escape);
            pieces.push(Piece::Escape(escape));
            rest = &behind[length..];
        } else {
            // A lone `$` or `'` before the end, a quote or a brace.
            pieces.push(Piece::Escape(rest[..1].to_owned()));
            rest = &rest[1..];
        }
    }
    pieces
}

/// The length of the token `([^\$\']|\$[^\{\']|\'[^\'\$])+` at the start of `text`.
fn plain_length(text: &str) -> usize {
    let mut length = 0;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        length += match c {
            '$' => match chars.next() {
                Some('{' | '\'') | None => break,
                Some(next) => 1 + next.len_utf8(),
            },
            '\'' => match chars.next() {
                Some('\'' | '$') | None => break,
                Some(next) => 1 + next.len_utf8(),
            },
            _ => c.len_utf8(),
        };
    }
    length
}

/// The least indentation of the lines that hold more than blanks.
fn common_indent(pieces: &[Piece<'_>]) -> usize {
    let mut common = usize::MAX;
    let mut at_start = true;
    let mut current = 0;
    for piece in pieces {
        let text = match piece {
            Piece::Text(text) => text,
            Piece::Escape(_) => {
                if at_start {
                    at_start = false;
                    common = common.min(current);
                }
                continue;
            }
        };
        for byte in text.bytes() {
            match byte {
                b'\n' => {
                    at_start = true;
                    current = 0;
                }
                b' ' if at_start => current += 1,
                _ if at_start => {
                    at_start = false;
                    common = common.min(current);
                }
                _ => {}
            }
        }
    }
    common
}

fn strip(pieces: &[Piece<'_>], indent: usize) -> String {
    let mut out = String::new();
    let mut at_start = true;
    let mut dropped = 0;
    for (index, piece) in pieces.iter().enumerate() {
        let text = match piece {
            Piece::Text(text) => text,
            Piece::Escape(text) => text.as_str(),
        };
        let piece_start = out.len();
        for c in text.chars() {
            if at_start {
                match c {
                    ' ' => {
                        dropped += 1;
                        if dropped <= indent {
                            continue;
                        }
                    }
                    '\n' => dropped = 0,
                    _ => {
                        at_start = false;
                        dropped = 0;
                    }
                }
            } else if c == '\n' {
                at_start = true;
            }
            out.push(c);
        }
        // The last line goes if it holds blanks only, but its line feed stays.
        if index + 1 == pieces.len()
            && let Some(at) = out[piece_start..].rfind('\n')
        {
            let line = piece_start + at + 1;
            if out[line..].bytes().all(|b| b == b' ') {
                out.truncate(line);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Nix 2.8, 2.26 and 2.34 print for each of these.
    #[test]
    fn indented_strings() {
        for (raw, decoded) in [
            ("\n    a\n      \n    b\n  ", "a\n  \nb\n"),
            ("\n\ta\n\t  b\n", "\ta\n\t  b\n"),
            ("   \n  a\n b", " a\nb"),
            ("   ", ""),
            ("\n", ""),
            ("'foo", "'foo"),
            ("a'''b", "a''b"),
            ("a''${b", "a${b"),
            ("'''a", "''a"),
            ("$${a} ", "$${a} "),
            ("\n  a\n  $", "a\n$"),
            ("\n  $\n  b$\n    c", "$\nb$\n  c"),
            ("\n  a'\n  b\n", "a'\nb\n"),
            ("\n    a\n  ''\\n      b\n", "  a\n\n    b\n"),
            ("''\\n  a", "\n  a"),
            ("\n    ''\\n  a\n    b", "\na\nb"),
            ("\n  a\n    ''\\ ", "a\n   "),
            (
                "\n  a''\\n  b\n    c''\\td ''' ''$x $$y\n  ",
                "a\nb\n  c\td '' $x $$y\n",
            ),
            ("\r\n  a\r\n  b\r\n", "\r\n  a\r\n  b\r\n"),
            ("\n  a\n  \r\n  ", "a\n\r\n"),
            ("a''\\\r\nb", "a\r\nb"),
            ("\n  é\n    ü\n", "é\n  ü\n"),
        ] {
            assert_eq!(indented(raw), decoded, "{raw:?}");
        }
    }

    #[test]
    fn quoted_strings() {
        for (raw, decoded) in [
            ("a\r\nb\rc\\\r\nd", "a\nb\nc\r\nd"),
            (
                r#"\a\$\"\\ \n\r\t \${x} $$ $ $x $"#,
                "a$\"\\ \n\r\t ${x} $$ $ $x $",
            ),
            (r"$${x} $\${y}", "$${x} $${y}"),
        ] {
            assert_eq!(quoted(raw), decoded, "{raw:?}");
        }
    }
}
