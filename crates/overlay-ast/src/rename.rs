//! Renaming attributes, with what refers to them.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::attributes::{nothing, own_keys};
use crate::call_package::{Call, Taker};
use crate::names::{BindingId, BindingKind, Names, Target};
use crate::overrides::giving;
use crate::path::is_plain_name;
use crate::scope::{self, Hit};
use crate::{Document, Error, Key, KeyPath, Span, TextEdit};

/// A renaming that is being worked out.
struct Rename<'a> {
    document: &'a Document,
    names: Names<'a>,
    path: &'a KeyPath,
    new: Key,
    edits: Vec<TextEdit>,
}

impl Document {
    /// Renames what `hits` define as `path`; `new_hits` are the definitions of the new path.
    pub(crate) fn rename_hits(
        &self,
        path: &KeyPath,
        name: &str,
        hits: &[Hit],
        new_hits: &[Hit],
    ) -> Result<Vec<TextEdit>, Error> {
        if hits.is_empty() {
            return match new_hits {
                [] => Err(nothing(&format!("definition of `{path}`"))),
                // It is done already.
                _ => Ok(Vec::new()),
            };
        }
        if hits.len() > 1 && !scope::merge(hits) {
            return Err(Error::Ambiguous {
                what: format!("`{path}`"),
                candidates: self.labels(hits.iter().map(Hit::definition).collect()),
            });
        }
        let owner = hits[0].owner();
        if let Some(there) = new_hits.iter().find(|hit| hit.owner() == owner) {
            return Err(conflict(
                format!("`{}` is defined already", path.renamed(name)),
                there.definition(),
            ));
        }
        let root = self.root()?;
        let mut rename = Rename {
            document: self,
            names: Names::of(self.text(), &root, &mut |_| {}),
            path,
            new: Key::Static(name.to_owned()),
            edits: Vec::new(),
        };
        for hit in hits {
            rename.hit(hit)?;
        }
        // Each part of an attribute leads to the same references.
        rename.edits.sort();
        rename.edits.dedup();
        Ok(rename.edits)
    }
}

