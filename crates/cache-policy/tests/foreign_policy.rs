//! How a policy of one's own is held to the laws, and that the laws notice what is wrong.

use std::cell::Cell;

use cache_policy::policy::Policy;
use cache_policy::simulate::laws::{Step, Violation, check, record, verify, verify_misses};
use cache_policy::simulate::strategies::{Instance, instance};
use cache_policy::simulate::{Cache, Misses, Misuse};
use cache_policy::trace::{KeyId, Request, Trace, read_csv};
use drv_graph::Bytes;
use proptest::prelude::*;

/// Evicts what was asked for most recently: right for those who go round and round through more
/// than fits.
#[derive(Default)]
struct MostRecentlyUsed {
    recency: Vec<KeyId>,
}

impl Policy for MostRecentlyUsed {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.recency.retain(|&key| key != request.key);
        self.recency.push(request.key);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        if request.size > cache.capacity() {
            return;
        }
        while !cache.fits(request.size) {
            let Some(victim) = self.recency.pop() else {
                return;
            };
            cache.evict(victim);
        }
        cache.insert(request);
        self.recency.push(request.key);
    }
}

proptest! {
    #[test]
    fn a_foreign_policy_keeps_the_laws(instance in instance(120, 20)) {
        let Instance { trace, capacity, .. } = &instance;
        prop_assert_eq!(check(trace, *capacity, MostRecentlyUsed::default), []);
    }

    /// A simulator of one's own, of LRU, that uses nothing of this crate but the laws.
    #[test]
    fn a_foreign_simulator_keeps_the_laws(instance in instance(120, 20)) {
        let Instance { trace, capacity, .. } = &instance;
        let mut held: Vec<(KeyId, u64)> = Vec::new();
        let mut steps = Vec::new();
        for request in trace.requests() {
            let mut step = Step::default();
            if let Some(at) = held.iter().position(|&(key, _)| key == request.key) {
                step.is_hit = true;
                let object = held.remove(at);
                held.push(object);
            } else if request.size <= *capacity {
                let wanted = u128::from(request.size.0);
                while held.iter().map(|&(_, size)| u128::from(size)).sum::<u128>() + wanted
                    > u128::from(capacity.0)
                {
                    step.evicted.push(held.remove(0).0);
                }
                step.is_inserted = true;
                held.push((request.key, request.size.0));
            }
            steps.push(step);
        }
        prop_assert_eq!(verify(trace, *capacity, &steps), []);
    }
}

fn trace() -> Trace {
    let text = b"time,key,size\n0,a,4\n1,b,4\n2,c,4\n3,a,4\n4,b,4\n5,c,4\n6,b,4\n";
    read_csv(text).expect("a trace").0
}

/// A policy that is a function of what happens.
struct Wrong<F>(F);

impl<F: FnMut(&Request, &mut Cache, bool)> Policy for Wrong<F> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.0(request, cache, true);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        self.0(request, cache, false);
    }
}

fn violations<F: FnMut(&Request, &mut Cache, bool)>(policy: impl Fn() -> F) -> Vec<Violation> {
    check(&trace(), Bytes(10), || Wrong(policy()))
}

#[test]
fn misuse_is_noticed() {
    let [a, b, c] = [0, 1, 2].map(KeyId);
    let all = violations(|| {
        |request, cache, is_hit| {
            if !is_hit {
                cache.insert(request);
            }
        }
    });
    assert_eq!(all, [Violation::Misuse(Misuse::DoesNotFit(c))]);
    let all = violations(|| |_, cache, _| cache.evict(KeyId(1)));
    assert_eq!(all, [Violation::Misuse(Misuse::EvictedAbsent(b))]);
    assert_eq!(
        all[0].to_string(),
        "the policy evicted key 1, which is not held"
    );
    let all = violations(|| {
        |request, cache, _| {
            if request.key == KeyId(0) {
                cache.insert(request);
            }
        }
    });
    assert_eq!(all, [Violation::Misuse(Misuse::InsertedUnasked(a))]);
    let all = violations(|| {
        |request, cache, is_hit| {
            if !is_hit && request.key == KeyId(0) {
                cache.insert(request);
                cache.insert(request);
            }
        }
    });
    assert_eq!(all, [Violation::Misuse(Misuse::InsertedTwice(a))]);
    let all = violations(|| {
        |request, cache, is_hit| {
            let other = Request {
                key: KeyId(2),
                ..*request
            };
            if !is_hit {
                cache.insert(&other);
            }
        }
    });
    assert_eq!(all, [Violation::Misuse(Misuse::InsertedUnasked(c))]);
}

#[test]
fn moods_are_noticed() {
    let run = Cell::new(0);
    let all = violations(|| {
        run.set(run.get() + 1);
        let from = run.get();
        move |request: &Request, cache: &mut Cache, is_hit| {
            if !is_hit && request.time >= from && cache.fits(request.size) {
                cache.insert(request);
            }
        }
    });
    assert_eq!(all, [Violation::NotRepeatable { request: 1 }]);
}

#[test]
fn wrong_books_are_noticed() {
    let trace = trace();
    let (right, misuse) = record(&trace, Bytes(10), &mut MostRecentlyUsed::default());
    assert_eq!((verify(&trace, Bytes(10), &right), misuse), (vec![], None));
    let spoilt = |capacity: u64, spoil: &dyn Fn(&mut Vec<Step>)| {
        let mut steps = right.clone();
        spoil(&mut steps);
        verify(&trace, Bytes(capacity), &steps)
    };
    let first = |all: Vec<Violation>| all.first().copied();
    let key = KeyId(2);
    assert_eq!(
        spoilt(10, &|steps| drop(steps.pop())),
        [Violation::Steps {
            steps: 6,
            requests: 7
        }]
    );
    assert_eq!(
        first(spoilt(10, &|steps| steps[1].is_hit = true)),
        Some(Violation::HitAbsent { request: 1 })
    );
    assert_eq!(
        first(spoilt(10, &|steps| steps[3].is_hit = false)),
        Some(Violation::MissedHeld { request: 3 })
    );
    assert_eq!(
        first(spoilt(10, &|steps| steps[1].evicted.push(key))),
        Some(Violation::EvictedAbsent { request: 1, key })
    );
    assert_eq!(
        first(spoilt(10, &|steps| steps[3].is_inserted = true)),
        Some(Violation::InsertedHeld { request: 3 })
    );
    assert_eq!(
        first(spoilt(7, &|_| {})),
        Some(Violation::OverCapacity {
            request: 1,
            occupied: Bytes(8)
        })
    );
}

#[test]
fn too_few_misses_are_noticed() {
    let verify = |requests, bytes, capacity| {
        let misses = Misses {
            requests,
            bytes: Bytes(bytes),
        };
        let all = verify_misses(&trace(), Bytes(capacity), misses);
        all.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(verify(3, 12, 12).is_empty());
    assert_eq!(
        verify(2, 12, 12),
        [
            "2 misses of 3 objects",
            "2 misses of 12 B where there are 3 of 12 B at least"
        ]
    );
    assert_eq!(
        verify(3, 11, 12),
        ["3 misses of 11 B where there are 3 of 12 B at least"]
    );
    // There is room for 24 bytes times requests, of which the three hits that would take 12 and the
    // one that would take 8 want more. A third of a hit of four bytes is rounded up, twice.
    assert_eq!(
        verify(3, 12, 4),
        ["3 misses of 12 B where there are 5 of 17 B at least"]
    );
}
