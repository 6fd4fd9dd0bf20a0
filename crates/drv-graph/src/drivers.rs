//! Which inputs have derivations built again, over a series of graphs: where a split would pay.
//!
//! A large package that is built again at every update of a small input of its last part is split
//! in two: what does not need the input, and what does. So of each derivation it is counted how
//! often it was built again only because of the same few inputs.
//!
//! ```
//! use drv_graph::compare::Side;
//! use drv_graph::{ReadOptions, derivation_json, drivers};
//!
//! let options = ReadOptions { recipes: true, ..ReadOptions::default() };
//! let read = |cuda: char, onnx: char| {
//!     let (cuda, onnx) = (cuda.to_string().repeat(32), onnx.to_string().repeat(32));
//!     let json = format!(r#"{{
//!       "/nix/store/{cuda}-cuda-12.drv": {{
//!         "outputs": {{"out": {{"path": "/nix/store/{cuda}-cuda-12"}}}}, "inputDrvs": {{}},
//!         "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
//!         "env": {{"patch": "{cuda}"}}
//!       }},
//!       "/nix/store/{onnx}-onnx-1.drv": {{
//!         "outputs": {{"out": {{"path": "/nix/store/{onnx}-onnx-1"}}}},
//!         "inputDrvs": {{"/nix/store/{cuda}-cuda-12.drv": ["out"]}}, "inputSrcs": [],
//!         "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
//!         "env": {{"buildInputs": "/nix/store/{cuda}-cuda-12"}}
//!       }}
//!     }}"#);
//!     derivation_json::read(json.as_bytes(), &options)
//! };
//! let graphs = [read('0', '1')?, read('2', '3')?, read('4', '5')?];
//! let found = drivers::over(&graphs.each_ref().map(|graph| Side::new(graph)));
//! let last = &graphs[2];
//! let onnx = found.iter().find(|rebuilt| last[rebuilt.derivation].pname() == "onnx").unwrap();
//! assert_eq!((onnx.times, onnx.itself), (2, 0));
//! assert_eq!(last[onnx.drivers[0].inputs[0]].pname(), "cuda");
//! assert_eq!((onnx.drivers[0].times, onnx.drivers[0].builds_it), (2, false));
//! # Ok::<(), drv_graph::Error>(())
//! ```

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::compare::{Comparison, Fate, Side, Why, compare};
use crate::{DerivationGraph, DrvId};

/// How often a derivation was built again, and because of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// In the last graph.
    pub derivation: DrvId,
    /// Steps of the series in which it makes something else than before.
    pub times: u32,
    /// Those of them in which it says something else itself: no split helps against that.
    pub itself: u32,
    /// The inputs because of which it was built again in the other steps, the most frequent first,
    /// of equally frequent ones the fewest. Steps in which an input changed that the last graph
    /// does not have are in none.
    pub drivers: Vec<Driver>,
}

/// Inputs that changed together while everything else that a derivation is made of stayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// Direct inputs, in the last graph, ascending; never empty.
    pub inputs: Vec<DrvId>,
    /// Steps in which nothing but these changed, be it all of them or some.
    pub times: u32,
    /// Whether its builder or its standard environment is among them: no part of the derivation
    /// could be built without.
    pub builds_it: bool,
}

/// What of the last graph was built again in any step of a series of graphs, the oldest first;
/// ascending. Outputs with a fixed hash are never built again because of an input.
///
/// Empty for less than two graphs. For each step the cost of [`compare`]; then O(e) for it, and
/// for each derivation the square of how many different sets of its inputs changed.
pub fn over(series: &[Side<'_>]) -> Vec<Rebuilt> {
    let Some(last) = series.last() else {
        return Vec::new();
    };
    let steps: Vec<Step<'_>> = series
        .windows(2)
        .map(|pair| Step {
            graph: pair[1].graph(),
            comparison: compare(&pair[0], &pair[1]),
        })
        .collect();
    let last = last.graph();
    let in_last = in_last(&steps, last);
    let found = last.ids().filter(|&id| !last[id].is_fixed_output());
    found
        .filter_map(|id| rebuilt(last, &steps, &in_last, id))
        .collect()
}

/// From the graph before to the next.
struct Step<'a> {
    /// The next.
    graph: &'a DerivationGraph,
    comparison: Comparison,
}

