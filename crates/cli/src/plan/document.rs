//! From the libraries' types to `hmtool.plan`.

use std::collections::HashSet;

use drv_graph::DrvId;
use tier_planner::bounds::{Bound, BoundKind, Rule};
use tier_planner::classify::{Classification, Classifier, Reason};
use tier_planner::job::JobId;
use tier_planner::outlook::Range;
use tier_planner::plan::{Baseline, Outlook};
use tier_planner::schedule::{Placement, Schedule};
use tier_planner::subject::Kind;
use tier_planner::tier::TierId;
use tier_planner::{Cores, Millis};

use super::Made;
use crate::dto::plan as dto;
use crate::workspace::to_do;

/// The document of a plan, without diagnostics and gates.
pub(super) fn new(made: &Made<'_>) -> dto::Plan {
    let builds = builds(made);
    let plan = made.plan;
    let edges = plan.jobs.ids().flat_map(|from| {
        let dependents = plan.jobs.dependents(from).iter();
        dependents.map(move |to| dto::Edge {
            from: from.0,
            to: to.0,
        })
    });
    dto::Plan {
        schema: dto::Plan::SCHEMA_ID,
        machine: machine(made),
        input: dto::Input {
            graphs: made.input.shown.clone(),
            config: made.settings.config().map(|c| super::shown(&c.file)),
            derivations: made.input.graph.len() as u64,
            dependencies: made.input.graph.edge_count() as u64,
            roots: made.input.roots.len() as u64,
        },
        work: to_do::work(made.input, &made.plan.work, made.inventory),
        tiers: tiers(made, &builds),
        schedule: schedule(made),
        today: today(made, &plan.baseline, |outlook| outlook.of_today),
        today_fitting: plan
            .fitting
            .as_ref()
            .map(|run| today(made, run, |outlook| outlook.of_fitting)),
        critical_path: critical_path(made, &builds),
        edges: edges.collect(),
        fetches: to_do::fetches(&made.plan.work, made.inventory),
        builds,
        diagnostics: Vec::new(),
        gates: Vec::new(),
    }
}

/// The longest chain of what is built: of a plan that leaves builds out, the longest of the rest.
fn critical_path(made: &Made<'_>, builds: &[dto::Build]) -> Vec<u32> {
    let plan = made.plan;
    if plan.left_out.is_empty() {
        let chain = plan.critical_path(&made.settings.budget);
        return chain.iter().map(|job| job.0).collect();
    }
    let is_built = |job: JobId| builds[job.0 as usize].start_ms.is_some();
    // What needs a build that is left out is left out too, so such builds end a chain.
    let chain = plan.jobs.critical_path(|job| {
        let build = &builds[job.0 as usize];
        Millis(if is_built(job) { build.duration_ms } else { 0 })
    });
    let built = chain.into_iter().filter(|&job| is_built(job));
    built.map(|job| job.0).collect()
}

fn machine(made: &Made<'_>) -> dto::Machine {
    let settings = made.settings;
    let memory = &settings.memory;
    // With memory given outright, what the profile says of it plays no part.
    let known = |bytes: hw_profile::Bytes| (!settings.memory_given).then_some(bytes.0);
    dto::Machine {
        name: settings.machine.clone(),
        threads: settings.profile.threads().map(|threads| threads.0),
        build_threads: settings.budget.threads.0,
        thread_limit: settings.budget.thread_limit().0,
        memory_bytes: known(memory.ram),
        zram_gain_bytes: known(memory.effective.saturating_sub(memory.ram))
            .filter(|&gain| gain > 0),
        reserve_bytes: known(memory.reserve),
        build_memory_bytes: settings.budget.memory.0,
        builds_only: settings.builds_only.clone(),
        buildable: buildable(made),
    }
}

fn buildable(made: &Made<'_>) -> Option<u64> {
    let only = made.settings.builds_only.as_ref()?;
    let jobs = &made.plan.jobs;
    let tiers = made.settings.classifier.tiers();
    let mut blocked: Vec<bool> = jobs
        .ids()
        .map(|job| !super::may_build(only, &tiers[jobs[job].tier].name))
        .collect();
    let mut open: Vec<JobId> = jobs.ids().filter(|job| blocked[job.0 as usize]).collect();
    while let Some(job) = open.pop() {
        for &next in jobs.dependents(job) {
            if !std::mem::replace(&mut blocked[next.0 as usize], true) {
                open.push(next);
            }
        }
    }
    Some(blocked.iter().filter(|&&blocked| !blocked).count() as u64)
}

