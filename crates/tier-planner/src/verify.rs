//! The laws of a schedule, as a function: use it to hold any scheduler to them.

use std::fmt;

use crate::budget::Budget;
use crate::dispatch::Dispatcher;
use crate::job::{JobGraph, JobId};
use crate::processor::{MICRO, demand};
use crate::schedule::{Placement, Schedule};
use crate::tier::{TierId, TierSet};
use crate::{Bytes, Cores, Millis};

/// A law that a schedule breaks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A placement names a job that is not in the graph.
    UnknownJob(JobId),
    /// A job is of a tier that is not among the tiers.
    UnknownTier(JobId),
    /// A job ends before it starts.
    EndsBeforeStart(JobId),
    /// A job that could run is not in the schedule.
    Missing(JobId),
    /// A job is in the schedule more than once.
    Twice(JobId),
    /// A job is in the schedule that can never fit, or that needs one that can never fit.
    CannotRun(JobId),
    /// A job starts before one of its inputs has ended.
    Precedence {
        /// The input.
        before: JobId,
        /// The job that starts too early.
        after: JobId,
    },
    /// A job has no thread, or more than it can use or the budget has.
    JobThreads {
        /// The job.
        job: JobId,
        /// What it was started with.
        threads: Cores,
    },
    /// Less memory is reserved than the job needs at its number of threads.
    JobMemory {
        /// The job.
        job: JobId,
        /// What was reserved.
        reserved: Bytes,
        /// What it needs.
        needs: Bytes,
    },
    /// More memory is in use than the budget has.
    Memory {
        /// The first instant of the excess.
        at: Millis,
        /// What is in use.
        used: Bytes,
    },
    /// Running jobs were started with more threads than the soft limit allows.
    Threads {
        /// The first instant of the excess.
        at: Millis,
        /// The sum over running jobs.
        used: Cores,
    },
    /// More jobs of a tier run than it allows.
    TierJobs {
        /// The tier.
        tier: TierId,
        /// The first instant of the excess.
        at: Millis,
        /// How many run.
        jobs: u32,
    },
    /// A job ends before a processor that is shared fairly among all placements (each keeps its
    /// threads busy as long as it lasts) has done its work.
    TooFast {
        /// The job.
        job: JobId,
        /// How much longer it would take alone, beyond what the rounding of instants explains.
        short: Millis,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownJob(job) => write!(f, "job {} is not in the graph", job.0),
            Self::UnknownTier(job) => write!(f, "the tier of job {} is unknown", job.0),
            Self::EndsBeforeStart(job) => write!(f, "job {} ends before it starts", job.0),
            Self::Missing(job) => write!(f, "job {} is not scheduled", job.0),
            Self::Twice(job) => write!(f, "job {} is scheduled twice", job.0),
            Self::CannotRun(job) => write!(f, "job {} is scheduled but cannot run", job.0),
            Self::Precedence { before, after } => {
                write!(
                    f,
                    "job {} starts before its input {} ends",
                    after.0, before.0
                )
            }
            Self::JobThreads { job, threads } => {
                write!(f, "job {} cannot be started with {threads} threads", job.0)
            }
            Self::JobMemory {
                job,
                reserved,
                needs,
            } => write!(f, "job {} needs {needs}, but {reserved} is reserved", job.0),
            Self::Memory { at, used } => write!(f, "at {at}, {used} of memory is in use"),
            Self::Threads { at, used } => write!(f, "at {at}, {used} threads are in use"),
            Self::TierJobs { tier, at, jobs } => {
                write!(f, "at {at}, {jobs} jobs of tier {} run", tier.0)
            }
            Self::TooFast { job, short } => {
                write!(f, "job {} ends with {short} of its work undone", job.0)
            }
        }
    }
}

/// Every law that `schedule` breaks; none for what [`Dispatcher`] makes. O(n log n + e).
///
/// Of a limit that is exceeded, the first instant of each stretch of excess is named.
pub fn verify(
    schedule: &Schedule,
    jobs: &JobGraph,
    tiers: &TierSet,
    budget: &Budget,
) -> Vec<Violation> {
    let unknown = |job: &JobId| usize::from(jobs[*job].tier.0) >= tiers.len();
    let mut violations: Vec<Violation> = jobs
        .ids()
        .filter(unknown)
        .map(Violation::UnknownTier)
        .collect();
    let mut place: Vec<Option<&Placement>> = vec![None; jobs.len()];
    for placement in schedule.placements() {
        if placement.end < placement.start {
            violations.push(Violation::EndsBeforeStart(placement.job));
        }
        match place.get_mut(placement.job.index()) {
            None => violations.push(Violation::UnknownJob(placement.job)),
            Some(Some(_)) => violations.push(Violation::Twice(placement.job)),
            Some(place) => *place = Some(placement),
        }
    }
    if !violations.is_empty() {
        return violations; // nothing below would make sense
    }
    check_jobs(&place, jobs, tiers, budget, &mut violations);
    check_limits(schedule, jobs, tiers, budget, &mut violations);
    check_speed(schedule, jobs, budget, &mut violations);
    violations
}

