//! The example's captured graphs are what its Nix files evaluate to, and the files are what
//! they claim to be: pure, free of CUDA where there is no card, and buildable offline.
//!
//! When one of these fails after a change to the example, run
//! `examples/modular-workspace/capture-graphs.sh` and commit what it wrote.

#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod one_march;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use drv_graph::{Derivation, DerivationGraph, KeepEnv, ReadOptions, derivation_json, path_info};

use nix::{Nix, example};

const MACHINES: [&str; 2] = ["shoshin", "gyakusatsu"];

/// What a graph of CUDA would have in a name.
const CUDA: [&str; 4] = ["cuda", "cudnn", "cublas", "nvidia"];

const CAPTURE: &str = "run examples/modular-workspace/capture-graphs.sh and commit";

fn captured(name: &str) -> Vec<u8> {
    let path = example().join("graphs").join(name);
    let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if file.first() != Some(&0x1f) {
        return file;
    }
    let mut contents = Vec::new();
    flate2::read::GzDecoder::new(&file[..])
        .read_to_end(&mut contents)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    contents
}

fn captured_text(name: &str) -> String {
    String::from_utf8(captured(name)).expect("captured files are text")
}

fn read(json: &[u8]) -> DerivationGraph {
    let options = ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    };
    derivation_json::read(json, &options).expect("a graph that Nix printed")
}

fn captured_graph(machine: &str) -> DerivationGraph {
    read(&captured(&format!("{machine}.json.gz")))
}

fn by_path(graph: &DerivationGraph) -> BTreeMap<&str, &Derivation> {
    graph
        .iter()
        .map(|(_, derivation)| (derivation.path().as_str(), derivation))
        .collect()
}

fn instantiate(nix: &Nix, args: &[&str]) -> String {
    instantiate_in(&example(), nix, args)
}

fn instantiate_in(folder: &Path, nix: &Nix, args: &[&str]) -> String {
    let file = folder.join("default.nix");
    let root = nix.folder().join("root.drv");
    let mut all = vec![file.to_str().expect("a path of UTF-8")];
    all.extend_from_slice(args);
    // A root of its own, so that Nix does not warn of collected garbage.
    all.extend(["--add-root", root.to_str().expect("a path of UTF-8")]);
    nix.run("nix-instantiate", &all);
    fs::read_link(&root)
        .expect("nix-instantiate made the root")
        .to_str()
        .expect("store paths are ASCII")
        .to_owned()
}

#[test]
fn graphs_are_current() {
    let Some(nix) = Nix::evaluating("graphs_are_current") else {
        return;
    };
    for machine in MACHINES {
        let stock = instantiate(
            &nix,
            &["--argstr", "machine", machine, "--arg", "stock", "true"],
        );
        graph_is_current(&nix, &format!("{machine}.upstream"), &stock);
    }
    for machine in MACHINES {
        let root = instantiate(&nix, &["--argstr", "machine", machine]);
        let evaluated = graph_is_current(&nix, machine, &root);
        let evaluated = by_path(&evaluated);

        let attributes = nix.run(
            "nix",
            &[
                "eval",
                "--raw",
                "--impure",
                "--expr",
                &format!(
                    "import {}/attributes.nix {{ machine = \"{machine}\"; }}",
                    example().display()
                ),
            ],
        );
        let in_graph: String = attributes
            .lines()
            .filter(|line| {
                line.split_once(' ')
                    .is_some_and(|(_, path)| evaluated.contains_key(path))
            })
            .flat_map(|line| [line, "\n"])
            .collect();
        assert_eq!(
            captured_text(&format!("{machine}.attributes")),
            in_graph,
            "{machine}.attributes: {CAPTURE}"
        );
    }
}

/// The graph that is evaluated, which is the captured one.
fn graph_is_current(nix: &Nix, name: &str, root: &str) -> DerivationGraph {
    assert_eq!(
        captured_text(&format!("{name}.roots")),
        format!("{root}\n"),
        "{name}.roots: {CAPTURE}"
    );
    let committed = captured_graph(name);
    let graph = read(nix.show(root).as_bytes());
    let (committed, evaluated) = (by_path(&committed), by_path(&graph));
    for (path, derivation) in &evaluated {
        assert_eq!(
            committed.get(path),
            Some(derivation),
            "{name}: {path}: {CAPTURE}"
        );
    }
    assert_eq!(committed.len(), evaluated.len(), "{name}: {CAPTURE}");
    graph
}

/// As a flake the files are evaluated without environment, clock or paths outside of them.
#[test]
fn evaluation_is_pure() {
    let Some(nix) = Nix::evaluating("evaluation_is_pure") else {
        return;
    };
    for machine in MACHINES {
        let installable = format!("path:{}#{machine}.drvPath", example().display());
        let drv = nix.run(
            "nix",
            &["eval", "--raw", "--no-write-lock-file", &installable],
        );
        assert_eq!(
            captured_text(&format!("{machine}.roots")).trim_end(),
            drv,
            "{machine}: the flake and default.nix differ, or {CAPTURE}"
        );
    }
}

