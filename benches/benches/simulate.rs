//! Eviction policies on a million requests.

use std::hint::black_box;

use cache_policy::policy::PolicyKind;
use cache_policy::simulate::{OfflineBound, count_misses};
use cache_policy::trace::{Catalogue, read_csv};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use drv_graph::Bytes;
use hmtool_benches::cpu_time::CpuTime;
use hmtool_benches::requests;

const REQUESTS: u32 = 1_000_000;

fn simulate(c: &mut Criterion<CpuTime>) {
    let text = requests::csv(REQUESTS, 18);
    let read = || match read_csv(text.as_bytes()) {
        Ok((trace, keys)) => (trace, keys.len()),
        Err(error) => panic!("{error}"),
    };
    let (trace, keys) = read();
    assert_eq!(keys, trace.key_count());
    let catalogue = Catalogue::unknown(&trace);
    // A tenth of what there is.
    let capacity = Bytes(trace.unique_bytes().0 / 10);
    let mut group = c.benchmark_group("a million requests");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(REQUESTS)));
    group.bench_function("read CSV", |b| b.iter(|| black_box(read())));
    for kind in PolicyKind::ALL {
        group.bench_function(kind.name(), |b| {
            b.iter(|| {
                let mut policy = kind.build(&trace, &catalogue, capacity);
                black_box(count_misses(&trace, capacity, &mut policy))
            });
        });
    }
    group.bench_function("offline bound", |b| {
        b.iter(|| black_box(OfflineBound::new(&trace, &catalogue, capacity)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = simulate
}
criterion_main!(benches);
