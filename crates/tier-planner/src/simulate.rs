//! What a dispatcher's decisions come to, if the estimates are right: a fluid simulation.
//!
//! # Model
//! A job started with `k` threads keeps `d = cpu_share · T(1) / T(k)` of them busy on average
//! ([`DurationModel::cpu_demand`](crate::cost::DurationModel::cpu_demand)). While the demands of
//! all running jobs add up to `D ≤ C` threads, everything runs at full speed; beyond that the
//! processor is shared fairly and everything runs at speed `C / D`. (Egalitarian processor
//! sharing; L. Kleinrock, *Time-shared systems*, JACM 14, 1967.) Memory never slows anything
//! down here: a schedule within its budget does not swap.

use crate::cost::DurationModel;
use crate::dispatch::{Dispatch, Start};
use crate::job::{JobGraph, JobId};
use crate::processor::Processor;
use crate::schedule::{Placement, Schedule};
use crate::{Cores, Millis};

/// Runs `dispatch` to its end on a machine with `threads` hardware threads.
///
/// Jobs that the dispatcher never starts are not in the schedule. Cost: O(log n) per job, besides
/// the dispatcher's own.
pub fn simulate(jobs: &JobGraph, threads: Cores, dispatch: &mut impl Dispatch) -> Schedule {
    let mut placements: Vec<Placement> = Vec::with_capacity(jobs.len());
    let mut place = vec![usize::MAX; jobs.len()];
    drive(
        threads,
        dispatch,
        |job| jobs[job].duration,
        |event| match event {
            Event::Started(start, at) => {
                place[start.job.index()] = placements.len();
                placements.push(Placement {
                    job: start.job,
                    start: at,
                    end: Millis(u64::MAX),
                    threads: start.threads,
                    memory: start.memory,
                });
            }
            Event::Ended(job, at) => placements[place[job.index()]].end = at,
        },
    );
    Schedule::new(placements)
}

/// The makespan of what [`simulate`] gives, for less, where each job takes what `duration` says,
/// whatever the dispatcher was told: what its decisions come to if its estimates are wrong.
pub fn makespan(
    threads: Cores,
    dispatch: &mut impl Dispatch,
    duration: impl Fn(JobId) -> DurationModel,
) -> Millis {
    let mut last = Millis(0);
    drive(threads, dispatch, duration, |event| {
        if let Event::Ended(_, at) = event {
            last = at;
        }
    });
    last
}

/// What happens in a simulation, and when.
enum Event {
    Started(Start, Millis),
    Ended(JobId, Millis),
}

fn drive(
    threads: Cores,
    dispatch: &mut impl Dispatch,
    duration: impl Fn(JobId) -> DurationModel,
    mut note: impl FnMut(Event),
) {
    let mut processor = Processor::new(threads);
    loop {
        while let Some(start) = dispatch.next() {
            processor.start(start.job, duration(start.job), start.threads);
            note(Event::Started(start, processor.now()));
        }
        // What ends at the same instant is one event: starts see all of it.
        loop {
            let Some(job) = processor.end_next() else {
                return;
            };
            note(Event::Ended(job, processor.now()));
            dispatch.finished(job);
            if !processor.ends_now() {
                break;
            }
        }
    }
}
