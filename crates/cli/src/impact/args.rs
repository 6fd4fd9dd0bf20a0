//! The command line of `hmtool impact`.

use clap::Args;
use tier_planner::Millis;

use crate::format::FormatArgs;
use crate::quantity::parse_duration;
use crate::workspace::args::{BeforeArgs, CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

#[derive(Args, Debug)]
pub(crate) struct ImpactArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) before: BeforeArgs,

    /// Compare the work tree, uncommitted edits included, with what Nix evaluates of this revision of
    /// its repository, which is left as it is; HEAD where nothing is given
    #[arg(
        long,
        value_name = "REV",
        help_heading = "What to compare",
        conflicts_with_all = ["graph", "before", "after", "overrides", "rank"]
    )]
    pub(crate) since: Option<String>,

    /// Say without evaluating what is built again at most when these packages are overridden:
    /// attributes, pnames or names, each of which can mean several derivations
    #[arg(
        long = "override",
        id = "overrides",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "What if",
        conflicts_with = "before"
    )]
    pub(crate) overrides: Vec<String>,

    /// Sort all packages by what overriding them would cost
    #[arg(long, help_heading = "What if", conflicts_with_all = ["before", "overrides"])]
    pub(crate) rank: bool,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) format: FormatArgs,

    /// Show this many causes, packages or derivations; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    pub(crate) top: usize,

    /// Exit with 1 when more derivations must be built, downloads aside
    #[arg(
        long,
        value_name = "N",
        help_heading = "Gates",
        conflicts_with = "rank"
    )]
    pub(crate) max_rebuilds: Option<u64>,

    /// Exit with 1 when building them one after the other takes longer, e.g. 2.5 (hours) or 90min
    #[arg(long, value_name = "HOURS", value_parser = parse_hours, help_heading = "Gates", conflicts_with = "rank")]
    pub(crate) max_hours: Option<Millis>,
}

/// A number of hours, or a duration with its unit.
fn parse_hours(text: &str) -> Result<Millis, String> {
    match text.trim().parse::<f64>() {
        Ok(hours) if hours.is_finite() && hours >= 0.0 => Ok(Millis::from_secs(hours * 3_600.0)),
        Ok(_) => Err(format!("`{text}` is not a number of hours")),
        Err(_) => parse_duration(text).map_err(|error| error.to_string()),
    }
}
