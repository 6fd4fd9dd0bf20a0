//! Making a [`DerivationGraph`] of derivations that come in any order.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, OnceLock};

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use crate::recipe::{Line, Recipes, Span};
use crate::{
    DanglingInput, Derivation, DerivationGraph, DrvId, Error, GraphProblems, StorePath,
    StorePathError,
};

/// Collects derivations, in any order, with their inputs named by path.
///
/// ```
/// use drv_graph::{Derivation, DerivationGraphBuilder, DerivationParts, StorePath};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let lib = StorePath::parse("/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-lib.drv")?;
/// let app = StorePath::parse("/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-app.drv")?;
/// let mut builder = DerivationGraphBuilder::new();
/// builder.insert(DerivationParts::new(app.clone()).into(), [(&lib, &["out"][..])]);
/// builder.insert(DerivationParts::new(lib.clone()).into(), []);
/// let graph = builder.finish()?;
/// assert_eq!(graph.roots(), [graph.id(&app).unwrap()]);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct DerivationGraphBuilder {
    nodes: Vec<Node>,
    numbers: FxHashMap<StorePath, u32>,
    /// Source, target, index into `wanted`.
    edges: Vec<(u32, u32, u32)>,
    wanted: WantedOutputs,
    conflicting: Vec<StorePath>,
    /// Where readers were asked for them.
    recipes: Option<Recipes>,
}

#[derive(Clone, Debug)]
struct Node {
    path: StorePath,
    definition: Option<Definition>,
}

#[derive(Clone, Debug)]
struct Definition {
    derivation: Derivation,
    /// Its edges are `edges[start..end]`.
    start: usize,
    end: usize,
    recipe: Option<Span>,
}

