//! The memory that control groups leave (kernel documentation: cgroup-v2.rst and
//! cgroup-v1/memory.rst).

use super::{Fact, Snapshot};
use crate::{Bytes, Cores};

const SELF: &str = "proc/self/cgroup";

/// Where version 2 is mounted: alone, and beside version 1.
const VERSION_2: [&str; 2] = ["sys/fs/cgroup", "sys/fs/cgroup/unified"];
/// Where version 1 is mounted: a folder for each controller below it.
const VERSION_1: &str = "sys/fs/cgroup";

const MEMORY_2: &str = "memory.max";
const MEMORY_1: &str = "memory.limit_in_bytes";
const CPU_2: &str = "cpu.max";
const CPU_QUOTA_1: &str = "cpu.cfs_quota_us";
const CPU_PERIOD_1: &str = "cpu.cfs_period_us";

/// Version 1 says "no limit" by the largest number of whole pages: 0x7FFF_FFFF_FFFF_F000 with
/// pages of 4 KiB, and somewhat less with larger ones, which are at most 64 KiB.
const UNLIMITED: u64 = 0x7FFF_FFFF_FFFF_0000;

/// A group can be this deep; what is deeper is no path of a group.
const DEEPEST: usize = 64;

/// A limit on memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CgroupLimit {
    /// How much all processes of the group may use together.
    pub limit: Bytes,
    /// 1 or 2.
    pub version: u8,
}

/// The folders of the own group and of all above it, own first, in which `controller` may limit
/// something; and the version.
///
/// Each group above counts too, and the smallest limit holds. In a container the paths may be
/// those of the host, of which only the last part is mounted; the root, which is always among
/// these, is the container's then.
fn folders(snapshot: &Snapshot, controller: &str) -> Vec<(String, u8)> {
    let text = snapshot.text(SELF).unwrap_or_default();
    let mut folders = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if controllers.is_empty() {
            for root in VERSION_2 {
                folders.extend(upwards(root, path).map(|folder| (folder, 2)));
            }
        } else if controllers.split(',').any(|name| name == controller) {
            let root = format!("{VERSION_1}/{controller}");
            folders.extend(upwards(&root, path).map(|folder| (folder, 1)));
        }
    }
    folders
}

/// The folder of a group and of all above it.
fn upwards(root: &str, path: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .take(DEEPEST)
        .collect();
    // A group outside of the namespace is shown as `/../x`, and nothing is mounted there.
    let is_inside = !parts.contains(&"..");
    let depth = if is_inside { parts.len() } else { 0 };
    let folders: Vec<String> = (0..=depth)
        .rev()
        .map(|depth| {
            let mut folder = root.to_owned();
            for part in &parts[..depth] {
                folder.push('/');
                folder.push_str(part);
            }
            folder
        })
        .collect();
    folders.into_iter()
}

pub(super) fn limit_files(snapshot: &Snapshot) -> Vec<String> {
    let memory = folders(snapshot, "memory").into_iter();
    let memory = memory.map(|(folder, version)| match version {
        1 => format!("{folder}/{MEMORY_1}"),
        _ => format!("{folder}/{MEMORY_2}"),
    });
    let cpu = folders(snapshot, "cpu").into_iter();
    let cpu = cpu.flat_map(|(folder, version)| match version {
        1 => vec![
            format!("{folder}/{CPU_QUOTA_1}"),
            format!("{folder}/{CPU_PERIOD_1}"),
        ],
        _ => vec![format!("{folder}/{CPU_2}")],
    });
    memory.chain(cpu).collect()
}

pub(super) fn is_limit_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.starts_with("sys/fs/cgroup/")
        && [MEMORY_1, MEMORY_2, CPU_2, CPU_QUOTA_1, CPU_PERIOD_1].contains(&name)
}

/// The smallest limit on memory of the own group and those above it; none where nothing is
/// limited.
pub(super) fn limit(snapshot: &Snapshot) -> Option<Fact<CgroupLimit>> {
    let limits = folders(snapshot, "memory").into_iter();
    let limits = limits.filter_map(|(folder, version)| {
        let name = if version == 1 { MEMORY_1 } else { MEMORY_2 };
        let file = format!("{folder}/{name}");
        let limit = snapshot.number(&file).filter(|&bytes| bytes < UNLIMITED)?;
        Some((Bytes(limit), version, file))
    });
    let (limit, version, file) = limits.min_by_key(|(limit, ..)| *limit)?;
    Some(Fact::certain(
        CgroupLimit { limit, version },
        file,
        SMALLEST,
    ))
}