/// For the graph after each step, what of the last graph each derivation became.
fn in_last(steps: &[Step<'_>], last: &DerivationGraph) -> Vec<Vec<Option<DrvId>>> {
    let mut later: Vec<Option<DrvId>> = last.ids().map(Some).collect();
    let mut all = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate().rev() {
        if let Some(next) = steps.get(at + 1) {
            let became = step.graph.ids().map(|id| {
                let id = partner(next.comparison.fate_before(id))?;
                later[id.index()]
            });
            later = became.collect();
        }
        all.push(later.clone());
    }
    all.reverse();
    all
}

fn partner(fate: Fate) -> Option<DrvId> {
    match fate {
        Fate::Unchanged(id) | Fate::Changed(id) => Some(id),
        Fate::Alone | Fate::Outside => None,
    }
}

fn rebuilt(
    last: &DerivationGraph,
    steps: &[Step<'_>],
    in_last: &[Vec<Option<DrvId>>],
    derivation: DrvId,
) -> Option<Rebuilt> {
    let (mut times, mut itself) = (0, 0);
    let mut sets: BTreeMap<Vec<DrvId>, u32> = BTreeMap::new();
    let mut id = derivation;
    for (step, in_last) in steps.iter().zip(in_last).rev() {
        let comparison = &step.comparison;
        if let Some(change) = comparison.change_to(id) {
            times += 1;
            match change.why {
                Why::Cause => itself += 1,
                Why::Cascade => {
                    let changed = step.graph.inputs(id).map(|input| input.id);
                    let changed = changed.filter(|&input| comparison.change_to(input).is_some());
                    let set: Option<Vec<DrvId>> =
                        changed.map(|input| in_last[input.index()]).collect();
                    if let Some(mut set) = set.filter(|set| !set.is_empty()) {
                        set.sort_unstable();
                        set.dedup();
                        *sets.entry(set).or_default() += 1;
                    }
                }
            }
        }
        // Before this step there is nothing to count.
        let Some(before) = partner(comparison.fate_after(id)) else {
            break;
        };
        id = before;
    }
    (times > 0).then(|| Rebuilt {
        derivation,
        times,
        itself,
        drivers: drivers(last, derivation, &sets),
    })
}

fn drivers(
    last: &DerivationGraph,
    derivation: DrvId,
    sets: &BTreeMap<Vec<DrvId>, u32>,
) -> Vec<Driver> {
    let within =
        |set: &[DrvId], other: &[DrvId]| set.iter().all(|input| other.binary_search(input).is_ok());
    let mut drivers: Vec<Driver> = sets
        .keys()
        .map(|inputs| Driver {
            inputs: inputs.clone(),
            times: sets
                .iter()
                .filter(|(set, _)| within(set, inputs))
                .map(|(_, times)| times)
                .sum(),
            builds_it: inputs.iter().any(|&input| builds(last, derivation, input)),
        })
        .collect();
    drivers.sort_by_key(|driver| (Reverse(driver.times), driver.inputs.len()));
    drivers
}

/// Whether the input is what the derivation is built with.
fn builds(graph: &DerivationGraph, derivation: DrvId, input: DrvId) -> bool {
    let derivation = &graph[derivation];
    let outputs = graph[input].outputs().iter();
    let mut paths = outputs.filter_map(|output| output.path.as_ref());
    paths.any(|path| {
        let path = path.to_string();
        let is_builder = derivation.builder().strip_prefix(&*path);
        is_builder.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || derivation.env("stdenv") == Some(&*path)
    })
}
