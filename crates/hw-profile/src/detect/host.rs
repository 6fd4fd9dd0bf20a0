//! The system as a whole: its name, its kernel, its case, its disks.

use super::layers::Layer;
use super::{Fact, Snapshot};
use crate::Bytes;

/// The system as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Host {
    /// Its name.
    pub hostname: Option<Fact<String>>,
    /// The distribution, as it calls itself.
    pub system: Option<Fact<String>>,
    /// The kernel's release.
    pub kernel: Option<Fact<String>>,
    /// What it is built into.
    pub case: Option<Fact<Case>>,
    /// Its disks, by name.
    pub disks: Vec<Fact<Disk>>,
}

/// What a machine is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Case {
    /// It is carried, and runs from a battery.
    Laptop,
    /// It stands somewhere.
    Desktop,
    /// It is in a rack.
    Server,
}

/// What keeps a disk's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskKind {
    /// Flash memory.
    Flash,
    /// Turning platters.
    Rotating,
    /// Whatever the host has: what the guest is told about it is not believed.
    Virtual,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its name, such as `nvme0n1`.
    pub name: String,
    /// What keeps its data.
    pub kind: DiskKind,
    /// Its size, if known.
    pub size: Option<Bytes>,
}

pub(super) fn read(snapshot: &Snapshot, layers: &[Fact<Layer>]) -> Host {
    let first = |files: &[&'static str]| {
        files.iter().find_map(|&file| {
            let value = snapshot.value(file)?;
            Some(Fact::certain(value, file, ""))
        })
    };
    let is_guest = layers
        .iter()
        .any(|it| !matches!(it.value, Layer::BareMetal | Layer::Container { .. }));
    Host {
        hostname: first(&["proc/sys/kernel/hostname", "etc/hostname"]),
        system: ["etc/os-release", "usr/lib/os-release"]
            .into_iter()
            .find_map(|file| {
                let name = pretty_name(&snapshot.text(file)?)?;
                Some(Fact::certain(name, file, "PRETTY_NAME"))
            }),
        kernel: first(&["proc/sys/kernel/osrelease"]).or_else(|| {
            let text = snapshot.value("proc/version")?;
            let release = text.strip_prefix("Linux version ")?.split(' ').next()?;
            Some(Fact::certain(
                release.to_owned(),
                "proc/version",
                "the word after `Linux version`",
            ))
        }),
        case: case(snapshot, is_guest),
        disks: disks(snapshot, is_guest),
    }
}

