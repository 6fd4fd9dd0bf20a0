//! The pass after parsing: what the parser beneath takes and Nix's own does not.
//!
//! rnix takes functions as operands, computed names in `let` and `inherit`, names that are given
//! twice, and numbers that Nix cannot hold. The tree is read as it is stored, without the cursors
//! that know parents: that is several times faster, and every file is read this way.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rnix::NixLanguage;
use rnix::SyntaxKind::{self, *};
use rowan::{GreenNodeData, Language, NodeOrToken};

use crate::{AttrPath, Code, Diagnostic, Segment, Span, literal};

/// What Nix refuses in a text that was parsed, in the order of the text. Takes time linear in it.
pub(crate) fn check(text: &str, root: &GreenNodeData) -> Vec<Diagnostic> {
    let mut pass = Pass {
        text,
        found: Vec::new(),
        path: Vec::new(),
    };
    pass.inside(Node {
        green: root,
        start: 0,
    });
    pass.found.sort_by_key(|diagnostic| diagnostic.span);
    pass.found
}

/// A node and where it starts.
#[derive(Clone, Copy)]
struct Node<'t> {
    green: &'t GreenNodeData,
    start: usize,
}

impl<'t> Node<'t> {
    fn kind(self) -> SyntaxKind {
        NixLanguage::kind_from_raw(self.green.kind())
    }

    fn span(self) -> Span {
        Span::new(self.start, self.start + usize::from(self.green.text_len()))
    }

    fn children(self) -> impl Iterator<Item = NodeOrToken<Node<'t>, (SyntaxKind, &'t str, usize)>> {
        self.green.children().scan(self.start, |at, child| {
            let start = *at;
            *at += usize::from(child.text_len());
            Some(match child {
                NodeOrToken::Node(green) => NodeOrToken::Node(Node { green, start }),
                NodeOrToken::Token(token) => {
                    let kind = NixLanguage::kind_from_raw(token.kind());
                    NodeOrToken::Token((kind, token.text(), start))
                }
            })
        })
    }

    fn nodes(self) -> impl Iterator<Item = Node<'t>> {
        self.children().filter_map(NodeOrToken::into_node)
    }

    /// The expression within any parentheses around it.
    fn unwrapped(self) -> Self {
        let mut node = self;
        while node.kind() == NODE_PAREN
            && let Some(inner) = node.nodes().next()
        {
            node = inner;
        }
        node
    }
}

/// The attributes of a set, and where each is first defined.
type Names<'t> = HashMap<Cow<'t, str>, Attribute<'t>>;

struct Attribute<'t> {
    first: Span,
    /// None if it is anything but a set that is written out.
    set: Option<Names<'t>>,
}

struct Pass<'t> {
    text: &'t str,
    found: Vec<Diagnostic>,
    /// The names around what is checked.
    path: Vec<Cow<'t, str>>,
}

impl<'t> Pass<'t> {
    /// Checks what is in a node.
    fn inside(&mut self, node: Node<'t>) {
        let kind = node.kind();
        match kind {
            NODE_ATTR_SET | NODE_LEGACY_LET => {
                self.set(node);
                return;
            }
            NODE_LET_IN => {
                self.set(node);
                // The entries are done.
                for child in node.nodes().filter(|child| !is_entry(*child)) {
                    self.inside(child);
                }
                return;
            }
            NODE_PATTERN => self.arguments(node),
            NODE_ATTRPATH => node.nodes().for_each(|key| self.indented(key)),
            NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME | NODE_PATH_SEARCH
                if node.nodes().next().is_none() =>
            {
                let span = node.span();
                self.found
                    .extend(literal::path_problem(span.text(self.text), span));
                return;
            }
            // Nothing is in them.
            NODE_IDENT | NODE_IDENT_PARAM => return,
            _ => {}
        }
        for child in node.children() {
            match child {
                NodeOrToken::Node(child) => {
                    if child.kind() == NODE_LAMBDA {
                        self.operand(kind, child);
                    }
                    self.inside(child);
                }
                NodeOrToken::Token((kind, text, start)) => self.token(kind, text, start),
            }
        }
    }

    fn operand(&mut self, parent: SyntaxKind, function: Node<'t>) {
        let message = match parent {
            NODE_LIST => "a function in a list needs parentheses",
            NODE_APPLY | NODE_BIN_OP | NODE_HAS_ATTR | NODE_SELECT | NODE_UNARY_OP => {
                "a function as an operand needs parentheses"
            }
            _ => return,
        };
        self.found
            .push(Diagnostic::new(Code::Syntax, function.span(), message).hint("write `(x: …)`"));
    }

    fn token(&mut self, kind: SyntaxKind, text: &str, start: usize) {
        if matches!(kind, TOKEN_INTEGER | TOKEN_FLOAT | TOKEN_URI) {
            let span = Span::new(start, start + text.len());
            self.found.extend(literal::scalar(kind, text, span).err());
        }
    }

    fn indented(&mut self, name: Node<'t>) {
        if name.kind() == NODE_STRING && name.span().text(self.text).starts_with("''") {
            self.found.push(
                Diagnostic::new(
                    Code::Syntax,
                    name.span(),
                    "Nix takes no indented string as an attribute name",
                )
                .hint("write it between \" and \""),
            );
        }
    }