impl Rename<'_> {
    fn hit(&mut self, hit: &Hit) -> Result<(), Error> {
        let nodes = match hit {
            Hit::Binding(entry) | Hit::Part(entry) => {
                let nodes = key_nodes(entry, self.path.keys());
                let Some(last) = nodes.last() else {
                    return Ok(());
                };
                self.replace(last, self.new.to_string());
                nodes
            }
            Hit::Inherited { name, inherit } => {
                let from = scope::inherited_expression(name, inherit);
                let edits = self
                    .document
                    .peel(name, inherit, Some((&self.new, &from)))?;
                self.edits.extend(edits);
                let mut nodes = inherit.parent().map_or(Vec::new(), |set| {
                    around(&set, &self.path.keys()[..self.path.keys().len() - 1])
                });
                nodes.push(name.clone());
                nodes
            }
        };
        for (at, node) in nodes.iter().enumerate() {
            if let Some(set) = set_of(node)
                && let Some((overlay, name)) = giving(&set)
            {
                self.in_overlay(&overlay, &name, &self.path.keys()[at..])?;
            }
            let Some(id) = self.names.bound_at(node) else {
                continue;
            };
            match &self.path.keys()[at + 1..] {
                [] => self.references(id)?,
                rest => self.selections(id, rest, Set::Given)?,
            }
        }
        Ok(())
    }

    /// Renames what an overlay itself selects of the packages with all overlays, which it calls
    /// `name`, and which its own attributes are among.
    fn in_overlay(
        &mut self,
        overlay: &SyntaxNode,
        name: &SyntaxNode,
        path: &[Key],
    ) -> Result<(), Error> {
        let Some((first, rest)) = path.split_first() else {
            return Ok(());
        };
        let new = rest.is_empty().then(|| self.new.clone());
        for call in Call::all(overlay, &self.names) {
            for key in std::iter::once(first).chain(&new) {
                match call.taker(key) {
                    Some(Taker::Formal(formal)) => {
                        let is = if rest.is_empty() { "be" } else { "have" };
                        return Err(Error::Conflict {
                            message: format!(
                                "`{formal}` may {is} this attribute here, by `callPackage`"
                            ),
                            span: formal.text_range().into(),
                            hint: "give the function this argument by name",
                        });
                    }
                    Some(Taker::Unknown(function)) => {
                        return Err(Error::Conflict {
                            message: format!(
                                "`{}` may take this attribute here, by `callPackage`",
                                scope::excerpt(&function.to_string())
                            ),
                            span: function.text_range().into(),
                            hint: "rename it by hand, and see what that does",
                        });
                    }
                    None => {}
                }
            }
            for formal in call.filled() {
                if let Some(set) = Set::Elsewhere.of(Key::of(formal).as_ref(), &[first])
                    && let Some(id) = self.names.bound_at(formal)
                {
                    self.selections(id, path, set)?;
                }
            }
        }
        match self.names.bound_at(name) {
            Some(id) => self.selections(id, path, Set::Packages),
            None => Ok(()),
        }
    }

    /// Renames what refers to a name of a `let` or `rec`.
    fn references(&mut self, id: BindingId) -> Result<(), Error> {
        let binding = self.names.binding(id);
        let Some(scope) = binding.places.first().and_then(scope_of) else {
            return Ok(());
        };
        let Key::Static(new) = self.new.clone() else {
            return Ok(());
        };
        let range = scope.text_range();
        let captured_by = self.names.references().iter().find(|reference| {
            let inside = range.contains_range(reference.node.text_range());
            reference.name == *new && inside && !self.is_bound_within(reference.target, &scope)
                // A name that the scope inherits is one of the scope around it.
                && !reference.node.parent().is_some_and(|parent| {
                    parent.kind() == NODE_INHERIT && parent.parent().as_ref() == Some(&scope)
                })
        });
        if let Some(captured_by) = captured_by {
            return Err(captured(&self.new, &captured_by.node));
        }
        let nodes: Vec<SyntaxNode> = self
            .names
            .references_to(id)
            .map(|reference| reference.node.clone())
            .collect();
        if !nodes.is_empty() && (!is_plain_name(&new) || new == "or") {
            return Err(Error::Invalid {
                text: new,
                wanted: "a name that can be referred to",
                hint: "take letters, digits, `_`, `-` and `'`, and no word of the language",
            });
        }
        for node in nodes {
            // From the inside out, what binds the new name before the scope would hide it.
            let hidden = scope::binder(&node, &new)
                .is_some_and(|other| other != scope && range.contains_range(other.text_range()));
            if hidden {
                return Err(conflict(
                    format!("`{new}` would be something else here"),
                    node.text_range().into(),
                ));
            }
            match node.parent() {
                Some(inherit) if inherit.kind() == NODE_INHERIT => {
                    let Some(key) = Key::of(&node) else { continue };
                    let edits = self.document.peel(&node, &inherit, Some((&key, &new)))?;
                    self.edits.extend(edits);
                }
                _ => self.replace(&node, new.clone()),
            }
        }
        Ok(())
    }

    /// Whether what a reference means is bound by a scope within `scope`.
    fn is_bound_within(&self, target: Target, scope: &SyntaxNode) -> bool {
        let Target::Binding(id) = target else {
            return false;
        };
        let place = self.names.binding(id).places.first();
        place.and_then(scope_of).is_some_and(|inner| {
            inner != *scope && scope.text_range().contains_range(inner.text_range())
        })
    }

    /// Renames the last of `rest` in what is selected of a name: `name.rest`.
    fn selections(&mut self, id: BindingId, rest: &[Key], set: Set) -> Result<(), Error> {
        let nodes: Vec<SyntaxNode> = self
            .names
            .references_to(id)
            .map(|reference| reference.node.clone())
            .collect();
        for node in nodes {
            self.selected(&node, rest, set)?;
        }
        Ok(())
    }

    /// Renames the last of `rest` in what is selected of the set that `node` is.
    fn selected(&mut self, node: &SyntaxNode, rest: &[Key], set: Set) -> Result<(), Error> {
        let whole = used_whole(node);
        let mut used = node.clone();
        while let Some(parent) = used.parent().filter(|p| p.kind() == NODE_PAREN) {
            used = parent;
        }
        let Some(parent) = used.parent() else {
            return Err(whole);
        };
        let Some((last, before)) = rest.split_last() else {
            return Ok(());
        };
        let new = self.new.clone();
        // What is meant by these, whatever nixpkgs has under such names.
        let own = [&rest[0], if before.is_empty() { &new } else { &rest[0] }];
        let is_new = |key: Option<&Key>| set != Set::Given && key == Some(&new);
        match parent.kind() {
            NODE_SELECT | NODE_HAS_ATTR if parent.first_child().as_ref() == Some(&used) => {
                let Some(path) = parent.children().nth(1) else {
                    return Ok(());
                };
                let nodes: Vec<SyntaxNode> = path.children().collect();
                let keys: Vec<Option<Key>> = nodes.iter().map(Key::of).collect();
                let (packages, set) = set.through(&keys, &own);
                let (nodes, keys) = (&nodes[packages..], &keys[packages..]);
                let same = keys.iter().zip(rest);
                let same = same.take_while(|(key, wanted)| key.as_ref() == Some(*wanted));
                let same = same.count();
                if same == rest.len() {
                    if set == Set::Elsewhere {
                        return Err(may_be(&parent));
                    }
                    self.replace(&nodes[same - 1], self.new.to_string());
                } else if same < keys.len() {
                    let key = keys[same].as_ref();
                    if !matches!(key, Some(Key::Static(_))) {
                        return Err(may_be(&nodes[same]));
                    }
                    if same == before.len() && is_new(key) {
                        return Err(captured(&self.new, &nodes[same]));
                    }
                } else if parent.kind() == NODE_SELECT {
                    // A set around the attribute: it may be selected of that.
                    if parent.children().count() > 2 {
                        return Err(whole);
                    }
                    let set = match set {
                        Set::Packages if same > 0 => Set::Open,
                        _ => set,
                    };
                    return self.selected(&parent, &rest[same..], set);
                }
                Ok(())
            }
            NODE_INHERIT_FROM => {
                let Some(inherit) = parent.parent() else {
                    return Ok(());
                };
                let mut names = Vec::new();
                for name in inherit.children().skip(1) {
                    let Some(inner) = set.of(Key::of(&name).as_ref(), &own) else {
                        names.push(name);
                        continue;
                    };
                    let id = self.names.bound_at(&name);
                    match id.filter(|&id| self.names.binding(id).kind == BindingKind::Let) {
                        Some(id) if set == Set::Packages => self.selections(id, rest, inner)?,
                        _ => return Err(used_whole(&name)),
                    }
                }
                let named = |key: &Key| {
                    names
                        .iter()
                        .find(|name| Key::of(name).as_ref() == Some(key))
                };
                if before.is_empty()
                    && is_new(Some(&new))
                    && let Some(name) = named(&self.new)
                {
                    return Err(captured(&self.new, name));
                }
                match (named(&rest[0]), before) {
                    (Some(name), []) if set == Set::Elsewhere => return Err(may_be(name)),
                    (Some(name), []) => {
                        let new = format!("{used}.{new}");
                        let edits = self.document.peel(name, &inherit, Some((last, &new)))?;
                        self.edits.extend(edits);
                    }
                    (Some(_), _) => return Err(whole),
                    (None, _) => {}
                }
                Ok(())
            }
            NODE_WITH if parent.first_child().as_ref() == Some(&used) => {
                let body = parent.text_range();
                let references = self.names.references().iter().filter(|reference| {
                    reference.target == Target::With
                        && body.contains_range(reference.node.text_range())
                });
                let mut packages = Vec::new();
                for reference in references {
                    let key = Key::Static(reference.name.to_string());
                    if set.of(Some(&key), &own).is_some() {
                        packages.push(reference.node.clone());
                    } else if key == rest[0] || before.is_empty() && is_new(Some(&key)) {
                        return Err(Error::Conflict {
                            message: format!(
                                "`{}` may be this attribute here, by `with`",
                                reference.name
                            ),
                            span: reference.node.text_range().into(),
                            hint: "select it of the set that it is from",
                        });
                    }
                }
                for node in packages {
                    self.selected(&node, rest, Set::Elsewhere)?;
                }
                Ok(())
            }
            _ => Err(whole),
        }
    }

    fn replace(&mut self, node: &SyntaxNode, text: String) {
        let span = Span::from(node.text_range());
        self.edits.push(TextEdit::replace(span, text));
    }
}

