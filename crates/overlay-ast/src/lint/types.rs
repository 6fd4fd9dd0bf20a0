//! What kind of value an expression has, as far as it is written in the file or known to the caller.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::ValueType;
use super::context::{Context, keys};
use super::derivation::last_name;
use super::words::let_value;
use crate::names::Target;
use crate::{Key, KeyPath};

/// A value's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) is: ValueType,
    /// Whether it is so only where an attribute is missing, by its default.
    pub(super) by_default: bool,
}

/// Bindings that are followed one after the other.
const HOPS: usize = 16;

/// The type of an expression; none if it is not known without evaluation.
pub(super) fn type_of(context: &Context<'_>, node: &SyntaxNode) -> Option<Typed> {
    typed(context, node, HOPS)
}

fn typed(context: &Context<'_>, node: &SyntaxNode, hops: usize) -> Option<Typed> {
    let hops = hops.checked_sub(1)?;
    let certain = |is| {
        Some(Typed {
            is,
            by_default: false,
        })
    };
    match node.kind() {
        NODE_STRING => certain(ValueType::String),
        NODE_LIST => certain(ValueType::List),
        NODE_ATTR_SET => certain(ValueType::Set),
        NODE_PAREN => typed(context, &node.first_child()?, hops),
        NODE_LITERAL => match node.first_token()?.kind() {
            TOKEN_INTEGER | TOKEN_FLOAT => certain(ValueType::Number),
            TOKEN_URI => certain(ValueType::String),
            _ => None,
        },
        NODE_IDENT => match context.names.target(node)? {
            Target::Binding(id) => typed(context, &let_value(context, id)?, hops),
            Target::Global => match context.text_of(node) {
                "true" | "false" => certain(ValueType::Bool),
                _ => None,
            },
            Target::With | Target::Unbound => None,
        },
        NODE_SELECT => {
            if let Some(known) = selected(context, node, hops) {
                return Some(known);
            }
            let default = typed(context, &node.children().nth(2)?, hops)?;
            Some(Typed {
                by_default: true,
                ..default
            })
        }
        NODE_UNARY_OP => match node.first_token()?.kind() {
            TOKEN_INVERT => certain(ValueType::Bool),
            _ => certain(ValueType::Number),
        },
        NODE_BIN_OP => match operator(node)? {
            TOKEN_SUB | TOKEN_MUL | TOKEN_DIV => certain(ValueType::Number),
            TOKEN_CONCAT => certain(ValueType::List),
            TOKEN_UPDATE => certain(ValueType::Set),
            TOKEN_ADD => typed(context, &node.first_child()?, hops),
            TOKEN_PIPE_LEFT | TOKEN_PIPE_RIGHT => None,
            _ => certain(ValueType::Bool),
        },
        NODE_APPLY => match &*last_name(&node.first_child()?)? {
            "toString" => certain(ValueType::String),
            "toInt" | "length" | "stringLength" => certain(ValueType::Number),
            _ => None,
        },
        _ => None,
    }
}

/// The kind of the token between the two sides of an operator.
pub(super) fn operator(node: &SyntaxNode) -> Option<rnix::SyntaxKind> {
    let mut tokens = node
        .children_with_tokens()
        .filter_map(rnix::NodeOrToken::into_token);
    let operator = tokens.find(|token| !token.kind().is_trivia())?;
    Some(operator.kind())
}

/// The type of what is selected, from the set that the file writes out or from what the caller
/// knows.
fn selected(context: &Context<'_>, node: &SyntaxNode, hops: usize) -> Option<Typed> {
    let mut path = Vec::new();
    let mut base = node.clone();
    for _ in 0..hops {
        match base.kind() {
            NODE_SELECT => {
                let names = keys(&base.children().nth(1)?);
                if names.is_empty() {
                    return None;
                }
                path.splice(0..0, names);
                base = base.first_child()?;
            }
            NODE_PAREN => base = base.first_child()?,
            NODE_ATTR_SET => return typed(context, &attribute(&base, &path)?, hops),
            NODE_IDENT => {
                let value = match context.names.target(&base) {
                    Some(Target::Binding(id)) => let_value(context, id),
                    _ => None,
                };
                let Some(value) = value else {
                    let known = context.options.facts.values.get(&path.join("."));
                    return known.map(|&is| Typed {
                        is,
                        by_default: false,
                    });
                };
                base = value;
            }
            _ => return None,
        }
    }
    None
}

/// Entries of a set that are looked through for an attribute; larger sets are not asked.
const ENTRIES: usize = 256;

/// The value that a set gives an attribute, if one entry of it defines the whole of that.
fn attribute(set: &SyntaxNode, path: &[String]) -> Option<SyntaxNode> {
    if set.children().nth(ENTRIES).is_some() {
        return None;
    }
    let is = |key: &Key, name: &String| matches!(key, Key::Static(key) if key == name);
    let mut found = None;
    for entry in set.children() {
        let keys = KeyPath::of(&entry.first_child()?)?;
        let meets = keys.iter().zip(path).all(|(key, name)| is(key, name));
        if entry.kind() != NODE_ATTRPATH_VALUE {
            return None;
        }
        if meets {
            if found.is_some() || keys.len() > path.len() {
                return None;
            }
            found = Some((entry.last_child()?, keys.len()));
        }
    }
    let (value, taken) = found?;
    match &path[taken..] {
        [] => Some(value),
        rest if value.kind() == NODE_ATTR_SET => attribute(&value, rest),
        _ => None,
    }
}
