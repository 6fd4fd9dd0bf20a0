//! What was found, where, and how far it can be believed.

use std::fmt;

/// How far a [`Fact`] can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The best that can be said with what is there; it may well be wrong.
    Guess,
    /// Concluded by a rule that holds on nearly all machines.
    Likely,
    /// The kernel, the driver or the processor says so.
    Certain,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guess => "guess",
            Self::Likely => "likely",
            Self::Certain => "certain",
        })
    }
}

/// Something that was found out about a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact<T> {
    /// What it is.
    pub value: T,
    /// The file that it was read from, by its path below the root; the first of them where several
    /// say it together.
    pub file: String,
    /// How it follows from the file, in a few words; empty where the file says just that.
    pub rule: &'static str,
    /// How far it can be believed.
    pub confidence: Confidence,
}

impl<T> Fact<T> {
    pub(super) fn certain(value: T, file: impl Into<String>, rule: &'static str) -> Self {
        Self::new(value, file, rule, Confidence::Certain)
    }

    pub(super) fn likely(value: T, file: impl Into<String>, rule: &'static str) -> Self {
        Self::new(value, file, rule, Confidence::Likely)
    }

    pub(super) fn guess(value: T, file: impl Into<String>, rule: &'static str) -> Self {
        Self::new(value, file, rule, Confidence::Guess)
    }

    pub(super) fn new(
        value: T,
        file: impl Into<String>,
        rule: &'static str,
        confidence: Confidence,
    ) -> Self {
        Self {
            value,
            file: file.into(),
            rule,
            confidence,
        }
    }

    /// The same, found the same way, about something made of it.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        Fact {
            value: change(self.value),
            file: self.file,
            rule: self.rule,
            confidence: self.confidence,
        }
    }
}
