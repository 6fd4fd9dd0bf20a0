//! A set of numbers that knows its greatest.

/// A set of numbers below a limit, as a tree of bitmaps with 64 children a node: every operation
/// looks at one word a level, which for a million numbers are four.
#[derive(Clone, Debug)]
pub(super) struct IndexSet {
    /// The lowest level first; bit `i` of a level is set where word `i` of the level below is not
    /// zero. The last level is one word.
    levels: Vec<Vec<u64>>,
}

impl IndexSet {
    /// An empty set of numbers below `limit`.
    pub(super) fn new(limit: usize) -> Self {
        let mut levels = Vec::new();
        let mut size = limit;
        loop {
            size = size.div_ceil(64).max(1);
            levels.push(vec![0; size]);
            if size == 1 {
                return Self { levels };
            }
        }
    }

    /// Adds a number.
    pub(super) fn insert(&mut self, number: u32) {
        let mut number = number as usize;
        for level in &mut self.levels {
            let word = &mut level[number / 64];
            let was_empty = *word == 0;
            *word |= 1 << (number % 64);
            if !was_empty {
                return;
            }
            number /= 64;
        }
    }

    /// Takes a number out.
    pub(super) fn remove(&mut self, number: u32) {
        let mut number = number as usize;
        for level in &mut self.levels {
            let word = &mut level[number / 64];
            *word &= !(1 << (number % 64));
            if *word != 0 {
                return;
            }
            number /= 64;
        }
    }

    /// The greatest number.
    pub(super) fn last(&self) -> Option<u32> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let highest = level[at].checked_ilog2()?;
            at = at * 64 + highest as usize;
        }
        Some(at as u32)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_does_what_a_tree_set_does(
            limit in prop_oneof![Just(1_usize), Just(64), Just(65), Just(5000)],
            steps in proptest::collection::vec((any::<bool>(), any::<u32>()), 0..200),
        ) {
            let mut set = IndexSet::new(limit);
            let mut tree = BTreeSet::new();
            for (adds, number) in steps {
                let number = number % limit as u32;
                if adds {
                    set.insert(number);
                    tree.insert(number);
                } else {
                    set.remove(number);
                    tree.remove(&number);
                }
                prop_assert_eq!(set.last(), tree.last().copied());
            }
        }
    }
}
