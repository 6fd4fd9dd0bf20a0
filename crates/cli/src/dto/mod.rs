//! What `hmtool` says to machines: versioned documents, converted by hand from the libraries'
//! types. The human output is rendered from the same documents, so the two cannot disagree.

pub(crate) mod cache_application;
pub(crate) mod cache_hits;
pub(crate) mod cache_plan;
pub(crate) mod cache_simulation;
pub(crate) mod cache_verification;
pub(crate) mod common_arch;
pub(crate) mod diff;
pub(crate) mod difference;
pub(crate) mod dry_run;
pub(crate) mod fates;
pub(crate) mod findings;
pub(crate) mod flags;
pub(crate) mod gate;
pub(crate) mod graph;
pub(crate) mod impact;
pub(crate) mod machine;
pub(crate) mod overriding;
pub(crate) mod plan;
pub(crate) mod profile;
pub(crate) mod profile_diff;
pub(crate) mod severity;
pub(crate) mod split_check;
pub(crate) mod split_suggestions;
pub(crate) mod why;

use serde::Serialize;

/// Which document this is, and which version of its schema it follows.
///
/// Within a version fields are only added; a field that goes or changes its meaning makes a new
/// version.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SchemaId {
    /// Name of the document, e.g. `hmtool.plan`.
    pub(crate) name: &'static str,
    /// Version of its schema.
    pub(crate) version: u32,
}

/// The text of the JSON Schema of the document `T`, to be committed.
#[cfg(test)]
fn schema_text<T: schemars::JsonSchema>(id: &SchemaId) -> String {
    let mut schema = schemars::schema_for!(T).to_value();
    schema["title"] = format!("{}, version {}", id.name, id.version).into();
    schema["properties"]["schema"] = serde_json::json!({
        "description": "Name and version of this document's schema.",
        "type": "object",
        "properties": {
            "name": { "const": id.name },
            "version": { "const": id.version },
        },
        "required": ["name", "version"],
    });
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}
