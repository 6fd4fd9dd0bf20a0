//! Comparing 100,000 derivations with the same after an edit.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use drv_graph::compare::{self, Side};
use drv_graph::{DerivationGraph, ReadOptions, derivation_json};
use hmtool_benches::GeneratedGraph;

fn read(graph: &GeneratedGraph) -> DerivationGraph {
    let mut json = Vec::new();
    if let Err(error) = graph.write_json(&mut json) {
        panic!("a vector takes everything: {error}");
    }
    let options = ReadOptions {
        recipes: true,
        ..ReadOptions::default()
    };
    match derivation_json::read(&json, &options) {
        Ok(graph) => graph,
        Err(error) => panic!("the generated graph is one: {error}"),
    }
}

fn comparing(c: &mut Criterion) {
    let generated = GeneratedGraph::new(100_000, 6);
    let before = read(&generated);
    let mut group = c.benchmark_group("100,000 derivations");
    group.sample_size(10);
    // A foundation; an update of a whole package set; nothing.
    for (name, edited) in [
        (
            "compare, one edit below nearly everything",
            generated.edited(20, 1 << 20),
        ),
        ("compare, 2,000 edits", generated.edited(50, 50)),
        ("compare with itself", generated.clone()),
    ] {
        let after = read(&edited);
        let compare = || compare::compare(&Side::new(&before), &Side::new(&after));
        assert_eq!(compare().changes().len(), edited.rebuilt_count());
        group.bench_function(name, |b| b.iter(|| black_box(compare())));
    }
    group.finish();
}

criterion_group!(benches, comparing);
criterion_main!(benches);
