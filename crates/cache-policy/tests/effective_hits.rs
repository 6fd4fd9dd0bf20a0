//! What closures cost policies that do not look at them, on a year of requests to a binary cache:
//! the shares of rebuild time that is missed, and missed once a hit needs the whole closure.
//!
//! The policies here are made from outside of the crate, by its trait alone: they are what one
//! would try first.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]

mod shared_data;

use cache_policy::policy::{Gdsf, Policy};
use cache_policy::simulate::{Cache, simulate};
use cache_policy::trace::{Catalogue, KeyId, PathMetadata, Request, Trace, read_csv};
use drv_graph::Bytes;

/// What each held object is worth: the least goes, of equals what was valued first.
struct Ranks {
    held: Vec<Option<(f64, u64)>>,
    now: u64,
}

impl Ranks {
    fn new(keys: usize) -> Self {
        Self {
            held: vec![None; keys],
            now: 0,
        }
    }

    fn set(&mut self, key: KeyId, value: f64) {
        self.now += 1;
        self.held[key.index()] = Some((value, self.now));
    }

    fn pop(&mut self) -> Option<(KeyId, f64)> {
        let held = (0..).zip(&self.held);
        let held = held.filter_map(|(key, rank)| Some((KeyId(key), (*rank)?)));
        let (key, (value, _)) = held.min_by(|(_, a), (_, b)| a.partial_cmp(b).expect("numbers"))?;
        self.held[key.index()] = None;
        Some((key, value))
    }
}

/// GDSF that counts what building costs: `L + frequency · seconds / bytes`.
struct CostAware<'a> {
    catalogue: &'a Catalogue,
    ranks: Ranks,
    frequency: Vec<u32>,
    age: f64,
}

impl CostAware<'_> {
    fn touch(&mut self, key: KeyId, cache: &Cache) {
        let frequency = &mut self.frequency[key.index()];
        *frequency += 1;
        let seconds = self.catalogue.rebuild(key).as_secs_f64();
        let worth = f64::from(*frequency) * seconds / cache.size(key).0 as f64;
        self.ranks.set(key, self.age + worth);
    }
}

impl Policy for CostAware<'_> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.touch(request.key, cache);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        if request.size > cache.capacity() {
            return;
        }
        while !cache.fits(request.size) {
            let Some((victim, value)) = self.ranks.pop() else {
                return;
            };
            self.age = value;
            cache.evict(victim);
        }
        cache.insert(request);
        self.frequency[request.key.index()] = 0;
        self.touch(request.key, cache);
    }
}

/// LRU in which a hit, and only that, touches what the object needs, and the object after it.
struct TouchOnHit<'a> {
    catalogue: &'a Catalogue,
    ranks: Ranks,
}

impl Policy for TouchOnHit<'_> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        let closure = self.catalogue.closure(request.key).iter();
        for &key in closure.chain([&request.key]) {
            if cache.holds(key) {
                self.ranks.set(key, 0.0);
            }
        }
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        if request.size > cache.capacity() {
            return;
        }
        while !cache.fits(request.size) {
            let Some((victim, _)) = self.ranks.pop() else {
                return;
            };
            cache.evict(victim);
        }
        cache.insert(request);
        self.ranks.set(request.key, 0.0);
    }
}

#[test]
fn a_hit_without_its_closure_is_none() {
    let Some(dir) = shared_data::dir("a_hit_without_its_closure_is_none") else {
        return;
    };
    let text = shared_data::read(&dir.join("traces/nixlike.csv.gz"));
    let (trace, keys) = read_csv(&text).expect("a trace");
    let metadata = shared_data::read(&dir.join("traces/nixlike_meta.json.gz"));
    let metadata = PathMetadata::read(&metadata).expect("metadata");
    let (catalogue, _) = metadata.catalogue(&keys);

    let check = |trace: &Trace, policy: &mut dyn Policy, missed: &str, effectively: &str| {
        let outcome = simulate(trace, &catalogue, Bytes(1_000_000_000), policy);
        assert_eq!(outcome.misuse, None);
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        assert_eq!(
            (
                percent(outcome.rebuild_miss_ratio()),
                percent(outcome.effective_rebuild_miss_ratio())
            ),
            (missed.to_owned(), effectively.to_owned())
        );
    };
    let n = trace.key_count();
    check(&trace, &mut Gdsf::new(n), "41.0", "41.9");
    let mut cost_aware = CostAware {
        catalogue: &catalogue,
        ranks: Ranks::new(n),
        frequency: vec![0; n],
        age: 0.0,
    };
    check(&trace, &mut cost_aware, "22.3", "32.9");
    let mut touch_on_hit = TouchOnHit {
        catalogue: &catalogue,
        ranks: Ranks::new(n),
    };
    check(&trace, &mut touch_on_hit, "21.4", "23.1");
}
