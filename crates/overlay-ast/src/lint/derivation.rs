//! Attribute sets that become derivations, and the definitions of overlays.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::context::{is_overlay, keys, unwrap_parens};
use super::table::Patterns;
use crate::{Key, Span};

/// A set whose attributes become those of a derivation.
#[derive(Clone, Debug)]
pub(super) struct Derivation {
    pub(super) set: SyntaxNode,
    /// What is overridden; none if the derivation is a new one.
    pub(super) overridden: Option<Overridden>,
    /// Those in `env` included, in the order of the text.
    pub(super) attributes: Vec<Attribute>,
}

/// What `PACKAGE.overrideAttrs (old: { … })` overrides.
#[derive(Clone, Debug)]
pub(super) struct Overridden {
    /// The package as it is written, perhaps with `.overrideAttrs` behind it.
    pub(super) package: SyntaxNode,
    /// What the package's attributes are called in the set: `old`.
    pub(super) old: Option<String>,
}

/// An attribute of a derivation.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) name: String,
    /// The name, as it is written.
    pub(super) place: SyntaxNode,
    /// `path = value;`, or the `inherit`.
    pub(super) entry: SyntaxNode,
    /// None if it is inherited.
    pub(super) value: Option<SyntaxNode>,
    /// Whether it is in `env`.
    pub(super) in_env: bool,
}

impl Derivation {
    /// What `set` becomes, if it is a derivation: the argument of a builder such as `mkDerivation`
    /// or of `overrideAttrs`, through functions, `let`, `//` and the like.
    pub(super) fn of(set: &SyntaxNode) -> Option<Self> {
        let mut node = set.clone();
        let mut arguments: Vec<String> = Vec::new();
        loop {
            let parent = node.parent()?;
            match parent.kind() {
                NODE_PAREN | NODE_ASSERT | NODE_WITH | NODE_LET_IN | NODE_IF_ELSE => {
                    // The condition, the namespace and the definitions are something else.
                    let first = parent.first_child();
                    let body = parent.kind() == NODE_PAREN || first.as_ref() != Some(&node);
                    if !body {
                        return None;
                    }
                }
                NODE_LAMBDA => {
                    let head = parent.first_child()?;
                    if head.kind() == NODE_IDENT_PARAM {
                        arguments.push(head.to_string());
                    } else {
                        arguments.push(String::new());
                    }
                }
                NODE_BIN_OP if is_update(&parent) => {}
                NODE_APPLY => {
                    let function = parent.first_child()?;
                    if function == node {
                        return None;
                    }
                    match Call::of(&function) {
                        Call::Builder => {
                            return Some(Self::new(set, None));
                        }
                        Call::Override(package) => {
                            // Of `finalAttrs: previousAttrs:` the inner one.
                            let old = arguments.into_iter().next();
                            let old = old.filter(|name| !name.is_empty());
                            return Some(Self::new(set, Some(Overridden { package, old })));
                        }
                        Call::Wrapper => {}
                        Call::Other => return None,
                    }
                }
                _ => return None,
            }
            node = parent;
        }
    }

    fn new(set: &SyntaxNode, overridden: Option<Overridden>) -> Self {
        let mut attributes = Vec::new();
        collect(set, false, &mut attributes);
        Self {
            set: set.clone(),
            overridden,
            attributes,
        }
    }

    /// The name of the package that is overridden, if it is known.
    pub(super) fn package(&self) -> Option<String> {
        package_name(&self.overridden.as_ref()?.package)
    }

    /// The attributes of that name, in `env` or not.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.attributes
            .iter()
            .filter(move |attribute| attribute.name == name)
    }
}

impl Overridden {
    /// The variable that the package is, if it is nothing else.
    pub(super) fn variable(&self) -> Option<SyntaxNode> {
        let package = unwrap_parens(self.package.clone());
        let mut parts = package.children();
        let base = parts.next();
        let node = match package.kind() {
            NODE_SELECT if parts.next()?.children().count() == 1 => unwrap_parens(base?),
            _ => package,
        };
        (node.kind() == NODE_IDENT).then_some(node)
    }
}

/// Functions that make a derivation of a set.
static BUILDERS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../data/builders.tsv")));

/// What calling a function with a set makes of the set.
enum Call {
    Builder,
    Override(SyntaxNode),
    /// The set itself, perhaps.
    Wrapper,
    Other,
}

impl Call {
    fn of(function: &SyntaxNode) -> Self {
        let mut head = unwrap_parens(function.clone());
        let mut earlier = Vec::new();
        while head.kind() == NODE_APPLY {
            earlier.extend(head.last_child());
            match head.first_child() {
                Some(function) => head = unwrap_parens(function),
                None => return Self::Other,
            }
        }
        let Some(name) = last_name(&head) else {
            return Self::Other;
        };
        match &*name {
            "overrideAttrs" | "overridePythonAttrs" | "overrideDerivation" => {
                match (head.kind(), earlier.pop()) {
                    (NODE_SELECT, None) => Self::Override(head),
                    // `lib.overrideDerivation package (old: { … })`
                    (_, Some(package)) => Self::Override(package),
                    _ => Self::Other,
                }
            }
            "optionalAttrs" => Self::Wrapper,
            name if BUILDERS.find(name).is_some() => Self::Builder,
            _ => Self::Other,
        }
    }
}

pub(super) fn is_update(node: &SyntaxNode) -> bool {
    let mut parts = node.children_with_tokens();
    parts.any(|part| part.kind() == TOKEN_UPDATE)
}

