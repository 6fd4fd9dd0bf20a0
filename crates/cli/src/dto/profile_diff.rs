//! `hmtool.profile-diff`: where two profiles, or a profile and its machine, differ.

use serde::Serialize;

use super::SchemaId;

/// The committed JSON Schema, as `hmtool schema profile-diff` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.profile-diff.v1.schema.json");

/// Where two profiles, or a profile and its machine, differ.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileDiff {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// What the first one is.
    pub(crate) left: Side,
    /// What the second one is.
    pub(crate) right: Side,
    /// What is not the same, in the order of the attributes' paths for two profiles, in that of
    /// their sections for a profile and its machine.
    pub(crate) differences: Vec<Difference>,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Side {
    /// What it was called.
    pub(crate) name: String,
    /// Its file; null for a machine that was detected.
    pub(crate) file: Option<String>,
}

/// An attribute that is not the same.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    /// Its path.
    pub(crate) path: String,
    /// The first one's value; null where it has none.
    pub(crate) left: serde_json::Value,
    /// The second one's value; null where it has none.
    pub(crate) right: serde_json::Value,
    /// Where a detected value is from, and why it matters; null for two profiles.
    pub(crate) note: Option<String>,
}

impl ProfileDiff {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.profile-diff",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<ProfileDiff>(&ProfileDiff::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.profile-diff.v1.schema.json"]
            .assert_eq(&text);
    }
}
