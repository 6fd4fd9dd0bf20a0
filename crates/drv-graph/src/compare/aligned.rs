//! Two recipes side by side.

use super::both::End;
use super::view::Views;
use crate::DrvId;
use crate::recipe::{Line, Part};

/// The lines of a pair's recipes, each beside the one of the same part: builders, arguments by
/// their number, variables by their name; ascending.
pub(super) fn aligned(
    views: &Views<'_>,
    before: DrvId,
    after: DrvId,
) -> Vec<(Option<Line>, Option<Line>)> {
    let lines = (
        views.lines(End::Before, before),
        views.lines(End::After, after),
    );
    // Builder and arguments come first on both sides, and have no name.
    let order = |end: End, line: Line| match line.part {
        Part::Builder => (0, ""),
        Part::Argument => (1, ""),
        Part::Env(_) => (2, views.name_of(end, line.part)),
    };
    let mut out = Vec::with_capacity(lines.0.len().max(lines.1.len()));
    let (mut a, mut b) = (lines.0.iter().peekable(), lines.1.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => return out,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(&&a), Some(&&b)) => {
                if views.part(End::Before, a) == views.part(End::After, b) {
                    std::cmp::Ordering::Equal
                } else {
                    order(End::Before, a).cmp(&order(End::After, b))
                }
            }
        };
        out.push((
            if order.is_le() {
                a.next().copied()
            } else {
                None
            },
            if order.is_ge() {
                b.next().copied()
            } else {
                None
            },
        ));
    }
}
