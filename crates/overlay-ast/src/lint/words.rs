//! The words of the strings that a value is made of, such as the flags of a compiler.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::HashSet;

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use super::context::Context;
use crate::Span;
use crate::names::{BindingId, BindingKind, Target};

/// A word of a string.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    /// The part of it that is written out, up to the first `${…}` in it.
    pub(super) text: &'t str,
    pub(super) span: Span,
    /// Whether `${…}` follows without a blank.
    pub(super) open: bool,
}

/// The words in the strings of `value`, of the `let` bindings it names included. Those that begin
/// with `${…}` are left out.
pub(super) fn words<'t>(context: &Context<'t>, value: &SyntaxNode) -> Vec<Word<'t>> {
    let mut walk = Walk {
        context,
        seen: HashSet::new(),
        hops: 0,
        nodes: 0,
        words: Vec::new(),
    };
    walk.expression(value);
    walk.words
}

/// Bindings that are followed one after the other, and nodes that are looked at: what goes beyond
/// is no list of flags, and one binding may be part of many values.
const HOPS: usize = 16;
const NODES: usize = 512;

struct Walk<'c, 't> {
    context: &'c Context<'t>,
    seen: HashSet<BindingId>,
    hops: usize,
    nodes: usize,
    words: Vec<Word<'t>>,
}

impl Walk<'_, '_> {
    fn expression(&mut self, node: &SyntaxNode) {
        self.nodes += 1;
        if self.nodes > NODES {
            return;
        }
        match node.kind() {
            NODE_STRING => self.string(node),
            NODE_IDENT => {
                if let Some(Target::Binding(id)) = self.context.names.target(node)
                    && self.hops < HOPS
                    && self.seen.insert(id)
                    && let Some(value) = let_value(self.context, id)
                {
                    self.hops += 1;
                    self.expression(&value);
                    self.hops -= 1;
                }
            }
            // What is compared does not become part of the value.
            NODE_BIN_OP if is_comparison(node) => {}
            NODE_IF_ELSE => node
                .children()
                .skip(1)
                .for_each(|part| self.expression(&part)),
            NODE_SELECT => {
                if let Some(default) = node.children().nth(2) {
                    self.expression(&default);
                }
            }
            NODE_LET_IN => {
                if let Some(body) = node.last_child() {
                    self.expression(&body);
                }
            }
            NODE_ATTRPATH => {}
            _ => node.children().for_each(|part| self.expression(&part)),
        }
    }

    fn string(&mut self, string: &SyntaxNode) {
        let mut after_interpolation = false;
        for part in string.children_with_tokens() {
            match part {
                NodeOrToken::Node(interpolation) => {
                    if let Some(last) = self.words.last_mut() {
                        last.open |=
                            last.span.end == usize::from(interpolation.text_range().start());
                    }
                    self.expression(&interpolation);
                    after_interpolation = true;
                }
                NodeOrToken::Token(token) if token.kind() == TOKEN_STRING_CONTENT => {
                    let span = Span::from(token.text_range());
                    let text = span.text(self.context.text);
                    let mut at = 0;
                    for piece in text.split(|c: char| c.is_ascii_whitespace()) {
                        let glued = at == 0 && after_interpolation;
                        if !piece.is_empty() && !glued {
                            let start = span.start + at;
                            self.words.push(Word {
                                text: piece,
                                span: Span::new(start, start + piece.len()),
                                open: false,
                            });
                        }
                        at += piece.len() + 1;
                    }
                    after_interpolation = false;
                }
                NodeOrToken::Token(_) => {}
            }
        }
    }
}

/// The value of a name that a `let` or `rec` binds once and as a whole.
pub(super) fn let_value(context: &Context<'_>, id: BindingId) -> Option<SyntaxNode> {
    let binding = context.names.binding(id);
    let bound = matches!(binding.kind, BindingKind::Let | BindingKind::Attribute);
    let [place] = &binding.places[..] else {
        return None;
    };
    let path = place
        .parent()
        .filter(|path| bound && path.kind() == NODE_ATTRPATH)?;
    if path.children().count() != 1 {
        return None;
    }
    path.parent()?.last_child()
}

fn is_comparison(node: &SyntaxNode) -> bool {
    let mut parts = node.children_with_tokens();
    parts.any(|part| {
        matches!(
            part.kind(),
            TOKEN_EQUAL
                | TOKEN_NOT_EQUAL
                | TOKEN_LESS
                | TOKEN_LESS_OR_EQ
                | TOKEN_MORE
                | TOKEN_MORE_OR_EQ
        )
    })
}
