//! In which order a cache gets from what it holds to what it should hold.

use std::collections::BTreeMap;

use drv_graph::Bytes;

use super::Request;
use super::choice::Choice;
use super::state::Now;
use crate::Compression;
use crate::model::{Model, PathId, PathKey};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step<K> {
    /// Upload a path. Everything it refers to is there.
    Push {
        /// The path.
        path: K,
        /// What it will take up, as far as that is known.
        bytes: Bytes,
        /// How to compress it.
        compression: Compression,
    },
    /// Protect a path, and all it refers to, under a name.
    Pin {
        /// The name.
        name: String,
        /// The path, which becomes the newest revision.
        path: K,
        /// How many revisions are kept, this one included.
        revisions: u32,
    },
    /// Protect a path under a name no longer.
    Unpin {
        /// The name.
        name: String,
        /// The path.
        path: K,
        /// Whether it goes before its successor is there, because there is no room for both.
        is_early: bool,
    },
    /// Delete a path. Nothing that is there refers to it.
    Evict {
        /// The path.
        path: K,
        /// What that frees.
        bytes: Bytes,
        /// Why it may go.
        why: WhyEvicted,
    },
}

/// Why a path may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyEvicted {
    /// Another cache has it.
    Upstream,
    /// It is not among what should be held.
    NotWanted,
}

/// The steps, and the most that is held at any of them.
pub(super) struct Ordered<K> {
    pub(super) steps: Vec<Step<K>>,
    pub(super) peak: Bytes,
}

/// Orders what has to be done.
///
/// What nothing needs goes first, and again whenever something is not needed any more. Then one
/// pin after another is brought up to date, tier 1 before the others, each as soon as there is room
/// for what is new beside what is old; only then the old revision goes. Where there is room for
/// none, the old revision of the last in that order goes before its successor comes, and the step
/// says so. At last comes what no pin holds. O(p·(n + r)) for p pins.
pub(super) fn order<K: PathKey>(
    request: &Request<'_, K>,
    limit: Bytes,
    now: &Now,
    choice: &Choice,
) -> Ordered<K> {
    let model = request.model;
    let mut wanted = vec![false; model.len()];
    for kept in &choice.kept {
        wanted[kept.id.index()] = true;
    }
    let mut moving = Moving {
        model,
        compression: request.compression,
        limit,
        order: model.dependencies_first(),
        used: 0,
        peak: 0,
        held: now.held.clone(),
        wanted,
        revisions: now.revisions.clone(),
        steps: Vec::new(),
    };
    let held = model.ids().filter(|id| now.held[id.index()]);
    moving.used = held.map(|id| u128::from(held_bytes(model, id).0)).sum();
    moving.peak = moving.used;
    moving.run(choice);
    Ordered {
        steps: moving.steps,
        peak: Bytes(u64::try_from(moving.peak).unwrap_or(u64::MAX)),
    }
}

/// What a path that is held takes up, upstream or not.
fn held_bytes<K>(model: &Model<K>, id: PathId) -> Bytes {
    model.facts(id).size.map_or(Bytes(0), |size| size.bytes)
}

struct Moving<'a, K> {
    model: &'a Model<K>,
    compression: Compression,
    limit: Bytes,
    /// Every path after all it refers to.
    order: Vec<PathId>,
    held: Vec<bool>,
    /// What is held in the end.
    wanted: Vec<bool>,
    revisions: BTreeMap<String, Vec<PathId>>,
    /// What is held takes up so much: a sum that may be longer than 64 bits, before the first
    /// eviction.
    used: u128,
    peak: u128,
    steps: Vec<Step<K>>,
}

