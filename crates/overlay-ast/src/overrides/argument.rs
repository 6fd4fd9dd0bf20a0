//! What `overrideAttrs` and `override` are given: `(old: { … })` and its many forms.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::chain::result;
use crate::names::{BindingId, Names, Target};
use crate::scope::{self, Hit};
use crate::{Error, KeyPath, Span, TextEdit};

/// What a call that overrides is given.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    /// All of it.
    node: SyntaxNode,
    /// The innermost function in it, if it is one: its argument is what was before.
    function: Option<SyntaxNode>,
    /// What it gives: sets, joined by `//`.
    pub(super) body: SyntaxNode,
    /// It stands in a function or value of a `let` that something else uses too.
    pub(super) shared: bool,
}

impl Argument {
    /// Reads what a call is given, through functions of the file's `let`s: in
    /// `prev.x.overrideAttrs (flags "-O3")` that is the body of `flags`.
    pub(super) fn of(node: &SyntaxNode, names: &Names<'_>) -> Self {
        let mut this = Self {
            node: node.clone(),
            function: None,
            body: result(node),
            shared: false,
        };
        this.enter(names);
        // `finalAttrs: prevAttrs: { … }`.
        for _ in 0..2 {
            if this.body.kind() != NODE_LAMBDA {
                break;
            }
            if let Some(body) = this.body.last_child() {
                this.function = Some(this.body.clone());
                this.body = result(&body);
            }
        }
        this
    }

    /// Goes to the value of a name, or the body of a function that is called.
    fn enter(&mut self, names: &Names<'_>) {
        let mut function = self.body.clone();
        let mut arguments = 0;
        while function.kind() == NODE_APPLY
            && let Some(inner) = function.first_child()
        {
            function = result(&inner);
            arguments += 1;
        }
        let Some(Target::Binding(id)) = names.target(&function) else {
            return;
        };
        let Some(mut value) = names.let_value(id).map(|value| result(&value)) else {
            return;
        };
        for _ in 0..arguments {
            match value.last_child().filter(|_| value.kind() == NODE_LAMBDA) {
                Some(body) => value = result(&body),
                None => return,
            }
        }
        self.node = value.clone();
        self.body = value;
        self.shared = names.references_to(id).count() > 1;
    }

    /// The definitions of `path` in it.
    pub(super) fn hits(&self, path: &KeyPath) -> Vec<Hit> {
        scope::in_value(&self.body, path.keys())
    }

    /// Whether what `entry` defines counts only under a condition.
    pub(super) fn is_conditional(&self, entry: &SyntaxNode) -> bool {
        let leaves = scope::leaves(&self.body, TOKEN_UPDATE);
        let range = entry.text_range();
        leaves
            .iter()
            .any(|leaf| leaf.conditional && leaf.node.text_range().contains_range(range))
    }

    /// The set that a new attribute goes into: the last that counts always.
    pub(super) fn set(&self) -> Option<SyntaxNode> {
        let mut leaves = scope::leaves(&self.body, TOKEN_UPDATE).into_iter();
        leaves
            .rfind(|leaf| leaf.node.kind() == NODE_ATTR_SET && !leaf.conditional)
            .map(|leaf| leaf.node)
    }

