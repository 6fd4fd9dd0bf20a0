//! Lower bounds: no schedule that obeys the named rules is shorter.
//!
//! A gap is only as honest as the rules its bound assumes, so every bound names them. All hold in
//! the model of [`crate::simulate`]: a job with `k` threads takes at least `T(k)`, and its
//! processor time is the same at every `k`.
//!
//! The energy bounds are *head–tail* bounds: of the jobs that cannot start before `a` and after
//! whose end at least `b` must still pass, the whole demand for a resource falls between `a` and
//! the end minus `b`. The greatest `a + demand / capacity + b` over all pairs is the preemptive
//! bound of J. Carlier (*The one-machine sequencing problem*, EJOR 11, 1982), here for resources
//! that are shared.

use crate::budget::Budget;
use crate::dispatch::Dispatcher;
use crate::job::{JobGraph, JobId};
use crate::tier::{TierId, TierSet};
use crate::{Cores, Millis};

/// A rule that a schedule must obey for a bound to hold for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A derivation starts after its inputs have ended.
    Precedence,
    /// A job runs with at most the threads that its tier or package allows, and at most the
    /// budget's.
    JobThreads,
    /// Each job by itself fits in the budget's memory, if need be with fewer threads; what does
    /// not fit is left out.
    JobMemory,
    /// All jobs together keep at most the budget's threads busy.
    Threads,
    /// All jobs together hold at most the budget's memory.
    Memory,
    /// At most the tier's number of jobs runs at once.
    TierJobs(TierId),
}

/// How a bound is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BoundKind {
    /// The longest chain of derivations, each as fast as it can be.
    CriticalPath,
    /// Processor time over threads, with heads and tails.
    CoreEnergy,
    /// Memory × time over memory, with heads and tails.
    MemoryEnergy,
    /// Time of one tier's jobs over the number that may run at once, with heads and tails.
    TierEnergy(TierId),
}

/// A lower bound on the makespan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// How it is derived.
    pub kind: BoundKind,
    /// No schedule that obeys [`rules`](Self::rules) is shorter.
    pub value: Millis,
    /// Whether memory leaves some job fewer threads than it could use, or none at all: then the
    /// bound assumes that too.
    pub memory_slows_jobs: bool,
}

impl Bound {
    /// The rules that the bound assumes.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules = vec![Rule::Precedence, Rule::JobThreads];
        if self.memory_slows_jobs {
            rules.push(Rule::JobMemory);
        }
        match self.kind {
            BoundKind::CriticalPath => {}
            BoundKind::CoreEnergy => rules.push(Rule::Threads),
            BoundKind::MemoryEnergy => rules.push(Rule::Memory),
            BoundKind::TierEnergy(tier) => rules.push(Rule::TierJobs(tier)),
        }
        rules
    }
}

/// All bounds of one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LowerBounds {
    bounds: Vec<Bound>,
}

impl LowerBounds {
    /// Bounds on any schedule of the jobs that can run at all. O(t · n) with t thresholds, 40 for
    /// 100,000 jobs and all of them below 2,000.
    pub fn new(jobs: &JobGraph, tiers: &TierSet, budget: &Budget) -> Self {
        let abandoned = {
            let mut abandoned = vec![false; jobs.len()];
            for job in Dispatcher::new(jobs, tiers, *budget).abandoned() {
                abandoned[job.index()] = true;
            }
            abandoned
        };
        // Rounding down keeps a bound a bound.
        let shortest: Vec<Millis> = jobs
            .ids()
            .map(|job| {
                let fits = jobs[job].threads_within(budget.threads, budget.memory);
                match fits {
                    Some(threads) if !abandoned[job.index()] => {
                        Millis(exact_time(jobs, job, threads) as u64)
                    }
                    _ => Millis(0),
                }
            })
            .collect();
        let time = |job: JobId| shortest[job.index()];
        let heads = jobs.heads(time);
        let levels = jobs.bottom_levels(time);
        let runs: Vec<JobId> = jobs.ids().filter(|job| !abandoned[job.index()]).collect();
        let frame = |job: JobId| Framed {
            head: heads[job.index()].0,
            tail: (levels[job.index()] - time(job)).0,
            demand: 0.0,
        };

        let memory_slows_jobs = jobs.ids().any(|job| {
            let most = jobs[job].most_threads().min(budget.threads).max(Cores(1));
            jobs[job].threads_within(budget.threads, budget.memory) != Some(most)
        });
        let mut bounds = vec![Bound {
            kind: BoundKind::CriticalPath,
            value: levels.iter().copied().max().unwrap_or_default(),
            memory_slows_jobs,
        }];
        let mut energy = |kind, capacity: f64, demand: &dyn Fn(JobId) -> f64, of: &[JobId]| {
            let framed = of.iter().map(|&job| Framed {
                demand: demand(job),
                ..frame(job)
            });
            bounds.push(Bound {
                kind,
                value: head_tail(framed.collect(), capacity),
                memory_slows_jobs,
            });
        };
        energy(
            BoundKind::CoreEnergy,
            f64::from(budget.threads.0.max(1)),
            &|job| jobs[job].duration.single_thread.0 as f64 * jobs[job].duration.cpu_share,
            &runs,
        );
        if budget.memory.0 > 0 {
            energy(
                BoundKind::MemoryEnergy,
                budget.memory.0 as f64,
                &|job| least_memory_time(jobs, job, budget),
                &runs,
            );
        }
        for (id, tier) in tiers.iter() {
            let Some(max_jobs) = tier.max_jobs else {
                continue;
            };
            let members: Vec<JobId> = runs
                .iter()
                .copied()
                .filter(|&job| jobs[job].tier == id)
                .collect();
            energy(
                BoundKind::TierEnergy(id),
                f64::from(max_jobs.max(1)),
                &|job| time(job).0 as f64,
                &members,
            );
        }
        Self { bounds }
    }

