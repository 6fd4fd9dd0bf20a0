//! What a cache should hold, and how it gets there.
//!
//! [`plan`] chooses the paths that save the consumers the most time, as a
//! [knapsack](crate::closure_knapsack) of closures, and orders what has to be done so that what
//! the cache holds fits at every step. [`verify`] holds any such plan to the laws.

mod choice;
mod error;
mod laws;
mod state;
mod steps;
#[cfg(feature = "proptest")]
pub mod strategies;

use std::collections::BTreeSet;

use drv_graph::Bytes;

use crate::Compression;
use crate::model::{Model, PathId, PathKey};
use choice::Choice;
pub use choice::{Kept, LeftOut, WhyKept, WhyLeftOut};
pub use error::{Contributor, PlanError};
pub use laws::{Violation, verify};
pub use state::CacheState;
pub use steps::{Step, WhyEvicted};

/// How much a cache may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// What it has room for.
    pub capacity: Bytes,
    /// What of that stays free, for what others push and for estimates that are too low.
    pub buffer: Bytes,
}

impl Budget {
    /// What may be held: capacity without buffer. `None` where the buffer is the larger of the two.
    pub fn limit(&self) -> Option<Bytes> {
        self.capacity.0.checked_sub(self.buffer.0).map(Bytes)
    }
}

/// A path that is to be protected under a name, as `cachix pin` does it.
///
/// A name stands for a package through all its versions: pinning another path under it makes a new
/// revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pin<K> {
    /// The name.
    pub name: String,
    /// Its newest revision.
    pub path: K,
}

/// What a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a, K> {
    /// Every path that is held or might be, and what holding it saves.
    pub model: &'a Model<K>,
    /// How much may be held.
    pub budget: Budget,
    /// What is pinned, if it is held. Of a name's pins the first counts.
    pub pins: &'a [Pin<K>],
    /// Revisions of each pin that are kept where they fit, the newest included; at least one.
    pub revisions: u32,
    /// What the cache holds now.
    pub state: &'a CacheState<K>,
    /// Paths that nobody has any more and nobody can make: they can only be held where they are
    /// held now. Older revisions that need another of them are given up. That something else needs
    /// it does not keep it from being pushed, which whoever carries the plan out finds impossible.
    pub lost: &'a BTreeSet<K>,
    /// How what is pushed is compressed; the model's sizes are taken to mean that.
    pub compression: Compression,
}

/// What became of an older generation: of the paths that were pinned one revision, or more, ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// How many revisions ago; at least 1.
    pub age: u32,
    /// Whether all of it is kept.
    pub is_kept: bool,
    /// What it takes up beyond the generations after it.
    pub bytes: Bytes,
}

/// An older revision of a pin that is given up, since it can never be whole again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRevision {
    /// The pin's name.
    pub name: String,
    /// How many revisions ago it was pinned; at least 1.
    pub age: u32,
    /// What was pinned.
    pub id: PathId,
    /// What of its closure is [lost](Request::lost) and not held; ascending, at least one.
    pub missing: Vec<PathId>,
}

/// What a cache should hold, and how it gets there.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<K> {
    /// What is held in the end, ascending.
    pub kept: Vec<Kept>,
    /// What is not, though it could be or is held now; ascending.
    pub left_out: Vec<LeftOut>,
    /// The older generations, the newest first, down to the first that does not fit.
    pub generations: Vec<Generation>,
    /// Older revisions that would be kept if something they need were not lost, by name and age.
    pub lost_revisions: Vec<LostRevision>,
    /// What has to be done, in order.
    pub steps: Vec<Step<K>>,
    /// What is held in the end takes up so much.
    pub occupied: Bytes,
    /// The most that is held at any step.
    pub peak: Bytes,
    /// What may be held.
    pub limit: Bytes,
    /// What the consumers save by what is chosen, in milliseconds times demand. What tier 3 saves
    /// beside is not counted: it is held only where something else needs it.
    pub saved_millis: u128,
    /// No choice saves more.
    pub bound_millis: u128,
}

impl<K> Plan<K> {
    /// By how much the choice may fall short of the best one, as a share of the bound; 0 where it
    /// is the best.
    pub fn gap(&self) -> f64 {
        if self.bound_millis == self.saved_millis {
            return 0.0;
        }
        (self.bound_millis - self.saved_millis) as f64 / self.bound_millis as f64
    }

    /// Whether a path is held in the end.
    pub fn keeps(&self, id: PathId) -> bool {
        self.kept.binary_search_by_key(&id, |kept| kept.id).is_ok()
    }
}

/// Makes a plan; the same on every machine, and in whatever order the model was given.
///
/// # Errors
/// The first of: a buffer above the capacity; a pin, or something held, that the model does not
/// know; a tier 1 that does not fit. There is never a plan with a part of tier 1.
pub fn plan<K: PathKey>(request: &Request<'_, K>) -> Result<Plan<K>, PlanError<K>> {
    let Budget { capacity, buffer } = request.budget;
    let limit = request
        .budget
        .limit()
        .ok_or(PlanError::Buffer { capacity, buffer })?;
    let now = state::Now::new(request)?;
    let choice = Choice::new(request.model, limit, &now)?;
    let ordered = steps::order(request, limit, &now, &choice);
    Ok(Plan {
        occupied: request.model.total(choice.kept.iter().map(|kept| kept.id)),
        kept: choice.kept,
        left_out: choice.left_out,
        generations: choice.generations,
        lost_revisions: choice.lost_revisions,
        steps: ordered.steps,
        peak: ordered.peak,
        limit,
        saved_millis: choice.saved_millis,
        bound_millis: choice.bound_millis,
    })
}