impl DerivationGraphBuilder {
    /// No derivation yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a derivation and its inputs: `.drv` paths, and the outputs wanted of each.
    ///
    /// A derivation that is there already is left alone; when it differs, [`finish`] says so.
    ///
    /// [`finish`]: Self::finish
    pub fn insert<'a>(
        &mut self,
        derivation: Derivation,
        inputs: impl IntoIterator<Item = (&'a StorePath, &'a [&'a str])>,
    ) {
        self.insert_with(derivation, inputs, None);
    }

    /// As [`insert`](Self::insert), with the variables of the recipe; without, they are those that
    /// the derivation has kept.
    pub(crate) fn insert_with<'a>(
        &mut self,
        derivation: Derivation,
        inputs: impl IntoIterator<Item = (&'a StorePath, &'a [&'a str])>,
        variables: Option<Vec<Line>>,
    ) {
        let node = self.number(derivation.path());
        let start = self.edges.len();
        for (path, outputs) in inputs {
            let target = self.number(path);
            let wanted = self.wanted.number(outputs);
            self.edges.push((node, target, wanted));
        }
        self.define(node, derivation, start, variables);
    }

    /// Lets the graph have recipes.
    pub(crate) fn keep_recipes(&mut self) {
        self.recipes.get_or_insert_default();
    }

    pub(crate) fn recipes_mut(&mut self) -> Option<&mut Recipes> {
        self.recipes.as_mut()
    }

    /// Whether a derivation with that path was inserted.
    pub fn contains(&self, path: &StorePath) -> bool {
        self.numbers
            .get(path)
            .is_some_and(|&number| self.nodes[number as usize].definition.is_some())
    }

    /// The graph.
    ///
    /// # Errors
    /// [`Error::Graph`] with *all* inputs that were never inserted, all derivations that were
    /// inserted with different contents, and a cycle.
    ///
    /// O(n log n + e log e), or O(n + e) where paths came in ascending order.
    pub fn finish(mut self) -> Result<DerivationGraph, Error> {
        let mut conflicting = std::mem::take(&mut self.conflicting);
        conflicting.sort();
        conflicting.dedup();
        let mut problems = GraphProblems {
            dangling: self.dangling(),
            conflicting,
            cycle: Vec::new(),
        };
        let graph = self.join();
        if graph.topological.len() < graph.len() {
            let cycle = a_cycle(&graph.edges).into_iter();
            problems.cycle = cycle.map(|id| graph[id].path().clone()).collect();
        }
        if problems.is_empty() {
            Ok(graph)
        } else {
            Err(Error::Graph(problems))
        }
    }

    fn dangling(&self) -> Vec<DanglingInput> {
        if self.nodes.iter().all(|node| node.definition.is_some()) {
            return Vec::new();
        }
        let mut dangling: Vec<_> = self
            .edges
            .iter()
            .map(|&(from, to, _)| (&self.nodes[from as usize], &self.nodes[to as usize]))
            .filter(|(_, input)| input.definition.is_none())
            .map(|(of, input)| DanglingInput {
                of: of.path.clone(),
                input: input.path.clone(),
            })
            .collect();
        dangling.sort();
        dangling.dedup();
        dangling
    }

    /// Puts what is defined in order. Where there is a cycle, the topological order lacks it and
    /// what depends on it.
    fn join(self) -> DerivationGraph {
        let mut order: Vec<u32> = (0..self.nodes.len() as u32)
            .filter(|&number| self.nodes[number as usize].definition.is_some())
            .collect();
        order.sort_by(|&a, &b| {
            self.nodes[a as usize]
                .path
                .cmp(&self.nodes[b as usize].path)
        });
        let mut id_of = vec![None; self.nodes.len()];
        for (&number, id) in order.iter().zip(0u32..) {
            id_of[number as usize] = Some(id);
        }

        let mut wanted = self.wanted;
        let edges = in_order(self.edges, &id_of, &mut wanted);
        let mut ids = self.numbers;
        ids.retain(|_, number| match id_of[*number as usize] {
            Some(id) => {
                *number = id;
                true
            }
            None => false,
        });
        let mut nodes = self.nodes;
        let mut derivations = Vec::with_capacity(order.len());
        let mut recipes = self.recipes;
        let mut spans = Vec::new();
        for &number in &order {
            let Some(definition) = nodes[number as usize].definition.take() else {
                continue;
            };
            if let Some(recipes) = &mut recipes {
                let kept = || recipes.add_kept(&definition.derivation);
                spans.push(definition.recipe.unwrap_or_else(kept));
            }
            derivations.push(definition.derivation);
        }

        let mut graph = DiGraph::with_capacity(derivations.len(), edges.len());
        for _ in &derivations {
            graph.add_node(());
        }
        // petgraph lists the edges of a node with the newest first.
        for &(from, to, wanted) in edges.iter().rev() {
            graph.add_edge(NodeIndex::from(from), NodeIndex::from(to), wanted);
        }
        let topological = topological_order(&graph);

        DerivationGraph {
            derivations,
            edges: graph,
            wanted: wanted.sets,
            ids,
            topological,
            producers: OnceLock::new(),
            recipes: recipes.map(|recipes| (recipes, spans)),
        }
    }

    fn number(&mut self, path: &StorePath) -> u32 {
        match self.numbers.entry(path.clone()) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => new_node(&mut self.nodes, entry.key().clone(), |number| {
                entry.insert(number);
            }),
        }
    }

    /// The number of the node with that full path; it allocates at a path's first mention only,
    /// so that an edge costs a look-up.
    pub(crate) fn number_of(&mut self, path: &str) -> Result<u32, StorePathError> {
        if let Some(&number) = self.numbers.get(path) {
            return Ok(number);
        }
        let path = StorePath::parse(path)?;
        let numbers = &mut self.numbers;
        Ok(new_node(&mut self.nodes, path.clone(), |number| {
            numbers.insert(path, number);
        }))
    }

    /// The path of a node.
    pub(crate) fn path_of(&self, number: u32) -> &StorePath {
        &self.nodes[number as usize].path
    }

    /// How many edges there are: where those of the next derivation start.
    pub(crate) fn edge_mark(&self) -> usize {
        self.edges.len()
    }

    /// Adds an edge of the derivation that the next [`define`](Self::define) adds.
    pub(crate) fn add_edge(&mut self, from: u32, to: u32, outputs: &[&str]) {
        let wanted = self.wanted.number(outputs);
        self.edges.push((from, to, wanted));
    }

    /// Takes back the edges since `start`, of a derivation that could not be read.
    pub(crate) fn drop_edges(&mut self, start: usize) {
        self.edges.truncate(start);
    }

    /// Gives a node its derivation; its edges are those since `start`.
    pub(crate) fn define(
        &mut self,
        number: u32,
        derivation: Derivation,
        start: usize,
        variables: Option<Vec<Line>>,
    ) {
        let end = self.edges.len();
        let node = &mut self.nodes[number as usize];
        if let Some(before) = &node.definition {
            let same_inputs = edge_set(&self.edges[before.start..before.end])
                == edge_set(&self.edges[start..end]);
            if !same_inputs || before.derivation != derivation {
                self.conflicting.push(node.path.clone());
            }
            self.edges.truncate(start);
        } else {
            let recipes = self.recipes.as_mut().zip(variables);
            node.definition = Some(Definition {
                recipe: recipes.map(|(recipes, lines)| recipes.finish(&derivation, lines)),
                derivation,
                start,
                end,
            });
        }
    }
}

fn new_node(nodes: &mut Vec<Node>, path: StorePath, register: impl FnOnce(u32)) -> u32 {
    let number = nodes.len() as u32;
    nodes.push(Node {
        path,
        definition: None,
    });
    register(number);
    number
}

fn edge_set(edges: &[(u32, u32, u32)]) -> Vec<(u32, u32, u32)> {
    let mut edges = edges.to_vec();
    edges.sort_unstable();
    edges.dedup();
    edges
}

/// Renumbers edges, sorts them by source and target, and joins those that lead from one node to
/// the same other.
fn in_order(
    mut edges: Vec<(u32, u32, u32)>,
    id_of: &[Option<u32>],
    wanted: &mut WantedOutputs,
) -> Vec<(u32, u32, u32)> {
    edges.retain_mut(
        |(from, to, _)| match (id_of[*from as usize], id_of[*to as usize]) {
            (Some(source), Some(target)) => {
                (*from, *to) = (source, target);
                true
            }
            _ => false,
        },
    );
    edges.sort_unstable();
    edges.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 = wanted.union(kept.2, next.2);
        }
        same
    });
    edges
}

