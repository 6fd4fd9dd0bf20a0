//! Where in a file a name is defined.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::{self, *};
use rnix::{NixLanguage, NodeOrToken, SyntaxNode, TextRange};
use rowan::{GreenNodeData, Language};

use crate::{Document, Key, KeyPath, Label, Span};

/// How an attribute is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// By one value.
    Value {
        /// The value.
        value: Span,
        /// `path = value;`, semicolon included.
        definition: Span,
    },
    /// By `inherit`.
    Inherited {
        /// The name in the `inherit`.
        name: Span,
        /// The `inherit`, semicolon included.
        definition: Span,
    },
    /// In parts, `a.b = 1; a = { c = 2; };`, which Nix merges into one set.
    Merged {
        /// Each `path = value;`, in the order of the text.
        definitions: Vec<Span>,
    },
}

impl Document {
    pub(crate) fn labels(&self, spans: Vec<Span>) -> Vec<Label> {
        let label = |span: Span| Label {
            message: excerpt(self.span_text(span)),
            span,
        };
        spans.into_iter().map(label).collect()
    }
}

/// A definition of a name.
#[derive(Clone, Debug)]
pub(crate) enum Hit {
    /// `path = value;`, of exactly the path.
    Binding(SyntaxNode),
    /// `path.more = value;`
    Part(SyntaxNode),
    /// `inherit path;`
    Inherited {
        name: SyntaxNode,
        inherit: SyntaxNode,
    },
}

impl Hit {
    pub(crate) fn definition(&self) -> Span {
        match self {
            Self::Binding(entry) | Self::Part(entry) => entry.text_range().into(),
            Self::Inherited { name, .. } => name.text_range().into(),
        }
    }
}

impl Hit {
    /// The outermost set that merges what this defines.
    pub(crate) fn owner(&self) -> Option<SyntaxNode> {
        match self {
            Self::Binding(entry) | Self::Part(entry) => owner(entry),
            Self::Inherited { inherit, .. } => owner(inherit),
        }
    }
}

/// Whether Nix merges the definitions: all are of one set, and each is a set itself or within.
pub(crate) fn merge(hits: &[Hit]) -> bool {
    let set = |hit: &Hit| match hit {
        Hit::Part(entry) => owner(entry),
        Hit::Binding(entry) if value(entry).kind() == NODE_ATTR_SET => owner(entry),
        _ => None,
    };
    let owners: Option<Vec<_>> = hits.iter().map(set).collect();
    owners.is_some_and(|owners| owners.windows(2).all(|pair| pair[0] == pair[1]))
}

/// The outermost set that merges what the entry defines: past `a = { … }` around it.
fn owner(entry: &SyntaxNode) -> Option<SyntaxNode> {
    let set = entry.parent()?;
    match set.parent() {
        Some(outer) if outer.kind() == NODE_ATTRPATH_VALUE => owner(&outer),
        _ => Some(set),
    }
}

/// The value of `path = value;`.
pub(crate) fn value(entry: &SyntaxNode) -> SyntaxNode {
    entry.last_child().unwrap_or_else(|| entry.clone())
}

/// The definitions of `path` in the set that the file is.
pub(crate) fn in_body(root: &SyntaxNode, path: &[Key]) -> Vec<Hit> {
    let body = root.first_child();
    body.map_or(Vec::new(), |body| in_value(&body, path))
}

/// The definitions of `path` in the set that a value is.
pub(crate) fn in_value(value: &SyntaxNode, path: &[Key]) -> Vec<Hit> {
    in_sets(&sets(value), path)
}

/// The definitions of `path` in these sets and `let`s.
pub(crate) fn in_sets(sets: &[SyntaxNode], path: &[Key]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for set in sets {
        look_up_in_set(set, path, &mut hits);
    }
    hits
}

/// The sets that a value is made of.
pub(crate) fn sets(value: &SyntaxNode) -> Vec<SyntaxNode> {
    let leaves = leaves(value, TOKEN_UPDATE).into_iter();
    let nodes = leaves.map(|leaf| leaf.node);
    nodes.filter(|node| node.kind() == NODE_ATTR_SET).collect()
}

