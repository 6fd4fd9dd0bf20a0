//! The laws of a plan, as a function: use it to hold any planner to them.

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::Bytes;

use super::{Plan, Request, Step};
use crate::CacheTier;
use crate::model::{Model, PathId, PathKey};

/// A law that a plan breaks, and where. A step is named by its place, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A step names a path that is not in the model.
    UnknownPath {
        /// The step.
        step: usize,
    },
    /// More is held after a push than may be.
    OverLimit {
        /// The step.
        step: usize,
        /// What is held then; saturates.
        occupied: Bytes,
    },
    /// A path is pushed that is held, or that another cache has.
    NeedlessPush {
        /// The step.
        step: usize,
    },
    /// A path is pushed before something it refers to is held.
    PushedBeforeReference {
        /// The step.
        step: usize,
        /// What is missing.
        reference: PathId,
    },
    /// A path is evicted that is not held.
    EvictedAbsent {
        /// The step.
        step: usize,
    },
    /// A path is evicted that something held refers to.
    EvictedBeforeReferrer {
        /// The step.
        step: usize,
        /// What refers to it.
        referrer: PathId,
    },
    /// A path is evicted that a pin protects.
    EvictedPinned {
        /// The step.
        step: usize,
        /// The pin's name.
        name: String,
    },
    /// A path is pinned that is not held, or not with all it refers to.
    PinnedIncomplete {
        /// The step.
        step: usize,
    },
    /// A pin is taken off that is not there.
    UnpinnedAbsent {
        /// The step.
        step: usize,
    },
    /// The last revision of a pin that shall stay goes before its successor comes, and the step
    /// does not say so.
    UnpinnedEarly {
        /// The step.
        step: usize,
        /// The pin's name.
        name: String,
    },
    /// A pin keeps an older revision in the end that needs something lost.
    KeptLost {
        /// The pin's name.
        name: String,
        /// The revision.
        path: PathId,
    },
    /// What is held after the last step is not what the plan says is kept.
    End {
        /// A path that is held and not kept, or kept and not held.
        path: PathId,
    },
    /// A path of tier 1, or one that such a path refers to, is not kept.
    TierOneMissing {
        /// The path.
        path: PathId,
    },
    /// A path is kept without something it refers to.
    NotClosed {
        /// The path.
        path: PathId,
        /// What is missing.
        reference: PathId,
    },
    /// A path of tier 3 is kept, and nothing else that is kept refers to it.
    LocalForItself {
        /// The path.
        path: PathId,
    },
    /// More is said to be saved than what is kept saves, or than the bound allows.
    Overstated {
        /// What is said.
        said: u128,
        /// What is so.
        most: u128,
    },
    /// What is said to be occupied, at the end or at most, is not so.
    Occupied {
        /// What is said.
        said: Bytes,
        /// What is so; saturates.
        is: Bytes,
    },
}

/// Every law that a plan breaks: nothing for one that [`plan`](super::plan) made. O(s·(n + r)) for
/// s steps.
///
/// A cache that holds more than it may to begin with breaks no law, as long as nothing is pushed
/// before there is room for it.
pub fn verify<K: PathKey>(request: &Request<'_, K>, plan: &Plan<K>) -> Vec<Violation> {
    let model = request.model;
    let find = |key: &K| model.find(key);
    let revisions = request.state.pins.iter();
    let mut checking = Checking {
        model,
        limit: request.budget.limit().unwrap_or_default(),
        held: request.state.held.iter().filter_map(find).collect(),
        pins: revisions
            .map(|(name, paths)| (name.as_str(), paths.iter().filter_map(find).collect()))
            .collect(),
        violations: Vec::new(),
    };
    let mut peak = checking.occupied();
    for (number, step) in plan.steps.iter().enumerate() {
        checking.step(number, step, plan);
        peak = peak.max(checking.occupied());
    }
    checking.end(plan, peak);
    checking.lost(request);
    checking.violations
}

struct Checking<'a, K> {
    model: &'a Model<K>,
    limit: Bytes,
    held: BTreeSet<PathId>,
    pins: BTreeMap<&'a str, Vec<PathId>>,
    violations: Vec<Violation>,
}

impl<'a, K: PathKey> Checking<'a, K> {
    fn occupied(&self) -> Bytes {
        let size = |id: &PathId| self.model.facts(*id).size.map(|size| size.bytes);
        self.held.iter().filter_map(size).sum()
    }

