//! `hmtool dry-run`: what would be built and fetched, and what is there.

pub(crate) mod args;

use drv_graph::{DrvId, chain};
use tier_planner::work::work_for;

use crate::caches::Known;
use crate::dto::dry_run::{Build, DryRun};
use crate::failure::Failure;
use crate::impact::durations;
use crate::input::graph::Keep;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::render;
use crate::workspace::{Workspace, derivation, graph, held, to_do};
use args::DryRunArgs;

/// Carries out `hmtool dry-run`.
pub(crate) fn run(args: &DryRunArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let workspace = Workspace::new(&args.source, &args.machine)?;
    let source = workspace.source(&args.source)?;
    let input = source.read(Keep::ForEstimates, &progress)?;
    let inventory = held(&workspace, &args.caches, &source, &input, &progress)?;
    let work = work_for(&input.graph, &input.roots, &Known(&inventory));
    let times = durations(&workspace, &args.machine, &args.history, &input, &progress)?;
    let time = |id| times.of(id).duration.0;
    let mut is_built = vec![false; input.graph.len()];
    for id in &work.build {
        is_built[id.index()] = true;
    }
    let within = |id: DrvId| is_built[id.index()];
    let longest = chain::costliest(&input.graph, &work.build, &work.build, within, time);
    let sum = |ids: &[DrvId]| {
        let times = ids.iter().map(|&id| time(id));
        times.fold(0, u64::saturating_add)
    };
    let builds = work.build.iter().map(|&id| Build {
        derivation: derivation(&input, id),
        duration_ms: time(id),
        duration_factor: times.of(id).factor,
    });
    let mut builds: Vec<Build> = builds.collect();
    builds.sort_by(|a, b| a.derivation.drv.cmp(&b.derivation.drv));
    let present = work.present.iter().map(|&id| &input.graph[id]);
    let mut present: Vec<String> = present.map(|drv| drv.path().to_string()).collect();
    present.sort_unstable();
    let document = DryRun {
        schema: DryRun::SCHEMA_ID,
        graph: graph(&input),
        machine: workspace.machine_name,
        build_ms: sum(&work.build),
        longest_chain_ms: sum(&longest.unwrap_or_default()),
        builds,
        fetches: to_do::fetches(&work, &inventory),
        present,
        work: to_do::work(&input, &work, &inventory),
    };
    args.format.print(&document, |document, screen| {
        render::dry_run::render(document, args.top, screen)
    })?;
    Ok(Outcome::Clean)
}
