//! What a cache may hold: paths with their sizes and references, and what holding them saves.

mod error;
mod size;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use drv_graph::{Bytes, StorePath};

use crate::CacheTier;
use crate::precedence::{Enter, Precedence, Walk};
pub use error::{ModelError, ModelErrors};
pub use size::{FileSize, SizeSource};

/// What a path is known by: its store path, or anything else that can be ordered and shown.
pub trait PathKey: Clone + Ord + fmt::Debug + fmt::Display {
    /// The store directory, where the key has one: paths of two stores do not refer to each other
    /// and do not share a cache.
    fn store_dir(&self) -> Option<&str> {
        None
    }
}

impl PathKey for StorePath {
    fn store_dir(&self) -> Option<&str> {
        Some(StorePath::store_dir(self))
    }
}

impl PathKey for String {}
impl PathKey for u32 {}

/// What is known of one path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathFacts<K> {
    /// The path.
    pub key: K,
    /// What it refers to, possibly itself; the order says nothing. Of a path that is upstream they
    /// need not be known.
    pub references: Vec<K>,
    /// Its size in the cache. Of a path that is upstream it need not be known.
    pub size: Option<FileSize>,
    /// How much it matters.
    pub tier: CacheTier,
    /// Whether another cache that every consumer asks serves it, so that this one need not.
    pub is_upstream: bool,
}

/// Something that a consumer need not build when it can have some paths.
///
/// Of a derivation all outputs that are wanted must be there: else it is built, and with it all of
/// them.
#[derive(Clone, Debug, PartialEq)]
pub struct Saving<K> {
    /// The paths, all of them. None at all save nothing.
    pub needs: Vec<K>,
    /// How long the build takes on the consumer, in seconds.
    pub rebuild_seconds: f64,
    /// How often that is spared: the number of consumers, or of requests in a history.
    pub demand: f64,
}

/// A path of a [`Model`], by its place in ascending order of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

impl PathId {
    /// The id as an index into a slice with one element per path.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Paths and savings that fit together.
///
/// Invariants: each path is there once; every path that is not upstream has a size of at least one
/// byte, and its references are there; among those that are not upstream there is no cycle longer
/// than one; all are of one store directory; no saving is negative. The same paths and savings make
/// an equal model, in whatever order they are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Model<K> {
    paths: Vec<PathFacts<K>>,
    /// References between paths that are not upstream, without those of a path to itself.
    references: Precedence,
    savings: Vec<Worth>,
    upstream_millis: u128,
}

/// A [`Saving`] by ids, without paths that are upstream; at least one is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Worth {
    pub(crate) needs: Vec<PathId>,
    /// In milliseconds, times the demand; saturates.
    pub(crate) millis: u64,
}

impl<K: PathKey> Model<K> {
    /// Puts paths and savings together. O(n log n + r log r) for n paths with r references.
    ///
    /// A path that is given twice is fine where both say the same.
    ///
    /// # Errors
    /// Everything that is wrong with them, sorted.
    pub fn new(
        paths: impl IntoIterator<Item = PathFacts<K>>,
        savings: impl IntoIterator<Item = Saving<K>>,
    ) -> Result<Self, ModelErrors<K>> {
        let mut errors = BTreeSet::new();
        let paths = unique(paths, &mut errors);
        let find = |key: &K| {
            let place = paths.binary_search_by(|facts| facts.key.cmp(key)).ok()?;
            Some(PathId(place as u32))
        };
        let mut arcs = Vec::new();
        for (from, facts) in (0..).zip(&paths) {
            if facts.is_upstream {
                continue;
            }
            let size = facts.size.map(|size| size.bytes);
            match size {
                None => errors.insert(ModelError::NoSize(facts.key.clone())),
                Some(Bytes(0)) => errors.insert(ModelError::ZeroSize(facts.key.clone())),
                Some(_) => false,
            };
            for reference in &facts.references {
                match find(reference) {
                    Some(to) if paths[to.index()].is_upstream => {}
                    Some(to) => arcs.push((from, to.0)),
                    None => {
                        errors.insert(ModelError::DanglingReference {
                            of: facts.key.clone(),
                            reference: reference.clone(),
                        });
                    }
                }
            }
        }
        let references = Precedence::new(paths.len(), arcs);
        if let Err(cycle) = references.topological_order() {
            let key = |&place: &u32| paths[place as usize].key.clone();
            errors.insert(ModelError::Cycle(cycle.iter().map(key).collect()));
        }
        let mut worths = Vec::new();
        for saving in savings {
            match worth(&saving, &find) {
                Ok(worth) => worths.push(worth),
                Err(error) => {
                    errors.insert(error);
                }
            }
        }
        if !errors.is_empty() {
            return Err(ModelErrors(errors.into_iter().collect()));
        }
        for worth in &mut worths {
            worth.needs.retain(|id| !paths[id.index()].is_upstream);
        }
        let is_upstream = |worth: &Worth| worth.needs.is_empty();
        let upstream_millis = worths.iter().filter(|w| is_upstream(w));
        let upstream_millis = upstream_millis.map(|w| u128::from(w.millis)).sum();
        worths.retain(|worth| !is_upstream(worth) && worth.millis > 0);
        worths.sort();
        Ok(Self {
            paths,
            references,
            savings: worths,
            upstream_millis,
        })
    }
}

