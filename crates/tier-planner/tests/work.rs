//! What is to do, from the roots and what is available.

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::{
    Bytes, Derivation, DerivationGraph, DerivationGraphBuilder, DerivationParts, DrvId, Output,
    OutputKind, StorePath,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use tier_planner::work::{
    Availability, Available, CacheId, Place, Root, WantedOutputs, Work, work_for,
};

/// A store path whose hash part is made of the name, padded.
fn path(name: &str, suffix: &str) -> StorePath {
    let base32: String = name
        .chars()
        .filter(|c| "0123456789abcdfghijklmnpqrsvwxyz".contains(*c))
        .collect();
    StorePath::parse(&format!("/nix/store/{base32:0>32}-{name}{suffix}")).unwrap()
}

/// One line per derivation: `name [output …]: input[.output …] …`; without outputs, `out`.
/// An output `out=PATH` has the path of another name; `!` forbids substitutes.
fn graph(text: &str) -> DerivationGraph {
    let mut builder = DerivationGraphBuilder::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, inputs) = line.split_once(':').unwrap();
        let mut head = head.split_whitespace();
        let name = head.next().unwrap();
        let mut outputs: Vec<&str> = head.collect();
        let forbids = outputs.iter().position(|&word| word == "!");
        let mut parts = DerivationParts::new(path(name, ".drv"));
        parts.allow_substitutes = forbids.is_none();
        forbids.map(|at| outputs.remove(at));
        if outputs.is_empty() {
            outputs.push("out");
        }
        parts.outputs = outputs
            .iter()
            .map(|&output| {
                let (output, of) = output.split_once('=').unwrap_or((output, name));
                Output {
                    name: output.into(),
                    path: Some(output_path(of, output)),
                    kind: OutputKind::InputAddressed,
                }
            })
            .collect();
        let inputs: Vec<(StorePath, Vec<&str>)> = inputs
            .split_whitespace()
            .map(|input| {
                let mut words = input.split('.');
                let name = words.next().unwrap();
                let mut outputs: Vec<&str> = words.collect();
                if outputs.is_empty() {
                    outputs.push("out");
                }
                (path(name, ".drv"), outputs)
            })
            .collect();
        builder.insert(
            Derivation::from(parts),
            inputs
                .iter()
                .map(|(path, outputs)| (path, outputs.as_slice())),
        );
    }
    builder.finish().unwrap()
}

fn output_path(name: &str, output: &str) -> StorePath {
    match output {
        "out" => path(name, ""),
        output => path(name, &format!("-{output}")),
    }
}

/// Paths by place, and what they refer to.
#[derive(Default)]
struct Known {
    places: BTreeMap<StorePath, Place>,
    references: BTreeMap<StorePath, Vec<StorePath>>,
}

impl Availability for Known {
    fn find(&self, path: &StorePath) -> Option<Available> {
        self.places.get(path).map(|&place| Available {
            place,
            download: Some(Bytes(10)),
            unpacked: None,
        })
    }

    fn references(&self, path: &StorePath) -> &[StorePath] {
        self.references.get(path).map_or(&[], Vec::as_slice)
    }
}

/// `store: a b.dev`, `cache: c`, `refers: c b.dev` (the first refers to the others).
fn known(text: &str) -> Known {
    let mut known = Known::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (kind, names) = line.split_once(':').unwrap();
        let paths: Vec<StorePath> = names
            .split_whitespace()
            .map(|name| {
                let (name, output) = name.split_once('.').unwrap_or((name, "out"));
                output_path(name, output)
            })
            .collect();
        match kind {
            "refers" => {
                known
                    .references
                    .insert(paths[0].clone(), paths[1..].to_vec());
            }
            kind => {
                let place = match kind {
                    "store" => Place::Store,
                    _ => Place::Cache(CacheId(0)),
                };
                known
                    .places
                    .extend(paths.into_iter().map(|path| (path, place)));
            }
        }
    }
    known
}

fn show(graph: &DerivationGraph, work: &Work) -> String {
    let names = |ids: &[DrvId]| {
        let names: BTreeSet<&str> = ids.iter().map(|&id| graph[id].name()).collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    };
    let mut fetch: Vec<&str> = work.fetch.iter().map(|fetch| fetch.path.name()).collect();
    fetch.sort_unstable();
    format!(
        "build: {}\nfetch: {}\npresent: {}\nuntouched: {}\n",
        names(&work.build),
        fetch.join(" "),
        names(&work.present),
        work.untouched,
    )
}

