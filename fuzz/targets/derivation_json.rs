//! What `nix derivation show` printed, or any bytes: an error or a graph, never a panic; an
//! error lies inside the input; a graph keeps its promises, and is the same in pieces.
#![no_main]

use drv_graph::derivation_json::PieceReader;
use drv_graph::{
    DerivationGraph, DerivationGraphBuilder, Error, Format, KeepEnv, ReadOptions, derivation_json,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = Format::detect(input);
    let _ = drv_graph::path_info::read(input);
    let _ = drv_graph::eval_jobs::read(input);
    let bare = derivation_json::read(input, &ReadOptions::default());
    let full = derivation_json::read(
        input,
        &ReadOptions {
            keep_env: KeepEnv::All,
            ..ReadOptions::default()
        },
    );
    // What is kept adds nothing that could be refused, save a difference between duplicates.
    assert!(bare.is_ok() || full.is_err());
    assert_eq!(bare, in_pieces(input));
    match full {
        Ok(graph) => {
            let mut place = vec![0; graph.len()];
            for (at, id) in graph.topological_order().iter().enumerate() {
                place[id.index()] = at;
            }
            for id in graph.ids() {
                assert_eq!(graph.id(graph[id].path()), Some(id));
                for input in graph.inputs(id) {
                    assert!(place[input.id.index()] < place[id.index()]);
                    assert!(graph.dependents(input.id).any(|dependent| dependent == id));
                }
            }
            assert_eq!(graph.closure(&graph.roots()).len(), graph.len());
        }
        Err(Error::Graph(problems)) => assert!(!problems.is_empty()),
        Err(error) => {
            if let Some(position) = error.position() {
                assert!(position.offset <= input.len(), "{error}");
            }
        }
    }
});

fn in_pieces(input: &[u8]) -> Result<DerivationGraph, Error> {
    let options = ReadOptions::default();
    let mut builder = DerivationGraphBuilder::new();
    let mut reader = PieceReader::new(&options);
    let size = input.len() / 3 + 1;
    let (mut start, mut end) = (0, 0);
    loop {
        end = (end + size).min(input.len());
        let is_last = end == input.len();
        start += reader.read(&mut builder, &input[start..end], is_last)?;
        if is_last {
            return builder.finish();
        }
    }
}