fn builds(made: &Made<'_>) -> Vec<dto::Build> {
    let Made {
        plan,
        input,
        settings,
        ..
    } = made;
    let classifier = &settings.classifier;
    let roots: HashSet<DrvId> = input.root_derivations().into_iter().collect();
    let mut placed: Vec<Option<&Placement>> = vec![None; plan.builds.len()];
    for placement in plan.schedule.placements() {
        placed[placement.job.0 as usize] = Some(placement);
    }
    let builds =
        plan.builds
            .iter()
            .zip(&placed)
            .zip(plan.jobs.ids())
            .map(|((build, placement), job)| {
                let drv = &input.graph[build.derivation];
                let estimate = &build.estimate;
                let wanted = plan.jobs[job]
                    .max_threads
                    .min(settings.budget.threads)
                    .max(Cores(1));
                let threads = placement.map_or(wanted, |p| p.threads);
                dto::Build {
                    id: job.0,
                    drv: drv.path().to_string(),
                    name: drv.name().to_owned(),
                    pname: drv.pname().to_owned(),
                    attribute: input.attributes.get(&build.derivation).cloned(),
                    root: roots.contains(&build.derivation),
                    fixed_output: drv.is_fixed_output(),
                    tier: classifier.tiers()[build.classification.tier].name.clone(),
                    rule: reason(classifier, &build.classification),
                    start_ms: placement.map(|p| p.start.0),
                    end_ms: placement.map(|p| p.end.0),
                    threads: threads.0,
                    counted_threads: plan.jobs[job].counted_threads(threads).0,
                    memory_bytes: placement
                        .map_or(estimate.memory.at(threads), |p| p.memory)
                        .0,
                    duration_ms: estimate.duration.at(threads).0,
                    duration_source: estimate.duration_evidence.source.to_string(),
                    duration_factor: hundredths(estimate.duration_evidence.factor()),
                    memory_source: estimate.memory_evidence.source.to_string(),
                    memory_factor: hundredths(estimate.memory_evidence.factor()),
                }
            });
    builds.collect()
}

/// Two decimals are more than an estimate's uncertainty is known to.
fn hundredths(factor: f64) -> f64 {
    (factor * 100.0).round() / 100.0
}

/// What put a derivation into its tier, in words.
pub(crate) fn reason(classifier: &Classifier, classification: &Classification) -> String {
    match classification.by {
        Reason::Rule(id) => classifier
            .rule(id)
            .map_or_else(String::new, ToString::to_string),
        Reason::DefaultTier => "no rule, the default tier".to_owned(),
        Reason::Fetch => "its output is fixed: a download".to_owned(),
        Reason::Trivial(kind) => match kind {
            Kind::Local => "it says preferLocalBuild".to_owned(),
            Kind::Wrapper => "it wraps one of its inputs".to_owned(),
            Kind::Glue => "its name is that of a hook, environment or wrapper".to_owned(),
            Kind::Build | Kind::Fetch => "it is assembled from finished parts".to_owned(),
        },
    }
}

fn tiers(made: &Made<'_>, builds: &[dto::Build]) -> Vec<dto::Tier> {
    let plan = made.plan;
    let tiers = made.settings.classifier.tiers().iter().map(|(id, tier)| {
        let of_tier = |job: JobId| plan.jobs[job].tier == id;
        let members: Vec<&dto::Build> = builds.iter().filter(|b| of_tier(JobId(b.id))).collect();
        let placements = plan.schedule.placements().iter().filter(|p| of_tier(p.job));
        let usage = Schedule::new(placements.copied().collect()).usage(&plan.jobs);
        dto::Tier {
            name: tier.name.clone(),
            max_jobs: tier.max_jobs,
            cores: tier.cores.0,
            memory_bytes: tier.memory.0,
            builds: members.len() as u64,
            busy_ms: members.iter().map(|b| b.duration_ms).sum(),
            peak_jobs: usage.iter().map(|u| u.jobs).max().unwrap_or(0),
            largest_bytes: members
                .iter()
                .filter(|b| b.start_ms.is_some())
                .map(|b| b.memory_bytes)
                .max()
                .unwrap_or(0),
        }
    });
    tiers.collect()
}

