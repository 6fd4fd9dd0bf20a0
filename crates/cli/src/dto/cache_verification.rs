//! `hmtool.cache-verification`: whether a binary cache in a directory keeps what it promises.
//!
//! Sizes are in bytes, an unknown is `null`, lists have an order that does not depend on the run.

use serde::Serialize;

use super::SchemaId;
use super::severity::Severity;

/// The committed JSON Schema, as `hmtool schema cache-verification` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.cache-verification.v1.schema.json");

/// What is wrong with a cache.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheVerification {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The directory.
    pub(crate) cache: String,
    /// The cache in figures.
    pub(crate) summary: Summary,
    /// What is wrong: what keeps Nix from using the cache first, what only takes up room last.
    pub(crate) findings: Vec<Finding>,
}

/// A cache in figures.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Narinfos, readable or not.
    pub(crate) paths: u64,
    /// What NARs take up, each file once, unfinished ones included.
    pub(crate) occupied_bytes: u64,
    /// What there is room for; null when nobody said.
    pub(crate) capacity_bytes: Option<u64>,
    /// What of that should stay free; null when nobody said how much room there is.
    pub(crate) buffer_bytes: Option<u64>,
    /// NARs whose file was read and hashed; 0 where only sizes were looked at.
    pub(crate) hashed_files: u64,
    /// Of these, the ones that were unpacked and hashed again.
    pub(crate) unpacked_files: u64,
    /// Of these, the ones that were not unpacked, so that nobody knows their NARs.
    pub(crate) not_unpacked: Vec<NotUnpacked>,
    /// The names of the keys whose signatures are taken, ascending; empty where no signature was checked.
    pub(crate) trusted_keys: Vec<String>,
    /// Narinfos that one of these signed, or whose path is known by its content; null where no signature
    /// was checked.
    pub(crate) trusted_paths: Option<u64>,
    /// Paths that narinfos refer to and the cache does not have.
    pub(crate) absent_references: u64,
    /// Of these, the ones that another cache has.
    pub(crate) upstream_references: u64,
    /// Findings by which consumers get less than the cache promises, or it holds more than it may.
    pub(crate) violations: u64,
    /// Findings that may be violations: the cache alone cannot tell.
    pub(crate) doubts: u64,
    /// Findings that only take up room.
    pub(crate) wastes: u64,
}

/// Files that were hashed and not unpacked.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotUnpacked {
    /// What their narinfos say of them, e.g. `lz4`.
    pub(crate) compression: String,
    /// `unknown-method` where nothing here unpacks that, `memory` where it would take too much.
    pub(crate) why: &'static str,
    /// How many.
    pub(crate) files: u64,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// Stable name of the kind, e.g. `missing-reference`.
    pub(crate) code: String,
    /// `error` for a violation, else `warning`.
    pub(crate) severity: Severity,
    /// The store path that it is about; null where it is about none.
    pub(crate) path: Option<String>,
    /// The file at fault, within the directory; null where it is none.
    pub(crate) file: Option<String>,
    /// What is wrong, in lower case and without a full stop.
    pub(crate) message: String,
    /// Paths that cannot be had because of it; null where that is not the question.
    pub(crate) hidden_paths: Option<u64>,
    /// What takes up room in vain because of it, or is too much; null where nothing is.
    pub(crate) cost_bytes: Option<u64>,
    /// Of a missing reference, the paths that refer to it.
    pub(crate) referrers: Vec<String>,
    /// The way out.
    pub(crate) hint: String,
}

impl NotUnpacked {
    /// Nothing here unpacks that.
    pub(crate) const UNKNOWN_METHOD: &'static str = "unknown-method";
    /// It would take too much memory.
    pub(crate) const MEMORY: &'static str = "memory";
}

impl CacheVerification {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.cache-verification",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<CacheVerification>(&CacheVerification::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.cache-verification.v1.schema.json"]
            .assert_eq(&text);
    }
}
