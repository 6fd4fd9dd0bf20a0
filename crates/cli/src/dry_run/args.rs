//! The command line of `hmtool dry-run`.

use clap::{Args, ValueEnum};

use crate::workspace::args::{CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One screen
    Human,
    /// A versioned document; see `hmtool schema dry-run`
    Json,
}

/// Nothing is built. Evaluating alone can: Nix builds what an expression imports from a derivation.
#[derive(Args, Debug)]
pub(crate) struct DryRunArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    /// What to print
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: Format,

    /// Show this many builds, those first that take longest; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    pub(crate) top: usize,

    /// Use only ASCII
    #[arg(long, env = "HMTOOL_ASCII", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Output")]
    pub(crate) ascii: bool,
}