/// Kahn's algorithm with a queue, inputs first; shorter than the graph where there is a cycle.
fn topological_order(graph: &DiGraph<(), u32, u32>) -> Vec<DrvId> {
    let mut missing: Vec<u32> = vec![0; graph.node_count()];
    for edge in graph.raw_edges() {
        missing[edge.source().index()] += 1;
    }
    let mut order: Vec<DrvId> = (0..graph.node_count() as u32)
        .map(DrvId)
        .filter(|id| missing[id.index()] == 0)
        .collect();
    let mut done = 0;
    while let Some(&id) = order.get(done) {
        done += 1;
        for dependent in graph.neighbors_directed(NodeIndex::new(id.index()), Direction::Incoming) {
            let missing = &mut missing[dependent.index()];
            *missing -= 1;
            if *missing == 0 {
                order.push(DrvId(dependent.index() as u32));
            }
        }
    }
    order
}

/// A cycle through the smallest node that is on any, starting there.
fn a_cycle(graph: &DiGraph<(), u32, u32>) -> Vec<DrvId> {
    // Kosaraju's algorithm, because petgraph's Tarjan recurses as deep as the graph.
    let components = kosaraju_scc(graph);
    let knot = components
        .iter()
        .filter(|nodes| {
            nodes.len() > 1 || nodes.iter().any(|&node| graph.contains_edge(node, node))
        })
        .min_by_key(|nodes| nodes.iter().min().copied());
    let Some((knot, start)) = knot.and_then(|knot| Some((knot, *knot.iter().min()?))) else {
        return Vec::new();
    };
    let within: rustc_hash::FxHashSet<_> = knot.iter().copied().collect();
    // Breadth first inside the component: a shortest way back to the start.
    let mut reached_from: FxHashMap<NodeIndex, NodeIndex> = HashMap::default();
    let mut queue = vec![start];
    let mut done = 0;
    while let Some(&node) = queue.get(done) {
        done += 1;
        for next in graph.neighbors(node) {
            if next == start {
                let mut cycle = vec![node];
                while let Some(&before) = reached_from.get(&cycle[cycle.len() - 1]) {
                    cycle.push(before);
                }
                cycle.reverse();
                return cycle
                    .into_iter()
                    .map(|node| DrvId(node.index() as u32))
                    .collect();
            }
            if within.contains(&next) && !reached_from.contains_key(&next) {
                reached_from.insert(next, node);
                queue.push(next);
            }
        }
    }
    Vec::new()
}

