//! What Nix itself would do with its one `max-jobs` and one `cores`: the baseline of every plan.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Cores;
use crate::dispatch::{Dispatch, Start};
use crate::job::{JobGraph, JobId};

/// Nix's own settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NixSettings {
    /// `max-jobs`: builds at once, downloads of sources among them.
    pub max_jobs: u32,
    /// `cores`: what `NIX_BUILD_CORES` says in every build.
    pub cores: Cores,
}

/// Starts jobs as Nix's worker does.
///
/// Up to 2.34 it keeps its goals in a set ordered by the key `b$NAME$PATH`
/// (`DerivationGoal::key` in `libstore/build/derivation-goal.cc`) and wakes them in that order, so
/// whenever a slot is free the alphabetically first ready derivation gets it. It knows no
/// priorities and no memory, and fixed-output derivations take slots as well.
#[derive(Clone, Debug)]
pub struct NixToday<'a> {
    jobs: &'a JobGraph,
    settings: NixSettings,
    /// Position of each job in Nix's order.
    rank: Vec<u32>,
    waiting: Vec<u32>,
    ready: BinaryHeap<Reverse<(u32, JobId)>>,
    running: u32,
}

impl<'a> NixToday<'a> {
    /// `key` gives each job's `NAME$PATH`. `max_jobs` below 1 counts as 1: with 0 Nix would
    /// build nothing at all here.
    pub fn new<K: Ord>(
        jobs: &'a JobGraph,
        settings: NixSettings,
        key: impl Fn(JobId) -> K,
    ) -> Self {
        let mut order: Vec<JobId> = jobs.ids().collect();
        order.sort_by_cached_key(|&job| key(job));
        let mut rank = vec![0; jobs.len()];
        for (position, job) in order.iter().enumerate() {
            rank[job.index()] = position as u32;
        }
        let waiting: Vec<u32> = jobs
            .ids()
            .map(|job| jobs.inputs(job).len() as u32)
            .collect();
        let ready = jobs
            .ids()
            .filter(|job| waiting[job.index()] == 0)
            .map(|job| Reverse((rank[job.index()], job)))
            .collect();
        Self {
            jobs,
            settings,
            rank,
            waiting,
            ready,
            running: 0,
        }
    }
}

impl Dispatch for NixToday<'_> {
    fn next(&mut self) -> Option<Start> {
        if self.running >= self.settings.max_jobs.max(1) {
            return None;
        }
        let Reverse((_, job)) = self.ready.pop()?;
        self.running += 1;
        let parallel = self.jobs[job].duration.parallel_share > 0.0;
        let threads = if parallel {
            self.settings.cores
        } else {
            Cores(1)
        };
        Some(Start {
            job,
            threads,
            memory: self.jobs[job].memory.at(threads),
        })
    }

    fn finished(&mut self, job: JobId) {
        self.running -= 1;
        for &dependent in self.jobs.dependents(job) {
            let waiting = &mut self.waiting[dependent.index()];
            *waiting -= 1;
            if *waiting == 0 {
                self.ready
                    .push(Reverse((self.rank[dependent.index()], dependent)));
            }
        }
    }
}
