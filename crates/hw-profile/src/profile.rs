//! The model of a hardware profile.
//!
//! Every section is there even if the profile leaves it out, and every key may be missing.
//! `null` is the same as missing. Keys that are not listed are kept in `extra`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::spelled::{Scalar, Spelled};
use crate::{Bytes, Cores, Value};

/// Defines a section: its keys, each optional, and the rest.
macro_rules! section {
    (
        $(#[$about:meta])* $name:ident {
            $($(#[$doc:meta])* $field:ident: $kind:ty = $key:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(expecting = "keys with values")]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$doc])*
                #[serde(rename = $key, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )*
            /// Keys that this crate does not know.
            #[serde(flatten)]
            pub extra: BTreeMap<String, Value>,
        }

        impl $name {
            /// Shows every key that is set, with its path.
            #[allow(unused_variables, reason = "a section may have no keys of its own")]
            pub(crate) fn visit(&self, path: &str, visitor: &mut dyn FnMut(&str, &dyn Written)) {
                $(
                    if let Some(value) = &self.$field {
                        visitor(&format!("{path}.{}", $key), value);
                    }
                )*
            }
        }
    };
}

/// A value that may tell how it is written and what is wrong with that.
pub(crate) trait Written {
    /// The spelling of a number, and why it cannot be read if so; none for other values.
    fn number(&self) -> Option<(&Scalar, Option<&crate::Error>)> {
        None
    }

    /// Whether this is a number below zero.
    fn is_negative(&self) -> bool {
        false
    }
}

impl Written for Spelled<i64> {
    fn number(&self) -> Option<(&Scalar, Option<&crate::Error>)> {
        Some((self.written(), self.problem()))
    }

    fn is_negative(&self) -> bool {
        self.value().is_some_and(|&value| value < 0)
    }
}

impl Written for Spelled<f64> {
    fn number(&self) -> Option<(&Scalar, Option<&crate::Error>)> {
        Some((self.written(), self.problem()))
    }

    fn is_negative(&self) -> bool {
        self.value().is_some_and(|&value| value < 0.0)
    }
}

impl Written for Spelled<Bytes> {
    fn number(&self) -> Option<(&Scalar, Option<&crate::Error>)> {
        Some((self.written(), self.problem()))
    }
}

impl Written for Spelled<bool> {
    fn number(&self) -> Option<(&Scalar, Option<&crate::Error>)> {
        Some((self.written(), self.problem()))
    }
}

impl Written for Scalar {}
impl Written for String {}
impl Written for Vec<String> {}

section! {
    /// What the machine is for.
    System {
        /// The machine's name.
        hostname: String = "hostname",
        /// Its kind, such as `desktop` or `wsl`.
        kind: String = "type",
        /// The workspace it belongs to.
        workspace: String = "workspace",
    }
}

section! {
    /// The processor.
    Cpu {
        /// Who made it.
        vendor: String = "vendor",
        /// Its name.
        model: String = "model",
        /// Its family.
        family: String = "family",
        /// Its name to gcc's `-march`.
        march: String = "march",
        /// Physical cores.
        cores: Spelled<i64> = "cores",
        /// Hardware threads: what Nix counts as cores.
        threads: Spelled<i64> = "threads",
        /// Frequency in GHz.
        base_frequency: Scalar = "baseFrequency",
        /// Highest frequency in GHz.
        turbo_frequency: Scalar = "turboFrequency",
        /// Instruction sets it has.
        instruction_sets: Vec<String> = "instructionSets",
    }
}

section! {
    /// The graphics processor.
    Gpu {
        /// Who made it; `none` says that there is none.
        vendor: String = "vendor",
        /// Its name.
        model: String = "model",
        /// Its architecture.
        architecture: String = "architecture",
        /// Whether CUDA is used.
        cuda_support: Spelled<bool> = "cudaSupport",
        /// CUDA's compute capability, such as 5.2.
        compute_capability: Scalar = "computeCapability",
        /// Its memory; a bare number counts GB.
        vram: Spelled<Bytes> = "vram",
        /// The oldest driver that will do.
        min_driver_version: Scalar = "minDriverVersion",
        /// The newest CUDA that supports it.
        max_cuda_version: Scalar = "maxCudaVersion",
    }
}

section! {
    /// The memory.
    Memory {
        /// RAM; a bare number counts GB.
        total: Spelled<Bytes> = "total",
        /// Its kind, such as `DDR4`.
        kind: String = "type",
        /// Its speed in MT/s.
        speed: Scalar = "speed",
        /// Its channels.
        channels: Scalar = "channels",
        /// Whether part of it holds compressed swap.
        zram_enabled: Spelled<bool> = "zramEnabled",
        /// The disksize of that swap in per cent of RAM: an amount of *uncompressed* data, as NixOS' `zramSwap.memoryPercent`.
        zram_percentage: Spelled<f64> = "zramPercentage",
        /// What the author takes the memory to be with the swap; a bare number counts GB.
        effective_total: Spelled<Bytes> = "effectiveTotal",
    }
}

section! {
    /// Limits for what builds.
    BuildMemory {
        /// The most a service may take; a bare number counts GB.
        max_per_service: Spelled<Bytes> = "maxPerService",
        /// Where throttling starts; a bare number counts GB.
        recommended_high: Spelled<Bytes> = "recommendedHigh",
        /// The most a heavy build may take; a bare number counts GB.
        heavy_build_limit: Spelled<Bytes> = "heavyBuildLimit",
    }
}

section! {
    /// How much is built at once today.
    Parallelism {
        /// Derivations at once: Nix's `max-jobs`.
        max_jobs: Spelled<i64> = "maxJobs",
        /// Threads per derivation: Nix's `cores`.
        max_cores: Spelled<i64> = "maxCores",
        /// Threads of a heavy build.
        heavy_build_cores: Spelled<i64> = "heavyBuildCores",
        /// Jobs of cargo.
        cargo_build_jobs: Spelled<i64> = "cargoBuildJobs",
        /// Linkers at once.
        linker_jobs: Spelled<i64> = "linkerJobs",
    }
}

section! {
    /// How it is compiled.
    Compiler {
        /// The architecture whose instructions may be used.
        march: String = "march",
        /// The architecture to schedule for.
        mtune: String = "mtune",
        /// The digit behind `-O`.
        optimization_level: Scalar = "optimizationLevel",
        /// Link-time optimisation: a mode or a boolean.
        lto: Scalar = "lto",
        /// The linker.
        preferred_linker: String = "preferredLinker",
    }
}

section! {
    /// How CUDA code is built. Its keys are the author's own.
    Cuda {
    }
}

section! {
    /// How one package is built.
    Package {
        /// Threads for it.
        nix_build_cores: Spelled<i64> = "nixBuildCores",
        /// How many of its kind may be built at once.
        nix_build_max_jobs: Spelled<i64> = "nixBuildMaxJobs",
        /// `NONE`, `LIGHT` or `FULL`.
        pgo_level: String = "pgoLevel",
        /// Whether it is optimised by a training run.
        enable_pgo: Spelled<bool> = "enablePGO",
        /// Whether it is optimised while linking.
        enable_lto: Spelled<bool> = "enableLTO",
        /// Whether its overlay is active on this machine.
        enable_overlay: Spelled<bool> = "enableOverlay",
        /// Whether it is built with CUDA.
        cuda_support: Spelled<bool> = "cudaSupport",
        /// Jobs of cargo.
        cargo_build_jobs: Spelled<i64> = "cargoBuildJobs",
        /// Jobs of make.
        make_jobs: Spelled<i64> = "makeJobs",
        /// Jobs of ninja.
        ninja_jobs: Spelled<i64> = "ninjaJobs",
    }
}

/// How this machine builds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "keys with values")]
#[non_exhaustive]
pub struct Build {
    /// Limits for what builds.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub memory: BuildMemory,
    /// How much is built at once today.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub parallelism: Parallelism,
    /// How it is compiled.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub compiler: Compiler,
    /// How CUDA code is built.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub cuda: Cuda,
    /// Keys that this crate does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// A machine, in its owner's words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(expecting = "keys with values")]
#[non_exhaustive]
pub struct Profile {
    /// What the machine is for.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub system: System,
    /// The processor.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub cpu: Cpu,
    /// The graphics processor; see [`Profile::has_gpu`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Gpu>,
    /// The memory.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub memory: Memory,
    /// How this machine builds.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub build: Build,
    /// How single packages are built, by name.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "is_default"
    )]
    pub packages: BTreeMap<String, Package>,
    /// Keys that this crate does not know.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Profile {
    /// The machine's name.
    pub fn hostname(&self) -> Option<&str> {
        self.system.hostname.as_deref()
    }

    /// The architecture whose instructions builds may use: `build.compiler.march`, else
    /// `cpu.march`.
    pub fn march(&self) -> Option<&str> {
        self.build
            .compiler
            .march
            .as_deref()
            .or(self.cpu.march.as_deref())
    }

    /// The architecture builds are scheduled for: `build.compiler.mtune`.
    pub fn mtune(&self) -> Option<&str> {
        self.build.compiler.mtune.as_deref()
    }

    /// Physical cores.
    pub fn cores(&self) -> Option<Cores> {
        cores(self.cpu.cores.as_ref())
    }

    /// Hardware threads; the physical cores where they are not said.
    pub fn threads(&self) -> Option<Cores> {
        cores(self.cpu.threads.as_ref()).or(self.cores())
    }

    /// RAM.
    pub fn ram(&self) -> Option<Bytes> {
        self.memory.total.as_ref()?.value().copied()
    }

    /// The disksize of the zram swap: zero where it is not enabled.
    ///
    /// Without a percentage it is NixOS' default, 50 % of RAM; a negative one counts as zero.
    pub fn zram_disksize(&self) -> Bytes {
        let enabled = self.memory.zram_enabled.as_ref().and_then(Spelled::value) == Some(&true);
        let Some(ram) = self.ram().filter(|_| enabled) else {
            return Bytes(0);
        };
        let percentage = self
            .memory
            .zram_percentage
            .as_ref()
            .and_then(Spelled::value);
        Bytes::from_gb(ram.as_gb() * percentage.copied().unwrap_or(50.0) / 100.0)
    }

    /// Whether there is a GPU: a `gpu` section that does not say `vendor = "none"`.
    pub fn has_gpu(&self) -> bool {
        self.gpu.as_ref().is_some_and(|gpu| {
            *gpu != Gpu::default()
                && !gpu
                    .vendor
                    .as_deref()
                    .is_some_and(|vendor| vendor.eq_ignore_ascii_case("none"))
        })
    }

    /// Whether CUDA is used: a GPU with `cudaSupport`.
    pub fn cuda_support(&self) -> bool {
        self.has_gpu()
            && self
                .gpu
                .as_ref()
                .and_then(|gpu| gpu.cuda_support.as_ref()?.value())
                == Some(&true)
    }

    /// How many derivations are built at once today. Zero means that nothing is built here.
    pub fn max_jobs(&self) -> Option<u32> {
        count(self.build.parallelism.max_jobs.as_ref())
    }

    /// How many threads a derivation gets today. Zero means all, as in Nix.
    pub fn max_cores(&self) -> Option<Cores> {
        count(self.build.parallelism.max_cores.as_ref()).map(Cores)
    }

    /// The settings of the package called `name`.
    pub fn package(&self, name: &str) -> Option<&Package> {
        self.packages.get(name)
    }
}

impl Package {
    /// How many threads it gets, if that is said and more than zero.
    pub fn cores(&self) -> Option<Cores> {
        cores(self.nix_build_cores.as_ref())
    }

    /// How many of its kind may be built at once, if that is said and more than zero.
    pub fn max_jobs(&self) -> Option<u32> {
        count(self.nix_build_max_jobs.as_ref()).filter(|&jobs| jobs > 0)
    }

    /// Whether it is built with profile-guided optimisation: `enablePGO`, or a `pgoLevel` other
    /// than `NONE`.
    pub fn has_pgo(&self) -> bool {
        self.enable_pgo.as_ref().and_then(Spelled::value) == Some(&true)
            || self
                .pgo_level
                .as_deref()
                .is_some_and(|level| !level.eq_ignore_ascii_case("none"))
    }

    /// Whether its overlay is active; it is unless `enableOverlay` is false.
    pub fn overlay_enabled(&self) -> bool {
        self.enable_overlay.as_ref().and_then(Spelled::value) != Some(&false)
    }
}

fn count(written: Option<&Spelled<i64>>) -> Option<u32> {
    u32::try_from(*written?.value()?).ok()
}

fn cores(written: Option<&Spelled<i64>>) -> Option<Cores> {
    count(written).filter(|&cores| cores > 0).map(Cores)
}
