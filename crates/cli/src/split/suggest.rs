//! What is built again most over a series of graphs, and what a split of it would save.

use std::cmp::Reverse;

use drv_graph::DrvId;
use drv_graph::drivers::{self, Driver, Rebuilt};

use super::args::SuggestArgs;
use crate::dto::split_suggestions::{self as dto, Package, SplitSuggestions};
use crate::failure::Failure;
use crate::impact::durations;
use crate::input::graph::Keep;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::render;
use crate::workspace::{Durations, Input, Source, Workspace, derivation, graph};

/// Carries out `hmtool split suggest`.
pub(super) fn run(args: &SuggestArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let workspace = Workspace::new(&args.source, &args.machine)?;
    let mut sources: Vec<Source> = args
        .before
        .iter()
        .map(|file| Source::files(vec![file.clone()], Vec::new(), None))
        .collect();
    sources.push(workspace.source(&args.source)?);
    let mut series = Vec::with_capacity(sources.len());
    for source in &sources {
        series.push(source.read(Keep::ToCompare, &progress)?);
    }
    let rebuilt = drivers::over(&series.iter().map(Input::side).collect::<Vec<_>>());
    let Some(last) = series.pop() else {
        return Ok(Outcome::Clean);
    };
    let durations = durations(&workspace, &args.machine, &args.history, &last, &progress)?;
    let document = SplitSuggestions {
        schema: SplitSuggestions::SCHEMA_ID,
        before: series.iter().map(graph).collect(),
        graph: graph(&last),
        machine: workspace.machine_name.clone(),
        steps: series.len() as u64,
        packages: packages(&last, &durations, &rebuilt),
    };
    args.format.print(&document, |document, screen| {
        render::split_suggestions::render(document, args.top, screen)
    })?;
    Ok(Outcome::Clean)
}

/// What is asked for and was built again, those first whose inputs had it built longest.
fn packages(last: &Input, durations: &Durations, rebuilt: &[Rebuilt]) -> Vec<Package> {
    let mut is_needed = vec![false; last.graph.len()];
    for id in last.graph.closure(&last.root_derivations()) {
        is_needed[id.index()] = true;
    }
    let rebuilt = rebuilt.iter();
    let mut packages: Vec<Package> = rebuilt
        .filter(|rebuilt| is_needed[rebuilt.derivation.index()])
        .map(|rebuilt| package(last, durations, rebuilt))
        .collect();
    packages.sort_by_key(|package| {
        let by_inputs = package.rebuilds - package.itself;
        let time = package.build_ms.saturating_mul(by_inputs);
        (Reverse(time), package.derivation.drv.clone())
    });
    packages
}

fn package(last: &Input, durations: &Durations, rebuilt: &Rebuilt) -> Package {
    let build_ms = durations.of(rebuilt.derivation).duration.0;
    let described = |&id: &DrvId| derivation(last, id);
    let driver = |driver: &Driver| dto::Driver {
        inputs: driver.inputs.iter().map(described).collect(),
        rebuilds: driver.times.into(),
        builds_it: driver.builds_it,
        saves_ms: if driver.builds_it {
            0
        } else {
            build_ms.saturating_mul(driver.times.into())
        },
    };
    Package {
        derivation: derivation(last, rebuilt.derivation),
        build_ms,
        rebuilds: rebuilt.times.into(),
        itself: rebuilt.itself.into(),
        total_ms: build_ms.saturating_mul(rebuilt.times.into()),
        drivers: rebuilt.drivers.iter().map(driver).collect(),
    }
}
