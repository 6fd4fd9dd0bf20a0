//! `hmtool profile`: hardware profiles.

mod args;
pub(crate) mod check;
mod common;
mod detect;
mod diff;
mod flags;
mod set;
mod show;
mod spelling;
pub(crate) mod subject;
mod target;
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
        ProfileVerb::Common(args) => common::run(args),
        ProfileVerb::Detect(args) => detect::run(args),
        ProfileVerb::Diff(args) => diff::run(args),
        ProfileVerb::Show(args) => show::run(args),
        ProfileVerb::Flags(args) => flags::run(args),
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