impl<K: PathKey> Moving<'_, K> {
    fn run(&mut self, choice: &Choice) {
        let goals: BTreeMap<&str, &[PathId]> = choice
            .pins
            .iter()
            .map(|(name, ids)| (name.as_str(), &ids[..]))
            .collect();
        let names: Vec<String> = self.revisions.keys().cloned().collect();
        for name in names
            .iter()
            .filter(|name| !goals.contains_key(name.as_str()))
        {
            self.unpin_all_but(name, &[], false);
        }
        self.evict();
        let mut pending: Vec<&str> = goals.keys().copied().collect();
        pending.sort_by_key(|name| {
            let id = goals[name][0];
            (self.model.facts(id).tier, *name)
        });
        while !pending.is_empty() {
            let next = pending.iter().position(|name| self.fits(goals[name][0]));
            let Some(next) = next else {
                self.give_up_one(&pending, &goals);
                continue;
            };
            let name = pending.remove(next);
            let goal = goals[name];
            for id in self.missing(goal[0]) {
                self.push(id);
            }
            self.pin(name, goal);
            self.unpin_all_but(name, goal, false);
            self.evict();
        }
        // What is wanted is closed, and comes after all it refers to.
        for id in self.order.clone() {
            if self.wanted[id.index()] && !self.held[id.index()] {
                self.push(id);
            }
        }
    }

    /// What is missing of a path's closure, each after all it refers to. O(n + r).
    fn missing(&self, id: PathId) -> Vec<PathId> {
        let mut is_needed = vec![false; self.model.len()];
        for id in self.model.closure([id]) {
            is_needed[id.index()] = !self.held[id.index()];
        }
        let order = self.order.iter().copied();
        order.filter(|id| is_needed[id.index()]).collect()
    }

    fn fits(&self, id: PathId) -> bool {
        let missing = self.missing(id).into_iter();
        let missing: u128 = missing.map(|id| u128::from(self.model.bytes(id).0)).sum();
        self.used + missing <= u128::from(self.limit.0)
    }

    fn push(&mut self, id: PathId) {
        let bytes = self.model.bytes(id);
        self.held[id.index()] = true;
        self.used += u128::from(bytes.0);
        self.peak = self.peak.max(self.used);
        self.steps.push(Step::Push {
            path: self.key(id),
            bytes,
            compression: self.compression,
        });
    }

    fn pin(&mut self, name: &str, goal: &[PathId]) {
        let revisions = self.revisions.entry(name.to_owned()).or_default();
        if revisions.first() == goal.first() {
            return;
        }
        revisions.retain(|id| *id != goal[0]);
        revisions.insert(0, goal[0]);
        self.steps.push(Step::Pin {
            name: name.to_owned(),
            path: self.key(goal[0]),
            revisions: goal.len() as u32,
        });
    }

    fn unpin_all_but(&mut self, name: &str, goal: &[PathId], is_early: bool) {
        let revisions = self.revisions.remove(name).unwrap_or_default();
        let (stay, go): (Vec<_>, Vec<_>) = revisions.into_iter().partition(|id| goal.contains(id));
        if !stay.is_empty() {
            self.revisions.insert(name.to_owned(), stay);
        }
        // The oldest first.
        for id in go.into_iter().rev() {
            self.steps.push(Step::Unpin {
                name: name.to_owned(),
                path: self.key(id),
                is_early,
            });
        }
    }

    /// Makes room by giving up what a pin holds before what shall follow it is there.
    fn give_up_one(&mut self, pending: &[&str], goals: &BTreeMap<&str, &[PathId]>) {
        let holds_more = |name: &&&str| {
            let revisions = self.revisions.get(**name).into_iter().flatten();
            revisions.into_iter().any(|id| !goals[**name].contains(id))
        };
        let last = pending.iter().rev().find(holds_more);
        // All that is held is wanted when no pin holds more, and what is wanted fits together.
        let Some(&name) = last else {
            unreachable!("what should be held fits: {:?}", self.limit)
        };
        self.unpin_all_but(name, goals[name], true);
        self.evict();
    }

    /// Deletes all that is neither wanted nor protected by a pin, what refers to others first.
    fn evict(&mut self) {
        let protected = self
            .model
            .closure(self.revisions.values().flatten().copied());
        let mut stays = self.wanted.clone();
        for id in protected {
            stays[id.index()] = true;
        }
        for id in self.order.clone().into_iter().rev() {
            if stays[id.index()] || !std::mem::replace(&mut self.held[id.index()], false) {
                continue;
            }
            let bytes = held_bytes(self.model, id);
            self.used -= u128::from(bytes.0);
            let is_upstream = self.model.facts(id).is_upstream;
            self.steps.push(Step::Evict {
                path: self.key(id),
                bytes,
                why: if is_upstream {
                    WhyEvicted::Upstream
                } else {
                    WhyEvicted::NotWanted
                },
            });
        }
    }

    fn key(&self, id: PathId) -> K {
        self.model.facts(id).key.clone()
    }
}
