//! What a build's own settings make of the time that is known of its package.

use std::fmt;

use crate::build_signs::BuildSigns;

/// What the time that a source tells was multiplied by, and why.
///
/// PGO builds a package, trains it and builds it again: three times as long on one thread, of
/// which the training, a third, runs on one thread whatever the build is given. LTO generates code
/// once more while linking: 1.4 times. Both are judgements; CPython with both comes out at 28 min
/// on one thread and 16 min on six of a desktop of 4 GHz. Tests count where they were measured.
///
/// What the machine [measured](crate::estimate::Source::History) has all of this in it, and is
/// not adjusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Multiplied for profile-guided optimisation.
    pub pgo: bool,
    /// Multiplied for link-time optimisation.
    pub lto: bool,
    /// What was done about its tests.
    pub tests: Tests,
}

/// What an estimate does about a package's tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tests {
    /// They do not run, or the source does not tell them apart.
    #[default]
    Nothing,
    /// They run, and the time is one with them.
    Included,
    /// They run, and nobody has measured how long: the time is one without.
    NotMeasured,
}

impl Adjustment {
    /// For a build that shows `signs`.
    pub(crate) fn new(signs: BuildSigns, tests: Tests) -> Self {
        Self {
            pgo: signs.pgo,
            lto: signs.lto,
            tests,
        }
    }

    /// How many times longer it takes on one thread.
    pub fn factor(self) -> f64 {
        let pgo = if self.pgo { 3.0 } else { 1.0 };
        let lto = if self.lto { 1.4 } else { 1.0 };
        pgo * lto
    }

    /// Whether nothing was adjusted.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// The parallel share of a build, of which `share` would be parallel without PGO.
pub(crate) fn parallel_share(signs: BuildSigns, share: f64) -> f64 {
    if signs.pgo { share * 2.0 / 3.0 } else { share }
}

impl fmt::Display for Adjustment {
    /// `×4.2 for PGO and LTO, tests included`; empty where nothing was adjusted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.pgo, self.lto) {
            (true, true) => "PGO and LTO",
            (true, false) => "PGO",
            (false, true) => "LTO",
            (false, false) => "",
        };
        let tests = match self.tests {
            Tests::Nothing => "",
            Tests::Included => "tests included",
            Tests::NotMeasured => "without its tests, which nobody measured",
        };
        if !what.is_empty() {
            write!(f, "×{:.1} for {what}", self.factor())?;
        }
        if !what.is_empty() && !tests.is_empty() {
            f.write_str(", ")?;
        }
        f.write_str(tests)
    }
}
