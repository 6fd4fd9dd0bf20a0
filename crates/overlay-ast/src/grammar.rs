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

use crate::literal::string;
use crate::{Code, Diagnostic, Span};

/// What Nix refuses in a text that was parsed, in the order of the text. Takes time linear in it.
pub(crate) fn check(text: &str, root: &GreenNodeData) -> Vec<Diagnostic> {
    let mut pass = Pass {
        text,
        found: Vec::new(),
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
        let span = Span::new(start, start + text.len());
        let problem = match kind {
            TOKEN_INTEGER if text.parse::<i64>().is_err() => Diagnostic::new(
                Code::IntegerOverflow,
                span,
                "the integer does not fit into 64 bits",
            ),
            TOKEN_PATH_SEARCH if text.ends_with("/>") => {
                Diagnostic::new(Code::Syntax, span, "a path ends in a slash")
            }
            _ => return,
        };
        self.found.push(problem);
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
            let Some(name) = self.name(part) else {
                self.computed(part, "an `inherit`");
                continue;
            };
            self.define(names, name, part.span(), None);
        }
    }

    fn definition(&mut self, entry: Node<'t>, is_let: bool, names: &mut Names<'t>) {
        let mut parts = entry.nodes();
        let Some(path) = parts.next() else {
            return;
        };
        let value = parts.next();
        let keys: Vec<Node<'t>> = path.nodes().collect();
        for key in &keys {
            self.inside(*key);
        }
        let set = value.and_then(|value| {
            let inner = value.unwrapped();
            if inner.kind() == NODE_ATTR_SET {
                return Some(self.set(inner));
            }
            self.inside(value);
            None
        });
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
            let attribute = names.entry(name).or_insert_with(|| Attribute {
                first: key.span(),
                set: Some(Names::new()),
            });
            let Some(inner) = &mut attribute.set else {
                self.found.push(twice(key.span(), attribute.first));
                return;
            };
            names = inner;
        }
        match self.name(*last) {
            Some(name) => self.define(names, name, last.span(), set),
            None if before.is_empty() && is_let => self.computed(*last, "a `let`"),
            None => {}
        }
    }

    fn define(
        &mut self,
        names: &mut Names<'t>,
        name: Cow<'t, str>,
        place: Span,
        set: Option<Names<'t>>,
    ) {
        let attribute = Attribute { first: place, set };
        match names.entry(name) {
            Entry::Occupied(mut first) => self.merge(first.get_mut(), attribute),
            Entry::Vacant(free) => {
                free.insert(attribute);
            }
        }
    }

    /// Sets that are written out are one set, with each attribute once.
    ///
    /// How far down that goes depends on the version of Nix; whatever one version merges is merged.
    fn merge(&mut self, first: &mut Attribute<'t>, second: Attribute<'t>) {
        let (Some(into), Some(from)) = (&mut first.set, second.set) else {
            self.found.push(twice(second.first, first.first));
            return;
        };
        for (name, attribute) in from {
            match into.entry(name) {
                Entry::Occupied(mut first) => self.merge(first.get_mut(), attribute),
                Entry::Vacant(free) => {
                    free.insert(attribute);
                }
            }
        }
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
                if let Some(raw) = text.strip_prefix("''") {
                    let raw = raw.strip_suffix("''")?;
                    return Some(Cow::Owned(string::indented(raw)));
                }
                let raw = text.strip_prefix('"')?.strip_suffix('"')?;
                Some(if raw.contains(['\\', '\r']) {
                    Cow::Owned(string::quoted(raw))
                } else {
                    Cow::Borrowed(raw)
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

fn twice(second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(
        Code::DuplicateAttribute,
        second,
        "the attribute is defined twice",
    )
    .label(first, "first defined here")
    .hint("keep one of the two; only attribute sets merge")
}
