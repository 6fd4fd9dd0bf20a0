//! What the machine says of its processors, as it says it: `/proc/cpuinfo`, `sysctl`, CPUID.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Snapshot, cpuid, sysctl};
use crate::arch::Family;

/// The numbers and names by which a kind of processor is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Signature {
    /// x86, as CPUID leaf 1 has it, extended fields added.
    X86 {
        /// `GenuineIntel`, `AuthenticAMD` …
        vendor: String,
        /// The family.
        family: u32,
        /// The model.
        model: u32,
        /// The stepping; Cascade Lake differs from Skylake-SP in nothing else.
        stepping: Option<u32>,
    },
    /// Arm, as the register MIDR has it.
    Arm {
        /// Who designed it: 0x41 is Arm.
        implementer: u32,
        /// Which core it is.
        part: u32,
        /// The variant.
        variant: Option<u32>,
    },
    /// A name in words, all that Power, RISC-V and macOS tell.
    Name(String),
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::X86 {
                vendor,
                family,
                model,
                stepping,
            } => {
                write!(f, "{vendor} family {family} model {model}")?;
                match stepping {
                    Some(stepping) => write!(f, " stepping {stepping}"),
                    None => Ok(()),
                }
            }
            Self::Arm {
                implementer, part, ..
            } => write!(f, "implementer {implementer:#04x} part {part:#05x}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// One processor as the kernel counts them: a hardware thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    /// Its number.
    pub(super) number: Option<u32>,
    /// Which package it is in.
    pub(super) package: Option<u32>,
    /// Which core of that it is on.
    pub(super) core: Option<u32>,
    /// What it is.
    pub(super) signature: Option<Signature>,
}

/// What one source says of the processors.
#[derive(Clone, Debug)]
pub(super) struct CpuInfo {
    /// The source.
    pub(super) file: &'static str,
    /// What code they run.
    pub(super) family: Option<Family>,
    /// The brand.
    pub(super) name: Option<String>,
    /// The flags that every thread has, in the names that Linux gives them.
    pub(super) flags: BTreeSet<String>,
    /// The threads that are listed; those that are off are not.
    pub(super) threads: Vec<Thread>,
    /// How many threads are in the package of the first one.
    pub(super) siblings: Option<u32>,
    /// How many cores are in that package.
    pub(super) cores_per_package: Option<u32>,
    /// The size of the last cache as the text has it.
    pub(super) cache_size: Option<String>,
    /// Whether the code that asks is x86, translated for an Apple processor that shows.
    pub(super) is_translated: bool,
    /// Whether it is translated for one that does not: in a virtual machine.
    pub(super) is_virtual_apple: bool,
}

impl CpuInfo {
    pub(super) fn is_x86(&self) -> bool {
        matches!(self.family, Some(Family::X86_64 | Family::X86))
    }
}

pub(super) const CPUINFO: &str = "proc/cpuinfo";

/// The best of the sources that are there.
pub(super) fn read(snapshot: &Snapshot) -> Option<CpuInfo> {
    if let Some(text) = snapshot.text(CPUINFO) {
        let machine = snapshot.value("proc/sys/kernel/arch");
        let machine = machine.as_deref().and_then(family_of);
        if let Some(info) = cpuinfo(&text, machine) {
            return Some(info);
        }
    }
    if let Some(text) = snapshot.text(Snapshot::SYSCTL)
        && let Some(info) = sysctl::processors(&text)
    {
        return Some(info);
    }
    cpuid::processors(&snapshot.text(Snapshot::CPUID)?)
}

/// The family that the kernel calls `machine`.
fn family_of(machine: &str) -> Option<Family> {
    match machine {
        "amd64" => Some(Family::X86_64),
        "i386" | "i486" | "i586" | "i686" => Some(Family::X86),
        "arm64" => Some(Family::Aarch64),
        other if other.starts_with("armv") => Some(Family::Arm),
        other => Family::from_name(other),
    }
}

