//! What a profile says of instruction sets.

use crate::Profile;
use crate::arch::{self, FeatureSet, Flags, FlagsError, Microarchitecture, Toolchain};

impl Profile {
    /// What the processor is, by `cpu.march`; none where that is missing or not in the table.
    pub fn microarchitecture(&self) -> Option<&'static Microarchitecture> {
        arch::named(self.cpu.march.as_deref()?).ok()
    }

    /// What the processor has, by `cpu.march`, else by `cpu.instructionSets`. Empty where neither
    /// says anything.
    ///
    /// It is what the architecture has; a virtual machine may have less.
    pub fn features(&self) -> FeatureSet {
        let listed = || {
            let names = self.cpu.instruction_sets.iter().flatten();
            names
                .filter_map(|name| arch::Feature::from_name(name))
                .collect()
        };
        self.microarchitecture()
            .map(Microarchitecture::features)
            .filter(|features| !features.is_empty())
            .unwrap_or_else(listed)
    }

    /// What builds are for: [`march`](Self::march) in the table.
    ///
    /// # Errors
    ///
    /// If it is not in the table. None where the profile says nothing.
    pub fn target(&self) -> Option<Result<&'static Microarchitecture, FlagsError>> {
        self.march().map(arch::named)
    }

    /// What to tell compilers and Nix to build for this machine: `build.compiler.march` and
    /// `build.compiler.mtune`, else `cpu.march`.
    ///
    /// # Errors
    ///
    /// If one of them is not known, or not to a compiler of the `toolchain`. None where the profile
    /// says nothing.
    pub fn flags(&self, toolchain: &Toolchain) -> Option<Result<Flags, FlagsError>> {
        let flags = |target: &'static Microarchitecture| {
            let tune = self.mtune().map(arch::named).transpose()?;
            target.flags(tune, FeatureSet::default(), toolchain)
        };
        Some(self.target()?.and_then(flags))
    }
}
