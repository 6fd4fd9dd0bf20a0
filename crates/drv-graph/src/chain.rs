//! Chains of derivations, each needed by the next: why something is built.
//!
//! ```
//! use drv_graph::{DerivationGraphBuilder, DerivationParts, StorePath, chain};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = |name: &str| StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32)));
//! let (a_zlib, b_curl, c_git) = (path("a")?, path("b")?, path("c")?);
//! let mut builder = DerivationGraphBuilder::new();
//! builder.insert(DerivationParts::new(a_zlib.clone()).into(), []);
//! builder.insert(DerivationParts::new(b_curl.clone()).into(), [(&a_zlib, &["out"][..])]);
//! let inputs = [(&a_zlib, &["out"][..]), (&b_curl, &["out"][..])];
//! builder.insert(DerivationParts::new(c_git).into(), inputs);
//! let graph = builder.finish()?;
//! let [zlib, curl, git] = [0, 1, 2].map(drv_graph::DrvId);
//! let all = |_| true;
//! assert_eq!(chain::shortest(&graph, &[zlib], &[git], all).unwrap(), [zlib, git]);
//! assert_eq!(chain::costliest(&graph, &[zlib], &[git], all, |_| 1).unwrap(), [zlib, curl, git]);
//! # Ok(()) }
//! ```

use crate::{DerivationGraph, DrvId};

/// The chain of fewest derivations from one of `from` to one of `to`, each an input of the next
/// and none outside of `within`; of several the one that is found first, breadth first in
/// ascending order. `None` where there is no chain. O(n + e).
pub fn shortest(
    graph: &DerivationGraph,
    from: &[DrvId],
    to: &[DrvId],
    within: impl Fn(DrvId) -> bool,
) -> Option<Vec<DrvId>> {
    let is_end = marked(graph, to);
    let mut reached_from: Vec<Option<DrvId>> = vec![None; graph.len()];
    let mut seen = vec![false; graph.len()];
    let mut queue: Vec<DrvId> = Vec::new();
    let mut starts: Vec<DrvId> = from.to_vec();
    starts.sort_unstable();
    for id in starts {
        if id.index() < graph.len() && within(id) && !std::mem::replace(&mut seen[id.index()], true)
        {
            queue.push(id);
        }
    }
    let mut done = 0;
    while let Some(&id) = queue.get(done) {
        done += 1;
        if is_end[id.index()] {
            return Some(backwards(id, &reached_from));
        }
        for next in graph.dependents(id) {
            if within(next) && !std::mem::replace(&mut seen[next.index()], true) {
                reached_from[next.index()] = Some(id);
                queue.push(next);
            }
        }
    }
    None
}

/// The chain from one of `from` to one of `to` whose derivations cost most together, each an
/// input of the next and none outside of `within`; of several the one whose last, then whose last
/// but one … is the smallest. `None` where there is no chain. O(n + e).
pub fn costliest(
    graph: &DerivationGraph,
    from: &[DrvId],
    to: &[DrvId],
    within: impl Fn(DrvId) -> bool,
    cost: impl Fn(DrvId) -> u64,
) -> Option<Vec<DrvId>> {
    let (is_start, is_end) = (marked(graph, from), marked(graph, to));
    let mut reached_from: Vec<Option<DrvId>> = vec![None; graph.len()];
    let mut costs: Vec<Option<u64>> = vec![None; graph.len()];
    let mut best: Option<(u64, DrvId)> = None;
    for &id in graph.topological_order() {
        if !within(id) {
            continue;
        }
        let mut below: Option<(u64, DrvId)> = None;
        for input in graph.inputs(id) {
            if let Some(cost) = costs[input.id.index()]
                && below.is_none_or(|(most, _)| cost > most)
            {
                below = Some((cost, input.id));
            }
        }
        if below.is_none() && !is_start[id.index()] {
            continue;
        }
        let total = below.map_or(0, |(cost, _)| cost).saturating_add(cost(id));
        costs[id.index()] = Some(total);
        reached_from[id.index()] = below.map(|(_, input)| input);
        let is_better = best.is_none_or(|(most, end)| total > most || (total == most && id < end));
        if is_end[id.index()] && is_better {
            best = Some((total, id));
        }
    }
    Some(backwards(best?.1, &reached_from))
}

fn marked(graph: &DerivationGraph, ids: &[DrvId]) -> Vec<bool> {
    let mut marked = vec![false; graph.len()];
    for id in ids {
        if let Some(marked) = marked.get_mut(id.index()) {
            *marked = true;
        }
    }
    marked
}

fn backwards(end: DrvId, reached_from: &[Option<DrvId>]) -> Vec<DrvId> {
    let mut chain = vec![end];
    while let Some(before) = reached_from[chain[chain.len() - 1].index()] {
        chain.push(before);
    }
    chain.reverse();
    chain
}
