//! `hmtool why`: chains that lead to a package, on the example and on graphs of three derivations.

mod run;
mod schema;

use std::fs;
use std::path::Path;
use std::process::Output;

use drv_graph::{DerivationGraph, DrvId, ReadOptions, derivation_json};
use expect_test::expect;
use run::{hmtool, text};
use serde_json::Value;

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn why(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["why"], args].concat())
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let output = why(folder, &[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    schema::document(&output)
}

#[track_caller]
fn fails_saying(folder: &Path, args: &[&str], words: &[&str]) {
    let output = why(folder, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

/// The example's graph, and what it asks for.
fn example_graph() -> (DerivationGraph, DrvId) {
    let graphs = Path::new(EXAMPLE).join("graphs");
    let file = fs::File::open(graphs.join("shoshin.json.gz")).expect("it is there");
    let mut bytes = Vec::new();
    let mut file = flate2::read::GzDecoder::new(file);
    std::io::Read::read_to_end(&mut file, &mut bytes).expect("it is whole");
    let graph = derivation_json::read(&bytes, &ReadOptions::default()).expect("a graph");
    let root = fs::read_to_string(graphs.join("shoshin.roots")).expect("a text");
    let root = graph.find(root.trim()).expect("it is in the graph");
    (graph, root)
}

/// The derivations of a chain.
fn ids(graph: &DerivationGraph, chain: &Value) -> Vec<DrvId> {
    let steps = chain["steps"].as_array().expect("a list").iter();
    let drv = |step: &Value| {
        step["derivation"]["drv"]
            .as_str()
            .expect("a path")
            .to_owned()
    };
    steps
        .map(|step| graph.find(&drv(step)).expect("it is in the graph"))
        .collect()
}

/// Derivations on the way from `id` down to `to`, both counted, by the shortest way: naively.
fn steps_between(graph: &DerivationGraph, id: DrvId, to: DrvId) -> usize {
    let mut level = vec![id];
    for steps in 1.. {
        if level.contains(&to) {
            return steps;
        }
        let inputs = level.iter().flat_map(|&id| graph.inputs(id));
        level = inputs.map(|input| input.id).collect();
        level.sort_unstable();
        level.dedup();
        assert!(!level.is_empty(), "there is a way");
    }
    unreachable!("levels end")
}

#[test]
fn chains_of_the_example_lead_from_what_is_asked_for() {
    let (graph, root) = example_graph();
    let machine = ["--machine", "shoshin"];
    for package in ["python313", "onnxruntime", "jq", "firefox-unwrapped"] {
        let document = json(Path::new(EXAMPLE), &[&[package], &machine[..]].concat());
        assert_eq!(document["verdict"], "needed");
        assert_eq!(document["package"]["state"], "built");
        let [shortest, costliest] = &document["chains"].as_array().expect("a list")[..] else {
            panic!("two chains: {document}");
        };
        let target = document["package"]["derivation"]["drv"]
            .as_str()
            .expect("a path");
        let target = graph.find(target).expect("it is in the graph");
        for chain in [shortest, costliest] {
            let ids = ids(&graph, chain);
            assert_eq!((ids[0], ids[ids.len() - 1]), (root, target), "{package}");
            for pair in ids.windows(2) {
                assert!(
                    graph.inputs(pair[0]).any(|input| input.id == pair[1]),
                    "{package}"
                );
            }
            let steps = chain["steps"].as_array().expect("a list");
            assert!(
                steps.iter().all(|step| step["state"] == "built"),
                "{package}"
            );
            let times = steps
                .iter()
                .map(|step| step["buildMs"].as_u64().expect("a time"));
            assert_eq!(
                times.sum::<u64>(),
                chain["buildMs"].as_u64().expect("a time")
            );
        }
        let length = ids(&graph, shortest).len();
        assert_eq!(length, steps_between(&graph, root, target), "{package}");
        assert!(costliest["buildMs"].as_u64() >= shortest["buildMs"].as_u64());
    }
}

/// What is fetched is asked about too, and one path is as good as a name.
#[test]
fn a_package_goes_by_attribute_name_file_and_output() {
    let folder = Path::new(EXAMPLE);
    let of = |name: &str| json(folder, &[name, "--machine", "shoshin"]);
    let zlib = of("zlib");
    assert_eq!(zlib["package"]["state"], "fetched");
    let drv = zlib["package"]["derivation"]["drv"]
        .as_str()
        .expect("a path");
    let (graph, _) = example_graph();
    let id = graph.find(drv).expect("it is in the graph");
    let output = graph[id].outputs()[0].path.as_ref().expect("it is known");
    for name in [graph[id].name(), drv, output.as_str()] {
        assert_eq!(of(name), zlib, "{name}");
    }
    fails_saying(
        folder,
        &["zlb"],
        &["nothing here is called zlb", "is zlib meant?"],
    );
}

/// `app` needs two of the name `lib-2.0`, these need `base`; `base` has other flags in the second.
fn small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |hash: &str, name: &str| format!("/nix/store/{}-{name}", hash.repeat(32));
    let drv = |hash: &str, name: &str, inputs: &[(&str, &str)], flags: &str| {
        let edges = inputs
            .iter()
            .map(|(hash, name)| format!("{:?}: [\"out\"]", path(hash, &format!("{name}.drv"))));
        let uses = inputs.iter().map(|(hash, name)| path(hash, name));
        let (edges, uses): (Vec<_>, Vec<_>) = (edges.collect(), uses.collect());
        format!(
            "{:?}: {{\"outputs\": {{\"out\": {{\"path\": {:?}}}}}, \"inputSrcs\": [], \
             \"inputDrvs\": {{{}}}, \"system\": \"x86_64-linux\", \"builder\": \"/bin/sh\", \
             \"args\": [], \"env\": {{\"name\": {name:?}, \"uses\": {:?}, \"FLAGS\": {flags:?}}}}}",
            path(hash, &format!("{name}.drv")),
            path(hash, name),
            edges.join(", "),
            uses.join(" "),
        )
    };
    let graph = |[base, lib, other, app]: [&str; 4], flags: &str| {
        let below = [(base, "base-1.0")];
        let all = [
            drv(base, "base-1.0", &[], flags),
            drv(lib, "lib-2.0", &below, "-O2"),
            drv(other, "lib-2.0", &[], "-O0"),
            drv(
                app,
                "app-3.0",
                &[(lib, "lib-2.0"), (other, "lib-2.0")],
                "-O2",
            ),
        ];
        format!("{{{}}}", all.join(",\n"))
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("ours");
    write("before.json", &graph(["a", "b", "h", "c"], "-O2"));
    write(
        "after.json",
        &graph(["d", "f", "h", "g"], "-O2 -march=skylake"),
    );
    write(
        "history.csv",
        "hostname,derivation name,utc time,build seconds\n\
         ,base-1.0,2026-01-01 00:00:00,600\n\
         ,lib-2.0,2026-01-01 00:00:00,1200\n\
         ,app-3.0,2026-01-01 00:00:00,60\n",
    );
    folder
}

const SMALL: [&str; 7] = [
    "--before",
    "before.json",
    "--after",
    "after.json",
    "--history",
    "history.csv",
    "--no-config",
];

#[test]
fn a_change_is_led_back_to_its_cause() {
    let folder = small();
    let output = why(folder.path(), &[&["app"], &SMALL[..]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        4 derivations from after.json against 4 derivations from before.json

        app-3.0 makes other outputs than before, which follows from 1 cause; it is built, which takes 60 s

        Shortest and most expensive chain  3 derivations, 31 min to build; each is needed by the next
          base-1.0  10 min
              FLAGS  + -march=skylake
          lib-2.0   20 min
          app-3.0   60 s
    "#]].assert_eq(&text(&output.stdout));

    let other = format!("/nix/store/{}-lib-2.0.drv", "h".repeat(32));
    let output = why(folder.path(), &[&[&*other], &SMALL[..]].concat());
    expect![[r#"
        4 derivations from after.json against 4 derivations from before.json

        lib-2.0 makes the same outputs as before; it is built, which takes 20 min
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn what_two_things_are_called_is_no_answer() {
    let folder = small();
    let graph = ["--graph", "after.json", "--no-config"];
    let both = ["f", "h"].map(|hash| format!("{}-lib-2.0.drv", hash.repeat(32)));
    let words = ["lib is the name of 2 derivations", &both[0], &both[1]];
    fails_saying(folder.path(), &[&["lib"], &graph[..]].concat(), &words);
    let missing = format!("/nix/store/{}-lib-2.0.drv", "z".repeat(32));
    let words = ["nothing here is called"];
    fails_saying(folder.path(), &[&[&*missing], &graph[..]].concat(), &words);
}
