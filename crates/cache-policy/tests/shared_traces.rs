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
use cache_policy::simulate::{Misses, count_misses};
use cache_policy::trace::{Trace, read_csv};
use drv_graph::Bytes;

/// Misses as libCacheSim aa0fc409 counts them with its default parameters, each request handed to
/// the policy with the size and the next request that the trace has for it.
const LIBCACHESIM: &str = include_str!("fixtures/libcachesim.csv");

/// Rows of `trace, policy, capacity, requests, misses, bytes, missed bytes`, the first left out.
fn check(trace: &Trace, rows: &[Vec<&str>]) {
    let number = |text: &str| text.parse::<u64>().expect("a number");
    for row in rows {
        let [name, capacity, requests, misses, bytes, missed] = row[..] else {
            panic!("{row:?}");
        };
        let kind = PolicyKind::from_name(name).expect("a policy's name");
        let capacity = Bytes(number(capacity));
        let counted = count_misses(trace, capacity, &mut kind.build(trace, capacity));
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
