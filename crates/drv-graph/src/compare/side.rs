//! What is compared.

use std::borrow::Cow;

use crate::recipe::{Recipes, Span};
use crate::{DerivationGraph, DrvId};

/// One of the two graphs of a comparison, with what is known of it.
#[derive(Clone, Debug)]
pub struct Side<'a> {
    pub(super) graph: &'a DerivationGraph,
    pub(super) roots: Option<Vec<DrvId>>,
    /// In ascending order, each name once.
    pub(super) attributes: Vec<(&'a str, DrvId)>,
}

impl<'a> Side<'a> {
    /// All of a graph.
    pub fn new(graph: &'a DerivationGraph) -> Self {
        Self {
            graph,
            roots: None,
            attributes: Vec::new(),
        }
    }

    /// The graph.
    pub fn graph(&self) -> &'a DerivationGraph {
        self.graph
    }

    /// Only `roots` and what they need.
    #[must_use]
    pub fn with_roots(mut self, roots: &[DrvId]) -> Self {
        self.roots = Some(roots.to_vec());
        self
    }

    /// With names by which a package set knows derivations. Where both sides have a name, what it
    /// stands for is matched whatever it is called. A name that stands for several derivations
    /// says nothing.
    #[must_use]
    pub fn with_attributes(
        mut self,
        attributes: impl IntoIterator<Item = (DrvId, &'a str)>,
    ) -> Self {
        let named = attributes.into_iter().map(|(id, name)| (name, id));
        let mut all: Vec<(&str, DrvId)> = named.collect();
        all.sort_unstable();
        all.dedup();
        self.attributes = all
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|same| same.len() == 1)
            .map(|same| same[0])
            .collect();
        self
    }

    /// The recipes; of a graph that was read without, from what was kept of environments.
    pub(super) fn recipes(&self) -> (Cow<'a, Recipes>, Cow<'a, [Span]>) {
        if let Some((recipes, spans)) = &self.graph.recipes {
            return (Cow::Borrowed(recipes), Cow::Borrowed(spans));
        }
        let mut recipes = Recipes::default();
        let derivations = self.graph.iter();
        let spans: Vec<Span> = derivations
            .map(|(_, derivation)| recipes.add_kept(derivation))
            .collect();
        (Cow::Owned(recipes), spans.into())
    }
}
