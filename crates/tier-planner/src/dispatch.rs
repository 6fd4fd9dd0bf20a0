//! The dispatcher: which jobs start now.
//!
//! A pure state machine. Events go in ([`Dispatcher::finished`], [`Dispatcher::failed`],
//! [`Dispatcher::set_memory`]), starts come out ([`Dispatch::next`]); it has no clock, runs
//! nothing, and decides the same for the same events. The simulator drives it with estimated
//! times, a live run with what really happens.
//!
//! # Order
//! Ready jobs go by *bottom level* (the longest chain of work that waits for them), the classical
//! priority of list scheduling on precedence graphs (T. C. Hu, *Parallel sequencing and assembly
//! line problems*, Operations Research 9, 1961), in one queue per tier.
//!
//! # Limits
//! Memory and each tier's jobs are hard limits, threads a soft one (see
//! [`Budget::oversubscription`]). With nothing running, a job is started whatever the threads say.
//!
//! # Starvation
//! When the first job in order does not fit, jobs behind it may run, but only beside it: what
//! starts from then on must leave room for it among themselves: memory, threads, a job of its
//! tier, and a processor that is not saturated. So it starts at the latest when everything that
//! ran when it was held up has ended, however many small jobs arrive.
//! [`Dispatcher::held_up`] tells which job that is.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::budget::Budget;
use crate::job::{JobGraph, JobId};
use crate::processor::{MICRO, demand};
use crate::tier::{TierId, TierSet};
use crate::{Bytes, Cores, Millis};

/// A decision to start a job now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Which job.
    pub job: JobId,
    /// `--cores` to start it with.
    pub threads: Cores,
    /// Memory reserved for it until it ends.
    pub memory: Bytes,
}

/// Something that decides what starts, driven by what ends.
///
/// A driver (the simulator, a live run) calls [`next`](Self::next) until it gives `None`, then
/// waits for an event, and so on.
pub trait Dispatch {
    /// The next job to start at this moment, if any may start.
    fn next(&mut self) -> Option<Start>;

    /// A job has ended well: what it held is free, what waited for it alone is ready.
    fn finished(&mut self, job: JobId);
}

/// Priority in a ready queue: the longest tail first, then the smallest id.
type Queued = (Millis, Reverse<JobId>);

/// What a dispatcher is told about each job, besides the hard limits: where a search looks for
/// better schedules.
#[derive(Clone, Debug, PartialEq)]
pub struct Orders {
    /// By job: the greatest goes first.
    pub priority: Vec<Millis>,
    /// By job: the most threads to start it with, at most what its tier and the budget allow.
    pub max_threads: Vec<Cores>,
    /// Nothing more is started while the running builds keep at least this multiple of the
    /// budget's threads busy on average: from 1 on, further builds only slow those that run.
    pub saturation: f64,
}

impl Orders {
    /// [`saturation`](Self::saturation) where nothing is known better.
    pub const SATURATION: f64 = 1.0;

    /// Priority by bottom level, all threads that the limits allow. O(n + e).
    pub fn new(jobs: &JobGraph, budget: &Budget) -> Self {
        Self {
            priority: jobs.bottom_levels(|job| nominal_time(jobs, job, budget)),
            max_threads: vec![budget.threads; jobs.len()],
            saturation: Self::SATURATION,
        }
    }
}

/// What a job is started with, and what it then holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Shape {
    threads: Cores,
    needs: Held,
}

/// What a job holds while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    memory: Bytes,
    threads: Cores,
    /// Threads kept busy on average, in millionths.
    busy: u64,
}

impl Held {
    fn add(&mut self, more: Self) {
        self.memory = self.memory + more.memory;
        self.threads.0 += more.threads.0;
        self.busy += more.busy;
    }

    fn remove(&mut self, less: Self) {
        self.memory = self.memory - less.memory;
        self.threads.0 -= less.threads.0;
        self.busy -= less.busy;
    }
}

/// A job that was first in order and did not fit.
#[derive(Clone, Copy, Debug)]
struct HeldUp {
    job: JobId,
    needs: Held,
    /// Sum over the jobs that were started since, and still run.
    beside: Held,
    /// Starts with this sequence number or a later one are counted in `beside`.
    since: u32,
}

/// State of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting {
        inputs: u32,
    },
    Ready,
    Running {
        held: Held,
        sequence: u32,
    },
    Done,
    /// Cannot run: too large for the budget, or it or something it needs has failed.
    Abandoned,
}

