//! Limits that a result may be held to.

use serde::Serialize;

/// A limit that was asked for, and whether it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gate {
    /// The option that sets it, without dashes, e.g. `max-builds`.
    pub(crate) name: String,
    /// The limit: milliseconds, a count, or a share.
    pub(crate) limit: f64,
    /// What there is, in the same unit.
    pub(crate) value: f64,
    /// Whether the limit is kept. A plan that leaves builds out keeps no limit on its time.
    pub(crate) passed: bool,
}
