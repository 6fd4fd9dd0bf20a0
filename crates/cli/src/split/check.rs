//! Whether packages that are meant as layers are built on each other.

use drv_graph::{DrvId, chain};

use super::args::CheckArgs;
use crate::dto::split_check::{Layering, SplitCheck};
use crate::failure::Failure;
use crate::impact::durations;
use crate::input::graph::Keep;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::render;
use crate::workspace::{Durations, Input, Workspace, derivation, graph, named};

/// Carries out `hmtool split check`.
pub(super) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    if args.layers.len() < 2 {
        return Err(Failure::Usage {
            message: "one package is no layering".to_owned(),
            hint: "name two or more, the lowest first: --layers core,cuda".to_owned(),
        });
    }
    let progress = Progress::new();
    let workspace = Workspace::new(&args.source, &args.machine)?;
    let input = workspace
        .source(&args.source)?
        .read(Keep::ForEstimates, &progress)?;
    let layers = args.layers.iter();
    let layers: Vec<DrvId> = layers
        .map(|name| named::one(&input, name, |_| true))
        .collect::<Result<_, _>>()?;
    let durations = durations(&workspace, &args.machine, &args.history, &input, &progress)?;
    let document = SplitCheck {
        schema: SplitCheck::SCHEMA_ID,
        graph: graph(&input),
        machine: workspace.machine_name.clone(),
        layerings: layers
            .windows(2)
            .map(|pair| layering(&input, &durations, pair[0], pair[1]))
            .collect(),
    };
    args.format.print(&document, render::split_check::render)?;
    let mut layerings = document.layerings.iter();
    if layerings.all(|layering| layering.verdict == LAYER) {
        Ok(Outcome::Clean)
    } else {
        Ok(Outcome::Finding)
    }
}

const LAYER: &str = "layer";

fn layering(input: &Input, durations: &Durations, lower: DrvId, upper: DrvId) -> Layering {
    let graph = &input.graph;
    let is_build = |id: DrvId| !graph[id].is_fixed_output();
    let leads = |from: DrvId, to: DrvId| chain::shortest(graph, &[from], &[to], is_build);
    let chain = leads(lower, upper);
    let mut is_of_lower = vec![false; graph.len()];
    let below = graph.closure(&[lower]);
    for id in below.into_iter().chain(graph.reverse_closure(&[lower])) {
        is_of_lower[id.index()] = true;
    }
    let direct = graph.inputs(upper).map(|input| input.id);
    let own: Vec<DrvId> = direct.filter(|id| !is_of_lower[id.index()]).collect();
    let sources = |id: DrvId| {
        let fetched = graph.inputs(id).map(|input| input.id);
        fetched.filter(|&id| !is_build(id)).collect::<Vec<DrvId>>()
    };
    let of_lower = sources(lower);
    let shared = sources(upper).into_iter();
    let verdict = match &chain {
        _ if lower == upper => "same",
        Some(_) if own.is_empty() => "adds-nothing",
        Some(_) => LAYER,
        None if leads(upper, lower).is_some() => "reversed",
        None => "independent",
    };
    let described = |id: DrvId| derivation(input, id);
    Layering {
        lower: described(lower),
        upper: described(upper),
        verdict: verdict.to_owned(),
        chain: chain.into_iter().flatten().map(described).collect(),
        own_inputs: own.into_iter().map(described).collect(),
        shared_sources: shared
            .filter(|id| of_lower.contains(id))
            .map(described)
            .collect(),
        lower_build_ms: durations.of(lower).duration.0,
        upper_build_ms: durations.of(upper).duration.0,
    }
}
