//! `hmtool cache`: what a binary cache should hold.

mod apply;
mod args;
mod directory;
mod hits;
mod outputs;
mod pins;
mod plan;
mod planning;
mod side;
mod simulate;
mod sizes;
mod verify;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Outcome;

/// What to do with a cache.
#[derive(Debug, Subcommand)]
pub(crate) enum CacheVerb {
    /// Bring a cache to what it should hold: push, pin and evict by the plan
    Apply(Box<apply::ApplyArgs>),
    /// Show what of one machine's builds another can use, and why not the rest
    Hits(Box<hits::HitsArgs>),
    /// Choose what a cache should hold, and the steps that get it there
    Plan(Box<plan::PlanArgs>),
    /// Show what each eviction policy would have missed of a year of requests, or of any trace
    Simulate(simulate::SimulateArgs),
    /// Check a cache in a directory: closures, NARs, sizes, hashes, room, leftovers, and signatures where
    /// keys are given
    Verify(verify::VerifyArgs),
}

/// Runs one verb.
pub(crate) fn run(verb: &CacheVerb) -> Result<Outcome, Failure> {
    match verb {
        CacheVerb::Apply(args) => apply::run(args),
        CacheVerb::Hits(args) => hits::run(args),
        CacheVerb::Plan(args) => plan::run(args),
        CacheVerb::Simulate(args) => simulate::run(args),
        CacheVerb::Verify(args) => verify::run(args),
    }
}
