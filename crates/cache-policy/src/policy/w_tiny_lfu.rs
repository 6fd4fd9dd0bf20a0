//! W-TinyLFU.

use drv_graph::Bytes;

use super::queues::{Queue, Queues};
use super::slru::Segments;
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// A small LRU window before a main part of two LRU segments. What falls off the window comes into
/// the main part only in the place of something that was asked for less often. One hundredth of
/// the capacity for the window, and of the rest one fifth for the lower segment, as libCacheSim
/// has them by default. What is larger than either is never held. O(1) amortised.
///
/// G. Einziger, R. Friedman, B. Manes: TinyLFU: a highly efficient cache admission policy. ACM
/// Transactions on Storage 13 (2017).
///
/// The paper counts frequencies in a sketch of a few bits. Keys are dense numbers here, so they
/// are counted exactly, in four bytes a key; like libCacheSim this counts what enters the window,
/// what is compared at its end and what hits the main part, and halves the counts after as many
/// hits as 32 times the main part has bytes, which is to say hardly ever.
#[derive(Clone, Debug)]
pub struct WTinyLfu {
    window: Queues,
    is_in_window: Vec<bool>,
    window_limit: u64,
    main: Segments,
    frequency: Vec<u32>,
    hits: u64,
    hits_to_halve: u64,
}

const WINDOW: Queue = Queue(0);

impl WTinyLfu {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize, capacity: Bytes) -> Self {
        let window_limit = (capacity.0 as f64 * 0.01) as u64;
        let main = capacity.0 - window_limit;
        let limits = [1.0, 4.0].map(|fifths| (fifths / 5.0 * main as f64) as u64);
        Self {
            window: Queues::new(keys, 1),
            is_in_window: vec![false; keys],
            window_limit,
            main: Segments::new(keys, main, limits.to_vec()),
            frequency: vec![0; keys],
            hits: 0,
            hits_to_halve: main.saturating_mul(32),
        }
    }

    fn count(&mut self, key: KeyId) {
        let frequency = &mut self.frequency[key.index()];
        *frequency = frequency.saturating_add(1);
    }

    fn count_hit(&mut self, key: KeyId) {
        self.count(key);
        self.hits += 1;
        if self.hits >= self.hits_to_halve {
            self.hits = 0;
            self.frequency
                .iter_mut()
                .for_each(|frequency| *frequency /= 2);
        }
    }

    /// Moves the window's oldest into the main part, over and over, until one of them is found
    /// wanting and evicted. With an empty window evicts from the main part.
    fn evict(&mut self, cache: &mut Cache) -> Option<()> {
        while let Some(candidate) = self.window.back(WINDOW) {
            self.window.remove(candidate);
            let is_admitted = self.main.fits(cache.size(candidate)) || {
                let victim = self.main.victim();
                let frequency = |key: KeyId| self.frequency[key.index()];
                let is_better = victim.is_some_and(|v| frequency(candidate) > frequency(v));
                if is_better {
                    self.main.evict(cache);
                }
                is_better
            };
            self.count(candidate);
            if !is_admitted {
                cache.evict(candidate);
                return Some(());
            }
            self.is_in_window[candidate.index()] = false;
            self.main.insert(candidate, cache);
        }
        self.main.evict(cache).map(|_| ())
    }
}

impl Policy for WTinyLfu {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        if self.is_in_window[request.key.index()] {
            self.window.move_to_front(WINDOW, request.key);
        } else {
            self.main.hit(request.key, cache);
            self.count_hit(request.key);
        }
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        if request.size.0 > self.window_limit || !self.main.takes(request.size) {
            return;
        }
        if !make_room(request.size, cache, |cache| self.evict(cache)) {
            return;
        }
        cache.insert(request);
        self.is_in_window[request.key.index()] = true;
        self.window.push_front(WINDOW, request.key);
        self.count(request.key);
    }
}