/// What is known of a set of which the attribute is selected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    /// The file gives all of it.
    Given,
    /// It may have attributes beside those that the file gives it.
    Open,
    /// The packages with all overlays, which are themselves among them as `pkgs`.
    Packages,
    /// Perhaps these, perhaps packages for another machine or stage of a build, which have the overlay
    /// too or do not: where they select the attribute, the renaming is refused.
    Elsewhere,
    /// Sets of packages by machine.
    Machines,
}

impl Set {
    /// The set of packages that such a set has as `key`; none if the key is one of the file's `own`.
    fn of(self, key: Option<&Key>, own: &[&Key]) -> Option<Self> {
        match self {
            Self::Given | Self::Open => None,
            Self::Machines => Some(Self::Elsewhere),
            Self::Packages | Self::Elsewhere => match key.filter(|key| !own.contains(key))? {
                Key::Dynamic(_) => None,
                Key::Static(name) => match name.as_str() {
                    "pkgs" => Some(self),
                    "pkgsCross" => Some(Self::Machines),
                    "buildPackages" | "targetPackages" => Some(Self::Elsewhere),
                    // `pkgsStatic`, `pkgsMusl`, `pkgsBuildHost` and what else nixpkgs comes to have.
                    name => name.starts_with("pkgs").then_some(Self::Elsewhere),
                },
            },
        }
    }

