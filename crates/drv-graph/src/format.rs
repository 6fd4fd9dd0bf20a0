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
    /// What `nix-store --dump-db` writes.
    DumpDb,
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
            Self::DumpDb => "a dump of a store's database",
        })
    }
}

impl Format {
    /// The format of `input`, told by how it starts; `None` when it is none of them. An empty
    /// input is none: a dry run that has nothing to do writes nothing, but so does a command
    /// that failed.
    pub fn detect(input: &[u8]) -> Option<Self> {
        let start = input.iter().position(|c| !c.is_ascii_whitespace())?;
        let rest = &input[start..];
        if rest[0] == b'{' || rest[0] == b'[' {
            return crate::json::detect(rest);
        }
        if rest.starts_with(b"Derive(") || rest.starts_with(b"DrvWithVersion(") {
            return Some(Self::ATerm);
        }
        if crate::narinfo::looks_like(rest) {
            return Some(Self::NarInfo);
        }
        if crate::dump_db::looks_like(rest) {
            return Some(Self::DumpDb);
        }
        crate::dry_run::looks_like(rest).then_some(Self::DryRun)
    }
}
