//! The pass before parsing: what the parser would accept although Nix does not, and what would
//! cost it the stack.
//!
//! rnix takes any Unicode white space, reads `(1]` as a parenthesis, and ends a `#` comment at
//! line feeds only. It parses lists, unary operators, `++`, `//` and `or` by recursion without a
//! bound, and builds left-deep trees for calls and operators whose release recurses as well. Its
//! tokenizer looks ahead over a whole run of path characters at each token, which is quadratic
//! for `1+1+1+…`. This pass reads the very tokens that the parser will see, keeps a stack of open
//! brackets of its own, and stops at the first thing that makes parsing pointless.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};

use crate::nesting::{Nesting, is_closer};
use crate::{Code, Diagnostic, Span};

/// Levels of nesting beyond which a text is refused.
///
/// Operators, arguments and the dots of an attribute path count as levels too, because they nest
/// in the tree. Hardware profiles stay below 10, nixpkgs' own files below 100.
pub const MAX_DEPTH: usize = 512;

/// Steps of look-ahead per byte of text that are allowed to the tokenizer. Real files stay
/// below 2.
const LOOK_AHEAD_PER_BYTE: usize = 64;

/// Whether `text` can be parsed: empty if so, else the reasons.
///
/// Takes time linear in the text.
pub(crate) fn check(text: &str) -> Vec<Diagnostic> {
    if u32::try_from(text.len()).is_err() {
        return vec![Diagnostic::new(
            Code::TooLarge,
            Span::new(0, 0),
            "the text is 4 GB or larger",
        )];
    }
    if let Some(at) = text.find('\0') {
        return vec![
            Diagnostic::new(Code::ForeignCharacter, Span::new(at, at + 1), "a NUL byte")
                .hint("this is not a text file; is it encrypted or binary?"),
        ];
    }
    if text.starts_with('\u{feff}') {
        return vec![
            Diagnostic::new(
                Code::ForeignCharacter,
                Span::new(0, '\u{feff}'.len_utf8()),
                "Nix does not accept a byte order mark",
            )
            .hint("save the file as UTF-8 without it"),
        ];
    }
    let mut pass = Pass::default();
    let mut look_ahead = LookAhead::new(text);
    let mut start = 0;
    for (kind, token) in rnix::tokenize(text) {
        let span = Span::new(start, start + token.len());
        start = span.end;
        if !pass.token(kind, token, span) {
            return pass.found;
        }
        if !look_ahead.advance(span) {
            pass.found.push(Diagnostic::new(
                Code::TooLarge,
                span,
                "a run of operators without spaces that is too long to read",
            ));
            return pass.found;
        }
    }
    // The innermost is most often the one that was forgotten.
    if let Some(level) = pass.open.last() {
        pass.found.push(Diagnostic::new(
            Code::Syntax,
            level.opener,
            format!("{} is missing", bracket(level.closer)),
        ));
    }
    pass.found
}

#[derive(Default)]
struct Pass {
    found: Vec<Diagnostic>,
    open: Vec<Level>,
    ground: Nesting,
    depth: usize,
    after_let: bool,
}

struct Level {
    closer: SyntaxKind,
    opener: Span,
    nesting: Nesting,
    list: bool,
}

impl Pass {
    /// Takes the next token; false where reading on makes no sense.
    fn token(&mut self, kind: SyntaxKind, text: &str, span: Span) -> bool {
        match kind {
            TOKEN_WHITESPACE => {
                self.white_space(text, span);
                return true;
            }
            TOKEN_COMMENT => {
                self.comment(text, span);
                return true;
            }
            // The text of a string nests nothing.
            TOKEN_STRING_CONTENT => return true,
            // `let { … }` has no `in`.
            TOKEN_L_BRACE if self.after_let => {
                self.close(TOKEN_IN, span);
            }
            TOKEN_IN if !self.is_in_let() => {}
            TOKEN_IN => {
                self.close(kind, span);
            }
            _ if is_closer(kind) && !self.close(kind, span) => return false,
            _ => {}
        }
        self.after_let = kind == TOKEN_LET;
        self.step(kind);
        let closer = match kind {
            TOKEN_L_BRACE => Some(TOKEN_R_BRACE),
            TOKEN_L_BRACK => Some(TOKEN_R_BRACK),
            TOKEN_L_PAREN => Some(TOKEN_R_PAREN),
            TOKEN_INTERPOL_START => Some(TOKEN_INTERPOL_END),
            TOKEN_STRING_START => Some(TOKEN_STRING_END),
            TOKEN_LET => Some(TOKEN_IN),
            _ => None,
        };
        if let Some(closer) = closer {
            let list = kind == TOKEN_L_BRACK;
            self.open.push(Level {
                closer,
                opener: span,
                nesting: Nesting::default(),
                list,
            });
            self.depth += 1;
        }
        if self.depth > MAX_DEPTH {
            self.found.push(
                Diagnostic::new(
                    Code::TooDeep,
                    span,
                    format!("nested more than {MAX_DEPTH} levels deep"),
                )
                .hint("operators, arguments and dots count as levels"),
            );
            return false;
        }
        true
    }

