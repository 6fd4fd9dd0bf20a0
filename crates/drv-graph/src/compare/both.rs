//! Things there are two of.

use std::ops::{Index, IndexMut};

/// One of two graphs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Before,
    After,
}

impl End {
    pub(super) const BOTH: [Self; 2] = [Self::Before, Self::After];
}

/// Something for each of the two graphs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Both<T> {
    pub(super) before: T,
    pub(super) after: T,
}

impl<T> Both<T> {
    pub(super) fn from_fn(mut each: impl FnMut(End) -> T) -> Self {
        Self {
            before: each(End::Before),
            after: each(End::After),
        }
    }
}

impl<T> Index<End> for Both<T> {
    type Output = T;

    fn index(&self, end: End) -> &T {
        match end {
            End::Before => &self.before,
            End::After => &self.after,
        }
    }
}

impl<T> IndexMut<End> for Both<T> {
    fn index_mut(&mut self, end: End) -> &mut T {
        match end {
            End::Before => &mut self.before,
            End::After => &mut self.after,
        }
    }
}
