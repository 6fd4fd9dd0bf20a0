//! How much Nix builds at once here today.

use super::{Fact, Snapshot};

const FILE: &str = "etc/nix/nix.conf";

/// What the system's `nix.conf` says of parallelism. What it does not say is Nix's default: one job
/// with all threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NixSettings {
    /// Derivations at once: `max-jobs`.
    pub max_jobs: Option<Fact<MaxJobs>>,
    /// Threads of each: `cores`; zero is all.
    pub cores: Option<Fact<u32>>,
}

/// How many derivations Nix builds at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxJobs {
    /// So many.
    Number(u32),
    /// As many as there are threads.
    Auto,
}

pub(super) fn read(snapshot: &Snapshot) -> NixSettings {
    let text = snapshot.text(FILE).unwrap_or_default();
    // The last line counts.
    let said = |names: [&str; 2]| {
        text.lines().rev().find_map(|line| {
            let line = line.split('#').next()?;
            let (key, value) = line.split_once('=')?;
            names.contains(&key.trim()).then(|| value.trim().to_owned())
        })
    };
    let max_jobs = said(["max-jobs", "build-max-jobs"]).and_then(|value| {
        if value == "auto" {
            return Some(Fact::certain(MaxJobs::Auto, FILE, "max-jobs"));
        }
        let number = MaxJobs::Number(value.parse().ok()?);
        Some(Fact::certain(number, FILE, "max-jobs"))
    });
    let cores = said(["cores", "build-cores"])
        .and_then(|value| Some(Fact::certain(value.parse().ok()?, FILE, "cores")));
    NixSettings { max_jobs, cores }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let settings = |text: &str| {
            let snapshot: Snapshot = [(FILE, text)].into_iter().collect();
            let found = read(&snapshot);
            (
                found.max_jobs.map(|it| it.value),
                found.cores.map(|it| it.value),
            )
        };
        let number = |n| Some(MaxJobs::Number(n));
        assert_eq!(
            settings("max-jobs = 2 # few\ncores = 6\nmax-jobs = 3\n"),
            (number(3), Some(6))
        );
        assert_eq!(
            settings("# max-jobs = 2\nmax-jobs=auto"),
            (Some(MaxJobs::Auto), None)
        );
        assert_eq!(settings("build-max-jobs = 0\n"), (number(0), None));
        assert_eq!(settings("max-jobs = many\n"), (None, None));
    }
}
