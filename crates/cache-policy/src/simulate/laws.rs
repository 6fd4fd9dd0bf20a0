//! The laws of a cache, as functions: use them to hold any policy, or any simulator, to them.
//!
//! A policy of one's own goes through [`check`]; a simulator of one's own writes down its
//! [`Step`]s for [`verify`]. The `proptest` feature has strategies that generate traces and
//! catalogues for either, in `simulate::strategies`.

use std::fmt;

use drv_graph::Bytes;

use super::{Cache, Misses, Misuse, OfflineBound};
use crate::policy::Policy;
use crate::trace::{Catalogue, KeyId, Trace};

/// What became of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The object was held.
    pub is_hit: bool,
    /// What was evicted, in order.
    pub evicted: Vec<KeyId>,
    /// The object was inserted, after the evictions.
    pub is_inserted: bool,
}

/// A law that is broken, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// There is not one step for each request.
    Steps {
        /// How many there are.
        steps: usize,
        /// How many requests there are.
        requests: usize,
    },
    /// A hit of what is not held.
    HitAbsent {
        /// Index of the request.
        request: usize,
    },
    /// A miss of what is held.
    MissedHeld {
        /// Index of the request.
        request: usize,
    },
    /// An eviction of what is not held.
    EvictedAbsent {
        /// Index of the request.
        request: usize,
        /// What was evicted.
        key: KeyId,
    },
    /// An insertion of what is held.
    InsertedHeld {
        /// Index of the request.
        request: usize,
    },
    /// More is held than fits.
    OverCapacity {
        /// Index of the request after which it is.
        request: usize,
        /// What is held; saturates.
        occupied: Bytes,
    },
    /// Fewer misses than objects, each of which is missed once at least.
    FewerMissesThanKeys {
        /// Requests missed.
        misses: u64,
        /// Objects.
        keys: u64,
    },
    /// Fewer misses than [`OfflineBound`] says there must be.
    FewerMissesThanBound {
        /// What was missed.
        misses: Misses,
        /// What must be.
        bound: Misses,
    },
    /// The policy did what cannot be done.
    Misuse(Misuse),
    /// A second run went differently.
    NotRepeatable {
        /// Index of the first request with another outcome.
        request: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Steps { steps, requests } => {
                write!(f, "{steps} steps for {requests} requests")
            }
            Self::HitAbsent { request } => write!(f, "request {request} hits what is not held"),
            Self::MissedHeld { request } => write!(f, "request {request} misses what is held"),
            Self::EvictedAbsent { request, key } => {
                let key = key.0;
                write!(f, "request {request} evicts key {key}, which is not held")
            }
            Self::InsertedHeld { request } => {
                write!(f, "request {request} inserts what is held")
            }
            Self::OverCapacity { request, occupied } => {
                write!(
                    f,
                    "after request {request}, {occupied} are held, more than fit"
                )
            }
            Self::FewerMissesThanKeys { misses, keys } => {
                write!(f, "{misses} misses of {keys} objects")
            }
            Self::FewerMissesThanBound { misses, bound } => write!(
                f,
                "{} misses of {} where there are {} of {} at least",
                misses.requests, misses.bytes, bound.requests, bound.bytes
            ),
            Self::Misuse(misuse) => write!(f, "the policy {misuse}"),
            Self::NotRepeatable { request } => {
                write!(f, "request {request} goes differently in a second run")
            }
        }
    }
}

/// Runs a policy over a trace and writes down every step. O(n) and what the policy takes.
pub fn record(
    trace: &Trace,
    capacity: Bytes,
    policy: &mut (impl Policy + ?Sized),
) -> (Vec<Step>, Option<Misuse>) {
    let mut cache = Cache::new(capacity, trace.key_count());
    let mut steps = Vec::with_capacity(trace.requests().len());
    for request in trace.requests() {
        let is_hit = cache.serve(request, policy);
        steps.push(Step {
            is_hit,
            evicted: cache.take_evicted().map(|(key, _)| key).collect(),
            is_inserted: !is_hit && cache.holds(request.key),
        });
    }
    (steps, cache.misuse())
}

