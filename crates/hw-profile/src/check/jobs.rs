//! Whether the jobs of today fit, and whether the settings mean what they seem to.

use super::CheckOptions;
use super::numbers::package_path;
use crate::rule;
use crate::{Budget, Bytes, Diagnostic, Profile, Scalar, Spelled};

impl Profile {
    pub(super) fn jobs(
        &self,
        options: &CheckOptions,
        budget: &Budget,
        found: &mut Vec<Diagnostic>,
    ) {
        self.one_job(options.builds, found);
        self.overcommitted(budget, found);
        self.jobs_of_packages(found);
        self.bare_sizes(found);
    }

    /// `maxJobs = 1` still builds.
    fn one_job(&self, builds: Option<bool>, found: &mut Vec<Diagnostic>) {
        let builds_nothing = builds == Some(false);
        let said = match self.max_jobs() {
            Some(1) if builds_nothing => "one derivation at a time is still built here",
            Some(1) if builds.is_none() => {
                "one derivation at a time is built here; to build nothing, 0 is meant"
            }
            Some(jobs) if jobs > 1 && builds_nothing => "derivations are still built here",
            _ => return,
        };
        found.push(
            Diagnostic::new(&rule::ONE_JOB, "build.parallelism.maxJobs", said)
                .hint("write 0 on a machine that takes everything from caches and builders"),
        );
    }

    /// Jobs at the limit of each need more than there is.
    fn overcommitted(&self, budget: &Budget, found: &mut Vec<Diagnostic>) {
        let limit = self
            .build
            .memory
            .heavy_build_limit
            .as_ref()
            .and_then(|it| it.value());
        let (Some(jobs), Some(&limit)) = (self.max_jobs(), limit) else {
            return;
        };
        let left = budget.memory.for_builds;
        let sum = limit.saturating_mul(u64::from(jobs));
        if self.ram().is_some() && jobs > 0 && sum > left {
            found.push(
                Diagnostic::new(
                    &rule::MEMORY_OVERCOMMITTED,
                    "build.memory.heavyBuildLimit",
                    format!("{jobs} × {limit} = {sum} at once; {}", budget.memory.left()),
                )
                .hint("the kernel kills one of them: let heavy builds run alone"),
            );
        }
    }

    fn jobs_of_packages(&self, found: &mut Vec<Diagnostic>) {
        for (name, package) in &self.packages {
            if package.nix_build_max_jobs.is_some() {
                found.push(
                    Diagnostic::new(
                        &rule::MAX_JOBS_PER_PACKAGE,
                        format!("{}.nixBuildMaxJobs", package_path(name)),
                        "Nix has no max-jobs for one package",
                    )
                    .hint("put it into a tier; max-jobs counts for all that one client asks for"),
                );
            }
        }
    }

    /// Sizes without a unit count GiB, which their reader has to know.
    fn bare_sizes(&self, found: &mut Vec<Diagnostic>) {
        let memory = &self.build.memory;
        let bare: Vec<_> = [
            ("memory.total", &self.memory.total),
            ("memory.effectiveTotal", &self.memory.effective_total),
            ("build.memory.maxPerService", &memory.max_per_service),
            ("build.memory.recommendedHigh", &memory.recommended_high),
            ("build.memory.heavyBuildLimit", &memory.heavy_build_limit),
        ]
        .into_iter()
        .filter(|(_, size)| size.as_ref().is_some_and(is_bare))
        .map(|(path, _)| path)
        .collect();
        if let [first, rest @ ..] = &bare[..] {
            let others = match rest {
                [] => String::new(),
                _ => format!(", as in {}", rest.join(", ")),
            };
            found.push(
                Diagnostic::new(
                    &rule::BARE_MEMORY_NUMBER,
                    *first,
                    format!("a size without a unit counts GiB{others}"),
                )
                .hint("\"16GiB\" says so where only hmtool reads it; where Nix reckons with it, leave it a number"),
            );
        }
    }
}

fn is_bare(size: &Spelled<Bytes>) -> bool {
    size.value().is_some()
        && match size.written() {
            Scalar::Text(text) => text
                .trim()
                .ends_with(|c: char| c.is_ascii_digit() || c == '.'),
            _ => true,
        }
}