const SMALLEST: &str = "the smallest on the way to the root";

/// How many threads' worth of time the own group may use, rounded up; none where nothing is
/// limited.
pub(super) fn threads(snapshot: &Snapshot) -> Option<Fact<Cores>> {
    let quotas = folders(snapshot, "cpu").into_iter();
    let quotas = quotas.filter_map(|(folder, version)| {
        let (quota, period, file) = if version == 1 {
            let file = format!("{folder}/{CPU_QUOTA_1}");
            // -1 says that there is none.
            let quota = snapshot.number(&file)?;
            (
                quota,
                snapshot.number(&format!("{folder}/{CPU_PERIOD_1}"))?,
                file,
            )
        } else {
            let file = format!("{folder}/{CPU_2}");
            let text = snapshot.value(&file)?;
            let (quota, period) = text.split_once(' ')?;
            (quota.parse().ok()?, period.parse().ok()?, file)
        };
        let threads = quota
            .checked_add(period)?
            .checked_sub(1)?
            .checked_div(period)?;
        Some((u32::try_from(threads).ok()?.max(1), file))
    });
    let (threads, file) = quotas.min_by_key(|(threads, _)| *threads)?;
    Some(Fact::certain(Cores(threads), file, SMALLEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Option<(u64, u8)> {
        let snapshot: Snapshot = files.iter().copied().collect();
        let found = limit(&snapshot)?.value;
        Some((found.limit.0, found.version))
    }

    #[test]
    fn the_smallest_on_the_way_up_wins() {
        let files = [
            (SELF, "0::/a/b\n"),
            ("sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/memory.max", "5000\n"),
            ("sys/fs/cgroup/other/memory.max", "1\n"),
        ];
        assert_eq!(found(&files), Some((1000, 2)));
        assert_eq!(found(&files[..2]), None);
    }

    #[test]
    fn version_1_beside_version_2() {
        let files = [
            (SELF, "4:cpu,memory:/docker/abc\n1:cpu:/\n0::/\n"),
            // The container sees its own group as the root.
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2000\n"),
        ];
        assert_eq!(found(&files), Some((2000, 1)));
        let unlimited = [
            files[0],
            (
                "sys/fs/cgroup/memory/memory.limit_in_bytes",
                "9223372036854771712\n",
            ),
        ];
        assert_eq!(found(&unlimited), None);
    }

    #[test]
    fn what_is_to_be_read() {
        let snapshot: Snapshot = [(SELF, "0::/a/b\n")].into_iter().collect();
        let files = limit_files(&snapshot);
        assert_eq!(
            files,
            [
                "sys/fs/cgroup/a/b/memory.max",
                "sys/fs/cgroup/a/memory.max",
                "sys/fs/cgroup/memory.max",
                "sys/fs/cgroup/unified/a/b/memory.max",
                "sys/fs/cgroup/unified/a/memory.max",
                "sys/fs/cgroup/unified/memory.max",
                "sys/fs/cgroup/a/b/cpu.max",
                "sys/fs/cgroup/a/cpu.max",
                "sys/fs/cgroup/cpu.max",
                "sys/fs/cgroup/unified/a/b/cpu.max",
                "sys/fs/cgroup/unified/a/cpu.max",
                "sys/fs/cgroup/unified/cpu.max",
            ]
        );
        assert!(files.iter().all(|file| is_limit_file(file)));
        let outside: Snapshot = [(SELF, "0::/../../x\n")].into_iter().collect();
        assert_eq!(limit_files(&outside).len(), 4, "the roots alone");
    }

    #[test]
    fn time_is_counted_in_threads() {
        let found = |files: &[(&str, &str)]| {
            let snapshot: Snapshot = files.iter().copied().collect();
            threads(&snapshot).map(|it| it.value.0)
        };
        let two = [
            (SELF, "0::/a\n"),
            ("sys/fs/cgroup/a/cpu.max", "150000 100000\n"),
            ("sys/fs/cgroup/cpu.max", "max 100000\n"),
        ];
        assert_eq!(found(&two), Some(2));
        let one = [
            (SELF, "2:cpu,cpuacct:/a\n"),
            ("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
        ];
        assert_eq!(found(&one), Some(1));
        assert_eq!(found(&one[..3]), None);
        let broken = [(SELF, "0::/\n"), ("sys/fs/cgroup/cpu.max", "1 0\n")];
        assert_eq!(found(&broken), None);
    }
}
