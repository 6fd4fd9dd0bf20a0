//! `hmtool.impact`: what an edit builds again, and because of what.
//!
//! Bytes and milliseconds are integers, an unknown is `null`, lists are flat and have an order that
//! does not depend on the run.

use serde::Serialize;

use super::SchemaId;
pub(crate) use super::difference::Difference;
use super::fates::Fates;
pub(crate) use super::gate::Gate;
use super::graph::{Derivation, Graph};

/// The committed JSON Schema, as `hmtool schema impact` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.impact.v1.schema.json");

/// Two graphs compared.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Impact {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The graph before the edit.
    pub(crate) before: Graph,
    /// The graph after it.
    pub(crate) after: Graph,
    /// The machine whose threads and history the times are for; null when none is known.
    pub(crate) machine: Option<String>,
    /// All in figures.
    pub(crate) summary: Summary,
    /// What was changed itself: first the smallest set from which every change follows, then those
    /// that would have changed through these all the same; each by what it drags along, the most
    /// first.
    pub(crate) causes: Vec<Cause>,
    /// Every derivation that makes other outputs than before, by path after; causes among them.
    pub(crate) changes: Vec<Change>,
    /// Derivations after that took nobody's place, by path.
    pub(crate) added: Vec<Added>,
    /// Derivations before whose place nobody took, by path.
    pub(crate) gone: Vec<Derivation>,
    /// What caches have of what was changed, and no longer of what it is now.
    pub(crate) lost: Vec<Lost>,
    /// The limits that were asked for, each with its outcome.
    pub(crate) gates: Vec<Gate>,
}

/// The comparison in figures. Derivations count by their outputs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// By what became of them.
    #[serde(flatten)]
    pub(crate) fates: Fates,
    /// Of the unchanged, the ones whose `.drv` file is another all the same: nothing of them is built.
    pub(crate) unchanged_with_other_file: u64,
    /// Changed and new derivations that must be built, downloads left out: no cache has them.
    pub(crate) rebuilds: u64,
    /// Changed and new downloads that no cache has.
    pub(crate) downloads: u64,
    /// Changed and new derivations that a cache has, or that are not needed because of one.
    pub(crate) available: u64,
    /// `rebuilds` as a share of all builds of the closure after, 0 to 1; null when it has none.
    pub(crate) share: Option<f64>,
    /// The estimated time of all rebuilds and downloads, one after the other.
    pub(crate) build_ms: u64,
    /// The estimated time of the longest chain of these: no machine is faster.
    pub(crate) longest_chain_ms: u64,
}

/// A derivation that makes other outputs than the one whose place it took.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// Number of the change in this document.
    pub(crate) id: u32,
    /// What it was: the `.drv` file.
    pub(crate) before: String,
    /// What it is.
    pub(crate) after: Derivation,
    /// Whether it says something else itself; else it follows from changed inputs.
    pub(crate) is_cause: bool,
    /// Why the two are taken for a pair: `attribute`, `root`, `name`, `recipe`, `place`, `likeness`
    /// or `package`.
    pub(crate) matched_by: String,
    /// Whether it must be built: no cache has it.
    pub(crate) is_built: bool,
    /// How long that takes, with the threads of its tier and the machine to itself.
    pub(crate) duration_ms: u64,
    /// In two cases of three the true duration is within the estimate divided and multiplied by this.
    pub(crate) duration_factor: f64,
}

/// A derivation that took nobody's place.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Added {
    /// The derivation.
    pub(crate) derivation: Derivation,
    /// Whether it must be built: no cache has it.
    pub(crate) is_built: bool,
    /// How long that takes, with the threads of its tier and the machine to itself.
    pub(crate) duration_ms: u64,
}

/// A change that follows from no other.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cause {
    /// The change.
    pub(crate) change: u32,
    /// In what it differs from what it was; never empty.
    pub(crate) differences: Vec<Difference>,
    /// How many other changes there are above it.
    pub(crate) drags: u64,
    /// How many of these are no causes and follow from no other cause.
    pub(crate) drags_alone: u64,
    /// The estimated time of it and of what it drags along, one after the other, as far as that
    /// must be built.
    pub(crate) build_ms: u64,
    /// Whether it would have changed through other causes all the same.
    pub(crate) is_dragged: bool,
}

/// What one cache has of what was changed, where no cache has what it is now.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lost {
    /// The cache's name.
    pub(crate) cache: String,
    /// Derivations of which it had all that is wanted.
    pub(crate) derivations: u64,
    /// Their wanted outputs.
    pub(crate) paths: u64,
    /// Bytes to download for these; null when no size is known.
    pub(crate) download_bytes: Option<u64>,
    /// Bytes in the store after unpacking; null when no size is known.
    pub(crate) nar_bytes: Option<u64>,
    /// Of the paths, those of which neither size is known.
    pub(crate) unknown_sizes: u64,
}

impl Impact {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.impact",
        version: 1,
    };

    /// The change of that id. Ids are positions in `changes`.
    pub(crate) fn change(&self, id: u32) -> &Change {
        &self.changes[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Impact>(&Impact::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.impact.v1.schema.json"]
            .assert_eq(&text);
    }
}
