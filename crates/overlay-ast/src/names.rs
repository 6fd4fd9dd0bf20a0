//! Which name means what: the scopes of a file, the names they bind, and what refers to them.
//!
//! Nix looks a name up in the scopes around it, from the inside out: `let`, `rec`, the arguments of
//! functions. Where none binds it, it is a global such as `map`; only then do the sets of the
//! `with`s around it come, whose names are known to no one before evaluation. All of this but the
//! last is decided before anything is evaluated, so it can be decided here too.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::{SyntaxNode, TextSize};

use crate::{Key, Span, table};

/// The place of a [`Binding`] in [`Names::bindings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct BindingId(usize);

/// How a name comes to be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BindingKind {
    /// In a `let`.
    Let,
    /// As an attribute of a `rec` set, or of the old `let { body = …; }`.
    Attribute,
    /// As one of `{ a, b ? 1 }:`.
    Formal,
    /// As the whole argument, in `x:`.
    Argument,
    /// As the whole argument beside its attributes, in `args@{ … }:`.
    Whole,
}

/// A name that a scope binds.
#[derive(Clone, Debug)]
pub(crate) struct Binding<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) kind: BindingKind,
    /// The names where it is bound; several for `a.b = 1; a.c = 2;`.
    pub(crate) places: Vec<SyntaxNode>,
    /// The innermost `let` binding or formal whose definition holds this one.
    pub(crate) within: Option<BindingId>,
}

/// What a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// The name that a scope binds.
    Binding(BindingId),
    /// A name that Nix knows everywhere.
    Global,
    /// Perhaps an attribute of a set that a `with` around it names.
    With,
    /// Nothing: Nix refuses the file.
    Unbound,
}

/// A name that is used.
#[derive(Clone, Debug)]
pub(crate) struct Reference<'t> {
    pub(crate) name: Cow<'t, str>,
    pub(crate) node: SyntaxNode,
    pub(crate) target: Target,
    /// The innermost `let` binding or formal whose definition holds it.
    pub(crate) within: Option<BindingId>,
}

/// The names of a file. Taking them takes time linear in the file, but for the logarithm of the
/// number of references.
#[derive(Debug, Default)]
pub(crate) struct Names<'t> {
    bindings: Vec<Binding<'t>>,
    /// In the order of the text.
    references: Vec<Reference<'t>>,
    /// The places in `references` of what refers to each binding.
    uses: Vec<Vec<usize>>,
    /// The bindings by where their names start.
    at: HashMap<TextSize, BindingId>,
}

impl<'t> Names<'t> {
    /// The names of `root`, which is the tree of `text`. Every node is shown to `seen`, in the
    /// order of the text but for the names of an `inherit` in a `let` or `rec`, which come first.
    pub(crate) fn of(text: &'t str, root: &SyntaxNode, seen: &mut dyn FnMut(&SyntaxNode)) -> Self {
        let mut walk = Walk {
            text,
            names: Self::default(),
            bound: HashMap::new(),
            open: 0,
            within: None,
            seen,
        };
        for node in root.children() {
            walk.expression(&node);
        }
        let mut names = walk.names;
        names
            .references
            .sort_by_key(|reference| reference.node.text_range().start());
        names.uses.resize(names.bindings.len(), Vec::new());
        for (at, reference) in names.references.iter().enumerate() {
            if let Target::Binding(id) = reference.target {
                names.uses[id.0].push(at);
            }
        }
        names
    }

    pub(crate) fn bindings(&self) -> impl Iterator<Item = (BindingId, &Binding<'t>)> {
        let ids = (0..self.bindings.len()).map(BindingId);
        ids.zip(&self.bindings)
    }

