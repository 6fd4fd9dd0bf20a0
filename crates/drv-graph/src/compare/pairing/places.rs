//! Matching what has the same place in the recipes of a pair: the `src` of one with the `src` of
//! the other, whatever they are called.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::free;
use crate::DrvId;
use crate::compare::MatchedBy;
use crate::compare::aligned::aligned;
use crate::compare::both::{Both, End};
use crate::compare::pairs::Pairs;
use crate::compare::view::Views;
use crate::recipe::Line;

/// What speaks for a pair, each time a variable names both and they are of one package.
const SAME_PACKAGE: u32 = 4;
/// The same, where they are all that the variable names of what is unmatched.
const ONLY_ONES: u32 = 1;

/// From what is matched down, until no place tells anything more.
pub(super) fn match_places(views: &Views<'_>, pairs: &mut Pairs) {
    let mut open: Vec<(DrvId, DrvId)> = Vec::new();
    let mut users: BTreeSet<DrvId> = BTreeSet::new();
    for id in free(views, pairs, End::Before) {
        users.extend(views.graph(End::Before).dependents(id));
    }
    for before in users {
        if let Some(after) = pairs.partner(End::Before, before) {
            open.push((before, after));
        }
    }
    while !open.is_empty() {
        let mut votes: FxHashMap<(DrvId, DrvId), u32> = FxHashMap::default();
        for &pair in &open {
            vote(views, pairs, pair, &mut votes);
        }
        open = winners(votes);
        for &(before, after) in &open {
            pairs.add(before, after, MatchedBy::Place);
        }
    }
}

fn vote(
    views: &Views<'_>,
    pairs: &Pairs,
    (before, after): (DrvId, DrvId),
    votes: &mut FxHashMap<(DrvId, DrvId), u32>,
) {
    let named = |end: End, line: Line| {
        let named = views.named_in(end, line);
        let unmatched = named.filter(|&id| views.in_scope(end, id) && pairs.is_free(end, id));
        unmatched.collect::<BTreeSet<DrvId>>()
    };
    for (line_before, line_after) in aligned(views, before, after) {
        let (Some(line_before), Some(line_after)) = (line_before, line_after) else {
            continue;
        };
        let named = (
            named(End::Before, line_before),
            named(End::After, line_after),
        );
        let only_ones = named.0.len() == 1 && named.1.len() == 1;
        for &a in &named.0 {
            for &b in &named.1 {
                let (of_a, of_b) = (
                    views.derivation(End::Before, a),
                    views.derivation(End::After, b),
                );
                if of_a.is_fixed_output() != of_b.is_fixed_output() {
                    continue;
                }
                let weight = u32::from(of_a.pname() == of_b.pname()) * SAME_PACKAGE
                    + u32::from(only_ones) * ONLY_ONES;
                if weight > 0 {
                    *votes.entry((a, b)).or_default() += weight;
                }
            }
        }
    }
}

/// The pairs for which most speaks, each derivation at most once.
fn winners(votes: FxHashMap<(DrvId, DrvId), u32>) -> Vec<(DrvId, DrvId)> {
    let mut ranks: Both<Vec<DrvId>> = Both::default();
    for &(before, after) in votes.keys() {
        ranks.before.push(before);
        ranks.after.push(after);
    }
    for end in End::BOTH {
        ranks[end].sort_unstable();
        ranks[end].dedup();
    }
    let rank = |end: End, id: DrvId| ranks[end].partition_point(|&other| other < id);
    let mut ranked: Vec<_> = votes
        .into_iter()
        .map(|((before, after), votes)| {
            let (a, b) = (rank(End::Before, before), rank(End::After, after));
            // Ranks instead of paths break ties: so the order is the same from either side.
            ((Reverse(votes), a.max(b), a.min(b), a), (before, after))
        })
        .collect();
    ranked.sort_unstable_by_key(|(key, _)| *key);
    let mut taken = Both::from_fn(|end| vec![false; ranks[end].len()]);
    let mut winners = Vec::new();
    for (_, (before, after)) in ranked {
        let at = (rank(End::Before, before), rank(End::After, after));
        if !taken.before[at.0] && !taken.after[at.1] {
            taken.before[at.0] = true;
            taken.after[at.1] = true;
            winners.push((before, after));
        }
    }
    winners
}
