//! What a machine is, from the files that describe it.
//!
//! [`detect`] is a function of a [`Snapshot`], a map of files: the machine's own `/proc` and
//! `/sys`, or ones that were recorded elsewhere. Everything it finds is a [`Fact`]: a value, the
//! file and the rule it comes from, and how far it can be believed.
//!
//! ```
//! use hw_profile::detect::{Snapshot, detect};
//!
//! let cpuinfo = "\
//! processor : 0
//! vendor_id : AuthenticAMD
//! cpu family : 25
//! model : 33
//! physical id : 0
//! core id : 0
//! flags : lm fxsr mmx sse sse2 pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm hypervisor
//! ";
//! let snapshot: Snapshot = [
//!     ("proc/cpuinfo", cpuinfo),
//!     ("proc/meminfo", "MemTotal: 8388608 kB\n"),
//!     ("proc/self/cgroup", "0::/builds\n"),
//!     ("sys/fs/cgroup/builds/memory.max", "4294967296\n"),
//! ]
//! .into_iter()
//! .collect();
//! let found = detect(&snapshot);
//!
//! // What it is, and what its hypervisor lets it be:
//! assert_eq!(found.processor.uarch.unwrap().value.architecture.name(), "zen3");
//! let runnable = found.processor.runnable.unwrap().value;
//! assert_eq!(runnable.level.unwrap().name(), "x86_64_v2");
//!
//! let available = found.memory.available().unwrap();
//! assert_eq!(available.value.to_string(), "4.0 GB");
//! assert_eq!(available.file, "sys/fs/cgroup/builds/memory.max");
//! ```

mod cgroup;
mod cpu_info;
mod cpuid;
mod difference;
mod fact;
mod gpu;
mod host;
mod identity;
mod layers;
mod memory;
mod nix_conf;
mod processor;
mod snapshot;
mod swap;
mod sysctl;
mod to_profile;
mod topology;

pub use cgroup::CgroupLimit;
pub use cpu_info::Signature;
pub use difference::Difference;
pub use fact::{Confidence, Fact};
pub use gpu::{Capability, DetectedGpu, PciId};
pub use host::{Case, Disk, DiskKind, Host};
pub use identity::Identity;
pub use layers::Layer;
pub use memory::DetectedMemory;
pub use nix_conf::{MaxJobs, NixSettings};
pub use processor::{Processor, Runnable};
pub use snapshot::{LARGEST_FILE, Snapshot, Wanted};
pub use swap::{Swap, SwapKind, Zram};
pub use to_profile::Draft;
pub use topology::{Cache, CoreKind, Node, Smt, Topology};

/// What a machine is.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Detected {
    /// The system as a whole.
    pub host: Host,
    /// What it runs in, from the outside in.
    pub layers: Vec<Fact<Layer>>,
    /// The processor.
    pub processor: Processor,
    /// The memory.
    pub memory: DetectedMemory,
    /// The graphics processors.
    pub gpus: Vec<DetectedGpu>,
    /// What Nix is told of parallelism.
    pub nix: NixSettings,
}

/// Finds out what a machine is. What the files do not tell stays unknown; broken files count as
/// missing. Takes time linear in their length.
pub fn detect(snapshot: &Snapshot) -> Detected {
    let info = cpu_info::read(snapshot);
    let layers = layers::read(snapshot, info.as_ref());
    Detected {
        host: host::read(snapshot, &layers),
        processor: processor::read(snapshot, info.as_ref()),
        memory: memory::read(snapshot, &layers),
        gpus: gpu::read(snapshot),
        nix: nix_conf::read(snapshot),
        layers,
    }
}