    /// How many keys from the first on lead from packages to packages, and to which.
    fn through(self, keys: &[Option<Key>], own: &[&Key]) -> (usize, Self) {
        let mut set = self;
        for (at, key) in keys.iter().enumerate() {
            match set.of(key.as_ref(), own) {
                Some(inner) => set = inner,
                None => return (at, set),
            }
        }
        (keys.len(), set)
    }
}

/// The set in which a name is the first of what is defined.
fn set_of(name: &SyntaxNode) -> Option<SyntaxNode> {
    let parent = name.parent()?;
    match parent.kind() {
        NODE_INHERIT => parent.parent(),
        NODE_ATTRPATH if parent.first_child().as_ref() == Some(name) => parent.parent()?.parent(),
        _ => None,
    }
}

/// The nodes of the names that define `path`, from the outside in.
fn key_nodes(entry: &SyntaxNode, path: &[Key]) -> Vec<SyntaxNode> {
    let Some(own) = own_keys(entry, path) else {
        return Vec::new();
    };
    let mut nodes = entry
        .parent()
        .map_or(Vec::new(), |set| around(&set, &path[..path.len() - own]));
    let keys = entry.first_child().map(|keys| keys.children().take(own));
    nodes.extend(keys.into_iter().flatten());
    nodes
}

/// The nodes of the names of the sets around `set`, which are those of `path`.
fn around(set: &SyntaxNode, path: &[Key]) -> Vec<SyntaxNode> {
    if path.is_empty() {
        return Vec::new();
    }
    let outer = set
        .ancestors()
        .find(|node| node.kind() == NODE_ATTRPATH_VALUE);
    outer.map_or(Vec::new(), |entry| key_nodes(&entry, path))
}

/// What binds a name: the `let`, `rec` set or function around the place.
fn scope_of(place: &SyntaxNode) -> Option<SyntaxNode> {
    place.ancestors().find(|node| match node.kind() {
        NODE_LET_IN | NODE_LEGACY_LET | NODE_LAMBDA => true,
        NODE_ATTR_SET => scope::is_recursive(node),
        _ => false,
    })
}

/// A place at which it cannot be told whether the attribute is meant.
fn may_be(place: &SyntaxNode) -> Error {
    Error::Conflict {
        message: format!(
            "`{}` may be this attribute here",
            scope::excerpt(&place.to_string())
        ),
        span: place.text_range().into(),
        hint: "rename it by hand, and see what that does",
    }
}

/// A place at which a set is used otherwise than by selecting of it.
fn used_whole(set: &SyntaxNode) -> Error {
    Error::Conflict {
        message: format!("`{set}` is used as a whole here, perhaps with this attribute"),
        span: set.text_range().into(),
        hint: "select here what is needed of it; or rename it by hand, and see what that does",
    }
}

/// A place at which another attribute would become the one that is renamed.
fn captured(new: &Key, place: &SyntaxNode) -> Error {
    conflict(
        format!("`{new}` is something else here, and would become this"),
        place.text_range().into(),
    )
}

fn conflict(message: String, span: Span) -> Error {
    Error::Conflict {
        message,
        span,
        hint: "choose another name",
    }
}
