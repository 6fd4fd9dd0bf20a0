//! Elements that are commented out.

use rnix::SyntaxNode;

use super::read::{Item, Piece, PieceKind};
use crate::{Span, expression, layout};

/// Lines that one element which is commented out can have. Longer ones are left as prose, so
/// that a long comment is not read over and over.
const MAX_LINES: usize = 100;

/// The comments among `pieces` that are elements.
pub(super) fn items(text: &str, pieces: &[Piece]) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    while at < pieces.len() {
        let lines = if pieces[at].kind == PieceKind::Comment {
            read(text, &pieces[at..])
        } else {
            None
        };
        let Some((node, count)) = lines else {
            at += 1;
            continue;
        };
        let last = at + count - 1;
        items.push(Item {
            node,
            span: Span::new(pieces[at].span.start, pieces[last].span.end),
            enabled: false,
            first: at,
            last,
        });
        at += count;
    }
    items
}

/// The element that the first pieces are, and how many they are.
fn read(text: &str, pieces: &[Piece]) -> Option<(SyntaxNode, usize)> {
    let first = pieces[0].span;
    if let Some(inner) = block(first.text(text)) {
        return Some((expression::element(inner)?, 1));
    }
    let mut bodies = Vec::new();
    let mut end = None;
    for piece in pieces.iter().take(MAX_LINES) {
        let follows = end.is_none_or(|end| end == layout::line_start(text, piece.span.start));
        if piece.kind != PieceKind::Comment
            || !follows
            || !layout::starts_line(text, piece.span.start)
        {
            break;
        }
        let Some(body) = line(piece.span.text(text)) else {
            break;
        };
        bodies.push(body);
        end = Some(layout::next_line(text, piece.span.end));
    }
    element(&bodies)
}

/// The element that the first of the lines are, and how many they are.
///
/// Takes time linear in the lines, as only those are parsed whose brackets are balanced for the
/// first time.
pub(super) fn element(lines: &[&str]) -> Option<(SyntaxNode, usize)> {
    let first = lines.first()?;
    if let Some(node) = expression::element(first) {
        return Some((node, 1));
    }
    if !first.trim_start().starts_with(['(', '[', '{', '"', '\'']) {
        return None;
    }
    let mut depth = 0_isize;
    let mut joined = String::new();
    for (at, line) in lines.iter().enumerate() {
        joined.push_str(line);
        joined.push('\n');
        for byte in line.bytes() {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        if depth < 0 {
            return None;
        }
        if depth == 0 && at > 0 {
            return Some((expression::element(&joined)?, at + 1));
        }
    }
    None
}

/// What stands between `/*` and `*/`, without blanks around it.
pub(super) fn block(comment: &str) -> Option<&str> {
    let inner = comment.strip_prefix("/*")?.strip_suffix("*/")?;
    Some(inner.trim_matches([' ', '\t', '\r', '\n']))
}

/// What stands behind `#` and a blank.
pub(super) fn line(comment: &str) -> Option<&str> {
    let body = comment.strip_prefix('#')?;
    Some(body.strip_prefix(' ').unwrap_or(body))
}
