//! What is said against profiles: one rule at a time, whole profiles, and profiles together.

use expect_test::{Expect, expect};
use hw_profile::arch::{FeatureSet, Toolchain, Version};
use hw_profile::detect::{Snapshot, detect};
use hw_profile::{
    Bytes, CheckOptions, Cores, Diagnostic, Profile, TierDemand, check_together, rule,
};

const TOWER: &str = include_str!("fixtures/tower.nix");
const GUEST: &str = include_str!("fixtures/guest.nix");

fn nix(text: &str) -> Profile {
    overlay_ast::literal::from_str(text).expect("a profile")
}

fn lines(found: &Diagnostic) -> String {
    let rule = rule(found.id).expect("every finding has a rule");
    assert_eq!(rule.severity, found.severity);
    let hint = found.hint.iter().map(|hint| format!("  {hint}\n"));
    format!(
        "{}[{}] {found}\n{}",
        found.severity,
        found.id,
        hint.collect::<String>()
    )
}

/// Everything said with `options`, without what the `hidden` rules say.
fn check(text: &str, options: &CheckOptions, hidden: &[&str], expect: &Expect) {
    let found = nix(text).check_all(options);
    let shown = found
        .iter()
        .filter(|it| !hidden.contains(&it.id))
        .map(lines);
    expect.assert_eq(&shown.collect::<String>());
}

/// What is said of the architecture and the GPU alone: the rest of the profile is fine.
fn check_part(part: &str, expect: &Expect) {
    let text = format!("{{ cpu.threads = 8; memory.total = \"16GiB\"; {part} }}");
    check(&text, &CheckOptions::default(), &[], expect);
}

const ZEN3: &str = "\
processor : 0
vendor_id : AuthenticAMD
cpu family : 25
model : 33
model name : AMD Ryzen 5 5600H
physical id : 0
core id : 0
";

/// Checked on a machine with these files.
fn on(files: &[(&str, &str)]) -> CheckOptions {
    let snapshot: Snapshot = files.iter().copied().collect();
    CheckOptions {
        machine: Some(detect(&snapshot)),
        ..CheckOptions::default()
    }
}

fn tier(name: &str, jobs: u32, cores: u32, gb: f64) -> TierDemand {
    TierDemand {
        name: name.to_owned(),
        jobs: Some(jobs),
        cores: Cores(cores),
        memory: Bytes::from_gb(gb),
    }
}