/// `/proc/cpuinfo`: paragraphs of `key : value`, one for each thread. The keys differ between
/// architectures.
fn cpuinfo(text: &str, machine: Option<Family>) -> Option<CpuInfo> {
    let blocks = blocks(text);
    let of = |key: &str| blocks.iter().find_map(|block| block.get(key).copied());
    let listed = ["flags", "Features", "isa"]
        .into_iter()
        .find(|key| of(key).is_some());
    let mut flags: Option<BTreeSet<String>> = None;
    for text in blocks.iter().filter_map(|block| block.get(listed?)) {
        let own: BTreeSet<String> = if listed == Some("isa") {
            extensions(text)
        } else {
            text.split_whitespace().map(str::to_owned).collect()
        };
        flags = Some(match flags {
            None => own,
            // What only some of the cores can do cannot be used: threads move.
            Some(all) => all.intersection(&own).cloned().collect(),
        });
    }
    let flags = flags.unwrap_or_default();
    let family = machine.or_else(|| match listed {
        Some("flags") if flags.contains("lm") => Some(Family::X86_64),
        Some("flags") => Some(Family::X86),
        // The 32-bit kernel calls it `neon`.
        Some("Features") if flags.contains("asimd") => Some(Family::Aarch64),
        Some("Features") => Some(Family::Arm),
        Some(_) if flags.contains("rv64") => Some(Family::Riscv64),
        _ => of("cpu")
            .filter(|name| name.starts_with("POWER"))
            .map(|_| Family::Ppc64),
    });
    let name = of("model name")
        .or_else(|| of("cpu"))
        .or_else(|| of("Model"));
    let threads: Vec<Thread> = blocks.iter().map(thread).collect();
    let is_known = family.is_some() || threads.iter().any(|thread| thread.signature.is_some());
    is_known.then(|| CpuInfo {
        file: CPUINFO,
        family,
        name: name.map(str::to_owned),
        flags,
        threads,
        siblings: of("siblings").and_then(number),
        cores_per_package: of("cpu cores").and_then(number),
        cache_size: of("cache size").map(str::to_owned),
        is_translated: false,
        is_virtual_apple: of("vendor_id") == Some("VirtualApple"),
    })
}

type Block<'a> = BTreeMap<&'a str, &'a str>;

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        let starts = key == "processor" && value.bytes().all(|b| b.is_ascii_digit());
        match blocks.last_mut() {
            Some(block) if !(starts && block.contains_key("processor")) => {
                block.entry(key).or_insert(value);
            }
            _ => blocks.push(Block::from([(key, value)])),
        }
    }
    blocks
}

fn thread(block: &Block<'_>) -> Thread {
    let decimal = |key: &str| block.get(key).and_then(|text| text.parse::<u32>().ok());
    let any = |key: &str| block.get(key).and_then(|text| number(text));
    let signature = if let (Some(vendor), Some(family), Some(model)) = (
        block.get("vendor_id"),
        decimal("cpu family"),
        decimal("model"),
    ) {
        Some(Signature::X86 {
            vendor: (*vendor).to_owned(),
            family,
            model,
            stepping: decimal("stepping"),
        })
    } else if let (Some(implementer), Some(part)) = (any("CPU implementer"), any("CPU part")) {
        Some(Signature::Arm {
            implementer,
            part,
            variant: any("CPU variant"),
        })
    } else {
        let name = ["uarch", "cpu", "model name"]
            .into_iter()
            .find_map(|key| block.get(key));
        name.map(|name| Signature::Name((*name).to_owned()))
    };
    Thread {
        number: decimal("processor"),
        package: decimal("physical id"),
        core: decimal("core id"),
        signature,
    }
}

/// A number in decimal or, with `0x`, in hexadecimal digits.
pub(super) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `rv64imafdc_zba_zbb`: the base, single letters, and the rest between underscores.
fn extensions(text: &str) -> BTreeSet<String> {
    let mut parts = text.split('_');
    let letters = parts.next().unwrap_or_default();
    let (base, letters) = letters.split_at_checked(4).unwrap_or((letters, ""));
    let mut all: BTreeSet<String> = letters.chars().map(String::from).collect();
    all.insert(base.to_owned());
    all.extend(parts.map(str::to_owned));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_some_cores_can_do_is_left_out() {
        let text = "processor : 0\nflags : lm sse avx512f\n\nprocessor : 1\nflags : lm sse\n";
        let info = cpuinfo(text, None).expect("it is x86");
        assert_eq!(info.threads.len(), 2);
        assert_eq!(info.flags.into_iter().collect::<Vec<_>>(), ["lm", "sse"]);
    }

    #[test]
    fn a_comment_before_the_first_processor_is_no_processor() {
        let text = "COMMENT : made up\nprocessor : 0\nCPU implementer : 0x41\nCPU part : 0xd08\nFeatures : fp asimd\n";
        let info = cpuinfo(text, None).expect("it is Arm");
        assert_eq!(info.threads.len(), 1);
        assert_eq!(info.family, Some(Family::Aarch64));
    }

    #[test]
    fn text_that_tells_nothing() {
        for text in ["", "\n\n", "processor", "a : b", "processor : 0\n"] {
            assert!(cpuinfo(text, None).is_none(), "{text:?}");
        }
    }
}