/// Ready jobs of one tier and its use.
#[derive(Clone, Debug)]
struct TierQueue {
    ready: BinaryHeap<Queued>,
    running: u32,
    max_jobs: u32,
    /// No job of this tier needs less than this: below it, not even the queue is looked at.
    least: Held,
}

/// Hands out ready jobs by bottom level within a budget and the tiers' limits.
#[derive(Clone, Debug)]
pub struct Dispatcher<'a> {
    jobs: &'a JobGraph,
    budget: Budget,
    thread_limit: Cores,
    shapes: Vec<Shape>,
    orders: Cow<'a, Orders>,
    /// Millionths of a busy thread from which on nothing more is started.
    saturation: u64,
    state: Vec<State>,
    queues: Vec<TierQueue>,
    used: Held,
    running: u32,
    sequence: u32,
    held_up: Option<HeldUp>,
}

impl<'a> Dispatcher<'a> {
    /// At most so many jobs that do not fit are passed over in one search for one that does; a
    /// bound on the cost of an event, never reached on real graphs with sane tiers.
    const PROBES: usize = 64;

    /// A dispatcher before its first start. O(n log n + e).
    ///
    /// Jobs that do not fit into the budget's memory even with one thread, and what depends on
    /// them, are abandoned from the start: see [`abandoned`](Self::abandoned).
    ///
    /// # Panics
    /// If a job is of a tier that `tiers` does not have.
    pub fn new(jobs: &'a JobGraph, tiers: &TierSet, budget: Budget) -> Self {
        Self::start_with(jobs, tiers, budget, Cow::Owned(Orders::new(jobs, &budget)))
    }

    /// As [`new`](Self::new) with orders of the caller's own. This is where a search plugs in.
    ///
    /// # Panics
    /// If `orders` are for another number of jobs.
    pub fn with_orders(
        jobs: &'a JobGraph,
        tiers: &TierSet,
        budget: Budget,
        orders: &'a Orders,
    ) -> Self {
        Self::start_with(jobs, tiers, budget, Cow::Borrowed(orders))
    }

    fn start_with(
        jobs: &'a JobGraph,
        tiers: &TierSet,
        budget: Budget,
        orders: Cow<'a, Orders>,
    ) -> Self {
        let queues = tiers
            .iter()
            .map(|(_, tier)| TierQueue {
                ready: BinaryHeap::new(),
                running: 0,
                max_jobs: tier.max_jobs.unwrap_or(u32::MAX).max(1),
                least: Held {
                    memory: Bytes(u64::MAX),
                    threads: Cores(u32::MAX),
                    busy: u64::MAX,
                },
            })
            .collect();
        let mut dispatcher = Self {
            jobs,
            budget,
            thread_limit: budget.thread_limit(),
            shapes: vec![Shape::default(); jobs.len()],
            saturation: (f64::from(budget.threads.0) * orders.saturation * MICRO) as u64,
            orders,
            state: Vec::with_capacity(jobs.len()),
            queues,
            used: Held::default(),
            running: 0,
            sequence: 0,
            held_up: None,
        };
        for job in jobs.ids() {
            let inputs = jobs.inputs(job).len() as u32;
            dispatcher.state.push(State::Waiting { inputs });
        }
        for job in jobs.ids() {
            if dispatcher.shape(job) {
                let needs = dispatcher.needs(job);
                let least = &mut dispatcher.queue(jobs[job].tier).least;
                least.memory = least.memory.min(needs.memory);
                least.threads = least.threads.min(needs.threads);
            } else {
                dispatcher.abandon(job);
            }
        }
        for job in jobs.ids() {
            if dispatcher.state[job.index()] == (State::Waiting { inputs: 0 }) {
                dispatcher.make_ready(job);
            }
        }
        dispatcher
    }

    /// Decides what `job` is started with, and tells whether that fits the budget's memory at all.
    fn shape(&mut self, job: JobId) -> bool {
        let most = self.orders.max_threads[job.index()].min(self.budget.threads);
        let fitting = self.jobs[job].threads_within(most, self.budget.memory);
        let threads = fitting.unwrap_or(Cores(1));
        let counted = self.jobs[job].counted_threads(threads);
        self.shapes[job.index()] = Shape {
            threads,
            needs: Held {
                memory: self.jobs[job].memory.at(threads),
                threads: counted,
                busy: match counted {
                    Cores(0) => 0,
                    _ => demand(self.jobs[job].duration, threads),
                },
            },
        };
        fitting.is_some()
    }

