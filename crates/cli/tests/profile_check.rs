//! `hmtool profile check`: what it finds, where, in which formats, and how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::expect;
use serde_json::Value;

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn check(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(["profile", "check"])
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100")
        .output()
        .expect("hmtool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

/// Each finding that is more than a note, as `file:line rule`, and with its subject where it has no
/// place.
fn serious(folder: &Path, args: &[&str]) -> String {
    let output = check(folder, &[args, &["--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    let findings = document["findings"].as_array().expect("a list").iter();
    let counted = findings.filter(|it| it["severity"] != "note");
    let lines = counted.map(|it| {
        let file = it["place"]["file"].as_str().unwrap_or_default();
        let file = file.rsplit('/').next().unwrap_or_default();
        let place = match it["place"]["region"]["startLine"].as_u64() {
            Some(line) => format!("{file}:{line}"),
            None => format!("{file} {}", it["subject"].as_str().unwrap_or_default()),
        };
        format!("{place} {}\n", it["rule"].as_str().unwrap_or_default())
    });
    lines.collect()
}

#[test]
fn the_example_has_what_its_plan_has_wrong() {
    let example = Path::new(EXAMPLE);
    expect![[r#"
        gyakusatsu.nix:60 march-differs
        gyakusatsu.nix:63 settings-differ
        gyakusatsu.nix:71 settings-differ
        gyakusatsu.nix:76 settings-differ
        gyakusatsu.nix:81 settings-differ
        shoshin.nix tiers.heavy tier-above-hot-memory
        shoshin.nix tiers tiers-overflow
        shoshin.nix:46 zram-counted-as-ram
        shoshin.nix:54 memory-overcommitted
    "#]]
    .assert_eq(&serious(example, &[]));
    expect![].assert_eq(&serious(example, &["gyakusatsu"]));
    // What one of them says alone is no matter of sharing.
    let together = ["gyakusatsu", "shoshin", "--rule", "march-differs"];
    expect![[r#"
        shoshin.nix:66 march-differs
    "#]]
    .assert_eq(&serious(example, &together));
    let output = check(example, &["--rule", "march-differs"]);
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        warning[march-differs]: builds for znver3, and shoshin for skylake: hardly any output is the same
          --> modules/profiles/config/hardware/gyakusatsu.nix:60:15
           |
        60 |       march = "znver3";
           |               ^^^^^^^^
           |
           = help: share x86-64-v3, which runs on all of them; code for skylake does too; code for znver3 does not run on shoshin

        1 warning in 2 files
    "#]].assert_eq(&text(&output.stdout));
    assert_eq!(
        check(example, &["--rule", "one-job"]).status.code(),
        Some(0)
    );
}

#[test]
fn other_formats_say_the_same() {
    let example = Path::new(EXAMPLE);
    let sarif = check(example, &["--format", "sarif"]).stdout;
    let sarif: Value = serde_json::from_slice(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("a list");
    let of = |rule: &str| results.iter().filter(|it| it["ruleId"] == *rule).count();
    assert_eq!((of("march-differs"), of("zram-counted-as-ram")), (1, 1));
    let github = text(&check(example, &["--format", "github"]).stdout);
    let line = "::warning file=modules/profiles/config/hardware/shoshin.nix,line=46,";
    assert!(github.contains(line), "{github}");
}

#[test]
fn a_profile_is_held_against_its_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("p.nix");
    fs::write(
        &file,
        "{\n  system.hostname = \"desk\";\n  cpu = { cores = 2; threads = 2; march = \"znver3\"; };\n  memory.total = \"16GB\";\n}\n",
    )
    .expect("a file");
    let write = |path: &str, content: &str| {
        let path = folder.path().join("root").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    };
    write("proc/sys/kernel/hostname", "desk\n");
    write("proc/meminfo", "MemTotal: 8000000 kB\n");
    write("sys/devices/system/cpu/online", "0-3\n");
    let cpuinfo = "processor : 0\nvendor_id : GenuineIntel\ncpu family : 6\nmodel : 94\nflags : lm sse sse2\n";
    write("proc/cpuinfo", cpuinfo);
    expect![[r#"
        p.nix:3 differs-from-machine
        p.nix:3 differs-from-machine
        p.nix:3 march-not-runnable
        p.nix:4 differs-from-machine
    "#]]
    .assert_eq(&serious(folder.path(), &["p.nix", "--root", "root"]));
    // Another machine's is only held against itself.
    write("proc/sys/kernel/hostname", "other\n");
    fs::write(
        folder.path().join("q.nix"),
        "{ system.hostname = \"q\"; cpu.threads = 1; memory.total = \"8GB\"; }",
    )
    .expect("a file");
    expect![].assert_eq(&serious(
        folder.path(),
        &["p.nix", "q.nix", "--root", "root"],
    ));
}

#[test]
fn compilers_have_to_know_the_architecture() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("p.toml"),
        "[cpu]\nthreads = 8\nmarch = \"znver4\"\n[memory]\ntotal = \"16GB\"\n",
    )
    .expect("a file");
    assert_eq!(
        serious(folder.path(), &["p.toml", "--compiler", "gcc-13"]),
        ""
    );
    expect![[r#"
        p.toml cpu.march architecture-not-known
    "#]]
    .assert_eq(&serious(
        folder.path(),
        &["p.toml", "--compiler", "gcc-12.2"],
    ));
    let output = check(folder.path(), &["p.toml", "--compiler", "rustc-1.80"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_cannot_be_checked_is_a_finding_and_ends_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &str| {
        fs::write(folder.path().join(name), content).expect("a file");
    };
    write("good.nix", "{ cpu.threads = 4; memory.total = \"8GB\"; }");
    write("function.nix", "{ pkgs }: { cpu.threads = 4; }");
    write("list.json", "{ \"memory\": { \"total\": [16] } }");
    write("broken.nix", "{ cpu = ");
    let files = [
        "good.nix",
        "function.nix",
        "list.json",
        "broken.nix",
        "missing.nix",
    ];
    let output = check(folder.path(), &files);
    assert_eq!(output.status.code(), Some(2));
    expect![[r#"
        broken.nix:1 syntax-error
        function.nix:1 not-a-profile
        list.json:1 not-a-profile
        missing.nix  unreadable-file
    "#]]
    .assert_eq(&serious(folder.path(), &files));
    assert_eq!(check(folder.path(), &["good.nix"]).status.code(), Some(0));

    for (args, message) in [
        (&["nobody"][..], "there is no file and no machine `nobody`"),
        (&[], "there is nothing to check"),
    ] {
        let output = check(folder.path(), args);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(message),
            "{}",
            text(&output.stderr)
        );
    }
}
