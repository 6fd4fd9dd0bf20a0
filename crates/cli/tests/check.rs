//! `hmtool check`: what it finds in the example and in small repositories, where, in which formats,
//! and how it ends.

mod example;
mod run;
mod shared_data;

use std::fs;
use std::path::Path;
use std::process::Output;

use example::{EXAMPLE, copy_of_example, replace};
use expect_test::{Expect, expect};
use run::{hmtool, text};
use serde_json::{Value, json};

fn check(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["check"], args].concat())
}

fn document(folder: &Path, args: &[&str]) -> Value {
    let output = check(folder, &[args, &["--format", "json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output.stderr)))
}

/// Each finding as `file:line rule: message`, the file without its folders; of hmtool.toml the text of
/// the line.
fn said(folder: &Path, args: &[&str]) -> String {
    let document = document(folder, args);
    let findings = document["findings"].as_array().expect("a list").iter();
    let lines = findings.map(|it| {
        let file = it["place"]["file"].as_str().unwrap_or("-");
        let file = file.rsplit('/').next().unwrap_or_default();
        let line = match it["place"]["source"]["text"].as_str() {
            // Settings come and go above it.
            Some(text) if file == "hmtool.toml" => text.trim().to_owned(),
            _ => it["place"]["region"]["startLine"].to_string(),
        };
        let rule = it["rule"].as_str().unwrap_or_default();
        let message = it["message"].as_str().unwrap_or_default();
        format!("{file}:{line} {rule}: {message}\n")
    });
    lines.collect()
}

fn says(folder: &Path, args: &[&str], expected: &Expect) {
    expected.assert_eq(&said(folder, args));
}

/// A copy of the example, to be changed.
/// The store path of a package of a made-up graph.
fn store_path(digit: char, name: &str) -> String {
    format!("/nix/store/{}-{name}", digit.to_string().repeat(32))
}

/// A derivation of a made-up graph: the digit of its hash, its name, its inputs, its variables.
type Made<'a> = (char, &'a str, &'a [(char, &'a str)], Value);

