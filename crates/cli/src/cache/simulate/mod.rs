//! `hmtool cache simulate`: eviction policies side by side on what was really asked for.

mod demand;
mod document;

use std::path::PathBuf;

use cache_policy::policy::PolicyKind;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use drv_graph::Bytes;

use crate::failure::Failure;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::quantity::parse_size;
use crate::render::cache_simulation;
use demand::Demand;

/// What to simulate, and how to show it.
#[derive(Args, Debug)]
pub(crate) struct SimulateArgs {
    /// What was asked for: CSV with the header `time,key,size`, or a web server's log of a cache in
    /// the combined log format (plain, gzip or zstd); - is standard input
    #[arg(value_name = "TRACE")]
    trace: PathBuf,

    /// Read names, references, build times and tiers of the paths from FILE (JSON; plain, gzip or
    /// zstd); a log needs it for the sizes
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,

    /// A size of the cache, e.g. 5GB; may be given several times [default: five shares of what was
    /// asked for]
    #[arg(short, long, value_name = "SIZE", value_parser = parse_size, value_delimiter = ',')]
    capacity: Vec<Bytes>,

    /// Only this policy; may be given several times
    #[arg(short, long, value_name = "NAME", value_parser = policy_names(), value_delimiter = ',')]
    policy: Vec<String>,

    /// What to print
    #[arg(long, value_enum, default_value = "human")]
    format: SimulationFormat,

    /// Use only ASCII
    #[arg(long, env = "HMTOOL_ASCII", value_parser = clap::builder::BoolishValueParser::new())]
    ascii: bool,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SimulationFormat {
    /// Tables
    Human,
    /// A versioned document; see `hmtool schema cache-simulation`
    Json,
    /// One line for each policy and capacity: data for a plot
    Csv,
}

fn policy_names() -> PossibleValuesParser {
    PossibleValuesParser::new(PolicyKind::ALL.map(PolicyKind::name))
}

/// Runs every policy at every capacity and prints what came of it.
pub(super) fn run(args: &SimulateArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let demand = Demand::read(&args.trace, args.metadata.as_deref(), &progress)?;
    let mut capacities = match &args.capacity[..] {
        [] => shares(demand.trace.unique_bytes()),
        said => said.to_vec(),
    };
    capacities.sort_unstable();
    capacities.dedup();
    let is_wanted =
        |kind: &PolicyKind| args.policy.is_empty() || args.policy.iter().any(|p| p == kind.name());
    let kinds: Vec<PolicyKind> = PolicyKind::ALL.into_iter().filter(is_wanted).collect();
    let waiting = progress.waiting("simulating");
    let document = document::document(&demand, &kinds, &capacities);
    drop(waiting);
    match args.format {
        SimulationFormat::Json => output::write_json(&document)?,
        SimulationFormat::Csv => output::write_plain(&cache_simulation::csv(&document))?,
        SimulationFormat::Human => {
            let screen = output::screen(args.ascii);
            output::write(&cache_simulation::human(&document, screen))?;
        }
    }
    Ok(Outcome::Clean)
}

/// Sizes at which policies differ: shares of all there is, rounded to two digits.
fn shares(all: Bytes) -> Vec<Bytes> {
    [0.05, 0.1, 0.2, 0.4, 0.8]
        .into_iter()
        .map(|share| {
            let bytes = (all.0 as f64 * share) as u64;
            let scale = 10_u64.pow(bytes.checked_ilog10().unwrap_or(0).saturating_sub(1));
            Bytes((bytes / scale * scale).max(1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_are_round_shares() {
        for (all, expected) in [
            (
                11_383_151_071,
                [
                    560_000_000,
                    1_100_000_000,
                    2_200_000_000,
                    4_500_000_000,
                    9_100_000_000,
                ],
            ),
            (100, [5, 10, 20, 40, 80]),
            (0, [1; 5]),
        ] {
            assert_eq!(shares(Bytes(all)), expected.map(Bytes));
        }
        assert_eq!(shares(Bytes(u64::MAX)).len(), 5);
    }
}
