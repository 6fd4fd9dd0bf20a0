//! `hmtool.split-suggestions`: what is built again most over a series of graphs, and why.
//!
//! Milliseconds are integers, an unknown is `null`, lists have an order that does not depend on the
//! run.

use serde::Serialize;

use super::SchemaId;
use super::graph::{Derivation, Graph};

/// The committed JSON Schema, as `hmtool schema split-suggestions` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.split-suggestions.v1.schema.json");

/// What was built again in a series of graphs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SplitSuggestions {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The earlier graphs, the oldest first.
    pub(crate) before: Vec<Graph>,
    /// The last graph.
    pub(crate) graph: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// From one graph to the next.
    pub(crate) steps: u64,
    /// What of the last graph is asked for and was built again in any step, those first whose inputs
    /// had them built longest.
    pub(crate) packages: Vec<Package>,
}

/// A derivation that was built again.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    /// In the last graph.
    pub(crate) derivation: Derivation,
    /// Estimated time of building it once.
    pub(crate) build_ms: u64,
    /// Steps in which it was built again.
    pub(crate) rebuilds: u64,
    /// Those of them in which it says something else itself.
    pub(crate) itself: u64,
    /// The time of building it in each of the steps.
    pub(crate) total_ms: u64,
    /// Inputs because of which alone it was built again, the most frequent first. Each counts the
    /// steps in which nothing but these changed, so that one may have all of another's.
    pub(crate) drivers: Vec<Driver>,
}

/// Inputs that changed while everything else of a derivation stayed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Driver {
    /// The inputs.
    pub(crate) inputs: Vec<Derivation>,
    /// Steps in which some of these changed, and nothing else.
    pub(crate) rebuilds: u64,
    /// Whether the builder or the standard environment is among them, without which no part can be
    /// built.
    pub(crate) builds_it: bool,
    /// What a split saves over the series at most: what it would if all of the time went into the
    /// part that does not need the inputs.
    pub(crate) saves_ms: u64,
}

impl SplitSuggestions {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.split-suggestions",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<SplitSuggestions>(&SplitSuggestions::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.split-suggestions.v1.schema.json"]
            .assert_eq(&text);
    }
}