/// The last name of a selection, or the name that a variable has.
pub(super) fn last_name(node: &SyntaxNode) -> Option<String> {
    match node.kind() {
        NODE_IDENT => Some(node.to_string()),
        NODE_SELECT => {
            let path = node.children().find(|part| part.kind() == NODE_ATTRPATH)?;
            match Key::of(&path.last_child()?)? {
                Key::Static(name) => Some(name),
                Key::Dynamic(_) => None,
            }
        }
        _ => None,
    }
}

/// The name of the package that an expression gives: `zlib` of `prev.zlib`, of
/// `(prev.zlib.override { … })` and of `pkgs.zlib.overrideAttrs (old: { … })`.
pub(super) fn package_name(package: &SyntaxNode) -> Option<String> {
    const METHODS: [&str; 3] = ["override", "overrideAttrs", "overrideDerivation"];
    let mut node = unwrap_parens(package.clone());
    loop {
        match node.kind() {
            NODE_APPLY => node = unwrap_parens(node.first_child()?),
            NODE_SELECT => {
                let path = node.children().find(|part| part.kind() == NODE_ATTRPATH)?;
                let names: Vec<String> = path.children().map(|part| part.to_string()).collect();
                let kept = names
                    .iter()
                    .rposition(|name| !METHODS.contains(&name.as_str()));
                match kept {
                    Some(at) => return Some(names[at].trim_matches('"').to_owned()),
                    None => node = unwrap_parens(node.first_child()?),
                }
            }
            NODE_IDENT => return Some(node.to_string()),
            _ => return None,
        }
    }
}

fn collect(set: &SyntaxNode, in_env: bool, attributes: &mut Vec<Attribute>) {
    for entry in set.children() {
        match entry.kind() {
            NODE_INHERIT => {
                let names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                for place in names {
                    let Some(Key::Static(name)) = Key::of(&place) else {
                        continue;
                    };
                    attributes.push(Attribute {
                        name,
                        place,
                        entry: entry.clone(),
                        value: None,
                        in_env,
                    });
                }
            }
            NODE_ATTRPATH_VALUE => {
                let (Some(path), Some(value)) = (entry.first_child(), entry.last_child()) else {
                    continue;
                };
                let names = keys(&path);
                let place = path.last_child().unwrap_or_else(|| path.clone());
                let attribute = |name: &str, in_env| Attribute {
                    name: name.to_owned(),
                    place: place.clone(),
                    entry: entry.clone(),
                    value: Some(value.clone()),
                    in_env,
                };
                match &names[..] {
                    [env] if env == "env" && !in_env => {
                        for set in sets(&value) {
                            collect(&set, true, attributes);
                        }
                    }
                    [env, name] if env == "env" && !in_env => {
                        attributes.push(attribute(name, true));
                    }
                    [name] => attributes.push(attribute(name, in_env)),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// The sets that an expression is made of, through parentheses, `//` and `optionalAttrs`.
pub(super) fn sets(node: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut found = Vec::new();
    let mut rest = vec![node.clone()];
    while let Some(node) = rest.pop() {
        match node.kind() {
            NODE_ATTR_SET => found.push(node),
            NODE_PAREN => rest.extend(node.first_child()),
            NODE_LET_IN | NODE_WITH | NODE_ASSERT | NODE_APPLY => rest.extend(node.last_child()),
            NODE_IF_ELSE => rest.extend(node.children().skip(1)),
            NODE_BIN_OP if is_update(&node) => rest.extend(node.children()),
            _ => {}
        }
    }
    found.sort_by_key(|set| Span::from(set.text_range()));
    found
}

/// An attribute that an overlay defines.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) place: SyntaxNode,
    pub(super) value: SyntaxNode,
}

/// What the overlay that a function is defines at its top; nothing if it is no overlay, or one of
/// a set within the package set, whose names mean other things.
pub(super) fn overlay_definitions(lambda: &SyntaxNode) -> Vec<Definition> {
    if !is_overlay(lambda) || is_of_inner_set(lambda) {
        return Vec::new();
    }
    let body = lambda.last_child().and_then(|inner| inner.last_child());
    let mut definitions = Vec::new();
    for set in body.iter().flat_map(sets) {
        for entry in set.children().filter(|n| n.kind() == NODE_ATTRPATH_VALUE) {
            let (Some(path), Some(value)) = (entry.first_child(), entry.last_child()) else {
                continue;
            };
            if let [name] = &keys(&path)[..] {
                definitions.push(Definition {
                    name: name.clone(),
                    place: path,
                    value,
                });
            }
        }
    }
    definitions
}

/// Whether the function is given to `haskellPackages.override { overrides = …; }` and the like.
fn is_of_inner_set(lambda: &SyntaxNode) -> bool {
    let mut node = lambda.clone();
    while let Some(parent) = node.parent() {
        match parent.kind() {
            NODE_PAREN => node = parent,
            NODE_ATTRPATH_VALUE => {
                let key = parent.first_child().and_then(|path| path.last_child());
                let name = key.map(|key| key.to_string()).unwrap_or_default();
                return matches!(&*name, "overrides" | "packageOverrides");
            }
            NODE_APPLY => {
                let function = parent.first_child().map(unwrap_parens);
                let Some(function) = function.filter(|function| *function != node) else {
                    return false;
                };
                return match last_name(&function).as_deref() {
                    Some("extend") => {
                        let set = function.first_child().and_then(|set| last_name(&set));
                        set.is_some_and(|set| set.ends_with("Packages"))
                    }
                    Some(name) => name.starts_with("overrideScope"),
                    None => false,
                };
            }
            _ => return false,
        }
    }
    false
}
