//! Appending options to what a variable is.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use super::kind::{self, Kind, has, is_list};
use super::{Flags, words};
use crate::expression::is_element;
use crate::list::{Container, New, Side};
use crate::names::Names;
use crate::{Error, Key, KeyPath, Span, TextEdit, scope};

/// What is known around a variable.
pub(crate) struct Context<'a, 't> {
    /// The text of the file.
    pub(crate) text: &'a str,
    /// The names of the file, if they have been taken.
    pub(crate) names: Option<&'a Names<'t>>,
    /// The variable.
    pub(crate) path: &'a KeyPath,
    /// An expression for nixpkgs' `lib`.
    pub(crate) lib: Option<String>,
}

impl Context<'_, '_> {
    fn is_list(&self) -> bool {
        match self.path.keys().last() {
            Some(Key::Static(name)) => is_list(name),
            _ => false,
        }
    }

    /// `value`, which may be a string too, as a list.
    fn to_list(&self, value: &str) -> String {
        match &self.lib {
            Some(lib) => format!("{lib}.toList {value}"),
            None => format!("(if builtins.isList {value} then {value} else [ {value} ])"),
        }
    }
}

/// The edits after which `value` has the flags too; none if it has them.
///
/// # Errors
///
/// None that a file which Nix reads can cause.
pub(crate) fn extended(
    context: &Context<'_, '_>,
    value: &SyntaxNode,
    flags: &Flags,
) -> Result<Vec<TextEdit>, Error> {
    let mut there = Vec::new();
    collect(value, &mut there);
    let flags = flags.without(&there);
    if flags.groups.is_empty() {
        return Ok(Vec::new());
    }
    extend(context, value, &flags)
}

/// The words that a value always has, as far as they are written out, with an empty one for
/// what is not.
fn collect(node: &SyntaxNode, out: &mut Vec<String>) {
    match node.kind() {
        NODE_STRING => out.extend(words(node)),
        NODE_LIST => node.children().for_each(|element| collect(&element, out)),
        NODE_PAREN | NODE_LET_IN | NODE_WITH | NODE_ASSERT => {
            if let Some(inner) = node.last_child() {
                collect(&inner, out);
            }
        }
        NODE_BIN_OP if has(node, TOKEN_ADD) || has(node, TOKEN_CONCAT) => {
            node.children().for_each(|side| collect(&side, out));
        }
        NODE_APPLY if joined(node).is_some() => {
            if let Some(list) = joined(node) {
                collect(&list, out);
            }
        }
        _ => out.push(String::new()),
    }
}

/// The list that a call makes one string of, with blanks between its elements.
fn joined(call: &SyntaxNode) -> Option<SyntaxNode> {
    match kind::function(call)?.as_str() {
        "toString" => call.last_child(),
        "concatStringsSep" => {
            let inner = call.first_child()?;
            let separator = inner.last_child()?;
            (inner.kind() == NODE_APPLY && separator.to_string() == "\" \"")
                .then(|| call.last_child())
                .flatten()
        }
        _ => None,
    }
}

fn extend(
    context: &Context<'_, '_>,
    node: &SyntaxNode,
    flags: &Flags,
) -> Result<Vec<TextEdit>, Error> {
    let after = |operator| Ok(after(node, operator, flags));
    match node.kind() {
        NODE_PAREN | NODE_LET_IN | NODE_WITH | NODE_ASSERT => match node.last_child() {
            Some(inner) => extend(context, &inner, flags),
            None => Ok(Vec::new()),
        },
        NODE_STRING => Ok(match in_string(node, flags) {
            Some(edit) => vec![edit],
            None => after(Operator::Add)?,
        }),
        NODE_LIST => in_list(context, node, flags, true),
        NODE_BIN_OP if has(node, TOKEN_CONCAT) => match always(node) {
            Some(list) => in_list(context, &list, flags, true),
            None => after(Operator::Concat),
        },
        NODE_BIN_OP if has(node, TOKEN_ADD) => match node.last_child() {
            Some(last) if last.kind() == NODE_STRING => extend(context, &last, flags),
            _ => after(Operator::Add),
        },
        NODE_APPLY if let Some(list) = joined(node).and_then(|list| always(&list)) => {
            in_list(context, &list, flags, false)
        }
        _ => match kind::kind(node, context.names) {
            Some(Kind::String) => after(Operator::Add),
            Some(Kind::List) => after(Operator::Concat),
            None => {
                let span = Span::from(node.text_range());
                let old = span.text(context.text);
                let old = if is_element(node) {
                    old.to_owned()
                } else {
                    format!("({old})")
                };
                let new = either(context, &old, flags, "");
                Ok(vec![TextEdit::replace(span, new)])
            }
        },
    }
}

