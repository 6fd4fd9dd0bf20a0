//! A schedule: when each job starts and ends, with how many threads and how much memory.

use crate::job::JobId;
use crate::{Bytes, Cores, Millis};

/// One job's place in a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Which job.
    pub job: JobId,
    /// When it starts, since the start of the plan.
    pub start: Millis,
    /// When it ends, not before `start`.
    pub end: Millis,
    /// `--cores` it is started with.
    pub threads: Cores,
    /// Memory reserved for it from `start` to `end`.
    pub memory: Bytes,
}

/// Every job placed in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// One placement per job, by start, then job.
    pub placements: Vec<Placement>,
}
