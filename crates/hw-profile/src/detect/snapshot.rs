//! The files of a machine that detection reads.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// A file, or a family of files, that detection looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The path below the root, without a leading slash; `*` stands for any part of one name.
    pub pattern: Cow<'static, str>,
    /// Whether the content is looked at, or only whether the file is there.
    pub content: bool,
}

const fn content(pattern: &'static str) -> Wanted {
    Wanted {
        pattern: Cow::Borrowed(pattern),
        content: true,
    }
}

const fn presence(pattern: &'static str) -> Wanted {
    Wanted {
        pattern: Cow::Borrowed(pattern),
        content: false,
    }
}

/// What is read of a file at most: the `cpuinfo` of a machine with some 2,000 threads.
pub const LARGEST_FILE: usize = 4 << 20;

/// Everything that does not depend on what a file says.
static WANTED: &[Wanted] = &[
    content("proc/cpuinfo"),
    content("proc/meminfo"),
    content("proc/swaps"),
    content("proc/version"),
    content("proc/self/cgroup"),
    content("proc/self/mountinfo"),
    content("proc/self/status"),
    content("proc/1/cgroup"),
    content("proc/sys/kernel/arch"),
    content("proc/sys/kernel/hostname"),
    content("proc/sys/kernel/osrelease"),
    content("proc/driver/nvidia/version"),
    content("proc/driver/nvidia/gpus/*/information"),
    content("sys/devices/system/cpu/online"),
    content("sys/devices/system/cpu/smt/active"),
    content("sys/devices/system/cpu/smt/control"),
    content("sys/devices/system/cpu/cpu*/topology/physical_package_id"),
    content("sys/devices/system/cpu/cpu*/topology/die_id"),
    content("sys/devices/system/cpu/cpu*/topology/core_id"),
    content("sys/devices/system/cpu/cpu0/cache/index*/level"),
    content("sys/devices/system/cpu/cpu0/cache/index*/type"),
    content("sys/devices/system/cpu/cpu0/cache/index*/size"),
    content("sys/devices/system/cpu/cpu0/cache/index*/shared_cpu_list"),
    content("sys/devices/system/cpu/cpu0/cpufreq/base_frequency"),
    content("sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq"),
    content("sys/devices/system/node/node*/meminfo"),
    content("sys/devices/system/node/node*/cpulist"),
    content("sys/devices/cpu_core/cpus"),
    content("sys/devices/cpu_atom/cpus"),
    content("sys/devices/cpu_lowpower/cpus"),
    content("sys/block/*/queue/rotational"),
    content("sys/block/*/size"),
    content("sys/block/*/device/model"),
    content("sys/block/zram*/disksize"),
    content("sys/block/zram*/mem_limit"),
    content("sys/block/zram*/comp_algorithm"),
    content("sys/block/zram*/mm_stat"),
    content("sys/bus/pci/devices/*/uevent"),
    content("sys/class/dmi/id/sys_vendor"),
    content("sys/class/dmi/id/product_name"),
    content("sys/class/dmi/id/chassis_type"),
    content("sys/class/power_supply/*/type"),
    content("sys/class/power_supply/*/scope"),
    content("sys/hypervisor/type"),
    content("etc/hostname"),
    content("etc/nix/nix.conf"),
    content("etc/os-release"),
    content("usr/lib/os-release"),
    content("run/systemd/container"),
    content("run/.containerenv"),
    presence(".dockerenv"),
    presence("dev/dxg"),
    presence("usr/lib/wsl/lib/libcuda.so.1"),
    content("mnt/c/Users/*/.wslconfig"),
    content(Snapshot::CPUID),
    content(Snapshot::NVIDIA_SMI),
    content(Snapshot::SYSCTL),
];

/// A machine's files, by their path below its root: read from the live machine or recorded from
/// one, it makes no difference.
///
/// Three names are no files of a machine but the output of commands, for a caller that has it:
/// [`Snapshot::CPUID`], [`Snapshot::NVIDIA_SMI`] and [`Snapshot::SYSCTL`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    files: BTreeMap<String, Vec<u8>>,
}

impl Snapshot {
    /// Leaves of `cpuid`, one a line: leaf, subleaf, eax, ebx, ecx, edx, in decimal or, with
    /// `0x`, in hexadecimal digits, with commas between.
    pub const CPUID: &'static str = "command/cpuid";
    /// What `nvidia-smi --query-gpu=… --format=csv` prints, with its line of names.
    pub const NVIDIA_SMI: &'static str = "command/nvidia-smi";
    /// What `sysctl -a` prints on macOS, or the part of it below `hw` and `machdep.cpu`.
    pub const SYSCTL: &'static str = "command/sysctl";

    /// An empty one: of it, nothing is detected.
    pub fn new() -> Self {
        Self::default()
    }

