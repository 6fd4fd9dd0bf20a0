//! How many jobs of a build tier fit in memory.

use crate::rule;
use crate::{Budget, Bytes, Cores, Diagnostic, MemoryBudget};

/// What a build tier asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierDemand {
    /// Its name, such as `heavy`.
    pub name: String,
    /// Jobs at once; none where only memory and threads limit them.
    pub jobs: Option<u32>,
    /// Threads of each job.
    pub cores: Cores,
    /// Memory of each job.
    pub memory: Bytes,
}

/// What a build tier gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TierBudget {
    /// Jobs at once, at least one.
    pub jobs: u32,
    /// What they need together: jobs · memory of each.
    pub memory: Bytes,
}

/// Why a tier gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TierError {
    /// It asks for no job.
    #[error("tier {tier} has no jobs")]
    NoJobs {
        /// The tier.
        tier: String,
    },
    /// One job needs more memory than can be in use at once.
    #[error(
        "a job of tier {tier} needs {memory}; {hot} hot less a reserve of {reserve} leave {left}"
    )]
    TooLarge {
        /// The tier.
        tier: String,
        /// What a job needs.
        memory: Bytes,
        /// What can be in use at once.
        hot: Bytes,
        /// What of that stays free.
        reserve: Bytes,
        /// The rest.
        left: Bytes,
    },
}

impl TierError {
    /// The stable name of the problem, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoJobs { .. } => "no-jobs",
            Self::TooLarge { .. } => rule::TIER_ABOVE_HOT_MEMORY.id,
        }
    }
}

impl MemoryBudget {
    /// What builds can have in use at once even while zram is full: hot − reserve, and no more than
    /// is left for builds at all.
    ///
    /// Compilers that run side by side are in use at once, so this is what their sum has to fit.
    /// What [`for_builds`](Self::for_builds) has beyond it holds pages that a job has written and
    /// does not look at for a while.
    pub fn hot_for_builds(&self) -> Bytes {
        self.hot.saturating_sub(self.reserve).min(self.for_builds)
    }

    /// What builds can have in use at once while zram is empty: RAM − reserve, and no more than is
    /// left for builds at all.
    fn ram_for_builds(&self) -> Bytes {
        self.ram.saturating_sub(self.reserve).min(self.for_builds)
    }

    /// What is left for builds, in words.
    pub(crate) fn left(&self) -> String {
        let (left, hot) = (self.for_builds, self.hot_for_builds());
        if hot == left {
            format!("{left} are left for builds")
        } else {
            format!(
                "{left} are left for builds, of which {hot} can be in use at once while zram is full"
            )
        }
    }
}

impl Budget {
    /// How many jobs of a tier run at once without swapping back and forth, however full zram is, if
    /// it has the machine to itself: as many as it asks for, at most ⌊(hot − reserve) / memory⌋, and for a tier that
    /// asks for no number at most ⌊threads / cores⌋, but one.
    ///
    /// So jobs · memory + reserve ≤ hot.
    ///
    /// # Errors
    ///
    /// If not even one fits, or none is asked for.
    pub fn tier(&self, demand: &TierDemand) -> Result<TierBudget, TierError> {
        let left = self.memory.hot_for_builds();
        let wanted = self.wanted_jobs(demand);
        if wanted == 0 {
            return Err(TierError::NoJobs {
                tier: demand.name.clone(),
            });
        }
        let fitting = left.0.checked_div(demand.memory.0).unwrap_or(u64::MAX);
        let jobs = wanted.min(u32::try_from(fitting).unwrap_or(u32::MAX));
        if jobs == 0 {
            return Err(TierError::TooLarge {
                tier: demand.name.clone(),
                memory: demand.memory,
                hot: self.memory.hot,
                reserve: self.memory.reserve,
                left,
            });
        }
        Ok(TierBudget {
            jobs,
            memory: demand.memory.saturating_mul(u64::from(jobs)),
        })
    }

    /// What is wrong with tiers on this machine: a single job that does not fit, and all of them
    /// together. Paths are `tiers.NAME`.
    ///
    /// A job is held against RAM here, not against what is [hot](MemoryBudget::hot_for_builds) while
    /// zram is full as in [`Self::tier`]: alone on the machine it seldom is.
    pub fn check_tiers(&self, tiers: &[TierDemand]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let left = self.memory.for_builds;
        let uncompressed = self.memory.ram_for_builds();
        for tier in tiers {
            let path = format!("tiers.{}", tier.name);
            if tier.memory > left {
                let message = format!("a job needs {}; {left} are left for builds", tier.memory);
                found.push(
                    Diagnostic::new(&rule::TIER_ABOVE_MEMORY, path, message)
                        .hint("give it fewer cores and less memory, or build it elsewhere"),
                );
            } else if tier.memory > uncompressed {
                let message = format!(
                    "a job needs {}; RAM less the reserve is {uncompressed}, and the rest of the {left} for builds is in zram",
                    tier.memory
                );
                found.push(
                    Diagnostic::new(&rule::TIER_ABOVE_HOT_MEMORY, path, message)
                        .hint("it swaps back and forth if it uses all of that at once: give it fewer cores, or a smaller reserve"),
                );
            }
        }
        let jobs = |tier: &TierDemand| u64::from(self.wanted_jobs(tier));
        let sum: Bytes = tiers
            .iter()
            .map(|tier| tier.memory.saturating_mul(jobs(tier)))
            .sum();
        if tiers.len() > 1 && sum > left {
            let terms: Vec<_> = tiers
                .iter()
                .map(|tier| format!("{} × {}", jobs(tier), tier.memory))
                .collect();
            found.push(
                Diagnostic::new(
                    &rule::TIERS_OVERFLOW,
                    "tiers",
                    format!("{} = {sum} at once; {}", terms.join(" + "), self.memory.left()),
                )
                .hint("let the tiers share one budget, as hmtool plan does: limits of their own do not add up"),
            );
        }
        found
    }

    fn wanted_jobs(&self, demand: &TierDemand) -> u32 {
        demand
            .jobs
            .unwrap_or_else(|| (self.threads.0 / demand.cores.0.max(1)).max(1))
    }
}
