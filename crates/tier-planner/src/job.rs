//! The scheduler's own view of what is to do: jobs with costs, tiers and precedence.
//!
//! It knows nothing of Nix, so that other graphs (a benchmark's instances, a generated one) are
//! scheduled, bounded and verified by the same code.

use std::ops::Index;

use crate::cost::{DurationModel, MemoryModel};
use crate::tier::TierId;
use crate::{Bytes, Cores, Error, Millis};

/// Index of a job in its [`JobGraph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u32);

impl JobId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// One build, as the scheduler sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Job {
    /// The tier whose limits hold for it.
    pub tier: TierId,
    /// The most threads a plan gives it: its tier's cores, or what its package is set to.
    pub max_threads: Cores,
    /// The most threads its build uses whatever it is given: 1 when it does not build in
    /// parallel, the tool's own limit where it has one, [`UNLIMITED`](Self::UNLIMITED) otherwise.
    pub usable_threads: Cores,
    /// How long it takes.
    pub duration: DurationModel,
    /// How much memory it holds.
    pub memory: MemoryModel,
}

impl Job {
    /// For [`usable_threads`](Self::usable_threads): the build takes all it gets.
    pub const UNLIMITED: Cores = Cores(u32::MAX);

    /// The most threads that are of use in a plan: its limit, or the build's own; at least 1.
    pub fn most_threads(&self) -> Cores {
        self.max_threads.min(self.usable_threads).max(Cores(1))
    }
    /// The most threads, up to [`most_threads`](Self::most_threads), `threads` and what `memory`
    /// has room for; `None` when not even one thread fits.
    pub fn threads_within(&self, threads: Cores, memory: Bytes) -> Option<Cores> {
        let most = self.most_threads().min(threads).0.max(1);
        let room = memory.0.checked_sub(self.memory.base.0)?;
        let fitting = match room.checked_div(self.memory.per_thread.0) {
            Some(fitting) => u32::try_from(fitting).unwrap_or(u32::MAX),
            None => most,
        };
        (fitting > 0).then_some(Cores(most.min(fitting)))
    }

    /// Threads that count against a limit on threads when started with `threads`: a download
    /// waits for the network and counts none.
    pub fn counted_threads(&self, threads: Cores) -> Cores {
        if self.duration.is_io_bound() {
            Cores(0)
        } else {
            threads
        }
    }
}

/// Jobs and the order among them: an immutable directed acyclic graph.
///
/// Ids are the positions in which the jobs were given. Wherever two jobs are otherwise equal the
/// smaller id goes first, so give them in an order that does not depend on the machine
/// ([`crate::plan`] uses the order of derivation paths).
#[derive(Clone, Debug)]
pub struct JobGraph {
    jobs: Vec<Job>,
    inputs: Adjacency,
    dependents: Adjacency,
    order: Vec<JobId>,
}

impl JobGraph {
    /// A graph of `jobs` in which, for each `(before, after)` of `edges`, `before` must end before
    /// `after` starts. An edge that is given twice counts once. O(n + e log e).
    ///
    /// # Errors
    /// [`Error::UnknownJob`] for an edge to a job that is not there, [`Error::Cycle`] naming the
    /// jobs of one cycle.
    pub fn new(
        jobs: Vec<Job>,
        edges: impl IntoIterator<Item = (JobId, JobId)>,
    ) -> Result<Self, Error> {
        let mut edges: Vec<(JobId, JobId)> = edges.into_iter().collect();
        if let Some(&(before, after)) = edges
            .iter()
            .find(|(before, after)| before.index().max(after.index()) >= jobs.len())
        {
            return Err(Error::UnknownJob {
                job: before.max(after),
                jobs: jobs.len(),
            });
        }
        edges.sort_unstable();
        edges.dedup();
        let dependents = Adjacency::new(jobs.len(), edges.iter().copied());
        // A counting sort by `after` keeps each list of inputs in ascending order.
        let inputs = Adjacency::new(
            jobs.len(),
            edges.iter().map(|&(before, after)| (after, before)),
        );
        let order =
            topological_order(&inputs, &dependents).map_err(|jobs| Error::Cycle { jobs })?;
        Ok(Self {
            jobs,
            inputs,
            dependents,
            order,
        })
    }

