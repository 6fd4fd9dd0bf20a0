//! A machine's profile, as far as it can be detected.

use std::collections::BTreeMap;

use super::nix_conf::MaxJobs;
use super::{Case, Detected, DetectedGpu, Fact, Layer};
use crate::arch::{Feature, FeatureSet};
use crate::{Bytes, ComputeCapability, Gpu, Profile, Quantity, Scalar, Spelled};

/// A profile that was made of what was detected.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Draft {
    /// The profile: numbers are numbers, sizes of memory in GB.
    pub profile: Profile,
    /// Where each of its attributes comes from, by its path, such as `cpu.cores`.
    pub origins: BTreeMap<&'static str, Fact<()>>,
}

impl Draft {
    /// Puts an attribute into its slot.
    fn put<T, U>(
        origins: &mut BTreeMap<&'static str, Fact<()>>,
        path: &'static str,
        slot: &mut Option<U>,
        found: Option<&Fact<T>>,
        value: impl FnOnce(&T) -> Option<U>,
    ) {
        if let Some(found) = found
            && let Some(value) = value(&found.value)
        {
            *slot = Some(value);
            let origin = Fact::new((), found.file.clone(), found.rule, found.confidence);
            origins.insert(path, origin);
        }
    }
}

/// Instruction sets that people ask for, where they are worth a line in a profile.
const NOTABLE: [&str; 17] = [
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "bmi2",
    "aes",
    "sha_ni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_tile",
    "asimd",
    "crc32",
    "atomics",
    "sve",
    "sve2",
    "sme",
];

impl Detected {
    /// A profile of this machine. What cannot be detected, such as what it is for and how packages
    /// are built on it, is left out.
    ///
    /// `memory.total` is what builds started here can have: what the kernel leaves of the RAM, less
    /// huge pages, or a control group's limit; `cpu.threads` and `cpu.cores` are limited likewise. `cpu.march` and `build.compiler` are names of
    /// compilers for what runs here, which under a hypervisor may be less than the processor is.
    pub fn to_profile(&self) -> Draft {
        let mut draft = Draft::default();
        self.put_system(&mut draft);
        self.put_processor(&mut draft);
        self.put_gpu(&mut draft);
        self.put_memory(&mut draft);
        self.put_parallelism(&mut draft);
        draft
    }

    fn put_system(&self, draft: &mut Draft) {
        let Draft { profile, origins } = draft;
        let system = &mut profile.system;
        let hostname = self.host.hostname.as_ref();
        Draft::put(
            origins,
            "system.hostname",
            &mut system.hostname,
            hostname,
            |name| Some(name.clone()),
        );
        let kind = self.kind();
        Draft::put(
            origins,
            "system.type",
            &mut system.kind,
            kind.as_ref(),
            |kind| Some((*kind).to_owned()),
        );
    }

