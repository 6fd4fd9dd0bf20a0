//! A schedule: when each job starts and ends, with how many threads and how much memory.

use crate::job::{JobGraph, JobId};
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

/// Jobs placed in time.
///
/// A placement holds its memory in the half-open interval from `start` to `end`: a job may start
/// at the instant at which another ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    placements: Vec<Placement>,
}

/// What is in use between one event of a schedule and the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// When this begins to hold; it holds until the next usage's instant.
    pub from: Millis,
    /// Memory reserved by all running jobs.
    pub memory: Bytes,
    /// Threads that running jobs were started with; downloads count none.
    pub threads: Cores,
    /// Jobs running.
    pub jobs: u32,
}

impl Schedule {
    /// A schedule of these placements, in any order.
    pub fn new(mut placements: Vec<Placement>) -> Self {
        // Nearly in order already where they come from a simulation: a stable sort is linear.
        placements.sort_by_key(|placement| (placement.start, placement.job));
        Self { placements }
    }

    /// The placements, by start, then by job.
    pub fn placements(&self) -> &[Placement] {
        &self.placements
    }

    /// When the last job ends.
    pub fn makespan(&self) -> Millis {
        let ends = self.placements.iter().map(|placement| placement.end);
        ends.max().unwrap_or_default()
    }

    /// What is in use over time: one entry per instant at which something changes, ascending, the
    /// last one with nothing in use. O(n log n).
    pub fn usage(&self, jobs: &JobGraph) -> Vec<Usage> {
        // Ends before starts at one instant: intervals are half-open. What takes no time is
        // nowhere in use.
        let mut events: Vec<(Millis, bool, &Placement)> = self
            .placements
            .iter()
            .filter(|placement| placement.start < placement.end)
            .flat_map(|placement| {
                [
                    (placement.start, true, placement),
                    (placement.end, false, placement),
                ]
            })
            .collect();
        events.sort_unstable_by_key(|&(at, starts, placement)| (at, starts, placement.job));
        let mut usage: Vec<Usage> = Vec::new();
        let mut now = Usage::default();
        for (at, starts, placement) in events {
            let threads = jobs[placement.job].counted_threads(placement.threads).0;
            if starts {
                now.memory = now.memory + placement.memory;
                now.threads.0 += threads;
                now.jobs += 1;
            } else {
                now.memory = now.memory - placement.memory;
                now.threads.0 -= threads;
                now.jobs -= 1;
            }
            now.from = at;
            match usage.last_mut() {
                Some(last) if last.from == at => *last = now,
                _ => usage.push(now),
            }
        }
        usage
    }

    /// The most memory in use at any instant, and the first instant at which it is.
    pub fn peak_memory(&self, jobs: &JobGraph) -> (Bytes, Millis) {
        let usage = self.usage(jobs);
        let peak = usage.iter().map(|usage| usage.memory).max();
        let at = usage.iter().find(|usage| Some(usage.memory) == peak);
        (
            peak.unwrap_or_default(),
            at.map_or(Millis(0), |usage| usage.from),
        )
    }

    /// For how long, in all, more than `memory` is in use.
    pub fn time_above(&self, jobs: &JobGraph, memory: Bytes) -> Millis {
        let usage = self.usage(jobs);
        usage
            .windows(2)
            .filter(|pair| pair[0].memory > memory)
            .fold(Millis(0), |sum, pair| sum + (pair[1].from - pair[0].from))
    }
}
