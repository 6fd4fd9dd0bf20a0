//! Which words of a text were taken away, and which were added.

/// Comparing two runs of words takes a table of this many cells at most.
const CELLS: usize = 1 << 20;

/// Places of the words that only `before` has and of those that only `after` has, each ascending,
/// when as many as can be stay in their order.
///
/// O(n·m) for n and m words between the first and the last that differ. Where that is more than
/// a million, words are counted instead, and their order plays no part: O(n log n).
pub(super) fn changed_words<T: Ord>(before: &[T], after: &[T]) -> (Vec<usize>, Vec<usize>) {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (a, b) = (&before[start..], &after[start..]);
    let end = a.iter().rev().zip(b.iter().rev());
    let end = end.take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let (removed, added) = if a.len().saturating_mul(b.len()) <= CELLS {
        in_order(a, b)
    } else {
        (more_of(a, b), more_of(b, a))
    };
    let shift = |places: Vec<usize>| places.into_iter().map(|at| at + start).collect();
    (shift(removed), shift(added))
}

/// By a longest common subsequence.
fn in_order<T: PartialEq>(a: &[T], b: &[T]) -> (Vec<usize>, Vec<usize>) {
    let width = b.len() + 1;
    // Cell (i, j): how many words a[i..] and b[j..] have in common, in order.
    let mut common = vec![0_u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i * width + j] = if a[i] == b[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
        } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
            removed.push(i);
            i += 1;
        } else {
            added.push(j);
            j += 1;
        }
    }
    removed.extend(i..a.len());
    added.extend(j..b.len());
    (removed, added)
}

/// Places of the words that `a` has more often than `b`: the last ones.
fn more_of<T: Ord>(a: &[T], b: &[T]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..a.len()).collect();
    places.sort_by(|&x, &y| a[x].cmp(&a[y]));
    let mut others: Vec<&T> = b.iter().collect();
    others.sort_unstable();
    let mut others = others.into_iter().peekable();
    places.retain(|&at| {
        while others.next_if(|&other| *other < a[at]).is_some() {}
        others.next_if(|&other| *other == a[at]).is_none()
    });
    places.sort_unstable();
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(before: &str, after: &str, removed: &str, added: &str) {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (a, b) = (words(before), words(after));
        let (r, d) = changed_words(&a, &b);
        let pick = |all: &[String], at: Vec<usize>| {
            let words: Vec<&str> = at.into_iter().map(|at| all[at].as_str()).collect();
            words.join(" ")
        };
        assert_eq!((pick(&a, r), pick(&b, d)), (removed.into(), added.into()));
    }

    #[test]
    fn only_what_differs() {
        check("", "", "", "");
        check("", "-O3 -pipe", "", "-O3 -pipe");
        check("-static -O2", "-static -O3 -pipe", "-O2", "-O3 -pipe");
        check("a b c d", "a c x d", "b", "x");
        check("a b", "b a", "a", "a");
    }

    proptest! {
        #[test]
        fn what_is_left_is_common(
            before in proptest::collection::vec(0..6_u8, 0..24),
            after in proptest::collection::vec(0..6_u8, 0..24),
        ) {
            let without = |all: &[u8], at: &[usize]| -> Vec<u8> {
                let kept = all.iter().enumerate().filter(|(i, _)| !at.contains(i));
                kept.map(|(_, word)| *word).collect()
            };
            let (removed, added) = changed_words(&before, &after);
            prop_assert_eq!(without(&before, &removed), without(&after, &added));
            // Counted, no more words change than in order.
            prop_assert!(more_of(&before, &after).len() <= removed.len());
            prop_assert!(more_of(&after, &before).len() <= added.len());
            let mut left = without(&before, &more_of(&before, &after));
            let mut right = without(&after, &more_of(&after, &before));
            left.sort_unstable();
            right.sort_unstable();
            prop_assert_eq!(left, right);
        }
    }
}
