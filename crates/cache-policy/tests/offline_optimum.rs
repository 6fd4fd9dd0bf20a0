//! The bound, and the policies that know the future, against the best of all ways to serve a trace.

use std::time::Duration;

use cache_policy::CacheTier;
use cache_policy::policy::PolicyKind;
use cache_policy::simulate::{OfflineBound, count_misses, simulate};
use cache_policy::trace::{Catalogue, KeyId, Object, Request, Trace, TraceBuilder};
use drv_graph::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

const KEYS: usize = 5;
const SETS: usize = 1 << KEYS;

/// What a miss costs least over all ways to serve a trace: of what is held after a request any
/// part may go, and what was missed may come or pass by. By dynamic programming over the sets that
/// can be held. Sizes must not change.
fn least(trace: &Trace, capacity: u64, may_pass: bool, cost: impl Fn(&Request) -> u64) -> u64 {
    let mut sizes = [0; KEYS];
    for request in trace.requests() {
        sizes[request.key.index()] = request.size.0;
    }
    let fits = |set: usize| {
        let held = (0..KEYS).filter(|key| set >> key & 1 == 1);
        held.map(|key| sizes[key]).sum::<u64>() <= capacity
    };
    let mut costs = [None; SETS];
    costs[0] = Some(0);
    for request in trace.requests() {
        let asked = 1 << request.key.0;
        let mut after: [Option<u64>; SETS] = [None; SETS];
        for (before, so_far) in costs.iter().enumerate() {
            let Some(so_far) = so_far else { continue };
            let is_hit = before & asked != 0;
            let so_far = so_far + if is_hit { 0 } else { cost(request) };
            let must_come = !is_hit && !may_pass && fits(asked);
            for (set, least) in after.iter_mut().enumerate() {
                let is_possible = set & !(before | asked) == 0 && fits(set);
                if is_possible && (!must_come || set & asked != 0) {
                    *least = Some(least.map_or(so_far, |least| least.min(so_far)));
                }
            }
        }
        costs = after;
    }
    costs.into_iter().flatten().min().unwrap_or(0)
}

/// Traces of a dozen requests, sizes and build times that do not change, and a capacity.
fn instance(size: impl Strategy<Value = u64>) -> impl Strategy<Value = (Trace, Catalogue, Bytes)> {
    let objects = vec((size, 0..20_u64), KEYS);
    (objects, vec(0..KEYS, 0..=12), 0..30_u64).prop_map(|(objects, keys, capacity)| {
        let mut builder = TraceBuilder::new();
        for (time, key) in (0..).zip(keys) {
            let size = Bytes(objects[key].0);
            builder.push(time, key, size).expect("a good request");
        }
        let (trace, keys) = builder.finish();
        let object = |key: &usize| Object {
            tier: CacheTier::WhenRoom,
            rebuild: Duration::from_secs(objects[*key].1),
            ..Object::default()
        };
        let catalogue = Catalogue::new(keys.iter().map(object).collect()).expect("no references");
        (trace, catalogue, Bytes(capacity))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_bound_is_below_the_optimum((trace, catalogue, capacity) in instance(1..12_u64)) {
        let bound = OfflineBound::new(&trace, &catalogue, capacity);
        let seconds = |key: KeyId| catalogue.rebuild(key).as_secs();
        let requests = least(&trace, capacity.0, true, |_| 1);
        let bytes = least(&trace, capacity.0, true, |request| request.size.0);
        let rebuild = least(&trace, capacity.0, true, |request| seconds(request.key));
        prop_assert!(bound.misses.requests <= requests);
        prop_assert!(bound.misses.bytes <= Bytes(bytes));
        prop_assert!(bound.rebuild <= Duration::from_secs(rebuild));
        for kind in PolicyKind::ALL {
            let mut policy = kind.build(&trace, &catalogue, capacity);
            let missed = simulate(&trace, &catalogue, capacity, &mut policy).missed;
            prop_assert!(missed.count >= requests, "{}", kind.name());
            prop_assert!(missed.bytes >= Bytes(bytes), "{}", kind.name());
            prop_assert!(missed.rebuild >= Duration::from_secs(rebuild), "{}", kind.name());
        }
    }

    /// Where sizes are alike and what is asked for must come in, nothing misses less than Belady;
    /// `BeladySize`, which does not hold what is never asked for again, can.
    #[test]
    fn those_who_know_the_future_are_the_best((trace, catalogue, capacity) in instance(Just(7))) {
        let misses = |kind: PolicyKind| {
            let mut policy = kind.build(&trace, &catalogue, capacity);
            count_misses(&trace, capacity, &mut policy).requests
        };
        let best = least(&trace, capacity.0, false, |_| 1);
        prop_assert_eq!(misses(PolicyKind::Belady), best);
        prop_assert!(misses(PolicyKind::BeladySize) <= best);
    }
}
