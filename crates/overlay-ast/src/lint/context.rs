//! What all rules share: the file's tree, taken apart once.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use rnix::SyntaxKind::*;
use rnix::{SyntaxNode, TextSize};

use super::derivation::{Definition, Derivation, overlay_definitions};
use super::{FileKind, Options};
use crate::names::{BindingId, Names};
use crate::{Key, Span};

/// A file that is being checked.
pub(super) struct Context<'t> {
    pub(super) text: &'t str,
    pub(super) root: &'t SyntaxNode,
    pub(super) options: &'t Options,
    pub(super) names: Names<'t>,
    /// Every node of the tree but tokens.
    pub(super) nodes: Vec<SyntaxNode>,
    pub(super) kind: FileKind,
    /// The sets that become derivations, in the order of the text.
    pub(super) derivations: Vec<Derivation>,
    /// What overlays define, in the order of the text.
    pub(super) definitions: Vec<Definition>,
    /// The places in `derivations` by where their sets start.
    derivation_at: HashMap<TextSize, usize>,
    unneeded: OnceCell<HashSet<BindingId>>,
    /// Every name that some scope binds.
    bound: OnceCell<HashSet<Cow<'t, str>>>,
}

impl<'t> Context<'t> {
    pub(super) fn of(text: &'t str, root: &'t SyntaxNode, options: &'t Options) -> Self {
        let mut nodes = Vec::new();
        let names = Names::of(text, root, &mut |node| nodes.push(node.clone()));
        let of_kind = |kind| nodes.iter().filter(move |node| node.kind() == kind);
        let derivations: Vec<_> = of_kind(NODE_ATTR_SET).filter_map(Derivation::of).collect();
        let starts = derivations
            .iter()
            .map(|derivation| derivation.set.text_range().start());
        let derivation_at = starts.zip(0..).collect();
        let definitions = of_kind(NODE_LAMBDA).flat_map(overlay_definitions).collect();
        Self {
            text,
            root,
            options,
            names,
            nodes,
            derivations,
            definitions,
            derivation_at,
            kind: options.kind.unwrap_or_else(|| kind(root)),
            unneeded: OnceCell::new(),
            bound: OnceCell::new(),
        }
    }

    /// The bindings that nothing needs.
    pub(super) fn unneeded(&self) -> &HashSet<BindingId> {
        self.unneeded.get_or_init(|| self.names.unneeded())
    }

    /// Whether any scope of the file binds the name.
    pub(super) fn binds(&self, name: &str) -> bool {
        let all = || {
            self.names
                .bindings()
                .map(|(_, binding)| binding.name.clone())
        };
        self.bound.get_or_init(|| all().collect()).contains(name)
    }

    /// The derivation that a set becomes.
    pub(super) fn derivation(&self, set: &SyntaxNode) -> Option<&Derivation> {
        let at = self.derivation_at.get(&set.text_range().start())?;
        Some(&self.derivations[*at]).filter(|derivation| derivation.set == *set)
    }

    /// The text of a node, without a copy.
    pub(super) fn text_of(&self, node: &SyntaxNode) -> &'t str {
        Span::from(node.text_range()).text(self.text)
    }
}

/// The function that the file is.
pub(super) fn file_lambda(root: &SyntaxNode) -> Option<SyntaxNode> {
    let body = unwrap_parens(root.first_child()?);
    (body.kind() == NODE_LAMBDA).then_some(body)
}

pub(super) fn unwrap_parens(mut node: SyntaxNode) -> SyntaxNode {
    while node.kind() == NODE_PAREN
        && let Some(inner) = node.first_child()
    {
        node = inner;
    }
    node
}

