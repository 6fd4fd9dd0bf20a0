//! Search for better orders than bottom levels give.
//!
//! List scheduling by bottom level is fast and seldom far off, but blind to what a decision
//! costs: a link that holds 16 GB keeps the next one of 15 GB waiting, and six threads for a job
//! that has all afternoon slow down the one that everything waits for. The search tries other
//! orders in the simulator and keeps what shortens the plan:
//!
//! 1. other degrees of [saturation](crate::dispatch::Orders::saturation);
//! 2. simulated annealing (S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, *Optimization by simulated
//!    annealing*, Science 220, 1983), whose moves give one of the largest jobs another number of
//!    threads, or a greater or smaller weight in its bottom level, which moves all that leads to
//!    it along.
//!
//! Effort is counted in evaluations, not seconds, and the generator is seeded from the instance,
//! so that the same input gives the same plan on every machine.

use std::cmp::Reverse;

use crate::bounds::LowerBounds;
use crate::budget::Budget;
use crate::dispatch::{Dispatcher, Orders};
use crate::job::{JobGraph, JobId};
use crate::random::Random;
use crate::schedule::Schedule;
use crate::simulate::{makespan, simulate};
use crate::tier::TierSet;
use crate::{Cores, Millis};

/// How hard to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Schedules to try at most; with 1, list scheduling alone.
    pub evaluations: u32,
}

impl Effort {
    /// What costs some 25 ms of CPU: 1,600 schedules of a hundred jobs, 120 of 1,300, one of
    /// 100,000.
    pub fn quick(jobs: usize) -> Self {
        const JOBS: usize = 160_000;
        Self {
            evaluations: (JOBS / jobs.max(1)).clamp(1, 2000) as u32,
        }
    }

    /// `self`, this many times over.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self {
            evaluations: self.evaluations.saturating_mul(factor),
        }
    }
}

/// The best orders that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What to tell a [`Dispatcher`].
    pub orders: Orders,
    /// What comes of it in the simulator.
    pub schedule: Schedule,
    /// Schedules that were tried.
    pub evaluations: u32,
}

/// Looks for orders that make the schedule short. Never longer than list scheduling by bottom
/// level. O(evaluations · (n log n + e)).
pub fn search(
    jobs: &JobGraph,
    tiers: &TierSet,
    budget: &Budget,
    bounds: &LowerBounds,
    effort: Effort,
) -> Found {
    let mut search = Search::new(jobs, tiers, budget, bounds, effort);
    search.try_saturations();
    search.anneal();
    Found {
        orders: search.best_orders,
        schedule: search.best_schedule,
        evaluations: search.evaluations,
    }
}

/// A point of the space that is searched.
#[derive(Clone, Debug)]
struct Point {
    /// By job: milliseconds that its own time counts for more, or less, in bottom levels.
    weight: Vec<i64>,
    max_threads: Vec<Cores>,
    saturation: f64,
}

struct Search<'a> {
    jobs: &'a JobGraph,
    tiers: &'a TierSet,
    budget: &'a Budget,
    /// Nothing shorter exists.
    bound: Millis,
    limit: u32,
    evaluations: u32,
    /// The jobs whose moves matter, the largest first.
    largest: Vec<JobId>,
    best: Point,
    best_orders: Orders,
    best_schedule: Schedule,
    best_makespan: Millis,
}

impl<'a> Search<'a> {
    /// Largest jobs that are moved at all.
    const LARGEST: usize = 20;

    fn new(
        jobs: &'a JobGraph,
        tiers: &'a TierSet,
        budget: &'a Budget,
        bounds: &LowerBounds,
        effort: Effort,
    ) -> Self {
        let best_orders = Orders::new(jobs, budget);
        let best_schedule = run(jobs, tiers, budget, &best_orders);
        let mut largest: Vec<JobId> = jobs.ids().collect();
        largest.sort_by_key(|&job| (Reverse(jobs[job].duration.cpu_time()), job));
        largest.truncate(Self::LARGEST);
        Self {
            jobs,
            tiers,
            budget,
            bound: bounds.best().map_or(Millis(0), |bound| bound.value),
            limit: effort.evaluations,
            evaluations: 1,
            largest,
            best: Point {
                weight: vec![0; jobs.len()],
                max_threads: best_orders.max_threads.clone(),
                saturation: best_orders.saturation,
            },
            best_orders,
            best_makespan: best_schedule.makespan(),
            best_schedule,
        }
    }

