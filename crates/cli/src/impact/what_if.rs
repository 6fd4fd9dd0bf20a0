//! What overriding packages would build again: everything that needs them, without evaluating.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use drv_graph::{DrvId, StorePath, rebuild};
use tier_planner::Millis;

use super::args::ImpactArgs;
use super::gates;
use crate::dto::overriding::{Overriding, Package, Rebuild, Rebuilt};
use crate::failure::Failure;
use crate::output::Outcome;
use crate::render;
use crate::workspace::{self, Durations, Input, Workspace, named};

/// Carries out `hmtool impact --override` and `--rank`.
pub(super) fn run(
    args: &ImpactArgs,
    workspace: &Workspace,
    input: &Input,
    durations: &Durations,
) -> Result<Outcome, Failure> {
    let scope = Scope::new(input, durations);
    let (packages, together, rebuilt) = if args.rank {
        (scope.ranking(), None, None)
    } else {
        let (packages, together, rebuilt) = scope.asked_for(&args.overrides)?;
        (packages, Some(together), Some(rebuilt))
    };
    let gates = together.as_ref().map_or_else(Vec::new, |together| {
        gates::of(args, together.rebuilds, Millis(together.build_ms))
    });
    let document = Overriding {
        schema: Overriding::SCHEMA_ID,
        graph: workspace::graph(input),
        machine: workspace.machine_name.clone(),
        builds: scope.builds,
        packages,
        together,
        rebuilt,
        gates,
    };
    args.format.print(&document, |document, screen| {
        render::overriding::render(document, args.top, screen)
    })?;
    Ok(super::outcome(&document.gates))
}

/// What the roots need; downloads do not count.
struct Scope<'a> {
    input: &'a Input,
    durations: &'a Durations,
    is_build: Vec<bool>,
    builds: u64,
}

impl<'a> Scope<'a> {
    fn new(input: &'a Input, durations: &'a Durations) -> Self {
        let mut is_build = vec![false; input.graph.len()];
        let mut builds = 0;
        for id in input.graph.closure(&input.root_derivations()) {
            if !input.graph[id].is_fixed_output() {
                is_build[id.index()] = true;
                builds += 1;
            }
        }
        Self {
            input,
            durations,
            is_build,
            builds,
        }
    }

    fn rebuild(&self, rebuilds: u64, build_ms: u64) -> Rebuild {
        Rebuild {
            rebuilds,
            share: (self.builds > 0).then(|| rebuilds as f64 / self.builds as f64),
            build_ms,
        }
    }

    /// The builds that are others when these are, ascending.
    fn rebuilt(&self, changed: &[DrvId]) -> Vec<DrvId> {
        let mut all = rebuild::of(&self.input.graph, changed);
        all.retain(|id| self.is_build[id.index()]);
        all
    }

    fn sum(&self, rebuilt: &[DrvId]) -> Rebuild {
        let times = rebuilt.iter().map(|&id| self.durations.of(id).duration.0);
        self.rebuild(rebuilt.len() as u64, times.fold(0, u64::saturating_add))
    }

    /// Each of the packages alone, all together, and which derivations these are.
    fn asked_for(
        &self,
        names: &[String],
    ) -> Result<(Vec<Package>, Rebuild, Vec<Rebuilt>), Failure> {
        let found = names.iter().map(|name| self.named(name));
        let found: Vec<Vec<DrvId>> = found.collect::<Result<_, _>>()?;
        let mut overridden = found.concat();
        overridden.sort_unstable();
        overridden.dedup();
        let together = self.rebuilt(&overridden);
        let number = |id: &DrvId| together.binary_search(id).ok().map(|at| at as u32);
        let packages = names.iter().zip(&found).map(|(name, found)| {
            let rebuilt = self.rebuilt(found);
            Package {
                name: name.clone(),
                derivations: found.len() as u64,
                rebuild: self.sum(&rebuilt),
                rebuilt: Some(rebuilt.iter().filter_map(number).collect()),
            }
        });
        let packages = packages.collect();
        let listed = together.iter().zip(0_u32..).map(|(&drv, id)| Rebuilt {
            id,
            derivation: workspace::derivation(self.input, drv),
            is_overridden: overridden.binary_search(&drv).is_ok(),
            duration_ms: self.durations.of(drv).duration.0,
        });
        Ok((packages, self.sum(&together), listed.collect()))
    }

    /// The builds that go by a name, and where it is no path all that have the same name and version
    /// as one of them: an overlay reaches the variants of a package too, such as those that the
    /// standard environment is made with, and the package set knows only one of them by an attribute.
    fn named(&self, name: &str) -> Result<Vec<DrvId>, Failure> {
        let is_build = |id: DrvId| self.is_build[id.index()];
        let found = named::all(self.input, name, is_build);
        if found.is_empty() {
            let advice = "--rank lists all";
            return Err(named::nothing(self.input, name, is_build, advice));
        }
        if StorePath::parse(name).is_ok() {
            return Ok(found);
        }
        let graph = &self.input.graph;
        let names: BTreeSet<&str> = found.iter().map(|&id| graph[id].name()).collect();
        let builds = graph.ids().filter(|&id| is_build(id));
        Ok(builds
            .filter(|&id| names.contains(graph[id].name()))
            .collect())
    }

    /// All packages, those first whose override would take longest.
    fn ranking(&self) -> Vec<Package> {
        let graph = &self.input.graph;
        let mut by_name: BTreeMap<&str, Vec<DrvId>> = BTreeMap::new();
        for id in graph.ids().filter(|id| self.is_build[id.index()]) {
            by_name.entry(graph[id].pname()).or_default().push(id);
        }
        let (names, sets): (Vec<&str>, Vec<Vec<DrvId>>) = by_name.into_iter().unzip();
        let scope = |id: DrvId| self.is_build[id.index()];
        let times = rebuild::costs(graph, &sets, scope, |id| self.durations.of(id).duration.0);
        let counts = rebuild::costs(graph, &sets, scope, |_| 1);
        let rows = names
            .into_iter()
            .zip(&sets)
            .zip(times.into_iter().zip(counts));
        let mut packages: Vec<Package> = rows
            .map(|((name, set), (build_ms, rebuilds))| Package {
                name: name.to_owned(),
                derivations: set.len() as u64,
                rebuild: self.rebuild(rebuilds, build_ms),
                rebuilt: None,
            })
            .collect();
        packages.sort_by_key(|package| (Reverse(package.rebuild.build_ms), package.name.clone()));
        packages
    }
}
