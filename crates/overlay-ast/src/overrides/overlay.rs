//! Overlays: the set that one is, its name of the packages before it, and packages in it.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::argument::usable;
use super::chain::result;
use crate::names::Names;
use crate::scope::{self, Hit};
use crate::{Document, Error, KeyPath, TextEdit};

/// Where a file defines a package.
#[derive(Clone, Debug)]
pub(super) enum Definition {
    /// By `path = value;`.
    Binding(SyntaxNode),
    /// By `inherit (from) name;`.
    Inherited {
        name: SyntaxNode,
        inherit: SyntaxNode,
    },
    /// Not at all.
    Missing,
}

/// The definition of `package`: in the set that the file is, else in an overlay of the file, else
/// anywhere.
pub(super) fn definition(
    document: &Document,
    root: &SyntaxNode,
    package: &KeyPath,
) -> Result<Definition, Error> {
    let mut hits = scope::in_body(root, package.keys());
    if hits.is_empty() {
        hits = scope::anywhere(root, package.keys());
        // What is called so elsewhere, such as `programs.git`, is no package.
        if hits.iter().any(|hit| in_overlay(hit).is_some()) {
            hits.retain(|hit| in_overlay(hit).is_some());
        }
    }
    match &hits[..] {
        [] => Ok(Definition::Missing),
        [Hit::Binding(entry)] => Ok(Definition::Binding(entry.clone())),
        [Hit::Inherited { name, inherit }] => Ok(Definition::Inherited {
            name: name.clone(),
            inherit: inherit.clone(),
        }),
        [first, ..] if matches!(first, Hit::Part(_)) || scope::merge(&hits) => {
            Err(Error::Conflict {
                message: format!("`{package}` is a set, not a package"),
                span: first.definition(),
                hint: "name the package in it",
            })
        }
        several => Err(Error::Ambiguous {
            what: format!("package `{package}`"),
            candidates: document.labels(several.iter().map(Hit::definition).collect()),
        }),
    }
}

fn in_overlay(hit: &Hit) -> Option<Overlay> {
    let (Hit::Binding(node) | Hit::Part(node) | Hit::Inherited { inherit: node, .. }) = hit;
    node.ancestors().find_map(|node| Overlay::of(&node))
}

/// `final: prev: { … }`, or `packageOverrides = pkgs: { … }`.
#[derive(Clone, Debug)]
pub(super) struct Overlay {
    /// The name of the packages with all overlays; none in the old way.
    last: Option<SyntaxNode>,
    /// The name of the packages before it.
    prev: SyntaxNode,
    /// What it gives.
    pub(super) body: SyntaxNode,
}

impl Overlay {
    /// The overlay that `function` is: its arguments are called so, or it is the whole file.
    fn of(function: &SyntaxNode) -> Option<Self> {
        let this = Self::by_shape(function)?;
        let named = |name: &SyntaxNode, known: &[&str]| {
            known.contains(&name.to_string().trim_start_matches('_'))
        };
        let is_overlay = named(&this.prev, &["prev", "super", "previous"])
            || named(this.last.as_ref()?, &["final", "self"]);
        is_overlay.then_some(this)
    }

    /// Any function of two arguments that are names.
    fn by_shape(function: &SyntaxNode) -> Option<Self> {
        let last = argument(function)?;
        let inner = result(&function.last_child()?);
        Some(Self {
            last: Some(last),
            prev: argument(&inner)?,
            body: inner.last_child()?,
        })
    }

    /// The old way, in the configuration of nixpkgs.
    fn of_configuration(entry: &SyntaxNode) -> Option<Self> {
        if entry.kind() != NODE_ATTRPATH_VALUE {
            return None;
        }
        let name = entry.first_child()?.last_child()?;
        let function = result(&scope::value(entry));
        Some(Self {
            last: None,
            prev: argument(&function).filter(|_| name.to_string() == "packageOverrides")?,
            body: function.last_child()?,
        })
    }

    /// The overlays of a file: the file itself, after arguments of its own such as a hardware
    /// profile; else those in it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there are none.
    pub(super) fn all(root: &SyntaxNode) -> Result<Vec<Self>, Error> {
        let mut node = root.first_child().map(|body| result(&body));
        let mut whole = None;
        while let Some(function) = node.filter(|node| node.kind() == NODE_LAMBDA) {
            whole = Self::by_shape(&function).or(whole);
            node = function.last_child().map(|body| result(&body));
        }
        if let Some(whole) = whole {
            return Ok(vec![whole]);
        }
        let nodes = root.descendants();
        let overlays: Vec<_> = nodes
            .filter_map(|node| Self::of(&node).or_else(|| Self::of_configuration(&node)))
            .collect();
        if overlays.is_empty() {
            return Err(Error::NotFound {
                what: "overlay in this file".to_owned(),
                span: None,
                hint: Some("an overlay is `final: prev: { … }`".to_owned()),
            });
        }
        Ok(overlays)
    }

    /// The only overlay of a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Ambiguous`].
    pub(super) fn of_file(document: &Document, root: &SyntaxNode) -> Result<Self, Error> {
        let mut overlays = Self::all(root)?;
        match overlays.pop() {
            Some(only) if overlays.is_empty() => Ok(only),
            last => {
                let bodies = overlays.iter().chain(&last);
                let spans = bodies.map(|overlay| overlay.body.text_range().into());
                Err(Error::Ambiguous {
                    what: "the overlay to define it in".to_owned(),
                    candidates: document.labels(spans.collect()),
                })
            }
        }
    }

    /// The name of the packages before it, and the edits after which it has that name.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if it means something else at `at`.
    pub(super) fn prev(
        &self,
        names: &Names<'_>,
        at: &SyntaxNode,
    ) -> Result<(String, Vec<TextEdit>), Error> {
        let function = self.body.parent().unwrap_or_else(|| self.body.clone());
        usable(&self.prev, &function, names, at, &["prev", "super"])
    }
}

/// The overlay that gives `set`, not merely something in it: its function, and its name of the
/// packages with all overlays.
pub(crate) fn giving(set: &SyntaxNode) -> Option<(SyntaxNode, SyntaxNode)> {
    let mut around = set.ancestors();
    let (function, overlay) = around.find_map(|node| Some((node.clone(), Overlay::of(&node)?)))?;
    let gives = scope::sets(&overlay.body).contains(set);
    Some((function, overlay.last.filter(|_| gives)?))
}

/// The name that is the whole argument of a function.
fn argument(function: &SyntaxNode) -> Option<SyntaxNode> {
    if function.kind() != NODE_LAMBDA {
        return None;
    }
    let head = function.first_child()?;
    if head.kind() == NODE_IDENT_PARAM {
        head.first_child()
    } else {
        None
    }
}

/// An expression for nixpkgs' `lib` at `node`: `lib` itself where it is bound, else that of the
/// overlay's packages or of `pkgs`.
pub(crate) fn lib(node: &SyntaxNode) -> Option<String> {
    if scope::binds(node, "lib") {
        return Some("lib".to_owned());
    }
    let overlay = node.ancestors().find_map(|node| Overlay::of(&node));
    let prev = overlay.map(|overlay| overlay.prev.to_string());
    let packages = prev.into_iter().chain(["pkgs".to_owned()]);
    let mut bound = packages.filter(|name| scope::binds(node, name));
    bound.next().map(|name| format!("{name}.lib"))
}
