//! Laws of the readers and of the graph, on made-up inputs.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::borrow::Cow;
use std::collections::BTreeSet;

use drv_graph::aterm::{Aterm, AtermOutput, Wanted};
use drv_graph::derivation_json::PieceReader;
use drv_graph::{
    DerivationGraph, DerivationGraphBuilder, DerivationParts, DrvFiles, DrvId, KeepEnv,
    ReadOptions, StorePath, derivation_json, dry_run, eval_jobs, narinfo, path_info,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = Cow<'static, [u8]>> {
    let odd = prop_oneof![
        Just(b'"'),
        Just(b'\\'),
        Just(b'\n'),
        Just(b'\r'),
        Just(b'\t'),
        any::<u8>()
    ];
    vec(odd, 0..12).prop_map(Cow::Owned)
}

fn wanted() -> impl Strategy<Value = Wanted<'static>> {
    let leaf = vec(bytes(), 0..3).prop_map(|outputs| Wanted {
        outputs,
        of_outputs: Vec::new(),
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (vec(bytes(), 0..3), vec((bytes(), inner), 0..3)).prop_map(|(outputs, of_outputs)| Wanted {
            outputs,
            of_outputs,
        })
    })
}

fn aterm() -> impl Strategy<Value = Aterm<'static>> {
    let output = (bytes(), bytes(), bytes(), bytes()).prop_map(|(name, path, hash_algo, hash)| {
        AtermOutput {
            name,
            path,
            hash_algo,
            hash,
        }
    });
    (
        vec(output, 0..3),
        vec((bytes(), wanted()), 0..3),
        vec(bytes(), 0..3),
        (bytes(), bytes()),
        vec(bytes(), 0..3),
        vec((bytes(), bytes()), 0..4),
    )
        .prop_map(
            |(outputs, inputs, input_sources, (system, builder), args, env)| Aterm {
                dynamic: inputs
                    .iter()
                    .any(|(_, wanted)| !wanted.of_outputs.is_empty()),
                outputs,
                input_derivations: inputs,
                input_sources,
                system,
                builder,
                args,
                env,
            },
        )
}

fn path(n: usize) -> StorePath {
    StorePath::parse(&format!("/nix/store/{n:032}-d.drv")).unwrap()
}

/// Which derivations each one needs; only ones with a lower number, so that there is no cycle.
fn dag() -> impl Strategy<Value = Vec<BTreeSet<usize>>> {
    vec(vec(any::<prop::sample::Index>(), 0..5), 1..24).prop_map(|nodes| {
        let inputs = |(n, picks): (usize, Vec<prop::sample::Index>)| {
            picks
                .iter()
                .filter(|_| n > 0)
                .map(|pick| pick.index(n))
                .collect()
        };
        nodes.into_iter().enumerate().map(inputs).collect()
    })
}

/// The graph of `dag`, its nodes renamed and inserted in the order of `names`.
fn build(dag: &[BTreeSet<usize>], names: &[usize]) -> DerivationGraph {
    let mut builder = DerivationGraphBuilder::new();
    let mut order: Vec<usize> = (0..dag.len()).collect();
    order.sort_by_key(|&n| names[n] * 7 % 11);
    for n in order {
        let inputs: Vec<_> = dag[n].iter().map(|&input| path(names[input])).collect();
        builder.insert(
            DerivationParts::new(path(names[n])).into(),
            inputs.iter().map(|input| (input, &["out"][..])),
        );
    }
    builder.finish().unwrap()
}

