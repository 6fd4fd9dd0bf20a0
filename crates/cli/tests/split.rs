//! `hmtool split`: what drives rebuilds over a series of graphs, and what is a layer.

mod run;
mod schema;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use expect_test::expect;
use run::{hmtool, text};

fn split(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["split"], args].concat())
}

/// The length of a store path's hash.
const HASH: usize = 32;

/// A derivation: its name, the state of what it says itself, and its inputs.
type Recipe<'a> = (&'a str, u8, &'a [&'a str]);

/// A graph; what a path is called follows from all that it is made of.
fn graph(recipes: &[Recipe<'_>]) -> String {
    let mut made: Vec<(&str, String)> = Vec::new();
    let mut json = String::from("{");
    for (name, state, inputs) in recipes {
        let inputs: Vec<&String> = inputs
            .iter()
            .map(|input| {
                let found = made.iter().find(|(name, _)| name == input);
                &found.expect("inputs come first").1
            })
            .collect();
        let mut hash = u64::from(*state) + 7;
        for byte in name
            .bytes()
            .chain(inputs.iter().flat_map(|path| path.bytes()))
        {
            hash = hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte);
        }
        let path = format!("/nix/store/{hash:0>HASH$}-{name}");
        let files: Vec<String> = inputs
            .iter()
            .map(|path| format!("\"{path}.drv\": [\"out\"]"))
            .collect();
        let comma = if made.is_empty() { "" } else { "," };
        let is_source = name.ends_with(".tar.gz");
        let fixed = if is_source {
            format!(", \"hash\": \"{state:064x}\", \"hashAlgo\": \"sha256\"")
        } else {
            String::new()
        };
        let stdenv = inputs.iter().find(|path| path.ends_with("-stdenv"));
        let stdenv = stdenv.map_or_else(String::new, |path| format!(", \"stdenv\": \"{path}\""));
        let texts: Vec<&str> = inputs.iter().map(|path| path.as_str()).collect();
        let _ = write!(
            json,
            "{comma}\"{path}.drv\": {{\"outputs\": {{\"out\": {{\"path\": \"{path}\"{fixed}}}}}, \
             \"inputSrcs\": [], \"inputDrvs\": {{{}}}, \"system\": \"x86_64-linux\", \
             \"builder\": \"/bin/sh\", \"args\": [], \"env\": {{\"state\": \"{state}\", \
             \"buildInputs\": \"{}\"{stdenv}}}}}",
            files.join(", "),
            texts.join(" "),
        );
        made.push((name, path));
    }
    json + "}"
}

/// One program on a toolchain and two libraries, whose states are given.
fn program(stdenv: u8, cuda: u8, cudnn: u8, program: u8) -> String {
    graph(&[
        ("stdenv", stdenv, &[]),
        ("cuda-12", cuda, &["stdenv"]),
        ("cudnn-9", cudnn, &["stdenv"]),
        (
            "onnxruntime-1.19",
            program,
            &["stdenv", "cuda-12", "cudnn-9"],
        ),
    ])
}

fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("it can be written");
    }
    folder
}

#[test]
fn what_drives_rebuilds_is_named_with_what_a_split_saves() {
    let folder = folder(&[
        ("0.json", program(0, 0, 0, 0)),
        ("1.json", program(0, 1, 0, 0)),
        ("2.json", program(0, 2, 2, 0)),
        ("3.json", program(3, 2, 2, 0)),
        ("4.json", program(3, 4, 2, 4)),
    ]);
    let before = ["0.json", "1.json", "2.json", "3.json"];
    let mut args = vec!["suggest", "--no-config", "--graph", "4.json"];
    args.extend(before.iter().flat_map(|file| ["--before", file]));
    let output = split(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        11 rebuilds over 4 steps, 15 h 43 min to build one after the other

        Built again because of inputs  those first that took longest
                            times        each     together  split saves  driven by
          onnxruntime-1.19      4  3 h 55 min  15 h 39 min   7 h 49 min  cudnn-9, cuda-12
          cudnn-9               2        40 s         80 s      nothing  stdenv, which build it
          cuda-12               4        40 s        3 min      nothing  stdenv, which build it
          stdenv                1         1 s          1 s      nothing  edits of its own

        A split saves that much at most: as if all of the time went into a part that does not need the
        inputs. What is built with them, such as a compiler's environment, cannot be split off.
    "#]].assert_eq(&text(&output.stdout));

    args.extend(["--format", "json"]);
    let output = split(folder.path(), &args);
    let document = schema::document(&output);
    let packages = document["packages"].as_array().expect("a list");
    let onnx = packages
        .iter()
        .find(|package| package["derivation"]["pname"] == "onnxruntime")
        .expect("it was built again");
    assert_eq!((&onnx["rebuilds"], &onnx["itself"]), (&4.into(), &1.into()));
    let drivers: Vec<(Vec<&str>, u64, bool)> = onnx["drivers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|driver| {
            let inputs = driver["inputs"].as_array().expect("a list").iter();
            let names = inputs.filter_map(|input| input["pname"].as_str());
            let rebuilds = driver["rebuilds"].as_u64().expect("a number");
            (names.collect(), rebuilds, driver["buildsIt"] == true)
        })
        .collect();
    // Everything is built again where the toolchain is another, and that cannot be split off.
    assert_eq!(drivers.len(), 3);
    assert_eq!(drivers[0].1, 3);
    assert!(drivers[0].2, "{drivers:?}");
    assert_eq!((drivers[1].1, drivers[1].0.len()), (2, 2));
    assert_eq!(drivers[2], (vec!["cuda"], 1, false));
}

