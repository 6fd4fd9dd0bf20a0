//! Why a consumer misses what the producer built something else instead of.

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::compare::{self, Comparison, Fate};
use drv_graph::{DerivationGraph, DrvId, reach};

use crate::cache::side::Side;
use crate::dto::cache_hits::{Cause, Difference, DifferingWord, Miss};

/// The root causes of misses.
pub(super) struct Causes<'a> {
    producer: &'a Side,
    consumer: &'a Side,
    comparison: Comparison,
    /// The consumer's derivations that differ themselves, or in whose place the producer has
    /// nothing, and without which something would not be missed; the most costly first.
    roots: Vec<Root>,
    /// The consumer's derivations that are missed, with the places in `roots` of the nearest that
    /// each is missed because of.
    missed: BTreeMap<DrvId, BTreeSet<u32>>,
}

struct Root {
    id: DrvId,
    misses: u64,
    ms: u64,
    alone_ms: u64,
}

impl<'a> Causes<'a> {
    pub(super) fn new(producer: &'a Side, consumer: &'a Side, missed: &[DrvId]) -> Self {
        let comparison = compare::compare(&compared(producer), &compared(consumer));
        let graph = &consumer.input.graph;
        let alone = comparison.added().iter().copied();
        let starts: BTreeSet<DrvId> = comparison
            .causes()
            .iter()
            .map(|cause| cause.change.after)
            .chain(alone)
            .collect();
        let is_missed: BTreeSet<DrvId> = missed.iter().copied().collect();

        let differs = |id: DrvId| differs(&comparison, id);
        let is_missed = |id: DrvId| is_missed.contains(&id);
        let ms = |id: DrvId| consumer.millis(id);
        let sets: Vec<[DrvId; 1]> = starts.iter().map(|&id| [id]).collect();
        let counts = reach::sums(graph, &sets, differs, |id| u64::from(is_missed(id)));
        let times = reach::sums(graph, &sets, differs, |id| {
            if is_missed(id) { ms(id) } else { 0 }
        });
        let mut roots: Vec<Root> = starts
            .iter()
            .zip(counts.into_iter().zip(times))
            .filter(|(_, (misses, _))| *misses > 0)
            .map(|(&id, (misses, ms))| Root {
                id,
                misses,
                ms,
                alone_ms: 0,
            })
            .collect();
        // A stable sort: of those that cost the same the smaller path first.
        roots.sort_by_key(|root| std::cmp::Reverse((root.ms, root.misses)));
        let places: BTreeMap<DrvId, u32> =
            (0..).zip(&roots).map(|(at, root)| (root.id, at)).collect();

        let below = Below::new(graph, &starts, differs);
        for &id in missed {
            if let Some(place) = below.only[id.index()]
                .cause()
                .and_then(|id| places.get(&id))
            {
                roots[*place as usize].alone_ms += ms(id);
            }
        }
        let missed = missed.iter().map(|&id| {
            let causes = below.nearest[id.index()].iter();
            (
                id,
                causes
                    .filter_map(|cause| places.get(cause))
                    .copied()
                    .collect(),
            )
        });
        Self {
            missed: missed.collect(),
            producer,
            consumer,
            comparison,
            roots,
        }
    }

    /// In what a cause differs.
    fn differences(&self, id: DrvId) -> Vec<Difference> {
        let causes = self.comparison.causes().iter();
        let found = causes.filter(|cause| cause.change.after == id);
        found
            .flat_map(|cause| &cause.differences)
            .map(|difference| Difference {
                attribute: difference.what.to_string(),
                producer: difference.removed.clone(),
                consumer: difference.added.clone(),
            })
            .collect()
    }

    pub(super) fn listed(&self) -> Vec<Cause> {
        let graph = &self.consumer.input.graph;
        self.roots
            .iter()
            .map(|root| Cause {
                name: self.consumer.label(root.id).to_owned(),
                drv: graph[root.id].path().to_string(),
                producer_drv: match self.comparison.fate_after(root.id) {
                    Fate::Changed(before) | Fate::Unchanged(before) => {
                        Some(self.producer.input.graph[before].path().to_string())
                    }
                    Fate::Alone | Fate::Outside => None,
                },
                differences: self.differences(root.id),
                misses: root.misses,
                build_ms: root.ms,
                build_alone_ms: root.alone_ms,
            })
            .collect()
    }

    pub(super) fn misses(&self) -> Vec<Miss> {
        let graph = &self.consumer.input.graph;
        let mut misses: Vec<Miss> = self
            .missed
            .iter()
            .map(|(id, causes)| Miss {
                name: self.consumer.label(*id).to_owned(),
                drv: graph[*id].path().to_string(),
                build_ms: self.consumer.millis(*id),
                causes: causes.iter().copied().collect(),
            })
            .collect();
        misses.sort_by_key(|miss| std::cmp::Reverse(miss.build_ms));
        misses
    }