    /// White space to Nix is blank, tab, carriage return and line feed.
    fn white_space(&mut self, text: &str, span: Span) {
        let foreign = text
            .char_indices()
            .find(|&(_, c)| !matches!(c, ' ' | '\t' | '\r' | '\n'));
        if let Some((at, c)) = foreign {
            let at = span.start + at;
            self.found.push(
                Diagnostic::new(
                    Code::ForeignCharacter,
                    Span::new(at, at + c.len_utf8()),
                    format!("U+{:04X} is not white space to Nix", u32::from(c)),
                )
                .hint("write an ordinary blank"),
            );
        }
    }

    /// Nix ends a `#` comment at a carriage return too, and reads on behind it.
    fn comment(&mut self, text: &str, span: Span) {
        if !text.starts_with('#') {
            return;
        }
        let mut offset = 0;
        while let Some(at) = text[offset..].find('\r') {
            let at = offset + at;
            let behind = text[at..].trim_start_matches([' ', '\t', '\r']);
            offset = text.len() - behind.len();
            if !behind.is_empty() && !behind.starts_with('#') {
                let (at, code) = (span.start + at, span.start + offset);
                self.found.push(
                    Diagnostic::new(
                        Code::CommentEnd,
                        Span::new(at, at + 1),
                        "Nix ends the comment at this carriage return",
                    )
                    .label(Span::new(code, span.end), "this is code to Nix")
                    .hint("end the line with a line feed"),
                );
                return;
            }
        }
    }

    fn is_in_let(&self) -> bool {
        self.open
            .last()
            .is_some_and(|level| level.closer == TOKEN_IN)
    }

    fn close(&mut self, kind: SyntaxKind, span: Span) -> bool {
        // An unopened closer is left to the parser, which has the better message.
        let Some(level) = self.open.last() else {
            return true;
        };
        if level.closer != kind {
            self.found.push(
                Diagnostic::new(
                    Code::Syntax,
                    span,
                    format!("{} is missing before this", bracket(level.closer)),
                )
                .label(level.opener, "opened here"),
            );
            return false;
        }
        self.depth -= 1 + level.nesting.depth();
        self.open.pop();
        true
    }

    fn step(&mut self, kind: SyntaxKind) {
        let (nesting, in_list) = match self.open.last_mut() {
            // What stands in a string lies side by side.
            Some(level) if level.closer == TOKEN_STRING_END => return,
            Some(level) => {
                // The body of a function in a list reaches to the end of the list.
                level.list &= kind != TOKEN_COLON;
                (&mut level.nesting, level.list)
            }
            None => (&mut self.ground, false),
        };
        let before = nesting.depth();
        nesting.step(kind, in_list);
        self.depth = self.depth - before + nesting.depth();
    }
}

fn bracket(kind: SyntaxKind) -> &'static str {
    match kind {
        TOKEN_R_BRACK => "`]`",
        TOKEN_R_PAREN => "`)`",
        TOKEN_STRING_END => "the end of this string",
        TOKEN_IN => "`in`",
        _ => "`}`",
    }
}

/// Counts what the tokenizer looks at ahead of each token.
struct LookAhead<'a> {
    bytes: &'a [u8],
    run_end: usize,
    spent: usize,
}

impl<'a> LookAhead<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes(),
            run_end: 0,
            spent: 0,
        }
    }

    /// Goes past the token at `span`; false once the text has cost too much.
    fn advance(&mut self, span: Span) -> bool {
        // The token after this one starts where this one ends.
        let start = span.end;
        if start >= self.run_end {
            let run = self.bytes[start..]
                .iter()
                .take_while(|&&b| is_run(b))
                .count();
            self.run_end = start + run;
        }
        self.spent += self.run_end - start;
        self.spent <= LOOK_AHEAD_PER_BYTE * self.bytes.len().max(1 << 14)
    }
}

fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'+' | b'-' | b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<&'static str> {
        check(text)
            .iter()
            .map(|found| found.code.as_str())
            .collect()
    }

    #[test]
    fn ordinary_text_passes() {
        assert_eq!(codes("{ a.b = [ 1 (2) \"x\" ]; # end\r\n }"), [""; 0]);
        let long_list = format!("[{}]", " x.y or z".repeat(10_000));
        assert_eq!(codes(&long_list), [""; 0]);
        let long_inherit = format!("{{ inherit {}; }}", "name ".repeat(10_000));
        assert_eq!(codes(&long_inherit), [""; 0]);
        let long_set = format!("{{ {} }}", "a.b.c = f x;".repeat(10_000));
        assert_eq!(codes(&long_set), [""; 0]);
        let comparisons = "&& a.b.c.d == f x.y [ z ] ".repeat(MAX_DEPTH - 10);
        assert_eq!(codes(&format!("true {comparisons}")), [""; 0]);
        let conditions = "a.b.c == f x y.z && !d || ".repeat(120);
        assert_eq!(codes(&format!("{conditions}e")), [""; 0]);
        let choices = "if a.b == c && d then e f else ".repeat(80);
        assert_eq!(codes(&format!("{choices}g")), [""; 0]);
        let long_let = format!("let {} in b", "a = with b; c.d;".repeat(10_000));
        assert_eq!(codes(&long_let), [""; 0]);
        assert_eq!(codes("[ (let { a = let b = 1; in b; }) ]"), [""; 0]);
        let long_string = format!("\"{}\"", "+/${x}".repeat(100_000));
        assert_eq!(codes(&long_string), [""; 0]);
    }

    #[test]
    fn depth_is_bounded_however_it_arises() {
        for unit in [
            "[",
            "(",
            "{ a = ",
            "- ",
            "! ",
            "x: ",
            "a ++ ",
            "a // ",
            "a + ",
            "f ",
            "a or ",
            "a.b or ",
            "if a then b else ",
            "\"${",
            "[ a.b or ",
            "{ x ? ",
            "a -> ",
            "a ? b ",
        ] {
            let text = unit.repeat(100_000);
            assert_eq!(codes(&text), ["too-deep"], "{unit}");
        }
        let far_right = [
            format!("{}x: let b = 1; in ", "a ++ ".repeat(200)),
            format!("{}x: with b; ", "a ++ ".repeat(200)),
            format!("{}x: assert b; ", "!".repeat(200)),
            format!("{}x: if b then c else ", "a // ".repeat(200)),
        ];
        for unit in far_right {
            assert_eq!(codes(&unit.repeat(200)), ["too-deep"], "{unit}");
        }
        for unit in ["-", "!", "1+", "a."] {
            assert!(!codes(&unit.repeat(100_000)).is_empty(), "{unit}");
            assert_eq!(codes(&unit.repeat(MAX_DEPTH + 50)), ["too-deep"], "{unit}");
        }
        for unit in ["[ f: ", "[ (x: "] {
            let text = format!("{unit}{}", "a b ".repeat(100_000));
            assert_eq!(codes(&text), ["too-deep"], "{unit}");
        }
    }

    #[test]
    fn look_ahead_is_bounded() {
        let text = format!("[{}]", "a+-".repeat(100_000));
        assert!(!codes(&text).is_empty());
        let text = format!("[{}]", "<".repeat(300_000));
        assert!(!codes(&text).is_empty());
    }

    #[test]
    fn what_nix_does_not_read() {
        assert_eq!(codes("{ a =\u{a0}1; }"), ["foreign-character"]);
        assert_eq!(codes("\u{b}1\u{c}"), ["foreign-character"; 2]);
        assert_eq!(codes("\"\u{a0}\" # \u{a0}"), [""; 0]);
        assert_eq!(codes("\0GITCRYPT"), ["foreign-character"]);
        assert_eq!(codes("(1]"), ["syntax"]);
        assert_eq!(codes("# one\rtwo\n3"), ["comment-end"]);
        assert_eq!(codes("# one\r# two\r\n3"), [""; 0]);
        assert_eq!(codes("# one\r# two\rthree\n3"), ["comment-end"]);
    }
}
