//! How serious something is.

use serde::Serialize;

/// How serious something is, the most serious first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// What is asked for cannot be done, or will not do what it says.
    Error,
    /// Something costs time or memory, or is not as it was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// All, the most serious first.
    pub(crate) const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// Its name in documents and on screens.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
