//! What is wrong in the plan that hmtool was founded on, item by item: which rule of `hmtool check`
//! says so, shown on a repository that has it; and that the ways out are ways out.

mod example;
mod run;
mod schema;

use std::fs;
use std::path::Path;
use std::process::Output;

use example::{EXAMPLE, copy_of_example, replace};
use run::{hmtool, text};
use serde_json::Value;

/// How an item is decided.
enum By {
    /// This rule fires on a file of this text.
    File(&'static str, &'static str),
    /// This rule fires on a profile of this text.
    Profile(&'static str, &'static str),
    /// This rule fires on the example as it is.
    Example(&'static str),
    /// This rule fires on the example with these arguments.
    With(&'static str, &'static [&'static str]),
    /// This rule fires on the example when this text of hmtool.toml is another.
    Edited(&'static str, &'static str, &'static str),
    /// This rule fires on an overlay of this text and this graph.
    Graph(&'static str, &'static str, &'static str),
}

use By::{Edited, Example, File, Graph, Profile, With};

/// Two parts of one package of which the second is built beside the first.
const APART: &str = "final: prev: {
  onnx-core = prev.onnx.overrideAttrs (_: { core = true; });
  onnx-cuda = final.onnx-core.overrideAttrs (_: { cuda = true; });
}";

/// What Nix makes of it.
const APART_GRAPH: &str = r#"{
  "/nix/store/00000000000000000000000000000000-onnx-1.tar.gz.drv": {
    "outputs": { "out": {
      "path": "/nix/store/00000000000000000000000000000000-onnx-1.tar.gz", "hashAlgo": "sha256",
      "hash": "0000000000000000000000000000000000000000000000000000000000000000"
    } },
    "inputDrvs": {}, "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
    "env": {}
  },
  "/nix/store/11111111111111111111111111111111-onnx-core-1.drv": {
    "outputs": { "out": { "path": "/nix/store/11111111111111111111111111111111-onnx-core-1" } },
    "inputDrvs": {
      "/nix/store/00000000000000000000000000000000-onnx-1.tar.gz.drv": [ "out" ]
    }, "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
    "env": {}
  },
  "/nix/store/22222222222222222222222222222222-onnx-cuda-1.drv": {
    "outputs": { "out": { "path": "/nix/store/22222222222222222222222222222222-onnx-cuda-1" } },
    "inputDrvs": {
      "/nix/store/00000000000000000000000000000000-onnx-1.tar.gz.drv": [ "out" ]
    }, "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
    "env": {}
  }
}"#;

/// Each item of the specification's section 7, in its order; comments where no tool can tell it from
/// the files.
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
        With(
            "march-cross-host",
            &[
                "--machine",
                "shoshin",
                "--graph",
                "graphs/gyakusatsu.json.gz",
                "--roots",
                "graphs/gyakusatsu.roots",
            ],
        ),
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
        Edited("tier-too-big", "reserve = \"6 GB\"", "reserve = \"21 GB\""),
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
    (
        "a pattern among literals",
        Edited(
            "pattern-among-names",
            "\"codex\",",
            "\"codex\", \"mcp-.*\",",
        ),
    ),
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
        Graph("override-not-layer", APART, APART_GRAPH),
    ),
    // The order of overlays is not that of builds: a list of overlays is as good in any order, and that
    // an author means more by it is in no file.
    // `home-manager switch --dry-run` builds: a command that someone types.
    // Options of cachix that do not exist: a command that someone types; `hmtool cache plan` says which
    // steps fill a cache.
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
    // `home.file` against `cachix use`, `tenv init`, kubeval: what other programs write, document and
    // maintain is in no file of the repository.
    (
        "a machine that must not build has max-jobs 0",
        Example("one-job"),
    ),
    ("and builds what is heavy", Example("consumer-builds-heavy")),
    (
        "CUDA where there is no card",
        With(
            "cuda-on-cpu-host",
            &[
                "--machine",
                "gyakusatsu",
                "--graph",
                "graphs/shoshin.json.gz",
                "--roots",
                "graphs/shoshin.roots",
            ],
        ),
    ),
];

fn check(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["check"], args].concat())
}

fn findings(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = check(folder, &[&[".", "--format", "json"], args].concat());
    let document = schema::document(&output);
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
    let example = findings(Path::new(EXAMPLE), &[]);
    let mut missing = Vec::new();
    for (item, by) in ITEMS {
        let (rule, found) = match by {
            Example(rule) => (rule, example.clone()),
            With(rule, args) => (rule, findings(Path::new(EXAMPLE), args)),
            Edited(rule, from, to) => {
                let folder = copy_of_example();
                replace(folder.path(), "hmtool.toml", &[(from, to)]);
                (rule, findings(folder.path(), &[]))
            }
            File(rule, text) => (rule, found_in(&[("a.nix", text)], &[])),
            Profile(rule, text) => {
                let toml = "[machines.a]\nprofile = \"machine.nix\"\n";
                let files = [("machine.nix", *text), ("hmtool.toml", toml)];
                (rule, found_in(&files, &[]))
            }
            Graph(rule, overlay, graph) => {
                let files = [
                    ("default.nix", "import ./a.nix"),
                    ("a.nix", *overlay),
                    ("graph.json", *graph),
                ];
                (rule, found_in(&files, &["--graph", "graph.json"]))
            }
        };
        if !fires(&found, rule) {
            missing.push(*item);
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

fn found_in(files: &[(&str, &str)], args: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("it can be written");
    }
    findings(folder.path(), args)
}

/// What costs is said to cost: every rule about time has hours on the example.
#[test]
fn what_costs_time_says_how_much() {
    let found = findings(Path::new(EXAMPLE), &[]);
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
    let example = Path::new(EXAMPLE);
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
    let output = hmtool(folder, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
}

/// The way out that each finding names is one: after fixes and edits no warning is left.
///
/// The overlays go out of force, as the plan's rollback has it, so each machine's graph is the one
/// without them; their files are mended for the day they come back.
#[test]
fn after_the_fixes_and_the_edits_check_is_silent() {
    let folder = copy_of_example();
    let folder = folder.path();
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
    let left: Vec<Value> = findings(folder, &[])
        .into_iter()
        .filter(|it| it["severity"] != "note")
        .collect();
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(check(folder, &[]).status.code(), Some(0));
}
