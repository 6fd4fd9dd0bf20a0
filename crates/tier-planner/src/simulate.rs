//! What a dispatcher's decisions come to, if the estimates are right: a fluid simulation.
//!
//! # Model
//! A job started with `k` threads keeps `d = cpu_share · T(1) / T(k)` of them busy on average
//! ([`DurationModel::cpu_demand`](crate::cost::DurationModel::cpu_demand)). While the demands of
//! all running jobs add up to `D ≤ C` threads, everything runs at full speed; beyond that the
//! processor is shared fairly and everything runs at speed `C / D`. (Egalitarian processor
//! sharing; L. Kleinrock, *Time-shared systems*, JACM 14, 1967.) Memory never slows anything
//! down here: a schedule within its budget does not swap.

use crate::dispatch::Dispatch;
use crate::job::JobGraph;
use crate::processor::Processor;
use crate::schedule::{Placement, Schedule};
use crate::{Cores, Millis};

/// Runs `dispatch` to its end on a machine with `threads` hardware threads.
///
/// Jobs that the dispatcher never starts are not in the schedule. Cost: O(log n) per job, besides
/// the dispatcher's own.
pub fn simulate(jobs: &JobGraph, threads: Cores, dispatch: &mut impl Dispatch) -> Schedule {
    let mut processor = Processor::new(threads);
    let mut placements: Vec<Placement> = Vec::with_capacity(jobs.len());
    let mut running = vec![None; jobs.len()];
    loop {
        while let Some(start) = dispatch.next() {
            processor.start(start.job, &jobs[start.job], start.threads);
            running[start.job.index()] = Some(placements.len());
            placements.push(Placement {
                job: start.job,
                start: processor.now(),
                end: Millis(u64::MAX),
                threads: start.threads,
                memory: start.memory,
            });
        }
        // What ends at the same instant is one event: starts see all of it.
        loop {
            let Some(job) = processor.end_next() else {
                return Schedule::new(placements);
            };
            if let Some(place) = running[job.index()] {
                placements[place].end = processor.now();
            }
            dispatch.finished(job);
            if !processor.ends_now() {
                break;
            }
        }
    }
}