    fn is_over(&self) -> bool {
        self.evaluations >= self.limit || self.best_makespan <= self.bound
    }

    fn orders(&self, point: &Point) -> Orders {
        let time = |job: JobId| {
            let most = self.budget.threads.min(point.max_threads[job.index()]);
            let threads = self.jobs[job].threads_within(most, self.budget.memory);
            let time = threads.map_or(Millis(0), |threads| self.jobs[job].duration.at(threads));
            Millis(time.0.saturating_add_signed(point.weight[job.index()]))
        };
        Orders {
            priority: self.jobs.bottom_levels(time),
            max_threads: point.max_threads.clone(),
            saturation: point.saturation,
        }
    }

    /// The makespan of `point`; remembers it if it is the best so far.
    fn evaluate(&mut self, point: &Point) -> Millis {
        let orders = self.orders(point);
        let mut dispatcher = Dispatcher::with_orders(self.jobs, self.tiers, *self.budget, &orders);
        let duration = |job: JobId| self.jobs[job].duration;
        let makespan = makespan(self.budget.threads, &mut dispatcher, duration);
        self.evaluations += 1;
        if makespan < self.best_makespan {
            // Most points are not better, and then nobody asks when each job runs.
            self.best_schedule = run(self.jobs, self.tiers, self.budget, &orders);
            self.best_makespan = makespan;
            self.best = point.clone();
            self.best_orders = orders;
        }
        makespan
    }

    fn try_saturations(&mut self) {
        for saturation in SATURATIONS {
            if self.is_over() {
                return;
            }
            let point = Point {
                saturation,
                ..self.best.clone()
            };
            self.evaluate(&point);
        }
    }

    fn anneal(&mut self) {
        if self.largest.is_empty() {
            return;
        }
        let length = self.best_makespan.0 as f64;
        let mut random = Random::seeded(self.jobs);
        let mut here = self.best.clone();
        let mut makespan = self.best_makespan;
        let from = self.evaluations;
        while !self.is_over() {
            let left = 1.0 - f64::from(self.evaluations - from) / f64::from(self.limit - from);
            let temperature = (0.003 * length * left).max(1.0);
            let mut next = here.clone();
            self.change(&mut next, &mut random, length);
            if random.unit() < 0.3 {
                self.change(&mut next, &mut random, length);
            }
            let result = self.evaluate(&next);
            let worse = result.0 as f64 - makespan.0 as f64;
            if worse <= 0.0 || random.unit() < metropolis(worse / temperature) {
                here = next;
                makespan = result;
            }
        }
    }

    /// One random move: threads or weight of a large job, or the saturation.
    fn change(&self, point: &mut Point, random: &mut Random, length: f64) {
        // Squared, so that the largest jobs are moved most.
        let at = random.unit();
        let job = self.largest[(at * at * self.largest.len() as f64) as usize];
        let most = self.jobs[job].most_threads().0;
        match random.unit() {
            0.0..0.4 if most > 1 => {
                point.max_threads[job.index()] =
                    Cores(1 + (random.unit() * f64::from(most)) as u32);
            }
            0.0..0.95 => {
                let weight = if random.unit() < 0.3 {
                    0.0
                } else {
                    (random.unit() * 1.4 - 0.7) * length
                };
                point.weight[job.index()] = weight as i64;
            }
            _ => {
                let at = random.unit() * SATURATIONS.len() as f64;
                point.saturation = SATURATIONS[at as usize];
            }
        }
    }
}

/// From "one job less than the processor could take" to "whatever the other limits allow".
const SATURATIONS: [f64; 7] = [0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 100.0];

fn run(jobs: &JobGraph, tiers: &TierSet, budget: &Budget, orders: &Orders) -> Schedule {
    let mut dispatcher = Dispatcher::with_orders(jobs, tiers, *budget, orders);
    simulate(jobs, budget.threads, &mut dispatcher)
}

/// `e⁻ˣ` for `x ≥ 0`, by (1 + x/64)⁻⁶⁴, of the four basic operations alone: they, unlike `exp`,
/// give the same bits on every machine.
fn metropolis(x: f64) -> f64 {
    let mut power = 1.0 + x / 64.0;
    for _ in 0..6 {
        power *= power;
    }
    power.recip()
}
