//! Whether code for one processor runs on another.

use super::{FeatureSet, Microarchitecture};

/// Whether code compiled for a target runs on a processor. See [`Microarchitecture::runs_on`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunsOn {
    /// The processor has everything that compilers may use.
    Yes,
    /// It lacks only what code runs without; see [`Softness`](super::Softness).
    Soft {
        /// What it lacks.
        missing: FeatureSet,
    },
    /// It lacks instructions that compilers or programs use: an illegal instruction sooner or later.
    No {
        /// What it lacks, without what code runs without.
        missing: FeatureSet,
    },
    /// Nothing is known of the features of one of the two.
    Unknown,
}

impl RunsOn {
    /// Whether it is known to run.
    pub fn is_yes(self) -> bool {
        matches!(self, Self::Yes | Self::Soft { .. })
    }
}

impl Microarchitecture {
    /// Whether code compiled for this (`-march=` its [name](Self::compiler_name)) runs on a
    /// processor with `features`.
    ///
    /// Decided on what compilers enable, not on descent: skylake's code runs on a Zen 3, which is
    /// no descendant.
    ///
    /// ```
    /// use hw_profile::arch::{Microarchitecture, RunsOn};
    ///
    /// let [skylake, zen3] = ["skylake", "znver3"].map(|name| Microarchitecture::by_name(name).unwrap());
    /// assert!(skylake.runs_on(zen3.features()).is_yes());
    /// let RunsOn::No { missing } = zen3.runs_on(skylake.features()) else { panic!() };
    /// assert_eq!(missing.to_string(), "sse4a vaes vpclmulqdq sha_ni clwb");
    /// ```
    pub fn runs_on(&self, features: FeatureSet) -> RunsOn {
        let needed = self.compiled();
        if needed.is_empty() || features.is_empty() {
            return RunsOn::Unknown;
        }
        let missing = needed - features;
        let hard = missing.hard();
        if missing.is_empty() {
            RunsOn::Yes
        } else if hard.is_empty() {
            RunsOn::Soft { missing }
        } else {
            RunsOn::No { missing: hard }
        }
    }
}
