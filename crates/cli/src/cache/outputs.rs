//! Which outputs of derivations somebody wants.

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::{DrvId, StorePath};
use tier_planner::work::WantedOutputs;

use crate::workspace::Input;

/// The outputs that the roots or what is built for them want, of the derivations for which
/// `is_built` says that they are: their paths, by derivation.
///
/// What is not built wants nothing. Outputs of which no path is known are left out.
pub(super) fn wanted(
    input: &Input,
    is_built: impl Fn(DrvId) -> bool,
) -> BTreeMap<DrvId, BTreeSet<StorePath>> {
    let graph = &input.graph;
    let mut wanted: BTreeMap<DrvId, BTreeSet<StorePath>> = BTreeMap::new();
    let mut add = |id: DrvId, is_wanted: &dyn Fn(&str) -> bool| {
        let outputs = graph[id].outputs();
        // An output that is not declared may be any.
        let any = outputs.iter().any(|output| is_wanted(&output.name));
        let found = outputs
            .iter()
            .filter(|output| !any || is_wanted(&output.name));
        let paths = found.filter_map(|output| output.path.clone());
        wanted.entry(id).or_default().extend(paths);
    };
    for root in &input.roots {
        match &root.outputs {
            WantedOutputs::All => add(root.derivation, &|_| true),
            WantedOutputs::Named(names) => {
                add(root.derivation, &|output| {
                    names.iter().any(|name| **name == *output)
                });
            }
        }
    }
    for id in graph.ids().filter(|&id| is_built(id)) {
        for needed in graph.inputs(id) {
            add(needed.id, &|output| {
                needed.outputs.iter().any(|name| **name == *output)
            });
        }
    }
    wanted
}