fn look_up_in_set(set: &SyntaxNode, path: &[Key], hits: &mut Vec<Hit>) {
    let Some(first) = path.first() else { return };
    for entry in entries_that_may_start_with(set, first) {
        match entry.kind() {
            NODE_INHERIT => {
                let [only] = path else { continue };
                let names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                for name in names.filter(|name| Key::of(name).as_ref() == Some(only)) {
                    hits.push(Hit::Inherited {
                        name,
                        inherit: entry.clone(),
                    });
                }
            }
            NODE_ATTRPATH_VALUE => {
                let Some(keys) = entry.first_child().and_then(|path| KeyPath::of(&path)) else {
                    continue;
                };
                if keys == path {
                    hits.push(Hit::Binding(entry));
                } else if keys.starts_with(path) {
                    hits.push(Hit::Part(entry));
                } else if path.starts_with(&keys) {
                    hits.extend(in_value(&value(&entry), &path[keys.len()..]));
                }
            }
            _ => {}
        }
    }
}

/// The entries of a set or `let` but for those that clearly define another name.
///
/// A file can have thousands, of which few are meant: they are told apart by their text, without
/// making a node of each that knows what is around it.
fn entries_that_may_start_with(set: &SyntaxNode, first: &Key) -> Vec<SyntaxNode> {
    let green = set.green();
    let mut at = set.text_range().start();
    let mut found = Vec::new();
    for part in green.children() {
        let range = TextRange::at(at, part.text_len());
        at = range.end();
        let entry = match part {
            NodeOrToken::Node(entry) if !is_of_another_name(entry, first) => range,
            _ => continue,
        };
        let node = set.child_or_token_at_range(entry);
        found.extend(node.and_then(NodeOrToken::into_node));
    }
    found
}

/// Whether an entry is `name = value;` or `name.more = value;` of another name than `first`.
fn is_of_another_name(entry: &GreenNodeData, first: &Key) -> bool {
    fn inner(node: &GreenNodeData) -> Option<&GreenNodeData> {
        node.children().next()?.into_node()
    }
    let kind = |node: &GreenNodeData| NixLanguage::kind_from_raw(node.kind());
    if kind(entry) != NODE_ATTRPATH_VALUE {
        return false;
    }
    let name = inner(entry).and_then(inner);
    let Some(name) = name.filter(|name| kind(name) == NODE_IDENT) else {
        return false;
    };
    match (name.children().next(), first) {
        (Some(NodeOrToken::Token(name)), Key::Static(first)) => name.text() != first,
        (_, Key::Static(_)) => false,
        (_, Key::Dynamic(_)) => true,
    }
}

/// All definitions of the file whose path, with those of the sets around them, ends with `path`.
pub(crate) fn anywhere(root: &SyntaxNode, path: &[Key]) -> Vec<Hit> {
    let entries = root
        .descendants()
        .filter(|node| node.kind() == NODE_ATTRPATH_VALUE);
    let ends_with = |entry: &SyntaxNode| {
        let mut rest = path;
        let around = entry
            .ancestors()
            .filter(|node| node.kind() == NODE_ATTRPATH_VALUE);
        for outer in around {
            let Some(keys) = outer.first_child().and_then(|path| KeyPath::of(&path)) else {
                return false;
            };
            if keys.ends_with(rest) {
                return true;
            }
            match rest.strip_suffix(&keys[..]) {
                Some(shorter) => rest = shorter,
                None => return false,
            }
        }
        false
    };
    entries.filter(ends_with).map(Hit::Binding).collect()
}

/// The path of the attribute that `path = value;` defines, with those of the sets around it.
pub(crate) fn path_of(entry: &SyntaxNode) -> String {
    let around = entry.ancestors();
    let mut paths: Vec<String> = around
        .filter(|node| node.kind() == NODE_ATTRPATH_VALUE)
        .filter_map(|node| Some(node.first_child()?.to_string()))
        .collect();
    paths.reverse();
    paths.join(".")
}

/// The `let`s around what the file is in the end, from the outside in.
pub(crate) fn outer_lets(root: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut lets = Vec::new();
    let mut node = root.first_child();
    while let Some(outer) = node {
        node = match outer.kind() {
            NODE_LET_IN | NODE_LAMBDA | NODE_WITH | NODE_ASSERT | NODE_PAREN => outer.last_child(),
            _ => None,
        };
        if outer.kind() == NODE_LET_IN {
            lets.push(outer);
        }
    }
    lets
}

/// The `let`s of the file.
pub(crate) fn lets(root: &SyntaxNode) -> impl Iterator<Item = SyntaxNode> {
    let nodes = root.descendants();
    nodes.filter(|node| node.kind() == NODE_LET_IN)
}

