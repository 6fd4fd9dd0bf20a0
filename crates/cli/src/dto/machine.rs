//! `hmtool.machine`: what a machine is, where that is from, and how far it can be believed.
//!
//! Bytes are integers, frequencies are in MHz, an unknown is `null`.

use serde::Serialize;

use super::SchemaId;

/// The committed JSON Schema, as `hmtool schema machine` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.machine.v1.schema.json");

/// What was detected of a machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The directory or archive that was looked at; null for this machine.
    pub(crate) root: Option<String>,
    /// The system as a whole.
    pub(crate) host: Host,
    /// What the system runs in, from the outside in.
    pub(crate) layers: Vec<Fact<Layer>>,
    /// The processor.
    pub(crate) processor: Processor,
    /// The memory.
    pub(crate) memory: Memory,
    /// The graphics processors.
    pub(crate) gpus: Vec<Gpu>,
    /// What Nix is told of parallelism.
    pub(crate) nix: Nix,
    /// The hardware profile that is made of all this, as `hmtool profile detect FILE.nix` writes it.
    pub(crate) profile: serde_json::Value,
}

/// Something that was found out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fact<T> {
    /// What it is.
    pub(crate) value: T,
    /// The file it was read from, by its path below the root; below `command` are outputs of commands.
    pub(crate) file: String,
    /// How it follows from the file, in a few words; empty where the file says just that.
    pub(crate) rule: &'static str,
    /// How far it can be believed.
    pub(crate) confidence: Confidence,
}

/// How far a fact can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Confidence {
    /// The kernel, the driver or the processor says so.
    Certain,
    /// Concluded by a rule that holds on nearly all machines.
    Likely,
    /// The best that can be said; it may well be wrong.
    Guess,
}

/// The system as a whole.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Host {
    /// Its name.
    pub(crate) hostname: Option<Fact<String>>,
    /// The distribution, as it calls itself.
    pub(crate) system: Option<Fact<String>>,
    /// The kernel's release.
    pub(crate) kernel: Option<Fact<String>>,
    /// `laptop`, `desktop`, `server`, `wsl`, `virtual-machine` or `container`.
    pub(crate) kind: Option<Fact<&'static str>>,
    /// Its disks, by name.
    pub(crate) disks: Vec<Fact<Disk>>,
}

/// A disk.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Disk {
    /// Its name.
    pub(crate) name: String,
    /// `flash`, `rotating`, or `virtual`: whatever the host has.
    pub(crate) kind: &'static str,
    /// Its size.
    pub(crate) bytes: Option<u64>,
}

/// One thing that a system runs in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Layer {
    /// `bare-metal`, `virtual-machine`, `wsl1`, `wsl2` or `container`.
    pub(crate) kind: &'static str,
    /// What runs it, such as `kvm` or `docker`.
    pub(crate) by: Option<String>,
}

/// The processor.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Processor {
    /// Who made it.
    pub(crate) vendor: Option<Fact<String>>,
    /// The brand.
    pub(crate) name: Option<Fact<String>>,
    /// What code it runs by itself, such as `x86_64`.
    pub(crate) family: Option<Fact<&'static str>>,
    /// What code runs here by translation, where it is not the processor's own.
    pub(crate) translated: Option<Fact<&'static str>>,
    /// The numbers or the name that it is known by.
    pub(crate) signature: Option<Fact<String>>,
    /// What it is, by its model.
    pub(crate) uarch: Option<Fact<Uarch>>,
    /// What may be used here, by its flags.
    pub(crate) runnable: Option<Fact<Runnable>>,
    /// The frequency that is promised, in MHz.
    pub(crate) base_frequency: Option<Fact<u32>>,
    /// The highest frequency, in MHz.
    pub(crate) turbo_frequency: Option<Fact<u32>>,
    /// Hardware threads that are online.
    pub(crate) threads: Option<Fact<u32>>,
    /// Threads that processes started here may use; null where these are all.
    pub(crate) usable_threads: Option<Fact<u32>>,
    /// Physical cores with a thread that is online.
    pub(crate) cores: Option<Fact<u32>>,
    /// Packages: sockets.
    pub(crate) packages: Option<Fact<u32>>,
    /// Whether cores run several threads: `on`, `off`, or `none` where they cannot.
    pub(crate) smt: Option<Fact<&'static str>>,
    /// The kinds of core of a hybrid processor; empty where all are of one kind.
    pub(crate) kinds: Vec<Fact<CoreKind>>,
    /// The caches that processor 0 sees.
    pub(crate) caches: Vec<Fact<Cache>>,
    /// The memory nodes.
    pub(crate) nodes: Vec<Fact<Node>>,
}