    pub(crate) fn binding(&self, id: BindingId) -> &Binding<'t> {
        &self.bindings[id.0]
    }

    pub(crate) fn references(&self) -> &[Reference<'t>] {
        &self.references
    }

    /// What refers to a binding, in the order of the text.
    pub(crate) fn references_to(&self, id: BindingId) -> impl Iterator<Item = &Reference<'t>> {
        self.uses[id.0].iter().map(|&at| &self.references[at])
    }

    /// The binding of which `node` is the name, where it is bound.
    pub(crate) fn bound_at(&self, node: &SyntaxNode) -> Option<BindingId> {
        self.at.get(&node.text_range().start()).copied()
    }

    /// What the name that `node` is refers to; none if `node` is not a name that is used.
    pub(crate) fn target(&self, node: &SyntaxNode) -> Option<Target> {
        let start = node.text_range().start();
        let found = self
            .references
            .binary_search_by_key(&start, |reference| reference.node.text_range().start());
        let reference = &self.references[found.ok()?];
        (reference.node.kind() == node.kind()).then_some(reference.target)
    }

    /// The value that a `let` gives a name, if it is written out there as one value.
    pub(crate) fn let_value(&self, id: BindingId) -> Option<SyntaxNode> {
        let binding = self.binding(id);
        let [place] = &binding.places[..] else {
            return None;
        };
        let path = place.parent().filter(|path| path.kind() == NODE_ATTRPATH)?;
        let whole = binding.kind == BindingKind::Let && path.children().count() == 1;
        path.parent().filter(|_| whole)?.last_child()
    }

    /// The bindings that nothing needs: only `let`s, formals and `args@` can be such. What is used
    /// in the definition of such a binding alone is one too.
    pub(crate) fn unneeded(&self) -> HashSet<BindingId> {
        let optional = |binding: &Binding<'_>| {
            use BindingKind::{Formal, Let, Whole};
            matches!(binding.kind, Let | Formal | Whole)
        };
        let mut used_in: HashMap<BindingId, Vec<BindingId>> = HashMap::new();
        let mut needed: Vec<BindingId> = Vec::new();
        for (id, binding) in self.bindings() {
            match binding.within {
                // A name bound in a definition that nothing needs is not needed either.
                _ if optional(binding) => {}
                Some(owner) => used_in.entry(owner).or_default().push(id),
                None => needed.push(id),
            }
        }
        for reference in &self.references {
            if let Target::Binding(target) = reference.target {
                match reference.within {
                    Some(owner) => used_in.entry(owner).or_default().push(target),
                    None => needed.push(target),
                }
            }
        }
        let mut unneeded: HashSet<BindingId> = self.bindings().map(|(id, _)| id).collect();
        while let Some(id) = needed.pop() {
            if unneeded.remove(&id) {
                needed.extend(used_in.remove(&id).unwrap_or_default());
            }
        }
        unneeded.retain(|&id| optional(self.binding(id)));
        unneeded
    }
}

/// Names that Nix knows everywhere.
fn is_global(name: &str) -> bool {
    static GLOBALS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let rows = table::rows(include_str!("../data/globals.tsv"));
        rows.map(|row| row[0]).collect()
    });
    name.starts_with("__") || GLOBALS.contains(name)
}

struct Walk<'t, 'f> {
    text: &'t str,
    names: Names<'t>,
    /// What each name is bound to, the innermost scope last.
    bound: HashMap<Cow<'t, str>, Vec<BindingId>>,
    /// How many `with`s, or sets whose scope cannot be told, are around.
    open: usize,
    within: Option<BindingId>,
    seen: &'f mut dyn FnMut(&SyntaxNode),
}

