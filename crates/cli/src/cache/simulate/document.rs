//! From simulations to the document.

use std::time::Duration;

use cache_policy::policy::PolicyKind;
use cache_policy::simulate::{OfflineBound, Outcome, Tally, simulate};
use drv_graph::Bytes;

use super::demand::Demand;
use crate::dto::cache_simulation::{
    Bound, CacheSimulation, Metadata, Paths, RebuildBound, Run, Trace,
};
use crate::parallel;

/// Runs every policy at every capacity.
pub(super) fn document(
    demand: &Demand,
    kinds: &[PolicyKind],
    capacities: &[Bytes],
) -> CacheSimulation {
    let trace = trace(demand);
    let bounds = parallel::map(capacities, |&capacity| bound(demand, &trace, capacity));
    let pairs: Vec<(PolicyKind, Bytes)> = kinds
        .iter()
        .flat_map(|&kind| capacities.iter().map(move |&capacity| (kind, capacity)))
        .collect();
    let runs = parallel::map(&pairs, |&(kind, capacity)| {
        let mut policy = kind.build(&demand.trace, &demand.catalogue, capacity);
        let outcome = simulate(&demand.trace, &demand.catalogue, capacity, &mut policy);
        run(kind, capacity, &outcome, demand.metadata.is_some())
    });
    CacheSimulation {
        schema: CacheSimulation::SCHEMA_ID,
        trace,
        bounds,
        runs,
    }
}

fn trace(demand: &Demand) -> Trace {
    let requests = demand.trace.requests();
    let length = match requests {
        [first, .., last] => last.time - first.time,
        _ => 0,
    };
    let rebuild = requests
        .iter()
        .map(|request| demand.catalogue.rebuild(request.key));
    let rebuild = rebuild.fold(Duration::ZERO, Duration::saturating_add);
    Trace {
        file: demand.file.clone(),
        requests: requests.len() as u64,
        objects: demand.trace.key_count() as u64,
        requested_bytes: requests.iter().map(|r| r.size).sum::<Bytes>().0,
        unique_bytes: demand.trace.unique_bytes().0,
        length_ms: length.saturating_mul(1000),
        metadata: demand.metadata.as_ref().map(|(file, unknown)| Metadata {
            file: file.clone(),
            rebuild_ms: millis(rebuild),
            unknown_objects: *unknown as u64,
        }),
    }
}

fn bound(demand: &Demand, trace: &Trace, capacity: Bytes) -> Bound {
    let bound = OfflineBound::new(&demand.trace, &demand.catalogue, capacity);
    let missed_ms = millis(bound.rebuild);
    let rebuild = trace.metadata.as_ref().map(|metadata| RebuildBound {
        missed_ms,
        miss_ratio: share(missed_ms, metadata.rebuild_ms),
    });
    Bound {
        capacity_bytes: capacity.0,
        misses: bound.misses.requests,
        miss_ratio: share(bound.misses.requests, trace.requests),
        missed_bytes: bound.misses.bytes.0,
        byte_miss_ratio: share(bound.misses.bytes.0, trace.requested_bytes),
        rebuild,
    }
}

fn run(kind: PolicyKind, capacity: Bytes, outcome: &Outcome, has_paths: bool) -> Run {
    let sum = |of: &dyn Fn(&Tally) -> u64| {
        let all = outcome.evicted.iter().map(of);
        all.fold(0, u64::saturating_add)
    };
    Run {
        policy: kind.name(),
        offline: kind.is_offline(),
        capacity_bytes: capacity.0,
        misses: outcome.missed.count,
        miss_ratio: outcome.miss_ratio(),
        missed_bytes: outcome.missed.bytes.0,
        byte_miss_ratio: outcome.byte_miss_ratio(),
        passed_by: outcome.passed_by.count,
        evictions: sum(&|tally| tally.count),
        evicted_bytes: sum(&|tally| tally.bytes.0),
        peak_bytes: outcome.peak.0,
        paths: has_paths.then(|| Paths {
            effective_misses: outcome.effectively_missed.count,
            effective_miss_ratio: outcome.effective_miss_ratio(),
            rebuild_missed_ms: millis(outcome.missed.rebuild),
            rebuild_miss_ratio: outcome.rebuild_miss_ratio(),
            effective_rebuild_missed_ms: millis(outcome.effectively_missed.rebuild),
            effective_rebuild_miss_ratio: outcome.effective_rebuild_miss_ratio(),
            evictions_by_tier: outcome.evicted.map(|tally| tally.count),
            evicted_bytes_by_tier: outcome.evicted.map(|tally| tally.bytes.0),
        }),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}