/// The sets of output names that edges want. There are few (`out`; `dev`; `dev` and `out`),
/// and an edge holds a number.
#[derive(Clone, Debug, Default)]
struct WantedOutputs {
    sets: Vec<Box<[Arc<str>]>>,
    /// By the names, each followed by a line feed.
    numbers: FxHashMap<Box<str>, u32>,
    names: FxHashMap<Box<str>, Arc<str>>,
    key: String,
}

impl WantedOutputs {
    fn number(&mut self, outputs: &[&str]) -> u32 {
        if !outputs.is_sorted_by(|a, b| a < b) {
            let mut sorted = outputs.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            return self.number(&sorted);
        }
        self.key.clear();
        for name in outputs {
            self.key.push_str(name);
            self.key.push('\n');
        }
        if let Some(&number) = self.numbers.get(self.key.as_str()) {
            return number;
        }
        let number = self.sets.len() as u32;
        let names = &mut self.names;
        let set = outputs
            .iter()
            .map(|&name| {
                names
                    .entry(name.into())
                    .or_insert_with(|| name.into())
                    .clone()
            })
            .collect();
        self.sets.push(set);
        self.numbers.insert(self.key.as_str().into(), number);
        number
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b {
            return a;
        }
        let names: Vec<Arc<str>> = [a, b]
            .iter()
            .flat_map(|&set| self.sets[set as usize].iter().cloned())
            .collect();
        self.number(&names.iter().map(|name| &**name).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DerivationParts;

    fn path(n: u32) -> StorePath {
        StorePath::parse(&format!("/nix/store/{n:032}-d{n}.drv")).unwrap()
    }

    fn build(edges: &[(u32, &[u32])]) -> Result<DerivationGraph, Error> {
        let mut builder = DerivationGraphBuilder::new();
        for &(node, inputs) in edges {
            let inputs: Vec<_> = inputs.iter().map(|&input| path(input)).collect();
            builder.insert(
                DerivationParts::new(path(node)).into(),
                inputs.iter().map(|input| (input, &["out"][..])),
            );
        }
        builder.finish()
    }

    fn problems(edges: &[(u32, &[u32])]) -> GraphProblems {
        match build(edges) {
            Err(Error::Graph(problems)) => problems,
            other => panic!("{other:?}"),
        }
    }

    fn ids(ids: &[u32]) -> Vec<DrvId> {
        ids.iter().copied().map(DrvId).collect()
    }

    #[test]
    fn a_diamond_in_any_order() {
        let graph = build(&[(3, &[1, 2]), (0, &[]), (2, &[0]), (1, &[0])]).unwrap();
        assert_eq!(graph.len(), 4);
        assert_eq!(graph.edge_count(), 4);
        assert_eq!(graph.topological_order(), ids(&[0, 1, 2, 3]));
        assert_eq!(graph.closure(&ids(&[2])), ids(&[0, 2]));
        assert_eq!(graph.reverse_closure(&ids(&[2])), ids(&[2, 3]));
        assert_eq!(graph.roots(), ids(&[3]));
        let inputs: Vec<_> = graph.inputs(DrvId(3)).map(|input| input.id).collect();
        assert_eq!(inputs, ids(&[1, 2]));
        assert_eq!(graph.dependents(DrvId(0)).collect::<Vec<_>>(), ids(&[1, 2]));
        assert_eq!(graph.id(&path(2)), Some(DrvId(2)));
        assert_eq!(graph.find("/nix/store"), None);
    }

    #[test]
    fn an_empty_graph() {
        let graph = build(&[]).unwrap();
        assert!(graph.is_empty() && graph.roots().is_empty());
        assert!(graph.closure(&[]).is_empty());
    }

    #[test]
    fn all_dangling_inputs_are_reported() {
        let found = problems(&[(0, &[7, 8]), (1, &[7])]);
        let pairs: Vec<_> = found
            .dangling
            .iter()
            .map(|dangling| (dangling.of.clone(), dangling.input.clone()))
            .collect();
        assert_eq!(
            pairs,
            [(path(0), path(7)), (path(0), path(8)), (path(1), path(7))]
        );
        assert!(found.cycle.is_empty());
    }

    #[test]
    fn a_cycle_is_named_from_its_smallest() {
        let found = problems(&[(5, &[4]), (4, &[2, 9]), (2, &[5]), (9, &[]), (1, &[4])]);
        assert_eq!(found.cycle, [path(2), path(5), path(4)]);
        assert_eq!(problems(&[(3, &[3])]).cycle, [path(3)]);
    }

    #[test]
    fn a_long_cycle_does_not_recurse() {
        let n = 200_000;
        let mut builder = DerivationGraphBuilder::new();
        for node in 0..n {
            let next = path((node + 1) % n);
            builder.insert(
                DerivationParts::new(path(node)).into(),
                [(&next, &["out"][..])],
            );
        }
        let Err(Error::Graph(found)) = builder.finish() else {
            panic!("a cycle was taken for a graph");
        };
        assert_eq!(found.cycle.len(), n as usize);
    }

    #[test]
    fn the_same_derivation_twice_is_one() {
        let graph = build(&[(0, &[]), (1, &[0]), (1, &[0]), (0, &[])]).unwrap();
        assert_eq!((graph.len(), graph.edge_count()), (2, 1));
    }

    #[test]
    fn different_contents_under_one_path_conflict() {
        let found = problems(&[(0, &[]), (1, &[0]), (1, &[]), (2, &[]), (2, &[0])]);
        assert_eq!(found.conflicting, [path(1), path(2)]);
    }

    #[test]
    fn every_problem_at_once() {
        let found = problems(&[(0, &[0]), (1, &[9]), (2, &[]), (2, &[1])]);
        assert_eq!(found.conflicting, [path(2)]);
        assert_eq!(found.cycle, [path(0)]);
        assert_eq!(found.dangling.len(), 1);
    }

    #[test]
    fn outputs_wanted_of_one_input_are_joined() {
        let mut builder = DerivationGraphBuilder::new();
        builder.insert(DerivationParts::new(path(0)).into(), []);
        builder.insert(
            DerivationParts::new(path(1)).into(),
            [
                (&path(0), &["out", "dev", "out"][..]),
                (&path(0), &["lib"][..]),
            ],
        );
        let graph = builder.finish().unwrap();
        let inputs: Vec<_> = graph.inputs(DrvId(1)).collect();
        assert_eq!(inputs.len(), 1);
        let names: Vec<&str> = inputs[0].outputs.iter().map(|name| &**name).collect();
        assert_eq!(names, ["dev", "lib", "out"]);
    }
}
