//! From a text to a syntax tree, if Nix reads the text.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};
use rnix::{ParseError, SyntaxNode};
use rowan::{GreenNode, GreenNodeData};

use crate::reparse::reparse;
use crate::{Code, Diagnostic, Patch, Span, grammar, strict};

/// The tree of `text`, or why Nix does not read it; the reasons are in the order of the text.
///
/// Takes time linear in the text.
pub(crate) fn parse(text: &str) -> Result<SyntaxNode, Vec<Diagnostic>> {
    let root = syntax(text)?;
    grammatical(text, root.green())?;
    Ok(root)
}

/// The tree of `text`, which `patch` made of the text of `root`, as [`parse`] reads it.
///
/// All of the text is checked; that part of it is made into a tree which the edits touch.
pub(crate) fn edited(
    root: &SyntaxNode,
    patch: &Patch,
    text: &str,
) -> Result<GreenNode, Vec<Diagnostic>> {
    tokens(text)?;
    let tree = match reparse(root, patch, text) {
        Some(tree) => {
            let whole = || rnix::Root::parse(text).syntax().green().to_owned();
            debug_assert_eq!(tree, whole(), "{text:?}");
            tree
        }
        None => tree(text)?.green().to_owned(),
    };
    grammatical(text, &tree)?;
    Ok(tree)
}

/// Like [`parse`], but takes names that are given twice, numbers that are too large and what else
/// [`grammar`] refuses, for those who have more to say of it.
pub(crate) fn syntax(text: &str) -> Result<SyntaxNode, Vec<Diagnostic>> {
    tokens(text)?;
    tree(text)
}

/// What is wrong with the text before it is parsed.
fn tokens(text: &str) -> Result<(), Vec<Diagnostic>> {
    let mut found = strict::check(text);
    found.sort_by_key(|diagnostic| diagnostic.span);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn tree(text: &str) -> Result<SyntaxNode, Vec<Diagnostic>> {
    let parse = rnix::Root::parse(text);
    // Only the first: the parser's recovery makes the others up.
    match parse.errors().first() {
        Some(error) => Err(vec![syntax_error(error, text)]),
        None => Ok(parse.syntax()),
    }
}

fn grammatical(text: &str, tree: &GreenNodeData) -> Result<(), Vec<Diagnostic>> {
    let found = grammar::check(text, tree);
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn syntax_error(error: &ParseError, text: &str) -> Diagnostic {
    let end = Span::new(text.len(), text.len());
    match error {
        ParseError::Unexpected(range) | ParseError::UnexpectedExtra(range) => {
            let (span, word) = first_word((*range).into(), text);
            Diagnostic::new(Code::Syntax, span, format!("unexpected `{word}`"))
        }
        ParseError::UnexpectedWanted(_, range, wanted) => {
            let (span, word) = first_word((*range).into(), text);
            let message = format!("unexpected `{word}`, expected {}", list_of(wanted));
            let found = Diagnostic::new(Code::Syntax, span, message);
            match word {
                "-" => found.hint("a negative number in a list needs parentheses: `(-5)`"),
                "," => found.hint("elements of a list are separated by blanks, attributes by `;`"),
                _ => found,
            }
        }
        ParseError::UnexpectedEOFWanted(wanted) => Diagnostic::new(
            Code::Syntax,
            end,
            format!("the text ends where {} is expected", list_of(wanted)),
        ),
        ParseError::UnexpectedEOF => {
            Diagnostic::new(Code::Syntax, end, "the text ends where a value is expected")
        }
        ParseError::RecursionLimitExceeded => {
            Diagnostic::new(Code::TooDeep, Span::default(), "nested too deep")
        }
        other => Diagnostic::new(Code::Syntax, Span::default(), other.to_string()),
    }
}

/// The part of `span` up to the first white space, and its text: the parser skips to whatever
/// it knows how to go on with, which is more than what is wrong.
fn first_word(span: Span, text: &str) -> (Span, &str) {
    let word = span.text(text).split_whitespace().next().unwrap_or("");
    (Span::new(span.start, span.start + word.len()), word)
}

fn list_of(kinds: &[SyntaxKind]) -> String {
    let name = |kind: SyntaxKind| match kind {
        TOKEN_SEMICOLON => "`;`",
        TOKEN_ASSIGN => "`=`",
        TOKEN_R_BRACE | TOKEN_INTERPOL_END => "`}`",
        TOKEN_R_BRACK => "`]`",
        TOKEN_R_PAREN => "`)`",
        TOKEN_COLON => "`:`",
        TOKEN_IDENT | TOKEN_OR | TOKEN_CUR_POS => "a name",
        TOKEN_STRING_START => "a string",
        TOKEN_STRING_END | TOKEN_STRING_CONTENT | TOKEN_INTERPOL_START => "the end of the string",
        TOKEN_THEN => "`then`",
        TOKEN_ELSE => "`else`",
        TOKEN_IN => "`in`",
        TOKEN_ELLIPSIS => "`...`",
        _ => "a value",
    };
    let mut names: Vec<_> = kinds.iter().map(|&kind| name(kind)).collect();
    names.sort_unstable();
    names.dedup();
    // A name and a string are values too.
    if names.contains(&"a value") {
        "a value".to_owned()
    } else {
        names.join(" or ")
    }
}