fn check(graph_text: &str, roots: &str, known_text: &str, expect: Expect) {
    let graph = graph(graph_text);
    let roots: Vec<Root> = roots
        .split_whitespace()
        .map(|root| {
            let mut words = root.split('.');
            let derivation = graph.id(&path(words.next().unwrap(), ".drv")).unwrap();
            let named: Vec<Box<str>> = words.map(Into::into).collect();
            let outputs = if named.is_empty() {
                WantedOutputs::All
            } else {
                WantedOutputs::Named(named)
            };
            Root {
                derivation,
                outputs,
            }
        })
        .collect();
    expect.assert_eq(&show(&graph, &work_for(&graph, &roots, &known(known_text))));
}

const APP: &str = "
    app: libz.dev libssl tool
    libz out dev: cc src
    libssl: libz.dev cc
    tool: cc
    cc:
    src:
";

#[test]
fn with_nothing_available_everything_is_built() {
    check(
        APP,
        "app",
        "",
        expect![[r#"
        build: app cc libssl libz src tool
        fetch: 
        present: 
        untouched: 0
    "#]],
    );
}

#[test]
fn nothing_below_an_available_output_is_touched() {
    check(
        APP,
        "app",
        "cache: libz.dev libssl\nstore: cc",
        expect![[r#"
        build: app tool
        fetch: libssl libz-dev
        present: cc
        untouched: 1
    "#]],
    );
}

#[test]
fn an_output_that_nobody_wants_need_not_be_there() {
    check(
        APP,
        "libssl",
        "store: cc libz.dev",
        expect![[r#"
        build: libssl
        fetch: 
        present: cc libz
        untouched: 3
    "#]],
    );
}

#[test]
fn one_missing_output_means_building_and_fetches_none_of_the_others() {
    check(
        "app: libz libz2\nlibz out dev:\nlibz2: libz.dev",
        "app",
        "cache: libz",
        expect![[r#"
        build: app libz libz2
        fetch: 
        present: 
        untouched: 0
    "#]],
    );
}

#[test]
fn a_root_means_all_of_its_outputs() {
    check(
        "libz out dev: cc\ncc:",
        "libz",
        "cache: libz cc",
        expect![[r#"
        build: libz
        fetch: cc
        present: 
        untouched: 0
    "#]],
    );
}

#[test]
fn references_come_along_unless_they_are_there() {
    check(
        APP,
        "app",
        "cache: app libssl libz tool\nstore: cc\nrefers: app libssl tool\nrefers: libssl libz cc",
        expect![[r#"
            build: 
            fetch: app libssl libz tool
            present: 
            untouched: 5
        "#]],
    );
}

#[test]
fn a_root_can_mean_some_of_its_outputs() {
    let graph = "libz out dev man: cc\ncc:";
    let known = "cache: libz.dev libz.man cc";
    check(
        graph,
        "libz.dev",
        known,
        expect![[r#"
            build: 
            fetch: libz-dev
            present: 
            untouched: 1
        "#]],
    );
    check(
        graph,
        "libz.dev libz.man",
        known,
        expect![[r#"
            build: 
            fetch: libz-dev libz-man
            present: 
            untouched: 1
        "#]],
    );
    check(
        graph,
        "libz.out.dev",
        known,
        expect![[r#"
            build: libz
            fetch: cc
            present: 
            untouched: 0
        "#]],
    );
    // An output that it does not declare: only building tells.
    check(
        graph,
        "libz.doc",
        known,
        expect![[r#"
            build: libz
            fetch: cc
            present: 
            untouched: 0
        "#]],
    );
}

#[test]
fn what_forbids_substitutes_is_built_though_a_cache_has_it() {
    let graph = "app: text tool\ntext !: script\nscript !:\ntool: script";
    check(
        graph,
        "app",
        "cache: text tool script",
        expect![[r#"
            build: app script text
            fetch: tool
            present: 
            untouched: 0
        "#]],
    );
    check(
        graph,
        "app",
        "store: text\ncache: tool script",
        expect![[r#"
            build: app
            fetch: tool
            present: text
            untouched: 1
        "#]],
    );
    // Brought along by something fetched, it is fetched.
    check(
        graph,
        "app",
        "cache: app text\nrefers: app text",
        expect![[r#"
            build: 
            fetch: app text
            present: 
            untouched: 3
        "#]],
    );
}

#[test]
fn a_path_that_two_derivations_make_is_fetched_once() {
    let text = "app: viahttp viaftp\nviahttp out=tarball:\nviaftp out=tarball:";
    check(
        text,
        "app",
        "cache: tarball",
        expect![[r#"
            build: app
            fetch: tarball
            present: 
            untouched: 0
        "#]],
    );
    let graph = graph(text);
    let app = graph.id(&path("app", ".drv")).unwrap();
    let work = work_for(&graph, &[app.into()], &known("cache: tarball"));
    let first = graph.producer(&output_path("tarball", "out")).unwrap().0;
    assert_eq!(work.fetch[0].derivation, Some(first));
}

/// What `Store::queryMissing` does, word by word: recursion per derivation and wanted output.
fn naive(
    graph: &DerivationGraph,
    known: &Known,
    id: DrvId,
    wanted: &BTreeSet<String>,
    build: &mut BTreeSet<DrvId>,
    fetch: &mut BTreeSet<StorePath>,
) {
    let outputs = graph[id].outputs();
    let wanted_paths: Vec<&StorePath> = outputs
        .iter()
        .filter(|output| wanted.contains(output.name.as_ref()))
        .filter_map(|output| output.path.as_ref())
        .collect();
    let usable = |path: &StorePath| match known.find(path) {
        Some(found) => found.place == Place::Store || graph[id].allow_substitutes(),
        None => false,
    };
    if wanted_paths.iter().all(|path| usable(path)) {
        let cached = |path: &&&StorePath| known.find(path).unwrap().place != Place::Store;
        fetch.extend(wanted_paths.iter().filter(cached).map(|&path| path.clone()));
        return;
    }
    build.insert(id);
    for input in graph.inputs(id) {
        let wanted = input.outputs.iter().map(ToString::to_string).collect();
        naive(graph, known, input.id, &wanted, build, fetch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The one pass over the graph finds what the recursion finds, save that it fetches nothing of
    /// a derivation which another dependent's wish makes it build.
    #[test]
    fn one_pass_agrees_with_nix_own_recursion(
        edges in proptest::collection::vec((0_usize..12, 0_usize..12, 1_u8..4), 0..30),
        places in proptest::collection::vec(0_u8..6, 24),
        forbid in proptest::collection::vec(proptest::bool::weighted(0.2), 12),
    ) {
        let name = |i: usize| format!("n{i:02}");
        let mut lines = vec![BTreeMap::<usize, u8>::new(); 12];
        for (a, b, outputs) in edges {
            if a != b {
                *lines[a.max(b)].entry(a.min(b)).or_default() |= outputs;
            }
        }
        let text: String = lines
            .iter()
            .enumerate()
            .map(|(i, inputs)| {
                let inputs: String = inputs
                    .iter()
                    .map(|(&input, &outputs)| {
                        let out = if outputs & 1 == 1 { ".out" } else { "" };
                        let dev = if outputs & 2 == 2 { ".dev" } else { "" };
                        format!(" {}{out}{dev}", name(input))
                    })
                    .collect();
                let mark = if forbid[i] { "!" } else { "" };
                format!("{} out dev {mark}:{inputs}\n", name(i))
            })
            .collect();
        let graph = graph(&text);
        let mut known = Known::default();
        for (i, place) in places.iter().enumerate() {
            let output = output_path(&name(i / 2), ["out", "dev"][i % 2]);
            match place {
                0 | 1 => { known.places.insert(output, Place::Store); }
                2 | 3 => { known.places.insert(output, Place::Cache(CacheId(0))); }
                _ => {}
            }
        }
        let root = graph.id(&path(&name(11), ".drv")).unwrap();
        let work = work_for(&graph, &[root.into()], &known);
        let (mut build, mut fetch) = (BTreeSet::new(), BTreeSet::new());
        let all = ["out", "dev"].map(str::to_owned).into();
        naive(&graph, &known, root, &all, &mut build, &mut fetch);
        let built: BTreeSet<StorePath> = build
            .iter()
            .flat_map(|&id| graph[id].outputs())
            .filter_map(|output| output.path.clone())
            .collect();
        prop_assert_eq!(&work.build, &build.iter().copied().collect::<Vec<_>>());
        let fetched: BTreeSet<StorePath> = work.fetch.iter().map(|f| f.path.clone()).collect();
        prop_assert_eq!(fetched, fetch.difference(&built).cloned().collect::<BTreeSet<_>>());
        prop_assert!(work.build.len() + work.present.len() + work.untouched <= graph.len());
    }
}
