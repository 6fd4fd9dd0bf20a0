//! Flags that several verbs have: what is looked at, for which machine, with which caches.

use std::path::PathBuf;

use clap::Args;
use hw_profile::Bytes;
use tier_planner::Millis;

use crate::nix::Evaluation;
use crate::quantity::{parse_bytes, parse_duration};

/// Which derivations.
#[derive(Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// A directory with hmtool.toml (or below one), or a directory or installable that Nix evaluates
    #[arg(value_name = "DIR | INSTALLABLE")]
    pub(crate) target: Option<String>,

    /// Read derivations from FILE: `nix derivation show -r` (plain, gzip or zstd), a .drv file, a
    /// directory of .drv files, nix-eval-jobs lines; - is standard input
    #[arg(long, value_name = "FILE", help_heading = "What to build")]
    pub(crate) graph: Vec<PathBuf>,

    /// Read the derivations asked for from FILE: store paths or names, one per line
    #[arg(long, value_name = "FILE", help_heading = "What to build")]
    pub(crate) roots: Vec<PathBuf>,

    /// Read names that the package set has for derivations from FILE: lines of `ATTRIBUTE PATH`
    #[arg(long, value_name = "FILE", help_heading = "What to build")]
    pub(crate) attributes: Option<PathBuf>,

    /// Let Nix evaluate the machine's installable instead of reading its captured graph
    #[arg(long, help_heading = "What to build", conflicts_with = "graph")]
    pub(crate) evaluate: bool,

    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,

    /// Leave out the hmtool.toml of this directory and of those above it
    #[arg(long, help_heading = "What to build")]
    pub(crate) no_config: bool,
}

/// What Nix may do where something is evaluated.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct EvaluationArgs {
    /// Give Nix at most this long to evaluate
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "30min", help_heading = "Evaluation")]
    pub(crate) nix_timeout: Millis,

    /// Let Nix build what the evaluation itself reads (import from derivation); else nothing is
    /// built, and an evaluation that needs it fails
    #[arg(long, help_heading = "Evaluation")]
    pub(crate) allow_import_from_derivation: bool,
}

impl EvaluationArgs {
    /// For what is not evaluated.
    pub(crate) const NONE: Self = Self {
        nix_timeout: Millis(0),
        allow_import_from_derivation: false,
    };
}

impl From<EvaluationArgs> for Evaluation {
    fn from(args: EvaluationArgs) -> Self {
        Self {
            limit: args.nix_timeout,
            builds: args.allow_import_from_derivation,
        }
    }
}

/// What is compared with, where two graphs are.
#[derive(Args, Clone, Debug)]
pub(crate) struct BeforeArgs {
    /// The graph before the edit, as for --graph
    #[arg(long, value_name = "FILE", help_heading = "What to compare")]
    pub(crate) before: Vec<PathBuf>,

    /// The derivations asked for before the edit, as for --roots
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "What to compare",
        requires = "before"
    )]
    pub(crate) before_roots: Vec<PathBuf>,

    /// Names of the package set before the edit, as for --attributes
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "What to compare",
        requires = "before"
    )]
    pub(crate) before_attributes: Option<PathBuf>,

    /// The graph after the edit: another name for --graph
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "What to compare",
        conflicts_with = "graph"
    )]
    pub(crate) after: Vec<PathBuf>,
}

/// Which machine.
#[derive(Args, Clone, Debug)]
pub(crate) struct MachineArgs {
    /// Plan for this machine of hmtool.toml
    #[arg(
        short,
        long,
        value_name = "NAME",
        env = "HMTOOL_MACHINE",
        help_heading = "Machine"
    )]
    pub(crate) machine: Option<String>,

    /// Read the hardware profile from FILE (.nix, .toml or .json)
    #[arg(
        long,
        value_name = "FILE",
        env = "HMTOOL_PROFILE",
        help_heading = "Machine"
    )]
    pub(crate) profile: Option<PathBuf>,

    /// Memory for builds, e.g. 8G; nothing is subtracted
    #[arg(long, value_name = "SIZE", value_parser = parse_bytes, allow_hyphen_values = true, env = "HMTOOL_MEM", help_heading = "Machine")]
    pub(crate) mem: Option<Bytes>,

    /// Threads for builds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535), allow_negative_numbers = true, env = "HMTOOL_CORES", help_heading = "Machine")]
    pub(crate) cores: Option<u32>,
}

/// What need not be built.
#[derive(Args, Clone, Debug)]
pub(crate) struct CacheArgs {
    /// Count what FILE lists as valid already: path-info JSON, store paths, or a dry run's text
    #[arg(long, value_name = "FILE", help_heading = "Caches")]
    pub(crate) available: Vec<PathBuf>,

    /// Fetch from this binary cache: URL, file://DIR, a directory of narinfos, or a file as for --available
    #[arg(long, value_name = "URL | PATH", help_heading = "Caches")]
    pub(crate) cache: Vec<String>,

    /// Ask the http caches of hmtool.toml too
    #[arg(long, env = "HMTOOL_ONLINE", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Caches")]
    pub(crate) online: bool,

    /// Give a cache at most this long to answer one question
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15s", help_heading = "Caches")]
    pub(crate) cache_timeout: Millis,
}

/// What estimates go by.
#[derive(Args, Clone, Debug)]
pub(crate) struct HistoryArgs {
    /// Learn build times from FILE: nix-output-monitor's build-reports.csv
    #[arg(
        long = "history",
        id = "history",
        value_name = "FILE",
        env = "HMTOOL_HISTORY",
        help_heading = "Estimates"
    )]
    pub(crate) files: Vec<PathBuf>,
}
