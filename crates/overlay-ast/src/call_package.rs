//! What `callPackage` fills in: `callPackage ({ zlib }: …) { }` takes `zlib` of the packages.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::HashSet;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::names::{BindingId, Names, Target};
use crate::{Key, scope};

/// A call of `callPackage`.
pub(crate) struct Call {
    /// What it may call; none for a function of another file.
    functions: Vec<Function>,
    /// The arguments that are given by name: `{ … }` behind the function.
    given: Option<SyntaxNode>,
}

/// A function that is called.
enum Function {
    /// The formals of one that is written out.
    Formals(Vec<SyntaxNode>),
    /// An expression of which it cannot be told what it takes.
    Unknown(SyntaxNode),
}

/// By what an attribute of the packages comes to be an argument.
pub(crate) enum Taker<'a> {
    /// A formal of its name.
    Formal(&'a SyntaxNode),
    /// Perhaps this function.
    Unknown(&'a SyntaxNode),
}

impl Call {
    /// The calls of `callPackage` in a part of the file, in the order of the text.
    pub(crate) fn all(part: &SyntaxNode, names: &Names<'_>) -> Vec<Self> {
        let calls = part.descendants().filter(|node| node.kind() == NODE_APPLY);
        calls.filter_map(|call| Self::of(&call, names)).collect()
    }

    fn of(call: &SyntaxNode, names: &Names<'_>) -> Option<Self> {
        let called = call.first_child()?;
        let argument = call.last_child().filter(|argument| *argument != called)?;
        if !is_call_package(called, names) {
            return None;
        }
        let mut whole = call.clone();
        while let Some(parent) = whole.parent().filter(|p| p.kind() == NODE_PAREN) {
            whole = parent;
        }
        let outer = whole.parent().filter(|node| node.kind() == NODE_APPLY);
        let outer = outer.filter(|outer| outer.first_child().as_ref() == Some(&whole));
        Some(Self {
            functions: functions(argument, names),
            given: outer.and_then(|outer| outer.last_child()),
        })
    }

    /// By what the call takes the attribute `key` of the packages, or may.
    pub(crate) fn taker(&self, key: &Key) -> Option<Taker<'_>> {
        if self.is_given(key) {
            return None;
        }
        self.functions.iter().find_map(|function| match function {
            Function::Formals(formals) => {
                let mut formals = formals.iter();
                let formal = formals.find(|formal| Key::of(formal).as_ref() == Some(key));
                formal.map(Taker::Formal)
            }
            Function::Unknown(node) => Some(Taker::Unknown(node)),
        })
    }

    /// The formals that are filled in.
    pub(crate) fn filled(&self) -> impl Iterator<Item = &SyntaxNode> {
        let formals = self.functions.iter().flat_map(|function| match function {
            Function::Formals(formals) => &formals[..],
            Function::Unknown(_) => &[],
        });
        formals.filter(|formal| Key::of(formal).is_some_and(|key| !self.is_given(&key)))
    }

    fn is_given(&self, key: &Key) -> bool {
        let is_in = |given| !scope::in_value(given, std::slice::from_ref(key)).is_empty();
        self.given.as_ref().is_some_and(is_in)
    }
}

/// Whether what is called is `callPackage`, under the name of a `let` too, or `callPackageWith` of
/// some packages.
fn is_call_package(called: SyntaxNode, names: &Names<'_>) -> bool {
    let mut seen = HashSet::new();
    let mut next = Some(called);
    while let Some(node) = next {
        let name = last_name(&node).filter(|name| name.starts_with("callPackage"));
        next = match (node.kind(), name) {
            (NODE_IDENT | NODE_SELECT, Some(name)) => return !name.ends_with("With"),
            (NODE_IDENT, None) => bound(&node, names)
                .filter(|&id| seen.insert(id))
                .and_then(|id| names.let_value(id)),
            (NODE_PAREN, _) => node.first_child(),
            (NODE_APPLY, _) => {
                let name = node.first_child().and_then(|with| last_name(&with));
                return name
                    .is_some_and(|name| name.starts_with("callPackage") && name.ends_with("With"));
            }
            _ => None,
        };
    }
    false
}

/// The functions that an argument of `callPackage` may be.
fn functions(argument: SyntaxNode, names: &Names<'_>) -> Vec<Function> {
    let mut functions = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![argument];
    while let Some(node) = open.pop() {
        match node.kind() {
            NODE_PAREN | NODE_LET_IN | NODE_WITH | NODE_ASSERT => open.extend(node.last_child()),
            NODE_IF_ELSE => open.extend(node.children().skip(1)),
            NODE_LAMBDA => {
                let head = node.first_child();
                let entries = head.into_iter().flat_map(|head| head.children());
                let entries = entries.filter(|part| part.kind() == NODE_PAT_ENTRY);
                let formals = entries.filter_map(|entry| entry.first_child());
                functions.push(Function::Formals(formals.collect()));
            }
            _ if is_file(&node) => {}
            _ => match bound(&node, names) {
                // It is among the functions already.
                Some(id) if seen.contains(&id) => {}
                id => match id.and_then(|id| names.let_value(id)) {
                    Some(value) => {
                        seen.extend(id);
                        open.push(value);
                    }
                    None => functions.push(Function::Unknown(node)),
                },
            },
        }
    }
    functions
}

/// The binding that a name refers to.
fn bound(node: &SyntaxNode, names: &Names<'_>) -> Option<BindingId> {
    match names.target(node)? {
        Target::Binding(id) => Some(id),
        _ => None,
    }
}

/// `name`, or the last name of `set.name`.
fn last_name(node: &SyntaxNode) -> Option<String> {
    let key = match node.kind() {
        NODE_SELECT => node.children().nth(1)?.last_child()?,
        _ => node.clone(),
    };
    match Key::of(&key)? {
        Key::Static(name) => Some(name),
        Key::Dynamic(_) => None,
    }
}

/// Whether an expression names another file, or is what is in one.
fn is_file(node: &SyntaxNode) -> bool {
    match node.kind() {
        NODE_STRING | NODE_PATH_ABS | NODE_PATH_HOME | NODE_PATH_REL | NODE_PATH_SEARCH => true,
        NODE_BIN_OP => node
            .children_with_tokens()
            .any(|part| part.kind() == TOKEN_ADD),
        NODE_APPLY => {
            let mut functions = std::iter::successors(node.first_child(), |function| {
                function
                    .first_child()
                    .filter(|_| function.kind() == NODE_APPLY)
            });
            let function = functions.find(|function| function.kind() != NODE_APPLY);
            let name = function.and_then(|function| last_name(&function));
            name.is_some_and(|name| name == "import")
        }
        _ => false,
    }
}