fn check_jobs(
    place: &[Option<&Placement>],
    jobs: &JobGraph,
    tiers: &TierSet,
    budget: &Budget,
    violations: &mut Vec<Violation>,
) {
    let mut can_run = vec![true; jobs.len()];
    for job in Dispatcher::new(jobs, tiers, *budget).abandoned() {
        can_run[job.index()] = false;
    }
    for job in jobs.ids() {
        let Some(placement) = place[job.index()] else {
            if can_run[job.index()] {
                violations.push(Violation::Missing(job));
            }
            continue;
        };
        if !can_run[job.index()] {
            violations.push(Violation::CannotRun(job));
        }
        for &input in jobs.inputs(job) {
            if place[input.index()].is_some_and(|before| before.end > placement.start) {
                violations.push(Violation::Precedence {
                    before: input,
                    after: job,
                });
            }
        }
        let threads = placement.threads;
        let most = jobs[job].most_threads().min(budget.threads).max(Cores(1));
        if threads.0 == 0 || threads > most {
            violations.push(Violation::JobThreads { job, threads });
        }
        let needs = jobs[job].memory.at(threads);
        if placement.memory < needs {
            violations.push(Violation::JobMemory {
                job,
                reserved: placement.memory,
                needs,
            });
        }
    }
}

fn check_limits(
    schedule: &Schedule,
    jobs: &JobGraph,
    tiers: &TierSet,
    budget: &Budget,
    violations: &mut Vec<Violation>,
) {
    let usage = schedule.usage(jobs);
    let mut over_memory = false;
    let mut over_threads = false;
    for now in &usage {
        let over = now.memory > budget.memory;
        if over && !over_memory {
            violations.push(Violation::Memory {
                at: now.from,
                used: now.memory,
            });
        }
        over_memory = over;
        let over = now.threads > budget.thread_limit();
        if over && !over_threads {
            violations.push(Violation::Threads {
                at: now.from,
                used: now.threads,
            });
        }
        over_threads = over;
    }
    for (id, tier) in tiers.iter() {
        let Some(max_jobs) = tier.max_jobs else {
            continue;
        };
        let members = schedule
            .placements()
            .iter()
            .filter(|placement| jobs[placement.job].tier == id)
            .copied()
            .collect();
        let mut over_jobs = false;
        for now in Schedule::new(members).usage(jobs) {
            let over = now.jobs > max_jobs.max(1);
            if over && !over_jobs {
                violations.push(Violation::TierJobs {
                    tier: id,
                    at: now.from,
                    jobs: now.jobs,
                });
            }
            over_jobs = over;
        }
    }
}

/// Holds every job's progress on a fairly shared processor against its work.
fn check_speed(
    schedule: &Schedule,
    jobs: &JobGraph,
    budget: &Budget,
    violations: &mut Vec<Violation>,
) {
    let demand_of = |placement: &Placement| {
        demand(jobs[placement.job].duration, placement.threads).cast_signed()
    };
    let mut changes: Vec<(Millis, i64)> = schedule
        .placements()
        .iter()
        .flat_map(|placed| {
            [
                (placed.start, demand_of(placed)),
                (placed.end, -demand_of(placed)),
            ]
        })
        .collect();
    changes.sort_unstable();
    // What a job that ran from the beginning would have progressed at each change, in ms.
    let capacity = f64::from(budget.threads.0.max(1)) * MICRO;
    let mut progress = Vec::with_capacity(changes.len());
    let (mut now, mut sum, mut busy) = (Millis(0), 0.0, 0_i64);
    let mut instants = Vec::with_capacity(changes.len());
    for &(at, change) in &changes {
        let speed = (capacity / busy.max(1) as f64).min(1.0);
        sum += (at - now).0 as f64 * speed;
        progress.push(sum);
        let instant = instants.last().map_or(0, |&i: &u64| i) + u64::from(at > now);
        instants.push(instant);
        busy += change;
        now = at;
    }
    for placement in schedule.placements() {
        let first = changes.partition_point(|&(at, _)| at < placement.start);
        let last = changes.partition_point(|&(at, _)| at < placement.end);
        let (Some(from), Some(to)) = (progress.get(first), progress.get(last)) else {
            continue; // both of its own changes are in the list
        };
        let duration = &jobs[placement.job].duration;
        let needs = duration.single_thread.0 as f64 * duration.relative(placement.threads);
        // Instants are rounded to the millisecond, and each instant of change during the job
        // moves its progress by at most that.
        let rounding = (instants[last] - instants[first] + 2) as f64;
        let short = needs - (to - from) - rounding;
        if short > 0.0 {
            violations.push(Violation::TooFast {
                job: placement.job,
                short: Millis(short.ceil() as u64),
            });
        }
    }
}
