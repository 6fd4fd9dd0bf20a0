//! What is wrong with profiles.

mod architecture;
mod cuda;
mod jobs;
mod machine;
mod numbers;
mod together;

pub use together::check_together;

use crate::arch::Toolchain;
use crate::detect::Detected;
use crate::{BudgetOptions, Diagnostic, Profile, TierDemand};

/// What the caller knows besides the profile. The default knows nothing, which is no finding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckOptions {
    /// How the budget is made.
    pub budget: BudgetOptions,
    /// Whether the machine is to build at all.
    pub builds: Option<bool>,
    /// The build tiers that share its budget.
    pub tiers: Vec<TierDemand>,
    /// The compilers that build for it.
    pub toolchain: Toolchain,
    /// The machine that the profile is said to be of.
    pub machine: Option<Detected>,
}

impl Profile {
    /// Everything that can be said against this profile: what [`check`](Self::check) and
    /// [`budget`](Self::budget) say, and whether architecture, CUDA, jobs and tiers hold, and
    /// whether it is the machine's. In that order, and within each in the order of the sections.
    ///
    /// What several profiles have to agree on is said by [`check_together`].
    pub fn check_all(&self, options: &CheckOptions) -> Vec<Diagnostic> {
        let mut found = self.check();
        let (budget, said) = self.budget(&options.budget);
        found.extend(said);
        self.architecture(options, &mut found);
        self.cuda(&mut found);
        self.jobs(options, &budget, &mut found);
        found.extend(budget.check_tiers(&options.tiers));
        if let Some(machine) = &options.machine {
            self.differences(machine, &mut found);
        }
        found
    }
}
