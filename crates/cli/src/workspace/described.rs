//! What was read, as documents have it.

use drv_graph::DrvId;
use drv_graph::compare::MatchedBy;

use super::Input;
use crate::dto::graph::{Derivation, Graph};

/// A graph in figures.
pub(crate) fn graph(input: &Input) -> Graph {
    let closure = input.graph.closure(&input.root_derivations());
    let fixed = closure
        .iter()
        .filter(|&&id| input.graph[id].is_fixed_output());
    Graph {
        sources: input.shown.clone(),
        derivations: input.graph.len() as u64,
        roots: input.roots.len() as u64,
        closure_fixed_output: fixed.count() as u64,
        closure: closure.len() as u64,
    }
}

/// One derivation of what was read.
pub(crate) fn derivation(input: &Input, id: DrvId) -> Derivation {
    let derivation = &input.graph[id];
    Derivation {
        drv: derivation.path().to_string(),
        name: derivation.name().to_owned(),
        pname: derivation.pname().to_owned(),
        attribute: input.attributes.get(&id).cloned(),
        fixed_output: derivation.is_fixed_output(),
    }
}

/// Why two derivations are taken for a pair.
pub(crate) fn matched_by(by: MatchedBy) -> &'static str {
    match by {
        MatchedBy::Path => "path",
        MatchedBy::Outputs => "outputs",
        MatchedBy::Attribute => "attribute",
        MatchedBy::Root => "root",
        MatchedBy::Name => "name",
        MatchedBy::Recipe => "recipe",
        MatchedBy::Place => "place",
        MatchedBy::Likeness => "likeness",
        MatchedBy::Package => "package",
    }
}