#[test]
fn cache_holds_the_untouched_set() {
    let infos = path_info::read(&captured("cache.path-info.json.gz")).expect("path infos");
    let held: BTreeSet<&str> = infos.valid.iter().map(|info| info.path.as_str()).collect();
    // Closed, as a cache that serves its paths must be.
    for info in &infos.valid {
        for reference in &info.references {
            assert!(
                held.contains(reference.as_str()),
                "{} refers to {reference:?}, which the cache does not hold",
                info.path.as_str()
            );
        }
    }

    let Some(nix) = Nix::evaluating("cache_holds_the_untouched_set") else {
        return;
    };
    let root = instantiate(&nix, &["--arg", "stock", "true"]);
    let graph = read(nix.show(&root).as_bytes());
    let outputs: BTreeSet<&str> = graph
        .iter()
        .flat_map(|(_, derivation)| derivation.outputs())
        .map(|output| {
            output
                .path
                .as_ref()
                .expect("all is input-addressed")
                .as_str()
        })
        .collect();
    assert_eq!(held, outputs, "{CAPTURE}");
}

#[test]
fn only_the_machine_with_a_card_has_cuda() {
    let of = |machine: &str| {
        captured_graph(machine)
            .iter()
            .map(|(_, derivation)| derivation.name().to_owned())
            .filter(|name| CUDA.iter().any(|word| name.contains(word)))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("gyakusatsu"), Vec::<String>::new());
    assert!(
        of("shoshin")
            .iter()
            .any(|name| name.starts_with("cudatoolkit-")),
        "the test would not see CUDA if it were there"
    );
}

#[test]
fn gyakusatsu_builds_offline() {
    let Some(nix) = Nix::building("gyakusatsu_builds_offline") else {
        return;
    };
    let root = instantiate(&nix, &["--argstr", "machine", "gyakusatsu"]);
    let generation = nix.run(
        "nix-store",
        &[
            "--realise",
            &root,
            "--max-jobs",
            "2",
            "--add-root",
            &link(&nix, "result"),
        ],
    );
    let generation = fs::canonicalize(generation.trim()).expect("the generation is there");

    let requisites = nix.run(
        "nix-store",
        &[
            "--query",
            "--requisites",
            generation.to_str().expect("ASCII"),
        ],
    );
    assert!(
        requisites.lines().count() > 60,
        "what runs refers to what it is linked with:\n{requisites}"
    );
    let cuda: Vec<_> = requisites
        .lines()
        .filter(|path| CUDA.iter().any(|word| path.contains(word)))
        .collect();
    assert_eq!(cuda, Vec::<&str>::new());

    // The flags of this machine's profile are what its packages saw.
    let outputs = |name: &str| {
        let paths: Vec<_> = requisites
            .lines()
            .filter(|path| path.ends_with(name))
            .collect();
        assert!(
            !paths.is_empty(),
            "{name} is not in the closure:\n{requisites}"
        );
        paths
            .into_iter()
            .map(|path| fs::read_to_string(path).expect("an output is a file of text"))
            .collect::<Vec<_>>()
    };
    let told = |name: &str, flag: &str| {
        outputs(name)
            .iter()
            .filter(|output| output.contains(flag))
            .count()
    };
    assert_eq!(
        told("-ripgrep-15.1.0", "# RUSTFLAGS:  -C target-cpu=znver3"),
        1
    );
    assert_eq!(told("-go-1.25.4", "# GOAMD64: v3"), 1);
    assert_eq!(told("-python3-3.13.9", "-march"), 0);
    assert_eq!(told("-onnxruntime-1.22.2", "# cudaSupport"), 0);
    // The LLVM overlay replaces a member of the scope with `//`: mesa gets the new one, clang
    // keeps the old one.
    assert_eq!(outputs("-llvm-19.1.7-lib").len(), 2);
    assert_eq!(told("-llvm-19.1.7-lib", "-march=znver3"), 1);

    // What was built runs.
    let lazygit = requisites
        .lines()
        .find(|path| path.ends_with("-lazygit-0.56.0"))
        .expect("it is installed");
    let version = nix.run("sh", &[lazygit, "--version"]);
    assert_eq!(version, "lazygit 0.56.0\n");

    // However many cores a build is given, its output is the same: Nix compares.
    let llvm = nix
        .run("nix-store", &["--query", "--requisites", &root])
        .lines()
        .find(|path| path.ends_with("-llvm-19.1.7.drv"))
        .expect("llvm is built")
        .to_owned();
    nix.run(
        "nix-store",
        &["--realise", "--check", &llvm, "--cores", "1"],
    );
    nix.run(
        "nix-store",
        &["--realise", "--check", &llvm, "--cores", "6"],
    );
}

fn link(nix: &Nix, name: &str) -> String {
    nix.folder()
        .join(name)
        .to_str()
        .expect("a path of UTF-8")
        .to_owned()
}