    /// A job has failed: what it held is free, and everything that needs it is abandoned.
    /// Returns the abandoned jobs, ascending, itself included; none if `job` was not running.
    pub fn failed(&mut self, job: JobId) -> Vec<JobId> {
        if !matches!(self.state[job.index()], State::Running { .. }) {
            return Vec::new();
        }
        self.release(job);
        self.abandon(job)
    }

    /// The memory for builds is another from now on (the desktop took some, a job's estimate was
    /// wrong). What runs goes on; what starts has as many threads as fit now. A job of which not
    /// even one thread fits starts only alone, so that the plan still ends. What was abandoned
    /// stays so. O(n).
    pub fn set_memory(&mut self, memory: Bytes) {
        self.budget.memory = memory;
        for job in self.jobs.ids() {
            if matches!(
                self.state[job.index()],
                State::Waiting { .. } | State::Ready
            ) {
                self.shape(job);
            }
        }
        if let Some(mut held_up) = self.held_up {
            held_up.needs = self.needs(held_up.job);
            self.held_up = Some(held_up);
        }
        for queue in &mut self.queues {
            queue.least = Held::default();
        }
    }

    /// The job that is first in order and waits for room, if any.
    pub fn held_up(&self) -> Option<JobId> {
        self.held_up.map(|held_up| held_up.job)
    }

