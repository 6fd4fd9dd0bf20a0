//! The document that everything is rendered from.

use drv_graph::compare::{Comparison, Why};
use drv_graph::{DrvId, chain};

use super::comparison::Compared;
use super::lost;
use crate::dto::impact::{Added, Cause, Change, Difference, Impact, Summary};
use crate::workspace::{Durations, Workspace, derivation, graph, matched_by};

/// Without gates, which look at it.
pub(super) fn new(workspace: &Workspace, compared: &Compared, durations: &Durations) -> Impact {
    let Compared {
        before,
        after,
        comparison,
        built,
        ..
    } = compared;
    let is_built = |id: DrvId| built.contains(&id);
    let changes = comparison.changes().iter().zip(0_u32..);
    let changes: Vec<Change> = changes
        .map(|(change, id)| Change {
            id,
            before: before.graph[change.before].path().to_string(),
            after: derivation(after, change.after),
            is_cause: change.why == Why::Cause,
            matched_by: matched_by(change.matched_by).to_owned(),
            is_built: is_built(change.after),
            duration_ms: durations.of(change.after).duration.0,
            duration_factor: durations.of(change.after).factor,
        })
        .collect();
    let added = comparison.added().iter().map(|&id| Added {
        derivation: derivation(after, id),
        is_built: is_built(id),
        duration_ms: durations.of(id).duration.0,
    });
    let costs = comparison.drag_costs(&after.graph, |id| {
        if is_built(id) {
            durations.of(id).duration.0
        } else {
            0
        }
    });
    let causes = comparison.causes().iter().zip(costs);
    let causes = causes.map(|(cause, build_ms)| Cause {
        change: change_number(comparison, cause.change.after),
        differences: cause.differences.iter().map(Difference::from).collect(),
        drags: cause.drags as u64,
        drags_alone: cause.drags_alone as u64,
        build_ms,
        is_dragged: cause.is_dragged,
    });
    Impact {
        schema: Impact::SCHEMA_ID,
        before: graph(before),
        after: graph(after),
        machine: workspace.machine_name.clone(),
        summary: summary(compared, durations),
        causes: causes.collect(),
        added: added.collect(),
        gone: comparison
            .gone()
            .iter()
            .map(|&id| derivation(before, id))
            .collect(),
        lost: lost::by_cache(compared),
        changes,
        gates: Vec::new(),
    }
}

fn summary(compared: &Compared, durations: &Durations) -> Summary {
    let Compared {
        after,
        comparison,
        built,
        ..
    } = compared;
    let changed = comparison.changes().iter().map(|change| change.after);
    let anew: Vec<DrvId> = changed.chain(comparison.added().iter().copied()).collect();
    let (to_do, available): (Vec<DrvId>, Vec<DrvId>) =
        anew.into_iter().partition(|id| built.contains(id));
    let downloads = to_do
        .iter()
        .filter(|&&id| after.graph[id].is_fixed_output())
        .count() as u64;
    let rebuilds = to_do.len() as u64 - downloads;
    let all = after.graph.closure(&after.root_derivations());
    let builds = all.iter().filter(|&&id| !after.graph[id].is_fixed_output());
    let builds = builds.count() as u64;
    let mut is_to_do = vec![false; after.graph.len()];
    for id in &to_do {
        is_to_do[id.index()] = true;
    }
    let time = |id: DrvId| durations.of(id).duration.0;
    let longest = chain::costliest(
        &after.graph,
        &to_do,
        &to_do,
        |id| is_to_do[id.index()],
        time,
    );
    Summary {
        fates: comparison.into(),
        unchanged_with_other_file: comparison.unchanged_with_other_file() as u64,
        rebuilds,
        downloads,
        available: available.len() as u64,
        share: (builds > 0).then(|| rebuilds as f64 / builds as f64),
        build_ms: sum(to_do.iter().map(|&id| time(id))),
        longest_chain_ms: sum(longest.unwrap_or_default().into_iter().map(time)),
    }
}

fn sum(times: impl Iterator<Item = u64>) -> u64 {
    times.fold(0, u64::saturating_add)
}

/// Changes are numbered in ascending order of the derivation after.
fn change_number(comparison: &Comparison, after: DrvId) -> u32 {
    let at = comparison
        .changes()
        .binary_search_by_key(&after, |change| change.after);
    at.unwrap_or_else(|at| at) as u32
}
