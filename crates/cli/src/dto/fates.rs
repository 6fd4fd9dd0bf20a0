//! What became of the derivations of two graphs, in figures.

use drv_graph::compare::Comparison;
use serde::Serialize;

/// Derivations of two graphs by what became of them. They count by their outputs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fates {
    /// Derivations that make other outputs than the ones whose place they took.
    pub(crate) changed: u64,
    /// Of these, the ones that say something else themselves.
    pub(crate) causes: u64,
    /// Of the changed, the ones that only follow from others.
    pub(crate) cascade: u64,
    /// Derivations after whose place nothing had.
    pub(crate) added: u64,
    /// Derivations before whose place nothing has.
    pub(crate) gone: u64,
    /// Derivations that make what was made before.
    pub(crate) unchanged: u64,
}

impl From<&Comparison> for Fates {
    fn from(comparison: &Comparison) -> Self {
        let changed = comparison.changes().len() as u64;
        let causes = comparison.causes().len() as u64;
        Self {
            changed,
            causes,
            cascade: changed - causes,
            added: comparison.added().len() as u64,
            gone: comparison.gone().len() as u64,
            unchanged: comparison.unchanged() as u64,
        }
    }
}
