//! Which format an input is in.

use std::fmt;

/// The formats that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `nix derivation show`, `nix show-derivation`: JSON of any version.
    DerivationJson,
    /// A `.drv` file.
    ATerm,
    /// Lines of nix-eval-jobs.
    EvalJobs,
    /// `nix path-info --json` of any version.
    PathInfoJson,
    /// A cache's `.narinfo` file.
    NarInfo,
    /// What `nix build --dry-run` writes to stderr.
    DryRun,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DerivationJson => "derivation JSON",
            Self::ATerm => "ATerm",
            Self::EvalJobs => "nix-eval-jobs output",
            Self::PathInfoJson => "path-info JSON",
            Self::NarInfo => "narinfo",
            Self::DryRun => "dry-run output",
        })
    }
}
