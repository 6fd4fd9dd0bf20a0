//! The scheduler and what surrounds it on 100,000 derivations with 600,000 edges.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drv_graph::{DerivationGraph, ReadOptions, derivation_json};
use hmtool_benches::{GeneratedGraph, SplitMix64};
use tier_planner::bounds::LowerBounds;
use tier_planner::budget::Budget;
use tier_planner::cost::{DurationModel, MemoryModel};
use tier_planner::dispatch::Dispatcher;
use tier_planner::job::{Job, JobGraph, JobId};
use tier_planner::simulate::simulate;
use tier_planner::tier::{BuildTier, TierId, TierSet};
use tier_planner::verify::verify;
use tier_planner::{Bytes, Cores, Millis};

fn tiers() -> TierSet {
    let tier = |name: &str, jobs, cores, gb| BuildTier {
        name: name.to_owned(),
        max_jobs: Some(jobs),
        cores: Cores(cores),
        memory: Bytes::from_gb(gb),
    };
    TierSet::new(vec![
        tier("heavy", 2, 6, 12.0),
        tier("medium", 3, 4, 6.0),
        tier("light", 12, 2, 1.0),
        tier("fetch", 8, 1, 0.125),
    ])
}

/// Seconds as in real sets: most builds are short, a few take an hour.
fn jobs(graph: &GeneratedGraph) -> JobGraph {
    let mut random = SplitMix64(1);
    let tiers = tiers();
    let jobs = graph
        .inputs
        .iter()
        .map(|_| {
            let tier = TierId(match random.below(1000) {
                0..5 => 0,
                5..40 => 1,
                40..700 => 2,
                _ => 3,
            });
            let seconds = match tier.0 {
                0 => 600 + random.below(6000),
                1 => 60 + random.below(900),
                2 => 1 + random.below(60),
                _ => 1 + random.below(4),
            };
            let time = Millis(u64::from(seconds) * 1000 + u64::from(random.below(1000)));
            let cores = tiers[tier].cores;
            let memory = Bytes(tiers[tier].memory.0 / 2 + u64::from(random.below(1 << 29)));
            Job {
                tier,
                max_threads: cores,
                usable_threads: Job::UNLIMITED,
                duration: match tier.0 {
                    3 => DurationModel::download(time),
                    _ => DurationModel::parallel(time, 0.9),
                },
                memory: MemoryModel {
                    base: Bytes(memory.0 / 4),
                    per_thread: Bytes(memory.0 * 3 / 4 / u64::from(cores.0)),
                },
            }
        })
        .collect();
    let edges = (0_u32..)
        .zip(&graph.inputs)
        .flat_map(|(i, inputs)| inputs.iter().map(move |&input| (JobId(input), JobId(i))));
    match JobGraph::new(jobs, edges) {
        Ok(jobs) => jobs,
        Err(error) => panic!("the generated graph is acyclic: {error}"),
    }
}

fn schedule(c: &mut Criterion) {
    let graph = GeneratedGraph::new(100_000, 6);
    let jobs = jobs(&graph);
    let tiers = tiers();
    let mut group = c.benchmark_group("100,000 derivations");
    group.sample_size(10);
    for (name, gb) in [("21 GB", 21.0), ("8 GB, where memory is short", 8.0)] {
        let budget = Budget::new(Cores(7), Bytes::from_gb(gb));
        let plan = || {
            let mut dispatcher = Dispatcher::new(&jobs, &tiers, budget);
            simulate(&jobs, budget.threads, &mut dispatcher)
        };
        assert_eq!(verify(&plan(), &jobs, &tiers, &budget), []);
        group.bench_function(format!("schedule, {name}"), |b| {
            b.iter(|| black_box(plan()));
        });
    }
    let budget = Budget::new(Cores(7), Bytes::from_gb(21.0));
    group.bench_function("lower bounds", |b| {
        b.iter(|| black_box(LowerBounds::new(&jobs, &tiers, &budget)));
    });
    group.finish();
}

fn read(c: &mut Criterion) {
    let mut json = Vec::new();
    let graph = GeneratedGraph::new(100_000, 6);
    if let Err(error) = graph.write_json(&mut json) {
        panic!("a vector takes everything: {error}");
    }
    let mut group = c.benchmark_group("100,000 derivations");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(json.len() as u64));
    group.bench_function("read", |b| {
        b.iter(|| {
            let read = derivation_json::read(&json, &ReadOptions::default());
            assert_eq!(read.as_ref().map(DerivationGraph::len).ok(), Some(100_000));
            black_box(read)
        });
    });
    group.finish();
}

criterion_group!(benches, schedule, read);
criterion_main!(benches);