    /// Every bound: critical path, cores, memory, then the tiers that limit their jobs.
    pub fn all(&self) -> &[Bound] {
        &self.bounds
    }

    /// The greatest bound; the earlier in [`all`](Self::all) where two are equal.
    pub fn best(&self) -> Option<Bound> {
        self.best_under(|_| true)
    }

    /// The greatest bound that assumes only rules that `holds` accepts: with tiers' own limits
    /// left out, it tells what the tiers cost.
    pub fn best_under(&self, holds: impl Fn(Rule) -> bool) -> Option<Bound> {
        self.bounds
            .iter()
            .filter(|bound| bound.rules().iter().all(|&rule| holds(rule)))
            .copied()
            .reduce(|best, bound| {
                if bound.value > best.value {
                    bound
                } else {
                    best
                }
            })
    }
}

/// Unrounded `T(k)` in milliseconds.
fn exact_time(jobs: &JobGraph, job: JobId, threads: Cores) -> f64 {
    let duration = &jobs[job].duration;
    duration.single_thread.0 as f64 * duration.relative(threads)
}

/// The least memory × time over the numbers of threads that fit, in byte-milliseconds. O(1).
///
/// `(b + m·k) · T(1) · ((1 − p) + p/k)` is convex in k, with its minimum at
/// `k² = b·p / (m·(1 − p))`: the whole numbers beside it, or the nearest end, are the least.
fn least_memory_time(jobs: &JobGraph, job: JobId, budget: &Budget) -> f64 {
    let Some(most) = jobs[job].threads_within(budget.threads, budget.memory) else {
        return 0.0; // left out
    };
    let (memory, share) = (jobs[job].memory, jobs[job].duration.parallel_share);
    let (base, per_thread) = (memory.base.0 as f64, memory.per_thread.0 as f64);
    let best = (base * share / (per_thread * (1.0 - share))).sqrt();
    // Not a number, or infinite, where a factor is zero: then the least is at an end.
    let below = if best.is_finite() { best as u32 } else { 1 };
    [1, below, below.saturating_add(1), most.0]
        .into_iter()
        .map(|k| Cores(k.clamp(1, most.0)))
        .map(|k| memory.at(k).0 as f64 * exact_time(jobs, job, k))
        .fold(f64::INFINITY, f64::min)
}

/// A job between what must pass before and after it.
#[derive(Clone, Copy, Debug)]
struct Framed {
    head: u64,
    tail: u64,
    demand: f64,
}

/// The greatest `a + Σ demand / capacity + b` over jobs with `head ≥ a` and `tail ≥ b`.
///
/// Every pair of thresholds gives a valid bound, so for large n a sample of heads suffices.
fn head_tail(mut jobs: Vec<Framed>, capacity: f64) -> Millis {
    const PAIRS: usize = 4_000_000;
    let mut heads: Vec<u64> = jobs.iter().map(|job| job.head).collect();
    heads.sort_unstable();
    heads.dedup();
    let sample = (PAIRS / jobs.len().max(1)).max(1);
    let step = heads.len().div_ceil(sample).max(1);
    jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.tail));
    let best = heads
        .iter()
        .step_by(step)
        .map(|&head| {
            let mut demand = 0.0;
            jobs.iter()
                .filter(|job| job.head >= head)
                .map(|job| {
                    demand += job.demand;
                    head as f64 + demand / capacity + job.tail as f64
                })
                .fold(0.0, f64::max)
        })
        .fold(0.0, f64::max);
    // One part in 2⁴⁰ is far more than the sums can have gained by rounding.
    Millis((best * (1.0 - 2.0_f64.powi(-40))) as u64)
}
