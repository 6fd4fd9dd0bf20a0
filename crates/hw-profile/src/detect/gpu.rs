//! Graphics processors, and what CUDA can do with them.
//!
//! Best known is what the driver says; without one, an NVIDIA chip is told by its PCI id. NVML is
//! not asked: it says nothing that `nvidia-smi`, which is made of it, does not.

use std::fmt;

use super::{Fact, Snapshot};
use crate::{Bytes, ComputeCapability};

/// `first id, last id, chip`; its head says how.
const CHIPS: &str = include_str!("../../data/nvidia-chips.tsv");

/// A graphics processor.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DetectedGpu {
    /// `nvidia`, `amd`, `intel`, or the number of another vendor.
    pub vendor: Option<Fact<String>>,
    /// Its name, as the driver has it.
    pub model: Option<Fact<String>>,
    /// Where it is on the PCI bus, such as `0000:01:00.0`.
    pub slot: Option<Fact<String>>,
    /// The vendor's and the device's number.
    pub pci: Option<Fact<PciId>>,
    /// The chip, such as `GM206`.
    pub chip: Option<Fact<String>>,
    /// The family of chips, such as `maxwell`.
    pub architecture: Option<Fact<String>>,
    /// What code CUDA makes for it.
    pub compute_capability: Option<Fact<Capability>>,
    /// Its memory.
    pub memory: Option<Fact<Bytes>>,
    /// The driver's version.
    pub driver: Option<Fact<String>>,
}

/// The numbers by which the PCI bus knows a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PciId {
    /// The vendor's.
    pub vendor: u16,
    /// The device's.
    pub device: u16,
}

impl fmt::Display for PciId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.device)
    }
}

/// A compute capability such as 5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability {
    /// Before the dot.
    pub major: u32,
    /// Behind it.
    pub minor: u32,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

const NVIDIA: u16 = 0x10de;

/// All that are there: by PCI slot, then those that only a driver knows.
pub(super) fn read(snapshot: &Snapshot) -> Vec<DetectedGpu> {
    let mut gpus = on_the_bus(snapshot);
    for said in by_nvidia_smi(snapshot) {
        merge(&mut gpus, said);
    }
    for said in by_driver(snapshot) {
        merge(&mut gpus, said);
    }
    if gpus.is_empty() && snapshot.contains("dev/dxg") {
        gpus.extend(behind_windows(snapshot));
    }
    for gpu in &mut gpus {
        conclude(gpu);
    }
    gpus
}

/// Adds what a driver says of a GPU to what is known of the one in the same slot, or of the only
/// one of its vendor where a slot is not said.
fn merge(gpus: &mut Vec<DetectedGpu>, said: DetectedGpu) {
    let slot = |gpu: &DetectedGpu| gpu.slot.as_ref().map(|it| it.value.clone());
    let is_nvidia = |gpu: &DetectedGpu| gpu.vendor.as_ref().is_some_and(|it| it.value == "nvidia");
    let count = gpus.iter().filter(|gpu| is_nvidia(gpu)).count();
    let known = gpus.iter_mut().find(|gpu| {
        is_nvidia(gpu)
            && (slot(gpu) == slot(&said)
                || (count == 1 && slot(gpu).is_some() != slot(&said).is_some()))
    });
    let Some(known) = known else {
        gpus.push(said);
        return;
    };
    known.model = known.model.take().or(said.model);
    known.slot = known.slot.take().or(said.slot);
    known.compute_capability = known.compute_capability.take().or(said.compute_capability);
    known.memory = known.memory.take().or(said.memory);
    known.driver = known.driver.take().or(said.driver);
}

