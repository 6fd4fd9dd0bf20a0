//! Kinds of machine that are easy to get wrong, each as the few files that tell them apart.

mod recorded;

use expect_test::{Expect, expect};
use hw_profile::Cores;
use hw_profile::detect::{Detected, Smt, Snapshot, detect};

/// One line of what is known of a machine's processor, memory and layers.
fn in_short(found: &Detected) -> String {
    let processor = &found.processor;
    let topology = &processor.topology;
    let mut parts = Vec::new();
    parts.extend(processor.vendor.iter().map(|it| it.value.clone()));
    parts.extend(processor.family.iter().map(|it| it.value.to_string()));
    let translated = processor.translated.iter();
    parts.extend(translated.map(|it| format!("translates {}", it.value)));
    parts.extend(processor.uarch.iter().map(|it| {
        let (identity, confidence) = (&it.value, it.confidence);
        format!(
            "{} ({}, {confidence})",
            identity.architecture, identity.code_name
        )
    }));
    parts.extend(processor.target().map(|it| format!("for {it}")));
    if let (Some(threads), Some(cores)) = (&topology.threads, &topology.cores) {
        let confidence = cores.confidence;
        parts.push(format!(
            "{} on {} ({confidence})",
            threads.value, cores.value
        ));
    }
    let usable = topology.usable.iter();
    parts.extend(usable.map(|it| format!("{} usable by {}", it.value, it.file)));
    let packages = topology.packages.iter().filter(|it| it.value > 1);
    parts.extend(packages.map(|it| format!("{} packages", it.value)));
    let smt = topology.smt.iter().filter(|it| it.value == Smt::Off);
    parts.extend(smt.map(|_| "SMT is off".to_owned()));
    parts.extend(topology.kinds.iter().map(|it| {
        let kind = &it.value;
        format!("{} {}", kind.threads, kind.name)
    }));
    parts.extend(found.memory.available().map(|it| it.value.to_string()));
    let wsl = found.memory.wsl_limit.iter();
    parts.extend(wsl.map(|it| format!("{} by WSL", it.value)));
    parts.extend(found.layers.iter().map(|it| format!("{:?}", it.value)));
    parts.extend(found.gpus.iter().map(|gpu| {
        let capability = gpu.compute_capability.as_ref();
        let capability = capability.map(|it| it.value.to_string());
        format!(
            "GPU {}",
            capability.as_deref().unwrap_or("of unknown capability")
        )
    }));
    parts.join(", ")
}

fn check(files: &[(&str, &str)], expect: &Expect) {
    let snapshot: Snapshot = files.iter().copied().collect();
    expect.assert_eq(&in_short(&detect(&snapshot)));
}

/// A processor's paragraphs: `(package, core)` of each thread.
fn cpuinfo(model: &str, flags: &str, threads: &[(u32, u32)]) -> String {
    let threads = threads.iter().enumerate();
    threads
        .map(|(number, (package, core))| {
            format!("processor : {number}\n{model}\nphysical id : {package}\ncore id : {core}\nflags : {flags}\n\n")
        })
        .collect()
}

const ZEN3: &str = "vendor_id : AuthenticAMD\ncpu family : 25\nmodel : 80";
const ZEN3_FLAGS: &str = "lm fxsr mmx sse sse2 pni ssse3 sse4_1 sse4_2 sse4a popcnt cx16 lahf_lm abm movbe avx avx2 fma f16c bmi1 bmi2 xsave xsaveopt xsavec xsaves aes pclmulqdq vaes vpclmulqdq sha_ni adx rdrand rdseed fsgsbase clflushopt clwb clzero rdpid wbnoinvd 3dnowprefetch pku mwaitx";

#[test]
fn a_guest_with_memory_plugged_in() {
    expect!["amd, x86_64, zen3 (Zen 3, likely), for zen3, 2 on 2 (likely), 23.5 GB, VirtualMachine { by: None }"].assert_eq(&in_short(&detect(&recorded::guest())));
}

