//! Matching those of one name that are most alike.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::groups;
use crate::compare::MatchedBy;
use crate::compare::both::{Both, End};
use crate::compare::pairs::Pairs;
use crate::compare::view::{Views, hash_of};
use crate::{Derivation, DrvId};

/// Pairs of one group that are all looked at; of a larger group only those that have something
/// rare in common.
const ALL_PAIRS: usize = 4_096;
/// How many of a large group may have what counts as rare.
const RARE: u32 = 16;
/// What a feature weighs that only one has.
const WEIGHT: u64 = 1_000_000;

/// Matches in every group of one name, until there is nothing left that tells its members apart.
pub(super) fn match_groups(
    views: &Views<'_>,
    pairs: &mut Pairs,
    by: MatchedBy,
    name: fn(&Derivation) -> &str,
) {
    for group in groups(views, pairs, name) {
        for (before, after) in most_alike(views, pairs, &group) {
            pairs.add(before, after, by);
        }
    }
}

/// The pairs of a group that are most alike, each derivation at most once. The only two are a
/// pair whatever they are like; of more, those are that share what not all of the group share.
///
/// What two have in common counts the more, the fewer of the group have it. For a group of m and
/// n with f features in all, O(m·n + f log f).
pub(super) fn most_alike(
    views: &Views<'_>,
    pairs: &Pairs,
    group: &Both<Vec<DrvId>>,
) -> Vec<(DrvId, DrvId)> {
    if let ([before], [after]) = (&group.before[..], &group.after[..]) {
        return vec![(*before, *after)];
    }
    let mut owners: FxHashMap<u64, Both<Vec<u32>>> = FxHashMap::default();
    for end in End::BOTH {
        for (&id, rank) in group[end].iter().zip(0..) {
            for feature in features(views, pairs, end, id) {
                owners.entry(feature).or_default()[end].push(rank);
            }
        }
    }
    let size = (group.before.len() + group.after.len()) as u32;
    let is_large = group.before.len().saturating_mul(group.after.len()) > ALL_PAIRS;
    let common = if is_large {
        RARE.min(size - 1)
    } else {
        size - 1
    };
    let mut likeness: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    for having in owners.values() {
        let count = (having.before.len() + having.after.len()) as u32;
        if count > common {
            continue;
        }
        for &before in &having.before {
            for &after in &having.after {
                *likeness.entry((before, after)).or_default() += WEIGHT / u64::from(count);
            }
        }
    }
    let mut ranked: Vec<((u32, u32), u64)> = likeness.into_iter().collect();
    // Ranks instead of paths break ties: so the order is the same from either side.
    ranked.sort_unstable_by_key(|&((a, b), likeness)| (Reverse(likeness), a.max(b), a.min(b), a));
    let mut taken = Both::from_fn(|end| vec![false; group[end].len()]);
    let mut matched = Vec::new();
    for ((before, after), _) in ranked {
        let (before, after) = (before as usize, after as usize);
        if !taken.before[before] && !taken.after[after] {
            taken.before[before] = true;
            taken.after[after] = true;
            matched.push((group.before[before], group.after[after]));
        }
    }
    matched
}

/// What a derivation is like: hashes of its texts, its sources, what it needs and what needs it;
/// each once.
fn features(views: &Views<'_>, pairs: &Pairs, end: End, id: DrvId) -> Vec<u64> {
    let graph = views.graph(end);
    let derivation = &graph[id];
    let mut features = vec![hash_of(&("system", derivation.system()))];
    features.extend(views.lines(end, id).iter().map(|&line| {
        let text = views.text_hash(pairs, end, id, line);
        hash_of(&("text", views.part(end, line).number(), text))
    }));
    let sources = derivation.input_sources().iter();
    features.extend(sources.map(|path| hash_of(&("source", path.as_str()))));
    features.extend(graph.inputs(id).map(|input| {
        let key = pairs.key(end, input.id);
        let name = key.is_none().then(|| graph[input.id].name());
        hash_of(&("input", key, name))
    }));
    let dependents = graph.dependents(id);
    let dependents = dependents.filter_map(|dependent| pairs.key(end, dependent));
    features.extend(dependents.map(|key| hash_of(&("dependent", key))));
    features.sort_unstable();
    features.dedup();
    features
}