/// Whether a scope around `node` binds `name`.
pub(crate) fn binds(node: &SyntaxNode, name: &str) -> bool {
    binder(node, name).is_some()
}

/// The innermost scope around `node` that binds `name`.
pub(crate) fn binder(node: &SyntaxNode, name: &str) -> Option<SyntaxNode> {
    let is_it = |key: Option<SyntaxNode>| {
        key.and_then(|key| Key::of(&key)) == Some(Key::Static(name.to_owned()))
    };
    let entries = |set: &SyntaxNode| {
        set.children().any(|entry| match entry.kind() {
            NODE_ATTRPATH_VALUE => is_it(entry.first_child().and_then(|path| path.first_child())),
            NODE_INHERIT => {
                let mut names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                names.any(|name| is_it(Some(name)))
            }
            _ => false,
        })
    };
    let arguments = |head: &SyntaxNode| {
        let mut parts = head.children();
        parts.any(|part| match part.kind() {
            NODE_PAT_ENTRY | NODE_PAT_BIND => is_it(part.first_child()),
            _ => is_it(Some(part)),
        })
    };
    node.ancestors().find(|scope| match scope.kind() {
        NODE_LET_IN | NODE_LEGACY_LET => entries(scope),
        NODE_ATTR_SET => is_recursive(scope) && entries(scope),
        NODE_LAMBDA => scope.first_child().is_some_and(|head| arguments(&head)),
        _ => false,
    })
}

/// What an `inherit` takes its names from; none if from the scope around it.
pub(crate) fn inherit_from(inherit: &SyntaxNode) -> Option<SyntaxNode> {
    let mut parts = inherit.children();
    let from = parts.find(|part| part.kind() == NODE_INHERIT_FROM)?;
    from.first_child()
}

/// An expression for what an inherited name stands for, in the scope around what inherits it.
pub(crate) fn inherited_expression(name: &SyntaxNode, inherit: &SyntaxNode) -> String {
    match inherit_from(inherit) {
        None => name.to_string(),
        Some(from) if takes_selection(&from) => format!("{from}.{name}"),
        Some(from) => format!("({from}).{name}"),
    }
}

/// Whether `.name` can be put behind a value without parentheses around it.
pub(crate) fn takes_selection(value: &SyntaxNode) -> bool {
    match value.kind() {
        NODE_IDENT | NODE_PAREN | NODE_ATTR_SET | NODE_LEGACY_LET => true,
        // Not where there is an `or`.
        NODE_SELECT => value.children().count() == 2,
        _ => false,
    }
}

/// Whether a set is a `rec` set.
pub(crate) fn is_recursive(set: &SyntaxNode) -> bool {
    let first = set.first_token();
    first.is_some_and(|token| token.kind() == TOKEN_REC)
}

/// What a value is made of, and whether it always is.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) node: SyntaxNode,
    /// It is so only under a condition.
    pub(crate) conditional: bool,
}

/// What `node` is made of: through all that only wraps, and the two sides of `operator`.
pub(crate) fn leaves(node: &SyntaxNode, operator: SyntaxKind) -> Vec<Leaf> {
    let mut out = Vec::new();
    collect(node, operator, false, &mut out);
    out
}

fn collect(node: &SyntaxNode, operator: SyntaxKind, conditional: bool, out: &mut Vec<Leaf>) {
    match node.kind() {
        NODE_PAREN | NODE_LAMBDA | NODE_LET_IN | NODE_WITH | NODE_ASSERT => {
            if let Some(inner) = node.last_child() {
                collect(&inner, operator, conditional, out);
            }
        }
        NODE_IF_ELSE => {
            for branch in node.children().skip(1) {
                collect(&branch, operator, true, out);
            }
        }
        NODE_BIN_OP if has_operator(node, operator) => {
            for side in node.children() {
                collect(&side, operator, conditional, out);
            }
        }
        NODE_APPLY => match wrapped(node) {
            Some((inner, always)) => {
                for node in inner {
                    collect(&node, operator, conditional || !always, out);
                }
            }
            None => out.push(Leaf {
                node: node.clone(),
                conditional,
            }),
        },
        _ => out.push(Leaf {
            node: node.clone(),
            conditional,
        }),
    }
}

fn has_operator(node: &SyntaxNode, operator: SyntaxKind) -> bool {
    node.children_with_tokens()
        .any(|part| part.kind() == operator)
}