#[test]
fn threads_are_no_cores() {
    let text = cpuinfo(ZEN3, ZEN3_FLAGS, &[(0, 0), (0, 0), (0, 1), (0, 1)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect!["amd, x86_64, zen3 (Zen 3, likely), for zen3, 4 on 2 (certain), BareMetal"],
    );
    // Core numbers start again in each package.
    let text = cpuinfo(ZEN3, ZEN3_FLAGS, &[(0, 0), (0, 1), (1, 0), (1, 1)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 4 on 4 (certain), 2 packages, BareMetal"
        ],
    );
}

#[test]
fn only_what_is_online_counts() {
    let text = cpuinfo(ZEN3, ZEN3_FLAGS, &[(0, 0), (0, 1)]);
    let topology = |cpu: u32, core: &'static str| {
        (
            format!("sys/devices/system/cpu/cpu{cpu}/topology/core_id"),
            core,
        )
    };
    // Threads 2 and 3 are the other ones of cores 0 and 1, and off.
    let cores = [
        topology(0, "0"),
        topology(1, "1"),
        topology(2, "0"),
        topology(3, "1"),
    ];
    let mut files = vec![
        ("proc/cpuinfo", text.as_str()),
        ("sys/devices/system/cpu/online", "0-1\n"),
        ("sys/devices/system/cpu/smt/control", "off\n"),
    ];
    files.extend(cores.iter().map(|(path, core)| (path.as_str(), *core)));
    check(
        &files,
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 2 on 2 (certain), SMT is off, BareMetal"
        ],
    );
}

#[test]
fn a_hybrid_has_two_kinds_of_core() {
    let model = "vendor_id : GenuineIntel\ncpu family : 6\nmodel : 151";
    let flags = "lm fxsr mmx sse sse2";
    let text = cpuinfo(model, flags, &[(0, 0), (0, 0), (0, 8), (0, 9)]);
    let files = [
        ("proc/cpuinfo", text.as_str()),
        ("sys/devices/system/cpu/online", "0-3"),
        ("sys/devices/cpu_core/cpus", "0-1"),
        ("sys/devices/cpu_atom/cpus", "2-7"),
    ];
    check(
        &files,
        &expect![
            "intel, x86_64, alderlake (Alder Lake, likely), for x86_64, 4 on 3 (certain), 2 core, 2 atom, BareMetal"
        ],
    );
    let arm = |number: u32, part: &str| {
        format!(
            "processor : {number}\nFeatures : fp asimd\nCPU implementer : 0x41\nCPU part : {part}\n\n"
        )
    };
    let text = [arm(0, "0xd03"), arm(1, "0xd03"), arm(2, "0xd08")].concat();
    let files = [
        ("proc/cpuinfo", text.as_str()),
        (
            "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
            "1400000",
        ),
        (
            "sys/devices/system/cpu/cpu2/cpufreq/cpuinfo_max_freq",
            "1800000",
        ),
    ];
    check(
        &files,
        &expect![
            "arm, aarch64, cortex_a72 (Cortex-A72, likely), for aarch64, 3 on 3 (guess), 1 Cortex-A72, 2 Cortex-A53, BareMetal"
        ],
    );
}

#[test]
fn wsl_is_no_container_and_has_a_limit_of_its_own() {
    let flags = format!("{ZEN3_FLAGS} hypervisor");
    let text = cpuinfo(ZEN3, &flags, &[(0, 0), (0, 0)]);
    let files = [
        ("proc/cpuinfo", text.as_str()),
        ("proc/meminfo", "MemTotal: 8000000 kB\n"),
        (
            "proc/sys/kernel/osrelease",
            "5.15.153.1-microsoft-standard-WSL2\n",
        ),
        ("run/systemd/container", "wsl\n"),
        ("dev/dxg", ""),
        ("usr/lib/wsl/lib/libcuda.so.1", ""),
    ];
    check(
        &files,
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 2 on 1 (likely), 7.6 GB, 7.6 GB by WSL, Wsl2, GPU of unknown capability"
        ],
    );
    let mut files = files.to_vec();
    files.push(("mnt/c/Users/me/.wslconfig", "[wsl2]\nmemory=8GB\n"));
    files.push((
        Snapshot::NVIDIA_SMI,
        "name, compute_cap\nNVIDIA GeForce RTX 3060 Laptop GPU, 8.6\n",
    ));
    check(
        &files,
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 2 on 1 (likely), 7.6 GB, 8.0 GB by WSL, Wsl2, GPU 8.6"
        ],
    );
}

