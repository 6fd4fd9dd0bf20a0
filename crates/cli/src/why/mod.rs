//! `hmtool why`: by which chains a package comes to be needed, or to be another than before.

pub(crate) mod args;
mod document;

use drv_graph::compare::compare;
use tier_planner::work::work_for;

use crate::caches::Known;
use crate::failure::Failure;
use crate::impact::durations;
use crate::input::graph::Keep;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::render;
use crate::workspace::{Source, Workspace, held, named};
use args::WhyArgs;
use document::Scene;

/// Carries out `hmtool why`.
pub(crate) fn run(args: &WhyArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let mut source_args = args.source.clone();
    source_args.graph.extend(args.before.after.clone());
    let workspace = Workspace::new(&source_args, &args.machine)?;
    let source = workspace.source(&source_args)?;
    let before = Source::before(&args.before);
    let keep = match before {
        Some(_) => Keep::ToCompare,
        None => Keep::ForEstimates,
    };
    let before = before.map(|before| before.read(keep, &progress));
    let before = before.transpose()?;
    let input = source.read(keep, &progress)?;
    let mut in_closure = vec![false; input.graph.len()];
    for id in input.graph.closure(&input.root_derivations()) {
        in_closure[id.index()] = true;
    }
    let package = named::one(&input, &args.package, |id| in_closure[id.index()])?;
    let inventory = held(&workspace, &args.caches, &source, &input, &progress)?;
    let scene = Scene {
        work: work_for(&input.graph, &input.roots, &Known(&inventory)),
        durations: durations(&workspace, &args.machine, &args.history, &input, &progress)?,
        comparison: before
            .as_ref()
            .map(|before| compare(&before.side(), &input.side())),
        before,
        input,
    };
    let document = scene.document(workspace.machine_name, package);
    args.format.print(&document, render::why::render)?;
    Ok(Outcome::Clean)
}
