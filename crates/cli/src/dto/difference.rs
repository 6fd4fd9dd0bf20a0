//! In what two derivations differ.

use drv_graph::compare::{self, Attribute};
use serde::Serialize;

/// One thing in which two derivations differ, once whatever took an input's place counts as that
/// input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Difference {
    /// The variable's name, or `builder`, `args`, `system`, `outputs`, `inputSrcs`, `inputDrvs`;
    /// `unknown` where the graphs do not have it.
    pub(crate) attribute: String,
    /// Whether `attribute` is a variable of the environment, or a structured attribute.
    pub(crate) is_variable: bool,
    /// What it was, in full; null where there was none.
    pub(crate) before: Option<String>,
    /// What it is, in full; null where there is none.
    pub(crate) after: Option<String>,
    /// Words that only the text before has.
    pub(crate) removed: Vec<String>,
    /// Words that only the text after has.
    pub(crate) added: Vec<String>,
}

impl From<&compare::Difference> for Difference {
    fn from(difference: &compare::Difference) -> Self {
        Self {
            attribute: difference.what.to_string(),
            is_variable: matches!(difference.what, Attribute::Env(_)),
            before: difference.before.clone(),
            after: difference.after.clone(),
            removed: difference.removed.clone(),
            added: difference.added.clone(),
        }
    }
}