    /// `{ a, b }@whole: …`: each name once.
    fn arguments(&mut self, pattern: Node<'t>) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for part in pattern.nodes() {
            if !matches!(part.kind(), NODE_PAT_ENTRY | NODE_PAT_BIND) {
                continue;
            }
            let Some(name) = part.nodes().find(|name| name.kind() == NODE_IDENT) else {
                continue;
            };
            let span = name.span();
            match seen.entry(span.text(self.text)) {
                Entry::Occupied(first) => self.found.push(
                    Diagnostic::new(
                        Code::DuplicateAttribute,
                        span,
                        format!("the argument `{}` is named twice", first.key()),
                    )
                    .label(*first.get(), "first named here"),
                ),
                Entry::Vacant(free) => {
                    free.insert(span);
                }
            }
        }
    }

    /// The attributes of a set, with what is in it checked.
    fn set(&mut self, set: Node<'t>) -> Names<'t> {
        let mut names = Names::new();
        let is_let = set.kind() == NODE_LET_IN;
        for entry in set.nodes() {
            match entry.kind() {
                NODE_INHERIT => self.inherit(entry, &mut names),
                NODE_ATTRPATH_VALUE => self.definition(entry, is_let, &mut names),
                _ => {}
            }
        }
        names
    }

    fn inherit(&mut self, entry: Node<'t>, names: &mut Names<'t>) {
        for part in entry.nodes() {
            if part.kind() == NODE_INHERIT_FROM {
                self.inside(part);
                continue;
            }
            self.indented(part);
            let Some(name) = self.name(part) else {
                self.computed(part, "an `inherit`");
                continue;
            };
            let first = part.span();
            self.add(names, name, Attribute { first, set: None });
        }
    }

    fn definition(&mut self, entry: Node<'t>, is_let: bool, names: &mut Names<'t>) {
        let mut parts = entry.nodes();
        let Some(path) = parts.next() else {
            return;
        };
        let value = parts.next();
        let keys: Vec<Node<'t>> = path.nodes().collect();
        let depth = self.path.len();
        for key in &keys {
            self.indented(*key);
            self.inside(*key);
            let name = self.name(*key);
            let shown = || Cow::Borrowed(key.span().text(self.text));
            self.path.push(name.unwrap_or_else(shown));
        }
        let set = value.and_then(|value| {
            let inner = value.unwrapped();
            if inner.kind() == NODE_ATTR_SET {
                return Some(self.set(inner));
            }
            self.inside(value);
            None
        });
        self.path.truncate(depth);
        self.define_path(&keys, is_let, names, set);
        self.path.truncate(depth);
    }

    fn define_path(
        &mut self,
        keys: &[Node<'t>],
        is_let: bool,
        names: &mut Names<'t>,
        set: Option<Names<'t>>,
    ) {
        let Some((last, before)) = keys.split_last() else {
            return;
        };
        let mut names = names;
        for (at, key) in before.iter().enumerate() {
            let name = self.name(*key).unwrap_or_else(|| {
                if at == 0 && is_let {
                    self.computed(*key, "a `let`");
                }
                // What stands under a computed name is merged with nothing.
                Cow::Owned(format!("${{}} at {}", key.start))
            });
            self.path.push(name.clone());
            let attribute = names.entry(name).or_insert_with(|| Attribute {
                first: key.span(),
                set: Some(Names::new()),
            });
            let Some(inner) = &mut attribute.set else {
                let first = attribute.first;
                return self.twice(first, key.span());
            };
            names = inner;
        }
        match self.name(*last) {
            Some(name) => {
                let first = last.span();
                self.add(names, name, Attribute { first, set });
            }
            None if before.is_empty() && is_let => self.computed(*last, "a `let`"),
            None => {}
        }
    }

    /// Adds an attribute. Sets that are written out are one set, with each attribute once.
    ///
    /// How far down that goes depends on the version of Nix; whatever one version merges is merged.
    fn add(&mut self, names: &mut Names<'t>, name: Cow<'t, str>, attribute: Attribute<'t>) {
        let known = match names.entry(name) {
            Entry::Vacant(free) => {
                free.insert(attribute);
                return;
            }
            Entry::Occupied(known) => known,
        };
        self.path.push(known.key().clone());
        let known = known.into_mut();
        match (&mut known.set, attribute.set) {
            (Some(into), Some(from)) => {
                for (name, attribute) in from {
                    self.add(into, name, attribute);
                }
            }
            _ => self.twice(known.first, attribute.first),
        }
        self.path.pop();
    }

    fn twice(&mut self, first: Span, second: Span) {
        let mut diagnostic = literal::duplicate(first, second);
        let names = self.path.iter();
        diagnostic.path = AttrPath(names.map(|name| Segment::Name(name.to_string())).collect());
        self.found.push(diagnostic);
    }

    fn computed(&mut self, name: Node<'t>, place: &str) {
        self.found.push(
            Diagnostic::new(
                Code::Syntax,
                name.span(),
                format!("{place} takes no computed name"),
            )
            .hint("Nix has to know its names before it evaluates anything"),
        );
    }

    /// The name that a part of an attribute path is; none if it is computed.
    fn name(&self, part: Node<'t>) -> Option<Cow<'t, str>> {
        match part.kind() {
            NODE_IDENT => Some(Cow::Borrowed(part.span().text(self.text))),
            NODE_STRING if part.nodes().next().is_none() => {
                let text = part.span().text(self.text);
                let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                Some(match inner {
                    Some(inner) if !inner.contains(['\\', '\r']) => Cow::Borrowed(inner),
                    _ => Cow::Owned(literal::decoded(text)),
                })
            }
            NODE_DYNAMIC => {
                let inner = part.nodes().next()?.unwrapped();
                (inner.kind() == NODE_STRING).then(|| self.name(inner))?
            }
            _ => None,
        }
    }
}

fn is_entry(node: Node<'_>) -> bool {
    matches!(node.kind(), NODE_INHERIT | NODE_ATTRPATH_VALUE)
}
