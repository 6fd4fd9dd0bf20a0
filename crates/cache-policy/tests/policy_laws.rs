//! What holds for every policy on every trace.

mod naive;

use cache_policy::CacheTier;
use cache_policy::policy::PolicyKind;
use cache_policy::simulate::laws::{check, record};
use cache_policy::simulate::strategies::{Instance, instance};
use cache_policy::simulate::{Misses, OfflineBound, count_misses, simulate};
use cache_policy::trace::{Catalogue, KeyId, Trace, TraceBuilder, read_csv};
use drv_graph::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

fn hit_alike(
    kind: PolicyKind,
    trace: &Trace,
    catalogue: &Catalogue,
    capacity: Bytes,
) -> Result<(), TestCaseError> {
    let (steps, _) = record(trace, capacity, &mut kind.build(trace, catalogue, capacity));
    let hits: Vec<bool> = steps.iter().map(|step| step.is_hit).collect();
    let naive = naive::hits(kind, trace, catalogue, capacity.0);
    prop_assert_eq!(hits, naive, "{}", kind.name());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn policies_keep_the_laws(instance in instance(90, 14)) {
        let Instance { trace, catalogue, capacity } = &instance;
        for kind in PolicyKind::ALL {
            let violations = check(trace, *capacity, || kind.build(trace, catalogue, *capacity));
            prop_assert_eq!(violations, [], "{}", kind.name());
        }
    }

    #[test]
    fn policies_hit_what_their_naive_twins_hit(instance in instance(90, 14)) {
        let Instance { trace, catalogue, capacity } = &instance;
        for kind in PolicyKind::ALL {
            hit_alike(kind, trace, catalogue, *capacity)?;
        }
    }

    #[test]
    fn counts_agree_and_bounds_hold(instance in instance(90, 14)) {
        let Instance { trace, catalogue, capacity } = &instance;
        let bound = OfflineBound::new(trace, catalogue, *capacity);
        for kind in PolicyKind::ALL {
            let counted = count_misses(trace, *capacity, &mut kind.build(trace, catalogue, *capacity));
            let outcome = simulate(trace, catalogue, *capacity, &mut kind.build(trace, catalogue, *capacity));
            let missed = Misses { requests: outcome.missed.count, bytes: outcome.missed.bytes };
            prop_assert_eq!(counted, missed);
            prop_assert!(outcome.peak <= *capacity);
            prop_assert!(outcome.misuse.is_none());
            prop_assert!(outcome.missed.count <= outcome.effectively_missed.count);
            prop_assert!(outcome.effectively_missed.count <= outcome.requested.count);
            prop_assert!(outcome.missed.rebuild >= bound.rebuild);
            prop_assert!(outcome.passed_by.count <= outcome.missed.count);
            let evicted: u64 = outcome.evicted.iter().map(|tally| tally.count).sum();
            prop_assert!(evicted <= outcome.missed.count - outcome.passed_by.count);
            for ratio in [
                outcome.miss_ratio(),
                outcome.byte_miss_ratio(),
                outcome.effective_miss_ratio(),
                outcome.rebuild_miss_ratio(),
                outcome.effective_rebuild_miss_ratio(),
            ] {
                prop_assert!((0.0..=1.0).contains(&ratio));
            }
        }
    }

    #[test]
    fn tier_one_stays_and_what_goes_goes_with_what_needs_it(instance in instance(90, 14)) {
        let Instance { trace, catalogue, capacity } = &instance;
        let kind = PolicyKind::TieredClosure;
        let (steps, _) = record(trace, *capacity, &mut kind.build(trace, catalogue, *capacity));
        let mut held = vec![false; trace.key_count()];
        // Keys are numbered in the order of their first requests.
        let mut known = 0;
        for (step, request) in steps.iter().zip(trace.requests()) {
            known = known.max(request.key.0 + 1);
            for &key in &step.evicted {
                held[key.index()] = false;
                let package = catalogue.package(key);
                let mut later = (key.0 + 1..known).map(KeyId);
                let has_newer = package.is_some() && later.any(|k| catalogue.package(k) == package);
                prop_assert!(catalogue.tier(key) != CacheTier::Always || has_newer);
                prop_assert!(!catalogue.closure(request.key).contains(&key));
                let mut keys = (0..held.len() as u32).map(KeyId);
                prop_assert!(!keys.any(|k| held[k.index()] && catalogue.closure(k).contains(&key)));
            }
            if step.is_inserted {
                held[request.key.index()] = true;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Small objects in a large cache: a hundredth of it, which is all that W-TinyLFU has for what
    /// is new, must be room for several.
    #[test]
    fn parts_of_a_cache_are_used(
        keys in vec((0.0_f64..1.0).prop_map(|x| (x * x * x * 900.0) as u32), 3000),
        capacity in 200_u64..600,
    ) {
        let mut builder = TraceBuilder::new();
        for key in keys {
            builder.push(0, key, Bytes(u64::from(key % 3 / 2) + 1)).expect("a good request");
        }
        let trace = builder.finish().0;
        let catalogue = Catalogue::unknown(&trace);
        for kind in [PolicyKind::Slru, PolicyKind::TwoQ, PolicyKind::Arc, PolicyKind::S3Fifo, PolicyKind::WTinyLfu] {
            hit_alike(kind, &trace, &catalogue, Bytes(capacity))?;
        }
    }
}

#[test]
fn policies_without_room_hold_nothing() {
    let text = b"time,key,size\n0,a,1\n0,b,1\n0,a,1\n";
    let (trace, _) = read_csv(text).expect("a trace");
    let catalogue = Catalogue::unknown(&trace);
    for kind in PolicyKind::ALL {
        assert_eq!(PolicyKind::from_name(kind.name()), Some(kind));
        let mut policy = kind.build(&trace, &catalogue, Bytes(0));
        assert_eq!(count_misses(&trace, Bytes(0), &mut policy).requests, 3);
    }
}
