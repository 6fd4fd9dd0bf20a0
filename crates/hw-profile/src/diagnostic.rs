//! What is wrong with a profile, and what to do about it.

use std::fmt;

use crate::Rule;

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A matter of style.
    Note,
    /// Probably not what is meant; a plan is made all the same.
    Warning,
    /// A plan made of this would be wrong.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A problem with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The id of the [`Rule`], in kebab case.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The attribute it is about, such as `build.parallelism.maxJobs`. Text from the profile is
    /// in it: escape control characters before printing.
    pub path: String,
    /// What is wrong, in lower case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(
        rule: &'static Rule,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: rule.id,
            severity: rule.severity,
            path: path.into(),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