impl<'t> Walk<'t, '_> {
    fn expression(&mut self, node: &SyntaxNode) {
        (self.seen)(node);
        match node.kind() {
            NODE_IDENT => self.reference(node),
            NODE_ATTRPATH => self.attribute_path(node),
            NODE_ATTR_SET => {
                let recursive = node.first_token().is_some_and(|t| t.kind() == TOKEN_REC);
                let kind = recursive.then_some(BindingKind::Attribute);
                self.entries(node, kind);
            }
            NODE_LEGACY_LET => self.entries(node, Some(BindingKind::Attribute)),
            NODE_LET_IN => self.entries(node, Some(BindingKind::Let)),
            NODE_LAMBDA => self.lambda(node),
            NODE_WITH => {
                let mut parts = node.children();
                if let Some(namespace) = parts.next() {
                    self.expression(&namespace);
                }
                self.open += 1;
                for part in parts {
                    self.expression(&part);
                }
                self.open -= 1;
            }
            _ => {
                for part in node.children() {
                    self.expression(&part);
                }
            }
        }
    }

    /// The names in a path are those of attributes; what is computed in it is not.
    fn attribute_path(&mut self, path: &SyntaxNode) {
        for part in path.children() {
            if part.kind() == NODE_IDENT {
                (self.seen)(&part);
            } else {
                self.expression(&part);
            }
        }
    }

    fn reference(&mut self, node: &SyntaxNode) {
        let Some(name) = self.name(node) else { return };
        let target = match self.bound.get(&name).and_then(|ids| ids.last()) {
            Some(&id) => Target::Binding(id),
            None if is_global(&name) => Target::Global,
            None if self.open > 0 => Target::With,
            None => Target::Unbound,
        };
        self.names.references.push(Reference {
            name,
            node: node.clone(),
            target,
            within: self.within,
        });
    }

    /// The entries of a set or `let`, which bind names if `kind` says so, and the body of a `let`.
    fn entries(&mut self, node: &SyntaxNode, kind: Option<BindingKind>) {
        let uncertain = usize::from(merges_into_rec(self.text, node));
        self.open += uncertain;
        let mut bound: Vec<BindingId> = Vec::new();
        let mut here: HashMap<Cow<'t, str>, BindingId> = HashMap::new();
        let mut owners: Vec<Option<BindingId>> = Vec::new();
        for entry in node.children() {
            let mut owner = None;
            match (entry.kind(), kind) {
                // `inherit x;` takes the outer `x`, though it binds an inner one.
                (NODE_INHERIT, _) => {
                    let from = entry.children().any(|n| n.kind() == NODE_INHERIT_FROM);
                    if !from {
                        (self.seen)(&entry);
                    }
                    let names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                    for name in names {
                        let id = kind.and_then(|kind| self.declare(&name, kind, &mut here));
                        bound.extend(id);
                        if !from {
                            (self.seen)(&name);
                            self.owned(id.filter(|_| kind == Some(BindingKind::Let)), |walk| {
                                walk.reference(&name);
                            });
                        }
                    }
                }
                (NODE_ATTRPATH_VALUE, Some(kind)) => {
                    let key = entry.first_child().and_then(|path| path.first_child());
                    let id = key.and_then(|key| self.declare(&key, kind, &mut here));
                    bound.extend(id);
                    owner = id.filter(|_| kind == BindingKind::Let);
                }
                _ => {}
            }
            owners.push(owner);
        }
        bound.sort_unstable();
        bound.dedup();
        for &id in &bound {
            let name = self.names.bindings[id.0].name.clone();
            self.bound.entry(name).or_default().push(id);
        }
        for (entry, owner) in node.children().zip(owners) {
            match entry.kind() {
                NODE_INHERIT => {
                    let mut parts = entry.children();
                    let Some(from) = parts.next().filter(|n| n.kind() == NODE_INHERIT_FROM) else {
                        continue;
                    };
                    (self.seen)(&entry);
                    self.expression(&from);
                    parts.for_each(|name| (self.seen)(&name));
                }
                NODE_ATTRPATH_VALUE => self.owned(owner, |walk| {
                    (walk.seen)(&entry);
                    for part in entry.children() {
                        walk.expression(&part);
                    }
                }),
                _ => self.expression(&entry),
            }
        }
        self.leave(&bound);
        self.open -= uncertain;
    }

    fn lambda(&mut self, node: &SyntaxNode) {
        let mut parts = node.children();
        let Some(head) = parts.next() else { return };
        (self.seen)(&head);
        let mut bound = Vec::new();
        let mut here = HashMap::new();
        let mut defaults = Vec::new();
        if head.kind() == NODE_IDENT_PARAM {
            let name = head.first_child();
            if let Some(name) = &name {
                (self.seen)(name);
            }
            bound.extend(name.and_then(|n| self.declare(&n, BindingKind::Argument, &mut here)));
        }
        for part in head.children() {
            let kind = match part.kind() {
                NODE_PAT_ENTRY => BindingKind::Formal,
                NODE_PAT_BIND => BindingKind::Whole,
                _ => continue,
            };
            (self.seen)(&part);
            let mut inner = part.children();
            let name = inner.next();
            if let Some(name) = &name {
                (self.seen)(name);
            }
            let id = name.and_then(|name| self.declare(&name, kind, &mut here));
            bound.extend(id);
            defaults.extend(inner.map(|default| (id, default)));
        }
        for &id in &bound {
            let name = self.names.bindings[id.0].name.clone();
            self.bound.entry(name).or_default().push(id);
        }
        for (id, default) in defaults {
            self.owned(id, |walk| walk.expression(&default));
        }
        for part in parts {
            self.expression(&part);
        }
        self.leave(&bound);
    }

    /// Notes that `name` is bound; a name that one scope binds twice is one binding.
    fn declare(
        &mut self,
        name: &SyntaxNode,
        kind: BindingKind,
        here: &mut HashMap<Cow<'t, str>, BindingId>,
    ) -> Option<BindingId> {
        let text = self.name(name)?;
        let next = BindingId(self.names.bindings.len());
        let id = *here.get(&text).unwrap_or(&next);
        self.names.at.insert(name.text_range().start(), id);
        if id != next {
            self.names.bindings[id.0].places.push(name.clone());
            return Some(id);
        }
        here.insert(text.clone(), id);
        self.names.bindings.push(Binding {
            name: text,
            kind,
            places: vec![name.clone()],
            within: self.within,
        });
        Some(id)
    }

    fn owned(&mut self, owner: Option<BindingId>, act: impl FnOnce(&mut Self)) {
        let around = self.within;
        if owner.is_some() {
            self.within = owner;
        }
        act(self);
        self.within = around;
    }

    fn leave(&mut self, bound: &[BindingId]) {
        for id in bound {
            let name = &self.names.bindings[id.0].name;
            if let Some(ids) = self.bound.get_mut(name) {
                ids.pop();
            }
        }
    }

    /// The name that a node is, if it is one that is known.
    fn name(&self, node: &SyntaxNode) -> Option<Cow<'t, str>> {
        if node.kind() == NODE_IDENT {
            return Some(Cow::Borrowed(Span::from(node.text_range()).text(self.text)));
        }
        match Key::of(node)? {
            Key::Static(name) => Some(Cow::Owned(name)),
            Key::Dynamic(_) => None,
        }
    }
}