/// Display controllers of the PCI bus.
fn on_the_bus(snapshot: &Snapshot) -> Vec<DetectedGpu> {
    let pattern = "sys/bus/pci/devices/*/uevent";
    let devices = snapshot.names(pattern).into_iter().filter_map(|slot| {
        let file = pattern.replacen('*', slot, 1);
        let text = snapshot.text(&file)?;
        let field = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            lines
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value.trim())
                .next()
        };
        // The class in its upper byte; VGA, XGA, 3D and other displays below it.
        let class = u32::from_str_radix(field("PCI_CLASS")?, 16).ok()?;
        if class >> 16 != 3 {
            return None;
        }
        let (vendor, device) = field("PCI_ID")?.split_once(':')?;
        let id = PciId {
            vendor: u16::from_str_radix(vendor, 16).ok()?,
            device: u16::from_str_radix(device, 16).ok()?,
        };
        let vendor = match id.vendor {
            NVIDIA => "nvidia".to_owned(),
            0x1002 => "amd".to_owned(),
            0x8086 => "intel".to_owned(),
            other => format!("{other:04x}"),
        };
        Some(DetectedGpu {
            vendor: Some(Fact::certain(vendor, file.clone(), "PCI_ID")),
            slot: Some(Fact::certain(slot.to_owned(), file.clone(), "its name")),
            chip: (id.vendor == NVIDIA)
                .then(|| chip(id.device))
                .flatten()
                .map(|chip| Fact::likely(chip.to_owned(), file.clone(), "the table of PCI ids")),
            pci: Some(Fact::certain(id, file, "PCI_ID")),
            ..DetectedGpu::default()
        })
    });
    devices.collect()
}

fn chip(device: u16) -> Option<&'static str> {
    let lines = CHIPS.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let mut id = || u16::from_str_radix(columns.next()?, 16).ok();
            let range = id()?..=id()?;
            Some((range, columns.next()?))
        })
        .find(|(range, _)| range.contains(&device))
        .map(|(_, chip)| chip)
}

/// Chip, family and compute capability (NVIDIA, CUDA C++ programming guide, "Compute
/// capabilities", and its list of CUDA GPUs).
const FAMILIES: [(&str, &str, u32, u32); 26] = [
    ("GF100", "fermi", 2, 0),
    ("GF110", "fermi", 2, 0),
    ("GF1", "fermi", 2, 1),
    ("GK110", "kepler", 3, 5),
    ("GK208", "kepler", 3, 5),
    ("GK210", "kepler", 3, 7),
    ("GK1", "kepler", 3, 0),
    ("GM10", "maxwell", 5, 0),
    ("GM20B", "maxwell", 5, 3),
    ("GM20", "maxwell", 5, 2),
    ("GP100", "pascal", 6, 0),
    ("GP10B", "pascal", 6, 2),
    ("GP10", "pascal", 6, 1),
    ("GV11B", "volta", 7, 2),
    ("GV100", "volta", 7, 0),
    ("TU1", "turing", 7, 5),
    ("GA100", "ampere", 8, 0),
    ("GA10B", "ampere", 8, 7),
    ("GA10", "ampere", 8, 6),
    ("AD10", "ada", 8, 9),
    ("GH100", "hopper", 9, 0),
    ("GB100", "blackwell", 10, 0),
    ("GB102", "blackwell", 10, 0),
    ("GB110", "blackwell", 10, 3),
    ("GB20B", "blackwell", 12, 1),
    ("GB20", "blackwell", 12, 0),
];

/// What follows from the chip, and the family from the capability where only that is known.
fn conclude(gpu: &mut DetectedGpu) {
    if let Some(chip) = &gpu.chip
        && let Some((_, family, major, minor)) = FAMILIES
            .into_iter()
            .find(|(start, ..)| chip.value.starts_with(start))
    {
        let rule = "the chip's family";
        let file = || chip.file.clone();
        gpu.architecture
            .get_or_insert_with(|| Fact::likely(family.to_owned(), file(), rule));
        let capability = Capability { major, minor };
        gpu.compute_capability
            .get_or_insert_with(|| Fact::likely(capability, file(), rule));
    }
    if gpu.architecture.is_none()
        && let Some(capability) = &gpu.compute_capability
    {
        let known = ComputeCapability::from_number(&capability.value.to_string());
        gpu.architecture = known.map(|known| {
            Fact::likely(
                known.architecture.to_lowercase(),
                capability.file.clone(),
                "the compute capability",
            )
        });
    }
}

