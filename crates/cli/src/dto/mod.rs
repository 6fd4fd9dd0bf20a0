//! What `hmtool` says to machines: versioned documents, converted by hand from the libraries'
//! types. The human output is rendered from the same documents, so the two cannot disagree.

pub(crate) mod plan;

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
