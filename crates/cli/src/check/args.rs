//! The command line of `hmtool check`.

use std::path::PathBuf;

use clap::Args;

use crate::findings::FindingArgs;
use crate::nix_file::WriteArgs;
use crate::quantity::parse_share;
use crate::workspace::args::{CacheArgs, HistoryArgs};

/// What to check, and with what.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// The repository: all .nix files below it, save those that a .gitignore names, and what its
    /// hmtool.toml says of machines; by default the directory of the nearest hmtool.toml
    #[arg(value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,

    /// Only this machine of hmtool.toml; may be given several times
    #[arg(short, long = "machine", value_name = "NAME")]
    pub(crate) machines: Vec<String>,

    /// Make the safe fixes in .nix files: shows what would change, and changes it with --write
    #[arg(long, conflicts_with_all = ["format", "baseline", "graph"])]
    pub(crate) fix: bool,

    #[command(flatten)]
    pub(crate) write: WriteArgs,

    #[command(flatten)]
    pub(crate) graphs: GraphArgs,

    /// Let an override change this share of a machine's builds, e.g. 0.2 or 20%, before it is a mass
    /// rebuild; otherwise what hmtool.toml says, or 10%
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub(crate) mass_rebuild_share: Option<f64>,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) report: FindingArgs,
}

/// The graphs of one machine, instead of those that hmtool.toml names.
#[derive(Args, Debug)]
pub(crate) struct GraphArgs {
    /// Read derivations from FILE, as `hmtool plan` does
    #[arg(long, value_name = "FILE", help_heading = "Graphs")]
    pub(crate) graph: Vec<PathBuf>,

    /// Read the derivations asked for from FILE: store paths or names, one per line
    #[arg(long, value_name = "FILE", help_heading = "Graphs", requires = "graph")]
    pub(crate) roots: Vec<PathBuf>,

    /// Read names that the package set has for derivations from FILE: lines of `ATTRIBUTE PATH`
    #[arg(long, value_name = "FILE", help_heading = "Graphs", requires = "graph")]
    pub(crate) attributes: Option<PathBuf>,

    /// The graph without the overlays, as for --graph
    #[arg(long, value_name = "FILE", help_heading = "Graphs", requires = "graph")]
    pub(crate) upstream: Vec<PathBuf>,

    /// The derivations asked for in that, as for --roots
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Graphs",
        requires = "upstream"
    )]
    pub(crate) upstream_roots: Vec<PathBuf>,
}
