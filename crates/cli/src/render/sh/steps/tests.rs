//! The laws of the script's order, whatever the durations; and its length with the planned ones.

use proptest::prelude::*;
use tier_planner::dispatch::Dispatcher;
use tier_planner::strategies::{Instance, instance};
use tier_planner::verify::verify;

use super::super::super::sample;
use super::*;
use crate::dto::plan::{Edge, Tier};

/// The instance's plan as a document.
fn document(instance: &Instance) -> Plan {
    let Instance {
        jobs,
        tiers,
        budget,
    } = instance;
    let mut dispatcher = Dispatcher::new(jobs, tiers, *budget);
    let schedule = simulate(jobs, budget.threads, &mut dispatcher);
    let mut plan = sample::plan();
    let build = plan.builds[0].clone();
    let tier = plan.tiers[0].clone();
    plan.machine.build_memory_bytes = budget.memory.0;
    plan.machine.build_threads = budget.threads.0;
    plan.machine.thread_limit = budget.thread_limit().0;
    plan.tiers = tiers
        .iter()
        .map(|(_, t)| Tier {
            name: t.name.clone(),
            max_jobs: t.max_jobs,
            ..tier.clone()
        })
        .collect();
    plan.builds = jobs
        .ids()
        .map(|job| Build {
            id: job.0,
            tier: tiers[jobs[job].tier].name.clone(),
            start_ms: None,
            end_ms: None,
            ..build.clone()
        })
        .collect();
    for placed in schedule.placements() {
        let build = &mut plan.builds[placed.job.0 as usize];
        build.start_ms = Some(placed.start.0);
        build.end_ms = Some(placed.end.0);
        build.threads = placed.threads.0;
        build.counted_threads = jobs[placed.job].counted_threads(placed.threads).0;
        build.memory_bytes = placed.memory.0;
    }
    let edges = jobs.ids().flat_map(|to| {
        let inputs = jobs.inputs(to).iter();
        inputs.map(move |from| Edge {
            from: from.0,
            to: to.0,
        })
    });
    plan.edges = edges.collect();
    plan.schedule.length_ms = schedule.makespan().0;
    plan
}

/// All that was started and not waited for may run at once, whatever the durations.
fn check(plan: &Plan, steps: &[Step]) -> Result<(), TestCaseError> {
    let scheduled = plan.builds.iter().filter(|b| b.start_ms.is_some()).count();
    prop_assert_eq!(steps.len(), scheduled);
    let mut running: Vec<u32> = Vec::new();
    let mut ended: Vec<u32> = Vec::new();
    for step in steps {
        for &id in &step.waits {
            let at = running.iter().position(|&r| r == id);
            prop_assert!(at.is_some(), "{step:?}: {id} does not run");
            ended.extend(at.map(|at| running.remove(at)));
        }
        for edge in plan.edges.iter().filter(|e| e.to == step.build) {
            prop_assert!(ended.contains(&edge.from), "{step:?} before {edge:?}");
        }
        prop_assert!(!running.contains(&step.build) && !ended.contains(&step.build));
        running.push(step.build);
        let builds: Vec<&Build> = running.iter().map(|&id| plan.build(id)).collect();
        let memory: u64 = builds.iter().map(|b| b.memory_bytes).sum();
        prop_assert!(memory <= plan.machine.build_memory_bytes, "{step:?}");
        let threads: u32 = builds.iter().map(|b| b.counted_threads).sum();
        prop_assert!(threads <= plan.machine.thread_limit, "{step:?}");
        for tier in &plan.tiers {
            let jobs = builds.iter().filter(|b| b.tier == tier.name).count();
            let most = tier.max_jobs.unwrap_or(u32::MAX);
            prop_assert!(jobs as u32 <= most, "{step:?}: {jobs} of {}", tier.name);
        }
    }
    Ok(())
}

#[test]
fn the_sample_keeps_the_laws() -> Result<(), TestCaseError> {
    let plan = sample::plan();
    check(&plan, &steps(&plan))
}

#[test]
fn the_check_can_fail() {
    let plan = sample::plan();
    let mut without_waits = steps(&plan);
    for step in &mut without_waits {
        step.waits.clear();
    }
    assert!(check(&plan, &without_waits).is_err());
    assert!(check(&plan, &steps(&plan)[1..]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// With the planned durations the script is the plan, to the rounding of instants.
    #[test]
    fn scripts_keep_the_laws_and_take_as_long_as_planned(instance in instance(14)) {
        let plan = document(&instance);
        let steps = steps(&plan);
        check(&plan, &steps)?;
        let Instance { jobs, tiers, budget } = &instance;
        let run = replay(&plan, &steps, jobs);
        prop_assert_eq!(verify(&run, jobs, tiers, budget), []);
        let (takes, planned) = (run.makespan().0, plan.schedule.length_ms);
        let rounding = 2 * jobs.len() as u64;
        prop_assert!(takes.abs_diff(planned) <= rounding, "{takes} ms, planned {planned} ms");
    }
}