    /// What detection would look at, and is worth reading of a live machine.
    ///
    /// What depends on what these files say is told by [`Snapshot::wanted_next`] afterwards.
    pub fn wanted() -> &'static [Wanted] {
        WANTED
    }

    /// What the files that are there already lead to: the limits of the control groups that
    /// `proc/self/cgroup` names. None of these has a `*`.
    pub fn wanted_next(&self) -> Vec<Wanted> {
        let paths = super::cgroup::limit_files(self).into_iter();
        paths
            .map(|path| Wanted {
                pattern: Cow::Owned(path),
                content: true,
            })
            .collect()
    }

    /// Whether a driver of NVIDIA is at work, so that [`Snapshot::NVIDIA_SMI`] is worth having:
    /// where there is none, the command takes its time to say so.
    pub fn wants_nvidia_smi(&self) -> bool {
        self.contains("proc/driver/nvidia/version")
            || (self.contains("dev/dxg") && self.contains("usr/lib/wsl/lib/libcuda.so.1"))
    }

    /// Whether detection may look at `path`, for a caller that is handed the files of a recording
    /// one after another.
    pub fn is_wanted(path: &str) -> bool {
        let path = canonical(path);
        WANTED.iter().any(|wanted| matches(&wanted.pattern, &path))
            || super::cgroup::is_limit_file(&path)
    }

    /// Puts a file in, or replaces it. What is longer than [`LARGEST_FILE`] is cut off.
    ///
    /// A leading `/` or `./` does not count. Recordings that keep the files of `/proc` beside
    /// their `sys`, as `proc_self_cgroup`, are understood.
    pub fn insert(&mut self, path: &str, content: impl Into<Vec<u8>>) {
        let mut content = content.into();
        content.truncate(LARGEST_FILE);
        self.files.insert(canonical(path).into_owned(), content);
    }

    /// Whether a file is there.
    pub fn contains(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The files, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// The text of a file. The kernel passes on what a BIOS says, so that bytes that are no UTF-8
    /// may be in it.
    pub(super) fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        let content = self.files.get(path)?;
        Some(String::from_utf8_lossy(content))
    }

    /// The text of a file of one value, without space around it; none if nothing else is in it.
    pub(super) fn value(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let value = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// A file that holds one number.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.value(path)?.parse().ok()
    }

    /// The names that stand for the `*` in a pattern with one, in the order of their numbers:
    /// `cpu2` goes before `cpu10`.
    pub(super) fn names(&self, pattern: &str) -> Vec<&str> {
        let Some((before, after)) = pattern.split_once('*') else {
            return Vec::new();
        };
        let below = self.files.range(before.to_owned()..);
        let mut names: Vec<&str> = below
            .map(|(path, _)| path.as_str())
            .take_while(|path| path.starts_with(before))
            .filter_map(|path| path[before.len()..].strip_suffix(after))
            .filter(|name| !name.is_empty() && !name.contains('/'))
            .collect();
        names.sort_by_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), *name));
        names
    }
}

impl<P: AsRef<str>, C: Into<Vec<u8>>> FromIterator<(P, C)> for Snapshot {
    fn from_iter<I: IntoIterator<Item = (P, C)>>(files: I) -> Self {
        let mut snapshot = Self::new();
        for (path, content) in files {
            snapshot.insert(path.as_ref(), content);
        }
        snapshot
    }
}

/// A path as it is looked up.
fn canonical(path: &str) -> Cow<'_, str> {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    if path.starts_with("proc_") && !path.contains('/') {
        Cow::Owned(path.replace('_', "/"))
    } else {
        Cow::Borrowed(path)
    }
}

/// Whether a path is one that a pattern means.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut names) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), names.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) => {
                let fits = match pattern.split_once('*') {
                    None => pattern == name,
                    Some((before, after)) => name
                        .strip_prefix(before)
                        .is_some_and(|rest| rest.ends_with(after)),
                };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_means() {
        for (pattern, path, expected) in [
            ("proc/cpuinfo", "proc/cpuinfo", true),
            ("proc/cpuinfo", "proc/cpuinfo/x", false),
            ("sys/block/*/size", "sys/block/vda/size", true),
            ("sys/block/*/size", "sys/block/vda/a/size", false),
            ("sys/block/zram*/size", "sys/block/zram0/size", true),
            ("sys/block/zram*/size", "sys/block/vda/size", false),
            ("sys/block/zram*/size", "sys/block/zra", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn one_file_has_one_path() {
        let snapshot: Snapshot = [
            ("./proc_self_cgroup", "a"),
            ("/proc/meminfo", "b"),
            ("sys/block/zram_x/disksize", "c"),
        ]
        .into_iter()
        .collect();
        let paths: Vec<&str> = snapshot.iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "proc/meminfo",
                "proc/self/cgroup",
                "sys/block/zram_x/disksize"
            ]
        );
        assert!(Snapshot::is_wanted("./proc_self_cgroup"));
        assert!(!Snapshot::is_wanted("proc/kcore"));
    }

    #[test]
    fn names_are_in_the_order_of_their_numbers() {
        let snapshot: Snapshot = ["a/c10/x", "a/c2/x", "a/cb/x", "a/c3/y", "a/c4/z/x"]
            .into_iter()
            .map(|path| (path, ""))
            .collect();
        assert_eq!(snapshot.names("a/c*/x"), ["2", "10", "b"]);
        assert_eq!(snapshot.names("nowhere/*/x"), [""; 0]);
    }
}
