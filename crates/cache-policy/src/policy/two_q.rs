//! 2Q.

use drv_graph::Bytes;

use super::ghost::Ghost;
use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// A FIFO for what was asked for once, an LRU for what came back after it fell off the FIFO, and a
/// ghost that remembers what fell off. A quarter of the capacity for the FIFO and half of it for
/// the ghost, as libCacheSim has them by default. What is larger than the FIFO is never held.
/// O(1) amortised.
///
/// T. Johnson, D. Shasha: 2Q: a low overhead high performance buffer management replacement
/// algorithm. VLDB 1994.
#[derive(Clone, Debug)]
pub struct TwoQ {
    queues: Queues,
    is_in_fifo: Vec<bool>,
    fifo_limit: u64,
    fifo_bytes: u64,
    lru_limit: u64,
    lru_bytes: u64,
    ghost: Ghost,
}

const FIFO: Queue = Queue(0);
const LRU: Queue = Queue(1);

impl TwoQ {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize, capacity: Bytes) -> Self {
        let share = |share: f64| (capacity.0 as f64 * share) as u64;
        let fifo_limit = share(0.25);
        Self {
            queues: Queues::new(keys, 2),
            is_in_fifo: vec![false; keys],
            fifo_limit,
            fifo_bytes: 0,
            lru_limit: capacity.0 - fifo_limit,
            lru_bytes: 0,
            ghost: Ghost::new(keys, share(0.5)),
        }
    }

    fn evict(&mut self, cache: &mut Cache) -> Option<()> {
        let is_fifo_long = self.fifo_bytes > self.fifo_limit;
        if let Some(victim) = self.queues.back(LRU).filter(|_| !is_fifo_long) {
            self.evict_from_lru(victim, cache);
            return Some(());
        }
        let victim = self.queues.pop_back(FIFO)?;
        let size = cache.size(victim).0;
        self.fifo_bytes -= size;
        self.ghost.insert(victim, size);
        cache.evict(victim);
        Some(())
    }

    fn evict_from_lru(&mut self, victim: KeyId, cache: &mut Cache) {
        self.queues.remove(victim);
        self.lru_bytes -= cache.size(victim).0;
        cache.evict(victim);
    }
}

impl Policy for TwoQ {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        if !self.is_in_fifo[request.key.index()] {
            self.queues.move_to_front(LRU, request.key);
        }
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let came_back = self.ghost.remove(request.key);
        if request.size.0 > self.fifo_limit {
            return;
        }
        if !make_room(request.size, cache, |cache| self.evict(cache)) {
            return;
        }
        if came_back {
            // The LRU is a cache of its own, with a limit of its own.
            while request.size.0 > self.lru_limit - self.lru_bytes {
                let Some(victim) = self.queues.back(LRU) else {
                    return;
                };
                self.evict_from_lru(victim, cache);
            }
            self.lru_bytes += request.size.0;
        } else {
            self.fifo_bytes += request.size.0;
        }
        cache.insert(request);
        self.is_in_fifo[request.key.index()] = !came_back;
        let queue = if came_back { LRU } else { FIFO };
        self.queues.push_front(queue, request.key);
    }
}