    /// Jobs that will never start, ascending.
    pub fn abandoned(&self) -> impl Iterator<Item = JobId> + '_ {
        self.jobs
            .ids()
            .filter(|job| self.state[job.index()] == State::Abandoned)
    }

    /// Whether every job has ended or was abandoned.
    pub fn is_done(&self) -> bool {
        self.state
            .iter()
            .all(|state| matches!(state, State::Done | State::Abandoned))
    }

    fn queue(&mut self, tier: TierId) -> &mut TierQueue {
        &mut self.queues[usize::from(tier.0)]
    }

    fn make_ready(&mut self, job: JobId) {
        self.state[job.index()] = State::Ready;
        let queued = (self.orders.priority[job.index()], Reverse(job));
        self.queue(self.jobs[job].tier).ready.push(queued);
    }

    fn abandon(&mut self, job: JobId) -> Vec<JobId> {
        let mut abandoned = Vec::new();
        let mut stack = vec![job];
        while let Some(job) = stack.pop() {
            if self.state[job.index()] != State::Abandoned {
                self.state[job.index()] = State::Abandoned;
                abandoned.push(job);
                stack.extend(self.jobs.dependents(job));
            }
        }
        abandoned.sort_unstable();
        abandoned
    }

    fn release(&mut self, job: JobId) {
        let State::Running { held, sequence } = self.state[job.index()] else {
            return;
        };
        self.state[job.index()] = State::Done;
        self.queue(self.jobs[job].tier).running -= 1;
        self.running -= 1;
        self.used.remove(held);
        if let Some(held_up) = &mut self.held_up
            && sequence >= held_up.since
        {
            held_up.beside.remove(held);
        }
    }

    /// What `job` holds, as the limits count it.
    fn needs(&self, job: JobId) -> Held {
        self.shapes[job.index()].needs
    }

    /// Whether `more` fits beside `held`.
    fn fits(&self, held: Held, more: Held) -> bool {
        held.memory + more.memory <= self.budget.memory
            && held.threads.0.saturating_add(more.threads.0) <= self.thread_limit.0
    }

    fn may_start(&self, job: JobId) -> bool {
        let needs = self.needs(job);
        let held_up = self.held_up.filter(|held_up| held_up.job != job);
        let room = self.running == 0
            || (self.fits(self.used, needs) && self.is_free_for(needs, self.used));
        room && held_up.is_none_or(|held_up| self.leaves_room(job, needs, &held_up))
    }

    /// Whether the processor is not saturated by `used`, or `needs` next to none of it.
    fn is_free_for(&self, needs: Held, used: Held) -> bool {
        needs.threads == Cores(0) || used.busy < self.saturation
    }

    /// Whether `held_up` can still start once all that ran before it was held up has ended.
    fn leaves_room(&self, job: JobId, needs: Held, held_up: &HeldUp) -> bool {
        let mut beside = held_up.beside;
        beside.add(needs);
        let tier = self.jobs[job].tier;
        let queue = &self.queues[usize::from(tier.0)];
        let keeps_slot = tier != self.jobs[held_up.job].tier || queue.running + 1 < queue.max_jobs;
        keeps_slot && self.fits(beside, held_up.needs) && self.is_free_for(held_up.needs, beside)
    }

    /// Of the tiers that have a job to give away and that `admits` lets through, the one whose
    /// first ready job goes before the first ready jobs of the others.
    fn first_tier(&self, admits: impl Fn(&TierQueue) -> bool) -> Option<usize> {
        self.queues
            .iter()
            .enumerate()
            .filter(|(_, queue)| queue.running < queue.max_jobs && admits(queue))
            .filter_map(|(tier, queue)| queue.ready.peek().map(|&first| (first, tier)))
            .max()
            .map(|(_, tier)| tier)
    }

    /// The first job in order that may start, if any; notes the very first if it may not.
    fn choose(&mut self) -> Option<JobId> {
        match self.held_up {
            Some(held_up) if self.may_start(held_up.job) => return Some(held_up.job),
            Some(_) => {}
            None => {
                let tier = self.first_tier(|_| true)?;
                let &(_, Reverse(job)) = self.queues[tier].ready.peek()?;
                if self.may_start(job) {
                    self.queues[tier].ready.pop();
                    return Some(job);
                }
                if self.fits(self.used, self.needs(job)) {
                    // Only the processor is saturated: for all that counts threads.
                    return self.first_fitting();
                }
                // It waits outside its queue, first in line whatever becomes ready meanwhile.
                self.queues[tier].ready.pop();
                self.held_up = Some(HeldUp {
                    job,
                    needs: self.needs(job),
                    beside: Held::default(),
                    since: self.sequence + 1,
                });
            }
        }
        self.first_fitting()
    }

    /// The first job in order that may start beside the one that is held up.
    fn first_fitting(&mut self) -> Option<JobId> {
        let saturated = self.used.busy >= self.saturation;
        let mut passed_over: Vec<(usize, Queued)> = Vec::new();
        let mut chosen = None;
        while passed_over.len() < Self::PROBES
            && let Some(tier) = self.first_tier(|queue| {
                self.fits(self.used, queue.least) && (!saturated || queue.least.threads == Cores(0))
            })
            && let Some(queued) = self.queues[tier].ready.pop()
        {
            if self.may_start(queued.1.0) {
                chosen = Some(queued.1.0);
                break;
            }
            passed_over.push((tier, queued));
        }
        for (tier, queued) in passed_over {
            self.queues[tier].ready.push(queued);
        }
        chosen
    }

    fn start(&mut self, job: JobId) -> Start {
        let held = self.needs(job);
        self.sequence += 1;
        self.state[job.index()] = State::Running {
            held,
            sequence: self.sequence,
        };
        self.queue(self.jobs[job].tier).running += 1;
        self.running += 1;
        self.used.add(held);
        match &mut self.held_up {
            Some(held_up) if held_up.job == job => self.held_up = None,
            Some(held_up) => held_up.beside.add(held),
            None => {}
        }
        let shape = self.shapes[job.index()];
        Start {
            job,
            threads: shape.threads,
            memory: shape.needs.memory,
        }
    }
}

impl Dispatch for Dispatcher<'_> {
    fn next(&mut self) -> Option<Start> {
        self.choose().map(|job| self.start(job))
    }

    /// As in [`Dispatch`]; nothing happens if `job` was not running.
    fn finished(&mut self, job: JobId) {
        if !matches!(self.state[job.index()], State::Running { .. }) {
            return;
        }
        self.release(job);
        for &dependent in self.jobs.dependents(job) {
            if let State::Waiting { inputs } = &mut self.state[dependent.index()] {
                *inputs -= 1;
                if *inputs == 0 {
                    self.make_ready(dependent);
                }
            }
        }
    }
}

/// The time a job takes with the threads it will be given and no contention; zero for one that
/// cannot run.
pub(crate) fn nominal_time(jobs: &JobGraph, job: JobId, budget: &Budget) -> Millis {
    jobs[job]
        .threads_within(budget.threads, budget.memory)
        .map_or(Millis(0), |threads| jobs[job].duration.at(threads))
}
