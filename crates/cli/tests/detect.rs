//! `hmtool profile detect`: what it prints of recorded machines, what it writes, how it ends.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use serde_json::Value;

fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "110")
        .output()
        .expect("hmtool runs")
}

fn detect(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["profile", "detect"], args].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

fn guest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../hw-profile/tests/fixtures/machines/kvm-guest")
        .canonicalize()
        .expect("it is there")
}

/// A laptop with a hybrid processor and zram, below `folder`.
fn laptop(folder: &Path) -> PathBuf {
    let root = folder.join("laptop");
    let thread = |number: u32, core: u32| {
        format!(
            "processor : {number}\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 154\nmodel name : 12th Gen Intel(R) Core(TM) i5-1240P\n\
             stepping : 3\nphysical id : 0\ncore id : {core}\nflags : fxsr sse sse2 lm pni pclmulqdq ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch fsgsbase bmi1 avx2 bmi2 rdseed adx clflushopt clwb sha_ni xsaveopt xsavec xsaves avx_vnni gfni vaes vpclmulqdq rdpid movdiri movdir64b serialize waitpkg pku mmx\n\n"
        )
    };
    let cpuinfo = [thread(0, 0), thread(1, 0), thread(2, 8), thread(3, 9)].concat();
    for (path, content) in [
        ("proc/cpuinfo", cpuinfo.as_str()),
        ("proc/meminfo", "MemTotal: 16000000 kB\nHugetlb: 0 kB\n"),
        (
            "proc/swaps",
            "Filename Type Size Used Priority\n/dev/zram0 partition 8000000 1 100\n",
        ),
        ("sys/block/zram0/disksize", "8192000000\n"),
        ("sys/block/zram0/comp_algorithm", "lzo [zstd]\n"),
        (
            "sys/block/zram0/mm_stat",
            "1073741824 200000000 268435456 0 0 0 0 0 0\n",
        ),
        ("proc/self/cgroup", "0::/user.slice/x.scope\n"),
        ("sys/fs/cgroup/user.slice/memory.max", "8589934592\n"),
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/devices/cpu_core/cpus", "0-1\n"),
        ("sys/devices/cpu_atom/cpus", "2-3\n"),
        ("sys/class/power_supply/BAT0/type", "Battery\n"),
        ("proc/sys/kernel/hostname", "gyakusatsu\n"),
        ("etc/os-release", "PRETTY_NAME=\"NixOS 25.11 (Xantusia)\"\n"),
        (
            "sys/bus/pci/devices/0000:01:00.0/uevent",
            "PCI_CLASS=30000\nPCI_ID=10DE:1401\n",
        ),
        ("etc/nix/nix.conf", "max-jobs = auto\n"),
    ] {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }
    root
}