fn pretty_name(text: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    let name = value.trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// SMBIOS chassis types of machines that are carried: portable, laptop, notebook, hand held,
/// sub-notebook, convertible, detachable (DSP0134, system enclosure).
const CARRIED: [u64; 7] = [8, 9, 10, 11, 14, 31, 32];
/// Those of machines in racks: main server chassis, rack mount, blade, its enclosure.
const RACKED: [u64; 4] = [17, 23, 28, 29];
/// Those that say nothing: other, unknown.
const UNKNOWN: [u64; 2] = [1, 2];

fn case(snapshot: &Snapshot, is_guest: bool) -> Option<Fact<Case>> {
    let pattern = "sys/class/power_supply/*/type";
    let battery = snapshot.names(pattern).into_iter().find(|name| {
        let is = |file: &str, value: &str| {
            let file = format!("sys/class/power_supply/{name}/{file}");
            snapshot.value(&file).as_deref() == Some(value)
        };
        // A mouse has one too.
        is("type", "Battery") && !is("scope", "Device")
    });
    if let Some(name) = battery {
        // A guest is shown its host's battery.
        let file = pattern.replacen('*', name, 1);
        return Some(Fact::likely(Case::Laptop, file, "it has a battery"));
    }
    let file = "sys/class/dmi/id/chassis_type";
    let chassis = snapshot.number(file).filter(|_| !is_guest)?;
    let case = match chassis {
        chassis if CARRIED.contains(&chassis) => Case::Laptop,
        chassis if RACKED.contains(&chassis) => Case::Server,
        chassis if UNKNOWN.contains(&chassis) => return None,
        _ => Case::Desktop,
    };
    Some(Fact::likely(case, file, "the firmware's word for its case"))
}

/// Names of block devices that are no disks.
const NO_DISKS: [&str; 8] = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd"];

/// What the models of virtual disks begin with.
const VIRTUAL_MODELS: [&str; 5] = ["QEMU", "VBOX", "VMware", "Virtual", "Msft Virtual"];

fn disks(snapshot: &Snapshot, is_guest: bool) -> Vec<Fact<Disk>> {
    let pattern = "sys/block/*/queue/rotational";
    let disks = snapshot.names(pattern).into_iter().filter_map(|name| {
        if NO_DISKS.iter().any(|start| name.starts_with(start)) {
            return None;
        }
        let file = pattern.replacen('*', name, 1);
        let sectors = snapshot.number(&format!("sys/block/{name}/size"));
        let model = snapshot.value(&format!("sys/block/{name}/device/model"));
        let model = model.unwrap_or_default();
        let is_virtual = name.starts_with("vd")
            || name.starts_with("xvd")
            || VIRTUAL_MODELS.iter().any(|start| model.starts_with(start));
        let found = |kind| Disk {
            name: name.to_owned(),
            kind,
            // Sectors are of 512 bytes here, whatever the disk's are.
            size: sectors.map(|count| Bytes(count.saturating_mul(512))),
        };
        Some(if is_virtual {
            let rule = "not believed of a virtual disk";
            Fact::certain(found(DiskKind::Virtual), file, rule)
        } else if is_guest {
            let rule = "not believed of a guest's disk";
            Fact::likely(found(DiskKind::Virtual), file, rule)
        } else if snapshot.number(&file)? == 0 {
            Fact::certain(found(DiskKind::Flash), file, "rotational")
        } else {
            // Flash behind USB and some RAID controllers says that it turns.
            Fact::likely(found(DiskKind::Rotating), file, "rotational")
        })
    });
    disks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(files: &[(&str, &str)], layer: Layer) -> Host {
        let snapshot: Snapshot = files.iter().copied().collect();
        read(&snapshot, &[Fact::certain(layer, "", "")])
    }

    #[test]
    fn a_mouse_makes_no_laptop() {
        let case = |files: &[(&str, &str)]| {
            let found = host(files, Layer::BareMetal).case;
            found.map(|it| it.value)
        };
        let mouse = [
            ("sys/class/power_supply/hidpp_battery_0/type", "Battery\n"),
            ("sys/class/power_supply/hidpp_battery_0/scope", "Device\n"),
            ("sys/class/dmi/id/chassis_type", "3\n"),
        ];
        assert_eq!(case(&mouse), Some(Case::Desktop));
        assert_eq!(
            case(&[("sys/class/power_supply/BAT0/type", "Battery\n")]),
            Some(Case::Laptop)
        );
        assert_eq!(
            case(&[("sys/class/dmi/id/chassis_type", "10\n")]),
            Some(Case::Laptop)
        );
        assert_eq!(case(&[]), None);
    }

    #[test]
    fn what_a_guest_is_told_of_its_disk_is_not_believed() {
        let files = [
            ("sys/block/vda/queue/rotational", "1\n"),
            ("sys/block/sda/queue/rotational", "1\n"),
            ("sys/block/nvme0n1/queue/rotational", "0\n"),
            ("sys/block/nvme0n1/size", "2000409264\n"),
            ("sys/block/zram0/queue/rotational", "0\n"),
            ("sys/block/loop0/queue/rotational", "1\n"),
        ];
        let kinds = |layer| {
            let disks = host(&files, layer).disks.into_iter();
            disks
                .map(|it| (it.value.name, it.value.kind))
                .collect::<Vec<_>>()
        };
        let named = |nvme, sda| {
            [("nvme0n1", nvme), ("sda", sda), ("vda", DiskKind::Virtual)]
                .map(|(name, kind)| (name.to_owned(), kind))
        };
        assert_eq!(
            kinds(Layer::BareMetal),
            named(DiskKind::Flash, DiskKind::Rotating)
        );
        assert_eq!(
            kinds(Layer::VirtualMachine { by: None }),
            named(DiskKind::Virtual, DiskKind::Virtual)
        );
    }
}
