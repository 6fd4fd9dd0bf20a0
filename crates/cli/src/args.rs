//! The command line. What a flag does not say, `HMTOOL_*` may, and then `hmtool.toml`.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum};
use tier_planner::Millis;

use crate::cache::CacheVerb;
use crate::check::args::CheckArgs;
use crate::diff::args::DiffArgs;
use crate::dry_run::args::DryRunArgs;
use crate::explain::ExplainArgs;
use crate::impact::args::ImpactArgs;
use crate::output;
use crate::overlay::OverlayVerb;
use crate::profile::ProfileVerb;
use crate::quantity::{parse_duration, parse_share};
use crate::split::SplitVerb;
use crate::why::args::WhyArgs;
use crate::workspace::args::{CacheArgs, HistoryArgs, MachineArgs, SourceArgs};

/// Answers before the build: what will be built, how long it takes, whether it fits in memory.
#[derive(Debug, Parser)]
#[command(name = "hmtool", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,

    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are heeded too
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        env = "HMTOOL_COLOR"
    )]
    pub(crate) color: ColorChoice,

    /// Say what is being done; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

const AFTER_HELP: &str = "Results go to standard output, everything else to standard error.\n\
Exit status: 0 done, 1 a finding (a gate is exceeded, a build does not fit), 2 a usage, input or system error.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show what will be built and fetched, when, and whether it fits
    Plan(Box<PlanArgs>),
    /// Show what would be built and fetched and what is there, and build nothing
    DryRun(Box<DryRunArgs>),
    /// Show what an edit builds again, and because of what, before anything is built
    Impact(Box<ImpactArgs>),
    /// Show by which chains a package comes to be needed, or changed between two graphs
    Why(Box<WhyArgs>),
    /// Show why two derivations are not one: by which attributes and words, of them or of what they need
    Diff(Box<DiffArgs>),
    /// Check everything: files, profiles, what hmtool.toml says, and the graphs of its machines
    Check(Box<CheckArgs>),
    /// Find out where building a package in parts would pay, and whether its parts are layers
    Split {
        /// What to do
        #[command(subcommand)]
        verb: SplitVerb,
    },
    /// Show and edit .nix files: nothing is changed without --write
    Overlay {
        /// What to do
        #[command(subcommand)]
        verb: OverlayVerb,
    },
    /// Find out what machines are, check and change their profiles: nothing is changed without --write
    Profile {
        /// What to do
        #[command(subcommand)]
        verb: ProfileVerb,
    },
    /// Find out what a binary cache should hold
    Cache {
        /// What to do
        #[command(subcommand)]
        verb: CacheVerb,
    },
    /// Explain a rule, or list all rules
    Explain(ExplainArgs),
    /// Print the JSON Schema of a document that --format json prints
    Schema {
        /// Which document
        #[arg(value_enum)]
        document: Document,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Document {
    /// What `hmtool plan --format json` prints
    Plan,
    /// What the checks print with `--format json`
    Findings,
    /// What `hmtool impact --format json` prints
    Impact,
    /// What `hmtool impact --override … --format json` and `--rank` print
    Override,
    /// What `hmtool profile detect --format json` prints
    Machine,
    /// What `hmtool profile common --format json` prints
    CommonArch,
    /// What `hmtool profile flags --format json` prints
    Flags,
    /// What `hmtool cache apply --format json` prints
    CacheApplication,
    /// What `hmtool cache hits --format json` prints
    CacheHits,
    /// What `hmtool cache plan --format json` prints
    CachePlan,
    /// What `hmtool cache simulate --format json` prints
    CacheSimulation,
    /// What `hmtool cache verify --format json` prints
    CacheVerification,
    /// What `hmtool profile show --format json` prints
    Profile,
    /// What `hmtool profile diff --format json` prints
    ProfileDiff,
    /// What `hmtool split check --format json` prints
    SplitCheck,
    /// What `hmtool split suggest --format json` prints
    SplitSuggestions,
    /// What `hmtool dry-run --format json` prints
    DryRun,
    /// What `hmtool diff --format json` prints
    Diff,
    /// What `hmtool why --format json` prints
    Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One screen
    Human,
    /// A versioned document; see `hmtool schema plan`
    Json,
    /// The builds as a Graphviz graph
    Dot,
}

#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,

    #[command(flatten)]
    pub(crate) machine: MachineArgs,

    /// Threads promised to running builds together, as a multiple of --cores
    #[arg(long, value_name = "FACTOR", value_parser = parse_factor, help_heading = "Machine")]
    pub(crate) oversubscription: Option<f64>,

    /// Look for a short schedule this many times longer than usual; 1 takes some 40 ms. Of more
    /// than 2,000 builds it takes more than 1 to tell how far off the length may be
    #[arg(long, value_name = "FACTOR", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Machine")]
    pub(crate) effort: u32,

    /// Compare the plan with Nix at this max-jobs; the plan itself is the same
    #[arg(long, visible_alias = "max-jobs", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_535), help_heading = "Comparison")]
    pub(crate) nix_max_jobs: Option<u32>,

    /// Compare the plan with Nix at this cores; 0 is all, as for Nix
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=65_535), help_heading = "Comparison")]
    pub(crate) nix_cores: Option<u32>,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    /// Explain one package: its tier, its estimate, its place in the plan
    #[arg(long, value_name = "PACKAGE", conflicts_with_all = ["format", "sh"], help_heading = "Output")]
    pub(crate) explain: Option<String>,

    /// What to print
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub(crate) format: Format,

    /// Print the plan as a POSIX shell script
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(crate) sh: bool,

    /// Directory for the garbage collector's roots that the script makes
    #[arg(
        long,
        value_name = "DIR",
        default_value = "hmtool-roots",
        requires = "sh",
        help_heading = "Output"
    )]
    pub(crate) add_root: PathBuf,

    /// Use only ASCII
    #[arg(long, env = "HMTOOL_ASCII", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Output")]
    pub(crate) ascii: bool,

    /// Exit with 1 when the plan takes longer
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Gates")]
    pub(crate) max_build_time: Option<Millis>,

    /// Exit with 1 when more derivations are built
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub(crate) max_builds: Option<u64>,

    /// Exit with 1 when less of what is wanted needs no build, e.g. 0.8 or 80%
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Gates")]
    pub(crate) min_hit_rate: Option<f64>,
}

fn parse_factor(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(factor) if (1.0..=64.0).contains(&factor) => Ok(factor),
        _ => Err(format!("`{text}` is not a number from 1 to 64")),
    }
}

/// The command line, or an end with 2 and what is wrong with it; a value from the environment is
/// blamed on its variable, for clap blames the flag.
pub(crate) fn parse() -> Cli {
    let error = match Cli::try_parse() {
        Ok(cli) => return cli,
        Err(error) => error,
    };
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        error.exit();
    };
    let flag = shown.split([' ', '=']).next().unwrap_or_default();
    let is_given = std::env::args().any(|arg| arg.split('=').next() == Some(flag));
    let command = Cli::command();
    let variable = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .find(|arg| {
            arg.get_long()
                .is_some_and(|long| flag == format!("--{long}"))
        })
        .and_then(|arg| arg.get_env())
        .filter(|variable| !is_given && std::env::var_os(variable).is_some());
    if let Some(variable) = variable {
        let text = error.to_string().replace(
            &format!("for '{shown}'"),
            &format!("in the environment variable {}", variable.to_string_lossy()),
        );
        output::complain(&text);
        std::process::exit(2);
    }
    error.exit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
