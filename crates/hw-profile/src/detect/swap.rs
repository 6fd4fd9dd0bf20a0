//! Swap, and the compressed kind of it.

use super::{Fact, Snapshot};
use crate::Bytes;

/// From this much original data on, a measured ratio tells something; below it, the first few
/// pages of a boot do.
const ENOUGH_TO_MEASURE: u64 = 256 << 20;

/// Where swapped pages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SwapKind {
    /// A partition.
    Partition,
    /// A file.
    File,
    /// RAM, compressed.
    Zram,
}

/// A swap area that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Its file, such as `/dev/zram0`.
    pub name: String,
    /// Where it is.
    pub kind: SwapKind,
    /// How much it takes, uncompressed.
    pub size: Bytes,
}

/// A compressed block device in RAM.
#[derive(Clone, Debug, PartialEq)]
pub struct Zram {
    /// Its name, such as `zram0`.
    pub name: String,
    /// How much it takes, uncompressed. Zero means that it is not set up.
    pub disksize: Bytes,
    /// How much RAM it may occupy at most; none where nothing limits it.
    pub limit: Option<Bytes>,
    /// How it compresses.
    pub algorithm: Option<String>,
    /// Original over compressed size, allocator included, once it holds more than 256 MiB.
    pub ratio: Option<f64>,
    /// Whether it is swapped to.
    pub is_swap: bool,
}

/// `/proc/swaps`
pub(super) fn areas(snapshot: &Snapshot) -> Vec<Fact<Swap>> {
    let file = "proc/swaps";
    let text = snapshot.text(file).unwrap_or_default();
    let areas = text.lines().skip(1).filter_map(|line| {
        // The name is padded; what is odd in it is escaped as an octal number.
        let mut columns = line.split_whitespace();
        let (name, kind, size) = (columns.next()?, columns.next()?, columns.next()?);
        let size: u64 = size.parse().ok()?;
        let kind = match kind {
            _ if name.starts_with("/dev/zram") => SwapKind::Zram,
            "partition" => SwapKind::Partition,
            "file" => SwapKind::File,
            _ => return None,
        };
        let swap = Swap {
            name: name.to_owned(),
            kind,
            size: Bytes(size.saturating_mul(1024)),
        };
        Some(Fact::certain(swap, file, ""))
    });
    areas.collect()
}

/// The compressed devices (kernel documentation: admin-guide/blockdev/zram.rst).
pub(super) fn zram(snapshot: &Snapshot, areas: &[Fact<Swap>]) -> Vec<Fact<Zram>> {
    let pattern = "sys/block/zram*/disksize";
    let devices = snapshot.names(pattern).into_iter().filter_map(|number| {
        let file = |name: &str| format!("sys/block/zram{number}/{name}");
        let name = format!("zram{number}");
        let disksize = Bytes(snapshot.number(&file("disksize"))?);
        let rule = if disksize == Bytes(0) {
            "a disksize of 0"
        } else {
            "uncompressed"
        };
        // orig_data_size, compr_data_size, mem_used_total, mem_limit, …
        let statistics: Vec<u64> = snapshot
            .value(&file("mm_stat"))
            .map(|text| {
                text.split_whitespace()
                    .map_while(|it| it.parse().ok())
                    .collect()
            })
            .unwrap_or_default();
        let ratio = match statistics[..] {
            [original, _, used, ..] if original > ENOUGH_TO_MEASURE && used > 0 => {
                Some(original as f64 / used as f64)
            }
            _ => None,
        };
        let limit = snapshot
            .number(&file("mem_limit"))
            .or(statistics.get(3).copied())
            .filter(|&limit| limit > 0);
        let zram = Zram {
            is_swap: areas
                .iter()
                .any(|area| area.value.name == format!("/dev/{name}")),
            name,
            disksize,
            limit: limit.map(Bytes),
            algorithm: snapshot
                .value(&file("comp_algorithm"))
                .and_then(|text| chosen(&text)),
            ratio,
        };
        Some(Fact::certain(zram, file("disksize"), rule))
    });
    devices.collect()
}

/// The one in brackets of `lzo [zstd] lz4`.
fn chosen(text: &str) -> Option<String> {
    let (_, rest) = text.split_once('[')?;
    let (name, _) = rest.split_once(']')?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_by_kind() {
        let text = "Filename\tType\tSize\tUsed\tPriority\n\
            /dev/nvme0n1p2 partition 8388604 0 -2\n/swap/file file 1024 0 -3\n/dev/zram0 partition 4096 0 100\nbroken\n";
        let snapshot: Snapshot = [("proc/swaps", text)].into_iter().collect();
        let found: Vec<_> = areas(&snapshot)
            .into_iter()
            .map(|it| (it.value.kind, it.value.size.0 >> 10))
            .collect();
        assert_eq!(
            found,
            [
                (SwapKind::Partition, 8_388_604),
                (SwapKind::File, 1024),
                (SwapKind::Zram, 4096)
            ]
        );
    }

    #[test]
    fn a_ratio_needs_data() {
        let with = |mm_stat: &str| {
            let snapshot: Snapshot = [
                ("sys/block/zram0/disksize", "12884901888\n"),
                ("sys/block/zram0/comp_algorithm", "lzo-rle lz4 [zstd]\n"),
                ("sys/block/zram0/mm_stat", mm_stat),
            ]
            .into_iter()
            .collect();
            zram(&snapshot, &[]).remove(0).value
        };
        let busy = with("1073741824 200000000 268435456 4294967296 0 0 0 0 0");
        assert_eq!(busy.ratio, Some(4.0));
        assert_eq!(busy.limit, Some(Bytes(4 << 30)));
        assert_eq!(busy.algorithm.as_deref(), Some("zstd"));
        assert_eq!(with("4096 74 12288 0 0 0 0 0 0").ratio, None);
        assert_eq!(with("").ratio, None);
    }
}