#[test]
fn a_series_in_which_nothing_changes_suggests_nothing() {
    let folder = folder(&[("0.json", program(0, 0, 0, 0))]);
    let args = [
        "suggest",
        "--no-config",
        "--graph",
        "0.json",
        "--before",
        "0.json",
    ];
    let output = split(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        0 rebuilds over 1 step, 0 s to build one after the other
    "#]]
    .assert_eq(&text(&output.stdout));
}

/// A core that needs no CUDA, a part on it that does, one beside it, and one that adds nothing.
fn layers() -> tempfile::TempDir {
    folder(&[(
        "graph.json",
        graph(&[
            ("onnxruntime.tar.gz", 0, &[]),
            ("stdenv", 0, &[]),
            ("cuda-12", 0, &["stdenv"]),
            ("core", 0, &["stdenv", "onnxruntime.tar.gz"]),
            ("core-wrapped", 0, &["core"]),
            ("providers", 0, &["stdenv", "cuda-12", "core-wrapped"]),
            ("beside", 0, &["stdenv", "cuda-12", "onnxruntime.tar.gz"]),
            ("renamed", 0, &["stdenv", "core"]),
            ("all", 0, &["providers", "beside", "renamed"]),
        ]),
    )])
}

fn check(layers_of: &tempfile::TempDir, layers: &str, more: &[&str]) -> Output {
    let args = [
        "check",
        "--no-config",
        "--graph",
        "graph.json",
        "--layers",
        layers,
    ];
    split(layers_of.path(), &[&args, more].concat())
}

#[test]
fn a_layer_is_built_on_the_one_below() {
    let folder = layers();
    let output = check(&folder, "core,providers", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        layer     providers is built on core through core-wrapped
                  a change of cuda-12 does not build core again, which takes 40 s
    "#]]
    .assert_eq(&text(&output.stdout));
    let output = check(&folder, "core,providers,all", &["--format", "json"]);
    let layerings = &schema::document(&output)["layerings"];
    assert_eq!(layerings[0]["verdict"], "layer");
    assert_eq!(layerings[1]["verdict"], "layer");
}

#[test]
fn what_is_no_layer_is_told_with_its_cost() {
    let folder = layers();
    for layers in ["core,beside", "core,renamed", "providers,core", "core,core"] {
        let output = check(&folder, layers, &[]);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    }
    let output = check(&folder, "core,beside,cuda", &[]);
    expect![[r#"
        no layer  beside is not built on core
                  each is built from the start, both from onnxruntime.tar.gz: 80 s together
                  help: make core an input of beside, and build there only what is missing

        no layer  beside is built on cuda-12
                  every change of cuda-12 builds beside again, which takes 40 s
                  help: name cuda-12 first if that is meant
    "#]]
    .assert_eq(&text(&output.stdout));
    let output = check(&folder, "core,renamed", &[]);
    expect![[r#"
        no layer  renamed is built on core, and needs nothing that core does not need
                  every change of an input builds both again, 80 s
                  help: take what only renamed is for out of the inputs of core
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn mistakes_say_the_way_out() {
    let folder = layers();
    for (layers, message) in [
        ("core", "one package is no layering"),
        ("core,provider", "is providers meant?"),
    ] {
        let output = check(&folder, layers, &[]);
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(said.contains(message), "{said}");
    }
}
