//! What a cache holds now.

use std::collections::{BTreeMap, BTreeSet};

use super::{LostRevision, PlanError, Request, Step};
use crate::model::{PathId, PathKey};

/// What a cache holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheState<K> {
    /// The paths that it holds.
    pub held: BTreeSet<K>,
    /// Of each pin the revisions that are kept, the newest first. A revision that is not held
    /// protects nothing.
    pub pins: BTreeMap<String, Vec<K>>,
}

impl<K: Ord + Clone> CacheState<K> {
    /// Does one step: what the state is afterwards.
    pub fn apply(&mut self, step: &Step<K>) {
        match step {
            Step::Push { path, .. } => {
                self.held.insert(path.clone());
            }
            Step::Evict { path, .. } => {
                self.held.remove(path);
            }
            Step::Pin { name, path, .. } => {
                let revisions = self.pins.entry(name.clone()).or_default();
                revisions.retain(|other| other != path);
                revisions.insert(0, path.clone());
            }
            Step::Unpin { name, path, .. } => {
                if let Some(revisions) = self.pins.get_mut(name) {
                    revisions.retain(|other| other != path);
                    if revisions.is_empty() {
                        self.pins.remove(name);
                    }
                }
            }
        }
    }
}

impl<K> Default for CacheState<K> {
    fn default() -> Self {
        Self {
            held: BTreeSet::new(),
            pins: BTreeMap::new(),
        }
    }
}

/// The state and the wishes of a request by ids.
pub(super) struct Now {
    pub(super) held: Vec<bool>,
    upstream: Vec<bool>,
    /// Of each pin that is or is to be the revisions that are held, the newest first.
    pub(super) revisions: BTreeMap<String, Vec<PathId>>,
    /// The paths that are to be pinned.
    pub(super) wanted: BTreeMap<String, PathId>,
    /// How many revisions are to be kept.
    pub(super) keep: usize,
    /// Of each revision that can never be whole again, what is lost of it.
    lost: BTreeMap<PathId, Vec<PathId>>,
}

impl Now {
    pub(super) fn new<K: PathKey>(request: &Request<'_, K>) -> Result<Self, PlanError<K>> {
        let model = request.model;
        let find = |key: &K| {
            model
                .find(key)
                .ok_or_else(|| PlanError::Unknown(key.clone()))
        };
        let mut held = vec![false; model.len()];
        for key in &request.state.held {
            held[find(key)?.index()] = true;
        }
        let mut wanted = BTreeMap::new();
        for pin in request.pins {
            let id = find(&pin.path)?;
            wanted.entry(pin.name.clone()).or_insert(id);
        }
        let mut revisions: BTreeMap<String, Vec<PathId>> = BTreeMap::new();
        for (name, paths) in &request.state.pins {
            // What was evicted behind a pin's back is nothing to know anything of.
            let ids = paths.iter().filter_map(|key| model.find(key));
            let ids = ids.filter(|id| held[id.index()]).collect();
            revisions.insert(name.clone(), ids);
        }
        let is_lost = |id: &PathId| {
            let facts = model.facts(*id);
            !facts.is_upstream && !held[id.index()] && request.lost.contains(&facts.key)
        };
        let mut lost = BTreeMap::new();
        if !request.lost.is_empty() {
            for &id in revisions.values().flatten() {
                let mut missing = model.closure([id]);
                missing.retain(is_lost);
                if !missing.is_empty() {
                    lost.insert(id, missing);
                }
            }
        }
        Ok(Self {
            upstream: model.ids().map(|id| model.facts(id).is_upstream).collect(),
            held,
            revisions,
            wanted,
            keep: request.revisions.max(1) as usize,
            lost,
        })
    }

    /// The older revisions of a wanted pin that can be whole, the newest first: each once, without
    /// the path that is wanted, and without what another cache has.
    pub(super) fn older(&self, name: &str) -> Vec<PathId> {
        let mut older = self.ever_pinned(name);
        older.retain(|id| !self.lost.contains_key(id));
        older
    }

    /// The older revisions of a wanted pin that would be kept if they could be whole.
    pub(super) fn lost_revisions(&self, name: &str) -> Vec<LostRevision> {
        let mut whole = 0;
        let mut found = Vec::new();
        for (age, id) in (1..).zip(self.ever_pinned(name)) {
            match self.lost.get(&id) {
                None => whole += 1,
                Some(missing) if whole + 1 < self.keep => found.push(LostRevision {
                    name: name.to_owned(),
                    age,
                    id,
                    missing: missing.clone(),
                }),
                Some(_) => {}
            }
        }
        found
    }

    fn ever_pinned(&self, name: &str) -> Vec<PathId> {
        let mut seen: Vec<PathId> = self.wanted.get(name).copied().into_iter().collect();
        let wanted = seen.len();
        for &id in self.revisions.get(name).into_iter().flatten() {
            if !seen.contains(&id) && !self.upstream[id.index()] {
                seen.push(id);
            }
        }
        seen.split_off(wanted)
    }
}
