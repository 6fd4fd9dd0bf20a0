//! What a verb is about: machines of `hmtool.toml`, or profiles.

use std::path::{Path, PathBuf};

use crate::config::{self, Config, nearest};
use crate::failure::Failure;

/// A profile, and what `hmtool.toml` says of its machine.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// What it is called: the machine's name, or the file's.
    pub(crate) name: String,
    /// The profile's file.
    pub(crate) file: PathBuf,
    /// What the configuration says of the machine; nothing for a mere file.
    pub(crate) machine: config::Machine,
}

/// The `hmtool.toml` of the working directory or of those above it.
pub(super) fn config() -> Result<Option<Config>, Failure> {
    let file = Config::find(Path::new("."));
    file.map(|file| Config::read(&file)).transpose()
}

/// Names of machines of the configuration, those given or all: the default one first, as the others
/// are compared with it.
pub(crate) fn machine_names(given: &[String], config: &Config) -> Result<Vec<String>, Failure> {
    let known: Vec<&str> = config.machines.keys().map(String::as_str).collect();
    if let Some(name) = given.iter().find(|name| !known.contains(&&***name)) {
        return Err(Failure::Usage {
            message: format!("{} has no machine `{name}`", config.file.display()),
            hint: match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {}", known.join(", ")),
            },
        });
    }
    let is_meant = |name: &&String| given.is_empty() || given.contains(name);
    let mut names: Vec<String> = config.machines.keys().filter(is_meant).cloned().collect();
    names.sort_by_key(|name| Some(name) != config.default_machine.as_ref());
    Ok(names)
}

impl Subject {
    /// The machine of the configuration of that name, if it has a profile.
    pub(crate) fn of_machine(name: &str, config: &Config) -> Option<Self> {
        let machine = config.machines.get(name)?;
        Some(Self {
            name: name.to_owned(),
            file: machine.profile.clone()?,
            machine: machine.clone(),
        })
    }

    /// The machine of that name, else the file.
    pub(super) fn of(given: &Path, config: Option<&Config>) -> Result<Self, Failure> {
        let name = given.to_string_lossy();
        let found = config.and_then(|config| Some((config, config.machines.get(&*name)?)));
        if let Some((config, machine)) = found {
            let Some(file) = machine.profile.clone() else {
                return Err(Failure::Usage {
                    message: format!("machine `{name}` has no profile"),
                    hint: format!("give it a key `profile` in {}", config.file.display()),
                });
            };
            return Ok(Self {
                name: name.into_owned(),
                file,
                machine: machine.clone(),
            });
        }
        if given.exists() || name.contains(['.', '/']) {
            let stem = given.file_stem().unwrap_or(given.as_os_str());
            return Ok(Self {
                name: stem.to_string_lossy().into_owned(),
                file: given.to_owned(),
                machine: config::Machine::default(),
            });
        }
        let machines = config.iter().flat_map(|config| config.machines.keys());
        let known: Vec<&str> = machines.map(String::as_str).collect();
        Err(Failure::Usage {
            message: format!("there is no file and no machine `{name}`"),
            hint: match nearest(&name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "give the profile's file".to_owned(),
                None => format!("hmtool.toml has {}", known.join(", ")),
            },
        })
    }

    /// Those that are given, else every machine of the configuration with a profile: the default one
    /// first, as the others are compared with it.
    pub(crate) fn all(given: &[PathBuf], config: Option<&Config>) -> Result<Vec<Self>, Failure> {
        if !given.is_empty() {
            return given.iter().map(|it| Self::of(it, config)).collect();
        }
        let Some(config) = config else {
            return Err(Failure::Usage {
                message: "there is nothing to check".to_owned(),
                hint: "give a profile, or run in a directory with hmtool.toml".to_owned(),
            });
        };
        let names = machine_names(&[], config)?.into_iter();
        let subjects: Vec<Self> = names
            .filter_map(|name| Self::of_machine(&name, config))
            .collect();
        if subjects.is_empty() {
            return Err(Failure::Usage {
                message: "no machine has a profile".to_owned(),
                hint: format!("give one a key `profile` in {}", config.file.display()),
            });
        }
        Ok(subjects)
    }
}
