//! The dependency graph of a set of derivations.

use std::collections::HashMap;
use std::ops::Index;
use std::sync::{Arc, OnceLock};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::recipe::{Recipes, Span};
use crate::{Derivation, Output, StorePath};

/// A derivation of one [`DerivationGraph`]: ids count from 0 in ascending order of `.drv` path,
/// so that sorting by id is sorting by path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DrvId(pub u32);

impl DrvId {
    /// The id as an index into a slice with one element per derivation.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One edge: an input derivation, and which of its outputs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'g> {
    /// The input.
    pub id: DrvId,
    /// Names of its outputs, ascending. Of an output that is itself a derivation to be built
    /// (dynamic derivations), the name of that output.
    pub outputs: &'g [Arc<str>],
}

/// Derivations and who needs whom.
///
/// Invariants: there is no cycle; every input is in the graph; at most one edge leads from one
/// derivation to another. n derivations and e edges take about `40·n + 20·e` bytes besides the
/// derivations themselves.
///
/// Made by a [`DerivationGraphBuilder`](crate::DerivationGraphBuilder) or one of the readers.
#[derive(Clone, Debug)]
pub struct DerivationGraph {
    pub(crate) derivations: Vec<Derivation>,
    /// Edges lead from a derivation to its inputs; the weight is an index into `wanted`.
    pub(crate) edges: DiGraph<(), u32, u32>,
    pub(crate) wanted: Vec<Box<[Arc<str>]>>,
    pub(crate) ids: FxHashMap<StorePath, u32>,
    pub(crate) topological: Vec<DrvId>,
    pub(crate) producers: OnceLock<Producers>,
    /// With the span of each derivation.
    pub(crate) recipes: Option<(Recipes, Vec<Span>)>,
}

/// For each output path, its first place in `places`; places of one path are next to each other.
#[derive(Clone, Debug)]
pub(crate) struct Producers {
    first: FxHashMap<StorePath, u32>,
    places: Vec<(DrvId, u32)>,
}

impl DerivationGraph {
    /// Number of derivations.
    pub fn len(&self) -> usize {
        self.derivations.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.derivations.is_empty()
    }

    /// Number of edges: pairs of a derivation and one of its inputs.
    pub fn edge_count(&self) -> usize {
        self.edges.edge_count()
    }

    /// Every id, ascending.
    pub fn ids(
        &self,
    ) -> impl ExactSizeIterator<Item = DrvId> + DoubleEndedIterator + Clone + use<> {
        (0..self.derivations.len() as u32).map(DrvId)
    }

    /// Every derivation, in ascending order of path.
    pub fn iter(
        &self,
    ) -> impl ExactSizeIterator<Item = (DrvId, &Derivation)> + DoubleEndedIterator + Clone {
        self.ids().zip(&self.derivations)
    }

    /// The derivation, or `None` for an id of another graph.
    pub fn get(&self, id: DrvId) -> Option<&Derivation> {
        self.derivations.get(id.index())
    }

    /// The derivation with that `.drv` path. O(1).
    pub fn id(&self, path: &StorePath) -> Option<DrvId> {
        self.find(path.as_str())
    }

    /// The derivation whose `.drv` path reads so in full. O(1).
    pub fn find(&self, path: &str) -> Option<DrvId> {
        self.ids.get(path).map(|&id| DrvId(id))
    }