/// Every law that steps break, in the order of the requests; none for what [`record`] writes down.
/// Keeps books of its own. O(n log n).
pub fn verify(trace: &Trace, capacity: Bytes, steps: &[Step]) -> Vec<Violation> {
    let mut violations = Vec::new();
    if steps.len() != trace.requests().len() {
        return vec![Violation::Steps {
            steps: steps.len(),
            requests: trace.requests().len(),
        }];
    }
    let mut held: Vec<Option<u64>> = vec![None; trace.key_count()];
    let mut occupied = 0_u128;
    let mut misses = 0;
    let mut missed = 0_u128;
    for (request, (step, asked)) in steps.iter().zip(trace.requests()).enumerate() {
        let is_held = held[asked.key.index()].is_some();
        match (step.is_hit, is_held) {
            (true, false) => violations.push(Violation::HitAbsent { request }),
            (false, true) => violations.push(Violation::MissedHeld { request }),
            _ => {}
        }
        if !step.is_hit {
            misses += 1;
            missed += u128::from(asked.size.0);
        }
        for &key in &step.evicted {
            match held.get_mut(key.index()).and_then(Option::take) {
                Some(size) => occupied -= u128::from(size),
                None => violations.push(Violation::EvictedAbsent { request, key }),
            }
        }
        if step.is_inserted {
            let before = held[asked.key.index()].replace(asked.size.0);
            occupied += u128::from(asked.size.0);
            if let Some(size) = before {
                occupied -= u128::from(size);
                violations.push(Violation::InsertedHeld { request });
            }
        }
        if occupied > u128::from(capacity.0) {
            let occupied = super::outcome::saturating(occupied);
            violations.push(Violation::OverCapacity { request, occupied });
        }
    }
    let misses = Misses {
        requests: misses,
        bytes: super::outcome::saturating(missed),
    };
    violations.extend(verify_misses(trace, capacity, misses));
    violations
}

/// Every law that a number of misses breaks. O(n log n).
pub fn verify_misses(trace: &Trace, capacity: Bytes, misses: Misses) -> Vec<Violation> {
    let mut violations = Vec::new();
    let keys = trace.key_count() as u64;
    if misses.requests < keys {
        let misses = misses.requests;
        violations.push(Violation::FewerMissesThanKeys { misses, keys });
    }
    let bound = OfflineBound::new(trace, &Catalogue::unknown(trace), capacity).misses;
    if misses.requests < bound.requests || misses.bytes < bound.bytes {
        violations.push(Violation::FewerMissesThanBound { misses, bound });
    }
    violations
}

/// Runs a policy twice, and gives every law that it breaks; none for those of this crate.
///
/// ```
/// use cache_policy::policy::Lru;
/// use cache_policy::simulate::laws::check;
/// use cache_policy::trace::read_csv;
/// use drv_graph::Bytes;
///
/// let (trace, _) = read_csv(b"time,key,size\n0,a,7\n1,b,7\n2,a,7\n").unwrap();
/// // Put your own policy here.
/// assert_eq!(check(&trace, Bytes(10), || Lru::new(trace.key_count())), []);
/// ```
pub fn check<P: Policy>(trace: &Trace, capacity: Bytes, policy: impl Fn() -> P) -> Vec<Violation> {
    let (steps, misuse) = record(trace, capacity, &mut policy());
    let mut violations: Vec<Violation> = misuse.map(Violation::Misuse).into_iter().collect();
    violations.extend(verify(trace, capacity, &steps));
    let (again, _) = record(trace, capacity, &mut policy());
    let differs = steps.iter().zip(&again).position(|(a, b)| a != b);
    violations.extend(differs.map(|request| Violation::NotRepeatable { request }));
    violations
}
