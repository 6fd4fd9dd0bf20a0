//! `hmtool profile detect`: what a machine is, and a profile of it.

mod document;
mod draft;

use std::path::PathBuf;

use clap::Args;
use hw_profile::detect::{Detected, detect};

use crate::failure::Failure;
use crate::format::{DocumentFormat, FormatArgs};
use crate::input;
use crate::output::Outcome;
use crate::render::machine;

/// What to detect, and what for.
#[derive(Args, Debug)]
pub(crate) struct DetectArgs {
    /// A profile: a .nix file; one that is not there is made, one that is there is brought up to date
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) root: RootArgs,

    /// Change the file; without it, only the difference is shown
    #[arg(short, long, requires = "file")]
    pub(crate) write: bool,

    /// Exit with 1 if the file would be changed
    #[arg(long, requires = "file", conflicts_with = "write")]
    pub(crate) check: bool,

    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// Which machine is looked at.
#[derive(Args, Debug)]
pub(crate) struct RootArgs {
    /// Look at the machine whose /proc and /sys are below DIR or in the archive TAR (plain, gzip or
    /// zstd); this machine by default
    #[arg(long, value_name = "DIR | TAR")]
    pub(crate) root: Option<PathBuf>,
}

impl RootArgs {
    /// What is detected of the machine.
    pub(crate) fn detect(&self) -> Result<Detected, Failure> {
        Ok(detect(&input::machine::read(self.root.as_deref())?))
    }
}

/// Detects, and prints what was found or brings a profile up to date.
pub(super) fn run(args: &DetectArgs) -> Result<Outcome, Failure> {
    let found = args.root.detect()?;
    if let Some(file) = &args.file {
        if args.format.format == DocumentFormat::Json {
            return Err(Failure::Usage {
                message: "a profile is no JSON document".to_owned(),
                hint: "leave FILE out: the document has the profile in it".to_owned(),
            });
        }
        return draft::run(&found, file, args);
    }
    let document = document::document(&found, args.root.root.as_deref())?;
    args.format.print(&document, machine::render)?;
    Ok(Outcome::Clean)
}
