//! Laws that hold for every instance, and an oracle for the small ones.

use proptest::prelude::*;
use tier_planner::bounds::LowerBounds;
use tier_planner::dispatch::{Dispatch, Dispatcher, Start};
use tier_planner::job::{JobGraph, JobId};
use tier_planner::nix_today::{NixSettings, NixToday};
use tier_planner::schedule::Schedule;
use tier_planner::search::{Effort, search};
use tier_planner::simulate::simulate;
use tier_planner::strategies::{Instance, instance};
use tier_planner::verify::verify;
use tier_planner::{Cores, Millis};

fn planned(instance: &Instance) -> Schedule {
    let Instance {
        jobs,
        tiers,
        budget,
    } = instance;
    simulate(
        jobs,
        budget.threads,
        &mut Dispatcher::new(jobs, tiers, *budget),
    )
}

fn bound(instance: &Instance) -> Millis {
    LowerBounds::new(&instance.jobs, &instance.tiers, &instance.budget)
        .best()
        .map_or(Millis(0), |bound| bound.value)
}

/// Starts exactly the jobs it is told to, in that order, as soon as the dispatcher's limits let
/// it; `None` in the script waits for the next end. Jobs start with the threads that
/// [`Dispatcher`] would give them.
struct Scripted<'a> {
    shapes: &'a [Option<Start>],
    script: std::slice::Iter<'a, Option<JobId>>,
}

impl Dispatch for Scripted<'_> {
    fn next(&mut self) -> Option<Start> {
        self.script
            .next()
            .copied()
            .flatten()
            .and_then(|job| self.shapes[job.0 as usize])
    }

    fn finished(&mut self, _: JobId) {}
}

/// The shortest makespan over every way of starting jobs at the events of a schedule: at each
/// event, any subset of the jobs that are left, in every order of the resulting events.
///
/// It knows nothing of priorities, limits or readiness: it proposes, and [`verify`] disposes.
/// `fewer` takes threads away from each job; with none taken away, they have what the plan gives.
fn shortest(instance: &Instance, fewer: &[u32]) -> Option<Millis> {
    let Instance { jobs, budget, .. } = instance;
    let shapes: Vec<Option<Start>> = jobs
        .ids()
        .map(|job| {
            let most = jobs[job].threads_within(budget.threads, budget.memory)?;
            let fewer = fewer.get(job.0 as usize).copied().unwrap_or_default();
            let threads = Cores(most.0 - fewer % most.0);
            let memory = jobs[job].memory.at(threads);
            Some(Start {
                job,
                threads,
                memory,
            })
        })
        .collect();
    let mut best = None;
    let all: Vec<JobId> = jobs.ids().collect();
    propose(instance, &shapes, &all, &mut Vec::new(), &mut best);
    best
}

/// Extends `script` by every subset of `left`, in ascending order within one event.
fn propose(
    instance: &Instance,
    shapes: &[Option<Start>],
    left: &[JobId],
    script: &mut Vec<Option<JobId>>,
    best: &mut Option<Millis>,
) {
    let run = |script: &[Option<JobId>]| {
        let mut scripted = Scripted {
            shapes,
            script: script.iter(),
        };
        simulate(&instance.jobs, instance.budget.threads, &mut scripted)
    };
    let Instance {
        jobs,
        tiers,
        budget,
    } = instance;
    if left.is_empty() {
        let schedule = run(script);
        if verify(&schedule, jobs, tiers, budget).is_empty() {
            let makespan = schedule.makespan();
            *best = Some(best.map_or(makespan, |best| best.min(makespan)));
        }
        return;
    }
    let length = script.len();
    let waits = script.iter().filter(|step| step.is_none()).count();
    for subset in 0_u32..1 << left.len() {
        let chosen = |i: usize| subset >> i & 1 == 1;
        let (now, later): (Vec<_>, Vec<_>) = left.iter().enumerate().partition(|&(i, _)| chosen(i));
        let now: Vec<JobId> = now.into_iter().map(|(_, &job)| job).collect();
        let later: Vec<JobId> = later.into_iter().map(|(_, &job)| job).collect();
        // Nothing runs, nothing starts: the event that would follow does not exist.
        let started = length - waits + now.len();
        if started <= waits {
            continue;
        }
        script.extend(now.iter().copied().map(Some));
        // What is wrong already does not become right: prune.
        let so_far = run(script);
        let wrong = verify(&so_far, jobs, tiers, budget)
            .into_iter()
            .any(|violation| !matches!(violation, tier_planner::verify::Violation::Missing(_)));
        if !wrong && best.is_none_or(|best| so_far.makespan() < best) {
            script.push(None);
            propose(instance, shapes, &later, script, best);
        }
        script.truncate(length);
    }
}