/// What the file is, as far as its shape tells.
fn kind(root: &SyntaxNode) -> FileKind {
    let Some(body) = root.first_child() else {
        return FileKind::Other;
    };
    let Some(lambda) = file_lambda(root) else {
        return match body.kind() {
            NODE_ATTR_SET if first_keys(&body).iter().any(|key| key == "outputs") => {
                FileKind::Flake
            }
            NODE_ATTR_SET => FileKind::Profile,
            _ => FileKind::Other,
        };
    };
    let Some(head) = lambda.first_child() else {
        return FileKind::Other;
    };
    if head.kind() != NODE_PATTERN {
        let functions = std::iter::successors(Some(lambda), SyntaxNode::last_child);
        let mut functions = functions.take_while(|node| node.kind() == NODE_LAMBDA);
        return if functions.any(|lambda| is_overlay(&lambda)) {
            FileKind::Overlay
        } else {
            FileKind::Other
        };
    }
    let body = lambda.last_child().map(result);
    let keys = body.as_ref().map(first_keys).unwrap_or_default();
    let module_like = |key: &String| MODULE_ATTRIBUTES.contains(&key.as_str());
    match body.map(|body| body.kind()) {
        Some(NODE_ATTR_SET) if has_ellipsis(&head) && keys.iter().any(module_like) => {
            FileKind::Module
        }
        Some(NODE_APPLY) if !has_ellipsis(&head) => FileKind::Package,
        _ => FileKind::Other,
    }
}

/// What only modules define at their top, or little else does.
pub(super) const MODULE_ATTRIBUTES: [&str; 18] = [
    "boot",
    "config",
    "environment",
    "fonts",
    "hardware",
    "home",
    "home-manager",
    "imports",
    "meta",
    "networking",
    "nixpkgs",
    "options",
    "programs",
    "security",
    "services",
    "systemd",
    "users",
    "xdg",
];

/// Whether a set pattern takes attributes that it does not name.
pub(super) fn has_ellipsis(pattern: &SyntaxNode) -> bool {
    let mut parts = pattern.children_with_tokens();
    parts.any(|part| part.kind() == TOKEN_ELLIPSIS)
}

/// What an expression gives in the end: through `let`, `with`, `assert` and parentheses.
pub(super) fn result(mut node: SyntaxNode) -> SyntaxNode {
    while matches!(
        node.kind(),
        NODE_LET_IN | NODE_WITH | NODE_ASSERT | NODE_PAREN
    ) && let Some(body) = node.last_child()
    {
        node = body;
    }
    node
}

/// The first names of the paths that a set defines, as far as they are known.
pub(super) fn first_keys(set: &SyntaxNode) -> Vec<String> {
    let entries = set.children().filter(|n| n.kind() == NODE_ATTRPATH_VALUE);
    let keys = entries.filter_map(
        |entry| match Key::of(&entry.first_child()?.first_child()?)? {
            Key::Static(name) => Some(name),
            Key::Dynamic(_) => None,
        },
    );
    keys.collect()
}

/// The names of a path, decoded; empty if one of them is computed.
pub(super) fn keys(path: &SyntaxNode) -> Vec<String> {
    let names: Option<Vec<String>> = path
        .children()
        .map(|part| match Key::of(&part)? {
            Key::Static(name) => Some(name),
            Key::Dynamic(_) => None,
        })
        .collect();
    names.unwrap_or_default()
}

/// Whether the next two arguments of a function are those of an overlay.
pub(super) fn is_overlay(lambda: &SyntaxNode) -> bool {
    let argument = |lambda: &SyntaxNode| {
        let head = lambda.first_child()?;
        (head.kind() == NODE_IDENT_PARAM).then(|| head.to_string())
    };
    let is = |name: Option<String>, known: &[&str]| {
        name.is_some_and(|name| known.contains(&name.trim_start_matches('_')))
    };
    let inner = lambda.last_child();
    inner.is_some_and(|inner| {
        inner.kind() == NODE_LAMBDA
            && argument(&inner).is_some()
            && (is(argument(lambda), &["final", "self"])
                || is(argument(&inner), &["prev", "super", "previous"]))
    })
}