    /// The same jobs with every edge turned round: what comes last comes first. O(n + e).
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            inputs: self.dependents.clone(),
            dependents: self.inputs.clone(),
            order: self.order.iter().rev().copied().collect(),
        }
    }

    /// Number of jobs.
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Every id, ascending.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = JobId> + ExactSizeIterator + use<> {
        (0..self.jobs.len() as u32).map(JobId)
    }

    /// The jobs that must end before `job` starts, ascending.
    pub fn inputs(&self, job: JobId) -> &[JobId] {
        self.inputs.of(job)
    }

    /// The jobs that wait for `job`, ascending.
    pub fn dependents(&self, job: JobId) -> &[JobId] {
        self.dependents.of(job)
    }

    /// Every job after all of its inputs.
    pub fn topological_order(&self) -> &[JobId] {
        &self.order
    }

    /// For each job, the longest chain of `time` from its start to the end of everything that
    /// waits for it (*bottom level*, or tail including the job itself). O(n + e).
    pub fn bottom_levels(&self, time: impl Fn(JobId) -> Millis) -> Vec<Millis> {
        let mut level = vec![Millis(0); self.len()];
        for &job in self.order.iter().rev() {
            let tail = self.dependents(job).iter().map(|d| level[d.index()]).max();
            level[job.index()] = time(job) + tail.unwrap_or_default();
        }
        level
    }

    /// For each job, the longest chain of `time` that must pass before it can start (*head*).
    /// O(n + e).
    pub fn heads(&self, time: impl Fn(JobId) -> Millis) -> Vec<Millis> {
        let mut head = vec![Millis(0); self.len()];
        for &job in &self.order {
            let before = self
                .inputs(job)
                .iter()
                .map(|&input| head[input.index()] + time(input))
                .max();
            head[job.index()] = before.unwrap_or_default();
        }
        head
    }

    /// A longest chain under `time`, first job first; the smallest ids where several are equally
    /// long. O(n + e).
    pub fn critical_path(&self, time: impl Fn(JobId) -> Millis) -> Vec<JobId> {
        let level = self.bottom_levels(time);
        let longest = |jobs: &mut dyn Iterator<Item = JobId>| {
            jobs.max_by_key(|&job| (level[job.index()], std::cmp::Reverse(job)))
        };
        let mut path = Vec::new();
        let mut next = longest(&mut self.ids().filter(|&job| self.inputs(job).is_empty()));
        while let Some(job) = next {
            path.push(job);
            next = longest(&mut self.dependents(job).iter().copied());
        }
        path
    }
}

impl Index<JobId> for JobGraph {
    type Output = Job;
    fn index(&self, id: JobId) -> &Job {
        &self.jobs[id.index()]
    }
}

/// Neighbour lists of all jobs in one vector.
#[derive(Clone, Debug)]
struct Adjacency {
    starts: Vec<u32>,
    neighbours: Vec<JobId>,
}

impl Adjacency {
    fn new(jobs: usize, pairs: impl Iterator<Item = (JobId, JobId)> + Clone) -> Self {
        let mut starts = vec![0_u32; jobs + 1];
        for (from, _) in pairs.clone() {
            starts[from.index() + 1] += 1;
        }
        for i in 0..jobs {
            starts[i + 1] += starts[i];
        }
        let mut neighbours = vec![JobId(0); starts[jobs] as usize];
        let mut next = starts.clone();
        for (from, to) in pairs {
            let slot = &mut next[from.index()];
            neighbours[*slot as usize] = to;
            *slot += 1;
        }
        Self { starts, neighbours }
    }

