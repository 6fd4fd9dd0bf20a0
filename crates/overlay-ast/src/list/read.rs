//! The lists of a file and what stands in them.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::cell::OnceCell;

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use super::disabled;
use crate::scope::{self, Hit};
use crate::{Document, Error, KeyPath, Span, layout};

/// Some of the lists of a file, in the order of the text.
pub(super) struct Lists(pub(super) Vec<Container>);

/// A list, a set or a `let`.
#[derive(Debug)]
pub(crate) struct Container {
    pub(crate) span: Span,
    pub(crate) conditional: bool,
    /// Everything in it but white space, brackets included.
    pub(crate) pieces: Vec<Piece>,
    /// The elements, and the comments that could be elements.
    /// In the order of the text.
    pub(crate) items: Vec<Item>,
    spaced: OnceCell<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    pub(crate) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// `[`, `{` or `let`.
    Opener,
    /// `]`, `}` or `in`.
    Closer,
    Comment,
    Element,
}

#[derive(Debug)]
pub(crate) struct Item {
    /// The element as a tree; of one that is commented out, a tree of its own.
    pub(crate) node: SyntaxNode,
    pub(crate) span: Span,
    pub(crate) enabled: bool,
    /// The first and the last of its pieces: several only for an element that is commented out
    /// line by line.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

impl Item {
    pub(super) fn text(&self) -> String {
        self.node.to_string()
    }

    /// Whether nobody would take it for prose. Bare words and numbers mostly are: of 1,218
    /// comments in lists of nixpkgs 18.03, 97 are one word and 50 one literal.
    pub(super) fn is_plain(&self) -> bool {
        matches!(
            self.node.kind(),
            NODE_PAREN
                | NODE_PATH_ABS
                | NODE_PATH_REL
                | NODE_PATH_HOME
                | NODE_PATH_SEARCH
                | NODE_SELECT
                | NODE_STRING
                | NODE_LIST
                | NODE_ATTR_SET
        )
    }

    /// Whether it has a place among the elements.
    pub(super) fn counts(&self) -> bool {
        self.enabled || self.is_plain()
    }
}

impl Lists {
    /// Those that the attribute is made of.
    pub(super) fn at(document: &Document, path: &KeyPath) -> Result<Self, Error> {
        let root = document.root()?;
        let in_body = scope::in_body(&root, path.keys());
        let mut defined = with_lists(&in_body);
        if defined.is_empty() {
            let hits = scope::anywhere(&root, path.keys());
            defined = with_lists(&hits);
            if defined.is_empty() {
                return Err(no_list(path, in_body.first().or(hits.first())));
            }
        }
        if defined.len() > 1 {
            let always = |(_, lists): &(_, Vec<scope::Leaf>)| lists.iter().any(|l| !l.conditional);
            if defined.iter().filter(|found| always(found)).count() != 1 {
                let spans = defined.iter().map(|(hit, _)| hit.definition()).collect();
                return Err(Error::Ambiguous {
                    what: format!("`{path}`"),
                    candidates: document.labels(spans),
                });
            }
            defined.retain(always);
        }
        let leaves = defined.into_iter().flat_map(|(_, lists)| lists);
        Ok(Self::new(document, leaves))
    }

    /// Those that the file itself is made of.
    pub(super) fn of_body(document: &Document) -> Result<Self, Error> {
        let body = document.root()?.first_child();
        let leaves = body.map_or(Vec::new(), |body| list_leaves(&body));
        if leaves.is_empty() {
            return Err(Error::NotFound {
                what: "list that the file is".to_owned(),
                span: None,
                hint: Some("name the attribute that is the list".to_owned()),
            });
        }
        Ok(Self::new(document, leaves.into_iter()))
    }

    /// Those that attributes are made of, with their paths; those of the file itself as `.`.
    pub(super) fn defined(document: &Document) -> Result<Vec<(String, Self)>, Error> {
        let root = document.root()?;
        let mut found = Vec::new();
        if let Some(body) = root.first_child() {
            found.push((".".to_owned(), list_leaves(&body)));
        }
        for entry in root.descendants() {
            if entry.kind() == NODE_ATTRPATH_VALUE {
                found.push((scope::path_of(&entry), list_leaves(&scope::value(&entry))));
            }
        }
        found.retain(|(_, lists)| !lists.is_empty());
        let read = |(path, lists): (String, Vec<scope::Leaf>)| {
            (path, Self::new(document, lists.into_iter()))
        };
        Ok(found.into_iter().map(read).collect())
    }

    /// Every list of the file.
    pub(super) fn all(document: &Document) -> Result<Self, Error> {
        let lists = document.root()?.descendants();
        let leaf = |node| scope::Leaf {
            node,
            conditional: false,
        };
        let lists = lists.filter(|node| node.kind() == NODE_LIST).map(leaf);
        Ok(Self::new(document, lists))
    }

