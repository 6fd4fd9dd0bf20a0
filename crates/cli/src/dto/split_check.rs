//! `hmtool.split-check`: whether packages that are meant as layers are built on each other.
//!
//! Milliseconds are integers, an unknown is `null`, lists have an order that does not depend on the
//! run.

use serde::Serialize;

use super::SchemaId;
use super::graph::{Derivation, Graph};

/// The committed JSON Schema, as `hmtool schema split-check` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.split-check.v1.schema.json");

/// A layering.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SplitCheck {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The graph.
    pub(crate) graph: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// Each layer and the next, from the lowest up.
    pub(crate) layerings: Vec<Layering>,
}

/// A layer and the next.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layering {
    /// The lower layer.
    pub(crate) lower: Derivation,
    /// The upper layer.
    pub(crate) upper: Derivation,
    /// `layer`: the upper one is built on an output of the lower one and has inputs of its own.
    /// `adds-nothing`: it is, but needs nothing that the lower one does not need too.
    /// `independent`: it is not built on the lower one. `reversed`: the lower one is built on it.
    /// `same`: both are one derivation.
    pub(crate) verdict: String,
    /// How the upper one needs the lower one: from the lower to the upper; empty where it does not.
    pub(crate) chain: Vec<Derivation>,
    /// Direct inputs of the upper one that the lower one does not need, the lower one and what stands
    /// between the two aside: what may change without the lower one being built again.
    pub(crate) own_inputs: Vec<Derivation>,
    /// Downloads that both are built from.
    pub(crate) shared_sources: Vec<Derivation>,
    /// Estimated time of building the lower one.
    pub(crate) lower_build_ms: u64,
    /// Estimated time of building the upper one.
    pub(crate) upper_build_ms: u64,
}

impl SplitCheck {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.split-check",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<SplitCheck>(&SplitCheck::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.split-check.v1.schema.json"]
            .assert_eq(&text);
    }
}
