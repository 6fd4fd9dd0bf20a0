//! Policies on a year of requests to a binary cache, `traces/nixlike.csv.gz` of the shared data:
//! they must miss exactly what libCacheSim counts on it.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]

mod shared_data;

use std::path::Path;

use cache_policy::policy::PolicyKind;
use cache_policy::simulate::laws::verify_misses;
use cache_policy::simulate::{Misses, OfflineBound, Outcome, count_misses, simulate};
use cache_policy::trace::{Catalogue, PathMetadata, Trace, read_csv};
use drv_graph::Bytes;

/// Misses as libCacheSim aa0fc409 counts them with its default parameters, each request handed to
/// the policy with the size and the next request that the trace has for it.
const LIBCACHESIM: &str = include_str!("fixtures/libcachesim.csv");

/// Rows of `trace, policy, capacity, requests, misses, bytes, missed bytes`, the first left out.
fn check(trace: &Trace, rows: &[Vec<&str>]) {
    let catalogue = Catalogue::unknown(trace);
    let number = |text: &str| text.parse::<u64>().expect("a number");
    for row in rows {
        let [name, capacity, requests, misses, bytes, missed] = row[..] else {
            panic!("{row:?}");
        };
        let kind = PolicyKind::from_name(name).expect("a policy's name");
        let capacity = Bytes(number(capacity));
        let mut policy = kind.build(trace, &catalogue, capacity);
        let counted = count_misses(trace, capacity, &mut policy);
        let expected = Misses {
            requests: number(misses),
            bytes: Bytes(number(missed)),
        };
        assert_eq!(counted, expected, "{name} at {capacity}");
        let requested: Bytes = trace.requests().iter().map(|request| request.size).sum();
        assert_eq!(trace.requests().len() as u64, number(requests));
        assert_eq!(requested, Bytes(number(bytes)));
    }
}

fn read_trace(dir: &Path) -> Trace {
    let text = shared_data::read(&dir.join("traces/nixlike.csv.gz"));
    read_csv(&text).expect("a trace").0
}

#[test]
fn the_trace_is_what_its_description_says() {
    let Some(dir) = shared_data::dir("the_trace_is_what_its_description_says") else {
        return;
    };
    let text = shared_data::read(&dir.join("traces/nixlike.csv.gz"));
    let (trace, keys) = read_csv(&text).expect("a trace");
    assert_eq!((trace.requests().len(), trace.key_count()), (59_934, 3_438));
    let gigabytes = trace.unique_bytes().0 as f64 / 1e9;
    assert_eq!(format!("{gigabytes:.2}"), "11.38");
    let last = trace.requests().last().expect("a request");
    let days = last.time / 86_400;
    assert!((358..=366).contains(&days), "a year of {days} days");
    let metadata = shared_data::read(&dir.join("traces/nixlike_meta.json.gz"));
    let metadata = PathMetadata::read(&metadata).expect("metadata");
    let (catalogue, unknown) = metadata.catalogue(&keys);
    assert_eq!((catalogue.len(), unknown), (3_438, 0));
}

#[test]
fn misses_equal_those_of_the_reference() {
    let Some(dir) = shared_data::dir("misses_equal_those_of_the_reference") else {
        return;
    };
    let reference = shared_data::read(&dir.join("traces/reference.csv"));
    let reference = String::from_utf8(reference).expect("UTF-8");
    let rows = reference.lines().skip(1);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').skip(1).collect()).collect();
    assert_eq!(rows.len(), 18);
    check(&read_trace(&dir), &rows);
}

#[test]
fn misses_equal_those_of_libcachesim() {
    let Some(dir) = shared_data::dir("misses_equal_those_of_libcachesim") else {
        return;
    };
    let rows = LIBCACHESIM.lines().skip(1);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), 12 * 6);
    check(&read_trace(&dir), &rows);
}

/// What a policy does with the real trace at a capacity, and what it must miss.
fn outcome(kind: PolicyKind, trace: &Trace, catalogue: &Catalogue, megabytes: u64) -> Outcome {
    let capacity = Bytes(megabytes * 1_000_000);
    let mut policy = kind.build(trace, catalogue, capacity);
    let outcome = simulate(trace, catalogue, capacity, &mut policy);
    let misses = Misses {
        requests: outcome.missed.count,
        bytes: outcome.missed.bytes,
    };
    assert_eq!(outcome.misuse, None, "{}", kind.name());
    assert_eq!(verify_misses(trace, capacity, misses), []);
    let bound = OfflineBound::new(trace, catalogue, capacity);
    assert!(outcome.missed.rebuild >= bound.rebuild);
    outcome
}

#[test]
fn closures_and_costs_decide_what_is_rebuilt() {
    let Some(dir) = shared_data::dir("closures_and_costs_decide_what_is_rebuilt") else {
        return;
    };
    let text = shared_data::read(&dir.join("traces/nixlike.csv.gz"));
    let (trace, keys) = read_csv(&text).expect("a trace");
    let metadata = shared_data::read(&dir.join("traces/nixlike_meta.json.gz"));
    let metadata = PathMetadata::read(&metadata).expect("metadata");
    let (catalogue, unknown) = metadata.catalogue(&keys);
    assert_eq!(unknown, 0);

    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let gdsf = outcome(PolicyKind::Gdsf, &trace, &catalogue, 1000);
    assert_eq!(percent(gdsf.rebuild_miss_ratio()), "41.0");
    assert_eq!(percent(gdsf.effective_rebuild_miss_ratio()), "41.9");

    for (megabytes, expected) in [
        (250, "57.7"),
        (500, "39.1"),
        (750, "20.3"),
        (1000, "18.0"),
        (2000, "14.2"),
    ] {
        let ours = outcome(PolicyKind::TieredClosure, &trace, &catalogue, megabytes);
        let ours = ours.effective_rebuild_miss_ratio();
        assert_eq!(percent(ours), expected, "at {megabytes} MB");
        let is_online = |kind: &PolicyKind| !kind.is_offline();
        for kind in PolicyKind::ALL.into_iter().filter(is_online) {
            let other = outcome(kind, &trace, &catalogue, megabytes);
            let other = other.effective_rebuild_miss_ratio();
            assert!(
                kind == PolicyKind::TieredClosure || ours < other,
                "{} at {megabytes} MB: {other}",
                kind.name()
            );
        }
    }
}
