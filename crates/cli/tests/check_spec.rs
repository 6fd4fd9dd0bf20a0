//! What is wrong in the plan that hmtool was founded on, item by item: which rule of `hmtool check`
//! says so, shown on a repository that has just that, or why no tool can tell it from the files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// How an item is decided.
enum By {
    /// This rule fires on a file of this text.
    File(&'static str, &'static str),
    /// This rule fires on a profile of this text.
    Profile(&'static str, &'static str),
    /// This rule fires on the example as it is.
    Example(&'static str),
    /// `tests/check.rs` shows it on graphs of its own.
    Graphs(&'static str),
    /// No file says it.
    Nothing(&'static str),
}

use By::{Example, File, Graphs, Nothing, Profile};

/// Each item of the specification's section 7, in its order.
const ITEMS: &[(&str, By)] = &[
    (
        "tiers inside derivations rebuild the world",
        File(
            "parallelism-in-derivation",
            "final: prev: { zlib = prev.zlib.overrideAttrs (_: { NIX_BUILD_CORES = 6; }); }",
        ),
    ),
    (
        "maxJobs of a single package cannot be expressed",
        Profile(
            "max-jobs-per-package",
            "{ packages.zlib.nixBuildMaxJobs = 2; }",
        ),
    ),
    (
        "the machines' flags differ, so their outputs do",
        Example("march-differs"),
    ),
    (
        "in hours of what they both need",
        Example("march-cross-host"),
    ),
    (
        "`pgoLevel = \"NONE\"` is another derivation",
        Example("settings-differ"),
    ),
    (
        "znver3's code does not run on a Skylake",
        Graphs("march-cross-host"),
    ),
    (
        "overriding foundations rebuilds nearly everything",
        Example("mass-rebuild"),
    ),
    ("and loses cache.nixos.org", Example("lost-substitute")),
    (
        "the alias does not reach what uses it",
        Example("noop-override"),
    ),
    (
        "12 GB of zram are not 12 GB more",
        Example("zram-counted-as-ram"),
    ),
    ("tiers do not fit at once", Example("tiers-overflow")),
    (
        "a build that fits at no number of cores",
        Graphs("tier-too-big"),
    ),
    (
        "four cores called six",
        Profile(
            "threads-below-cores",
            "{ cpu = { cores = 6; threads = 4; }; memory.total = 16; }",
        ),
    ),
    (
        "6 × 6 processes on 8 threads",
        Example("threads-called-cores"),
    ),
    (
        "`maxJobs = 2-3` is -1",
        File("arithmetic-typo", "{ maxJobs = 2-3; }"),
    ),
    (
        "`\"28\" <= 10` throws",
        File("number-as-string", "x: { a = \"28\" <= 10; }"),
    ),
    ("gcc is in two tiers", Example("two-tiers")),
    ("a pattern among literals", Graphs("pattern-among-names")),
    (
        "a list appended to a string",
        File(
            "flags-as-list",
            "final: prev: { zlib = prev.zlib.overrideAttrs (old: { NIX_CFLAGS_COMPILE = (old.NIX_CFLAGS_COMPILE or [ ]) ++ [ \"-O3\" ]; }); }",
        ),
    ),
    (
        "the variable belongs into `env`",
        Example("flags-outside-env"),
    ),
    (
        "NIX_CXXSTDLIB_COMPILE is what the wrapper reads",
        Example("unread-variable"),
    ),
    (
        "a flag of the compiler's driver given to the linker",
        File(
            "compiler-flag-for-linker",
            "final: prev: { zlib = prev.zlib.overrideAttrs (_: { NIX_LDFLAGS = \"-fuse-ld=mold\"; }); }",
        ),
    ),
    ("`-mtune=x86-64-v3` is refused", Example("mtune-level")),
    (
        "`--enable-optimizations` is CPython's",
        File(
            "foreign-configure-flag",
            "final: prev: { zlib = prev.zlib.overrideAttrs (_: { configureFlags = [ \"--enable-optimizations\" ]; }); }",
        ),
    ),
    (
        "`gcc.override { stdenv = …; }`",
        File(
            "compiler-stdenv",
            "final: prev: { gcc = prev.gcc.override { stdenv = prev.clangStdenv; }; }",
        ),
    ),
    (
        "a build input for what the standard environment is built with",
        File(
            "stdenv-build-input",
            "final: prev: { zlib = prev.zlib.overrideAttrs (old: { nativeBuildInputs = [ prev.mold ]; }); }",
        ),
    ),
    ("`llvmPackages // { … }`", Example("needs-override-scope")),
    (
        "override layers are no build layers",
        Graphs("override-not-layer"),
    ),
    (
        "the order of overlays is not that of builds",
        Nothing(
            "an overlay list is as good in any order; that an author means more by it is in no file",
        ),
    ),
    (
        "`home-manager switch --dry-run` builds",
        Nothing("a command that someone types"),
    ),
    (
        "options of cachix that do not exist",
        Nothing("a command that someone types; `hmtool cache` plans what a cache holds instead"),
    ),
    (
        "a module uses what it does not take",
        File(
            "not-in-scope",
            "{ pkgs, ... }: { home.packages = [ pkgs.krew ]; home.path = config.x; }",
        ),
    ),
    (
        "`home.packages` twice",
        File(
            "syntax-error",
            "{ pkgs, ... }: { home.packages = [ pkgs.a ]; home.packages = [ pkgs.b ]; }",
        ),
    ),
    (
        "`sha256 = \"...\"`",
        File(
            "placeholder-hash",
            "{ fetchurl }: fetchurl { url = \"https://example.org/a\"; sha256 = \"...\"; }",
        ),
    ),
    (
        "`home.file` against `cachix use`, `tenv init`, kubeval",
        Nothing("what other programs write, document and maintain is in no file of the repository"),
    ),
    (
        "a machine that must not build has max-jobs 0",
        Example("one-job"),
    ),
    ("and builds what is heavy", Example("consumer-builds-heavy")),
    ("CUDA where there is no card", Graphs("cuda-on-cpu-host")),
];

fn check(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .arg("check")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("hmtool runs")
}

fn findings(folder: &Path) -> Vec<Value> {
    let output = check(folder, &[".", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    document["findings"].as_array().expect("a list").clone()
}

/// Whether the rule found something that has a place and a message, and tells the way out where one
/// can be told.
fn fires(found: &[Value], rule: &str) -> bool {
    found.iter().any(|it| {
        it["rule"] == rule
            && it["place"]["file"].is_string()
            && it["message"].as_str().is_some_and(|text| !text.is_empty())
    })
}

#[test]
fn every_defect_of_the_plan_is_reported_or_in_no_file() {
    let example = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    ));
    let example = findings(example);
    let explained = Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .arg("explain")
        .output()
        .expect("hmtool runs");
    let explained = String::from_utf8(explained.stdout).expect("text");
    let others = include_str!("check.rs");
    let mut missing = Vec::new();
    for (item, by) in ITEMS {
        let is_right = match by {
            Example(rule) => fires(&example, rule),
            File(rule, text) => fires(&found_in(text, None), rule),
            Profile(rule, text) => fires(&found_in("{ }", Some(text)), rule),
            Graphs(rule) => explained.contains(rule) && others.contains(rule),
            Nothing(why) => !why.is_empty(),
        };
        if !is_right {
            missing.push(*item);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn found_in(file: &str, profile: Option<&str>) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.nix", file);
    if let Some(profile) = profile {
        write("machine.nix", profile);
        write("hmtool.toml", "[machines.a]\nprofile = \"machine.nix\"\n");
    }
    findings(folder.path())
}

/// What costs is said to cost: every rule about time has hours on the example.
#[test]
fn what_costs_time_says_how_much() {
    let example = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    ));
    let found = findings(example);
    for rule in [
        "mass-rebuild",
        "lost-substitute",
        "march-cross-host",
        "consumer-builds-heavy",
    ] {
        let mut of_rule = found.iter().filter(|it| it["rule"] == rule).peekable();
        assert!(of_rule.peek().is_some(), "{rule}");
        for finding in of_rule {
            assert!(finding["cost"]["ms"].as_u64() > Some(0), "{finding}");
            assert!(finding["hint"].is_string(), "{finding}");
        }
    }
}

/// CI of the example calls `hmtool check` for the log and for the gate.
#[test]
fn the_example_shows_the_log_and_the_gate_in_ci() {
    let workflow = include_str!("../../../examples/modular-workspace/.github/workflows/check.yml");
    assert!(workflow.contains("github/codeql-action/upload-sarif"));
    let calls: Vec<Vec<&str>> = workflow
        .lines()
        .filter_map(|line| line.split_once("- run: hmtool check "))
        .map(|(_, rest)| {
            rest.split_whitespace()
                .take_while(|word| *word != ">")
                .collect()
        })
        .collect();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let example = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/modular-workspace"
    ));
    for call in calls {
        let ends = check(example, &call).status.code();
        assert_eq!(
            ends,
            Some(1),
            "it is a command that runs and fails: {call:?}"
        );
    }
}

/// Runs hmtool in the folder, which must succeed.
fn edit(folder: &Path, args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("hmtool runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
}

fn replace(folder: &Path, file: &str, changes: &[(&str, &str)]) {
    let path = folder.join(file);
    let mut text = fs::read_to_string(&path).expect("it is there");
    for (from, to) in changes {
        assert!(text.contains(from), "{file} has no {from}");
        text = text.replace(from, to);
    }
    fs::write(path, text).expect("it can be written");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The way out that each finding names is one: after fixes and edits no warning is left.
///
/// The overlays go out of force, as the plan's rollback has it, so each machine's graph is the one
/// without them; their files are mended for the day they come back.
#[test]
fn after_the_fixes_and_the_edits_check_is_silent() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    copy(
        Path::new(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/modular-workspace"
        )),
        folder,
    );
    let overlay = |name: &str| format!("modules/system/overlays/{name}.nix");
    replace(
        folder,
        &overlay("llvm-hardware-optimized"),
        &[
            ("compiler.mtune or march", "compiler.mtune or \"generic\""),
            (
                "prev.llvmPackages_19 // {",
                "prev.llvmPackages_19.overrideScope (_final: prev: {",
            ),
            ("optimize prev.llvmPackages_19.", "optimize prev."),
            ("  };\n}", "  });\n}"),
        ],
    );
    replace(
        folder,
        &overlay("nodejs-hardware-optimized"),
        &[("compiler.mtune or march", "compiler.mtune or \"generic\"")],
    );
    edit(folder, &["overlay", "fix", ".", "--unsafe", "--write"]);
    for (attribute, package, file) in [
        (
            "NIX_CXXFLAGS_COMPILE",
            "nodejs_22",
            "nodejs-hardware-optimized",
        ),
        ("ninjaFlags", "nodejs_22", "nodejs-hardware-optimized"),
        ("ninjaFlags", "onnxruntime", "onnxruntime-gpu-optimized"),
        ("makeFlags", "python313", "python-hardware-optimized"),
        ("CARGO_BUILD_JOBS", "codex", "performance-critical-apps"),
    ] {
        let file = overlay(file);
        edit(
            folder,
            &[
                "overlay",
                "unset",
                attribute,
                "--override-attrs",
                package,
                "--in",
                &file,
                "--write",
            ],
        );
    }
    for name in ["llvm", "go", "rust", "python", "onnxruntime", "performance"] {
        edit(
            folder,
            &["overlay", "disable", name, "--in", "flake.nix", "--write"],
        );
    }
    for (machine, path, value) in [
        ("shoshin", "build.compiler.march", "\"x86-64-v3\""),
        ("shoshin", "build.compiler.mtune", "\"generic\""),
        ("shoshin", "memory.effectiveTotal", "22"),
        ("shoshin", "build.parallelism.maxJobs", "1"),
        ("gyakusatsu", "build.compiler.march", "\"x86-64-v3\""),
        ("gyakusatsu", "build.compiler.mtune", "\"generic\""),
        ("gyakusatsu", "build.compiler.lto", "\"thin\""),
        ("gyakusatsu", "build.parallelism.maxJobs", "0"),
        ("gyakusatsu", "packages.python313.pgoLevel", "\"FULL\""),
        ("gyakusatsu", "packages.python313.enableLTO", "true"),
        ("gyakusatsu", "packages.rustc.enablePGO", "true"),
        ("gyakusatsu", "packages.rustc.enableLTO", "true"),
        ("gyakusatsu", "packages.nodejs.pgoLevel", "\"FULL\""),
        ("gyakusatsu", "packages.nodejs.enableLTO", "true"),
    ] {
        edit(folder, &["profile", "set", machine, path, value, "--write"]);
    }
    // The plan's tiers are kept: hmtool plan lets them share one budget. That is a decision, and
    // hmtool.toml is where it is written down.
    let toml = folder.join("hmtool.toml");
    let decided = "\n[rules]\ntiers-overflow = \"note\"\ntier-above-hot-memory = \"note\"\n";
    let text = fs::read_to_string(&toml).expect("it is there") + decided;
    fs::write(&toml, text).expect("it can be written");
    replace(
        folder,
        "hmtool.toml",
        &[
            ("\"vscode\", \"gcc\",", "\"vscode\","),
            (
                "\"graphs/shoshin.json.gz\"",
                "\"graphs/shoshin.upstream.json.gz\"",
            ),
            (
                "\"graphs/shoshin.roots\"",
                "\"graphs/shoshin.upstream.roots\"",
            ),
            (
                "\"graphs/gyakusatsu.json.gz\"",
                "\"graphs/gyakusatsu.upstream.json.gz\"",
            ),
            (
                "\"graphs/gyakusatsu.roots\"",
                "\"graphs/gyakusatsu.upstream.roots\"",
            ),
        ],
    );
    edit(folder, &["check", "--fix", "--write"]);
    let left: Vec<Value> = findings(folder)
        .into_iter()
        .filter(|it| it["severity"] != "note")
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(check(folder, &[]).status.code(), Some(0));
}
