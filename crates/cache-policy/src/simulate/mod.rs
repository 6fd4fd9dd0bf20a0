//! Runs policies over traces and counts what they miss.

mod cache;
pub mod laws;
mod offline_bound;
mod outcome;
#[cfg(feature = "proptest")]
pub mod strategies;

use std::fmt;

use drv_graph::Bytes;

use crate::policy::Policy;
use crate::trace::{Catalogue, KeyId, Trace};

pub use cache::Cache;
pub use offline_bound::OfflineBound;
pub use outcome::{Misses, Outcome, Tally};

/// What a policy did that a cache cannot do. It was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// Inserted something else than was asked for, or when it hit.
    InsertedUnasked(KeyId),
    /// Inserted what is held.
    InsertedTwice(KeyId),
    /// Inserted what does not fit.
    DoesNotFit(KeyId),
    /// Evicted what is not held.
    EvictedAbsent(KeyId),
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsertedUnasked(key) => {
                write!(f, "inserted key {}, which was not asked for", key.0)
            }
            Self::InsertedTwice(key) => write!(f, "inserted key {}, which is held", key.0),
            Self::DoesNotFit(key) => write!(f, "inserted key {}, which does not fit", key.0),
            Self::EvictedAbsent(key) => write!(f, "evicted key {}, which is not held", key.0),
        }
    }
}

/// Runs a policy over a trace and counts misses, no more: the fastest way.
/// O(n) and what the policy takes.
pub fn count_misses(trace: &Trace, capacity: Bytes, policy: &mut (impl Policy + ?Sized)) -> Misses {
    let mut cache = Cache::new(capacity, trace.key_count());
    let mut misses = 0;
    let mut bytes = 0_u128;
    for request in trace.requests() {
        if !cache.serve(request, policy) {
            misses += 1;
            bytes += u128::from(request.size.0);
        }
        cache.take_evicted();
    }
    Misses {
        requests: misses,
        bytes: outcome::saturating(bytes),
    }
}

/// Runs a policy over a trace and counts everything, hits without their closure among them.
/// O(n + the sizes of the closures asked for) and what the policy takes.
///
/// A hit is *effective* when the object and its whole closure are held at the moment of the
/// request: a cache that hides a path whose closure is incomplete, as Cachix does, serves no
/// other.
pub fn simulate(
    trace: &Trace,
    catalogue: &Catalogue,
    capacity: Bytes,
    policy: &mut (impl Policy + ?Sized),
) -> Outcome {
    let mut cache = Cache::new(capacity, trace.key_count());
    let mut outcome = outcome::Counts::default();
    for request in trace.requests() {
        let rebuild = catalogue.rebuild(request.key);
        outcome.requested.add(request.size, rebuild);
        let mut closure = catalogue.closure(request.key).iter();
        let is_complete = closure.all(|&key| cache.holds(key));
        let is_hit = cache.serve(request, policy);
        if !is_hit {
            outcome.missed.add(request.size, rebuild);
            if !cache.holds(request.key) {
                outcome.passed_by.add(request.size, rebuild);
            }
        }
        if !is_hit || !is_complete {
            outcome.effectively_missed.add(request.size, rebuild);
        }
        for (key, size) in cache.take_evicted() {
            outcome.evicted[catalogue.tier(key).index()].add(size, catalogue.rebuild(key));
        }
        outcome.peak = outcome.peak.max(cache.occupied());
    }
    outcome.finish(cache.misuse())
}