/// All that can be reached, by following edges until nothing is added.
fn naive(from: &BTreeSet<usize>, next: impl Fn(usize) -> BTreeSet<usize>) -> BTreeSet<usize> {
    let mut reached = from.clone();
    loop {
        let more: BTreeSet<usize> = reached.iter().flat_map(|&n| next(n)).collect();
        let before = reached.len();
        reached.extend(more);
        if reached.len() == before {
            return reached;
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_it_was(file in aterm()) {
        let printed = file.print();
        let read = Aterm::parse(&printed).unwrap();
        prop_assert_eq!(&read, &file);
        prop_assert_eq!(read.print(), printed);
    }

    #[test]
    fn other_escapes_read_as_the_same(text in "[a-z]{0,8}") {
        let plain = format!(r#"Derive([],[],[],"{text}","",[],[])"#);
        let escaped: String = text
            .chars()
            .flat_map(|c| if "nrt".contains(c) { vec![c] } else { vec!['\\', c] })
            .collect();
        let odd = format!(r#"Derive([],[],[],"{escaped}","",[],[])"#);
        prop_assert_eq!(Aterm::parse(plain.as_bytes()), Aterm::parse(odd.as_bytes()));
    }

    #[test]
    fn graphs_have_their_edges_both_ways(
        (dag, names) in dag().prop_flat_map(|dag| {
            let names: Vec<usize> = (0..dag.len()).collect();
            (Just(dag), Just(names).prop_shuffle())
        }),
        picks in vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let graph = build(&dag, &names);
        let id = |n: usize| graph.id(&path(names[n])).unwrap();
        let node = |id: DrvId| names.iter().position(|&name| path(name) == *graph[id].path());
        prop_assert_eq!(graph.len(), dag.len());
        prop_assert_eq!(graph.edge_count(), dag.iter().map(BTreeSet::len).sum::<usize>());

        // Ids follow paths; edges are as given, ascending, both ways.
        prop_assert!(graph.iter().map(|(_, drv)| drv.path()).is_sorted());
        for n in 0..dag.len() {
            let inputs: Vec<_> = graph.inputs(id(n)).map(|input| input.id).collect();
            prop_assert!(inputs.is_sorted());
            let expected: BTreeSet<_> = dag[n].iter().map(|&input| id(input)).collect();
            prop_assert_eq!(inputs.into_iter().collect::<BTreeSet<_>>(), expected);
            let dependents: Vec<_> = graph.dependents(id(n)).collect();
            prop_assert!(dependents.is_sorted());
            let expected: BTreeSet<_> =
                (0..dag.len()).filter(|&m| dag[m].contains(&n)).map(id).collect();
            prop_assert_eq!(dependents.into_iter().collect::<BTreeSet<_>>(), expected);
        }

        // Inputs come first.
        let order = graph.topological_order();
        let place = |id: DrvId| order.iter().position(|&other| other == id).unwrap();
        prop_assert_eq!(order.len(), graph.len());
        for of in graph.ids() {
            prop_assert!(graph.inputs(of).all(|input| place(input.id) < place(of)));
        }

        // Closures, against the slow way.
        let picked: BTreeSet<usize> = picks.iter().map(|pick| pick.index(dag.len())).collect();
        let ids: Vec<_> = picked.iter().map(|&n| id(n)).collect();
        let closure = graph.closure(&ids);
        prop_assert!(closure.is_sorted());
        let down: BTreeSet<_> = closure.iter().filter_map(|&id| node(id)).collect();
        prop_assert_eq!(down, naive(&picked, |n| dag[n].clone()));
        let up: BTreeSet<_> = graph.reverse_closure(&ids).into_iter().filter_map(node).collect();
        let users = |n: usize| (0..dag.len()).filter(|&m| dag[m].contains(&n)).collect();
        prop_assert_eq!(up, naive(&picked, users));
        prop_assert_eq!(graph.closure(&closure), closure);
        prop_assert_eq!(graph.closure(&graph.roots()).len(), graph.len());
    }

    #[test]
    fn any_text_is_read_or_refused(input in ".{0,64}") {
        read_everything(input.as_bytes());
    }

    #[test]
    fn damaged_files_are_read_or_refused(
        file in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        piece in 1_usize..3000,
    ) {
        let files = fixtures();
        let mut input = files[file.index(files.len())].clone();
        for (at, byte) in changes {
            let at = at.index(input.len());
            input[at] = byte;
        }
        read_everything(&input);
        check_pieces(&input, piece);
        input.truncate(cut.index(input.len()));
        read_everything(&input);
        check_pieces(&input, piece);
    }
}

/// However a text is cut into pieces, the same comes of it.
fn check_pieces(input: &[u8], size: usize) {
    let options = ReadOptions {
        keep_env: KeepEnv::All,
        recipes: true,
        ..ReadOptions::default()
    };
    let in_pieces = || {
        let mut builder = DerivationGraphBuilder::new();
        let mut reader = PieceReader::new(&options);
        let (mut start, mut end) = (0, 0);
        while end < input.len() {
            end = (end + size).min(input.len());
            start += reader.read(&mut builder, &input[start..end], end == input.len())?;
        }
        builder.finish()
    };
    if !input.is_empty() {
        assert_eq!(in_pieces(), derivation_json::read(input, &options));
    }
}

#[test]
fn a_whole_file_reads_alike_in_pieces_of_any_size() {
    for file in fixtures() {
        for size in [1, 2, 3, 7, 100, 4096] {
            // Each byte more reads the derivation at hand anew.
            if file.len() / size < 20_000 {
                check_pieces(file, size);
            }
        }
    }
}

/// Gives an input to every reader; an error that has a place has it inside the input.
fn read_everything(input: &[u8]) {
    let options = ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    };
    let root = path(0);
    let mut files = DrvFiles::new(options.clone());
    let errors = [
        derivation_json::read(input, &options).err(),
        files.give(&root, input).err(),
        path_info::read(input).err(),
        narinfo::read(input).err(),
        dry_run::read(input).err(),
        eval_jobs::read(input).err(),
    ];
    for error in errors.into_iter().flatten() {
        assert!(!error.code().is_empty() && !error.to_string().is_empty());
        if let Some(position) = error.position() {
            assert!(position.offset <= input.len(), "{error}");
        }
    }
    let _ = drv_graph::Format::detect(input);
}

fn fixtures() -> &'static [Vec<u8>] {
    static FILES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Vec::new();
        for version in ["2.8", "2.15", "2.30", "2.34", "drvs"] {
            let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nix");
            let mut names: Vec<_> = std::fs::read_dir(format!("{dir}/{version}"))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            names.sort();
            files.extend(names.iter().map(|name| std::fs::read(name).unwrap()));
        }
        files
    })
}

