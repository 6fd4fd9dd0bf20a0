//! The memory that there is.

use super::cgroup::{self, CgroupLimit};
use super::layers::Layer;
use super::swap::{self, Swap, Zram};
use super::{Fact, Snapshot, sysctl};
use crate::Bytes;

const MEMINFO: &str = "proc/meminfo";

/// The memory that there is, and what limits its use.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DetectedMemory {
    /// RAM, less the pages set aside as huge ones, which nothing that builds can use.
    pub total: Option<Fact<Bytes>>,
    /// Of the RAM, what is set aside as huge pages.
    pub huge_pages: Option<Fact<Bytes>>,
    /// What control groups leave to this process.
    pub cgroup: Option<Fact<CgroupLimit>>,
    /// What WSL leaves to its guests.
    pub wsl_limit: Option<Fact<Bytes>>,
    /// The swap areas.
    pub swap: Vec<Fact<Swap>>,
    /// The compressed block devices, swapped to or not.
    pub zram: Vec<Fact<Zram>>,
}

impl DetectedMemory {
    /// What processes started here can have of the RAM: the total, unless a control group limits
    /// it to less. It never raises it.
    pub fn available(&self) -> Option<Fact<Bytes>> {
        let total = self.total.clone()?;
        match &self.cgroup {
            Some(found) if found.value.limit < total.value => {
                Some(found.clone().map(|it| it.limit))
            }
            _ => Some(total),
        }
    }

    /// The disksize of all compressed devices that are swapped to.
    pub fn zram_disksize(&self) -> Bytes {
        let used = self.zram.iter().filter(|it| it.value.is_swap);
        used.map(|it| it.value.disksize).sum()
    }
}

pub(super) fn read(snapshot: &Snapshot, layers: &[Fact<Layer>]) -> DetectedMemory {
    let swap = swap::areas(snapshot);
    let (total, huge_pages) = ram(snapshot);
    DetectedMemory {
        wsl_limit: wsl_limit(snapshot, layers, total.as_ref()),
        total,
        huge_pages,
        cgroup: cgroup::limit(snapshot),
        zram: swap::zram(snapshot, &swap),
        swap,
    }
}

fn ram(snapshot: &Snapshot) -> (Option<Fact<Bytes>>, Option<Fact<Bytes>>) {
    let Some(text) = snapshot.text(MEMINFO) else {
        let text = snapshot.text(Snapshot::SYSCTL).unwrap_or_default();
        let total = sysctl::memory(&text);
        let total = total.map(|bytes| Fact::certain(bytes, Snapshot::SYSCTL, "hw.memsize"));
        return (total, None);
    };
    let Some(all) = kilobytes(&text, "MemTotal") else {
        return (None, None);
    };
    // `Hugetlb` counts all sizes of page; kernels before 4.15 have the count of the usual size.
    let set_aside = kilobytes(&text, "Hugetlb").or_else(|| {
        let count = field(&text, "HugePages_Total")?;
        let size = kilobytes(&text, "Hugepagesize")?;
        Some(size.saturating_mul(count))
    });
    let set_aside = set_aside.unwrap_or_default().min(all);
    if set_aside == Bytes(0) {
        return (Some(Fact::certain(all, MEMINFO, "MemTotal")), None);
    }
    (
        Some(Fact::certain(
            all.saturating_sub(set_aside),
            MEMINFO,
            "MemTotal less huge pages",
        )),
        Some(Fact::certain(set_aside, MEMINFO, "Hugetlb")),
    )
}

/// What is set down for all guests together, or else what this one sees: by default half of
/// the host's memory (learn.microsoft.com/windows/wsl/wsl-config).
fn wsl_limit(
    snapshot: &Snapshot,
    layers: &[Fact<Layer>],
    total: Option<&Fact<Bytes>>,
) -> Option<Fact<Bytes>> {
    if !layers.iter().any(|it| it.value == Layer::Wsl2) {
        return None;
    }
    let pattern = "mnt/c/Users/*/.wslconfig";
    let said = snapshot.names(pattern).into_iter().find_map(|user| {
        let file = pattern.replacen('*', user, 1);
        let text = snapshot.text(&file)?;
        let limit = wslconfig_memory(&text)?;
        Some(Fact::likely(limit, file, "memory below [wsl2]"))
    });
    said.or_else(|| {
        let seen = total?.clone();
        Some(Fact::likely(seen.value, seen.file, "all that WSL shows"))
    })
}

fn wslconfig_memory(text: &str) -> Option<Bytes> {
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line.eq_ignore_ascii_case("[wsl2]");
        } else if is_inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("memory")
        {
            // A bare number counts bytes there, and GB to this crate.
            let value = value.trim();
            let has_unit = value.ends_with(|c: char| c.is_ascii_alphabetic());
            return if has_unit {
                value.parse().ok()
            } else {
                value.parse().ok().map(Bytes)
            };
        }
    }
    None
}

/// The number in a line such as `MemTotal: 16307772 kB`; a node's lines begin with `Node 0`.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        if key.split_whitespace().last() != Some(name) {
            return None;
        }
        value.split_whitespace().next()?.parse().ok()
    })
}

pub(super) fn kilobytes(text: &str, name: &str) -> Option<Bytes> {
    field(text, name).map(|count| Bytes(count.saturating_mul(1024)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(meminfo: &str) -> (Option<u64>, Option<u64>) {
        let snapshot: Snapshot = [(MEMINFO, meminfo)].into_iter().collect();
        let (total, huge) = ram(&snapshot);
        let kilobytes = |it: Option<Fact<Bytes>>| it.map(|it| it.value.0 >> 10);
        (kilobytes(total), kilobytes(huge))
    }

    #[test]
    fn huge_pages_are_no_memory_for_builds() {
        assert_eq!(
            total("MemTotal: 1000 kB\nHugetlb: 0 kB\n"),
            (Some(1000), None)
        );
        assert_eq!(
            total("MemTotal: 1000 kB\nHugetlb: 400 kB\n"),
            (Some(600), Some(400))
        );
        assert_eq!(
            total("MemTotal: 9000 kB\nHugePages_Total: 2\nHugepagesize: 2048 kB\n"),
            (Some(4904), Some(4096))
        );
        assert_eq!(
            total("MemTotal: 10 kB\nHugetlb: 400 kB\n"),
            (Some(0), Some(10))
        );
        assert_eq!(total("MemFree: 10 kB\n"), (None, None));
    }

    #[test]
    fn memory_of_wsl() {
        let limit = |text: &str| wslconfig_memory(text).map(|it| it.0);
        assert_eq!(limit("[wsl2]\r\nmemory = 6GB\r\n"), Some(6 << 30));
        assert_eq!(limit("[wsl2]\nmemory=4096\n"), Some(4096));
        assert_eq!(limit("[experimental]\nmemory=4GB\n"), None);
        assert_eq!(limit("[wsl2]\n# memory=4GB\n"), None);
    }
}