#[test]
fn a_tower_with_three_tiers() {
    let options = CheckOptions {
        tiers: vec![
            tier("heavy", 1, 6, 12.0),
            tier("medium", 3, 4, 6.0),
            tier("light", 12, 2, 1.0),
        ],
        ..CheckOptions::default()
    };
    check(
        TOWER,
        &options,
        &["number-as-text"],
        &expect![[r#"
            warning[oversubscribed] build.parallelism.maxJobs: 6 × 6 = 36 processes on 8 threads (4.5 ×)
              memory for each is needed all the same: let fewer run at once
            note[threads-called-cores] build.parallelism.maxCores: 6 are threads; the machine has 4 physical cores
            warning[oversubscribed] packages.kubectl.nixBuildMaxJobs: 12 × 2 = 24 processes on 8 threads (3.0 ×)
              memory for each is needed all the same: let fewer run at once
            warning[zram-counted-as-ram] memory.effectiveTotal: declares 28.0 GB; zram lives in RAM: about 22.0 GB effective at ratio 2, of which 10.0 GB hot; overstated by 6.0 GB
              compressed pages take RAM too, and a page has to leave zram before it is used
            warning[memory-overcommitted] build.memory.heavyBuildLimit: 6 × 12.0 GB = 72.0 GB at once; 16.0 GB are left for builds, of which 4.0 GB can be in use at once while zram is full
              the kernel kills one of them: let heavy builds run alone
            warning[max-jobs-per-package] packages.kubectl.nixBuildMaxJobs: Nix has no max-jobs for one package
              put it into a tier; max-jobs counts for all that one client asks for
            warning[max-jobs-per-package] packages.python313.nixBuildMaxJobs: Nix has no max-jobs for one package
              put it into a tier; max-jobs counts for all that one client asks for
            note[bare-memory-number] memory.total: a size without a unit counts GiB, as in memory.effectiveTotal, build.memory.heavyBuildLimit
              "16GiB" says so where only hmtool reads it; where Nix reckons with it, leave it a number
            warning[tier-above-hot-memory] tiers.heavy: a job needs 12.0 GB; RAM less the reserve is 10.0 GB, and the rest of the 16.0 GB for builds is in zram
              it swaps back and forth if it uses all of that at once: give it fewer cores, or a smaller reserve
            warning[tiers-overflow] tiers: 1 × 12.0 GB + 3 × 6.0 GB + 12 × 1.0 GB = 42.0 GB at once; 16.0 GB are left for builds, of which 4.0 GB can be in use at once while zram is full
              let the tiers share one budget, as hmtool plan does: limits of their own do not add up
        "#]],
    );
}

#[test]
fn a_guest_that_pulls() {
    check(
        GUEST,
        &CheckOptions::default(),
        &["number-as-text"],
        &expect![[r#"
            note[one-job] build.parallelism.maxJobs: one derivation at a time is built here; to build nothing, 0 is meant
              write 0 on a machine that takes everything from caches and builders
            note[bare-memory-number] memory.total: a size without a unit counts GiB, as in memory.effectiveTotal
              "16GiB" says so where only hmtool reads it; where Nix reckons with it, leave it a number
        "#]],
    );
    let builds_nothing = CheckOptions {
        builds: Some(false),
        ..CheckOptions::default()
    };
    check(
        GUEST,
        &builds_nothing,
        &["number-as-text", "bare-memory-number"],
        &expect![[r#"
            note[one-job] build.parallelism.maxJobs: one derivation at a time is still built here
              write 0 on a machine that takes everything from caches and builders
        "#]],
    );
    let builds = CheckOptions {
        builds: Some(true),
        ..CheckOptions::default()
    };
    check(
        GUEST,
        &builds,
        &["number-as-text", "bare-memory-number"],
        &expect![[""]],
    );
}

#[test]
fn tower_and_guest_share_a_cache() {
    let (tower, guest) = (nix(TOWER), nix(GUEST));
    let found = check_together(&[&tower, &guest]);
    let shown: String = found
        .iter()
        .map(|(index, it)| format!("{index}: {}", lines(it)))
        .collect();
    expect![[r#"
        1: warning[march-differs] cpu.march: builds for znver3, and tower for skylake: hardly any output is the same
          share x86-64-v3, which runs on all of them; code for skylake does too; code for znver3 does not run on tower
        1: warning[settings-differ] packages.python313.pgoLevel: pgoLevel is NONE here and FULL on tower: two derivations, of which the cache has one
          what is to come from the cache has to have the settings of the machine that pushes
    "#]].assert_eq(&shown);
    assert_eq!(check_together(&[&tower, &tower, &tower]), []);
    assert_eq!(check_together(&[&tower]), []);
    assert_eq!(check_together(&[]), []);
}

#[test]
fn architectures() {
    check_part(
        "cpu.march = \"skylake\"; build.compiler.march = \"znver3\";",
        &expect![[r#"
            error[march-not-runnable] build.compiler.march: code for znver3 needs what the processor lacks: sse4a vaes vpclmulqdq sha_ni clwb
              it runs code for skylake
        "#]],
    );
    check_part(
        "cpu.march = \"znver3\"; build.compiler.march = \"skylake\";",
        &expect![[""]],
    );
    check_part(
        "cpu.march = \"znver3\"; build.compiler = { march = \"x86-64-v3\"; mtune = \"generic\"; };",
        &expect![[""]],
    );
    check_part(
        "cpu.march = \"znver3\"; build.compiler = { march = \"x86-64-v3\"; mtune = \"x86-64-v3\"; };",
        &expect![[r#"
            warning[level-as-tune] build.compiler.mtune: -mtune=x86-64-v3 is refused: a level has no scheduling of its own
              write generic
        "#]],
    );
    check_part(
        "cpu.march = \"native\"; build.compiler.mtune = \"i7-6700K\";",
        &expect![[r#"
            warning[native-architecture] cpu.march: `native` is another architecture on every machine
              name the architecture: what is built for `native` cannot be shared, and Nix' sandbox may build it elsewhere
            warning[unknown-architecture] build.compiler.mtune: `i7-6700K` is no architecture that is known here
              use a name of gcc's -march, such as `x86-64-v3` or `znver3`
        "#]],
    );
    check_part(
        "cpu = { march = \"skylake\"; instructionSets = [ \"avx2\" \"SHA\" \"avx512f\" \"warp\" ]; };",
        &expect![[r#"
            warning[instruction-set-missing] cpu.instructionSets: skylake has no SHA
              compare with the flags in /proc/cpuinfo
            warning[instruction-set-missing] cpu.instructionSets: skylake has no avx512f
              compare with the flags in /proc/cpuinfo
        "#]],
    );
}

#[test]
fn a_guest_whose_features_are_hidden() {
    let march =
        "{ cpu = { march = \"znver3\"; cores = 1; threads = 1; }; memory.total = \"16GiB\"; }";
    let zen3 = nix(march).features();
    let without = |flags: &str| {
        let flags = zen3 - FeatureSet::from_flags(flags);
        on(&[
            (
                "proc/cpuinfo",
                &format!("{ZEN3}flags : lm {flags} hypervisor\n"),
            ),
            ("proc/meminfo", "MemTotal: 16777216 kB\n"),
        ])
    };
    check(march, &without("pku mwaitx wbnoinvd"), &[], &expect![[""]]);
    check(
        march,
        &without("vaes"),
        &[],
        &expect![[r#"
            error[march-not-runnable] cpu.march: code for znver3 needs what the processor lacks: vaes
              it runs code for znver2
        "#]],
    );
}

#[test]
fn compilers_that_are_too_old() {
    let options = CheckOptions {
        toolchain: Toolchain {
            gcc: Some(Version::new(12, 2, 0)),
            ..Toolchain::default()
        },
        ..CheckOptions::default()
    };
    let text = "{ cpu.threads = 8; memory.total = \"16GiB\"; cpu.march = \"znver4\"; }";
    check(
        text,
        &options,
        &[],
        &expect![[r#"
        error[architecture-not-known] cpu.march: gcc 12.2 does not know `znver4`; 12.3 does
          use a newer compiler, or `-march=znver3 -mtune=znver3 -mavx512f -mavx512dq -mavx512ifma -mavx512cd -mavx512bw -mavx512vl -mavx512vbmi -mavx512vbmi2 -mavx512vnni -mavx512bitalg`
    "#]],
    );
}

#[test]
fn cuda() {
    check_part(
        "gpu = { vendor = \"nvidia\"; computeCapability = \"5.2\"; maxCudaVersion = \"12.8\"; }; build.cuda.version = \"13.0\";",
        &expect![[r#"
            error[cuda-capability] build.cuda.version: CUDA 13.0 does not compile for capability 5.2 (Maxwell): CUDA 10.0 to 12.9 do
              stay with CUDA 12.9 as long as this GPU is used
        "#]],
    );
    check_part(
        "gpu = { computeCapability = 12.0; }; build.cuda = { version = 12.6; capabilities = [ \"12.0\" \"5.2\" ]; };",
        &expect![[r#"
            error[cuda-capability] build.cuda.version: CUDA 12.6 does not compile for capability 12.0 (Blackwell): CUDA 12.8 and later do
              use a newer CUDA
        "#]],
    );
    check_part(
        "gpu = { vendor = \"none\"; cudaSupport = true; }; packages.onnxruntime.cudaSupport = true; \
         packages.torch = { cudaSupport = true; enableOverlay = false; };",
        &expect![[r#"
            warning[cuda-without-gpu] gpu.cudaSupport: CUDA is asked for, and the profile names no GPU of NVIDIA
              set it to false, or say gpu.vendor = "nvidia"
            warning[cuda-without-gpu] packages.onnxruntime.cudaSupport: CUDA is asked for, and the profile names no GPU of NVIDIA
              set it to false, or say gpu.vendor = "nvidia"
        "#]],
    );
}

#[test]
fn settings_of_jobs() {
    check_part(
        "build = { parallelism = { maxJobs = 3; maxCores = 2; }; memory.heavyBuildLimit = 6; }; packages.ripgrep.nixBuildMaxJobs = 2;",
        &expect![[r#"
            warning[memory-overcommitted] build.memory.heavyBuildLimit: 3 × 6.0 GB = 18.0 GB at once; 10.0 GB are left for builds
              the kernel kills one of them: let heavy builds run alone
            warning[max-jobs-per-package] packages.ripgrep.nixBuildMaxJobs: Nix has no max-jobs for one package
              put it into a tier; max-jobs counts for all that one client asks for
            note[bare-memory-number] build.memory.heavyBuildLimit: a size without a unit counts GiB
              "16GiB" says so where only hmtool reads it; where Nix reckons with it, leave it a number
        "#]],
    );
}

#[test]
fn another_machine() {
    let machine = on(&[
        (
            "proc/cpuinfo",
            &format!("{ZEN3}flags : lm fxsr mmx sse sse2 pni ssse3 cx16\n"),
        ),
        ("proc/meminfo", "MemTotal: 8388608 kB\n"),
    ]);
    check(
        TOWER,
        &machine,
        &[
            "number-as-text",
            "bare-memory-number",
            "oversubscribed",
            "zram-counted-as-ram",
            "max-jobs-per-package",
        ],
        &expect![[r#"
            note[threads-called-cores] build.parallelism.maxCores: 6 are threads; the machine has 4 physical cores
            error[march-not-runnable] build.compiler.march: code for skylake needs what the processor lacks: sse4_1 sse4_2 lahf_lm popcnt abm movbe bmi1 bmi2 f16c fma aes pclmulqdq adx rdrand rdseed fsgsbase clflushopt xsave xsaveopt xsavec avx avx2
              it runs code for nocona
            warning[memory-overcommitted] build.memory.heavyBuildLimit: 6 × 12.0 GB = 72.0 GB at once; 16.0 GB are left for builds, of which 4.0 GB can be in use at once while zram is full
              the kernel kills one of them: let heavy builds run alone
            warning[differs-from-machine] cpu.vendor: says intel, the machine has amd
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] cpu.model: says i7-6700K, the machine has Ryzen 5 5600H
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] cpu.family: says skylake, the machine has zen3
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] cpu.march: says skylake, the machine has x86-64: this machine lacks sse4_1 sse4_2 lahf_lm popcnt abm movbe bmi1 bmi2 f16c fma aes pclmulqdq adx rdrand rdseed fsgsbase clflushopt xsave xsaveopt xsavec avx avx2
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] cpu.cores: says 4, the machine has 1
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] cpu.threads: says 8, the machine has 1
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] gpu.vendor: says nvidia, the machine has none
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] memory.total: says 16, the machine has 8
              correct the profile, or make sure that it is this machine's
            warning[differs-from-machine] memory.zramEnabled: says true, the machine has false
              correct the profile, or make sure that it is this machine's
        "#]],
    );
}