impl<K> Model<K> {
    /// Number of paths.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Every id, ascending.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = PathId> + ExactSizeIterator + use<K> {
        (0..self.paths.len() as u32).map(PathId)
    }

    /// What is known of a path.
    ///
    /// # Panics
    /// For an id of another, larger model.
    pub fn facts(&self, id: PathId) -> &PathFacts<K> {
        &self.paths[id.index()]
    }

    /// What a path takes up in the cache; nothing where it is upstream.
    pub fn bytes(&self, id: PathId) -> Bytes {
        let facts = self.facts(id);
        match facts.size {
            Some(size) if !facts.is_upstream => size.bytes,
            _ => Bytes(0),
        }
    }

    /// What a path refers to that this cache would have to hold with it; ascending, without itself.
    pub fn references(&self, id: PathId) -> impl ExactSizeIterator<Item = PathId> {
        self.references.requires(id.0).iter().map(|&id| PathId(id))
    }

    /// What refers to a path; ascending, without itself.
    pub fn referrers(&self, id: PathId) -> impl ExactSizeIterator<Item = PathId> {
        self.references
            .dependents(id.0)
            .iter()
            .map(|&id| PathId(id))
    }

    /// Some paths and everything they refer to that is not upstream, directly or not; ascending.
    pub fn closure(&self, of: impl IntoIterator<Item = PathId>) -> Vec<PathId> {
        let mut is_in = vec![false; self.len()];
        let mut walk = Walk::new(self.len());
        for id in of.into_iter().filter(|&id| !self.facts(id).is_upstream) {
            walk.from(
                id.0,
                |id| self.references.requires(id),
                |id| {
                    if std::mem::replace(&mut is_in[id as usize], true) {
                        return Enter::Skip;
                    }
                    Enter::Pass
                },
            );
        }
        self.ids().filter(|id| is_in[id.index()]).collect()
    }

    /// What some paths take up together; saturates.
    pub fn total(&self, of: impl IntoIterator<Item = PathId>) -> Bytes {
        of.into_iter().map(|id| self.bytes(id)).sum()
    }

    /// What consumers save whatever this cache holds, since all it takes is upstream: in
    /// milliseconds times demand.
    pub fn upstream_millis(&self) -> u128 {
        self.upstream_millis
    }

    /// Each path after all it refers to.
    pub(crate) fn dependencies_first(&self) -> Vec<PathId> {
        match self.references.topological_order() {
            Ok(order) => order.into_iter().map(PathId).collect(),
            Err(cycle) => unreachable!("the model was made without cycles: {cycle:?}"),
        }
    }

    pub(crate) fn precedence(&self) -> &Precedence {
        &self.references
    }

    pub(crate) fn savings(&self) -> &[Worth] {
        &self.savings
    }
}

impl<K: Ord> Model<K> {
    /// The id of a path; `None` where it is not there. O(log n).
    pub fn find(&self, key: &K) -> Option<PathId> {
        let place = self
            .paths
            .binary_search_by(|facts| facts.key.cmp(key))
            .ok()?;
        Some(PathId(place as u32))
    }
}

/// Sorts by key, with references sorted; complains of what is there twice and differs, and of more
/// than one store directory.
fn unique<K: PathKey>(
    paths: impl IntoIterator<Item = PathFacts<K>>,
    errors: &mut BTreeSet<ModelError<K>>,
) -> Vec<PathFacts<K>> {
    let mut all: BTreeMap<K, PathFacts<K>> = BTreeMap::new();
    for mut facts in paths {
        facts.references.sort();
        facts.references.dedup();
        match all.entry(facts.key.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(facts);
            }
            Entry::Occupied(entry) if *entry.get() == facts => {}
            Entry::Occupied(entry) => {
                errors.insert(ModelError::Conflict(entry.key().clone()));
            }
        }
    }
    let keys = || all.keys().filter_map(|key| Some((key.store_dir()?, key)));
    if let Some((dir, one)) = keys().next()
        && let Some((_, other)) = keys().find(|(other, _)| *other != dir)
    {
        errors.insert(ModelError::StoreDirs {
            one: one.clone(),
            other: other.clone(),
        });
    }
    all.into_values().collect()
}

fn worth<K: PathKey>(
    saving: &Saving<K>,
    find: &impl Fn(&K) -> Option<PathId>,
) -> Result<Worth, ModelError<K>> {
    let mut needs = Vec::new();
    for key in &saving.needs {
        needs.push(find(key).ok_or_else(|| ModelError::UnknownNeed(key.clone()))?);
    }
    needs.sort_unstable();
    needs.dedup();
    for number in [saving.rebuild_seconds, saving.demand] {
        // Which a NaN is not either.
        if !(0.0..f64::INFINITY).contains(&number) {
            return Err(ModelError::BadCost {
                of: saving.needs.first().cloned(),
                number: number.to_string(),
            });
        }
    }
    Ok(Worth {
        needs,
        // A cast from above 2⁶⁴ saturates.
        millis: (saving.rebuild_seconds * saving.demand * 1_000.0).round() as u64,
    })
}
