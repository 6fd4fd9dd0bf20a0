//! What cannot be right in a profile, whatever is planned with it.

use crate::rule;
use crate::{Diagnostic, Profile, Scalar};

/// From this many processes per thread on, builds slow each other down. Threads wait for files
/// and linkers at times, so somewhat more than one is best.
const OVERSUBSCRIBED: u64 = 2;

impl Profile {
    /// Everything that cannot be right in this profile by itself, in the order of its sections.
    ///
    /// What depends on the planner's options, such as whether `memory.effectiveTotal` holds, is
    /// said by [`Profile::budget`].
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.spellings(&mut found);
        self.processor(&mut found);
        self.zram(&mut found);
        self.parallelism(&mut found);
        self.package_settings(&mut found);
        found
    }

    /// Numbers: unreadable, negative, or kept as text.
    fn spellings(&self, found: &mut Vec<Diagnostic>) {
        let mut visitor = |path: &str, value: &dyn crate::profile::Written| {
            let Some((written, problem)) = value.number() else {
                return;
            };
            if let Some(problem) = problem {
                found.push(
                    Diagnostic::new(
                        &rule::UNREADABLE_VALUE,
                        path,
                        format!("{problem}; it is not counted"),
                    )
                    .hint(problem.hint()),
                );
            } else if value.is_negative() {
                found.push(
                    Diagnostic::new(
                        &rule::NEGATIVE_NUMBER,
                        path,
                        format!("{written} is negative; it is not counted"),
                    )
                    .hint("a range such as `2-3` is arithmetic in Nix and gives -1"),
                );
            } else if let Scalar::Text(text) = written {
                // `"28GB"` has to be a text.
                if text.trim().parse::<f64>().is_ok() {
                    found.push(
                        Diagnostic::new(
                            &rule::NUMBER_AS_TEXT,
                            path,
                            format!("the number {} is kept as text", text.trim()),
                        )
                        .hint("comparing it with a number fails in Nix: write it without quotes"),
                    );
                }
            }
        };
        self.system.visit("system", &mut visitor);
        self.cpu.visit("cpu", &mut visitor);
        if let Some(gpu) = &self.gpu {
            gpu.visit("gpu", &mut visitor);
        }
        self.memory.visit("memory", &mut visitor);
        self.build.memory.visit("build.memory", &mut visitor);
        self.build
            .parallelism
            .visit("build.parallelism", &mut visitor);
        self.build.compiler.visit("build.compiler", &mut visitor);
        self.build.cuda.visit("build.cuda", &mut visitor);
        for (name, package) in &self.packages {
            package.visit(&package_path(name), &mut visitor);
        }
    }

    fn processor(&self, found: &mut Vec<Diagnostic>) {
        let (Some(cores), Some(threads)) = (self.cores(), self.threads()) else {
            return;
        };
        if threads < cores {
            found.push(
                Diagnostic::new(
                    &rule::THREADS_BELOW_CORES,
                    "cpu.threads",
                    format!("{threads} threads on {cores} cores"),
                )
                .hint("each core runs at least one thread; are the two swapped?"),
            );
        } else if !threads.0.is_multiple_of(cores.0) {
            found.push(
                Diagnostic::new(&rule::UNEVEN_CORES,
                    "cpu.cores",
                    format!("{threads} threads do not spread evenly over {cores} physical cores"),
                )
                .hint(format!(
                    "a processor of one kind of core has {threads} or {} cores; only hybrid ones are uneven",
                    threads.0 / 2
                )),
            );
        }
    }

    fn zram(&self, found: &mut Vec<Diagnostic>) {
        let percentage = self
            .memory
            .zram_percentage
            .as_ref()
            .and_then(|it| it.value());
        if let Some(&percentage) = percentage
            && percentage > 200.0
        {
            found.push(
                Diagnostic::new(
                    &rule::ZRAM_TOO_LARGE,
                    "memory.zramPercentage",
                    format!("a disksize of {percentage} % of RAM"),
                )
                .hint("at the usual ratio of 2, more than twice the RAM cannot be filled"),
            );
        }
    }

    fn parallelism(&self, found: &mut Vec<Diagnostic>) {
        let (jobs, cores) = (self.max_jobs(), self.max_cores());
        self.oversubscription(
            jobs,
            cores.map(|cores| cores.0),
            "build.parallelism.maxJobs",
            found,
        );
        if let (Some(per_job), Some(physical), Some(threads)) =
            (cores, self.cores(), self.threads())
            && per_job > physical
            && threads > physical
        {
            let path = "build.parallelism.maxCores";
            found.push(if per_job > threads {
                Diagnostic::new(
                    &rule::CORES_ABOVE_THREADS,
                    path,
                    format!("{per_job} threads per job; the machine has {threads}"),
                )
            } else {
                Diagnostic::new(
                    &rule::THREADS_CALLED_CORES,
                    path,
                    format!("{per_job} are threads; the machine has {physical} physical cores"),
                )
            });
        }
    }

    fn package_settings(&self, found: &mut Vec<Diagnostic>) {
        for (name, package) in &self.packages {
            if let (Some(cores), Some(threads)) = (package.cores(), self.threads())
                && cores > threads
            {
                found.push(Diagnostic::new(
                    &rule::CORES_ABOVE_THREADS,
                    format!("{}.nixBuildCores", package_path(name)),
                    format!("{cores} threads per job; the machine has {threads}"),
                ));
            }
            let path = format!("{}.nixBuildMaxJobs", package_path(name));
            let cores = package.cores().map(|cores| cores.0);
            self.oversubscription(package.max_jobs(), cores, &path, found);
        }
    }

    fn oversubscription(
        &self,
        jobs: Option<u32>,
        cores: Option<u32>,
        path: &str,
        found: &mut Vec<Diagnostic>,
    ) {
        let (Some(jobs), Some(cores), Some(threads)) = (jobs, cores, self.threads()) else {
            return;
        };
        // Zero cores means all of them.
        let per_job = if cores == 0 { threads.0 } else { cores };
        let processes = u64::from(jobs) * u64::from(per_job);
        if jobs > 1 && processes > OVERSUBSCRIBED * u64::from(threads.0) {
            let times = processes as f64 / f64::from(threads.0);
            found.push(
                Diagnostic::new(&rule::OVERSUBSCRIBED,
                    path,
                    format!(
                        "{jobs} × {per_job} = {processes} processes on {threads} threads ({times:.1} ×)"
                    ),
                )
                .hint("memory for each is needed all the same: let fewer run at once"),
            );
        }
    }
}

/// The path of a package's settings, with quotes around the name where Nix needs them.
pub(super) fn package_path(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\''));
    if plain {
        format!("packages.{name}")
    } else {
        format!("packages.{name:?}")
    }
}