    /// Words that differ, with all that is missed because of a derivation that has one.
    pub(super) fn words(&self) -> Vec<DifferingWord> {
        let mut starts: BTreeMap<(Option<String>, Option<String>), BTreeSet<DrvId>> =
            BTreeMap::new();
        for root in &self.roots {
            for difference in self.differences(root.id) {
                for pair in pairs(&difference.producer, &difference.consumer) {
                    starts.entry(pair).or_default().insert(root.id);
                }
            }
        }
        let sets: Vec<Vec<DrvId>> = starts
            .values()
            .map(|set| set.iter().copied().collect())
            .collect();
        let graph = &self.consumer.input.graph;
        let differs = |id: DrvId| differs(&self.comparison, id);
        let is_missed = |id: DrvId| self.missed.contains_key(&id);
        let count = reach::sums(graph, &sets, differs, |id| u64::from(is_missed(id)));
        let times = reach::sums(graph, &sets, differs, |id| {
            if is_missed(id) {
                self.consumer.millis(id)
            } else {
                0
            }
        });
        let sums = count.into_iter().zip(times);
        let mut words: Vec<DifferingWord> = starts
            .into_iter()
            .zip(sums)
            .map(
                |(((producer, consumer), causes), (misses, build_ms))| DifferingWord {
                    producer,
                    consumer,
                    causes: causes.len() as u64,
                    misses,
                    build_ms,
                },
            )
            .collect();
        words.sort_by_key(|word| std::cmp::Reverse((word.build_ms, word.misses)));
        words
    }
}

/// Whether the producer has something else in a derivation's place, or nothing.
fn differs(comparison: &Comparison, id: DrvId) -> bool {
    matches!(comparison.fate_after(id), Fate::Changed(_) | Fate::Alone)
}

/// What lies below each derivation that differs.
struct Below {
    /// The causes that are reached without passing another; a cause reaches itself alone.
    nearest: Vec<BTreeSet<DrvId>>,
    /// The one cause there is, itself included.
    only: Vec<Only>,
}

/// How many causes there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Only {
    None,
    One(DrvId),
    Several,
}

impl Only {
    fn cause(self) -> Option<DrvId> {
        match self {
            Self::One(id) => Some(id),
            Self::None | Self::Several => None,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (one, other) if one == other => one,
            _ => Self::Several,
        }
    }
}

impl Below {
    fn new(
        graph: &DerivationGraph,
        starts: &BTreeSet<DrvId>,
        differs: impl Fn(DrvId) -> bool,
    ) -> Self {
        let mut below = Self {
            nearest: vec![BTreeSet::new(); graph.len()],
            only: vec![Only::None; graph.len()],
        };
        for &id in graph.topological_order() {
            if !differs(id) {
                continue;
            }
            let mut only = Only::None;
            let mut nearest = BTreeSet::new();
            for input in graph.inputs(id) {
                only = only.and(below.only[input.id.index()]);
                nearest.extend(&below.nearest[input.id.index()]);
            }
            if starts.contains(&id) {
                only = only.and(Only::One(id));
                nearest = BTreeSet::from([id]);
            }
            below.only[id.index()] = only;
            below.nearest[id.index()] = nearest;
        }
        below
    }
}

fn compared(side: &Side) -> compare::Side<'_> {
    let attributes = side.input.attributes.iter();
    compare::Side::new(&side.input.graph)
        .with_roots(&side.input.root_derivations())
        .with_attributes(attributes.map(|(id, name)| (*id, name.as_str())))
}

/// Words of both sides that have the same before their `=`, such as `-march`, side by side, and the
/// others each by itself.
fn pairs(producer: &[String], consumer: &[String]) -> BTreeSet<(Option<String>, Option<String>)> {
    let key = |word: &String| word.split_once('=').map(|(key, _)| key.to_owned());
    let find = |word: &String, others: &[String]| {
        let key = key(word)?;
        others
            .iter()
            .find(|other| self::starts(other, &key))
            .cloned()
    };
    let mut pairs = BTreeSet::new();
    for word in producer {
        pairs.insert((Some(word.clone()), find(word, consumer)));
    }
    for word in consumer {
        if find(word, producer).is_none() {
            pairs.insert((None, Some(word.clone())));
        }
    }
    pairs
}

/// Whether a word is `key=…`.
fn starts(word: &str, key: &str) -> bool {
    word.strip_prefix(key)
        .is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_one_name_stand_side_by_side() {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let found = pairs(
            &words("-march=skylake -O3 -mtune=skylake"),
            &words("-mtune=znver3 -march=znver3 -pipe"),
        );
        let shown: Vec<String> = found
            .into_iter()
            .map(|(a, b)| format!("{} {}", a.unwrap_or_default(), b.unwrap_or_default()))
            .collect();
        assert_eq!(
            shown,
            [
                " -pipe",
                "-O3 ",
                "-march=skylake -march=znver3",
                "-mtune=skylake -mtune=znver3",
            ]
        );
    }
}