fn names(jobs: &JobGraph) -> impl Fn(JobId) -> String {
    let digits = jobs.len().to_string().len();
    move |job| format!("{:0digits$}", job.0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_planned_schedule_obeys_every_law(instance in instance(40)) {
        let schedule = planned(&instance);
        let Instance { jobs, tiers, budget } = &instance;
        prop_assert_eq!(verify(&schedule, jobs, tiers, budget), []);
    }

    #[test]
    fn its_length_lies_between_the_bound_and_one_job_after_the_other(instance in instance(40)) {
        let schedule = planned(&instance);
        let serial: u64 = schedule
            .placements()
            .iter()
            .map(|placed| instance.jobs[placed.job].duration.at(placed.threads).0)
            .sum();
        let rounding = schedule.placements().len() as u64;
        prop_assert!(schedule.makespan() <= Millis(serial + rounding));
        prop_assert!(bound(&instance) <= schedule.makespan());
    }

    #[test]
    fn a_search_obeys_every_law_and_never_lengthens_the_plan(instance in instance(25)) {
        let Instance { jobs, tiers, budget } = &instance;
        let bounds = LowerBounds::new(jobs, tiers, budget);
        let effort = Effort { evaluations: 40 };
        let found = search(jobs, tiers, budget, &bounds, effort);
        prop_assert_eq!(verify(&found.schedule, jobs, tiers, budget), []);
        prop_assert!(found.schedule.makespan() <= planned(&instance).makespan());
        prop_assert!(bound(&instance) <= found.schedule.makespan());
        prop_assert!(found.evaluations <= 40);
        // What was found can be driven again, by whoever runs the plan.
        let mut dispatcher = Dispatcher::with_orders(jobs, tiers, *budget, &found.orders);
        prop_assert_eq!(simulate(jobs, budget.threads, &mut dispatcher), found.schedule);
        prop_assert_eq!(search(jobs, tiers, budget, &bounds, effort).orders, found.orders);
    }

    #[test]
    fn edges_in_any_order_and_number_give_the_same_schedule(instance in instance(40)) {
        let Instance { jobs, .. } = &instance;
        let edges = jobs.ids().rev().flat_map(|job| {
            let inputs = jobs.inputs(job).iter().rev();
            inputs.flat_map(move |&input| [(input, job); 2])
        });
        let again = JobGraph::new(jobs.ids().map(|job| jobs[job]).collect(), edges);
        let again = Instance {
            jobs: again.expect("no cycle came of it"),
            ..instance.clone()
        };
        prop_assert_eq!(planned(&instance), planned(&again));
    }

    /// What is held up starts at the latest when all that ran at that time has ended, whatever
    /// else is started meanwhile and in whatever order it ends.
    #[test]
    fn what_is_held_up_waits_only_for_what_ran_before(
        instance in instance(30),
        order in proptest::collection::vec(0_usize..30, 64),
    ) {
        let Instance { jobs, tiers, budget } = &instance;
        let mut dispatcher = Dispatcher::new(jobs, tiers, *budget);
        let mut running: Vec<JobId> = Vec::new();
        let mut waits: Option<(JobId, Vec<JobId>)> = None;
        let mut order = order.into_iter().cycle();
        loop {
            let mut held_up = dispatcher.held_up();
            while let Some(start) = dispatcher.next() {
                if waits.as_ref().is_some_and(|(job, _)| *job == start.job) {
                    waits = None;
                }
                held_up = held_up.or_else(|| {
                    let held_up = dispatcher.held_up();
                    // Noted while this start was chosen: it is not among what ran before.
                    waits = held_up.map(|job| (job, running.clone()));
                    held_up
                });
                running.push(start.job);
                if dispatcher.held_up().is_none() {
                    held_up = None;
                }
            }
            if let Some(job) = dispatcher.held_up()
                && waits.is_none()
            {
                waits = Some((job, running.clone()));
            }
            if let Some((job, before)) = &waits {
                let still = before.iter().any(|before| running.contains(before));
                prop_assert!(still, "job {} has waited for nothing", job.0);
            }
            if running.is_empty() {
                break;
            }
            let at = order.next().unwrap_or_default() % running.len();
            dispatcher.finished(running.swap_remove(at));
        }
        prop_assert!(dispatcher.is_done());
    }

    #[test]
    fn a_failed_job_takes_only_its_dependents_with_it(
        instance in instance(20),
        fails in 0_u32..20,
    ) {
        let Instance { jobs, tiers, budget } = &instance;
        prop_assume!(fails < jobs.len() as u32);
        let mut dispatcher = Dispatcher::new(jobs, tiers, *budget);
        let unfit: Vec<JobId> = dispatcher.abandoned().collect();
        let mut running = std::collections::VecDeque::new();
        let mut ended = Vec::new();
        let mut lost = Vec::new();
        loop {
            while let Some(start) = dispatcher.next() {
                running.push_back(start.job);
            }
            let Some(job) = running.pop_front() else { break };
            if job == JobId(fails) {
                lost = dispatcher.failed(job);
            } else {
                dispatcher.finished(job);
                ended.push(job);
            }
        }
        prop_assert!(dispatcher.is_done());
        ended.sort_unstable();
        let expected: Vec<JobId> = jobs
            .ids()
            .filter(|job| !unfit.contains(job) && !lost.contains(job))
            .collect();
        prop_assert_eq!(ended, expected);
        // Whatever was lost needs the failed job.
        for job in lost {
            let needs_lost = jobs
                .inputs(job)
                .iter()
                .any(|&input| dispatcher.abandoned().any(|lost| lost == input));
            prop_assert!(job == JobId(fails) || needs_lost);
        }
    }

    #[test]
    fn with_less_memory_on_the_way_every_job_still_ends(
        instance in instance(20),
        gb in 0_u64..16,
        after in 0_usize..20,
    ) {
        let Instance { jobs, tiers, budget } = &instance;
        let mut dispatcher = Dispatcher::new(jobs, tiers, *budget);
        let mut running = std::collections::VecDeque::new();
        let mut ended = 0;
        loop {
            while let Some(start) = dispatcher.next() {
                running.push_back(start.job);
            }
            let Some(job) = running.pop_front() else { break };
            dispatcher.finished(job);
            ended += 1;
            if ended == after {
                dispatcher.set_memory(tier_planner::Bytes::GB.saturating_mul(gb));
            }
        }
        prop_assert!(dispatcher.is_done());
    }

    #[test]
    fn nix_today_ends_every_job_and_respects_precedence(
        instance in instance(30),
        max_jobs in 1_u32..5,
        cores in 1_u32..8,
    ) {
        let settings = NixSettings { max_jobs, cores: Cores(cores) };
        let jobs = &instance.jobs;
        let mut nix = NixToday::new(jobs, settings, names(jobs));
        let schedule = simulate(jobs, instance.budget.threads, &mut nix);
        prop_assert_eq!(schedule.placements().len(), jobs.len());
        let end: std::collections::BTreeMap<JobId, Millis> =
            schedule.placements().iter().map(|placed| (placed.job, placed.end)).collect();
        for placed in schedule.placements() {
            for input in jobs.inputs(placed.job) {
                prop_assert!(end[input] <= placed.start);
            }
        }
        for now in schedule.usage(jobs) {
            prop_assert!(now.jobs <= max_jobs);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// The oracle tries everything, so what it finds is at least the bound and at most the plan.
    #[test]
    fn the_shortest_schedule_lies_between_bound_and_plan(instance in instance(8)) {
        let plan = planned(&instance);
        let Instance { jobs, tiers, budget } = &instance;
        prop_assume!(Dispatcher::new(jobs, tiers, *budget).abandoned().count() == 0);
        if let Some(shortest) = shortest(&instance, &[]) {
            prop_assert!(bound(&instance) <= shortest);
            prop_assert!(shortest <= plan.makespan());
        } else {
            prop_assert!(jobs.is_empty());
        }
    }

    /// No number of threads makes a schedule shorter than the bound.
    #[test]
    fn the_bound_holds_for_every_number_of_threads(
        instance in instance(6),
        fewer in proptest::collection::vec(0_u32..8, 6),
    ) {
        let Instance { jobs, tiers, budget } = &instance;
        prop_assume!(Dispatcher::new(jobs, tiers, *budget).abandoned().count() == 0);
        if let Some(shortest) = shortest(&instance, &fewer) {
            prop_assert!(bound(&instance) <= shortest);
        }
    }
}
