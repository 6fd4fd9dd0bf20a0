//! What overriding packages would build again: everything that needs them, without evaluating.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use drv_graph::{DrvId, rebuild};
use tier_planner::Millis;

use super::args::ImpactArgs;
use super::gates;
use crate::dto::overriding::{Overriding, Package, Rebuild};
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
    let (packages, together) = if args.rank {
        (scope.ranking(), None)
    } else {
        let (packages, union) = scope.asked_for(&args.overrides)?;
        (packages, Some(union))
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

    fn of(&self, changed: &[DrvId]) -> Rebuild {
        let mut all = rebuild::of(&self.input.graph, changed);
        all.retain(|id| self.is_build[id.index()]);
        let times = all.iter().map(|&id| self.durations.of(id).duration.0);
        self.rebuild(all.len() as u64, times.fold(0, u64::saturating_add))
    }

    /// Each of the packages alone, and all together.
    fn asked_for(&self, names: &[String]) -> Result<(Vec<Package>, Rebuild), Failure> {
        let mut packages = Vec::new();
        let mut union: Vec<DrvId> = Vec::new();
        for name in names {
            let found = self.named(name)?;
            packages.push(Package {
                name: name.clone(),
                derivations: found.len() as u64,
                rebuild: self.of(&found),
            });
            union.extend(found);
        }
        union.sort_unstable();
        union.dedup();
        let together = self.of(&union);
        Ok((packages, together))
    }

    /// The builds that go by a name.
    fn named(&self, name: &str) -> Result<Vec<DrvId>, Failure> {
        let is_build = |id: DrvId| self.is_build[id.index()];
        let found = named::all(self.input, name, is_build);
        if found.is_empty() {
            let advice = "--rank lists all";
            return Err(named::nothing(self.input, name, is_build, advice));
        }
        Ok(found)
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
            })
            .collect();
        packages.sort_by_key(|package| (Reverse(package.rebuild.build_ms), package.name.clone()));
        packages
    }
}