/// Whether Nix merges a part of the set into a `rec` in it, which then binds names in text that
/// is not its own: in `a = rec { x = 1; }; a.y = x;` the last `x` is the first.
fn merges_into_rec(text: &str, set: &SyntaxNode) -> bool {
    let span = Span::from(set.text_range());
    // Asked of every set, so the cheap answer comes first.
    let Some(inside) = span.text(text).get(1..) else {
        return false;
    };
    if !inside.contains("rec") {
        return false;
    }
    let recursive = |node: SyntaxNode| {
        node.kind() == NODE_ATTR_SET && node.first_token().is_some_and(|t| t.kind() == TOKEN_REC)
    };
    let entries = set
        .children()
        .filter(|entry| entry.kind() == NODE_ATTRPATH_VALUE);
    let (mut firsts, mut twice, mut holds_rec) = (HashSet::new(), false, false);
    for entry in entries {
        let key = entry.first_child().and_then(|path| path.first_child());
        twice |= key.is_some_and(|key| !firsts.insert(key.to_string()));
        holds_rec |= entry.last_child().is_some_and(|value| {
            value.kind() == NODE_ATTR_SET && value.descendants().any(recursive)
        });
    }
    twice && holds_rec
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    /// What each name that is used refers to: the byte where it is bound, or else how it is known.
    fn check(text: &str, expect: Expect) {
        let root = crate::parse::parse(text).expect("Nix reads it");
        let mut seen = 0;
        let names = Names::of(text, &root, &mut |_| seen += 1);
        assert_eq!(seen + 1, root.descendants().count(), "every node is shown");
        let shown = names.references().iter().map(|reference| {
            let at = usize::from(reference.node.text_range().start());
            let name = &reference.name;
            match names.target(&reference.node) {
                Some(Target::Binding(id)) => {
                    let binding = names.binding(id);
                    let bound = usize::from(binding.places[0].text_range().start());
                    format!("{name}@{at}: {:?}@{bound}", binding.kind)
                }
                other => format!("{name}@{at}: {:?}", other.expect("it is a reference")),
            }
        });
        expect.assert_eq(&shown.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn scopes_from_the_inside_out() {
        check(
            "x: let x = 1; in rec { y = x; z = { x = 2; w = x; }; }",
            expect![[r#"
                x@27: Let@7
                x@47: Let@7"#]],
        );
        check(
            "{ a, b ? a, ... }@c: d: [ a b c d e ]",
            expect![[r#"
                a@9: Formal@2
                a@26: Formal@2
                b@28: Formal@5
                c@30: Whole@18
                d@32: Argument@21
                e@34: Unbound"#]],
        );
        check("let { body = a; a = 1; }", expect![["a@13: Attribute@16"]]);
    }

    #[test]
    fn globals_come_before_with() {
        check(
            "e: with e; [ map f __add (let map = 1; in map) ]",
            expect![[r#"
                e@8: Argument@0
                map@13: Global
                f@17: With
                __add@19: Global
                map@42: Let@30"#]],
        );
        check(
            "with f; f",
            expect![[r#"
                f@5: Unbound
                f@8: With"#]],
        );
    }

    #[test]
    fn inherit_takes_the_outer_name() {
        check(
            "x: rec { inherit x; y = x; inherit (x) z; w = z; }",
            expect![[r#"
                x@17: Argument@0
                x@24: Attribute@17
                x@36: Attribute@17
                z@46: Attribute@39"#]],
        );
        check(
            "x: let inherit (y) \"a b\" x; y = x; in { inherit x \"y\"; }",
            expect![[r#"
                y@16: Let@28
                x@32: Let@25
                x@48: Let@25
                y@50: Let@28"#]],
        );
    }

    #[test]
    fn names_of_attributes_are_no_references() {
        check(
            "x: { a.${x}.\"${x}\" = x.a or x ? b.${x}; }",
            expect![[r#"
                x@9: Argument@0
                x@15: Argument@0
                x@21: Argument@0
                x@28: Argument@0
                x@36: Argument@0"#]],
        );
    }

    #[test]
    fn sets_that_nix_merges_into_a_rec() {
        check("{ a = rec { x = 1; }; a.y = x; }", expect!["x@28: With"]);
        check("{ a = rec { x = 1; }; b.y = x; }", expect!["x@28: Unbound"]);
    }

    #[test]
    fn what_only_unused_names_use_is_unused() {
        let text = "let a = b; b = a; c = let d = e; in d; e = 1; f = 2; in f";
        let root = crate::parse::parse(text).expect("Nix reads it");
        let names = Names::of(text, &root, &mut |_| {});
        let unneeded = names.unneeded();
        let unneeded = names.bindings().filter(|(id, _)| unneeded.contains(id));
        let unneeded: Vec<&str> = unneeded.map(|(_, binding)| &*binding.name).collect();
        assert_eq!(unneeded, ["a", "b", "c", "e", "d"]);
    }
}