fn graph(derivations: &[Made<'_>]) -> String {
    let mut all = serde_json::Map::new();
    for (digit, name, inputs, env) in derivations {
        let inputs: serde_json::Map<String, Value> = inputs
            .iter()
            .map(|(digit, name)| (store_path(*digit, &format!("{name}.drv")), json!(["out"])))
            .collect();
        let mut out = json!({ "path": store_path(*digit, name) });
        if name.ends_with(".tar.gz") {
            out["hashAlgo"] = json!("sha256");
            out["hash"] = json!("0".repeat(64));
        }
        all.insert(
            store_path(*digit, &format!("{name}.drv")),
            json!({
                "outputs": { "out": out }, "inputDrvs": inputs, "inputSrcs": [],
                "system": "x86_64-linux", "builder": "/bin/sh", "args": [], "env": env,
            }),
        );
    }
    Value::Object(all).to_string()
}

#[test]
fn the_example_is_checked_in_one_pass() {
    let folder = Path::new(EXAMPLE);
    says(
        folder,
        &[
            "--ignore",
            "number-as-text",
            "--ignore",
            "bare-memory-number",
        ],
        &expect![[r#"
            hmtool.toml:[machines.gyakusatsu] consumer-builds-heavy: gyakusatsu builds only light, and would build 3 of tier heavy for 3 h 09 min: chromium-unwrapped, firefox-unwrapped, llvm
            hmtool.toml:[machines.gyakusatsu] consumer-builds-heavy: gyakusatsu builds only light, and would build 7 of tier medium for 1 h 18 min: codex, rustc-unwrapped, go_1_25 and 4 more
            hmtool.toml:"openssl", "libgcrypt", "libsodium", rule-matches-nothing: "libsodium" matches no derivation
            hmtool.toml:"electron", "vscode", "gcc", two-tiers: gcc-14.3.0 is in tiers heavy ("gcc") and medium ("gcc"); heavy comes first and holds
            gyakusatsu.nix:52 one-job: one derivation at a time is built here; to build nothing, 0 is meant
            gyakusatsu.nix:60 march-cross-host: gyakusatsu is built for x86-64-v3, znver3 and shoshin for skylake, x86-64-v3: 25 builds that both need share no hash, 4 h 58 min here
            gyakusatsu.nix:60 march-differs: builds for znver3, and shoshin for skylake: hardly any output is the same
            gyakusatsu.nix:63 settings-differ: lto is off here and thin on shoshin: two derivations, of which the cache has one
            gyakusatsu.nix:71 settings-differ: pgoLevel is NONE here and FULL on shoshin, enableLTO is false here and true on shoshin: two derivations, of which the cache has one
            gyakusatsu.nix:76 settings-differ: enablePGO is false here and true on shoshin, enableLTO is false here and true on shoshin: two derivations, of which the cache has one
            gyakusatsu.nix:81 settings-differ: pgoLevel is NONE here and FULL on shoshin, enableLTO is false here and true on shoshin: two derivations, of which the cache has one
            shoshin.nix:null tier-above-hot-memory: a job needs 12.0 GB; RAM less the reserve is 10.0 GB, and the rest of the 16.0 GB for builds is in zram
            shoshin.nix:null tiers-overflow: 1 × 12.0 GB + 3 × 6.0 GB + 12 × 1.0 GB = 42.0 GB at once; 16.0 GB are left for builds, of which 4.0 GB can be in use at once while zram is full
            shoshin.nix:46 zram-counted-as-ram: declares 28.0 GB; zram lives in RAM: about 22.0 GB effective at ratio 2, of which 10.0 GB hot; overstated by 6.0 GB
            shoshin.nix:54 memory-overcommitted: 2 × 12.0 GB = 24.0 GB at once; 16.0 GB are left for builds, of which 4.0 GB can be in use at once while zram is full
            shoshin.nix:59 threads-called-cores: 6 are threads; the machine has 4 physical cores
            llvm-hardware-optimized.nix:12 mtune-level: `x86-64-v3` is a level, not a processor: gcc refuses `-mtune=x86-64-v3`
            llvm-hardware-optimized.nix:26 needs-override-scope: what is built within `llvmPackages_19` still uses its old members
            llvm-hardware-optimized.nix:28 noop-override: `llvmPackages_19.clang-unwrapped` is in no closure of shoshin and gyakusatsu: overriding it changes nothing
            nodejs-hardware-optimized.nix:14 mtune-level: `x86-64-v3` is a level, not a processor: gcc refuses `-mtune=x86-64-v3`
            nodejs-hardware-optimized.nix:24 flags-outside-env: where the package has `NIX_CFLAGS_COMPILE` in `env`, nixpkgs refuses it here
            nodejs-hardware-optimized.nix:30 unread-variable: nothing reads `NIX_CXXFLAGS_COMPILE`
            nodejs-hardware-optimized.nix:37 parallelism-in-derivation: `-j…` in `ninjaFlags` becomes part of the derivation's hash
            onnxruntime-gpu-optimized.nix:24 flags-outside-env: where the package has `NIX_CFLAGS_COMPILE` in `env`, nixpkgs refuses it here
            onnxruntime-gpu-optimized.nix:33 parallelism-in-derivation: `-j…` in `ninjaFlags` becomes part of the derivation's hash
            performance-critical-apps.nix:26 parallelism-in-derivation: `CARGO_BUILD_JOBS` becomes part of the derivation's hash
            python-hardware-optimized.nix:24 lost-substitute: cache.nixos.org has 59 derivations that shoshin builds for 7 h 50 min instead of fetching 31 kB, because of python313, mesa, chromium-unwrapped and 18 more
            python-hardware-optimized.nix:24 mass-rebuild: changing `python313` builds 53 of the 157 derivations of shoshin again (34 %): 7 h 34 min
            python-hardware-optimized.nix:35 parallelism-in-derivation: `-j…` in `makeFlags` becomes part of the derivation's hash
            rust-hardware-optimized.nix:20 lost-substitute: cache.nixos.org has 29 derivations that gyakusatsu builds for 5 h 00 min instead of fetching 11 kB, because of rustc, mesa, codex and 13 more
            rust-hardware-optimized.nix:20 mass-rebuild: changing `rustc` builds 17 of the 157 derivations of shoshin again (11 %): 1 h 20 min
            rust-hardware-optimized.nix:20 mass-rebuild: changing `rustc` builds 23 of the 150 derivations of gyakusatsu again (15 %): 4 h 44 min
        "#]],
    );
    let output = check(folder, &[]);
    assert_eq!(output.status.code(), Some(1));
    let from_outside = check(Path::new(EXAMPLE).parent().unwrap(), &["modular-workspace"]);
    assert_eq!(from_outside.status.code(), Some(1));
    assert!(text(&from_outside.stdout).contains("modular-workspace/hmtool.toml:"));
}

#[test]
fn one_machine_is_checked_alone() {
    let found = said(
        Path::new(EXAMPLE),
        &["--machine", "shoshin", "--fail-on", "note"],
    );
    assert!(found.contains("zram-counted-as-ram"), "{found}");
    assert!(!found.contains("march-"), "{found}");
    assert!(!found.contains("gyakusatsu"), "{found}");
    let output = check(Path::new(EXAMPLE), &["--machine", "soshin"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `shoshin`?"));
}

#[test]
fn without_configuration_and_graph_the_files_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.nix"), "let a = 1; in 2").unwrap();
    says(
        folder.path(),
        &["."],
        &expect![[r"
        a.nix:1 unused-let: `a` is bound and not used
    "]],
    );
    let output = check(folder.path(), &["a.nix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is not a directory"));
    let output = check(folder.path(), &["--write"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn code_that_the_machine_does_not_run_is_an_error() {
    let args = [
        "--rule",
        "march-cross-host",
        "--machine",
        "shoshin",
        "--graph",
        "graphs/gyakusatsu.json.gz",
        "--roots",
        "graphs/gyakusatsu.roots",
    ];
    let found = said(Path::new(EXAMPLE), &args);
    assert!(found.contains("znver3, and shoshin lacks sse4a"), "{found}");
    let runs = [
        "--rule",
        "march-cross-host",
        "--machine",
        "gyakusatsu",
        "--graph",
        "graphs/shoshin.json.gz",
        "--roots",
        "graphs/shoshin.roots",
    ];
    says(Path::new(EXAMPLE), &runs, &expect![[""]]);
}

#[test]
fn cuda_is_found_with_the_path_by_which_it_came() {
    let args = |machine, rule| {
        vec![
            "--rule",
            rule,
            "--machine",
            machine,
            "--graph",
            "graphs/shoshin.json.gz",
            "--roots",
            "graphs/shoshin.roots",
            "--attributes",
            "graphs/shoshin.attributes",
        ]
    };
    says(
        Path::new(EXAMPLE),
        &args("gyakusatsu", "cuda-on-cpu-host"),
        &expect![[r#"
            gyakusatsu.nix:32 cuda-on-cpu-host: gyakusatsu has no CUDA and needs 5 packages of it, 54 min to build: cudaPackages_12_8.cuda_nvcc → onnxruntime → home-manager-path → home-manager-generation
        "#]],
    );
    says(
        Path::new(EXAMPLE),
        &args("shoshin", "cuda-on-cpu-host"),
        &expect![[""]],
    );
}

#[test]
fn what_fits_at_no_number_of_cores_is_an_error() {
    let rule = ["--rule", "tier-too-big"];
    says(Path::new(EXAMPLE), &rule, &expect![[""]]);
    let folder = copy_of_example();
    replace(
        folder.path(),
        "hmtool.toml",
        &[("reserve = \"6 GB\"", "reserve = \"21 GB\"")],
    );
    let args = [&rule[..], &["--machine", "shoshin"]].concat();
    says(
        folder.path(),
        &args,
        &expect![[r#"
            hmtool.toml:name = "heavy" tier-too-big: even with one thread onnxruntime (7.0 GB), firefox-unwrapped (6.0 GB), chromium-unwrapped (5.9 GB) and 3 more of tier heavy do not fit into the 1012 MB that shoshin has for builds
            hmtool.toml:name = "medium" tier-too-big: even with one thread rustc-unwrapped (5.8 GB), rustc (5.8 GB), nodejs_22 (3.0 GB) and 3 more of tier medium do not fit into the 1012 MB that shoshin has for builds
        "#]],
    );
}

#[test]
fn rules_of_tiers_are_checked_against_all_graphs() {
    let folder = copy_of_example();
    replace(
        folder.path(),
        "hmtool.toml",
        &[("\"codex\",", "\"codex\", \"mcp-.*\",")],
    );
    let found = said(folder.path(), &["--rule", "pattern-among-names"]);
    assert!(
        found.contains("\"mcp-.*\" is compared literally"),
        "{found}"
    );
    says(
        Path::new(EXAMPLE),
        &["--rule", "pattern-among-names"],
        &expect![[""]],
    );
}

#[test]
fn what_upstream_has_is_neither_lost_nor_built_by_a_consumer() {
    let folder = copy_of_example();
    let toml = folder.path().join("hmtool.toml");
    let content = fs::read_to_string(&toml).unwrap();
    let content = content
        .replace("graphs/shoshin.json.gz", "graphs/shoshin.upstream.json.gz")
        .replace("graphs/shoshin.roots", "graphs/shoshin.upstream.roots")
        .replace(
            "graphs/gyakusatsu.json.gz",
            "graphs/gyakusatsu.upstream.json.gz",
        )
        .replace(
            "graphs/gyakusatsu.roots",
            "graphs/gyakusatsu.upstream.roots",
        );
    fs::write(toml, content).unwrap();
    let rules = [
        "mass-rebuild",
        "lost-substitute",
        "march-cross-host",
        "consumer-builds-heavy",
        "cuda-on-cpu-host",
        "override-not-layer",
        "not-servable",
    ];
    let args: Vec<&str> = rules.iter().flat_map(|rule| ["--rule", rule]).collect();
    says(folder.path(), &args, &expect![[""]]);
}

#[test]
fn layers_that_do_not_build_on_one_another_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    write("default.nix", "import ./overlay.nix");
    write(
        "overlay.nix",
        "final: prev: {\n  onnx-core = prev.onnx.overrideAttrs (_: { core = true; });\n  \
         onnx-cuda = final.onnx-core.overrideAttrs (_: { cuda = true; });\n}\n",
    );
    let source = ('0', "onnx-1.tar.gz", &[][..], json!({}));
    let core: &[(char, &str)] = &[('0', "onnx-1.tar.gz")];
    let both: &[(char, &str)] = &[('0', "onnx-1.tar.gz"), ('1', "onnx-core-1")];
    let apart = [
        source.clone(),
        ('1', "onnx-core-1", core, json!({})),
        ('2', "onnx-cuda-1", core, json!({})),
    ];
    let layered = [
        source,
        ('1', "onnx-core-1", core, json!({})),
        ('2', "onnx-cuda-1", both, json!({})),
    ];
    write("apart.json", &graph(&apart));
    write("layered.json", &graph(&layered));
    let args = |file| ["--rule", "override-not-layer", "--graph", file];
    let found = said(folder.path(), &args("apart.json"));
    assert!(
        found.starts_with(
            "overlay.nix:3 override-not-layer: `onnx-cuda` does not build on `onnx-core`"
        ),
        "{found}"
    );
    says(folder.path(), &args("layered.json"), &expect![[""]]);
}

#[test]
fn an_override_that_changes_nothing_is_told_of_unless_a_comment_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    let overlay = |comment: &str| {
        format!(
            "final: prev: {{\n  zlib = prev.zlib.overrideAttrs (_: {{ NIX_CFLAGS_COMPILE = \"-O3\"; }});\n  \
             zstd = prev.zstd.overrideAttrs (_: {{ NIX_CFLAGS_COMPILE = \"-O3\"; }}); {comment}\n}}\n"
        )
    };
    write("default.nix", "import ./overlay.nix");
    write("overlay.nix", &overlay(""));
    let of = |zlib: char, git: char, flags: &str| {
        graph(&[
            (
                zlib,
                "zlib-1.3",
                &[],
                json!({ "NIX_CFLAGS_COMPILE": flags }),
            ),
            (git, "git-2.50", &[(zlib, "zlib-1.3")], json!({})),
        ])
    };
    write("before.json", &of('0', '1', ""));
    write("after.json", &of('2', '3', "-O3"));
    let args = [
        "--rule",
        "noop-override",
        "--rule",
        "allow-comment",
        "--graph",
        "after.json",
        "--upstream",
        "before.json",
    ];
    says(
        folder.path(),
        &args,
        &expect![[r"
        overlay.nix:3 noop-override: `zstd` is in no closure of this machine: overriding it changes nothing
    "]],
    );
    write(
        "overlay.nix",
        &overlay("# hmtool: allow(noop-override) for the laptop"),
    );
    says(folder.path(), &args, &expect![[""]]);
    write("overlay.nix", &overlay("# hmtool: allow(noop-override)"));
    let found = said(folder.path(), &args);
    assert!(
        found.contains("allow-comment") && found.contains("noop-override"),
        "{found}"
    );
    write("default.nix", "# import ./overlay.nix\n{ }");
    let found = said(folder.path(), &args);
    assert!(
        !found.contains("noop-override: "),
        "it is not in force: {found}"
    );
}

#[test]
fn an_overlay_is_in_force_where_code_names_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    fs::create_dir(folder.path().join("overlays")).unwrap();
    write(
        "overlays/zstd.nix",
        "final: prev: {\n  zstd = prev.zstd.overrideAttrs (_: { NIX_CFLAGS_COMPILE = \"-O3\"; });\n}\n",
    );
    let git = graph(&[('1', "git-2.50", &[], json!({}))]);
    write("graph.json", &git);
    let args = ["--rule", "noop-override", "--graph", "graph.json"];
    let args = [&args[..], &["--upstream", "graph.json"]].concat();
    for (main, in_force) in [
        ("[ (import ./overlays/zstd.nix) ]", true),
        ("{ nixpkgs.overlays = [ ./overlays/zstd.nix ]; }", true),
        ("pkgs: pkgs.callPackage ./overlays/zstd.nix { }", true),
        ("{ self }: import (self + \"/overlays/zstd.nix\")", true),
        (
            "map (name: import (./overlays + \"/${name}.nix\")) [ \"zstd\" ]",
            true,
        ),
        ("[ \"# from\" (import ./overlays/zstd.nix) ]", true),
        ("[\n  # (import ./overlays/zstd.nix)\n]", false),
        ("[\n  /*\n  (import ./overlays/zstd.nix)\n  */\n]", false),
        ("[ \"./overlays/zstd.nix\" ]", false),
        ("{ text = ''\n  see ./overlays/zstd.nix\n''; }", false),
        ("[ (import ./other/zstd.nix) ]", false),
    ] {
        write("default.nix", main);
        let found = said(folder.path(), &args);
        assert_eq!(found.contains("noop-override"), in_force, "{main}: {found}");
    }
    write("default.nix", "[ ./overlays/zstd.nix ]");
    let above = folder.path().parent().unwrap();
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let graph = format!("{name}/graph.json");
    let args = [
        name,
        "--rule",
        "noop-override",
        "--graph",
        &graph,
        "--upstream",
        &graph,
    ];
    assert!(said(above, &args).contains("noop-override"));
    write("overlays/zstd.nix", "{ }");
    write(
        "default.nix",
        "final: prev: { zstd = prev.zstd.overrideAttrs (_: { NIX_CFLAGS_COMPILE = \"-O3\"; }); }",
    );
    assert!(
        said(above, &args).contains("noop-override"),
        "what is built counts from anywhere"
    );
}

#[test]
fn the_overlay_of_the_shared_graphs_names_two_packages_in_vain() {
    let test = "the_overlay_of_the_shared_graphs_names_two_packages_in_vain";
    let Some(data) = shared_data::with_graph(test, "home-stock.json.gz") else {
        return;
    };
    let graphs = data.join("graphs");
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "zlib",
        "zstd",
        "openssl",
        "libgcrypt",
        "libsodium",
        "ncurses",
        "readline",
        "sqlite",
        "libffi",
        "expat",
        "xz",
        "bzip2",
        "libxml2",
        "libxslt",
    ];
    let lines: String = names
        .iter()
        .map(|name| format!("  {name} = prev.{name}.overrideAttrs (_: {{ NIX_CFLAGS_COMPILE = \"-march=skylake\"; }});\n"))
        .collect();
    fs::write(
        folder.path().join("libs.nix"),
        format!("final: prev: {{\n{lines}}}\n"),
    )
    .unwrap();
    fs::write(folder.path().join("default.nix"), "import ./libs.nix").unwrap();
    let file = |name: &str| graphs.join(name).display().to_string();
    let args = [
        "--graph",
        &file("home-skylake.json.gz"),
        "--roots",
        &file("home-skylake.roots"),
        "--upstream",
        &file("home-stock.json.gz"),
        "--upstream-roots",
        &file("home-stock.roots"),
    ];
    says(
        folder.path(),
        &[&args[..], &["--rule", "noop-override"]].concat(),
        &expect![[r"
            libs.nix:3 noop-override: `zstd` is in no closure of this machine: overriding it changes nothing
            libs.nix:6 noop-override: `libsodium` is in no closure of this machine: overriding it changes nothing
        "]],
    );
    let found = said(
        folder.path(),
        &[&args[..], &["--rule", "mass-rebuild"]].concat(),
    );
    assert!(
        found.contains("libs.nix:2 mass-rebuild: changing `zlib` builds 628 of the 639"),
        "{found}"
    );
}

#[test]
fn levels_baseline_and_formats_are_those_of_all_checks() {
    let folder = copy_of_example();
    let quiet = "\n[rules]\nmass-rebuild = \"off\"\nlost-substitute = \"error\"\n";
    let toml = folder.path().join("hmtool.toml");
    let content = fs::read_to_string(&toml).unwrap() + quiet;
    fs::write(&toml, content).unwrap();
    let found = said(folder.path(), &[]);
    assert!(!found.contains(" mass-rebuild:"), "{found}");
    let before = document(folder.path(), &[]);
    fs::write(folder.path().join("baseline.json"), before.to_string()).unwrap();
    let output = check(
        folder.path(),
        &["--baseline", "baseline.json", "--fail-on", "note"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let output = check(folder.path(), &["--format", "sarif"]);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .any(|it| it["ruleId"] == "lost-substitute" && it["level"] == "error")
    );
    let again = check(folder.path(), &["--format", "sarif"]);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn fixes_are_shown_and_only_written_when_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.nix");
    fs::write(&file, "let a = 1; in 2\n").unwrap();
    let output = check(folder.path(), &[".", "--fix"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("-let a = 1; in 2"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "let a = 1; in 2\n");
    let output = check(folder.path(), &[".", "--fix", "--write"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).unwrap(), "2\n");
    let output = check(folder.path(), &["."]);
    assert_eq!(output.status.code(), Some(0));
}