/// What a call of one of nixpkgs' functions only wraps, and whether it does so always.
fn wrapped(call: &SyntaxNode) -> Option<(Vec<SyntaxNode>, bool)> {
    let mut arguments = Vec::new();
    let mut function = call.clone();
    while function.kind() == NODE_APPLY {
        arguments.insert(0, function.last_child()?);
        function = function.first_child()?;
    }
    let text = function.to_string();
    let name = text.rsplit('.').next().unwrap_or_default().trim();
    match (name, &arguments[..]) {
        ("mkIf" | "optionals" | "optionalAttrs", [_, last]) => Some((vec![last.clone()], false)),
        ("mkForce" | "mkDefault" | "mkBefore" | "mkAfter" | "unique", [last])
        | ("mkOverride" | "mkOrder", [_, last]) => Some((vec![last.clone()], true)),
        ("recursiveUpdate", [_, _]) => Some((arguments, true)),
        ("mkMerge", [list]) => {
            let lists = leaves(list, TOKEN_CONCAT);
            let all = lists.iter().all(|leaf| leaf.node.kind() == NODE_LIST);
            let always = lists.iter().all(|leaf| !leaf.conditional);
            all.then(|| {
                let elements = lists.iter().flat_map(|leaf| leaf.node.children());
                (elements.collect(), always)
            })
        }
        _ => None,
    }
}

/// The start of a text, on one line.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    let words = crate::key_path::words(text);
    if words.chars().count() > SHOWN {
        words.chars().take(SHOWN - 1).chain(['…']).collect()
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, path: &str, expect: Expect) {
        let (document, problems) = Document::parse(text);
        assert_eq!(problems, []);
        let show = |span: Span| span.text(text).to_owned();
        let found = match document.get(&path.parse().unwrap()) {
            Ok(Found::Value { value, definition }) => {
                format!("{} in {}", show(value), show(definition))
            }
            Ok(Found::Inherited { name, definition }) => {
                format!("{} in {}", show(name), show(definition))
            }
            Ok(Found::Merged { definitions }) => {
                let parts: Vec<_> = definitions.into_iter().map(show).collect();
                parts.join(" + ")
            }
            Err(error) => {
                let candidates: Vec<_> = error
                    .candidates()
                    .iter()
                    .map(|label| label.message.clone())
                    .collect();
                format!("{}: {error}: {}", error.code(), candidates.join(" | "))
            }
        };
        expect.assert_eq(found.trim_end_matches(": "));
    }

    #[test]
    fn one_definition() {
        check(
            "{ a.b = 1; \"c d\".e = { f = 2; }; }",
            "\"c d\".e.f",
            expect!["2 in f = 2;"],
        );
        check(
            "hw: final: prev: let x = 1; in with prev; assert true; (rec { a = x; })",
            "a",
            expect!["x in a = x;"],
        );
        check(
            "{ users.${u}.shell = 1; users.shell = 2; }",
            "users.\"${u}\".shell",
            expect!["1 in users.${u}.shell = 1;"],
        );
        check(
            "{ users.${u}.shell = 1; users.shell = 2; }",
            "users.shell",
            expect!["2 in users.shell = 2;"],
        );
        check(
            "{ e = { a = 1; } // { b = 2; }; }",
            "e.b",
            expect!["2 in b = 2;"],
        );
        check(
            "{ inherit (pkgs) hello git; }",
            "git",
            expect!["git in inherit (pkgs) hello git;"],
        );
    }

    #[test]
    fn the_body_comes_before_its_let() {
        let text = "let cfg = { b = 0; }; in lib.mkMerge [ (mkIf c { b = 1; }) { d = 2; } ]";
        check(text, "b", expect!["1 in b = 1;"]);
        check(text, "cfg.b", expect!["0 in b = 0;"]);
    }

    #[test]
    fn several_definitions() {
        check(
            "{ a.b = 1; x = 0; a = { c = 2; }; }",
            "a",
            expect!["a.b = 1; + a = { c = 2; };"],
        );
        check(
            "{ a = 1; } // { a = 2; }",
            "a",
            expect!["ambiguous: `a` can be any of 2: a = 1; | a = 2;"],
        );
        check(
            "{ x = { name = 1; }; y = { name = 2; }; }",
            "name",
            expect!["ambiguous: `name` can be any of 2: name = 1; | name = 2;"],
        );
        check(
            "{ a = 1; }",
            "b",
            expect!["not-found: there is no definition of `b`"],
        );
        check(
            "{ a = f 1; }",
            "a.b",
            expect!["not-found: there is no definition of `a.b`"],
        );
    }
}
