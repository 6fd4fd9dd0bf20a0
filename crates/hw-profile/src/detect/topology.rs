//! How many cores and threads, of which kinds, with which caches and memory.

use std::collections::{BTreeMap, BTreeSet};

use super::cpu_info::{self, CpuInfo};
use super::{Confidence, Fact, Snapshot, identity, sysctl};
use crate::{Bytes, Cores};

const CPUS: &str = "sys/devices/system/cpu";

/// More processors than any kernel has room for; what counts more is no list of processors.
const MOST_PROCESSORS: u32 = 1 << 16;

/// How the processor's threads are arranged.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Topology {
    /// Hardware threads that are online.
    pub threads: Option<Fact<Cores>>,
    /// Physical cores with a thread that is online; never more than threads.
    pub cores: Option<Fact<Cores>>,
    /// Threads that processes started here may use, if fewer than are online: by their affinity, as
    /// a container has one, and by the time that control groups leave them.
    pub usable: Option<Fact<Cores>>,
    /// Packages: sockets.
    pub packages: Option<Fact<u32>>,
    /// Whether cores run several threads.
    pub smt: Option<Fact<Smt>>,
    /// The kinds of core of a hybrid processor, fastest first; empty where all are of one kind.
    pub kinds: Vec<Fact<CoreKind>>,
    /// The caches that processor 0 sees.
    pub caches: Vec<Fact<Cache>>,
    /// The memory nodes, by number.
    pub nodes: Vec<Fact<Node>>,
}

/// Simultaneous multithreading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Smt {
    /// Cores run several threads.
    On,
    /// Cores could, and were told not to.
    Off,
    /// Cores run one thread.
    None,
}

/// One kind of core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreKind {
    /// What it is called: `core` and `atom` for Intel, the core's own name for Arm.
    pub name: String,
    /// How many threads are on cores of it.
    pub threads: Cores,
}

/// A cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Its level, from 1.
    pub level: u32,
    /// `Data`, `Instruction` or `Unified`.
    pub kind: String,
    /// Its size.
    pub size: Bytes,
    /// How many threads share one of them, if known.
    pub shared_by: Option<Cores>,
}

/// A memory node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number.
    pub number: u32,
    /// The memory in it.
    pub memory: Bytes,
    /// The threads next to it.
    pub threads: Cores,
}

