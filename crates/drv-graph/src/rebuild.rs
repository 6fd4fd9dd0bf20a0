//! What is built again when derivations change: an upper bound that needs no evaluation.
//!
//! Whoever needs a changed output is built again, and so on; only a fixed output stays what it is,
//! whatever fetches it. Evaluating finds exactly the same when the derivations are changed where they
//! are made, by a `derivation` that gives them one variable more. An overlay changes an attribute
//! instead: that reaches less where an expression holds on to the package of the set before it, or takes
//! it from another set, and more where another package is made from the overridden one's
//! description; who wants a bound for that counts the variants as changed too.
//!
//! ```
//! use drv_graph::{DerivationGraphBuilder, DerivationParts, StorePath, rebuild};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = |name: &str| StorePath::parse(&format!("/nix/store/{}-{name}.drv", "0".repeat(32)));
//! let (zlib, git, bash) = (path("zlib")?, path("git")?, path("bash")?);
//! let mut builder = DerivationGraphBuilder::new();
//! builder.insert(DerivationParts::new(zlib.clone()).into(), []);
//! builder.insert(DerivationParts::new(git.clone()).into(), [(&zlib, &["out"][..])]);
//! builder.insert(DerivationParts::new(bash).into(), []);
//! let graph = builder.finish()?;
//! let zlib = graph.id(&zlib).unwrap();
//! assert_eq!(rebuild::of(&graph, &[zlib]).len(), 2);
//! # Ok(()) }
//! ```

use crate::reach;
use crate::{DerivationGraph, DrvId};

/// What is built again when the outputs of `changed` are others: these, and all that needs them,
/// directly or not, ascending. O(n + e).
pub fn of(graph: &DerivationGraph, changed: &[DrvId]) -> Vec<DrvId> {
    let mut rebuilt = vec![false; graph.len()];
    let mut open: Vec<DrvId> = changed
        .iter()
        .copied()
        .filter(|id| id.index() < graph.len())
        .collect();
    for &id in &open {
        rebuilt[id.index()] = true;
    }
    while let Some(id) = open.pop() {
        for dependent in graph.dependents(id) {
            if !graph[dependent].is_fixed_output()
                && !std::mem::replace(&mut rebuilt[dependent.index()], true)
            {
                open.push(dependent);
            }
        }
    }
    graph.ids().filter(|id| rebuilt[id.index()]).collect()
}

/// For each of many sets, the sum of `cost` over what is built again when that set changes, as
/// far as it is in `scope`: how all packages compare.
///
/// A sum that does not fit is the largest number. O(s/512 · (n + e)) for s sets.
pub fn costs(
    graph: &DerivationGraph,
    sets: &[Vec<DrvId>],
    scope: impl Fn(DrvId) -> bool,
    cost: impl Fn(DrvId) -> u64,
) -> Vec<u64> {
    let cost = |id| if scope(id) { cost(id) } else { 0 };
    reach::sums(graph, sets, |id| !graph[id].is_fixed_output(), cost)
}
