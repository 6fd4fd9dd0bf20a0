//! What the system runs in: layers, of which there can be several at once.

use super::cpu_info::CpuInfo;
use super::{Confidence, Fact, Snapshot};

const VERSION: &str = "proc/version";
const RELEASE: &str = "proc/sys/kernel/osrelease";
const MOUNTS: &str = "proc/self/mountinfo";
const PRODUCT: &str = "sys/class/dmi/id/product_name";
const VENDOR: &str = "sys/class/dmi/id/sys_vendor";

/// One thing that a system runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// Nothing but the machine.
    BareMetal,
    /// A virtual machine.
    VirtualMachine {
        /// What runs it, such as `kvm`; none where that is not known.
        by: Option<String>,
    },
    /// Windows' first subsystem for Linux: no Linux kernel at all.
    Wsl1,
    /// Windows' second one: a virtual machine that Windows manages.
    Wsl2,
    /// A container.
    Container {
        /// What runs it: `docker`, `podman`, `lxc`, `systemd-nspawn` …
        by: String,
    },
}

/// What it runs in, from the outside in. Never empty, unless there is nothing to tell from.
pub(super) fn read(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Vec<Fact<Layer>> {
    let mut layers: Vec<Fact<Layer>> = Vec::new();
    // WSL 2 is a guest of Hyper-V, and says no more of that than this.
    let machine = wsl(snapshot).or_else(|| virtual_machine(snapshot, info));
    layers.extend(machine);
    layers.extend(container(snapshot));
    let says_nothing = layers
        .iter()
        .all(|it| matches!(it.value, Layer::Container { .. }));
    if says_nothing && let Some(info) = info {
        // An Arm guest has no flag that says so.
        let confidence = if snapshot.contains(PRODUCT) || info.is_x86() {
            Confidence::Likely
        } else {
            Confidence::Guess
        };
        layers.insert(
            0,
            Fact::new(
                Layer::BareMetal,
                info.file,
                "no sign of a hypervisor",
                confidence,
            ),
        );
    }
    layers
}

fn wsl(snapshot: &Snapshot) -> Option<Fact<Layer>> {
    let (file, release) = [RELEASE, VERSION]
        .into_iter()
        .find_map(|file| Some((file, snapshot.value(file)?)))?;
    let release = release.to_ascii_lowercase();
    // `5.15.90.1-microsoft-standard-WSL2`; the first one says `4.4.0-19041-Microsoft`.
    if !release.contains("microsoft") {
        return None;
    }
    Some(
        if release.contains("wsl2") || release.contains("microsoft-standard") {
            Fact::certain(Layer::Wsl2, file, "the kernel's release says so")
        } else if release.contains("4.4.0-") {
            Fact::certain(Layer::Wsl1, file, "the kernel's release says so")
        } else {
            // A kernel of the user's own.
            Fact::likely(Layer::Wsl2, file, "the kernel's release names Microsoft")
        },
    )
}

/// What a product's or vendor's name in the firmware begins with, and what it is then.
const FIRMWARE: [(&str, &str); 12] = [
    ("QEMU", "qemu"),
    ("KVM", "kvm"),
    ("Standard PC (", "qemu"),
    ("VMware", "vmware"),
    ("VirtualBox", "virtualbox"),
    ("innotek GmbH", "virtualbox"),
    ("Xen", "xen"),
    ("HVM domU", "xen"),
    ("Amazon EC2", "kvm"),
    ("Google Compute Engine", "kvm"),
    ("Parallels", "parallels"),
    ("Apple Virtualization", "apple"),
];

fn virtual_machine(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Option<Fact<Layer>> {
    let product = snapshot.value(PRODUCT).unwrap_or_default();
    let vendor = snapshot.value(VENDOR).unwrap_or_default();
    let by_firmware = FIRMWARE
        .into_iter()
        .find(|(start, _)| product.starts_with(start) || vendor.starts_with(start))
        .map(|(_, by)| by.to_owned())
        .or_else(|| {
            // Microsoft sells machines too.
            (vendor == "Microsoft Corporation" && product == "Virtual Machine")
                .then(|| "hyper-v".to_owned())
        })
        // Amazon's bare metal has Amazon's firmware.
        .filter(|_| !product.contains(".metal"));
    let by_hypervisor = snapshot.value("sys/hypervisor/type");
    let has_flag = info.is_some_and(|info| info.flags.contains("hypervisor"));
    let by = by_firmware.or(by_hypervisor);
    if has_flag {
        let file = info?.file;
        return Some(Fact::certain(
            Layer::VirtualMachine { by },
            file,
            "flag hypervisor",
        ));
    }
    // Without the flag, an x86 machine whose firmware talks like this is Xen's first domain, or a
    // guest that hides.
    by.map(|by| {
        let file = if product.is_empty() && vendor.is_empty() {
            "sys/hypervisor/type"
        } else {
            PRODUCT
        };
        Fact::likely(
            Layer::VirtualMachine { by: Some(by) },
            file,
            "the firmware's names",
        )
    })
}

/// What the path of a control group has where it belongs to a container.
const GROUPS: [(&str, &str); 6] = [
    ("/docker/", "docker"),
    ("/docker-", "docker"),
    ("/kubepods", "kubernetes"),
    ("/lxc/", "lxc"),
    ("/lxc.payload", "lxc"),
    ("/libpod-", "podman"),
];

fn container(snapshot: &Snapshot) -> Option<Fact<Layer>> {
    let layer = |by: &str| Layer::Container { by: by.to_owned() };
    // Written by systemd, from what the container's manager tells it. It counts WSL among them.
    let file = "run/systemd/container";
    if let Some(by) = snapshot.value(file).filter(|by| by != "wsl") {
        return Some(Fact::certain(layer(&by), file, "as systemd has it"));
    }
    let file = "run/.containerenv";
    if snapshot.contains(file) {
        return Some(Fact::certain(layer("podman"), file, "it is there"));
    }
    let file = "proc/1/cgroup";
    let groups = snapshot.text(file).unwrap_or_default();
    if let Some((_, by)) = GROUPS.into_iter().find(|(part, _)| groups.contains(part)) {
        return Some(Fact::likely(layer(by), file, "the first process's group"));
    }
    let file = ".dockerenv";
    if !snapshot.contains(file) {
        return None;
    }
    // A virtual machine can be started from a container's image; this file comes along then, and
    // the root is a disk and not layers or a part of one.
    match root_is_a_disk(snapshot) {
        Some(true) => None,
        Some(false) => Some(Fact::certain(layer("docker"), file, "it is there")),
        None => Some(Fact::likely(layer("docker"), file, "it is there")),
    }
}

/// Whether the root is all of a block device's file system; none where that is not told.
fn root_is_a_disk(snapshot: &Snapshot) -> Option<bool> {
    let text = snapshot.text(MOUNTS)?;
    // 36 35 98:0 /root-in-it /mount-point options … - type source options
    text.lines().find_map(|line| {
        let (mount, source) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (root, point) = (mount.next()?, mount.next()?);
        if point != "/" {
            return None;
        }
        let device = source.split(' ').nth(1)?;
        let is_disk = device.starts_with("/dev/") && !device.starts_with("/dev/mapper/docker");
        Some(is_disk && root == "/")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::arch::Family;
    use crate::detect::cpu_info;

    fn names(files: &[(&str, &str)], flags: &[&str]) -> Vec<String> {
        let snapshot: Snapshot = files.iter().copied().collect();
        let info = CpuInfo {
            file: cpu_info::CPUINFO,
            family: Some(Family::X86_64),
            name: None,
            flags: flags
                .iter()
                .map(|&flag| flag.to_owned())
                .collect::<BTreeSet<_>>(),
            threads: Vec::new(),
            siblings: None,
            cores_per_package: None,
            cache_size: None,
            is_translated: false,
            is_virtual_apple: false,
        };
        read(&snapshot, Some(&info))
            .into_iter()
            .map(|it| match it.value {
                Layer::BareMetal => "bare metal".to_owned(),
                Layer::VirtualMachine { by } => by.unwrap_or_else(|| "vm".to_owned()),
                Layer::Wsl1 => "wsl1".to_owned(),
                Layer::Wsl2 => "wsl2".to_owned(),
                Layer::Container { by } => by,
            })
            .collect()
    }

    const OVERLAY: &str = "500 400 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/x\n";
    const DISK: &str = "24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n";

    #[test]
    fn layers_from_the_outside_in() {
        let qemu = (PRODUCT, "Standard PC (Q35 + ICH9, 2009)\n");
        let wsl2 = (RELEASE, "5.15.153.1-microsoft-standard-WSL2\n");
        for (files, flags, expected) in [
            (&[][..], &[][..], &["bare metal"][..]),
            (&[], &["hypervisor"], &["vm"]),
            (&[qemu], &["hypervisor"], &["qemu"]),
            (&[wsl2], &["hypervisor"], &["wsl2"]),
            (&[wsl2, ("run/systemd/container", "wsl\n")], &[], &["wsl2"]),
            (&[(RELEASE, "4.4.0-19041-Microsoft\n")], &[], &["wsl1"]),
            (
                &[(
                    VERSION,
                    "Linux version 5.15.90.1-microsoft-standard-WSL2 (gcc)",
                )],
                &["hypervisor"],
                &["wsl2"],
            ),
            (
                &[wsl2, (".dockerenv", ""), (MOUNTS, OVERLAY)],
                &["hypervisor"],
                &["wsl2", "docker"],
            ),
            (
                &[(".dockerenv", ""), (MOUNTS, OVERLAY)],
                &[],
                &["bare metal", "docker"],
            ),
            (
                &[(".dockerenv", ""), (MOUNTS, DISK)],
                &["hypervisor"],
                &["vm"],
            ),
            (
                &[("run/.containerenv", "engine=\"podman\"\n")],
                &[],
                &["bare metal", "podman"],
            ),
            (
                &[("run/systemd/container", "systemd-nspawn")],
                &["hypervisor"],
                &["vm", "systemd-nspawn"],
            ),
            (
                &[("proc/1/cgroup", "0::/lxc.payload.web/init.scope\n")],
                &[],
                &["bare metal", "lxc"],
            ),
            (
                &[(VENDOR, "Amazon EC2"), (PRODUCT, "m5.metal")],
                &[],
                &["bare metal"],
            ),
            (
                &[(VENDOR, "Microsoft Corporation"), (PRODUCT, "Surface Book")],
                &[],
                &["bare metal"],
            ),
        ] {
            assert_eq!(names(files, flags), expected, "{files:?}");
        }
    }
}