    /// What kind of system it is, in a word.
    pub fn kind(&self) -> Option<Fact<&'static str>> {
        // From the inside out, until something tells; a container's machine says more than it.
        let layer = self.layers.iter().rev().find_map(|layer| {
            let kind = match layer.value {
                Layer::Wsl1 | Layer::Wsl2 => "wsl",
                Layer::Container { .. } => "container",
                Layer::VirtualMachine { .. } => "virtual-machine",
                Layer::BareMetal => return None,
            };
            Some(layer.clone().map(|_| kind))
        });
        layer.or_else(|| {
            let case = self.host.case.clone()?;
            Some(case.map(|case| match case {
                Case::Laptop => "laptop",
                Case::Desktop => "desktop",
                Case::Server => "server",
            }))
        })
    }

    fn put_processor(&self, draft: &mut Draft) {
        let Draft { profile, origins } = draft;
        let cpu = &mut profile.cpu;
        let found = &self.processor;
        Draft::put(
            origins,
            "cpu.vendor",
            &mut cpu.vendor,
            found.vendor.as_ref(),
            |it| Some(it.clone()),
        );
        Draft::put(
            origins,
            "cpu.model",
            &mut cpu.model,
            found.name.as_ref(),
            |it| Some(short_name(it)),
        );
        Draft::put(
            origins,
            "cpu.family",
            &mut cpu.family,
            found.uarch.as_ref(),
            |it| Some(it.architecture.name().to_owned()),
        );
        let target = self.target();
        let name = |it: &&str| Some((*it).to_owned());
        Draft::put(origins, "cpu.march", &mut cpu.march, target.as_ref(), name);
        let topology = &found.topology;
        // What builds started here can have, as with the memory.
        let threads = topology.usable.as_ref().or(topology.threads.as_ref());
        let most = threads.map_or(u32::MAX, |it| it.value.0);
        Draft::put(
            origins,
            "cpu.cores",
            &mut cpu.cores,
            topology.cores.as_ref(),
            |it| Some(whole(it.0.min(most))),
        );
        Draft::put(origins, "cpu.threads", &mut cpu.threads, threads, |it| {
            Some(whole(it.0))
        });
        let ghz = |mhz: &u32| Some(Scalar::Float(f64::from(*mhz) / 1000.0));
        Draft::put(
            origins,
            "cpu.baseFrequency",
            &mut cpu.base_frequency,
            found.base_frequency.as_ref(),
            ghz,
        );
        Draft::put(
            origins,
            "cpu.turboFrequency",
            &mut cpu.turbo_frequency,
            found.turbo_frequency.as_ref(),
            ghz,
        );
        Draft::put(
            origins,
            "cpu.instructionSets",
            &mut cpu.instruction_sets,
            found.runnable.as_ref(),
            |it| notable(it.features),
        );
        let compiler = &mut profile.build.compiler;
        Draft::put(
            origins,
            "build.compiler.march",
            &mut compiler.march,
            target.as_ref(),
            name,
        );
        // A level that vendors agree on has no scheduling of its own.
        let tune = target.filter(|_| found.target().is_some_and(|it| !it.is_generic()));
        Draft::put(
            origins,
            "build.compiler.mtune",
            &mut compiler.mtune,
            tune.as_ref(),
            name,
        );
    }

    /// What compilers call what can be compiled for here.
    fn target(&self) -> Option<Fact<&'static str>> {
        let name = self.processor.target()?.compiler_name()?;
        let runnable = self.processor.runnable.as_ref()?;
        Some(Fact::new(
            name,
            runnable.file.clone(),
            "what its flags allow",
            runnable.confidence,
        ))
    }

    /// The GPU that matters to builds: NVIDIA's before others, the one with most memory first.
    pub fn gpu(&self) -> Option<&DetectedGpu> {
        self.gpus.iter().rev().max_by_key(|gpu| {
            let is_nvidia = gpu.vendor.as_ref().is_some_and(|it| it.value == "nvidia");
            (is_nvidia, gpu.memory.as_ref().map(|it| it.value))
        })
    }

    fn put_gpu(&self, draft: &mut Draft) {
        let Draft { profile, origins } = draft;
        let mut gpu = Gpu::default();
        let Some(found) = self.gpu() else {
            // Where nothing was detected at all, nothing is known of GPUs either.
            if self.processor.family.is_some() {
                let none = Fact::likely("none", "sys/bus/pci/devices", "no display controller");
                Draft::put(origins, "gpu.vendor", &mut gpu.vendor, Some(&none), |it| {
                    Some((*it).to_owned())
                });
                Draft::put(
                    origins,
                    "gpu.cudaSupport",
                    &mut gpu.cuda_support,
                    Some(&none),
                    |_| Some(Scalar::Bool(false).into()),
                );
                profile.gpu = Some(gpu);
            }
            return;
        };
        Draft::put(
            origins,
            "gpu.vendor",
            &mut gpu.vendor,
            found.vendor.as_ref(),
            |it| Some(it.clone()),
        );
        Draft::put(
            origins,
            "gpu.model",
            &mut gpu.model,
            found.model.as_ref(),
            |it| Some(short_name(it)),
        );
        Draft::put(
            origins,
            "gpu.architecture",
            &mut gpu.architecture,
            found.architecture.as_ref(),
            |it| Some(it.clone()),
        );
        // CUDA needs NVIDIA's own driver; a card that another one drives is of no use to it.
        let cuda = found.vendor.as_ref().map(|vendor| match &found.driver {
            Some(driver) if vendor.value == "nvidia" => {
                Fact::likely(true, driver.file.clone(), "NVIDIA's driver is at work")
            }
            _ if vendor.value == "nvidia" && vendor.file.contains("wsl") => {
                Fact::likely(true, vendor.file.clone(), "Windows' driver brought CUDA")
            }
            _ => Fact::likely(
                false,
                vendor.file.clone(),
                "no driver of NVIDIA's is at work",
            ),
        });
        Draft::put(
            origins,
            "gpu.cudaSupport",
            &mut gpu.cuda_support,
            cuda.as_ref(),
            |it| Some(Scalar::Bool(*it).into()),
        );
        Draft::put(
            origins,
            "gpu.computeCapability",
            &mut gpu.compute_capability,
            found.compute_capability.as_ref(),
            // A version, not a number: 10.0 is not 10.
            |it| Some(Scalar::Text(it.to_string())),
        );
        let last_cuda = found.compute_capability.as_ref().and_then(|it| {
            let known = ComputeCapability::from_number(&it.value.to_string())?;
            let last = known.last_cuda?;
            Some(Fact::likely(
                format!("{}.{}", last.major, last.minor),
                it.file.clone(),
                "the last CUDA for that capability",
            ))
        });
        Draft::put(
            origins,
            "gpu.maxCudaVersion",
            &mut gpu.max_cuda_version,
            last_cuda.as_ref(),
            |it| Some(Scalar::Text(it.clone())),
        );
        Draft::put(
            origins,
            "gpu.vram",
            &mut gpu.vram,
            found.memory.as_ref(),
            |it| Some(gigabytes(*it)),
        );
        profile.gpu = Some(gpu);
    }

    fn put_memory(&self, draft: &mut Draft) {
        let Draft { profile, origins } = draft;
        let memory = &mut profile.memory;
        let available = self.memory.available();
        Draft::put(
            origins,
            "memory.total",
            &mut memory.total,
            available.as_ref(),
            |it| Some(gigabytes(*it)),
        );
        let swapped_to = self.memory.zram.iter().find(|it| it.value.is_swap);
        let is_known = self.memory.total.is_some();
        let idle = is_known.then(|| Fact::certain(false, "proc/swaps", "none in it"));
        let enabled = swapped_to
            .map(|it| Fact::new(true, it.file.clone(), "it is swapped to", it.confidence))
            .or(idle);
        Draft::put(
            origins,
            "memory.zramEnabled",
            &mut memory.zram_enabled,
            enabled.as_ref(),
            |it| Some(Scalar::Bool(*it).into()),
        );
        let percentage = available
            .filter(|it| it.value > Bytes(0))
            .and_then(|total| {
                let disksize = self.memory.zram_disksize();
                let percentage = 100.0 * disksize.0 as f64 / total.value.0 as f64;
                let zram = swapped_to?.clone();
                Some(zram.map(|_| percentage.round().min(1e6) as i64))
            });
        Draft::put(
            origins,
            "memory.zramPercentage",
            &mut memory.zram_percentage,
            percentage.as_ref(),
            |it| Some(Scalar::Int(*it).into()),
        );
    }

    fn put_parallelism(&self, draft: &mut Draft) {
        let Draft { profile, origins } = draft;
        let parallelism = &mut profile.build.parallelism;
        let threads = self.processor.topology.threads.as_ref();
        Draft::put(
            origins,
            "build.parallelism.maxJobs",
            &mut parallelism.max_jobs,
            self.nix.max_jobs.as_ref(),
            |it| match it {
                MaxJobs::Number(number) => Some(whole(*number)),
                MaxJobs::Auto => Some(whole(threads?.value.0)),
            },
        );
        Draft::put(
            origins,
            "build.parallelism.maxCores",
            &mut parallelism.max_cores,
            self.nix.cores.as_ref(),
            |it| Some(whole(*it)),
        );
    }
}