    /// The name of what was before, and the edits after which it has that name.
    ///
    /// A name that says it is not used, `_` or `_old`, loses its underscore if it is not; a
    /// pattern gets a name for the whole; a set becomes a function.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if the name is bound again between the function and `at`.
    pub(super) fn old(
        &self,
        names: &Names<'_>,
        at: &SyntaxNode,
    ) -> Result<(String, Vec<TextEdit>), Error> {
        let Some(function) = &self.function else {
            let name = unused_name(&self.node, USUAL.iter());
            let inner = Span::from(self.body.text_range());
            let edits = if self.node.kind() == NODE_PAREN {
                let inner = self.node.first_child().unwrap_or_else(|| self.body.clone());
                let start = usize::from(inner.text_range().start());
                vec![TextEdit::insert(start, format!("{name}: "))]
            } else {
                vec![
                    TextEdit::insert(inner.start, format!("({name}: ")),
                    TextEdit::insert(inner.end, ")"),
                ]
            };
            return Ok((name, edits));
        };
        let Some(head) = function.first_child() else {
            return Ok((String::new(), Vec::new()));
        };
        let named = match head.kind() {
            NODE_IDENT_PARAM => head.first_child(),
            _ => head
                .children()
                .find(|part| part.kind() == NODE_PAT_BIND)
                .and_then(|part| part.first_child()),
        };
        let Some(node) = named else {
            let name = unused_name(function, USUAL.iter());
            let start = usize::from(function.text_range().start());
            let edit = TextEdit::insert(start, format!("{name}@"));
            return Ok((name, vec![edit]));
        };
        usable(&node, function, names, at, &USUAL)
    }
}

/// Names for what was before.
const USUAL: [&str; 3] = ["old", "oldAttrs", "prevAttrs"];

/// The name of an argument of `function`, and the edits after which it has that name: one that
/// says it is not used, and is not, loses its underscore, or gets one of the `usual` names.
///
/// # Errors
///
/// [`Error::Conflict`] if it means something else at `at`.
pub(super) fn usable(
    argument: &SyntaxNode,
    function: &SyntaxNode,
    names: &Names<'_>,
    at: &SyntaxNode,
    usual: &[&str],
) -> Result<(String, Vec<TextEdit>), Error> {
    let name = argument.to_string();
    let Some(id) = names.bound_at(argument) else {
        return Ok((name, Vec::new()));
    };
    if !name.starts_with('_') || names.references_to(id).next().is_some() {
        not_shadowed(names, id, at)?;
        return Ok((name, Vec::new()));
    }
    let plain = Some(name.trim_start_matches('_')).filter(|plain| !plain.is_empty());
    let new = unused_name(function, plain.as_slice().iter().chain(usual));
    let edit = TextEdit::replace(argument.text_range().into(), new.clone());
    Ok((new, vec![edit]))
}

/// The first of the names that nothing in `part` mentions.
fn unused_name<'a>(part: &SyntaxNode, names: impl Iterator<Item = &'a &'a str>) -> String {
    let more = (2..).map(|n| format!("old{n}"));
    let mut all = names.map(|&name| name.to_owned()).chain(more);
    all.find(|name| !mentions(part, name)).unwrap_or_default()
}

/// Whether a part of the file has a name in it, whatever that stands for.
fn mentions(part: &SyntaxNode, name: &str) -> bool {
    let mut nodes = part.descendants();
    nodes.any(|node| node.kind() == NODE_IDENT && node.to_string() == name)
}

/// # Errors
///
/// [`Error::Conflict`] if the name of `id` means something else at `at`.
fn not_shadowed(names: &Names<'_>, id: BindingId, at: &SyntaxNode) -> Result<(), Error> {
    let binding = names.binding(id);
    let own = &binding.places[0];
    let hides = |other: &&SyntaxNode| {
        let scope = other.ancestors().find(|node| {
            matches!(
                node.kind(),
                NODE_LAMBDA | NODE_LET_IN | NODE_LEGACY_LET | NODE_ATTR_SET
            )
        });
        let within = own.ancestors().find(|node| node.kind() == NODE_LAMBDA);
        scope.is_some_and(|scope| {
            scope.text_range().contains_range(at.text_range())
                && within.is_some_and(|within| {
                    within != scope && within.text_range().contains_range(scope.text_range())
                })
        })
    };
    let others = names
        .bindings()
        .filter(|(other, same)| *other != id && same.name == binding.name);
    let mut places = others.flat_map(|(_, other)| &other.places);
    match places.find(hides) {
        None => Ok(()),
        Some(other) => Err(Error::Conflict {
            message: format!("`{}` means something else here", binding.name),
            span: other.text_range().into(),
            hint: "give it another name",
        }),
    }
}