    /// What `id` needs, in ascending order of id; nothing for an id of another graph.
    pub fn inputs(&self, id: DrvId) -> impl Iterator<Item = Input<'_>> {
        self.edges.edges(NodeIndex::new(id.index())).map(|edge| {
            use petgraph::visit::EdgeRef;
            Input {
                id: DrvId(edge.target().index() as u32),
                outputs: &self.wanted[*edge.weight() as usize],
            }
        })
    }

    /// Those that need `id`, in ascending order of id; none for an id of another graph.
    pub fn dependents(&self, id: DrvId) -> impl Iterator<Item = DrvId> {
        self.edges
            .neighbors_directed(NodeIndex::new(id.index()), Direction::Incoming)
            .map(|node| DrvId(node.index() as u32))
    }

    /// Every id, inputs before those that need them.
    ///
    /// Breadth first from those without inputs, each level in ascending order of what freed it;
    /// the same graph always gives the same order.
    pub fn topological_order(&self) -> &[DrvId] {
        &self.topological
    }

    /// `roots` and all they need, directly or not, ascending. Ids of another graph are left out.
    /// O(n + e).
    pub fn closure(&self, roots: &[DrvId]) -> Vec<DrvId> {
        self.reachable(roots, Direction::Outgoing)
    }

    /// `leaves` and all that need them, directly or not, ascending: what has to be built again
    /// when they change. O(n + e).
    pub fn reverse_closure(&self, leaves: &[DrvId]) -> Vec<DrvId> {
        self.reachable(leaves, Direction::Incoming)
    }

    fn reachable(&self, from: &[DrvId], direction: Direction) -> Vec<DrvId> {
        let mut seen = vec![false; self.len()];
        let mut stack = Vec::new();
        for &id in from {
            if let Some(seen) = seen.get_mut(id.index())
                && !std::mem::replace(seen, true)
            {
                stack.push(NodeIndex::new(id.index()));
            }
        }
        while let Some(node) = stack.pop() {
            for next in self.edges.neighbors_directed(node, direction) {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    stack.push(next);
                }
            }
        }
        self.ids().filter(|id| seen[id.index()]).collect()
    }

    /// Those that nobody needs, ascending.
    pub fn roots(&self) -> Vec<DrvId> {
        self.ids()
            .filter(|&id| self.dependents(id).next().is_none())
            .collect()
    }

    /// The derivation, and its output, that makes `path`: the one with the smallest id where
    /// several do. O(1) after a first call in O(n).
    pub fn producer(&self, path: &StorePath) -> Option<(DrvId, &Output)> {
        self.producers_of(path).next()
    }

    /// All derivations that make `path`, ascending. Several derivations can make one path where
    /// outputs are fixed: one tarball, fetched in two ways.
    pub fn producers_of(&self, path: &StorePath) -> impl Iterator<Item = (DrvId, &Output)> {
        let producers = self.producers.get_or_init(|| self.index_outputs());
        let first = producers.first.get(path).copied();
        first
            .map_or(&[][..], |at| &producers.places[at as usize..])
            .iter()
            .map(|&(id, output)| (id, &self[id].outputs()[output as usize]))
            .take_while(move |(_, output)| output.path.as_ref() == Some(path))
    }

    fn index_outputs(&self) -> Producers {
        let mut places: Vec<(&StorePath, DrvId, u32)> = self
            .iter()
            .flat_map(|(id, drv)| {
                drv.outputs()
                    .iter()
                    .zip(0..)
                    .filter_map(move |(output, at)| Some((output.path.as_ref()?, id, at)))
            })
            .collect();
        places.sort_unstable();
        let mut first = HashMap::with_capacity_and_hasher(places.len(), FxBuildHasher);
        for (&(path, ..), at) in places.iter().zip(0..) {
            if !first.contains_key(path) {
                first.insert(path.clone(), at);
            }
        }
        Producers {
            first,
            places: places.into_iter().map(|(_, id, at)| (id, at)).collect(),
        }
    }
}

impl Index<DrvId> for DerivationGraph {
    type Output = Derivation;

    /// # Panics
    /// For an id of another, larger graph.
    fn index(&self, id: DrvId) -> &Derivation {
        &self.derivations[id.index()]
    }
}

/// Two graphs are equal when they have equal derivations, edges and wanted outputs.
impl PartialEq for DerivationGraph {
    fn eq(&self, other: &Self) -> bool {
        self.derivations == other.derivations
            && self.edge_count() == other.edge_count()
            && self.ids().all(|id| self.inputs(id).eq(other.inputs(id)))
    }
}

impl Eq for DerivationGraph {}
