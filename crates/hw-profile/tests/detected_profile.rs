//! Detected machines as profiles, and profiles against their machines.

mod recorded;

use expect_test::{Expect, expect};
use hw_profile::detect::{Snapshot, detect};
use hw_profile::{Profile, Severity};

/// The desktop that `fixtures/tower.nix` is the profile of.
fn tower() -> Snapshot {
    let flags = "fpu tsc cx8 cmov clflush mmx fxsr sse sse2 ht syscall nx rdtscp lm pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 bmi2 erms rdseed adx clflushopt xsaveopt xsavec xgetbv1 xsaves";
    let cpuinfo: String = (0..8)
        .map(|thread| {
            format!(
                "processor : {thread}\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 94\n\
                 model name : Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz\nstepping : 3\n\
                 physical id : 0\ncore id : {}\nflags : {flags}\n\n",
                thread % 4
            )
        })
        .collect();
    let smi = "name, memory.total [MiB], driver_version, compute_cap, pci.bus_id\n\
        NVIDIA GeForce GTX 960, 4096 MiB, 535.154.05, 5.2, 00000000:01:00.0\n";
    [
        ("proc/cpuinfo", cpuinfo.as_str()),
        (
            "proc/meminfo",
            "MemTotal:       16307772 kB\nHugetlb: 0 kB\n",
        ),
        (
            "proc/swaps",
            "Filename Type Size Used Priority\n/dev/zram0 partition 12230828 0 100\n",
        ),
        ("sys/block/zram0/disksize", "12524371968\n"),
        ("proc/sys/kernel/hostname", "tower\n"),
        ("sys/class/dmi/id/chassis_type", "3\n"),
        ("sys/class/dmi/id/product_name", "Z170X\n"),
        (
            "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
            "4200000\n",
        ),
        (Snapshot::NVIDIA_SMI, smi),
        ("etc/nix/nix.conf", "max-jobs = 2\ncores = 6\n"),
    ]
    .into_iter()
    .collect()
}

fn check(snapshot: &Snapshot, expect: &Expect) {
    let draft = detect(snapshot).to_profile();
    let text = overlay_ast::literal::to_string(&draft.profile).expect("it can be written");
    expect.assert_eq(&(text.clone() + "\n"));
    let again: Profile = overlay_ast::literal::from_str(&text).expect("it can be read");
    assert_eq!(again, draft.profile);
    let serious = again.check().into_iter();
    let serious: Vec<_> = serious.filter(|it| it.severity > Severity::Note).collect();
    assert_eq!(serious, [], "nothing speaks against a new profile");
}

