//! Two recipes side by side.

use std::cmp::Ordering;

use super::both::End;
use super::view::Views;
use crate::DrvId;
use crate::recipe::{Line, Part};

/// The lines of two recipes, each beside the one of the same part, if there is one: builders,
/// arguments by their number, variables by their name; ascending.
pub(super) fn aligned<'v, 'a>(
    views: &'v Views<'a>,
    before: DrvId,
    after: DrvId,
) -> Aligned<'v, 'a> {
    Aligned {
        views,
        before: views.lines(End::Before, before),
        after: views.lines(End::After, after),
    }
}

/// See [`aligned`].
pub(super) struct Aligned<'v, 'a> {
    views: &'v Views<'a>,
    before: &'v [Line],
    after: &'v [Line],
}

impl Iterator for Aligned<'_, '_> {
    type Item = (Option<Line>, Option<Line>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.before.first(), self.after.first()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(&a), Some(&b)) => {
                if self.views.part(End::Before, a) == self.views.part(End::After, b) {
                    Ordering::Equal
                } else {
                    let order = self.rank(End::Before, a);
                    order.cmp(&self.rank(End::After, b))
                }
            }
        };
        let take = |from: &mut &[Line], if_so: bool| {
            let (&first, rest) = from.split_first().filter(|_| if_so)?;
            *from = rest;
            Some(first)
        };
        Some((
            take(&mut self.before, order.is_le()),
            take(&mut self.after, order.is_ge()),
        ))
    }
}

impl Aligned<'_, '_> {
    /// Builder and arguments come first on both sides, and have no name.
    fn rank(&self, end: End, line: Line) -> (u8, &str) {
        match line.part {
            Part::Builder => (0, ""),
            Part::Argument => (1, ""),
            Part::Env(_) => (2, self.views.name_of(end, line.part)),
        }
    }
}
