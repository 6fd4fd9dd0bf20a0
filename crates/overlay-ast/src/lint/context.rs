//! What all rules share: the file's tree, taken apart once.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::cell::OnceCell;
use std::collections::HashSet;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

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
    unneeded: OnceCell<HashSet<BindingId>>,
}

impl<'t> Context<'t> {
    pub(super) fn of(text: &'t str, root: &'t SyntaxNode, options: &'t Options) -> Self {
        let mut nodes = Vec::new();
        let names = Names::of(text, root, &mut |node| nodes.push(node.clone()));
        Self {
            text,
            root,
            options,
            names,
            nodes,
            kind: options.kind.unwrap_or_else(|| kind(root)),
            unneeded: OnceCell::new(),
        }
    }

    /// The bindings that nothing needs.
    pub(super) fn unneeded(&self) -> &HashSet<BindingId> {
        self.unneeded.get_or_init(|| self.names.unneeded())
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
        return if overlay_arguments(&lambda).is_some() {
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
const MODULE_ATTRIBUTES: [&str; 18] = [
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
fn result(mut node: SyntaxNode) -> SyntaxNode {
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

/// The names of an overlay's two arguments, if the function is an overlay, or becomes one after
/// arguments of its own.
pub(super) fn overlay_arguments(lambda: &SyntaxNode) -> Option<(String, String)> {
    let name = |lambda: &SyntaxNode| {
        let head = lambda.first_child()?;
        (head.kind() == NODE_IDENT_PARAM).then(|| head.to_string())
    };
    let inner = lambda
        .last_child()
        .filter(|body| body.kind() == NODE_LAMBDA)?;
    if let (Some(last), Some(previous)) = (name(lambda), name(&inner)) {
        let is = |name: &str, known: &[&str]| known.contains(&name.trim_start_matches('_'));
        if is(&last, &["final", "self"]) || is(&previous, &["prev", "super", "previous"]) {
            return Some((last, previous));
        }
    }
    overlay_arguments(&inner)
}