    fn step(&mut self, step: usize, what: &'a Step<K>, plan: &Plan<K>) {
        let (Step::Push { path, .. }
        | Step::Pin { path, .. }
        | Step::Unpin { path, .. }
        | Step::Evict { path, .. }) = what;
        let Some(id) = self.model.find(path) else {
            self.violations.push(Violation::UnknownPath { step });
            return;
        };
        match what {
            Step::Push { .. } => self.push(step, id),
            Step::Evict { .. } => self.evict(step, id),
            Step::Pin { name, .. } => {
                if !self
                    .model
                    .closure([id])
                    .iter()
                    .all(|id| self.held.contains(id))
                {
                    self.violations.push(Violation::PinnedIncomplete { step });
                }
                let revisions = self.pins.entry(name).or_default();
                revisions.retain(|other| *other != id);
                revisions.insert(0, id);
            }
            Step::Unpin { name, is_early, .. } => {
                let revisions = self.pins.entry(name).or_default();
                if !revisions.contains(&id) {
                    self.violations.push(Violation::UnpinnedAbsent { step });
                }
                revisions.retain(|other| *other != id);
                let comes = |later: &Step<K>| matches!(later, Step::Pin { name: other, .. } if other == name);
                if revisions.is_empty() && !is_early && plan.steps[step..].iter().any(comes) {
                    let name = name.clone();
                    self.violations
                        .push(Violation::UnpinnedEarly { step, name });
                }
            }
        }
    }

    fn push(&mut self, step: usize, id: PathId) {
        if self.model.facts(id).is_upstream || !self.held.insert(id) {
            self.violations.push(Violation::NeedlessPush { step });
        }
        for reference in self.model.references(id) {
            if !self.held.contains(&reference) {
                self.violations
                    .push(Violation::PushedBeforeReference { step, reference });
            }
        }
        let occupied = self.occupied();
        if occupied > self.limit {
            self.violations
                .push(Violation::OverLimit { step, occupied });
        }
    }

    fn evict(&mut self, step: usize, id: PathId) {
        if !self.held.remove(&id) {
            self.violations.push(Violation::EvictedAbsent { step });
        }
        let referrer = self.model.referrers(id).find(|by| self.held.contains(by));
        if let Some(referrer) = referrer {
            self.violations
                .push(Violation::EvictedBeforeReferrer { step, referrer });
        }
        let pin = self.pins.iter().find(|(_, revisions)| {
            let closure = self.model.closure(revisions.iter().copied());
            closure.binary_search(&id).is_ok()
        });
        if let Some((name, _)) = pin {
            let name = (*name).to_owned();
            self.violations
                .push(Violation::EvictedPinned { step, name });
        }
    }

    fn lost(&mut self, request: &Request<'_, K>) {
        let model = self.model;
        let held = |id: PathId| request.state.held.contains(&model.facts(id).key);
        let is_lost = |id: PathId| {
            let facts = model.facts(id);
            !facts.is_upstream && !held(id) && request.lost.contains(&facts.key)
        };
        for (&name, revisions) in &self.pins {
            let wanted = request.pins.iter().find(|pin| pin.name == name);
            let newest = wanted.and_then(|pin| model.find(&pin.path));
            // A revision that is not held keeps nothing.
            let older = revisions
                .iter()
                .filter(|&&id| Some(id) != newest && held(id));
            for &path in older {
                if model.closure([path]).into_iter().any(is_lost) {
                    let name = name.to_owned();
                    self.violations.push(Violation::KeptLost { name, path });
                }
            }
        }
    }

    fn end(&mut self, plan: &Plan<K>, peak: Bytes) {
        let model = self.model;
        let kept: BTreeSet<PathId> = plan.kept.iter().map(|kept| kept.id).collect();
        let differs = kept.symmetric_difference(&self.held).copied();
        self.violations
            .extend(differs.map(|path| Violation::End { path }));
        let tier = |id: PathId| model.facts(id).tier;
        let tier_one = model.ids().filter(|&id| tier(id) == CacheTier::Always);
        let missing = model.closure(tier_one).into_iter();
        let missing = missing.filter(|id| !kept.contains(id));
        self.violations
            .extend(missing.map(|path| Violation::TierOneMissing { path }));
        for &path in &kept {
            let missing = model.references(path).filter(|to| !kept.contains(to));
            let open = missing.map(|reference| Violation::NotClosed { path, reference });
            self.violations.extend(open);
            let is_pinned = self.pins.values().flatten().any(|id| *id == path);
            if tier(path) == CacheTier::Local
                && !is_pinned
                && !model.referrers(path).any(|by| kept.contains(&by))
            {
                self.violations.push(Violation::LocalForItself { path });
            }
        }
        let saved = model.savings().iter();
        let saved = saved.filter(|saving| saving.needs.iter().all(|id| kept.contains(id)));
        let saved: u128 = saved.map(|saving| u128::from(saving.millis)).sum();
        for most in [saved, plan.bound_millis] {
            if plan.saved_millis > most {
                let said = plan.saved_millis;
                self.violations.push(Violation::Overstated { said, most });
            }
        }
        for (said, is) in [(plan.occupied, self.occupied()), (plan.peak, peak)] {
            if said != is {
                self.violations.push(Violation::Occupied { said, is });
            }
        }
    }
}
