//! `hmtool.why`: by which chains a package comes to be needed, or to be another than before.
//!
//! Milliseconds are integers, an unknown is `null`, lists have an order that does not depend on the
//! run.

use serde::Serialize;

use super::SchemaId;
use super::difference::Difference;
use super::graph::{Derivation, Graph};

/// The committed JSON Schema, as `hmtool schema why` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.why.v1.schema.json");

/// Why one package is there.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Why {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The graph before the edit; null where one graph was given.
    pub(crate) before: Option<Graph>,
    /// The graph, after the edit where two were given.
    pub(crate) graph: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// The package.
    pub(crate) package: Step,
    /// `needed` where one graph was given; of two `changed` where it makes other outputs than before,
    /// `new` where it took nobody's place, else `unchanged`.
    pub(crate) verdict: String,
    /// Of a changed package, how many causes it follows from, itself among them.
    pub(crate) causes: u64,
    /// How it is reached: first the chain of fewest derivations, then the one whose builds take
    /// longest together. Of a changed package they lead up from a cause, of an unchanged one there
    /// are none, else they lead down from a derivation that is asked for.
    pub(crate) chains: Vec<Chain>,
}

/// Derivations, each beside one that needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chain {
    /// `shortest` or `costliest`.
    pub(crate) kind: String,
    /// From the cause, or what is asked for, to the package.
    pub(crate) steps: Vec<Step>,
    /// The estimated time of its builds, one after the other.
    pub(crate) build_ms: u64,
}

/// One derivation, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// The derivation.
    pub(crate) derivation: Derivation,
    /// Which of its outputs the neighbour that needs it wants.
    pub(crate) outputs: Vec<String>,
    /// `built`, `fetched` from a cache, `present` in the store, or `unneeded` because something above
    /// it is available.
    pub(crate) state: String,
    /// How long a build takes, with the threads of its tier and the machine to itself; 0 where it is
    /// not built.
    pub(crate) build_ms: u64,
    /// Of a cause, in what it differs from what it was.
    pub(crate) differences: Vec<Difference>,
}

impl Why {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.why",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Why>(&Why::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.why.v1.schema.json"].assert_eq(&text);
    }
}
