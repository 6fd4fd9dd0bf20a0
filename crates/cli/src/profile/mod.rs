//! `hmtool profile`: hardware profiles.

mod args;
mod detect;
mod set;
mod spelling;

use std::path::{Path, PathBuf};

pub(crate) use args::ProfileVerb;

use crate::config::{Config, nearest};
use crate::failure::Failure;
use crate::output::Outcome;

/// Runs one verb.
pub(crate) fn run(verb: &ProfileVerb) -> Result<Outcome, Failure> {
    match verb {
        ProfileVerb::Detect(args) => detect::run(args),
        ProfileVerb::Set {
            profile,
            path,
            value,
            write,
        } => set::run(&file_of(profile)?, path, value, write),
    }
}

/// The profile that is meant: that of a machine of `hmtool.toml`, else a file.
fn file_of(profile: &Path) -> Result<PathBuf, Failure> {
    let config = Config::find(Path::new("."))
        .map(|file| Config::read(&file))
        .transpose()?;
    let name = profile.to_string_lossy();
    let machines = config.iter().flat_map(|config| &config.machines);
    let known: Vec<&str> = machines.map(|(name, _)| name.as_str()).collect();
    let machine = config
        .as_ref()
        .and_then(|config| config.machines.get(&*name));
    match (machine, &config) {
        (Some(machine), Some(config)) => machine.profile.clone().ok_or_else(|| Failure::Usage {
            message: format!("machine `{name}` has no profile"),
            hint: format!("give it a key `profile` in {}", config.file.display()),
        }),
        _ if profile.exists() || name.contains(['.', '/']) => Ok(profile.to_owned()),
        _ => Err(Failure::Usage {
            message: format!("there is no file and no machine `{name}`"),
            hint: match nearest(&name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "give the profile's file".to_owned(),
                None => format!("hmtool.toml has {}", known.join(", ")),
            },
        }),
    }
}