    fn of(&self, job: JobId) -> &[JobId] {
        let i = job.index();
        &self.neighbours[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

/// Kahn's algorithm; the jobs of one cycle where there is one.
fn topological_order(inputs: &Adjacency, dependents: &Adjacency) -> Result<Vec<JobId>, Vec<JobId>> {
    let jobs = inputs.starts.len() - 1;
    let all = || (0..jobs as u32).map(JobId);
    let mut waiting: Vec<u32> = all().map(|job| inputs.of(job).len() as u32).collect();
    let mut order: Vec<JobId> = all().filter(|job| waiting[job.index()] == 0).collect();
    let mut done = 0;
    while done < order.len() {
        for &dependent in dependents.of(order[done]) {
            waiting[dependent.index()] -= 1;
            if waiting[dependent.index()] == 0 {
                order.push(dependent);
            }
        }
        done += 1;
    }
    if order.len() == jobs {
        return Ok(order);
    }
    // Every job that is left has an input that is left: walking inputs must come back.
    let left = |job: &JobId| waiting[job.index()] > 0;
    let mut walk: Vec<JobId> = all().filter(left).take(1).collect();
    loop {
        let last = walk[walk.len() - 1];
        let Some(&input) = inputs.of(last).iter().find(|job| left(job)) else {
            return Err(walk);
        };
        if let Some(first) = walk.iter().position(|&job| job == input) {
            let mut cycle = walk.split_off(first);
            cycle.reverse();
            let smallest = cycle.iter().min().copied();
            let first = cycle.iter().position(|&job| Some(job) == smallest);
            cycle.rotate_left(first.unwrap_or_default());
            return Err(cycle);
        }
        walk.push(input);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(ms: u64) -> Job {
        Job {
            tier: TierId(0),
            max_threads: Cores(1),
            usable_threads: Job::UNLIMITED,
            duration: DurationModel::serial(Millis(ms)),
            memory: MemoryModel::default(),
        }
    }

    fn graph(times: &[u64], edges: &[(u32, u32)]) -> Result<JobGraph, Error> {
        JobGraph::new(
            times.iter().map(|&ms| job(ms)).collect(),
            edges.iter().map(|&(a, b)| (JobId(a), JobId(b))),
        )
    }

    #[test]
    fn levels_and_critical_path_of_a_diamond() {
        let g = graph(&[5, 1, 9, 2], &[(0, 1), (0, 2), (1, 3), (2, 3), (2, 3)]).unwrap();
        let time = |job| g[job].duration.single_thread;
        assert_eq!(g.bottom_levels(time), [16, 3, 11, 2].map(Millis));
        assert_eq!(g.heads(time), [0, 5, 5, 14].map(Millis));
        assert_eq!(g.critical_path(time), [0, 2, 3].map(JobId));
        assert_eq!(g.inputs(JobId(3)), [1, 2].map(JobId));
    }

    #[test]
    fn a_cycle_is_named_without_what_hangs_below_it() {
        let error = graph(&[1; 5], &[(0, 1), (1, 2), (2, 1), (2, 3), (3, 4)]).unwrap_err();
        assert_eq!(error.to_string(), "jobs 1 → 2 → 1 wait for each other");
        let error = graph(&[1; 2], &[(1, 1)]).unwrap_err();
        assert_eq!(error.to_string(), "job 1 waits for itself");
    }

    #[test]
    fn an_edge_to_nowhere_is_refused() {
        let error = graph(&[1; 2], &[(0, 7)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "an edge names job 7, but there are only 2 jobs"
        );
    }

    #[test]
    fn threads_are_lowered_to_what_fits() {
        let mut heavy = job(1);
        heavy.max_threads = Cores(6);
        heavy.memory = MemoryModel {
            base: Bytes::GB,
            per_thread: Bytes::from_gb(2.5),
        };
        let fits = |threads, gb| heavy.threads_within(Cores(threads), Bytes::from_gb(gb));
        assert_eq!(fits(7, 16.0), Some(Cores(6)));
        assert_eq!(fits(4, 16.0), Some(Cores(4)));
        assert_eq!(fits(7, 15.9), Some(Cores(5)));
        assert_eq!(fits(7, 3.4), None);
        assert_eq!(fits(7, 0.5), None);
    }
}
