//! Whether the machine runs what is built for it, and compilers know it.

use super::CheckOptions;
use crate::arch::{self, Feature, FlagsError, Microarchitecture, RunsOn};
use crate::rule::{self, Rule};
use crate::{Diagnostic, Profile};

impl Profile {
    pub(super) fn architecture(&self, options: &CheckOptions, found: &mut Vec<Diagnostic>) {
        self.instruction_sets(found);
        let compiler = &self.build.compiler;
        for (path, name) in [
            ("cpu.march", &self.cpu.march),
            ("build.compiler.march", &compiler.march),
            ("build.compiler.mtune", &compiler.mtune),
        ] {
            // Not a processor, and what compilers take for "none in particular".
            if path == "build.compiler.mtune" && name.as_deref() == Some("generic") {
                continue;
            }
            if let Some(Err(error)) = name.as_deref().map(arch::named) {
                found.push(refused(&error, path));
            }
        }
        self.march_runs(options, found);
        if let Some(Ok(tune)) = self.mtune().map(arch::named)
            && tune.is_generic()
        {
            found.push(
                Diagnostic::new(
                    &rule::LEVEL_AS_TUNE,
                    "build.compiler.mtune",
                    format!(
                        "-mtune={} is refused: a level has no scheduling of its own",
                        self.mtune().unwrap_or_default()
                    ),
                )
                .hint("write generic"),
            );
        }
        if let Some(Err(error @ FlagsError::NotKnown { .. })) = self.flags(&options.toolchain) {
            found.push(refused(&error, self.march_path()));
        }
    }

    /// Where [`Profile::march`] is said.
    pub fn march_path(&self) -> &'static str {
        if self.build.compiler.march.is_some() {
            "build.compiler.march"
        } else {
            "cpu.march"
        }
    }

    fn march_runs(&self, options: &CheckOptions, found: &mut Vec<Diagnostic>) {
        let Some(Ok(target)) = self.target() else {
            return;
        };
        let runnable = options
            .machine
            .as_ref()
            .and_then(|it| it.processor.runnable.as_ref());
        let features = runnable.map_or_else(|| self.features(), |it| it.value.features);
        if let RunsOn::No { missing } = target.runs_on(features) {
            let common = arch::common_arch([features]);
            let best = common.and_then(|common| common.choose(arch::Policy::MostFeatures));
            let here = best.and_then(Microarchitecture::compiler_name);
            let mut diagnostic = Diagnostic::new(
                &rule::MARCH_NOT_RUNNABLE,
                self.march_path(),
                format!(
                    "code for {} needs what the processor lacks: {missing}",
                    target.compiler_name().unwrap_or(target.name())
                ),
            );
            if let Some(here) = here {
                diagnostic = diagnostic.hint(format!("it runs code for {here}"));
            }
            found.push(diagnostic);
        }
    }

    fn instruction_sets(&self, found: &mut Vec<Diagnostic>) {
        let Some(microarchitecture) = self.microarchitecture() else {
            return;
        };
        let features = microarchitecture.features();
        if features.is_empty() {
            return;
        }
        for name in self.cpu.instruction_sets.iter().flatten() {
            if let Some(feature) = Feature::from_name(name)
                && !features.contains(feature)
            {
                found.push(
                    Diagnostic::new(
                        &rule::INSTRUCTION_SET_MISSING,
                        "cpu.instructionSets",
                        format!("{microarchitecture} has no {name}"),
                    )
                    .hint("compare with the flags in /proc/cpuinfo"),
                );
            }
        }
    }
}

fn refused(error: &FlagsError, path: &str) -> Diagnostic {
    let rule: &'static Rule = match error {
        FlagsError::Native => &rule::NATIVE_ARCHITECTURE,
        FlagsError::NotKnown { .. } => &rule::ARCHITECTURE_NOT_KNOWN,
        FlagsError::UnknownArchitecture { .. } | FlagsError::NoCompiler { .. } => {
            &rule::UNKNOWN_ARCHITECTURE
        }
    };
    Diagnostic::new(rule, path, error.to_string()).hint(error.hint())
}
