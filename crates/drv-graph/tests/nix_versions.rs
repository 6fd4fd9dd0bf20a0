//! What every version of Nix says about the same derivations reads as the same.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::fmt::Write;

use drv_graph::aterm::Aterm;
use drv_graph::{
    Bytes, DerivationGraph, DrvFiles, Format, KeepEnv, OutputKind, PathInfos, ReadOptions,
    StorePath, derivation_json, dry_run, narinfo, path_info,
};
use expect_test::{Expect, expect, expect_file};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nix");
const VERSIONS: [&str; 7] = ["2.8", "2.15", "2.18", "2.26", "2.30", "2.32", "2.34"];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FIXTURES}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn keep_all() -> ReadOptions {
    ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    }
}

fn read(name: &str) -> DerivationGraph {
    let input = fixture(name);
    assert_eq!(
        Format::detect(&input),
        Some(Format::DerivationJson),
        "{name}"
    );
    derivation_json::read(&input, &keep_all()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The graph below `roots`, from the `.drv` files.
fn read_drvs(roots: &[&str]) -> DerivationGraph {
    let mut files = DrvFiles::new(keep_all());
    for entry in std::fs::read_dir(format!("{FIXTURES}/drvs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if roots
            .iter()
            .any(|root| name.ends_with(&format!("-{root}.drv")))
        {
            files.want(&StorePath::from_base_name("/nix/store", &name).unwrap());
        }
    }
    while let Some(path) = files.next_wanted() {
        files
            .give(&path, &fixture(&format!("drvs/{}", path.base_name())))
            .unwrap();
    }
    files.finish().unwrap()
}

/// Everything that a graph says, for people.
fn show(graph: &DerivationGraph) -> String {
    let mut text = String::new();
    for (id, drv) in graph.iter() {
        writeln!(text, "{}", drv.path().base_name()).unwrap();
        writeln!(
            text,
            "  {:?} {:?}, {}, {} {:?}",
            drv.pname(),
            drv.version(),
            drv.system(),
            drv.builder(),
            drv.args().collect::<Vec<_>>()
        )
        .unwrap();
        for output in drv.outputs() {
            let path = output.path.as_ref().map_or("?", |path| path.as_str());
            let kind = match &output.kind {
                OutputKind::FixedOutput { method, hash } => format!("{} {hash}", method.as_str()),
                other => format!("{other:?}"),
            };
            writeln!(text, "  output {} {path} {kind}", output.name).unwrap();
        }
        for source in drv.input_sources() {
            writeln!(text, "  source {source}").unwrap();
        }
        for input in graph.inputs(id) {
            let path = graph[input.id].path().base_name();
            writeln!(text, "  input {path} {:?}", input.outputs).unwrap();
        }
        let features: Vec<_> = drv.required_system_features().collect();
        writeln!(
            text,
            "  features {features:?}, local {:?}, parallel {:?}",
            drv.prefer_local_build(),
            drv.enable_parallel_building()
        )
        .unwrap();
        for (key, value) in drv.kept_env() {
            writeln!(text, "  {key} = {value:?}").unwrap();
        }
    }
    text
}

#[test]
fn one_graph_in_every_version() {
    let graph = read("2.8/graph.json");
    expect_file!["fixtures/nix/graph.txt"].assert_eq(&show(&graph));
    for version in VERSIONS {
        let other = read(&format!("{version}/graph.json"));
        assert_eq!(show(&other), show(&graph), "{version}");
        assert!(other == graph, "{version}");
    }
    assert!(read_drvs(&["app"]) == graph, "the .drv files");
}

#[test]
fn content_addressed_outputs_in_every_version() {
    let graph = read("2.8/content-addressed.json");
    expect_file!["fixtures/nix/content-addressed.txt"].assert_eq(&show(&graph));
    for version in VERSIONS {
        let other = read(&format!("{version}/content-addressed.json"));
        assert_eq!(show(&other), show(&graph), "{version}");
    }
    assert!(read_drvs(&["top-1.0"]) == graph, "the .drv files");
}

#[test]
fn a_derivation_made_by_a_derivation() {
    let graph = read("2.34/dynamic.json");
    expect![[r#"
        21in7pghj7k4q622p1lsqrq1d7d2yv9q-consumer-1.0.drv
          "consumer" "1.0", x86_64-linux, /bin/sh ["-c", "cat /036glvgclqyr577j2k9p7v39wlr55dzqzxgxr6cacd7ngdjpd5in > $out"]
          output out ? Deferred
          input fgbpalhf24824qagvism1nz0jjmj42mi-inner.drv.drv ["out"]
          features [], local None, parallel None
          builder = "/bin/sh"
          name = "consumer-1.0"
          out = ""
          system = "x86_64-linux"
        fgbpalhf24824qagvism1nz0jjmj42mi-inner.drv.drv
          "inner.drv" "", x86_64-linux, /bin/sh ["-c", "echo > $out"]
          output out ? FloatingContentAddressed { method: Text, algo: Sha256 }
          features [], local None, parallel None
          builder = "/bin/sh"
          name = "inner.drv"
          out = "/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"
          outputHashAlgo = "sha256"
          outputHashMode = "text"
          system = "x86_64-linux"
    "#]].assert_eq(&show(&graph));
    assert!(read("2.26/dynamic.json") == graph);
    assert!(read_drvs(&["consumer-1.0"]) == graph);
}

#[test]
fn drv_files_print_as_they_were() {
    for entry in std::fs::read_dir(format!("{FIXTURES}/drvs")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert_eq!(Format::detect(&bytes), Some(Format::ATerm));
        let file = Aterm::parse(&bytes).unwrap();
        assert!(file.print() == bytes, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn only_what_was_asked_for_is_kept() {
    let input = fixture("2.34/graph.json");
    let keep = |keep_env| {
        let options = ReadOptions {
            keep_env,
            ..ReadOptions::default()
        };
        let graph = derivation_json::read(&input, &options).unwrap();
        let mut drvs = graph.iter().map(|(_, drv)| drv);
        let drv = drvs.find(|drv| drv.pname() == "structured").unwrap();
        let kept: Vec<_> = drv.kept_env().collect();
        format!("{kept:?}")
    };
    assert_eq!(keep(KeepEnv::None), "[]");
    let named = KeepEnv::Named(vec!["NIX_CFLAGS_COMPILE".into(), "pname".into()]);
    assert_eq!(
        keep(named),
        r#"[("NIX_CFLAGS_COMPILE", "-O3 -march=x86-64-v3"), ("pname", "structured")]"#
    );
}

#[test]
fn other_store_directories_are_found_out() {
    let input = String::from_utf8(fixture("2.34/graph.json")).unwrap();
    let input = input.replace("/nix/store", "/opt/the store");
    let graph = derivation_json::read(input.as_bytes(), &ReadOptions::default()).unwrap();
    assert!(
        graph
            .iter()
            .all(|(_, drv)| drv.path().store_dir() == "/opt/the store")
    );

    let options = ReadOptions {
        store_dir: Some("/elsewhere".into()),
        ..ReadOptions::default()
    };
    let graph = derivation_json::read(&fixture("2.34/graph.json"), &options).unwrap();
    assert!(
        graph
            .iter()
            .all(|(_, drv)| drv.path().store_dir() == "/elsewhere")
    );
}

fn path_infos(name: &str) -> PathInfos {
    let input = fixture(name);
    assert_eq!(Format::detect(&input), Some(Format::PathInfoJson), "{name}");
    path_info::read(&input).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn path_info_in_its_shapes() {
    let infos = path_infos("2.8/path-info-default.json");
    assert_eq!(infos.valid.len(), 10);
    assert!(infos.invalid.is_empty());
    for name in [
        "2.26/path-info-default.json",
        "2.34/path-info-1.json",
        "2.34/path-info-2.json",
    ] {
        assert_eq!(path_infos(name), infos, "{name}");
    }
}

#[test]
fn path_info_of_a_binary_cache() {
    let infos = path_infos("2.8/path-info-default-cache.json");
    let info = &infos.valid[0];
    assert_eq!(info.nar_size, Bytes(952));
    assert_eq!(info.download_size, Some(Bytes(496)));
    assert_eq!(info.closure_size, Some(Bytes(1608)));
    assert_eq!(info.closure_download_size, Some(Bytes(892)));
    for name in [
        "2.26/path-info-default-cache.json",
        "2.34/path-info-1-cache.json",
        "2.34/path-info-2-cache.json",
    ] {
        assert_eq!(path_infos(name), infos, "{name}");
    }
}

#[test]
fn paths_that_are_not_there() {
    let missing = "/nix/store/00000000000000000000000000000000-not-there";
    for name in [
        "2.8/path-info-default-absent.json",
        "2.26/path-info-default-absent.json",
        "2.34/path-info-1-absent.json",
        "2.34/path-info-2-absent.json",
    ] {
        let infos = path_infos(name);
        assert!(infos.valid.is_empty(), "{name}");
        assert_eq!(
            infos.invalid,
            [StorePath::parse(missing).unwrap()],
            "{name}"
        );
    }
}

#[test]
fn narinfo_says_what_path_info_says() {
    for version in ["2.8", "2.26", "2.34"] {
        let input = fixture(&format!("{version}/zlib.drv.narinfo"));
        assert_eq!(Format::detect(&input), Some(Format::NarInfo));
        let read = narinfo::read(&input).unwrap();
        assert_eq!(read.compression, "xz");
        let infos = path_infos("2.34/path-info-2-cache.json");
        let mut expected = infos.valid[0].clone();
        expected.closure_size = None;
        expected.closure_download_size = None;
        assert_eq!(read.info, expected);
    }
}

#[test]
fn dry_runs_name_what_they_would_build() {
    let graph = read("2.8/graph.json");
    for version in ["2.8", "2.26", "2.34"] {
        let input = fixture(&format!("{version}/dry-run.txt"));
        assert_eq!(Format::detect(&input), Some(Format::DryRun));
        let run = dry_run::read(&input).unwrap();
        // The mirror's output is the tarball's: only one of the two is built.
        assert!(
            run.build.len() + 1 >= graph.len(),
            "{version}: {:?}",
            run.build
        );
        assert!(run.build.iter().all(|path| graph.id(path).is_some()));
        assert!(run.fetch.is_empty());
        assert_eq!(run.unknown.len(), 1);
    }
}

/// What a bad input says, with its place.
fn check_refusal(input: &str, expected: &Expect) {
    let error =
        derivation_json::read(input.as_bytes(), &ReadOptions::default()).expect_err("refused");
    expected.assert_eq(&format!("{}: {error}", error.code()));
}

#[test]
fn versions_of_tomorrow_are_named() {
    let text = String::from_utf8(fixture("2.34/graph.json")).unwrap();
    let wrapped = text.replace(r#""version":4"#, r#""version":5"#);
    check_refusal(
        &wrapped,
        &expect!["unknown-version: version 5 of derivation JSON is not known"],
    );
    // Even where the shape is another one and the version comes last.
    check_refusal(
        r#"{"derivations":[{"new":true}],"version":7}"#,
        &expect!["unknown-version: version 7 of derivation JSON is not known"],
    );
    let flat = String::from_utf8(fixture("2.32/graph.json")).unwrap();
    check_refusal(
        &flat.replace(r#""version": 3"#, r#""version": 33"#),
        &expect!["unknown-version: version 33 of derivation JSON is not known"],
    );
}

#[test]
fn faults_have_their_place() {
    let text = String::from_utf8(fixture("2.8/graph.json")).unwrap();
    for (from, to, expected) in [
        (
            r#""system": "x86_64-linux""#,
            r#""system": 64"#,
            expect![
                "wrong-type: in /nix/store/2cqwwsf2ig7xw0nn84n9y0jyakr7k3zq-by-hand-0.1.drv: \"system\" is a number where a string is expected, at line 10, column 15 (byte 246)"
            ],
        ),
        (
            r#""builder": "/bin/sh""#,
            r#""system": "/bin/sh""#,
            expect![
                "duplicate-key: in /nix/store/2cqwwsf2ig7xw0nn84n9y0jyakr7k3zq-by-hand-0.1.drv: the key \"system\" stands twice in one object, the second time at line 11, column 5 (byte 266)"
            ],
        ),
        (
            r#""inputDrvs""#,
            r#""inputDrv""#,
            expect![
                "missing-field: in /nix/store/2cqwwsf2ig7xw0nn84n9y0jyakr7k3zq-by-hand-0.1.drv: the derivation has no `inputDrvs`, at line 2, column 4 (byte 5)"
            ],
        ),
        (
            r#""/nix/store/2cq"#,
            r#""/nix/store/ecq"#,
            expect![[
                r#"store-path: "/nix/store/ecqwwsf2ig7xw0nn84n9y0jyakr7k3zq-by-hand-0.1.drv" is not a store path: 'e' is not a digit of a store path's hash, at line 2, column 3 (byte 4)"#
            ]],
        ),
        (
            r#""r:sha256""#,
            r#""r:sha257""#,
            expect![
                "bad-value: in /nix/store/r19dm60qzywy7mjyld5w6cy7l9db4ry4-source-tree.drv: \"hashAlgo\" is not a hash algorithm, at line 202, column 21 (byte 6574)"
            ],
        ),
        (
            "{\n",
            "[\n",
            expect![
                "wrong-type: \"the input\" is an array where an object is expected, at line 1, column 1 (byte 0)"
            ],
        ),
    ] {
        check_refusal(&text.replacen(from, to, 1), &expected);
    }
    let end = text.len();
    check_refusal(
        &text[..end / 2],
        &expect![
            "truncated: in /nix/store/kv7xn2ibwn1rw0g2mpk7zcr6qrn4iw80-texts+a_b?c=d-1.0.drv: derivation JSON: the input ends at line 155, column 9 (byte 5036), where the closing quote of a string is expected"
        ],
    );
}

#[test]
fn a_derivation_without_its_inputs_is_not_a_graph() {
    let text = String::from_utf8(fixture("2.32/graph.json")).unwrap();
    let start = text
        .find(r#"  "9qgm5v6vpr462n9q3faaq6ydm6fw73w2-zlib-1.2.11.drv": {"#)
        .unwrap();
    let end = start + text[start..].find("\n  },").unwrap() + 5;
    let without = format!("{}{}", &text[..start], &text[end..]);
    check_refusal(
        &without,
        &expect![
            "dangling-input: 2 inputs not in the graph: /nix/store/9qgm5v6vpr462n9q3faaq6ydm6fw73w2-zlib-1.2.11.drv of /nix/store/icl7s6rh9y1mhj1nngxim0k1hw4zdvck-app.drv, /nix/store/9qgm5v6vpr462n9q3faaq6ydm6fw73w2-zlib-1.2.11.drv of /nix/store/r25061ac67b62p5fsjmj8pzdxsvhqijh-structured-2.0.drv"
        ],
    );
}
