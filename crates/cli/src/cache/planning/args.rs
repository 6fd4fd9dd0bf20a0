//! Flags that say which cache is planned for, who fills it and who takes from it.

use std::path::PathBuf;

use clap::Args;
use drv_graph::Bytes;

use crate::cache::args::SharingArgs;
use crate::quantity::parse_size;

/// The cache, who fills it and who takes from it.
#[derive(Args, Debug)]
pub(crate) struct PlanningArgs {
    #[command(flatten)]
    pub(crate) sharing: SharingArgs,

    /// Who builds and pushes: a machine of hmtool.toml, or a file that `nix derivation show -r`
    /// printed; may be given several times
    #[arg(
        long = "graph",
        visible_alias = "producer",
        value_name = "MACHINE | GRAPH",
        help_heading = "Machines"
    )]
    pub(crate) producers: Vec<String>,

    /// Read the derivations that the producers' graphs are asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    pub(crate) roots: Vec<PathBuf>,

    /// Who takes from the cache; may be given several times
    #[arg(
        long = "consumer",
        value_name = "MACHINE | GRAPH",
        help_heading = "Machines"
    )]
    pub(crate) consumers: Vec<String>,

    /// Read the derivations that the consumers' graphs are asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    pub(crate) consumer_roots: Vec<PathBuf>,

    /// What the cache has room for, e.g. 5GB
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "The cache")]
    pub(crate) capacity: Option<Bytes>,

    /// What of that stays free [default: a tenth, or what hmtool.toml says of its capacity]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "The cache")]
    pub(crate) buffer: Option<Bytes>,

    /// What the cache holds now: file://DIR, a directory of narinfos, a file as for --available, or
    /// its URL, which is asked [default: the directory of [cache]; of one at Cachix nothing, or with
    /// --online what it answers]
    #[arg(long, value_name = "URL | PATH", help_heading = "The cache")]
    pub(crate) held: Vec<String>,

    /// What is pinned now: a JSON object of lists of store paths, the newest first [default:
    /// hmtool-pins.json in the directory of [cache]; for one at Cachix, beside hmtool.toml]
    #[arg(long, value_name = "FILE", help_heading = "The cache")]
    pub(crate) pins: Option<PathBuf>,

    /// Read sizes and references of what was built from FILE: `nix path-info --json -r`, narinfos
    #[arg(long, value_name = "FILE", help_heading = "The cache")]
    pub(crate) path_info: Vec<PathBuf>,
}
