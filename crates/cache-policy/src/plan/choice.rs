//! Which paths a cache should hold.

use std::collections::BTreeMap;

use drv_graph::Bytes;

use super::state::Now;
use super::{Contributor, Generation, LostRevision, PlanError};
use crate::CacheTier;
use crate::closure_knapsack::{Instance, solve};
use crate::model::{Model, PathId, PathKey};
use crate::precedence::{Enter, Precedence, Walk};

/// A path that is held in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The path.
    pub id: PathId,
    /// Why.
    pub why: WhyKept,
}

/// Why a path is held, the strongest reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WhyKept {
    /// It is of tier 1.
    TierOne,
    /// Having it saves the consumers so many milliseconds, by itself or together with others.
    Saves(u64),
    /// It was pinned so many revisions ago.
    Generation(u32),
    /// This path, which is held for a reason of its own or needed by another, refers to it.
    NeededBy(PathId),
}

/// A path that is not held in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The path.
    pub id: PathId,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why a path is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WhyLeftOut {
    /// Another cache has it.
    Upstream,
    /// It is of tier 3, and nothing that is held refers to it.
    Local,
    /// No consumer asks for it.
    NotAskedFor,
    /// Whatever else is left out, it does not fit beside tier 1 with all it refers to.
    TooLarge {
        /// What that takes up beyond tier 1.
        closure: Bytes,
        /// What there is beside tier 1.
        room: Bytes,
    },
    /// What is held instead saves more.
    WorthLess {
        /// What it would take up beyond what is held.
        closure: Bytes,
        /// What there is beside what is held.
        room: Bytes,
    },
}

/// The paths to hold, and how good that is.
pub(super) struct Choice {
    pub(super) kept: Vec<Kept>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) generations: Vec<Generation>,
    pub(super) lost_revisions: Vec<LostRevision>,
    /// What each pin has in the end, the newest revision first.
    pub(super) pins: BTreeMap<String, Vec<PathId>>,
    pub(super) saved_millis: u128,
    pub(super) bound_millis: u128,
}

impl Choice {
    pub(super) fn new<K: PathKey>(
        model: &Model<K>,
        limit: Bytes,
        now: &Now,
    ) -> Result<Self, PlanError<K>> {
        let mut choosing = Choosing {
            model,
            limit,
            kept: vec![false; model.len()],
            used: Bytes(0),
            generation: vec![None; model.len()],
            saves: vec![0; model.len()],
        };
        choosing.take_tier_one()?;
        let room = choosing.room();
        let tier_one = choosing.kept.clone();
        let (saved_millis, bound_millis) = choosing.take_what_saves();
        let (generations, pins) = choosing.take_generations(now);
        Ok(Self {
            kept: choosing.reasons(),
            left_out: choosing.left_out(now, &tier_one, room),
            lost_revisions: choosing.lost_revisions(now),
            generations,
            pins,
            saved_millis,
            bound_millis,
        })
    }
}

struct Choosing<'a, K> {
    model: &'a Model<K>,
    limit: Bytes,
    kept: Vec<bool>,
    used: Bytes,
    /// The age of the newest generation that a path was pinned in.
    generation: Vec<Option<u32>>,
    /// What holding each path saves, in savings that are had in full.
    saves: Vec<u64>,
}

