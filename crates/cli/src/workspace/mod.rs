//! What flags, `HMTOOL_*` and `hmtool.toml` say of the derivations, the machine and the caches that
//! a verb is about; flags before variables before the file.

pub(crate) mod args;
mod classifier;
mod described;
mod durations;
mod estimates;
mod machine;
mod measured;
pub(crate) mod named;
mod past;
mod source;
pub(crate) mod stores;
pub(crate) mod to_do;

use std::path::{Path, PathBuf};

use hw_profile::Profile;

use crate::config::{self, Config};
use crate::failure::Failure;
use crate::input;
use crate::progress::Progress;
use args::{MachineArgs, SourceArgs};
pub(crate) use classifier::classifier;
pub(crate) use described::{derivation, graph, matched_by};
pub(crate) use durations::Durations;
pub(crate) use estimates::{Estimates, Remark};
pub(crate) use source::{Input, Source, failed_job};
pub(crate) use stores::{held, local_store, stores};

/// The configuration, and what of it is meant.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) config: Option<Config>,
    /// The machine's name, where it is known by one.
    pub(crate) machine_name: Option<String>,
    /// What the configuration says of it.
    pub(crate) machine: config::Machine,
    /// The hardware profile that a flag or the machine names.
    pub(crate) profile_file: Option<PathBuf>,
}

impl Workspace {
    /// Reads `hmtool.toml` and finds the machine that is meant.
    pub(crate) fn new(source: &SourceArgs, machine: &MachineArgs) -> Result<Self, Failure> {
        let target = source.target.as_deref();
        let target_dir = target_dir(source);
        let found = (!source.no_config).then(|| Config::find(target_dir.unwrap_or(Path::new("."))));
        let config = found
            .flatten()
            .map(|file| Config::read(&file))
            .transpose()?;
        if let (Some(target), None) = (target, target_dir)
            && !target.contains(['#', ':', '?'])
        {
            return Err(Failure::Usage {
                message: format!("{target} is neither a directory nor an installable"),
                hint: "an installable has a #, e.g. `.#shoshin`; files are given with --graph"
                    .to_owned(),
            });
        }
        let installable = target.filter(|_| target_dir.is_none());
        let (machine_name, found) = machine::machine(machine, installable, config.as_ref())?;
        Ok(Self {
            profile_file: machine.profile.clone().or_else(|| found.profile.clone()),
            machine: found,
            machine_name,
            config,
        })
    }

    /// The machine's hardware profile; an empty one where there is none.
    pub(crate) fn read_profile(&self, progress: &Progress) -> Result<Profile, Failure> {
        let Some(file) = &self.profile_file else {
            return Ok(Profile::default());
        };
        let bytes = input::content::read(file, progress)?;
        let text = input::content::as_text(&bytes, file)?;
        input::profile::parse(file, text)
    }
}

/// The directory that is asked for, where it is none of Nix's installables.
fn target_dir(source: &SourceArgs) -> Option<&Path> {
    let target = source.target.as_deref().map(Path::new);
    target.filter(|path| path.is_dir())
}
