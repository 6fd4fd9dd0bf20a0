//! What code is compiled for: a machine, its profile, or an architecture by name.

use std::path::Path;

use hw_profile::Profile;
use hw_profile::arch::{FeatureSet, Microarchitecture};

use super::subject::{self, Subject};
use crate::failure::Failure;
use crate::input;

/// Something that code is compiled for.
pub(super) struct Target {
    /// What it was called on the command line.
    pub(super) name: String,
    /// Its profile's file; none for an architecture.
    pub(super) file: Option<String>,
    /// Its profile; an empty one for an architecture.
    pub(super) profile: Profile,
    /// The architecture that builds are for.
    pub(super) architecture: &'static Microarchitecture,
    /// What its processor has.
    pub(super) features: FeatureSet,
}

impl Target {
    /// The machine of that name, else the profile, else the architecture.
    pub(super) fn of(given: &Path) -> Result<Self, Failure> {
        let config = subject::config()?;
        let name = given.to_string_lossy();
        let is_machine = config
            .as_ref()
            .is_some_and(|config| config.machines.contains_key(&*name));
        if !is_machine
            && !given.exists()
            && let Some(architecture) = Microarchitecture::by_name(&name)
        {
            return Ok(Self {
                name: name.into_owned(),
                file: None,
                profile: Profile::default(),
                architecture,
                features: architecture.features(),
            });
        }
        let subject = Subject::of(given, config.as_ref())?;
        let profile = input::profile::read(&subject.file)?;
        let file = subject.file.display().to_string();
        let wrong = |code, message: String, hint: String| Failure::Data {
            file: file.clone(),
            place: None,
            code,
            message,
            hint: Some(hint),
        };
        let Some(architecture) = profile.target() else {
            let hint = "set cpu.march, e.g. to x86-64-v3; `hmtool profile detect` finds it";
            let message = "nothing says what architecture it is".to_owned();
            return Err(wrong("no-architecture", message, hint.to_owned()));
        };
        let architecture =
            architecture.map_err(|error| wrong(error.code(), error.to_string(), error.hint()))?;
        let features = match profile.features() {
            // Where only the target of builds is said, the processor has that at least.
            features if features.is_empty() => architecture.features(),
            features => features,
        };
        Ok(Self {
            name: subject.name,
            file: Some(file),
            architecture,
            features,
            profile,
        })
    }
}

/// What compilers call an architecture, or else what the table does.
pub(super) fn called(architecture: &'static Microarchitecture) -> &'static str {
    architecture.compiler_name().unwrap_or(architecture.name())
}