impl<K: PathKey> Choosing<'_, K> {
    fn room(&self) -> Bytes {
        Bytes(self.limit.0.saturating_sub(self.used.0))
    }

    fn keep(&mut self, ids: &[PathId]) {
        for &id in ids {
            if !std::mem::replace(&mut self.kept[id.index()], true) {
                self.used += self.model.bytes(id);
            }
        }
    }

    fn take_tier_one(&mut self) -> Result<(), PlanError<K>> {
        let model = self.model;
        let is_tier_one = |id: &PathId| model.facts(*id).tier == CacheTier::Always;
        let closure = model.closure(model.ids().filter(is_tier_one));
        let total = model.total(closure.iter().copied());
        if total > self.limit {
            let mut closure: Vec<Contributor<K>> = closure
                .iter()
                .map(|id| Contributor {
                    key: model.facts(*id).key.clone(),
                    bytes: model.bytes(*id),
                    is_tier_one: is_tier_one(id),
                })
                .collect();
            closure.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.key.cmp(&b.key)));
            return Err(PlanError::TierOne {
                closure,
                total,
                limit: self.limit,
            });
        }
        self.keep(&closure);
        Ok(())
    }

    /// Fills the room with what saves the most; what that is, and the bound.
    fn take_what_saves(&mut self) -> (u128, u128) {
        let model = self.model;
        let n = model.len();
        let mut values = vec![0_u64; n];
        let mut arcs: Vec<(u32, u32)> = Vec::new();
        for id in model.ids().filter(|id| !self.kept[id.index()]) {
            let open = model.references(id).filter(|to| !self.kept[to.index()]);
            arcs.extend(open.map(|to| (id.0, to.0)));
        }
        let mut saved: u128 = 0;
        // What needs several paths is an item of its own, which takes up nothing and requires
        // them; the others are worth their saving themselves.
        let mut several = Vec::new();
        for saving in model.savings() {
            let local =
                |id: &PathId| model.facts(*id).tier == CacheTier::Local && !self.kept[id.index()];
            let open = saving.needs.iter().filter(|id| !self.kept[id.index()]);
            match open.clone().copied().collect::<Vec<_>>()[..] {
                [] => saved += u128::from(saving.millis),
                _ if saving.needs.iter().any(local) => {}
                [only] => {
                    let value = &mut values[only.index()];
                    *value = value.saturating_add(saving.millis);
                }
                _ => {
                    let item = (n + several.len()) as u32;
                    arcs.extend(open.map(|id| (item, id.0)));
                    several.push(saving);
                }
            }
        }
        let sizes = model.ids().map(|id| model.bytes(id).0);
        let instance = Instance::new(
            sizes.chain(several.iter().map(|_| 0)).collect(),
            values
                .into_iter()
                .chain(several.iter().map(|s| s.millis))
                .collect(),
            Precedence::new(n + several.len(), arcs),
        );
        let solution = solve(&instance, self.room().0);
        // Only what something worth it requires: what is taken for nothing is not held.
        let taken = (0..).zip(&solution.taken).filter(|(_, taken)| **taken);
        let worth = taken.filter(|(item, _)| instance.values()[*item as usize] > 0);
        let mut wanted: Vec<PathId> = Vec::new();
        for (item, _) in worth {
            if (item as usize) < n {
                wanted.push(PathId(item));
            } else {
                wanted.extend(&several[item as usize - n].needs);
            }
        }
        self.keep(&model.closure(wanted));
        for saving in model.savings() {
            if saving.needs.iter().all(|id| self.kept[id.index()]) {
                for id in &saving.needs {
                    let saves = &mut self.saves[id.index()];
                    *saves = saves.saturating_add(saving.millis);
                }
            }
        }
        (saved + solution.value, saved + solution.bound)
    }

    /// Adds older generations as long as all of the next one fits; these, and what each pin has
    /// then.
    fn take_generations(&mut self, now: &Now) -> (Vec<Generation>, BTreeMap<String, Vec<PathId>>) {
        let model = self.model;
        // A pin whose newest revision is not held has no use for older ones.
        let pinned = now.wanted.iter().filter(|(_, id)| self.kept[id.index()]);
        let older: BTreeMap<&String, Vec<PathId>> =
            pinned.map(|(name, _)| (name, now.older(name))).collect();
        let mut generations = Vec::new();
        for age in 1..now.keep {
            let pinned: Vec<PathId> = older
                .values()
                .filter_map(|older| older.get(age - 1).copied())
                .collect();
            if pinned.is_empty() {
                break;
            }
            let closure = model.closure(pinned.iter().copied());
            let new = closure.iter().filter(|id| !self.kept[id.index()]);
            let bytes = model.total(new.copied());
            let is_kept = bytes <= self.room();
            generations.push(Generation {
                age: age as u32,
                is_kept,
                bytes,
            });
            if !is_kept {
                break;
            }
            self.keep(&closure);
            for id in pinned {
                self.generation[id.index()].get_or_insert(age as u32);
            }
        }
        let kept = generations
            .iter()
            .filter(|generation| generation.is_kept)
            .count();
        let pins = now.wanted.iter().filter(|(_, id)| self.kept[id.index()]);
        let pins = pins.map(|(name, &id)| {
            let older = older.get(name).into_iter().flatten().take(kept);
            (
                name.clone(),
                [id].into_iter().chain(older.copied()).collect(),
            )
        });
        (generations, pins.collect())
    }

    fn lost_revisions(&self, now: &Now) -> Vec<LostRevision> {
        let pinned = now.wanted.iter().filter(|(_, id)| self.kept[id.index()]);
        pinned
            .flat_map(|(name, _)| now.lost_revisions(name))
            .collect()
    }

    fn reasons(&self) -> Vec<Kept> {
        let model = self.model;
        let why = |id: PathId| {
            if model.facts(id).tier == CacheTier::Always {
                return WhyKept::TierOne;
            }
            let saves = self.saves[id.index()];
            if saves > 0 && model.facts(id).tier != CacheTier::Local {
                return WhyKept::Saves(saves);
            }
            if let Some(age) = self.generation[id.index()] {
                return WhyKept::Generation(age);
            }
            let needs_it = model.referrers(id).find(|by| self.kept[by.index()]);
            // What is held for no reason of its own is in the closure of what is.
            needs_it.map_or(WhyKept::Saves(saves), WhyKept::NeededBy)
        };
        let kept = model.ids().filter(|id| self.kept[id.index()]);
        kept.map(|id| Kept { id, why: why(id) }).collect()
    }

    /// `tier_one` and `room` are what was held, and free, before anything but tier 1 was chosen.
    fn left_out(&self, now: &Now, tier_one: &[bool], room: Bytes) -> Vec<LeftOut> {
        let model = self.model;
        let mut is_asked_for = vec![false; model.len()];
        let needs = model.savings().iter().flat_map(|saving| &saving.needs);
        for id in needs {
            is_asked_for[id.index()] = true;
        }
        let is_asked_for = |id: PathId| is_asked_for[id.index()];
        let mut walk = Walk::new(model.len());
        let mut beyond = |id: PathId, there: &[bool]| {
            let mut sum = Bytes(0);
            let references = |id| model.precedence().requires(id);
            walk.from(id.0, references, |id| {
                // What is there is closed.
                if there[id as usize] {
                    return Enter::Skip;
                }
                sum += model.bytes(PathId(id));
                Enter::Pass
            });
            sum
        };
        let mut why = |id: PathId| {
            let facts = model.facts(id);
            if facts.is_upstream {
                let matters = now.held[id.index()] || facts.tier == CacheTier::Always;
                return matters.then_some(WhyLeftOut::Upstream);
            }
            Some(match facts.tier {
                CacheTier::Local => WhyLeftOut::Local,
                _ if !is_asked_for(id) => WhyLeftOut::NotAskedFor,
                _ => {
                    let closure = beyond(id, tier_one);
                    if closure > room {
                        WhyLeftOut::TooLarge { closure, room }
                    } else {
                        WhyLeftOut::WorthLess {
                            closure: beyond(id, &self.kept),
                            room: self.room(),
                        }
                    }
                }
            })
        };
        let left = model.ids().filter(|id| !self.kept[id.index()]);
        left.filter_map(|id| Some(LeftOut { id, why: why(id)? }))
            .collect()
    }
}
