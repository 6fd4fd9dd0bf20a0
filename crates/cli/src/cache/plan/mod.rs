//! `hmtool cache plan`: what a cache should hold, and the steps that get it there.

mod document;
mod forecast;

use std::collections::BTreeSet;

use cache_policy::plan::{Plan, Request, Step};
use clap::Args;
use drv_graph::StorePath;

use super::planning::situation::Situation;
use super::planning::{self, Planning, PlanningArgs, lost};
use crate::dto::gate::Gate;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::quantity::{parse_share, plural};
use crate::render;
use crate::render::untrusted::for_terminal;

/// The cache, who fills it and who takes from it, and how to show the plan.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    planning: PlanningArgs,

    #[command(flatten)]
    format: FormatArgs,

    /// Show this many rows of each list; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    top: usize,

    /// Exit with 1 when of what the consumers need less comes from this cache, e.g. 0.8 or 80%
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Gates")]
    min_hit_rate: Option<f64>,

    /// Exit with 1 when there is something to do
    #[arg(long, help_heading = "Gates")]
    check: bool,
}

/// Plans and prints.
pub(super) fn run(args: &PlanArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let planning = Planning::new(&args.planning, &progress)?;
    let candidates = planning.candidates();
    let recorded = planning.recorded(&progress)?.holdings();
    let mut caches = planning.caches(&progress)?;
    let situation = planning.situation(&candidates, &recorded, &mut caches, &progress)?;
    situation.say_what_is_misnamed();
    let model = planning::model(&situation)?;
    // Whether the store has what no graph makes is for whoever carries it out to find.
    let nothing = BTreeSet::new();
    let request = planning.request(&situation, &model, &nothing);
    let plan = planning::made(&request, &progress)?;
    say_what_may_be_lost(&planning, &situation, &request, &plan, &progress)?;
    let mut document = document::document(&planning, &situation, &request, &plan);
    let kept = forecast::kept(&planning.name, &model, &plan);
    for (number, consumer) in planning.consumers.iter().enumerate() {
        let caches = &mut caches[number];
        let found = forecast::of(consumer, number, &situation, &kept, caches, &progress)?;
        document.consumers.push(found);
    }
    if let Some(limit) = args.min_hit_rate {
        let sum = |of: &dyn Fn(&crate::dto::cache_plan::Consumer) -> u64| -> u64 {
            document.consumers.iter().map(of).sum()
        };
        let needed = sum(&|consumer| consumer.needed.derivations);
        let hit = sum(&|consumer| consumer.hit.derivations);
        // Where nothing is needed nothing is missing.
        let value = if needed == 0 {
            1.0
        } else {
            hit as f64 / needed as f64
        };
        document.gates.push(Gate {
            name: "min-hit-rate".to_owned(),
            limit,
            value,
            passed: value >= limit,
        });
    }
    if args.check {
        document.gates.push(Gate {
            name: "check".to_owned(),
            limit: 0.0,
            value: document.steps.len() as f64,
            passed: document.steps.is_empty(),
        });
    }
    args.format.print(&document, |document, screen| {
        render::cache_plan::render(document, args.top, screen)
    })?;
    let failed = document.gates.iter().filter(|gate| !gate.passed);
    let mut outcome = Outcome::Clean;
    for gate in failed {
        output::complain(&render::cache_plan::gate_text(gate));
        outcome = Outcome::Finding;
    }
    Ok(outcome)
}

/// What only older generations refer to, the cache does not hold and no graph makes is in the store or
/// nowhere.
fn say_what_may_be_lost(
    planning: &Planning<'_>,
    situation: &Situation,
    request: &Request<'_, StorePath>,
    plan: &Plan<StorePath>,
    progress: &Progress,
) -> Result<(), Failure> {
    let pushes = plan.steps.iter().filter_map(|step| match step {
        Step::Push { path, .. } => Some(path),
        _ => None,
    });
    let is_unmade = |path: &&StorePath| {
        let known = situation.paths.get(*path);
        known.is_some_and(|known| known.drv.is_none())
    };
    let unmade: BTreeSet<StorePath> = pushes.filter(is_unmade).cloned().collect();
    if unmade.is_empty() {
        return Ok(());
    }
    let without = planning::made(
        &planning.request(situation, request.model, &unmade),
        progress,
    )?;
    for lost in lost::generations(request.model, &without) {
        let missing: Vec<&str> = lost.missing.iter().map(StorePath::as_str).collect();
        output::complain(&format!(
            "{}, {} ago, needs {}, which the cache does not hold and no graph makes: \
             `hmtool cache apply` takes it from the store, or gives that revision up where the store \
             does not have it",
            for_terminal(&lost.pin),
            plural(u64::from(lost.age), "revision"),
            missing.join(", "),
        ));
    }
    Ok(())
}
