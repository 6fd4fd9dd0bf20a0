//! GreedyDual-Size-Frequency.

use super::indexed_heap::IndexedHeap;
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// Evicts the object with the least `L + frequency / size`, where `L` is that value of the last
/// one evicted: small, often requested and recent objects stay. O(log n) a request.
///
/// L. Cherkasova: Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching
/// policy. HP Laboratories (1998); the ageing by `L` is that of P. Cao, S. Irani: Cost-aware WWW
/// proxy caching algorithms. USITS 1997. Objects of one value leave in the order of their last
/// requests, and the frequency counts from one at each insertion, as in libCacheSim.
#[derive(Clone, Debug)]
pub struct Gdsf {
    values: IndexedHeap<(f64, u64)>,
    frequency: Vec<u32>,
    /// The value of the last object that was evicted.
    age: f64,
    /// Requests so far.
    now: u64,
}

impl Gdsf {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize) -> Self {
        Self {
            values: IndexedHeap::new(keys),
            frequency: vec![0; keys],
            age: 0.0,
            now: 0,
        }
    }

    /// libCacheSim's scale: with it sums are rounded alike.
    const SCALE: f64 = 1e6;

    fn touch(&mut self, key: KeyId, cache: &Cache) {
        self.now += 1;
        let frequency = &mut self.frequency[key.index()];
        *frequency += 1;
        let value = f64::from(*frequency) * Self::SCALE / cache.size(key).0 as f64;
        self.values.set(key, (self.age + value, self.now));
    }
}

impl Policy for Gdsf {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.touch(request.key, cache);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let evict = |cache: &mut Cache| {
            let ((value, _), victim) = self.values.pop()?;
            self.age = value;
            cache.evict(victim);
            Some(())
        };
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.frequency[request.key.index()] = 0;
        self.touch(request.key, cache);
    }
}
