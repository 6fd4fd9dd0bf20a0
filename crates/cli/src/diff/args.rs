//! The command line of `hmtool diff`.

use std::path::PathBuf;

use clap::Args;

use crate::format::FormatArgs;
use crate::workspace::args::{BeforeArgs, EvaluationArgs};

#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// The derivation before: a name in a graph, a .drv file, a captured graph of one root, a store
    /// path, an installable or directory that Nix evaluates, a machine of hmtool.toml. Of two graphs
    /// their roots are meant where no name is given
    #[arg(value_name = "A")]
    pub(crate) first: Option<String>,

    /// The derivation after; of two graphs the one of A's name where it is left out
    #[arg(value_name = "B")]
    pub(crate) second: Option<String>,

    /// Look up names in FILE, as for `hmtool plan --graph`
    #[arg(long, value_name = "FILE", help_heading = "What to compare")]
    pub(crate) graph: Vec<PathBuf>,

    /// The derivations asked for in --graph or --after, as for `hmtool plan --roots`
    #[arg(long, value_name = "FILE", help_heading = "What to compare")]
    pub(crate) roots: Vec<PathBuf>,

    /// Names of the package set in --graph or --after: lines of `ATTRIBUTE PATH`
    #[arg(long, value_name = "FILE", help_heading = "What to compare")]
    pub(crate) attributes: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) before: BeforeArgs,

    /// Look up names in the graph of this machine of hmtool.toml
    #[arg(
        short,
        long,
        value_name = "NAME",
        env = "HMTOOL_MACHINE",
        help_heading = "What to compare"
    )]
    pub(crate) machine: Option<String>,

    /// Leave out the hmtool.toml of this directory and of those above it
    #[arg(long, help_heading = "What to compare")]
    pub(crate) no_config: bool,

    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,

    /// Go at most this many inputs down; 0 shows only the two themselves
    #[arg(long, value_name = "N", help_heading = "What to show")]
    pub(crate) depth: Option<usize>,

    /// Show this many unchanged lines, and within lines words, around a change
    #[arg(
        long,
        value_name = "N",
        default_value_t = 3,
        help_heading = "What to show"
    )]
    pub(crate) context: usize,

    /// Show what differs by hashes only too: texts, inputs, output paths, and all derivations with
    /// another .drv file
    #[arg(long, help_heading = "What to show")]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) format: FormatArgs,

    /// Show this many derivations; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    pub(crate) top: usize,

    /// Exit with 1 when the two make different outputs
    #[arg(long, help_heading = "Gates")]
    pub(crate) check: bool,
}