fn whole<T: Quantity>(number: u32) -> Spelled<T> {
    Scalar::Int(number.into()).into()
}

/// GB with one digit behind the point, rounded down: what is not there must not be planned with.
fn gigabytes(bytes: Bytes) -> Spelled<Bytes> {
    let tenths = bytes.0 / (Bytes::GB.0 / 10);
    if tenths.is_multiple_of(10) {
        Scalar::Int((tenths / 10).cast_signed()).into()
    } else {
        Scalar::Float(tenths as f64 / 10.0).into()
    }
}

fn notable(features: FeatureSet) -> Option<Vec<String>> {
    let names: Vec<String> = NOTABLE
        .into_iter()
        .filter(|name| Feature::from_name(name).is_some_and(|it| features.contains(it)))
        .map(str::to_owned)
        .collect();
    (!names.is_empty()).then_some(names)
}

/// A brand without what every brand has: `Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz` is
/// `Core i7-6700K`.
fn short_name(brand: &str) -> String {
    let brand = brand.split('@').next().unwrap_or_default();
    let brand = ["(R)", "(r)", "(TM)", "(tm)"]
        .into_iter()
        .fold(brand.to_owned(), |brand, mark| brand.replace(mark, ""));
    let is_told = |word: &&str| {
        !matches!(*word, "CPU" | "Processor" | "Intel" | "AMD" | "NVIDIA")
            && !word.ends_with("-Core")
    };
    let words: Vec<&str> = brand.split_whitespace().filter(is_told).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_use() {
        for (brand, expected) in [
            ("Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz", "Core i7-6700K"),
            ("AMD Ryzen 9 5950X 16-Core Processor", "Ryzen 9 5950X"),
            ("AMD EPYC", "EPYC"),
            ("NVIDIA GeForce GTX 960", "GeForce GTX 960"),
            ("Apple M3 Max", "Apple M3 Max"),
        ] {
            assert_eq!(short_name(brand), expected);
        }
    }

    #[test]
    fn memory_is_rounded_down() {
        let written = |kilobytes: u64| gigabytes(Bytes(kilobytes << 10)).written().to_string();
        assert_eq!(written(16_307_772), "15.5");
        assert_eq!(written(16 << 20), "16");
        assert_eq!(written(24_682_416), "23.5");
        assert_eq!(written(0), "0");
    }
}
