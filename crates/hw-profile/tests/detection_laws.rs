//! Laws of detection, on recorded machines whose files are cut off, mixed up and made up.

mod recorded;

use std::sync::LazyLock;

use hw_profile::Bytes;
use hw_profile::detect::{Detected, Snapshot, detect};
use proptest::prelude::*;
use proptest::sample::Index;

type Files = Vec<(String, Vec<u8>)>;

/// Every recording as its files.
static MACHINES: LazyLock<Vec<Files>> = LazyLock::new(|| {
    let mut snapshots = vec![recorded::guest(), workstation()];
    snapshots.extend(recorded::processors().into_iter().map(|(_, it)| it));
    let files = |snapshot: Snapshot| {
        snapshot
            .iter()
            .map(|(path, content)| (path.to_owned(), content.to_vec()))
            .collect()
    };
    snapshots.into_iter().map(files).collect()
});

/// What a hybrid workstation with a GPU has and the recordings have not.
fn workstation() -> Snapshot {
    let mut snapshot: Snapshot = [
        ("proc/meminfo", "MemTotal: 32768000 kB\nHugetlb: 2097152 kB\n"),
        ("proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 16384000 0 100\n/dev/sda2 partition 1024 0 -2\n"),
        ("sys/block/zram0/disksize", "16777216000\n"),
        ("sys/block/zram0/comp_algorithm", "lzo [zstd]\n"),
        ("sys/block/zram0/mm_stat", "1073741824 200000000 268435456 0 0 0 0 0 0\n"),
        ("proc/self/cgroup", "4:memory:/user.slice\n0::/user.slice/a.scope\n"),
        ("sys/fs/cgroup/memory/user.slice/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/user.slice/a.scope/memory.max", "8589934592\n"),
        ("sys/fs/cgroup/user.slice/memory.max", "max\n"),
        ("sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n"),
        ("proc/self/status", "Name:\tcat\nCpus_allowed_list:\t0-2\n"),
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/devices/system/cpu/smt/control", "on\n"),
        ("sys/devices/cpu_core/cpus", "0-1\n"),
        ("sys/devices/cpu_atom/cpus", "2-3\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/level", "1\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/size", "48K\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list", "0-1\n"),
        ("sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "5200000\n"),
        ("sys/bus/pci/devices/0000:01:00.0/uevent", "PCI_CLASS=30000\nPCI_ID=10DE:1401\n"),
        ("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.154.05\n"),
        ("proc/driver/nvidia/gpus/0000:01:00.0/information", "Model: NVIDIA GeForce GTX 960\n"),
        (Snapshot::NVIDIA_SMI, "name, memory.total [MiB], compute_cap, pci.bus_id\nNVIDIA GeForce GTX 960, 4096 MiB, 5.2, 00000000:01:00.0\n"),
        ("proc/self/mountinfo", "24 1 254:0 / / rw - ext4 /dev/vda rw\n"),
        ("sys/class/power_supply/BAT0/type", "Battery\n"),
        ("mnt/c/Users/me/.wslconfig", "[wsl2]\nmemory=6GB\n"),
        ("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n"),
    ]
    .into_iter()
    .collect();
    for cpu in 0..4_u8 {
        let file = |name: &str| format!("sys/devices/system/cpu/cpu{cpu}/topology/{name}");
        snapshot.insert(&file("physical_package_id"), "0\n");
        snapshot.insert(&file("core_id"), format!("{}\n", cpu / 2));
    }
    snapshot
}

fn hold(found: &Detected) -> Result<(), TestCaseError> {
    let topology = &found.processor.topology;
    if let (Some(cores), Some(threads)) = (&topology.cores, &topology.threads) {
        prop_assert!(cores.value <= threads.value, "{cores:?} {threads:?}");
    }
    prop_assert_eq!(topology.cores.is_some(), topology.threads.is_some());
    if let (Some(usable), Some(threads)) = (&topology.usable, &topology.threads) {
        prop_assert!(usable.value < threads.value && usable.value.0 > 0);
    }
    if let Some(total) = &found.memory.total {
        let available = found.memory.available().expect("there is memory");
        prop_assert!(available.value <= total.value, "{available:?} {total:?}");
    }
    for zram in &found.memory.zram {
        prop_assert!(zram.value.ratio.is_none_or(|it| it.is_finite() && it > 0.0));
    }
    if let Some(runnable) = &found.processor.runnable {
        let runnable = &runnable.value;
        prop_assert!((runnable.features & runnable.masked).is_empty());
        for it in runnable.architectures.iter().chain(&runnable.level) {
            let is_told = !runnable.features.is_empty();
            prop_assert!(!is_told || it.runs_on(runnable.features).is_yes(), "{it}");
        }
    }
    let new = found.to_profile().profile;
    prop_assert_eq!(found.differences(&new), []);
    Ok(())
}

/// A change to one file.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Byte(Index, u8),
    Number(Index, u64),
    Twice(Index),
    Remove,
    Replace(Vec<u8>),
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            any::<Index>().prop_map(Self::Cut),
            (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Byte(at, byte)),
            (any::<Index>(), any::<u64>()).prop_map(|(at, number)| Self::Number(at, number)),
            any::<Index>().prop_map(Self::Twice),
            Just(Self::Remove),
            prop::collection::vec(any::<u8>(), 0..64).prop_map(Self::Replace),
        ]
    }

    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => content.truncate(at.index(content.len() + 1)),
            Self::Byte(at, byte) if !content.is_empty() => {
                let at = at.index(content.len());
                content[at] = *byte;
            }
            Self::Number(at, number) => {
                let at = at.index(content.len() + 1);
                let rest = content.split_off(at);
                content.extend(number.to_string().bytes());
                content.extend(rest.into_iter().skip_while(u8::is_ascii_digit));
            }
            Self::Twice(at) => {
                let at = at.index(content.len() + 1);
                let tail = content[at..].to_vec();
                content.extend(tail);
            }
            Self::Replace(other) => content.clone_from(other),
            Self::Byte(..) | Self::Remove => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn damaged_files_are_no_reason_to_panic(
        machine in any::<Index>(),
        damages in prop::collection::vec((any::<Index>(), Damage::any()), 1..6),
    ) {
        let mut files = machine.get(&MACHINES[..]).clone();
        for (at, damage) in damages {
            let at = at.index(files.len());
            if matches!(damage, Damage::Remove) && files.len() > 1 {
                files.remove(at);
            } else {
                damage.apply(&mut files[at].1);
            }
        }
        let snapshot: Snapshot = files.into_iter().collect();
        hold(&detect(&snapshot))?;
        prop_assert!(snapshot.wanted_next().iter().all(|it| Snapshot::is_wanted(&it.pattern)));
    }

    #[test]
    fn a_mixture_of_machines_is_no_reason_to_panic(
        machines in prop::collection::vec(any::<Index>(), 1..4),
        keep in prop::collection::vec(any::<bool>(), 16),
    ) {
        let files = machines.iter().flat_map(|at| at.get(&MACHINES[..]).clone());
        let kept = files.zip(keep.iter().cycle()).filter(|(_, keep)| **keep);
        hold(&detect(&kept.map(|(file, _)| file).collect()))?;
    }

    #[test]
    fn a_control_group_never_raises_the_memory(
        total in 0..1_u64 << 40,
        limits in prop::collection::vec(prop_oneof![
            any::<u64>().prop_map(|it| it.to_string()),
            (0..1_u64 << 40).prop_map(|it| it.to_string()),
            Just("max".to_owned()),
            Just("9223372036854771712".to_owned()),
            "[a-z0-9-]{0,8}",
        ], 4),
    ) {
        let mut snapshot: Snapshot = [
            ("proc/meminfo", format!("MemTotal: {total} kB\n")),
            ("proc/self/cgroup", "0::/a/b\n3:memory:/c\n".to_owned()),
        ]
        .into_iter()
        .collect();
        let without = detect(&snapshot).memory.available().expect("there is memory").value;
        prop_assert_eq!(without, Bytes(total * 1024));
        let files = ["sys/fs/cgroup/a/b/memory.max", "sys/fs/cgroup/a/memory.max",
            "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/c/memory.limit_in_bytes"];
        for (file, limit) in files.into_iter().zip(&limits) {
            let before = detect(&snapshot).memory.available().expect("there is memory").value;
            snapshot.insert(file, limit.as_str());
            let after = detect(&snapshot).memory.available().expect("there is memory").value;
            prop_assert!(after <= before);
            if let Ok(limit) = limit.parse() {
                prop_assert!(after <= Bytes(limit));
            }
        }
    }
}
