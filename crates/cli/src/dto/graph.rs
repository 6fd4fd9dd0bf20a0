//! Derivations and graphs as several documents have them.

use serde::Serialize;

/// A graph that a document is about.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Graph {
    /// Where it comes from: files, an installable, a revision.
    pub(crate) sources: Vec<String>,
    /// Derivations in it.
    pub(crate) derivations: u64,
    /// Derivations asked for.
    pub(crate) roots: u64,
    /// Derivations that these need, themselves among them.
    pub(crate) closure: u64,
    /// Of these, the ones that fetch something whose hash is given beforehand.
    pub(crate) closure_fixed_output: u64,
}

/// One derivation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Derivation {
    /// Store path of the `.drv` file.
    pub(crate) drv: String,
    /// Its name, e.g. `gcc-7.3.0`.
    pub(crate) name: String,
    /// Its name without the version.
    pub(crate) pname: String,
    /// The package set's name for it; null where that is not known.
    pub(crate) attribute: Option<String>,
    /// Whether its output's hash is given beforehand: a download, mostly.
    pub(crate) fixed_output: bool,
}
