//! The memory that control groups leave (kernel documentation: cgroup-v2.rst and
//! cgroup-v1/memory.rst).

use super::{Fact, Snapshot};
use crate::Bytes;

const SELF: &str = "proc/self/cgroup";

/// Where version 2 is mounted: alone, and beside version 1.
const VERSION_2: [&str; 2] = ["sys/fs/cgroup", "sys/fs/cgroup/unified"];
/// Where the memory controller of version 1 is mounted.
const VERSION_1: &str = "sys/fs/cgroup/memory";

const LIMIT_2: &str = "memory.max";
const LIMIT_1: &str = "memory.limit_in_bytes";

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

/// The files that can hold a limit, those of the group itself first.
///
/// Each group above counts too, and the smallest limit holds. In a container the paths may be
/// those of the host, of which only the last part is mounted; the root's own file, which is always
/// among these, is the container's then.
fn candidates(snapshot: &Snapshot) -> Vec<(String, u8)> {
    let text = snapshot.text(SELF).unwrap_or_default();
    let mut files = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if controllers.is_empty() {
            for root in VERSION_2 {
                files.extend(upwards(root, path, LIMIT_2).map(|file| (file, 2)));
            }
        } else if controllers.split(',').any(|name| name == "memory") {
            files.extend(upwards(VERSION_1, path, LIMIT_1).map(|file| (file, 1)));
        }
    }
    files
}

/// The file called `name` of a group and of all above it.
fn upwards(root: &str, path: &str, name: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .take(DEEPEST)
        .collect();
    // A group outside of the namespace is shown as `/../x`, and nothing is mounted there.
    let is_inside = !parts.contains(&"..");
    let depth = if is_inside { parts.len() } else { 0 };
    let files: Vec<String> = (0..=depth)
        .rev()
        .map(|depth| {
            let mut file = root.to_owned();
            for part in &parts[..depth] {
                file.push('/');
                file.push_str(part);
            }
            format!("{file}/{name}")
        })
        .collect();
    files.into_iter()
}

pub(super) fn limit_files(snapshot: &Snapshot) -> Vec<String> {
    let files = candidates(snapshot).into_iter();
    files.map(|(file, _)| file).collect()
}

pub(super) fn is_limit_file(path: &str) -> bool {
    path.starts_with("sys/fs/cgroup/") && matches!(path.rsplit('/').next(), Some(LIMIT_1 | LIMIT_2))
}

/// The smallest limit of the own group and those above it; none where nothing is limited.
pub(super) fn limit(snapshot: &Snapshot) -> Option<Fact<CgroupLimit>> {
    let limits = candidates(snapshot)
        .into_iter()
        .filter_map(|(file, version)| {
            let limit = snapshot.number(&file).filter(|&bytes| bytes < UNLIMITED)?;
            Some((Bytes(limit), version, file))
        });
    let (limit, version, file) = limits.min_by_key(|(limit, ..)| *limit)?;
    Some(Fact::certain(
        CgroupLimit { limit, version },
        file,
        "the smallest on the way to the root",
    ))
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
            ]
        );
        assert!(files.iter().all(|file| is_limit_file(file)));
        let outside: Snapshot = [(SELF, "0::/../../x\n")].into_iter().collect();
        assert_eq!(limit_files(&outside).len(), 2, "the roots alone");
    }
}
