//! `hmtool.dry-run`: what would be built and fetched, and what is there.
//!
//! Bytes and milliseconds are integers, an unknown is `null`, lists have an order that does not
//! depend on the run.

use serde::Serialize;

use super::SchemaId;
use super::graph::{Derivation, Graph};
use super::plan::{Fetch, Work};

/// The committed JSON Schema, as `hmtool schema dry-run` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.dry-run.v1.schema.json");

/// What has to be done for what is asked for.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DryRun {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The graph.
    pub(crate) graph: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// All in figures, by cache.
    pub(crate) work: Work,
    /// The estimated time of all builds and downloads, one after the other.
    pub(crate) build_ms: u64,
    /// The estimated time of the longest chain of these: no machine is faster.
    pub(crate) longest_chain_ms: u64,
    /// Every derivation to build, by path.
    pub(crate) builds: Vec<Build>,
    /// Every store path to fetch, by path.
    pub(crate) fetches: Vec<Fetch>,
    /// Derivations whose wanted outputs are there, by path.
    pub(crate) present: Vec<String>,
}

/// A derivation to build.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Build {
    /// The derivation.
    pub(crate) derivation: Derivation,
    /// How long that takes, with the threads of its tier and the machine to itself.
    pub(crate) duration_ms: u64,
    /// In two cases of three the true duration is within the estimate divided and multiplied by this.
    pub(crate) duration_factor: f64,
}

impl DryRun {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.dry-run",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<DryRun>(&DryRun::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.dry-run.v1.schema.json"]
            .assert_eq(&text);
    }
}
