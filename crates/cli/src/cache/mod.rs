//! `hmtool cache`: what a binary cache should hold.

mod simulate;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Outcome;

/// What to do with a cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheVerb {
    /// Show what each eviction policy would have missed of a year of requests, or of any trace
    Simulate(simulate::SimulateArgs),
}

/// Runs one verb.
pub(crate) fn run(verb: &CacheVerb) -> Result<Outcome, Failure> {
    match verb {
        CacheVerb::Simulate(args) => simulate::run(args),
    }
}
