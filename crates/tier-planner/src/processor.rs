//! A fairly shared processor, as the simulator sees it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::cost::DurationModel;
use crate::job::JobId;
use crate::{Cores, Millis};

/// Thread demands are added in millionths, so that sums are exact in any order.
pub(crate) const MICRO: f64 = 1e6;

/// Millionths of a thread that a job keeps busy with `threads`. Rounded up: then nothing is ever
/// simulated faster than in exact arithmetic, and lower bounds hold to the last bit.
pub(crate) fn demand(duration: DurationModel, threads: Cores) -> u64 {
    let exact = duration.cpu_demand(threads) * MICRO;
    let below = exact as u64;
    // As `ceil` does, without the call.
    below + u64::from((below as f64) < exact)
}

/// Running jobs on a number of threads, under egalitarian processor sharing.
///
/// The speed is common to all running jobs, so they end in the order of their remaining
/// uncontended time: one virtual clock that advances at that speed, and a heap of virtual ends.
/// Starting and ending a job is O(log n).
#[derive(Clone, Debug)]
pub(crate) struct Processor {
    capacity: u64,
    demand: u64,
    /// Milliseconds since the start.
    now: f64,
    /// Milliseconds that a job running since the start would have progressed.
    progress: f64,
    running: BinaryHeap<Running>,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    ends_at_progress: f64,
    job: JobId,
    demand: u64,
}

impl Processor {
    pub(crate) fn new(threads: Cores) -> Self {
        Self {
            capacity: (f64::from(threads.0.max(1)) * MICRO) as u64,
            demand: 0,
            now: 0.0,
            progress: 0.0,
            running: BinaryHeap::new(),
        }
    }

    /// The present, rounded to the millisecond. Rounding keeps the order of instants.
    pub(crate) fn now(&self) -> Millis {
        // Without a call of `round`, for every placement asks twice.
        Millis((self.now + 0.5) as u64)
    }

    /// Starts `id` now with `threads` threads.
    pub(crate) fn start(&mut self, id: JobId, duration: DurationModel, threads: Cores) {
        let alone = duration.single_thread.0 as f64 * duration.relative(threads);
        let demand = demand(duration, threads);
        self.demand = self.demand.saturating_add(demand);
        self.running.push(Running {
            ends_at_progress: self.progress + alone,
            job: id,
            demand,
        });
    }

    /// When the next job ends, if nothing else starts before.
    fn next_end(&self) -> Option<f64> {
        let next = self.running.peek()?;
        Some(self.now + (next.ends_at_progress - self.progress).max(0.0) / self.speed())
    }

    /// Moves on to the next end and takes that job out; of several at one instant, the one with
    /// the smallest id.
    pub(crate) fn end_next(&mut self) -> Option<JobId> {
        let end = self.next_end()?;
        let ended = self.running.pop()?;
        self.now = end;
        self.progress = self.progress.max(ended.ends_at_progress);
        self.demand -= ended.demand;
        Some(ended.job)
    }

    /// Whether the next end is at this very instant.
    pub(crate) fn ends_now(&self) -> bool {
        self.running
            .peek()
            .is_some_and(|next| next.ends_at_progress <= self.progress)
    }

    fn speed(&self) -> f64 {
        if self.demand <= self.capacity {
            1.0
        } else {
            self.capacity as f64 / self.demand as f64
        }
    }
}

impl Ord for Running {
    /// The heap's greatest is what ends first.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .ends_at_progress
            .total_cmp(&self.ends_at_progress)
            .then(other.job.cmp(&self.job))
    }
}

impl PartialOrd for Running {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Running {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Running {}
