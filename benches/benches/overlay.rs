//! Edits of one large file, and the rules on it.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hmtool_benches::cpu_time::CpuTime;
use hmtool_benches::nix_files::{ALL_PACKAGES, all_packages};
use overlay_ast::lint::Options;
use overlay_ast::{Document, Expression, KeyPath, Patch, Scope};

fn document(file: &str) -> Document {
    let (document, problems) = Document::parse(file);
    assert_eq!(problems, []);
    document
}

fn one_file(c: &mut Criterion<CpuTime>) {
    let file = all_packages(ALL_PACKAGES);
    // In the last third of the file.
    let path: KeyPath = match "libfoo-06005".parse() {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    };
    let value: Expression = match "callPackage ../new { }".parse() {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    };
    let mut group = c.benchmark_group("a file of 675 kB");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("read", |b| b.iter(|| black_box(document(&file))));
    let read = document(&file);
    group.bench_function("set, applied and verified", |b| {
        b.iter(|| {
            let patch = read.set(&path, &value);
            let edited = patch.and_then(|patch| read.apply(&patch));
            assert!(edited.is_ok());
            black_box(edited)
        });
    });
    group.bench_function("read, set, applied and verified", |b| {
        b.iter(|| {
            let read = document(&file);
            let patch = read.set(&path, &value);
            let edited = patch.and_then(|patch| read.apply(&patch));
            assert!(edited.is_ok());
            black_box(edited)
        });
    });
    group.bench_function("all rules", |b| {
        b.iter(|| black_box(read.lint(&Options::default())));
    });
    // Ten times the edits should take ten times as long, and not a hundred.
    for count in [10, 100] {
        let paths: Vec<KeyPath> = (0..count)
            .filter_map(|at| format!("libfoo-{:05}", at * 40 + 5).parse().ok())
            .collect();
        group.bench_function(format!("{count} sets, applied together"), |b| {
            b.iter(|| {
                let patches = paths.iter().map(|path| read.set(path, &value));
                let edits = patches.flatten().flat_map(|patch| patch.edits().to_vec());
                let patch = Patch::new(edits.collect());
                let edited = patch.and_then(|patch| {
                    assert_eq!(patch.edits().len(), paths.len());
                    read.apply(&patch)
                });
                assert!(edited.is_ok());
                black_box(edited)
            });
        });
    }
    // A part of a file is read once, so that a hundred times the names take far from a hundred times
    // as long.
    for count in [10, 100, 1000] {
        let paths: Vec<KeyPath> = (0..count)
            .filter_map(|at| format!("new-{at:05}").parse().ok())
            .collect();
        let applied = |patches: Vec<Patch>| {
            assert_eq!(patches.len(), paths.len());
            let edited = Patch::join(patches).and_then(|patch| read.apply(&patch));
            assert!(edited.is_ok());
            black_box(edited)
        };
        group.bench_function(format!("{count} new names in one part"), |b| {
            b.iter(|| {
                let part = read.within(&Scope::File);
                let patches = part.map(|part| {
                    let patches = paths.iter().flat_map(|path| part.set(path, &value));
                    patches.collect()
                });
                applied(patches.unwrap_or_default())
            });
        });
        if count < 1000 {
            group.bench_function(format!("{count} new names, the part found for each"), |b| {
                b.iter(|| {
                    applied(
                        paths
                            .iter()
                            .flat_map(|path| read.set(path, &value))
                            .collect(),
                    )
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = one_file
}
criterion_main!(benches);