pub(super) fn read(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Topology {
    let threads = threads(snapshot, info);
    let online = online(snapshot);
    let arranged = arrangement(snapshot, online.as_ref(), info);
    let cores = threads.clone().map(|threads| {
        let rule = "nothing tells cores from threads";
        let unknown = || Fact::guess(threads.value, threads.file.clone(), rule);
        let told = arranged.clone();
        let told = told.map(|it| it.map(|(cores, _)| Cores(cores).min(threads.value)));
        told.unwrap_or_else(unknown)
    });
    Topology {
        packages: arranged.map(|it| it.map(|(_, packages)| packages)),
        smt: smt(snapshot),
        usable: threads
            .as_ref()
            .and_then(|threads| usable(snapshot, online.as_ref(), threads.value)),
        kinds: kinds(snapshot, online.as_ref(), info),
        caches: caches(snapshot, info),
        nodes: nodes(snapshot),
        cores,
        threads,
    }
}

/// Numbers such as `0-3,8`, ascending; none where it is no such list.
pub(super) fn list(text: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        if last >= MOST_PROCESSORS {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

fn online(snapshot: &Snapshot) -> Option<BTreeSet<u32>> {
    let numbers = list(&snapshot.value(&format!("{CPUS}/online"))?)?;
    (!numbers.is_empty()).then_some(numbers)
}

fn threads(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Option<Fact<Cores>> {
    if let Some(online) = online(snapshot) {
        let count = Cores(online.len() as u32);
        return Some(Fact::certain(count, format!("{CPUS}/online"), ""));
    }
    let info = info?;
    if info.threads.iter().any(|thread| thread.number.is_none()) {
        // What one processor says of itself, not a list of all.
        return None;
    }
    let listed = info.threads.len() as u32;
    let (siblings, file) = (info.siblings.unwrap_or(0), info.file);
    if siblings > listed {
        // The kernel counts those that are online, as it lists them: the text was cut short.
        return Some(Fact::likely(
            Cores(siblings.min(MOST_PROCESSORS)),
            file,
            "siblings of the processor that is listed",
        ));
    }
    Some(Fact::certain(
        Cores(listed),
        file,
        "processors that are listed",
    ))
}

fn usable(
    snapshot: &Snapshot,
    online: Option<&BTreeSet<u32>>,
    threads: Cores,
) -> Option<Fact<Cores>> {
    let file = "proc/self/status";
    let allowed = snapshot.text(file).and_then(|text| {
        let mut lines = text.lines();
        let allowed = list(lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?)?;
        let is_online = |cpu: &&u32| online.is_none_or(|online| online.contains(cpu));
        let count = allowed.iter().filter(is_online).count() as u32;
        Some(Fact::certain(
            Cores(count.max(1)),
            file,
            "Cpus_allowed_list",
        ))
    });
    let limits = [allowed, super::cgroup::threads(snapshot)];
    let fewest = limits.into_iter().flatten().min_by_key(|it| it.value)?;
    (fewest.value < threads).then_some(fewest)
}

/// Cores and packages, from distinct pairs over the threads that are online.
fn arrangement(
    snapshot: &Snapshot,
    online: Option<&BTreeSet<u32>>,
    info: Option<&CpuInfo>,
) -> Option<Fact<(u32, u32)>> {
    // A hypervisor may show its guest any arrangement it likes.
    let confidence = match info {
        Some(info) if info.flags.contains("hypervisor") => Confidence::Likely,
        _ => Confidence::Certain,
    };
    let from_sys = || {
        let mut cores = BTreeSet::new();
        let mut packages = BTreeSet::new();
        for cpu in online? {
            let id = |name: &str| snapshot.number(&format!("{CPUS}/cpu{cpu}/topology/{name}"));
            let package = id("physical_package_id").unwrap_or(0);
            packages.insert(package);
            // The core's number may be unique within its die only.
            cores.insert((package, id("die_id").unwrap_or(0), id("core_id")?));
        }
        Some(Fact::new(
            (cores.len() as u32, packages.len() as u32),
            format!("{CPUS}/cpu0/topology/core_id"),
            "distinct (package, core) online",
            confidence,
        ))
    };
    let from_text = || {
        let info = info?;
        let pairs: Option<BTreeSet<(u32, u32)>> = info
            .threads
            .iter()
            .map(|thread| Some((thread.package?, thread.core?)))
            .collect();
        let pairs = pairs?;
        let packages: BTreeSet<u32> = pairs.iter().map(|(package, _)| *package).collect();
        let listed = info.threads.len() as u32;
        match (info.siblings, info.cores_per_package) {
            (Some(siblings), Some(cores)) if siblings > listed => Some(Fact::likely(
                (cores, packages.len() as u32),
                info.file,
                "cpu cores of the processor that is listed",
            )),
            _ => Some(Fact::new(
                (pairs.len() as u32, packages.len() as u32),
                info.file,
                "distinct (physical id, core id)",
                confidence,
            )),
        }
    };
    from_sys().or_else(from_text)
}

fn smt(snapshot: &Snapshot) -> Option<Fact<Smt>> {
    let file = format!("{CPUS}/smt/control");
    let smt = match snapshot.value(&file)?.as_str() {
        "on" => Smt::On,
        "off" | "forceoff" => Smt::Off,
        "notsupported" | "notimplemented" => Smt::None,
        _ => return None,
    };
    Some(Fact::certain(smt, file, ""))
}

fn kinds(
    snapshot: &Snapshot,
    online: Option<&BTreeSet<u32>>,
    info: Option<&CpuInfo>,
) -> Vec<Fact<CoreKind>> {
    // Intel's hybrid parts have a performance monitoring unit for each kind;
    // `topology/core_type` was never merged.
    let mut kinds = Vec::new();
    for name in ["core", "atom", "lowpower"] {
        let file = format!("sys/devices/cpu_{name}/cpus");
        let Some(mut cpus) = snapshot.value(&file).and_then(|text| list(&text)) else {
            continue;
        };
        if let Some(online) = online {
            cpus.retain(|cpu| online.contains(cpu));
        }
        if !cpus.is_empty() {
            let kind = CoreKind {
                name: name.to_owned(),
                threads: Cores(cpus.len() as u32),
            };
            kinds.push(Fact::certain(kind, file, "its performance monitoring unit"));
        }
    }
    if kinds.len() > 1 {
        return kinds;
    }
    let Some(info) = info else {
        return Vec::new();
    };
    if info.file == Snapshot::SYSCTL {
        let text = snapshot.text(info.file).unwrap_or_default();
        let kinds = sysctl::kinds(&text).into_iter();
        return kinds
            .map(|(name, threads)| {
                let threads = Cores(threads);
                Fact::certain(CoreKind { name, threads }, info.file, "hw.perflevel")
            })
            .collect();
    }
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    for signature in info.threads.iter().filter_map(|it| it.signature.as_ref()) {
        *counts.entry(signature).or_default() += 1;
    }
    if counts.len() < 2 {
        return Vec::new();
    }
    // Parts are numbered in no order of speed; where the kernel tells frequencies, they have one.
    let mut kinds: Vec<(u64, CoreKind)> = counts
        .into_iter()
        .map(|(signature, threads)| {
            let name = identity::identify(signature, info.family)
                .map_or_else(|| signature.to_string(), |it| it.code_name);
            let numbers = info
                .threads
                .iter()
                .filter(|it| it.signature.as_ref() == Some(signature));
            let fastest = numbers
                .filter_map(|it| max_frequency(snapshot, it.number?))
                .max();
            let threads = Cores(threads);
            (fastest.unwrap_or(0), CoreKind { name, threads })
        })
        .collect();
    kinds.sort_by_key(|(frequency, _)| std::cmp::Reverse(*frequency));
    kinds
        .into_iter()
        .map(|(_, kind)| Fact::certain(kind, info.file, "processors of several parts"))
        .collect()
}

/// In kHz.
fn max_frequency(snapshot: &Snapshot, cpu: u32) -> Option<u64> {
    snapshot.number(&format!("{CPUS}/cpu{cpu}/cpufreq/cpuinfo_max_freq"))
}

/// The highest frequency of any of the processors, in MHz.
pub(super) fn turbo(snapshot: &Snapshot) -> Option<Fact<u32>> {
    let names = snapshot.names("sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq");
    let fastest = names
        .into_iter()
        .filter_map(|name| max_frequency(snapshot, name.parse().ok()?))
        .max()?;
    Some(Fact::certain(
        u32::try_from(fastest / 1000).ok()?,
        format!("{CPUS}/cpu0/cpufreq/cpuinfo_max_freq"),
        "the highest of all processors",
    ))
}

/// The frequency that is promised, in MHz.
pub(super) fn base_frequency(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Option<Fact<u32>> {
    let file = format!("{CPUS}/cpu0/cpufreq/base_frequency");
    if let Some(khz) = snapshot.number(&file) {
        let mhz = u32::try_from(khz / 1000).ok()?;
        return Some(Fact::certain(mhz, file, ""));
    }
    let info = info?;
    let (_, text) = info.name.as_deref()?.rsplit_once('@')?;
    let ghz: f64 = text.trim().strip_suffix("GHz")?.trim().parse().ok()?;
    let mhz = (0.0..100.0)
        .contains(&ghz)
        .then_some((ghz * 1000.0).round() as u32)?;
    Some(Fact::likely(mhz, info.file, "the brand has it"))
}

fn caches(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Vec<Fact<Cache>> {
    let pattern = "sys/devices/system/cpu/cpu0/cache/index*/size";
    let seen = snapshot.names(pattern).into_iter().filter_map(|index| {
        let file = |name: &str| pattern.replace('*', index).replace("size", name);
        let cache = Cache {
            level: u32::try_from(snapshot.number(&file("level"))?).ok()?,
            kind: snapshot.value(&file("type"))?,
            size: size(&snapshot.value(&file("size"))?)?,
            shared_by: snapshot
                .value(&file("shared_cpu_list"))
                .and_then(|text| list(&text))
                .map(|cpus| Cores(cpus.len() as u32)),
        };
        Some(Fact::certain(cache, file("size"), "as processor 0 sees it"))
    });
    let seen: Vec<Fact<Cache>> = seen.collect();
    if !seen.is_empty() {
        return seen;
    }
    let last = info.and_then(|info| {
        // Intel's text has the last level, AMD's the second (arch/x86/kernel/cpu/cacheinfo.c).
        let size = size(info.cache_size.as_deref()?)?;
        let is_amd = info.flags.contains("sse4a");
        let cache = Cache {
            level: if is_amd { 2 } else { 3 },
            kind: "Unified".to_owned(),
            size,
            shared_by: None,
        };
        Some(Fact::likely(cache, info.file, "cache size"))
    });
    last.into_iter().collect()
}

/// `32K`, `512 KB`, `36M`
fn size(text: &str) -> Option<Bytes> {
    let text = text.trim();
    // Without a unit the crate's sizes count GB, which no cache does.
    text.ends_with(|c: char| c.is_ascii_alphabetic())
        .then(|| text.parse().ok())?
}

fn nodes(snapshot: &Snapshot) -> Vec<Fact<Node>> {
    let pattern = "sys/devices/system/node/node*/meminfo";
    let nodes = snapshot.names(pattern).into_iter().filter_map(|number| {
        let file = pattern.replacen('*', number, 1);
        let text = snapshot.text(&file)?;
        let memory = super::memory::kilobytes(&text, "MemTotal")?;
        let cpus = snapshot.value(&format!("sys/devices/system/node/node{number}/cpulist"));
        let cpus = cpus.and_then(|text| list(&text)).unwrap_or_default();
        let node = Node {
            number: cpu_info::number(number)?,
            memory,
            threads: Cores(cpus.len() as u32),
        };
        Some(Fact::certain(node, file, "MemTotal of the node"))
    });
    nodes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_processors() {
        for (text, expected) in [
            ("0-3", Some(4)),
            ("0,2,4-5", Some(4)),
            ("7\n", Some(1)),
            ("", Some(0)),
            ("3-1", Some(0)),
            ("0-3,2-5", Some(6)),
            ("0-4294967295", None),
            ("a", None),
            ("0-", None),
        ] {
            assert_eq!(list(text).map(|it| it.len()), expected, "{text:?}");
        }
    }

    #[test]
    fn sizes_of_caches() {
        assert_eq!(size("32K"), Some(Bytes(32 << 10)));
        assert_eq!(size("512 KB"), Some(Bytes(512 << 10)));
        assert_eq!(size("32"), None);
        assert_eq!(size("x"), None);
    }
}
