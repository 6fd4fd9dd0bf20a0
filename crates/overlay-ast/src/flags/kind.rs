//! Whether a value is a string or a list, without evaluating it.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};
use rnix::SyntaxNode;

use crate::Key;
use crate::names::{Names, Target};

/// What a value is, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    List,
}

/// Names of `let`s that are looked through one after another.
const MOST: usize = 8;

/// What `node` is; none if that has to be evaluated.
pub(super) fn kind(node: &SyntaxNode, names: Option<&Names<'_>>) -> Option<Kind> {
    within(node, names, MOST)
}

fn within(node: &SyntaxNode, names: Option<&Names<'_>>, most: usize) -> Option<Kind> {
    let inner = |node: SyntaxNode| within(&node, names, most);
    match node.kind() {
        NODE_STRING => Some(Kind::String),
        NODE_LIST => Some(Kind::List),
        NODE_PAREN | NODE_LET_IN | NODE_WITH | NODE_ASSERT => inner(node.last_child()?),
        NODE_BIN_OP if has(node, TOKEN_CONCAT) => Some(Kind::List),
        NODE_BIN_OP if has(node, TOKEN_ADD) => Some(Kind::String),
        NODE_IF_ELSE => {
            let mut branches = node.children().skip(1).map(inner);
            let (first, second) = (branches.next()?, branches.next()?);
            if first == second { first } else { None }
        }
        NODE_APPLY => match function(node)?.as_str() {
            "toString"
            | "concatStringsSep"
            | "concatStrings"
            | "concatMapStringsSep"
            | "optionalString"
            | "escapeShellArgs"
            | "removePrefix"
            | "removeSuffix"
            | "replaceStrings"
            | "makeLibraryPath"
            | "makeBinPath"
            | "readFile" => Some(Kind::String),
            "optional" | "optionals" | "toList" | "map" | "filter" | "unique" | "concatLists"
            | "concatMap" | "flatten" | "remove" | "subtractLists" | "splitString"
            | "singleton" => Some(Kind::List),
            _ => None,
        },
        NODE_IDENT if most > 0 => {
            let names = names?;
            let Some(Target::Binding(id)) = names.target(node) else {
                return None;
            };
            within(&names.let_value(id)?, Some(names), most - 1)
        }
        _ => None,
    }
}

/// The last name of the function that a call calls.
pub(super) fn function(call: &SyntaxNode) -> Option<String> {
    let mut function = call.clone();
    while function.kind() == NODE_APPLY {
        function = function.first_child()?;
    }
    let last = match function.kind() {
        NODE_SELECT => function.children().nth(1)?.last_child()?,
        _ => function,
    };
    match Key::of(&last)? {
        Key::Static(name) => Some(name),
        Key::Dynamic(_) => None,
    }
}

pub(super) fn has(node: &SyntaxNode, operator: SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|part| part.kind() == operator)
}

/// Whether the name of an attribute says that nixpkgs' functions take a list there, rather than
/// the text of a variable of the environment.
pub(super) fn is_list(name: &str) -> bool {
    let capitals = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let suffixes = ["flags", "inputs", "args", "features", "patches", "packages"];
    let lower = name.to_ascii_lowercase();
    !name.chars().all(capitals)
        && (suffixes.iter().any(|suffix| lower.ends_with(suffix))
            || matches!(name, "hardeningEnable" | "hardeningDisable"))
}
