//! What a cache should hold of 10,000 paths.

use std::collections::BTreeSet;
use std::hint::black_box;

use cache_policy::Compression;
use cache_policy::plan::{Budget, CacheState, Request, plan, verify};
use criterion::{Criterion, criterion_group, criterion_main};
use drv_graph::Bytes;
use hmtool_benches::cpu_time::CpuTime;
use hmtool_benches::store_paths;

const PATHS: u32 = 10_000;

/// The largest share of what could be saved that a plan may give away.
const GAP: f64 = 0.001;

fn plan_paths(c: &mut Criterion<CpuTime>) {
    let model = match store_paths::model(PATHS) {
        Ok(model) => model,
        Err(errors) => panic!("{errors}"),
    };
    let all = model.total(model.ids());
    let references = model.ids().map(|id| model.references(id).len());
    println!("{} references", references.sum::<usize>());
    let state = CacheState::default();
    let mut group = c.benchmark_group("10,000 paths");
    group.sample_size(10);
    for percent in [10, 30, 60] {
        let request = Request {
            model: &model,
            budget: Budget {
                capacity: Bytes(all.0 / 100 * percent),
                buffer: Bytes(all.0 / 1000),
            },
            pins: &[],
            revisions: 1,
            state: &state,
            lost: &BTreeSet::new(),
            compression: Compression::CACHIX,
        };
        let make = || match plan(&request) {
            Ok(plan) => plan,
            Err(error) => panic!("tier 1 is a thousandth: {error}"),
        };
        let first = make();
        assert_eq!(verify(&request, &first), []);
        assert!(first.gap() < GAP, "a gap of {}", first.gap());
        println!(
            "{percent} % of {all}: {} paths kept, gap {:.4} %",
            first.kept.len(),
            first.gap() * 100.0
        );
        group.bench_function(format!("plan for {percent} % of the bytes"), |b| {
            b.iter(|| black_box(make()));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = plan_paths
}
criterion_main!(benches);
