//! The scheduler's own view of what is to do: jobs with costs, tiers and precedence.
//!
//! It knows nothing of Nix, so that other graphs (a benchmark's instances, a generated one) are
//! scheduled, bounded and verified by the same code.

use crate::Cores;
use crate::estimate::{DurationModel, MemoryModel};
use crate::tier::TierId;

/// Index of a job in its [`JobGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

/// One build, as the scheduler sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// The tier whose limits hold for it.
    pub tier: TierId,
    /// The most threads it can use: its tier's cores, or 1 when it does not build in parallel.
    pub max_threads: Cores,
    /// How long it takes.
    pub duration: DurationModel,
    /// How much memory it holds.
    pub memory: MemoryModel,
}

/// Jobs and the order among them: an immutable directed acyclic graph.
#[derive(Clone, Debug)]
pub struct JobGraph {
    _private: (),
}
