//! `hmtool profile show|diff|flags|common`: what they print, as text and as JSON, how they end.

mod schema;

use std::path::Path;
use std::process::{Command, Output};

use expect_test::{Expect, expect};

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn hmtool(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(Path::new(EXAMPLE))
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100")
        .output()
        .expect("hmtool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

fn check(args: &[&str], code: i32, expect: &Expect) {
    let output = hmtool(&[&["profile"], args].concat());
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let shown = text(&output.stdout);
    expect.assert_eq(&shown.replace(EXAMPLE, "."));
}

#[test]
fn skylake_with_znver3() {
    check(
        &["common", "skylake", "znver3"],
        0,
        &expect![[r#"
        skylake and znver3 share x86-64-v3
          code for skylake runs on all of them (some lack hle sgx, which it runs without)
          code for znver3 does not run on skylake, which lacks sse4a vaes vpclmulqdq sha_ni clwb
          beyond x86-64-v3 all of them have aes pclmulqdq adx rdrand rdseed fsgsbase clflushopt xsaveopt
            xsavec
          code for skylake is the most that runs on all of them: that of every other target that does is
            part of it

          CFLAGS     -march=x86-64-v3 -mtune=generic
          and where a program gains: -maes -mpclmul -madx -mrdrnd -mrdseed -mfsgsbase -mclflushopt
            -mxsaveopt -mxsavec
          RUSTFLAGS  -C target-cpu=x86-64-v3
          GOAMD64    v3
          gcc.arch   x86-64-v3
    "#]],
    );
    check(
        &["common", "shoshin", "gyakusatsu"],
        0,
        &expect![[r#"
        shoshin and gyakusatsu share x86-64-v3
          code for skylake runs on all of them (some lack hle sgx, which it runs without)
          code for znver3 does not run on shoshin, which lacks sse4a vaes vpclmulqdq sha_ni clwb
          beyond x86-64-v3 all of them have aes pclmulqdq adx rdrand rdseed fsgsbase clflushopt xsaveopt
            xsavec
          code for skylake is the most that runs on all of them: that of every other target that does is
            part of it

          CFLAGS     -march=x86-64-v3 -mtune=generic
          and where a program gains: -maes -mpclmul -madx -mrdrnd -mrdseed -mfsgsbase -mclflushopt
            -mxsaveopt -mxsavec
          RUSTFLAGS  -C target-cpu=x86-64-v3
          GOAMD64    v3
          gcc.arch   x86-64-v3
    "#]],
    );
}

#[test]
fn there_is_not_always_a_greatest_one() {
    check(
        &["common", "alderlake", "znver4"],
        0,
        &expect![[r#"
        alderlake and znver4 share x86-64-v3
          code for alderlake does not run on znver4, which lacks avx_vnni
          code for znver4 does not run on alderlake, which lacks sse4a avx512f avx512cd avx512bw avx512dq
            avx512vl avx512ifma avx512vbmi avx512_vbmi2 avx512_vnni avx512_bitalg avx512_vpopcntdq
            avx512_bf16
          beyond x86-64-v3 all of them have aes pclmulqdq vaes vpclmulqdq sha_ni gfni adx rdrand rdseed
            fsgsbase clflushopt clwb xsaveopt xsavec
          no target is the greatest: tremont and skylake run on all of them; skylake has the most features

          CFLAGS     -march=x86-64-v3 -mtune=generic
          and where a program gains: -maes -mpclmul -mvaes -mvpclmulqdq -msha -mgfni -madx -mrdrnd
            -mrdseed -mfsgsbase -mclflushopt -mclwb -mxsaveopt -mxsavec
          RUSTFLAGS  -C target-cpu=x86-64-v3
          GOAMD64    v3
          gcc.arch   x86-64-v3
    "#]],
    );
    check(
        &["common", "x86-64-v2", "neoverse-n1"],
        1,
        &expect![[r#"
        x86-64-v2 and neoverse-n1 share no architecture
          code for x86-64-v2 does not run on neoverse-n1, which lacks mmx fxsr sse sse2 pni ssse3 sse4_1
            sse4_2 cx16 lahf_lm popcnt
          code for neoverse-n1 does not run on x86-64-v2, which lacks aes fp asimd asimdrdm asimdhp fphp
            asimddp crc32 atomics pmull sha1 sha2 dcpop lrcpc
    "#]],
    );
}

#[test]
fn flags_for_compilers_that_know_it() {
    check(
        &["flags", "shoshin", "--compiler", "gcc-12.2"],
        0,
        &expect![[r##"
            # shoshin, skylake
            CFLAGS="-march=skylake -mtune=skylake"
            CXXFLAGS="-march=skylake -mtune=skylake"
            RUSTFLAGS="-C target-cpu=skylake"
            GOAMD64=v3
            # nixpkgs.hostPlatform.gcc = { arch = "skylake"; tune = "skylake"; };
            # asks of every builder: gccarch-skylake
            # as a builder it may claim: gccarch-x86-64 gccarch-x86-64-v2 gccarch-x86-64-v3 gccarch-nehalem
            # gccarch-westmere gccarch-silvermont gccarch-sandybridge gccarch-ivybridge gccarch-haswell
            # gccarch-broadwell gccarch-skylake
        "##]],
    );
    check(
        &["flags", "x86-64-v3"],
        0,
        &expect![[r##"
        # x86-64-v3
        CFLAGS="-march=x86-64-v3 -mtune=generic"
        CXXFLAGS="-march=x86-64-v3 -mtune=generic"
        RUSTFLAGS="-C target-cpu=x86-64-v3"
        GOAMD64=v3
        # nixpkgs.hostPlatform.gcc = { arch = "x86-64-v3"; tune = "generic"; };
        # asks of every builder: gccarch-x86-64-v3
        # as a builder it may claim: gccarch-x86-64 gccarch-x86-64-v2 gccarch-x86-64-v3 gccarch-nehalem
    "##]],
    );
    check(
        &["flags", "gyakusatsu", "--compiler", "gcc-9.3"],
        1,
        &expect![[r#"
            # gyakusatsu, znver3
            refused: gcc 9.3 does not know `znver3`; 10.3 does
              use a newer compiler, or an older architecture
        "#]],
    );
}

#[test]
fn a_profile_as_it_is_understood() {
    check(
        &["show", "shoshin"],
        0,
        &expect![[r#"
        shoshin  modules/profiles/config/hardware/shoshin.nix

          hostname    shoshin
          kind        desktop
          processor   skylake
          builds for  skylake; it reaches x86-64-v3
          threads     8 on 4 cores
          memory      16.0 GB, and zram that takes 12.0 GB
          GPU         one, with CUDA
          Nix today   2 jobs at once with 6 threads each
          packages    codex, go, nodejs, onnxruntime, python313, rustc

        For builds
          threads  7
          memory   16.0 GB of 22.0 GB effective, after a reserve of 6.0 GB
          at once  4.0 GB while zram is full, at ratio 2

        Tiers, each alone on the machine and however full zram is
                  asks for  cores   memory  gets
          heavy          1      6  12.0 GB  none: 4.0 GB can be in use at once
          medium         3      4   6.0 GB  none: 4.0 GB can be in use at once
          light         12      2   1.0 GB  4 jobs at once

        What speaks against it
          note [number-as-text] gpu.vram: the number 4 is kept as text
          note [number-as-text] memory.total: the number 16 is kept as text
          note [number-as-text] memory.effectiveTotal: the number 28 is kept as text
          note [number-as-text] build.memory.maxPerService: the number 10 is kept as text
          note [number-as-text] build.memory.recommendedHigh: the number 8 is kept as text
          note [number-as-text] build.memory.heavyBuildLimit: the number 12 is kept as text
          note [threads-called-cores] build.parallelism.maxCores: 6 are threads; the machine has 4 physical
            cores
          warning [zram-counted-as-ram] memory.effectiveTotal: declares 28.0 GB; zram lives in RAM: about
            22.0 GB effective at ratio 2, of which 10.0 GB hot; overstated by 6.0 GB
          warning [memory-overcommitted] build.memory.heavyBuildLimit: 2 × 12.0 GB = 24.0 GB at once; 16.0
            GB are left for builds, of which 4.0 GB can be in use at once while zram is full
          note [bare-memory-number] memory.total: a size without a unit counts GiB, as in
            memory.effectiveTotal, build.memory.maxPerService, build.memory.recommendedHigh,
            build.memory.heavyBuildLimit
          warning [tier-above-hot-memory] tiers.heavy: a job needs 12.0 GB; RAM less the reserve is 10.0
            GB, and the rest of the 16.0 GB for builds is in zram
          warning [tiers-overflow] tiers: 1 × 12.0 GB + 3 × 6.0 GB + 12 × 1.0 GB = 42.0 GB at once; 16.0 GB
            are left for builds, of which 4.0 GB can be in use at once while zram is full
    "#]],
    );
    check(
        &["show", "gyakusatsu"],
        0,
        &expect![[r#"
        gyakusatsu  modules/profiles/config/hardware/gyakusatsu.nix

          hostname    gyakusatsu
          kind        wsl
          processor   zen3
          builds for  znver3; it reaches x86-64-v3
          threads     12 on 6 cores
          memory      8.0 GB
          GPU         none
          Nix today   1 job at once with 6 threads each
          packages    codex, go, nodejs, onnxruntime, python313, rustc

        For builds
          threads  6
          memory   6.0 GB of 8.0 GB effective, after a reserve of 2.0 GB

        Tiers, each alone on the machine and however full zram is
                 asks for  cores  memory  gets
          light        12      2  1.0 GB  6 jobs at once

        What speaks against it
          note [number-as-text] memory.total: the number 8 is kept as text
          note [number-as-text] memory.effectiveTotal: the number 8 is kept as text
          note [number-as-text] build.memory.maxPerService: the number 4 is kept as text
          note [number-as-text] build.memory.recommendedHigh: the number 3 is kept as text
          note [number-as-text] build.memory.heavyBuildLimit: the number 5 is kept as text
          note [one-job] build.parallelism.maxJobs: one derivation at a time is built here; to build
            nothing, 0 is meant
          note [bare-memory-number] memory.total: a size without a unit counts GiB, as in
            memory.effectiveTotal, build.memory.maxPerService, build.memory.recommendedHigh,
            build.memory.heavyBuildLimit
    "#]],
    );
}

#[test]
fn where_profiles_differ() {
    check(
        &["diff", "shoshin", "gyakusatsu"],
        1,
        &expect![[r#"
                                            shoshin                       gyakusatsu
        build.compiler.lto                  thin                          off
        build.compiler.march                skylake                       znver3
        build.compiler.mtune                skylake                       znver3
        build.cuda.capabilities             5.2                           -
        build.cuda.cudnn                    9                             -
        build.cuda.version                  12.8                          -
        build.memory.heavyBuildLimit        12                            5
        build.memory.maxPerService          10                            4
        build.memory.recommendedHigh        8                             3
        build.parallelism.cargoBuildJobs    4                             2
        build.parallelism.heavyBuildCores   4                             2
        build.parallelism.linkerJobs        2                             1
        build.parallelism.maxJobs           2                             1
        cpu.baseFrequency                   4.0                           3.3
        cpu.cores                           4                             6
        cpu.family                          skylake                       zen3
        cpu.instructionSets                 sse4_2 avx avx2 fma bmi2 aes  sse4_2 avx avx2 fma bmi2 aes sha_ni
        cpu.march                           skylake                       znver3
        cpu.model                           i7-6700K                      Ryzen 5 5600H
        cpu.threads                         8                             12
        cpu.vendor                          intel                         amd
        gpu.architecture                    maxwell                       -
        gpu.computeCapability               5.2                           -
        gpu.cudaSupport                     true                          false
        gpu.maxCudaVersion                  12.8                          -
        gpu.minDriverVersion                525.60                        -
        gpu.model                           GTX 960                       -
        gpu.vendor                          nvidia                        none
        gpu.vram                            4                             -
        memory.effectiveTotal               28                            8
        memory.speed                        2133                          3200
        memory.total                        16                            8
        memory.zramEnabled                  true                          false
        memory.zramPercentage               75                            -
        packages.codex.cargoBuildJobs       2                             1
        packages.nodejs.enableLTO           true                          false
        packages.nodejs.ninjaJobs           4                             -
        packages.nodejs.pgoLevel            FULL                          NONE
        packages.onnxruntime.cudaSupport    true                          false
        packages.onnxruntime.enableOverlay  true                          false
        packages.onnxruntime.ninjaJobs      3                             -
        packages.python313.enableLTO        true                          false
        packages.python313.makeJobs         6                             -
        packages.python313.pgoLevel         FULL                          NONE
        packages.rustc.enableJemalloc       true                          -
        packages.rustc.enableLTO            true                          false
        packages.rustc.enablePGO            true                          false
        system.hostname                     shoshin                       gyakusatsu
        system.type                         desktop                       wsl
        system.workspace                    home                          work
        50 differences
    "#]],
    );
    check(
        &["diff", "shoshin", "shoshin"],
        0,
        &expect![[r#"
        shoshin and shoshin say the same
    "#]],
    );
    let guest = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../hw-profile/tests/fixtures/machines/kvm-guest"
    );
    check(
        &["diff", "gyakusatsu", "--root", guest],
        1,
        &expect![[r#"
                      gyakusatsu     this machine
        cpu.model     Ryzen 5 5600H  EPYC          proc/cpuinfo
        cpu.cores     6              2             proc/cpuinfo: distinct (physical id, core id)
        cpu.threads   12             2             sys/devices/system/cpu/online
        memory.total  8              23.5          proc/meminfo: MemTotal
        4 differences
    "#]],
    );
}

#[test]
fn documents_follow_their_schemas() {
    for (name, args) in [
        ("common-arch", &["common", "shoshin", "znver4"][..]),
        ("common-arch", &["common", "skylake", "neoverse-n1"]),
        ("flags", &["flags", "shoshin"]),
        ("flags", &["flags", "znver4", "--compiler", "gcc-12.2"]),
        ("profile", &["show", "shoshin"]),
        ("profile-diff", &["diff", "shoshin", "gyakusatsu"]),
    ] {
        let output = hmtool(&[&["profile"], args, &["--format", "json"]].concat());
        let document = schema::document(&output);
        assert_eq!(document["schema"]["name"], format!("hmtool.{name}"));
    }
}

#[test]
fn what_is_not_known_is_said() {
    for (args, message) in [
        (
            &["flags", "pentium9"][..],
            "there is no file and no machine `pentium9`",
        ),
        (&["common", "shoshin"], "MACHINE | FILE | ARCH"),
        (&["show", "nowhere.nix"], "nowhere.nix"),
        (
            &["diff", "shoshin", "gyakusatsu", "--root", "/"],
            "cannot be used with",
        ),
    ] {
        let output = hmtool(&[&["profile"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(message), "{args:?}: {said}");
    }
}