/// What `nvidia-smi` prints as CSV. Its first line names the columns; drivers before 510 do not
/// know `compute_cap`.
fn by_nvidia_smi(snapshot: &Snapshot) -> Vec<DetectedGpu> {
    let file = Snapshot::NVIDIA_SMI;
    let text = snapshot.text(file).unwrap_or_default();
    let mut lines = text.lines();
    let names: Vec<&str> = lines
        .next()
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    if !names.contains(&"name") {
        return Vec::new();
    }
    let rows = lines.filter(|line| !line.trim().is_empty()).map(|line| {
        let values: Vec<&str> = line.split(',').map(str::trim).collect();
        let field = |name: &str| {
            let at = names
                .iter()
                .position(|it| it.split(' ').next() == Some(name))?;
            values
                .get(at)
                .copied()
                .filter(|value| !value.is_empty() && !value.starts_with('['))
        };
        let said = |value: Option<&str>| value.map(|it| Fact::certain(it.to_owned(), file, ""));
        DetectedGpu {
            vendor: Some(Fact::certain(
                "nvidia".to_owned(),
                file,
                "nvidia-smi knows it",
            )),
            model: said(field("name")),
            slot: field("pci.bus_id").map(|slot| Fact::certain(short_slot(slot), file, "")),
            compute_capability: field("compute_cap")
                .and_then(capability)
                .map(|it| Fact::certain(it, file, "")),
            memory: field("memory.total")
                .and_then(mebibytes)
                .map(|it| Fact::certain(it, file, "")),
            driver: said(field("driver_version")),
            ..DetectedGpu::default()
        }
    });
    rows.collect()
}

/// `00000000:01:00.0` as the kernel writes it: with four digits of the domain.
fn short_slot(slot: &str) -> String {
    let slot = slot.to_ascii_lowercase();
    match slot.split_once(':') {
        Some((domain, rest)) if domain.len() == 8 && domain.is_ascii() => {
            format!("{}:{rest}", &domain[4..])
        }
        _ => slot,
    }
}

fn capability(text: &str) -> Option<Capability> {
    let (major, minor) = text.split_once('.')?;
    Some(Capability {
        major: major.parse().ok()?,
        minor: minor.parse().ok()?,
    })
}

/// `4096 MiB`; without a unit (`nounits`) it is that too.
fn mebibytes(text: &str) -> Option<Bytes> {
    let number = text.strip_suffix("MiB").unwrap_or(text).trim();
    let count: u64 = number.parse().ok()?;
    Some(Bytes::MB.saturating_mul(count))
}

/// What the kernel's part of the driver says.
fn by_driver(snapshot: &Snapshot) -> Vec<DetectedGpu> {
    let file = "proc/driver/nvidia/version";
    let version = snapshot.text(file).and_then(|text| {
        // NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.154.05  Thu Dec …
        let line = text.lines().next()?;
        let is_version = |word: &&str| {
            word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.')
        };
        line.split_whitespace().find(is_version).map(str::to_owned)
    });
    let driver = version.map(|it| Fact::certain(it, file, "NVRM version"));
    let pattern = "proc/driver/nvidia/gpus/*/information";
    let gpus = snapshot.names(pattern).into_iter().filter_map(|slot| {
        let file = pattern.replacen('*', slot, 1);
        let text = snapshot.text(&file)?;
        let model = text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "Model" && !value.trim().is_empty()).then(|| value.trim().to_owned())
        });
        Some(DetectedGpu {
            vendor: Some(Fact::certain(
                "nvidia".to_owned(),
                file.clone(),
                "its driver knows it",
            )),
            slot: Some(Fact::certain(slot.to_owned(), file.clone(), "its name")),
            model: model.map(|model| Fact::certain(model, file, "Model")),
            driver: driver.clone(),
            ..DetectedGpu::default()
        })
    });
    gpus.collect()
}

