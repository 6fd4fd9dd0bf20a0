//! The command line of `hmtool dry-run`.

use clap::Args;

use crate::format::FormatArgs;
use crate::workspace::args::{CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

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

    #[command(flatten)]
    pub(crate) format: FormatArgs,

    /// Show this many builds, those first that take longest; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    pub(crate) top: usize,
}