#[test]
fn rosetta_shows_x86_on_an_arm() {
    let model = "vendor_id : VirtualApple\ncpu family : 6\nmodel : 44";
    let flags = "lm fxsr mmx sse sse2 pni ssse3 sse4_1 sse4_2 popcnt cx16 lahf_lm aes pclmulqdq";
    let text = cpuinfo(model, flags, &[(0, 0), (0, 1)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect![
            "apple, aarch64, translates x86_64, m1 (Apple silicon, guess), for x86_64_v2, 2 on 2 (certain), BareMetal"
        ],
    );
}

#[test]
fn macs() {
    let named = |wanted: &str| {
        let all = recorded::processors().into_iter();
        let found = all.into_iter().find(|(name, _)| name == wanted);
        detect(&found.expect("it is recorded").1)
    };
    expect!["apple, aarch64, m3 (M3, likely), for m3, 14 on 14 (certain), 10 performance, 4 efficiency, 36.0 GB, BareMetal"].assert_eq(&in_short(&named("darwin-sequoia-m3")));
    expect!["intel, x86_64, haswell (Haswell, likely), for haswell, BareMetal"]
        .assert_eq(&in_short(&named("darwin-mojave-haswell")));
    expect!["apple, aarch64, m1 (M1, likely), for aarch64, 8 on 8 (certain), BareMetal"]
        .assert_eq(&in_short(&named("darwin-bigsur-m1")));
}

#[test]
fn what_a_hypervisor_hides_cannot_be_compiled_for() {
    let flags = ZEN3_FLAGS.replace("vaes vpclmulqdq", "hypervisor");
    let text = cpuinfo(ZEN3, &flags, &[(0, 0)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen2, 1 on 1 (likely), VirtualMachine { by: None }"
        ],
    );
    let flags = "lm fxsr mmx sse sse2 hypervisor";
    let text = cpuinfo(ZEN3, flags, &[(0, 0)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for x86_64, 1 on 1 (likely), VirtualMachine { by: None }"
        ],
    );
}

#[test]
fn a_model_that_is_not_in_the_table() {
    let model = "vendor_id : AuthenticAMD\ncpu family : 99\nmodel : 1";
    let text = cpuinfo(model, ZEN3_FLAGS, &[(0, 0)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect!["amd, x86_64, zen3 (zen3, guess), for zen3, 1 on 1 (certain), BareMetal"],
    );
    let model = "vendor_id : SomebodyElse\ncpu family : 6\nmodel : 1";
    let text = cpuinfo(model, ZEN3_FLAGS, &[(0, 0)]);
    check(
        &[("proc/cpuinfo", &text)],
        &expect!["x86_64, for zen3, 1 on 1 (certain), BareMetal"],
    );
}

#[test]
fn huge_pages_and_a_control_group_leave_less() {
    let files = [
        (
            "proc/meminfo",
            "MemTotal: 16777216 kB\nHugetlb: 4194304 kB\n",
        ),
        ("proc/self/cgroup", "0::/a/b\n"),
        ("sys/fs/cgroup/a/memory.max", "2147483648\n"),
        ("sys/fs/cgroup/a/b/memory.max", "max\n"),
    ];
    check(&files[..1], &expect!["12.0 GB"]);
    check(&files, &expect!["2.0 GB"]);
}

#[test]
fn affinity_and_a_quota_leave_fewer_threads() {
    let text = cpuinfo(ZEN3, ZEN3_FLAGS, &[(0, 0), (0, 0), (0, 1), (0, 1)]);
    let files = [
        ("proc/cpuinfo", text.as_str()),
        ("proc/self/status", "Cpus_allowed_list:\t0-2,64\n"),
        ("proc/self/cgroup", "0::/\n"),
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/fs/cgroup/cpu.max", "200000 100000\n"),
    ];
    check(
        &files[..4],
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 4 on 2 (certain), 3 usable by proc/self/status, BareMetal"
        ],
    );
    check(
        &files,
        &expect![
            "amd, x86_64, zen3 (Zen 3, likely), for zen3, 4 on 2 (certain), 2 usable by sys/fs/cgroup/cpu.max, BareMetal"
        ],
    );
    let draft = detect(&files.into_iter().collect()).to_profile();
    let counts = (draft.profile.cores(), draft.profile.threads());
    assert_eq!(counts, (Some(Cores(2)), Some(Cores(2))));
}