/// WSL shows no PCI device of a GPU. That CUDA's library is there says that Windows has a driver
/// of NVIDIA.
fn behind_windows(snapshot: &Snapshot) -> Option<DetectedGpu> {
    let file = "usr/lib/wsl/lib/libcuda.so.1";
    snapshot.contains(file).then(|| DetectedGpu {
        vendor: Some(Fact::likely(
            "nvidia".to_owned(),
            file,
            "Windows' driver brought it",
        )),
        ..DetectedGpu::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(files: &[(&str, &str)]) -> DetectedGpu {
        let snapshot: Snapshot = files.iter().copied().collect();
        let mut gpus = read(&snapshot);
        assert_eq!(gpus.len(), 1, "{gpus:?}");
        gpus.remove(0)
    }

    const BUS: (&str, &str) = (
        "sys/bus/pci/devices/0000:01:00.0/uevent",
        "DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:1401\nPCI_SUBSYS_ID=1458:36B6\nPCI_SLOT_NAME=0000:01:00.0\n",
    );

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines: Vec<_> = CHIPS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        for line in &lines {
            let first = line.split('\t').next().expect("a column");
            let first = u16::from_str_radix(first, 16).expect("an id");
            let chip = chip(first).expect("it is in the table");
            assert!(line.ends_with(chip), "{line} is hidden by another line");
            assert!(
                FAMILIES.iter().any(|(start, ..)| chip.starts_with(start)),
                "{chip} has no family"
            );
        }
        assert!(lines.is_sorted());
    }

    #[test]
    fn without_a_driver_the_pci_id_tells() {
        let gpu = only(&[BUS]);
        let chip = gpu.chip.expect("it is known").value;
        assert_eq!(chip, "GM206");
        assert_eq!(gpu.architecture.expect("of the chip").value, "maxwell");
        let capability = gpu.compute_capability.expect("of the chip").value;
        assert_eq!(capability.to_string(), "5.2");
    }

    #[test]
    fn what_the_driver_says_counts_more() {
        let gpu = only(&[
            BUS,
            (
                "proc/driver/nvidia/version",
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.154.05  Thu Dec 28 15:37:48 UTC 2023\n",
            ),
            (
                "proc/driver/nvidia/gpus/0000:01:00.0/information",
                "Model: \t\t NVIDIA GeForce GTX 960\nIRQ:   \t\t 130\n",
            ),
            (
                Snapshot::NVIDIA_SMI,
                "name, memory.total [MiB], driver_version, compute_cap, pci.bus_id\n\
                 NVIDIA GeForce GTX 960, 4096 MiB, 535.154.05, 5.2, 00000000:01:00.0\n",
            ),
        ]);
        assert_eq!(
            gpu.model.expect("it is said").value,
            "NVIDIA GeForce GTX 960"
        );
        assert_eq!(gpu.memory.expect("it is said").value, Bytes(4 << 30));
        assert_eq!(gpu.driver.expect("it is said").value, "535.154.05");
        let capability = gpu.compute_capability.expect("it is said");
        assert_eq!(capability.file, Snapshot::NVIDIA_SMI);
    }

    #[test]
    fn an_old_driver_does_not_know_the_capability() {
        let gpu = only(&[
            BUS,
            (
                Snapshot::NVIDIA_SMI,
                "name, driver_version\nGeForce GTX 960, 470.223.02\n",
            ),
        ]);
        assert_eq!(gpu.model.expect("it is said").value, "GeForce GTX 960");
        assert_eq!(gpu.compute_capability.expect("of the chip").file, BUS.0);
    }

    #[test]
    fn under_wsl_there_is_no_pci_device() {
        let files = [("dev/dxg", ""), ("usr/lib/wsl/lib/libcuda.so.1", "")];
        let gpu = only(&files);
        assert_eq!(gpu.vendor.expect("it is likely").value, "nvidia");
        assert_eq!(gpu.compute_capability, None);
        let smi = (
            Snapshot::NVIDIA_SMI,
            "name, compute_cap\nNVIDIA GeForce RTX 3060 Laptop GPU, 8.6\n",
        );
        let gpu = only(&[files[0], files[1], smi]);
        assert_eq!(gpu.architecture.expect("by capability").value, "ampere");
        let snapshot: Snapshot = [files[0]].into_iter().collect();
        assert_eq!(read(&snapshot), []);
    }

    #[test]
    fn a_message_instead_of_a_table() {
        let text =
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n";
        let snapshot: Snapshot = [(Snapshot::NVIDIA_SMI, text)].into_iter().collect();
        assert_eq!(read(&snapshot), []);
    }
}
