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
/// Up to 2.34 it keeps goals in sets ordered by the key `b$NAME.drv$PATH`
/// (`DerivationGoal::key` in `libstore/build/derivation-goal.cc`). When a build ends, the goals
/// that were waiting for a slot are woken in that order before those that have only become ready
/// by it; so the alphabetically first of the former gets the slot. Before the first build, goals
/// are found from the roots downwards, so the first slots go to what lies nearest to a root. It
/// knows no priorities and no memory, and fixed-output derivations take slots as well.
#[derive(Clone, Debug)]
pub struct NixToday<'a> {
    jobs: &'a JobGraph,
    settings: NixSettings,
    /// Position of each job in Nix's order.
    rank: Vec<u32>,
    inputs_left: Vec<u32>,
    /// Ready, and has asked for a slot before.
    waiting: BinaryHeap<Reverse<(u32, JobId)>>,
    /// Ready from the beginning, the nearest to a root last; empty once all slots were taken.
    found: Vec<JobId>,
    /// Ready since the last event.
    fresh: BinaryHeap<Reverse<(u32, JobId)>>,
    running: u32,
}

impl<'a> NixToday<'a> {
    /// `key` gives what Nix sorts each job by: `NAME.drv$PATH`. `max_jobs` below 1 counts as 1:
    /// with 0 Nix would build nothing at all here.
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
        let inputs_left: Vec<u32> = jobs
            .ids()
            .map(|job| jobs.inputs(job).len() as u32)
            .collect();
        let mut depth = vec![u32::MAX; jobs.len()];
        for &job in jobs.topological_order().iter().rev() {
            let below = jobs.dependents(job).iter().map(|d| depth[d.index()] + 1);
            depth[job.index()] = below.min().unwrap_or(0);
        }
        let mut found: Vec<JobId> = jobs
            .ids()
            .filter(|job| inputs_left[job.index()] == 0)
            .collect();
        found.sort_by_key(|job| Reverse((depth[job.index()], rank[job.index()])));
        Self {
            jobs,
            settings,
            rank,
            inputs_left,
            waiting: BinaryHeap::new(),
            found,
            fresh: BinaryHeap::new(),
            running: 0,
        }
    }

    /// The same before its first start, under other settings: the order does not depend on them.
    #[must_use]
    pub fn under(&self, settings: NixSettings) -> Self {
        Self {
            settings,
            ..self.clone()
        }
    }
}

impl Dispatch for NixToday<'_> {
    fn next(&mut self) -> Option<Start> {
        if self.running >= self.settings.max_jobs.max(1) {
            let found = self.found.drain(..);
            self.waiting
                .extend(found.map(|job| Reverse((self.rank[job.index()], job))));
            self.waiting.append(&mut self.fresh);
            return None;
        }
        let ready = |heap: &mut BinaryHeap<Reverse<(u32, JobId)>>| heap.pop().map(|r| r.0.1);
        let job = ready(&mut self.waiting)
            .or_else(|| self.found.pop())
            .or_else(|| ready(&mut self.fresh))?;
        self.running += 1;
        let threads = self.settings.cores.min(self.jobs[job].usable_threads);
        let threads = threads.max(Cores(1));
        Some(Start {
            job,
            threads,
            memory: self.jobs[job].memory.at(threads),
        })
    }

    fn finished(&mut self, job: JobId) {
        self.running -= 1;
        for &dependent in self.jobs.dependents(job) {
            let left = &mut self.inputs_left[dependent.index()];
            *left -= 1;
            if *left == 0 {
                self.fresh
                    .push(Reverse((self.rank[dependent.index()], dependent)));
            }
        }
    }
}
