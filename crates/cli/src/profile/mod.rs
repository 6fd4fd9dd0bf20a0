//! `hmtool profile`: hardware profiles.

mod args;
mod check;
mod detect;
mod set;
mod spelling;
mod subject;
mod toolchain;

pub(crate) use args::ProfileVerb;
pub(crate) use check::rules;

use crate::failure::Failure;
use crate::output::Outcome;
use subject::Subject;

/// Runs one verb.
pub(crate) fn run(verb: &ProfileVerb) -> Result<Outcome, Failure> {
    match verb {
        ProfileVerb::Check(args) => check::run(args),
        ProfileVerb::Detect(args) => detect::run(args),
        ProfileVerb::Set {
            profile,
            path,
            value,
            write,
        } => {
            let config = subject::config()?;
            let subject = Subject::of(profile, config.as_ref())?;
            set::run(&subject.file, path, value, write)
        }
    }
}