    fn new(document: &Document, leaves: impl Iterator<Item = scope::Leaf>) -> Self {
        Self(
            leaves
                .map(|leaf| Container::read(document.text(), &leaf.node, leaf.conditional))
                .collect(),
        )
    }
}

fn list_leaves(node: &SyntaxNode) -> Vec<scope::Leaf> {
    let mut leaves = scope::leaves(node, TOKEN_CONCAT);
    leaves.retain(|leaf| leaf.node.kind() == NODE_LIST);
    leaves
}

fn with_lists(hits: &[Hit]) -> Vec<(Hit, Vec<scope::Leaf>)> {
    let lists = hits.iter().filter_map(|hit| match hit {
        Hit::Binding(entry) => Some((hit.clone(), list_leaves(&scope::value(entry)))),
        _ => None,
    });
    lists.filter(|(_, lists)| !lists.is_empty()).collect()
}

fn no_list(path: &KeyPath, hit: Option<&Hit>) -> Error {
    match hit {
        Some(hit) => Error::Conflict {
            message: format!("`{path}` is not a list that is written out"),
            span: hit.definition(),
            hint: "name the list that it is made of",
        },
        None => Error::NotFound {
            what: format!("list `{path}`"),
            span: None,
            hint: None,
        },
    }
}

impl Container {
    /// Reads a list.
    fn read(text: &str, list: &SyntaxNode, conditional: bool) -> Self {
        let mut read = Self::entries(text, list);
        read.conditional = conditional;
        read.items.extend(disabled::items(text, &read.pieces));
        read.items.sort_by_key(|item| item.first);
        read
    }

    /// Reads a list without what is commented out; or a set or `let`, whose entries have a place
    /// among each other as elements have.
    pub(crate) fn entries(text: &str, list: &SyntaxNode) -> Self {
        let mut pieces = Vec::new();
        let mut items = Vec::new();
        for part in list.children_with_tokens() {
            let span = Span::from(part.text_range());
            let (kind, span) = match part {
                NodeOrToken::Node(node) => {
                    items.push(Item {
                        node,
                        span,
                        enabled: true,
                        first: pieces.len(),
                        last: pieces.len(),
                    });
                    (PieceKind::Element, span)
                }
                NodeOrToken::Token(token) => match token.kind() {
                    TOKEN_L_BRACK | TOKEN_L_BRACE | TOKEN_LET => (PieceKind::Opener, span),
                    TOKEN_R_BRACK | TOKEN_R_BRACE | TOKEN_IN => (PieceKind::Closer, span),
                    TOKEN_COMMENT => (PieceKind::Comment, layout::trim_end(text, span)),
                    _ => continue,
                },
            };
            pieces.push(Piece { kind, span });
            // The body of a `let`, and what stands before it, is nothing of its entries.
            if kind == PieceKind::Closer {
                break;
            }
        }
        Self {
            span: list.text_range().into(),
            conditional: false,
            pieces,
            items,
            spaced: OnceCell::new(),
        }
    }

    /// The item that starts there.
    pub(crate) fn item_at(&self, start: usize) -> Option<&Item> {
        let at = self.items.partition_point(|item| item.span.start < start);
        self.items.get(at).filter(|item| item.span.start == start)
    }

    /// Whether a piece is the first or last of an item that nobody would take for prose.
    fn bounds_plain(&self, piece: usize) -> bool {
        let after = self.items.partition_point(|item| item.first <= piece);
        let item = self.items[..after].last();
        item.is_some_and(|item| item.is_plain() && (item.first == piece || item.last == piece))
    }

    pub(super) fn is_one_line(&self, text: &str) -> bool {
        !self.span.text(text).contains('\n')
    }

    /// Whether a blank line stands between every two of its elements, of which there are two or
    /// more.
    pub(crate) fn is_spaced(&self, text: &str) -> bool {
        let apart = |pair: &[Item]| {
            let (_, end) = self.trailing(text, &pair[0]);
            let next = layout::line_start(text, self.leading(text, &pair[1]).1);
            let below = layout::next_line(text, end);
            below < next && layout::is_blank(&text[below..layout::next_line(text, below)])
        };
        let spaced = || self.items.len() > 1 && self.items.windows(2).all(apart);
        *self.spaced.get_or_init(spaced)
    }

    /// Where the comments that belong to `item` start: those on the lines directly above it.
    pub(super) fn leading(&self, text: &str, item: &Item) -> (usize, usize) {
        let (mut first, mut start) = (item.first, item.span.start);
        if !layout::starts_line(text, start) {
            return (first, start);
        }
        while let Some(piece) = first.checked_sub(1).map(|before| self.pieces[before]) {
            let own_lines = piece.kind == PieceKind::Comment
                && layout::starts_line(text, piece.span.start)
                && layout::next_line(text, piece.span.end) == layout::line_start(text, start);
            if !own_lines || self.bounds_plain(first - 1) {
                break;
            }
            first -= 1;
            start = piece.span.start;
        }
        (first, start)
    }

    /// Where the comment that belongs to `item` ends: the one behind it on its last line.
    pub(super) fn trailing(&self, text: &str, item: &Item) -> (usize, usize) {
        let none = (item.last, item.span.end);
        let Some(next) = self.pieces.get(item.last + 1) else {
            return none;
        };
        let same_line = !text[item.span.end..next.span.start].contains('\n');
        let last_of_line = layout::ends_line(text, next.span.end)
            || self
                .pieces
                .get(item.last + 2)
                .is_some_and(|after| after.kind == PieceKind::Closer);
        if next.kind == PieceKind::Comment
            && same_line
            && last_of_line
            && !self.bounds_plain(item.last + 1)
        {
            (item.last + 1, next.span.end)
        } else {
            none
        }
    }
}