fn screen(folder: &Path, root: &Path, expect: &Expect) {
    let output = detect(folder, &["--root", root.to_str().expect("UTF-8")]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    expect.assert_eq(&text(&output.stdout));
}

#[test]
fn a_virtual_machine_on_one_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    screen(
        folder.path(),
        &guest(),
        &expect![[r#"
            this machine  virtual machine, Linux 6.18.44-fc-v445

            Processor
              name     AMD EPYC                                   proc/cpuinfo
              model    AuthenticAMD family 25 model 1 stepping 1  proc/cpuinfo
              is       zen3 (Zen 3)                               likely, proc/cpuinfo: the table of models
              runs     zen3, x86_64_v3                            proc/cpuinfo: flags of all processors
              march    znver3                                     what to compile for here
              hidden   wbnoinvd mwaitx pku                        features of it that are hidden here
              threads  2 on 2 cores                               sys/devices/system/cpu/online
              caches   L2 512 kB                                  likely, proc/cpuinfo: cache size

            Memory
              RAM    23.5 GB                             proc/meminfo: MemTotal
              nodes  11.6 GB of it; more was plugged in  sys/devices/system/node/node0/meminfo: MemTotal of the node
              zram   zram0 is idle, lzo-rle              sys/block/zram0/disksize: a disksize of 0

            Disks
              vda  virtual  sys/block/vda/queue/rotational: not believed of a virtual disk
        "#]],
    );
}

#[test]
fn a_laptop_on_one_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = laptop(folder.path());
    screen(
        folder.path(),
        &root,
        &expect![[r#"
            gyakusatsu  laptop, bare metal, NixOS 25.11 (Xantusia)

            Processor
              name     12th Gen Intel(R) Core(TM) i5-1240P         proc/cpuinfo
              model    GenuineIntel family 6 model 154 stepping 3  proc/cpuinfo
              is       alderlake (Alder Lake)                      likely, proc/cpuinfo: the table of models
              runs     alderlake, x86_64_v3                        proc/cpuinfo: flags of all processors
              march    alderlake                                   what to compile for here
              hidden   wbnoinvd pconfig                            features of it that are hidden here
              threads  4 on 3 cores                                sys/devices/system/cpu/online
                       2 threads of kind core                      sys/devices/cpu_core/cpus: its performance monitoring …
                       2 threads of kind atom                      sys/devices/cpu_atom/cpus: its performance monitoring …

            Memory
              RAM    15.3 GB                              proc/meminfo: MemTotal
              limit  8.0 GB, control groups v2            sys/fs/cgroup/user.slice/memory.max: the smallest on the way to…
              swap   7.6 GB, zram /dev/zram0              proc/swaps
              zram   zram0 takes 7.6 GB, zstd, ratio 4.0  sys/block/zram0/disksize: uncompressed

            GPU
              vendor      nvidia     sys/bus/pci/devices/0000:01:00.0/uevent: PCI_ID
              PCI id      10de:1401  sys/bus/pci/devices/0000:01:00.0/uevent: PCI_ID
              chip        GM206      likely, sys/bus/pci/devices/0000:01:00.0/uevent: the table of PCI ids
              family      maxwell    likely, sys/bus/pci/devices/0000:01:00.0/uevent: the chip's family
              capability  5.2        likely, sys/bus/pci/devices/0000:01:00.0/uevent: the chip's family
        "#]],
    );
}

#[test]
fn an_archive_is_as_good_as_the_tree() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = Command::new("tar")
        .args(["czf", "guest.tar.gz", "-C"])
        .arg(guest())
        .arg(".")
        .current_dir(folder.path())
        .status();
    assert!(made.expect("tar runs").success());
    let of = |root: &str| detect(folder.path(), &["--root", root]).stdout;
    let root = guest();
    assert_eq!(
        text(&of("guest.tar.gz")),
        text(&of(root.to_str().expect("UTF-8")))
    );
}

#[test]
fn documents_follow_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = hmtool(folder.path(), &["schema", "machine"]).stdout;
    let schema: Value = serde_json::from_slice(&schema).expect("a schema is JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("machine.json", schema)
        .expect("it is a schema");
    let schema = compiler
        .compile("machine.json", &mut schemas)
        .expect("it is a schema");
    let laptop = laptop(folder.path());
    for root in [Some(guest()), Some(laptop), None] {
        let mut args = vec!["--format", "json"];
        let root = root.map(|root| root.to_str().expect("UTF-8").to_owned());
        args.extend(root.iter().flat_map(|root| ["--root", root]));
        let output = detect(folder.path(), &args);
        let mut document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        if let Err(error) = schemas.validate(&document, schema) {
            panic!("{error:#}");
        }
        // The schema must be able to fail.
        document["memory"]["swap"] = "none".into();
        assert!(schemas.validate(&document, schema).is_err());
    }
}

#[test]
fn a_new_profile_is_made_and_is_up_to_date_then() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = laptop(folder.path());
    let root = ["--root", root.to_str().expect("UTF-8")];
    let file = folder.path().join("laptop.nix");

    let shown = detect(folder.path(), &[&root[..], &["laptop.nix"]].concat());
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    assert!(!file.exists());
    let check = detect(
        folder.path(),
        &[&root[..], &["laptop.nix", "--check"]].concat(),
    );
    assert_eq!(check.status.code(), Some(1));

    let written = detect(
        folder.path(),
        &[&root[..], &["--write", "laptop.nix"]].concat(),
    );
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let profile = fs::read_to_string(&file).expect("it was made");
    expect![[r##"
        # What `hmtool profile detect` found here; a comment tells where a value is from. Memory is in GB,
        # frequencies are in GHz. What the machine is for, and how packages are built on it, is yours to add.
        {
          system = {
            hostname = "gyakusatsu"; # proc/sys/kernel/hostname
            type = "laptop"; # sys/class/power_supply/BAT0/type: it has a battery
          };
          cpu = {
            vendor = "intel"; # proc/cpuinfo
            model = "12th Gen Core i5-1240P"; # proc/cpuinfo
            family = "alderlake"; # proc/cpuinfo: the table of models
            march = "alderlake"; # proc/cpuinfo: what its flags allow
            cores = 3; # proc/cpuinfo: distinct (physical id, core id)
            threads = 4; # sys/devices/system/cpu/online
            instructionSets = [ # proc/cpuinfo: flags of all processors
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
            vendor = "nvidia"; # sys/bus/pci/devices/0000:01:00.0/uevent: PCI_ID
            architecture = "maxwell"; # sys/bus/pci/devices/0000:01:00.0/uevent: the chip's family
            cudaSupport = false; # sys/bus/pci/devices/0000:01:00.0/uevent: no driver of NVIDIA's is at work
            computeCapability = "5.2"; # sys/bus/pci/devices/0000:01:00.0/uevent: the chip's family
            maxCudaVersion = "12.9"; # sys/bus/pci/devices/0000:01:00.0/uevent: the last CUDA for that capability
          };
          memory = {
            total = 8; # sys/fs/cgroup/user.slice/memory.max: the smallest on the way to the root
            zramEnabled = true; # sys/block/zram0/disksize: it is swapped to
            zramPercentage = 95; # sys/block/zram0/disksize: uncompressed
          };
          build = {
            parallelism = {
              maxJobs = 4; # etc/nix/nix.conf: max-jobs
            };
            compiler = {
              march = "alderlake"; # proc/cpuinfo: what its flags allow
              mtune = "alderlake"; # proc/cpuinfo: what its flags allow
            };
          };
        }
    "##]].assert_eq(&profile);
    let again = detect(
        folder.path(),
        &[&root[..], &["--check", "laptop.nix"]].concat(),
    );
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(text(&again.stderr), "laptop.nix: unchanged\n");

    // What plans are made of reads it.
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    );
    let plan = [
        "plan",
        example,
        "--machine",
        "gyakusatsu",
        "--profile",
        file.to_str().expect("UTF-8"),
        "--format",
        "json",
    ];
    let plan = hmtool(folder.path(), &plan);
    let document: Value = serde_json::from_slice(&plan.stdout).expect("a plan");
    assert_eq!(document["machine"]["threads"], 4, "{}", text(&plan.stderr));
    assert_eq!(document["machine"]["memoryBytes"], 8_u64 << 30);
    real_nix_reads(&file, &[("cpu.threads", "4"), ("memory.total", "8")]);
}

/// Asks the real Nix for attributes of a file.
fn real_nix_reads(file: &Path, attributes: &[(&str, &str)]) {
    let version = Command::new("nix-instantiate").arg("--version").output();
    if version.is_err() {
        let required = std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_some_and(|it| it == "1");
        assert!(
            !required,
            "nix-instantiate is needed (apt-get install nix-bin)"
        );
        // Straight to stderr: the test harness hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "left out: what the real Nix reads of a new profile: needs nix-instantiate"
        );
        return;
    }
    let state = tempfile::tempdir().expect("a folder");
    for (attribute, expected) in attributes {
        let output = Command::new("nix-instantiate")
            .args(["--eval", "--strict", "-A", attribute])
            .arg(file)
            .env("NIX_STORE_DIR", state.path().join("store"))
            .env("NIX_STATE_DIR", state.path())
            .env("HOME", state.path())
            .output()
            .expect("it runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout).trim(), *expected, "{attribute}");
    }
}

const OLD: &str = "\
# the laptop, as it was bought
{
  cpu = { vendor = \"intel\"; model = \"i5-1240P\"; march = \"znver3\"; cores = \"4\"; threads = \"8\"; };
  memory.total = \"16\"; # soldered
  build.parallelism.maxJobs = 1;
}
";

#[test]
fn an_old_profile_is_brought_up_to_date_in_its_spelling() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = laptop(folder.path());
    let root = ["--root", root.to_str().expect("UTF-8")];
    let file = folder.path().join("old.nix");
    fs::write(&file, OLD).expect("a file");

    let shown = detect(folder.path(), &[&root[..], &["old.nix"]].concat());
    assert_eq!(fs::read_to_string(&file).expect("it is there"), OLD);
    expect![[r#"
        --- old.nix
        +++ old.nix
        @@ -1,6 +1,6 @@
         # the laptop, as it was bought
         {
        -  cpu = { vendor = "intel"; model = "i5-1240P"; march = "znver3"; cores = "4"; threads = "8"; };
        -  memory.total = "16"; # soldered
        +  cpu = { vendor = "intel"; model = "i5-1240P"; march = "alderlake"; cores = "3"; threads = "4"; };
        +  memory.total = "8"; # soldered
           build.parallelism.maxJobs = 1;
         }
    "#]].assert_eq(&text(&shown.stdout));
    expect![[r#"
        cpu.march: "znver3" in the profile, "alderlake" detected; this machine lacks sse4a (proc/cpuinfo: what its flags allow)
        cpu.cores: "4" in the profile, 3 detected (proc/cpuinfo: distinct (physical id, core id))
        cpu.threads: "8" in the profile, 4 detected (sys/devices/system/cpu/online)
        memory.total: "16" in the profile, 8 detected (sys/fs/cgroup/user.slice/memory.max: the smallest on the way to the root)
        nothing is written without --write
    "#]].assert_eq(&text(&shown.stderr));
    let written = detect(
        folder.path(),
        &[&root[..], &["old.nix", "--write"]].concat(),
    );
    assert_eq!(written.status.code(), Some(0), "{}", text(&written.stderr));
    let again = detect(
        folder.path(),
        &[&root[..], &["old.nix", "--check"]].concat(),
    );
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stdout));
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let laptop = laptop(folder.path());
    let laptop = laptop.to_str().expect("UTF-8");
    fs::write(
        folder.path().join("other.nix"),
        "{ system.hostname = \"shoshin\"; }",
    )
    .expect("a file");
    fs::create_dir(folder.path().join("empty")).expect("a folder");
    fs::write(folder.path().join("cut.tar.gz"), [0x1f, 0x8b, 8, 0]).expect("a file");
    for (args, message) in [
        (
            &["--root", laptop, "other.nix", "--write"][..],
            "is the profile of \"shoshin\"",
        ),
        (&["--root", laptop, "a.toml"], "a profile in Nix is"),
        (
            &["--root", "empty"],
            "nothing in it tells what a machine is",
        ),
        (&["--root", "nowhere"], "nowhere"),
        (&["--root", "cut.tar.gz"], "ends too early"),
        (&["--write"], "<FILE>"),
    ] {
        let output = detect(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(message), "{args:?}: {said}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
    }
}