/// Were every variable of the environment compared with every output, this would take minutes.
/// Nix itself has no derivation with several fixed outputs; only a single one is looked for.
#[test]
fn many_fixed_outputs_without_paths_are_read_in_linear_time() {
    use std::fmt::Write as _;
    let of = |count: usize| {
        let (mut outputs, mut env) = (String::new(), String::new());
        let hash = "0".repeat(64);
        for n in 0..count {
            let comma = if n == 0 { "" } else { "," };
            let _ = write!(
                outputs,
                r#"{comma}"o{n}":{{"method":"flat","hashAlgo":"sha256","hash":"{hash}"}}"#
            );
            let _ = write!(env, r#"{comma}"o{n}":"{}""#, path(n).as_str());
        }
        let json = format!(
            r#"{{"{}":{{"outputs":{{{outputs}}},"inputSrcs":[],"inputDrvs":{{}},
                "system":"x","builder":"y","args":[],"env":{{{env}}}}}}}"#,
            path(0).as_str()
        );
        let graph = derivation_json::read(json.as_bytes(), &ReadOptions::default()).unwrap();
        graph[DrvId(0)].outputs().to_vec()
    };
    assert_eq!(of(1)[0].path, Some(path(0)));
    let many = of(100_000);
    assert_eq!(many.len(), 100_000);
    assert!(many.iter().all(|output| output.path.is_none()));
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let file = "drvs/icl7s6rh9y1mhj1nngxim0k1hw4zdvck-app.drv";
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nix");
    let drv = std::fs::read(format!("{dir}/{file}")).unwrap();
    for end in 0..drv.len() {
        let error = Aterm::parse(&drv[..end]).expect_err("cut short");
        assert_eq!(error.code(), "truncated", "{end}");
        assert_eq!(error.position().map(|at| at.offset), Some(end));
    }
    let json = std::fs::read(format!("{dir}/2.34/content-addressed.json")).unwrap();
    let json = &json[..json.trim_ascii_end().len()];
    for end in 0..json.len() {
        let error = derivation_json::read(&json[..end], &ReadOptions::default());
        let error = error.expect_err("cut short");
        assert_eq!(error.code(), "truncated", "{end}");
    }
}