/// A microarchitecture.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Uarch {
    /// Its name in the table of architectures, such as `zen3`.
    pub(crate) name: &'static str,
    /// What its maker calls it.
    pub(crate) code_name: String,
}

/// What code may use.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Runnable {
    /// What compilers call the architecture to compile for here, such as `znver3`.
    pub(crate) march: Option<&'static str>,
    /// The highest level that vendors agree on, such as `x86_64_v3`.
    pub(crate) level: Option<&'static str>,
    /// The architectures whose code runs here, without those whose code is part of another's.
    pub(crate) architectures: Vec<&'static str>,
    /// The features that are shown, of those that compilers know.
    pub(crate) features: Vec<&'static str>,
    /// Of the features that the microarchitecture has, those that are hidden here.
    pub(crate) masked: Vec<&'static str>,
}

/// One kind of core.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CoreKind {
    /// What it is called.
    pub(crate) name: String,
    /// How many threads are on cores of it.
    pub(crate) threads: u32,
}

/// A cache.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cache {
    /// Its level.
    pub(crate) level: u32,
    /// `data`, `instruction` or `unified`.
    pub(crate) kind: String,
    /// Its size.
    pub(crate) bytes: u64,
    /// How many threads share it.
    pub(crate) shared_by: Option<u32>,
}

/// A memory node.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    /// Its number.
    pub(crate) number: u32,
    /// The memory in it.
    pub(crate) bytes: u64,
    /// The threads next to it.
    pub(crate) threads: u32,
}

/// The memory.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    /// RAM, less huge pages.
    pub(crate) total_bytes: Option<Fact<u64>>,
    /// What processes started here can have of it.
    pub(crate) available_bytes: Option<Fact<u64>>,
    /// What is set aside as huge pages.
    pub(crate) huge_pages_bytes: Option<Fact<u64>>,
    /// What control groups allow; null where they do not limit it.
    pub(crate) cgroup: Option<Fact<Cgroup>>,
    /// What WSL gives to its guests.
    pub(crate) wsl_limit_bytes: Option<Fact<u64>>,
    /// The swap areas in use.
    pub(crate) swap: Vec<Fact<Swap>>,
    /// The compressed block devices in RAM.
    pub(crate) zram: Vec<Fact<Zram>>,
}

/// A control group's limit on memory.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cgroup {
    /// How much its processes may use together.
    pub(crate) limit_bytes: u64,
    /// 1 or 2.
    pub(crate) version: u8,
}

/// A swap area.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Swap {
    /// Its file.
    pub(crate) name: String,
    /// `partition`, `file` or `zram`.
    pub(crate) kind: &'static str,
    /// How much it takes, uncompressed.
    pub(crate) bytes: u64,
}

/// A compressed block device in RAM.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Zram {
    /// Its name.
    pub(crate) name: String,
    /// How much it takes, uncompressed; 0 where it is not set up.
    pub(crate) disksize_bytes: u64,
    /// How much RAM it may occupy; null where nothing limits it.
    pub(crate) limit_bytes: Option<u64>,
    /// How it compresses.
    pub(crate) algorithm: Option<String>,
    /// Original over compressed size; null until it holds enough to measure.
    pub(crate) ratio: Option<f64>,
    /// Whether it is swapped to.
    pub(crate) is_swap: bool,
}

/// A graphics processor.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gpu {
    /// Who made it.
    pub(crate) vendor: Option<Fact<String>>,
    /// Its name.
    pub(crate) model: Option<Fact<String>>,
    /// Where it is on the PCI bus.
    pub(crate) slot: Option<Fact<String>>,
    /// Its vendor's and its own number on the PCI bus, in hexadecimal digits.
    pub(crate) pci: Option<Fact<String>>,
    /// The chip.
    pub(crate) chip: Option<Fact<String>>,
    /// The family of chips.
    pub(crate) architecture: Option<Fact<String>>,
    /// What code CUDA makes for it, such as `5.2`.
    pub(crate) compute_capability: Option<Fact<String>>,
    /// Its memory.
    pub(crate) memory_bytes: Option<Fact<u64>>,
    /// The driver's version.
    pub(crate) driver: Option<Fact<String>>,
}

/// What Nix is told of parallelism.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Nix {
    /// `max-jobs`: a number or `auto`.
    pub(crate) max_jobs: Option<Fact<String>>,
    /// `cores`; 0 is all.
    pub(crate) cores: Option<Fact<u32>>,
}

impl Machine {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.machine",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Machine>(&Machine::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.machine.v1.schema.json"]
            .assert_eq(&text);
    }
}
