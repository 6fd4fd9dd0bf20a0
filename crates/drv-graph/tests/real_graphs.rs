//! The readers on real graphs: `data/README.md` says what must come out.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]

mod shared_data;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use drv_graph::{
    DerivationGraph, DrvFiles, KeepEnv, OutputKind, ReadOptions, StorePath, derivation_json,
};

fn keep_all() -> ReadOptions {
    ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    }
}

fn read(data: &Path, name: &str, options: &ReadOptions) -> DerivationGraph {
    let input = shared_data::gunzip(&data.join("graphs").join(name));
    derivation_json::read(&input, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read_drvs(data: &Path, options: ReadOptions) -> DerivationGraph {
    let bytes = shared_data::gunzip(&data.join("graphs/home-stock.drvs.tar.gz"));
    let mut files = HashMap::new();
    for entry in tar::Archive::new(&bytes[..]).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut contents = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut contents).unwrap();
        files.insert(name, contents);
    }
    let roots = std::fs::read_to_string(data.join("graphs/home-stock.roots")).unwrap();
    let mut reader = DrvFiles::new(options);
    for root in roots
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
    {
        reader.want(&StorePath::parse(root).unwrap());
    }
    while let Some(path) = reader.next_wanted() {
        reader.give(&path, &files[path.base_name()]).unwrap();
    }
    reader.finish().unwrap()
}

#[test]
fn the_stock_graph_is_one_graph_in_every_format() {
    let Some(data) = shared_data::dir("the_stock_graph_is_one_graph_in_every_format") else {
        return;
    };
    for options in [ReadOptions::default(), keep_all()] {
        let stock = read(&data, "home-stock.json.gz", &options);
        assert_eq!(stock.len(), 1_306);
        for name in ["home-stock.nix-2.26.json.gz", "home-stock.nix-2.34.json.gz"] {
            assert_same(&stock, &read(&data, name, &options), name);
        }
        assert_same(&stock, &read_drvs(&data, options.clone()), "the .drv files");
    }
}

/// As `assert_eq!`, but names the first difference instead of printing two graphs.
fn assert_same(expected: &DerivationGraph, found: &DerivationGraph, of: &str) {
    for ((_, a), (_, b)) in expected.iter().zip(found.iter()) {
        assert_eq!(a, b, "{of}");
    }
    for id in expected.ids() {
        let (a, b) = (expected.inputs(id), found.inputs(id));
        assert!(a.eq(b), "{of}: inputs of {}", expected[id].path());
    }
    assert!(expected == found, "{of}");
}

#[test]
fn the_heavy_graph() {
    let Some(data) = shared_data::dir("the_heavy_graph") else {
        return;
    };
    let graph = read(
        &data,
        "nixpkgs-18.03-heavy.json.gz",
        &ReadOptions::default(),
    );
    assert_eq!(graph.len(), 1_327);
    let roots = std::fs::read_to_string(data.join("graphs/nixpkgs-18.03-heavy.roots")).unwrap();
    let roots: Vec<_> = roots
        .split_whitespace()
        .filter(|word| word.starts_with('/'))
        .map(|root| {
            graph
                .find(root)
                .unwrap_or_else(|| panic!("{root} is missing"))
        })
        .collect();
    assert_eq!(graph.closure(&roots).len(), graph.len());
    for id in graph.roots() {
        assert!(roots.contains(&id), "{}", graph[id].path());
    }
}

#[test]
fn what_machine_flags_leave_to_share() {
    let Some(data) = shared_data::dir("what_machine_flags_leave_to_share") else {
        return;
    };
    let options = ReadOptions::default();
    let [stock, skylake, znver1] = ["stock", "skylake", "znver1"]
        .map(|name| read(&data, &format!("home-{name}.json.gz"), &options));
    for graph in [&stock, &skylake, &znver1] {
        assert_eq!(graph.len(), 1_306);
        assert_eq!(built(graph).0.len(), 639);
        assert_eq!(built(graph).1.len(), 1_090);
    }
    for (a, b) in [(&skylake, &znver1), (&stock, &skylake)] {
        let (a, b) = (built(a), built(b));
        assert_eq!(a.0.intersection(&b.0).count(), 11);
        assert_eq!(a.1.intersection(&b.1).count(), 16);
    }
}

/// Derivations that are not fetches, and their outputs.
fn built(graph: &DerivationGraph) -> (BTreeSet<&StorePath>, BTreeSet<&StorePath>) {
    let drvs = graph.iter().map(|(_, drv)| drv);
    let built: Vec<_> = drvs.filter(|drv| !drv.is_fixed_output()).collect();
    let outputs = built.iter().flat_map(|drv| drv.outputs());
    (
        built.iter().map(|drv| drv.path()).collect(),
        outputs.filter_map(|output| output.path.as_ref()).collect(),
    )
}

#[test]
fn every_output_path_has_its_producer() {
    let Some(data) = shared_data::dir("every_output_path_has_its_producer") else {
        return;
    };
    let graph = read(
        &data,
        "home-stock.nix-2.34.json.gz",
        &ReadOptions::default(),
    );
    for (id, drv) in graph.iter() {
        for output in drv.outputs() {
            let path = output.path.as_ref().expect("no output here is floating");
            let makers: Vec<_> = graph.producers_of(path).collect();
            assert!(makers.contains(&(id, output)));
            assert_eq!(graph.producer(path), makers.first().copied());
            let fixed = matches!(output.kind, OutputKind::FixedOutput { .. });
            assert!(makers.len() == 1 || fixed, "{path}");
        }
    }
}
