//! Strategies that generate instances, for holding any scheduler to the laws of
//! [`verify`](crate::verify::verify).
//!
//! ```
//! use proptest::prelude::*;
//! use tier_planner::dispatch::Dispatcher;
//! use tier_planner::simulate::simulate;
//! use tier_planner::strategies::instance;
//! use tier_planner::verify::verify;
//!
//! proptest!(|(instance in instance(12))| {
//!     let (jobs, tiers, budget) = (&instance.jobs, &instance.tiers, &instance.budget);
//!     // Put your own scheduler here.
//!     let schedule = simulate(jobs, budget.threads, &mut Dispatcher::new(jobs, tiers, *budget));
//!     prop_assert_eq!(verify(&schedule, jobs, tiers, budget), []);
//! });
//! ```

use proptest::collection::vec;
use proptest::prelude::*;

use crate::budget::Budget;
use crate::cost::{DurationModel, MemoryModel};
use crate::job::{Job, JobGraph, JobId};
use crate::tier::{BuildTier, TierId, TierSet};
use crate::{Bytes, Cores, Millis};

/// A whole problem: what is to do, under which limits.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Jobs and precedence.
    pub jobs: JobGraph,
    /// The tiers that the jobs name.
    pub tiers: TierSet,
    /// The machine.
    pub budget: Budget,
}

/// Problems of up to `most` jobs: any precedence, one to three tiers with and without limits,
/// builds that parallelise well, badly or not at all, downloads, jobs that take no time, and now
/// and then one that does not fit at all.
pub fn instance(most: usize) -> impl Strategy<Value = Instance> {
    (tiers(), budget()).prop_flat_map(move |(tiers, budget)| {
        let job = job(tiers.clone(), budget);
        let jobs = vec(job, 0..=most.max(1));
        (jobs, edges(most)).prop_map(move |(jobs, edges)| {
            let edges = edges
                .into_iter()
                .filter(|(_, after)| after.0 < jobs.len() as u32)
                .collect::<Vec<_>>();
            let jobs = match JobGraph::new(jobs, edges) {
                Ok(jobs) => jobs,
                Err(error) => unreachable!("edges go from smaller to greater ids: {error}"),
            };
            Instance {
                jobs,
                tiers: tiers.clone(),
                budget,
            }
        })
    })
}

/// Edges between jobs below `most`, each from a smaller to a greater id.
pub fn edges(most: usize) -> impl Strategy<Value = Vec<(JobId, JobId)>> {
    let most = most.max(2) as u32;
    let edge = (0..most, 0..most)
        .prop_filter("no job waits for itself", |(a, b)| a != b)
        .prop_map(|(a, b)| (JobId(a.min(b)), JobId(a.max(b))));
    vec(edge, 0..=most as usize * 2)
}

/// One to three tiers.
pub fn tiers() -> impl Strategy<Value = TierSet> {
    let tier = (proptest::option::of(1_u32..4), 1_u32..7, 1_u64..13);
    vec(tier, 1..=3).prop_map(|tiers| {
        TierSet::new(
            tiers
                .into_iter()
                .enumerate()
                .map(|(i, (max_jobs, cores, gb))| BuildTier {
                    name: format!("tier-{i}"),
                    max_jobs,
                    cores: Cores(cores),
                    memory: Bytes::GB.saturating_mul(gb),
                })
                .collect(),
        )
    })
}

/// Small machines: 1–8 threads, 2–32 GB, oversubscribed up to twice.
pub fn budget() -> impl Strategy<Value = Budget> {
    (1_u32..=8, 2_u64..=32, 1.0_f64..=2.0).prop_map(|(threads, gb, oversubscription)| Budget {
        threads: Cores(threads),
        memory: Bytes::GB.saturating_mul(gb),
        oversubscription,
    })
}

/// One job of any of the tiers.
pub fn job(tiers: TierSet, budget: Budget) -> impl Strategy<Value = Job> {
    let time = prop_oneof![1 => Just(0_u64), 8 => 1_u64..60_000, 1 => 60_000_u64..20_000_000];
    let duration = (time, 0.0_f64..=1.0, 0.0_f64..=1.0, 0_u8..5).prop_map(
        |(ms, parallel_share, cpu_share, kind)| match kind {
            0 => DurationModel::serial(Millis(ms)),
            1 => DurationModel::download(Millis(ms)),
            2 => DurationModel {
                single_thread: Millis(ms),
                parallel_share,
                cpu_share,
            },
            _ => DurationModel::parallel(Millis(ms), parallel_share),
        },
    );
    // A fifth more than the machine has: a few jobs fit nowhere.
    let most = budget.memory.0 / 5 * 6;
    let memory =
        (0..=most, 0_u64..=2 * Bytes::GB.0).prop_map(move |(base, per_thread)| MemoryModel {
            base: Bytes(base / 3),
            per_thread: Bytes(per_thread),
        });
    (0..tiers.len() as u16, duration, memory).prop_map(move |(tier, duration, memory)| {
        let tier = TierId(tier);
        Job {
            tier,
            max_threads: tiers[tier].cores,
            usable_threads: if duration.parallel_share > 0.0 {
                Job::UNLIMITED
            } else {
                Cores(1)
            },
            duration,
            memory,
        }
    })
}
