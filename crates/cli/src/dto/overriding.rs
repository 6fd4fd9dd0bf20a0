//! `hmtool.override`: what overriding packages would build again, at most.
//!
//! To override a package is to change each derivation that goes by its name where it is made, so that all
//! that needs it gets the changed one. An overlay does no more than that, and less where something
//! holds on to what was before it.
//!
//! Bytes and milliseconds are integers, an unknown is `null`, lists are flat and have an order that
//! does not depend on the run.

use serde::Serialize;

use super::SchemaId;
use super::gate::Gate;
use super::graph::{Derivation, Graph};

/// The committed JSON Schema, as `hmtool schema override` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.override.v1.schema.json");

/// Packages, each overridden alone, and all of them together.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Overriding {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The graph.
    pub(crate) graph: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// Derivations of the closure that are built, downloads left out.
    pub(crate) builds: u64,
    /// The packages asked for in their order; of a ranking all, the costliest first.
    pub(crate) packages: Vec<Package>,
    /// All packages asked for at once; null for a ranking.
    pub(crate) together: Option<Rebuild>,
    /// What all packages asked for together build again, by path; null for a ranking.
    pub(crate) rebuilt: Option<Vec<Rebuilt>>,
    /// The limits that were asked for, each with its outcome.
    pub(crate) gates: Vec<Gate>,
}

/// A package, and what overriding it alone builds again.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Package {
    /// The name by which it was asked for, or its name without the version.
    pub(crate) name: String,
    /// Derivations of that name.
    pub(crate) derivations: u64,
    /// What is built again.
    pub(crate) rebuild: Rebuild,
    /// Which derivations these are: ids of the document's `rebuilt`, ascending; null for a ranking.
    pub(crate) rebuilt: Option<Vec<u32>>,
}

/// A derivation that is built again.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuilt {
    /// Number of the derivation in this document: its position in `rebuilt`.
    pub(crate) id: u32,
    /// What it is before the override.
    pub(crate) derivation: Derivation,
    /// Whether it is one of the packages asked for; else it needs one of them.
    pub(crate) is_overridden: bool,
    /// How long it takes to build, with the threads of its tier and the machine to itself.
    pub(crate) duration_ms: u64,
}

/// What is built again.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rebuild {
    /// Derivations, the overridden ones among them, downloads left out.
    pub(crate) rebuilds: u64,
    /// Their share of all builds, 0 to 1; null where there are none.
    pub(crate) share: Option<f64>,
    /// The estimated time of all of them, one after the other.
    pub(crate) build_ms: u64,
}

impl Overriding {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.override",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Overriding>(&Overriding::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.override.v1.schema.json"]
            .assert_eq(&text);
    }
}