/// The last list of `++`s that counts always.
fn always(node: &SyntaxNode) -> Option<SyntaxNode> {
    let mut leaves = scope::leaves(node, TOKEN_CONCAT).into_iter();
    leaves
        .rfind(|leaf| leaf.node.kind() == NODE_LIST && !leaf.conditional)
        .map(|leaf| leaf.node)
}

/// Before the closing quotes of a string; none if the flags would have to be written otherwise
/// there.
fn in_string(string: &SyntaxNode, flags: &Flags) -> Option<TextEdit> {
    let mut flags = flags.text();
    let closer = string.last_token()?;
    let mut end = usize::from(closer.text_range().start());
    let mut rest = String::new();
    if closer.text() == "''" {
        if flags.contains(['\\', '\'']) {
            return None;
        }
        // The last line of such a string is often empty but for its indentation.
        if let Some(NodeOrToken::Token(last)) = closer.prev_sibling_or_token()
            && last.kind() == TOKEN_STRING_CONTENT
        {
            let text = last.text().trim_end();
            end -= last.text().len() - text.len();
            text.clone_into(&mut rest);
        }
    } else if let Some(NodeOrToken::Token(last)) = closer.prev_sibling_or_token() {
        last.text().clone_into(&mut rest);
    }
    let first = words(string).is_empty();
    if !first && !rest.ends_with(|c: char| c.is_ascii_whitespace()) {
        flags.insert(0, ' ');
    }
    Some(TextEdit::insert(end, flags))
}

/// Behind the last element of a list.
fn in_list(
    context: &Context<'_, '_>,
    list: &SyntaxNode,
    flags: &Flags,
    each_word: bool,
) -> Result<Vec<TextEdit>, Error> {
    let strings = flags.strings(each_word);
    let container = Container::entries(context.text, list);
    let Some(last) = container.items.last() else {
        let new = New::plain(strings.join(" "));
        return Ok(vec![new.edit(context.text, &container, Side::Alone)?]);
    };
    let mut edit = TextEdit::insert(0, "");
    for string in strings {
        let next = New::plain(string).edit(context.text, &container, Side::After(last))?;
        edit = TextEdit::replace(next.span, edit.insert + &next.insert);
    }
    Ok(vec![edit])
}

#[derive(Clone, Copy)]
enum Operator {
    Add,
    Concat,
}

/// Behind an operator behind the value.
fn after(node: &SyntaxNode, operator: Operator, flags: &Flags) -> Vec<TextEdit> {
    let (own, end) = match operator {
        Operator::Add => (TOKEN_ADD, format!(" + \" {}\"", flags.text())),
        Operator::Concat => {
            let strings = flags.strings(true).join(" ");
            (TOKEN_CONCAT, format!(" ++ [ {strings} ]"))
        }
    };
    let closed = match node.kind() {
        NODE_BIN_OP => has(node, own),
        NODE_APPLY => true,
        _ => is_element(node),
    };
    let span = Span::from(node.text_range());
    if closed {
        vec![TextEdit::insert(span.end, end)]
    } else {
        vec![TextEdit::replace(span, format!("({node}){end}"))]
    }
}

/// `old`, whether it is a string or a list, and the flags behind it; `unit` is the indentation of
/// a line in it, or empty for one line.
fn either(context: &Context<'_, '_>, old: &str, flags: &Flags, unit: &str) -> String {
    if context.is_list() {
        let list = context.to_list(old);
        return format!("{list} ++ {}", list_of(&flags.strings(true), unit));
    }
    let mut elements = vec![old.to_owned()];
    elements.extend(flags.strings(false));
    format!("toString {}", list_of(&elements, unit))
}

fn list_of(elements: &[String], unit: &str) -> String {
    match elements {
        [_, _, ..] if !unit.is_empty() => {
            let lines: String = elements
                .iter()
                .map(|element| format!("\n{unit}{element}"))
                .collect();
            format!("[{lines}\n]")
        }
        _ => format!("[ {} ]", elements.join(" ")),
    }
}

/// What a variable was before.
pub(crate) enum Before<'a> {
    /// Nothing.
    Nothing,
    /// Perhaps an attribute of the set of this name.
    Perhaps(&'a str),
}

/// The value of a variable that the file does not define yet.
pub(crate) fn new_value(
    context: &Context<'_, '_>,
    before: Before<'_>,
    flags: &Flags,
    unit: &str,
) -> String {
    let path = context.path;
    match before {
        Before::Nothing if context.is_list() => list_of(&flags.strings(true), unit),
        Before::Nothing => flags.to_string(),
        Before::Perhaps(old) => {
            let default = if context.is_list() { "[ ]" } else { "\"\"" };
            either(
                context,
                &format!("({old}.{path} or {default})"),
                flags,
                unit,
            )
        }
    }
}

/// The value of a variable that was inherited: `from` is what it was.
pub(crate) fn inherited(context: &Context<'_, '_>, from: &str, flags: &Flags) -> String {
    either(context, from, flags, "")
}
