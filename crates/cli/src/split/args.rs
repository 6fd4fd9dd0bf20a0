//! The command line of `hmtool split`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::format::FormatArgs;
use crate::workspace::args::{HistoryArgs, MachineArgs, SourceArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum SplitVerb {
    /// Show what is built again most over a series of graphs, which inputs drive it, and what a
    /// split at these would save
    Suggest(Box<SuggestArgs>),
    /// Say of packages whether each is built on the one before it
    Check(Box<CheckArgs>),
}

#[derive(Args, Debug)]
pub(crate) struct SuggestArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// An earlier graph, as for --graph; several are given in the order of time, the oldest first
    #[arg(
        long,
        value_name = "FILE",
        required = true,
        help_heading = "What to compare"
    )]
    pub(crate) before: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) format: FormatArgs,

    /// Show this many packages; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    pub(crate) top: usize,
}

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    /// The layers, from the lowest up: attributes, names with or without their version, or paths
    #[arg(
        long,
        value_name = "NAME,NAME…",
        value_delimiter = ',',
        required = true
    )]
    pub(crate) layers: Vec<String>,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
