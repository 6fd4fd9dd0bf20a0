//! Strategies that generate caches and what to plan for them, for holding any planner to the laws
//! of [`verify`](super::verify).
//!
//! ```
//! use cache_policy::plan::strategies::situation;
//! use cache_policy::plan::{plan, verify};
//! use proptest::prelude::*;
//!
//! proptest!(|(situation in situation(8))| {
//!     let request = situation.request();
//!     // Put your own planner here.
//!     if let Ok(plan) = plan(&request) {
//!         prop_assert_eq!(verify(&request, &plan), []);
//!     }
//! });
//! ```

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{Budget, CacheState, Pin, Request};
use crate::model::{FileSize, Model, PathFacts, Saving};
use crate::{CacheTier, Compression};

/// Everything that a [`Request`] borrows.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The paths, ascending, as they were generated: to be changed and put together anew.
    pub paths: Vec<PathFacts<u32>>,
    /// The savings.
    pub savings: Vec<Saving<u32>>,
    /// What both make.
    pub model: Model<u32>,
    /// How much may be held.
    pub budget: Budget,
    /// What is to be pinned.
    pub pins: Vec<Pin<u32>>,
    /// Revisions that are kept.
    pub revisions: u32,
    /// What is held.
    pub state: CacheState<u32>,
    /// What nobody has any more, some of which was held until somebody deleted it.
    pub lost: BTreeSet<u32>,
}

impl Situation {
    /// The request for a plan.
    pub fn request(&self) -> Request<'_, u32> {
        Request {
            model: &self.model,
            budget: self.budget,
            pins: &self.pins,
            revisions: self.revisions,
            state: &self.state,
            lost: &self.lost,
            compression: Compression::NIX,
        }
    }
}

/// Situations of one to `most` paths: any references without a cycle, self-references among them;
/// all tiers; parts of it upstream, always with their closure; savings by one path and by several;
/// budgets from nothing to everything, and now and then sizes near 2⁶³; a cache that holds nothing,
/// or anything closed, with pins of several revisions; and now and then something lost of that.
pub fn situation(most: usize) -> impl Strategy<Value = Situation> {
    (1..=most.max(1)).prop_flat_map(|n| {
        let references = vec((any::<Index>(), any::<Index>()), 0..2 * n);
        let upstream = vec(any::<Index>(), 0..=n / 3);
        let savings = vec((vec(any::<Index>(), 1..4), 0..50_u32, 0..4_u32), 0..=n);
        let paths = (vec(tier(), n), sizes(n), references, upstream);
        let wishes = vec((0..4_usize, any::<Index>()), 0..5);
        let cache = (
            vec(any::<Index>(), 0..=n),
            vec((0..5_usize, vec(any::<Index>(), 1..4)), 0..4),
            prop_oneof![
                2 => Just(Vec::new()),
                1 => vec(any::<Index>(), 1..=2.min(n)),
            ],
        );
        let budget = (0.0..1.2_f64, 0.0..0.3_f64);
        (paths, savings, budget, wishes, 1..5_u32, cache).prop_map(
            |((tiers, sizes, references, upstream), savings, share, wishes, revisions, cache)| {
                let paths = facts(&tiers, &sizes, &references, &upstream);
                let n = paths.len();
                let key = |index: &Index| index.index(n) as u32;
                let savings: Vec<Saving<u32>> = savings
                    .iter()
                    .map(|(needs, seconds, demand)| Saving {
                        needs: needs.iter().map(key).collect(),
                        rebuild_seconds: f64::from(*seconds),
                        demand: f64::from(*demand),
                    })
                    .collect();
                let model = match Model::new(paths.clone(), savings.clone()) {
                    Ok(model) => model,
                    Err(errors) => unreachable!("references lead down: {errors}"),
                };
                let all = model.total(model.ids()).0 as f64;
                let capacity = (all * share.0) as u64;
                let buffer = (capacity as f64 * share.1) as u64;
                let pins = wishes.iter().map(|(name, path)| Pin {
                    name: format!("pin{name}"),
                    path: key(path),
                });
                let mut state = state(&paths, &cache.0, &cache.1);
                let lost: BTreeSet<u32> = cache.2.iter().map(key).collect();
                state.held.retain(|path| !lost.contains(path));
                for revisions in state.pins.values_mut() {
                    revisions.retain(|path| !lost.contains(path));
                }
                Situation {
                    budget: Budget {
                        capacity: Bytes(capacity),
                        buffer: Bytes(buffer),
                    },
                    pins: pins.collect(),
                    state,
                    lost,
                    paths,
                    savings,
                    model,
                    revisions,
                }
            },
        )
    })
}

fn tier() -> impl Strategy<Value = CacheTier> {
    prop_oneof![
        1 => Just(CacheTier::Always),
        4 => Just(CacheTier::WhenRoom),
        2 => Just(CacheTier::Local),
    ]
}

fn sizes(n: usize) -> impl Strategy<Value = Vec<u64>> {
    prop_oneof![
        8 => vec(1..100_u64, n),
        1 => vec((1..100_u64).prop_map(|size| (1 << 63) - size), n),
    ]
}

fn facts(
    tiers: &[CacheTier],
    sizes: &[u64],
    references: &[(Index, Index)],
    upstream: &[Index],
) -> Vec<PathFacts<u32>> {
    let n = tiers.len();
    let path = |(key, (tier, size)): (u32, (&CacheTier, &u64))| PathFacts {
        key,
        references: Vec::new(),
        size: Some(FileSize::told(Bytes(*size))),
        tier: *tier,
        is_upstream: false,
    };
    let mut paths: Vec<PathFacts<u32>> = (0..).zip(tiers.iter().zip(sizes)).map(path).collect();
    for (a, b) in references {
        let (a, b) = (a.index(n), b.index(n));
        paths[a.max(b)].references.push(a.min(b) as u32);
    }
    for index in upstream {
        paths[index.index(n)].is_upstream = true;
    }
    // What another cache serves it serves with all that belongs to it.
    for above in (0..n).rev().filter(|&path| path < n) {
        if paths[above].is_upstream {
            for reference in paths[above].references.clone() {
                paths[reference as usize].is_upstream = true;
            }
        }
    }
    paths
}

fn state(
    paths: &[PathFacts<u32>],
    held: &[Index],
    pins: &[(usize, Vec<Index>)],
) -> CacheState<u32> {
    let mut closed = BTreeSet::new();
    let mut open: Vec<u32> = held
        .iter()
        .map(|index| index.index(paths.len()) as u32)
        .collect();
    while let Some(key) = open.pop() {
        if closed.insert(key) {
            open.extend(&paths[key as usize].references);
        }
    }
    let held: Vec<u32> = closed.iter().copied().collect();
    let mut names: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (name, revisions) in pins.iter().filter(|_| !held.is_empty()) {
        let keys = revisions.iter().map(|index| held[index.index(held.len())]);
        let pin = names.entry(format!("pin{name}")).or_default();
        for key in keys {
            if !pin.contains(&key) {
                pin.push(key);
            }
        }
    }
    CacheState {
        held: closed,
        pins: names,
    }
}