fn schedule(made: &Made<'_>) -> dto::Schedule {
    let plan = made.plan;
    let usage = plan.schedule.usage(&plan.jobs);
    let length = plan.schedule.makespan();
    let bound = plan.bounds.best().map_or(Millis(0), |bound| bound.value);
    let mut bounds: Vec<dto::Bound> = plan
        .bounds
        .all()
        .iter()
        .map(|b| bound_of(made, b))
        .collect();
    // A stable sort: equal bounds stay in the planner's order.
    bounds.sort_by_key(|bound| std::cmp::Reverse(bound.length_ms));
    let misfits = plan.misfits.iter().map(|misfit| dto::Misfit {
        id: misfit.job.0,
        cores: misfit.wanted.0,
        memory_bytes: misfit.needs.0,
        fits_at_cores: misfit.fits_at.map(|cores| cores.0),
        memory_then_bytes: match misfit.fits_at {
            Some(cores) => plan.jobs[misfit.job].memory.at(cores).0,
            None => misfit.least.0,
        },
    });
    dto::Schedule {
        length_ms: length.0,
        likely: plan.outlook.map(|outlook| dto::Likely {
            low_ms: outlook.planned.low.0,
            median_ms: outlook.planned.median.0,
            high_ms: outlook.planned.high.0,
            worlds: outlook.worlds,
        }),
        peak_memory_bytes: usage.iter().map(|u| u.memory.0).max().unwrap_or(0),
        peak_threads: usage.iter().map(|u| u.threads.0).max().unwrap_or(0),
        peak_jobs: usage.iter().map(|u| u.jobs).max().unwrap_or(0),
        lower_bound_ms: bound.0,
        gap: (bound.0 > 0).then(|| length.0 as f64 / bound.0 as f64 - 1.0),
        bounds,
        misfits: misfits.collect(),
        left_out: plan.left_out.iter().map(|job| job.0).collect(),
    }
}

fn bound_of(made: &Made<'_>, bound: &Bound) -> dto::Bound {
    let tier = |id: TierId| made.settings.classifier.tiers()[id].name.as_str();
    let assumes = bound.rules().into_iter().map(|rule| match rule {
        Rule::Precedence => "input order".to_owned(),
        Rule::JobThreads => "cores per job".to_owned(),
        Rule::JobMemory => "memory of each job".to_owned(),
        Rule::Threads => "threads".to_owned(),
        Rule::Memory => "memory".to_owned(),
        Rule::TierJobs(id) => format!("jobs of {} at once", tier(id)),
    });
    dto::Bound {
        name: match bound.kind {
            BoundKind::CriticalPath => "critical path".to_owned(),
            BoundKind::CoreEnergy => "work for the threads".to_owned(),
            BoundKind::MemoryEnergy => "memory over time".to_owned(),
            BoundKind::TierEnergy(id) => format!("tier {}", tier(id)),
        },
        length_ms: bound.value.0,
        assumes: assumes.collect(),
    }
}

fn today(
    made: &Made<'_>,
    baseline: &Baseline,
    of_it: impl FnOnce(Outlook) -> Option<Range<f64>>,
) -> dto::Today {
    let length = baseline.schedule.makespan();
    let planned = made.plan.schedule.makespan();
    let memory = made.settings.budget.memory;
    let usage = baseline.schedule.usage(&made.plan.jobs);
    let complete = made.plan.left_out.is_empty();
    dto::Today {
        max_jobs: baseline.settings.max_jobs,
        cores: baseline.settings.cores.0,
        is_default: made.settings.nix_is_default && baseline.settings == made.settings.nix_today,
        length_ms: length.0,
        peak_memory_bytes: baseline.peak_memory.0,
        over_memory_ms: baseline.over_budget.0,
        first_over_memory_ms: usage.iter().find(|u| u.memory > memory).map(|u| u.from.0),
        // A plan that leaves builds out is not to be compared.
        saved: (complete && length.0 > 0).then(|| 1.0 - planned.0 as f64 / length.0 as f64),
        likely_saved: made
            .plan
            .outlook
            .and_then(of_it)
            .map(|share| dto::LikelySaved {
                low: 1.0 - share.high,
                median: 1.0 - share.median,
                high: 1.0 - share.low,
            }),
    }
}
