//! `hmtool split`: where building a package in parts would pay, and whether parts are layers.

mod args;
mod check;
mod suggest;

pub(crate) use args::SplitVerb;

use crate::failure::Failure;
use crate::output::Outcome;

/// Carries out `hmtool split`.
pub(crate) fn run(verb: &SplitVerb) -> Result<Outcome, Failure> {
    match verb {
        SplitVerb::Suggest(args) => suggest::run(args),
        SplitVerb::Check(args) => check::run(args),
    }
}