#[test]
fn a_desktop() {
    check(
        &tower(),
        &expect![[r#"
            {
              system = {
                hostname = "tower";
                type = "desktop";
              };
              cpu = {
                vendor = "intel";
                model = "Core i7-6700K";
                family = "skylake";
                march = "skylake";
                cores = 4;
                threads = 8;
                baseFrequency = 4.0;
                turboFrequency = 4.2;
                instructionSets = [
                  "sse4_2"
                  "avx"
                  "avx2"
                  "fma"
                  "bmi2"
                  "aes"
                ];
              };
              gpu = {
                vendor = "nvidia";
                model = "GeForce GTX 960";
                architecture = "maxwell";
                cudaSupport = true;
                computeCapability = "5.2";
                vram = 4;
                maxCudaVersion = "12.9";
              };
              memory = {
                total = 15.5;
                zramEnabled = true;
                zramPercentage = 75;
              };
              build = {
                parallelism = {
                  maxJobs = 2;
                  maxCores = 6;
                };
                compiler = {
                  march = "skylake";
                  mtune = "skylake";
                };
              };
            }
        "#]],
    );
}

#[test]
fn a_guest() {
    check(
        &recorded::guest(),
        &expect![[r#"
        {
          system = {
            type = "virtual-machine";
          };
          cpu = {
            vendor = "amd";
            model = "EPYC";
            family = "zen3";
            march = "znver3";
            cores = 2;
            threads = 2;
            instructionSets = [
              "sse4_2"
              "avx"
              "avx2"
              "fma"
              "bmi2"
              "aes"
              "sha_ni"
            ];
          };
          gpu = {
            vendor = "none";
            cudaSupport = false;
          };
          memory = {
            total = 23.5;
            zramEnabled = false;
          };
          build = {
            compiler = {
              march = "znver3";
              mtune = "znver3";
            };
          };
        }
    "#]],
    );
}

#[test]
fn nothing() {
    check(
        &Snapshot::new(),
        &expect![[r#"
        { }
    "#]],
    );
}

fn differences(snapshot: &Snapshot, profile: &str, expect: &Expect) {
    let profile: Profile = overlay_ast::literal::from_str(profile).expect("a profile");
    let lines = detect(snapshot)
        .differences(&profile)
        .into_iter()
        .map(|it| {
            let said = it.said.map_or("nothing".to_owned(), |it| format!("{it:?}"));
            let reason = it.reason.map_or(String::new(), |it| format!("; {it}"));
            format!(
                "{}: said {said}, found {:?} in {}{reason}\n",
                it.path, it.found.value, it.found.file
            )
        });
    expect.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_profile_against_its_machine() {
    differences(&tower(), include_str!("fixtures/tower.nix"), &expect![]);
}

#[test]
fn a_profile_against_another_machine() {
    differences(
        &recorded::guest(),
        include_str!("fixtures/tower.nix"),
        &expect![[r#"
            cpu.vendor: said Text("intel"), found Text("amd") in proc/cpuinfo
            cpu.model: said Text("i7-6700K"), found Text("EPYC") in proc/cpuinfo
            cpu.family: said Text("skylake"), found Text("zen3") in proc/cpuinfo
            cpu.cores: said Text("4"), found Int(2) in proc/cpuinfo
            cpu.threads: said Text("8"), found Int(2) in sys/devices/system/cpu/online
            gpu.vendor: said Text("nvidia"), found Text("none") in sys/bus/pci/devices
            memory.total: said Text("16"), found Float(23.5) in proc/meminfo
            memory.zramEnabled: said Bool(true), found Bool(false) in proc/swaps
        "#]],
    );
    differences(
        &tower(),
        include_str!("fixtures/guest.nix"),
        &expect![[r#"
        system.hostname: said Text("guest"), found Text("tower") in proc/sys/kernel/hostname
        cpu.vendor: said Text("amd"), found Text("intel") in proc/cpuinfo
        cpu.march: said Text("znver3"), found Text("skylake") in proc/cpuinfo; this machine lacks sse4a vaes vpclmulqdq sha_ni clwb
        cpu.cores: said Int(6), found Int(4) in proc/cpuinfo
        cpu.threads: said Int(12), found Int(8) in proc/cpuinfo
        memory.total: said Text("8"), found Float(15.5) in proc/meminfo
        memory.zramEnabled: said Bool(false), found Bool(true) in sys/block/zram0/disksize
    "#]],
    );
    differences(
        &tower(),
        "{ }",
        &expect![[r#"
        cpu.march: said nothing, found Text("skylake") in proc/cpuinfo
        cpu.cores: said nothing, found Int(4) in proc/cpuinfo
        cpu.threads: said nothing, found Int(8) in proc/cpuinfo
        memory.total: said nothing, found Float(15.5) in proc/meminfo
    "#]],
    );
}

#[test]
fn a_new_profile_is_that_of_its_machine() {
    let mut snapshots = vec![tower(), recorded::guest()];
    snapshots.extend(recorded::processors().into_iter().map(|(_, it)| it));
    for snapshot in snapshots {
        let found = detect(&snapshot);
        assert_eq!(found.differences(&found.to_profile().profile), []);
    }
}
