//! S3-FIFO.

use drv_graph::Bytes;

use super::ghost::Ghost;
use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::Request;

/// A small FIFO that what is asked for only once leaves soon, a main FIFO that spares what is asked
/// for, and a ghost that sends what comes back to the main FIFO at once. A tenth of the capacity
/// for the small one, nine tenths for the ghost, two hits to get from the small to the main one, as
/// libCacheSim has them by default. What is as large as the small FIFO is never held. O(1)
/// amortised.
///
/// J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. Rashmi: FIFO queues are all you need for cache eviction.
/// SOSP 2023.
#[derive(Clone, Debug)]
pub struct S3Fifo {
    queues: Queues,
    hits: Vec<u32>,
    small_limit: u64,
    small_bytes: u64,
    main_limit: u64,
    main_bytes: u64,
    ghost: Ghost,
}

const SMALL: Queue = Queue(0);
const MAIN: Queue = Queue(1);
/// Hits that move an object from the small FIFO to the main one.
const HITS_TO_MOVE: u32 = 2;
/// The main FIFO counts no further.
const MOST_HITS: u32 = 3;

impl S3Fifo {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize, capacity: Bytes) -> Self {
        let share = |share: f64| (capacity.0 as f64 * share) as u64;
        let small_limit = share(0.1);
        Self {
            queues: Queues::new(keys, 2),
            hits: vec![0; keys],
            small_limit,
            small_bytes: 0,
            main_limit: capacity.0 - small_limit,
            main_bytes: 0,
            ghost: Ghost::new(keys, share(0.9)),
        }
    }

    /// Evicts one object; `None` when nothing is held.
    fn evict(&mut self, cache: &mut Cache) -> Option<()> {
        if self.main_bytes <= self.main_limit && self.evict_from_small(cache).is_some() {
            return Some(());
        }
        self.evict_from_main(cache)
    }

    /// Moves what was hit to the main FIFO and evicts the first that was not; `None` when the small
    /// FIFO is empty in the end.
    fn evict_from_small(&mut self, cache: &mut Cache) -> Option<()> {
        loop {
            let key = self.queues.back(SMALL)?;
            let size = cache.size(key).0;
            self.small_bytes -= size;
            if self.hits[key.index()] < HITS_TO_MOVE {
                self.queues.remove(key);
                self.ghost.insert(key, size);
                cache.evict(key);
                return Some(());
            }
            self.hits[key.index()] = 0;
            self.main_bytes += size;
            self.queues.move_to_front(MAIN, key);
        }
    }

    fn evict_from_main(&mut self, cache: &mut Cache) -> Option<()> {
        loop {
            let key = self.queues.back(MAIN)?;
            let hits = &mut self.hits[key.index()];
            if *hits == 0 {
                self.queues.remove(key);
                self.main_bytes -= cache.size(key).0;
                cache.evict(key);
                return Some(());
            }
            *hits = (*hits).min(MOST_HITS) - 1;
            self.queues.move_to_front(MAIN, key);
        }
    }
}

impl Policy for S3Fifo {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.hits[request.key.index()] += 1;
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let came_back = self.ghost.remove(request.key);
        let size = request.size.0;
        if size > self.small_limit {
            return;
        }
        if !make_room(request.size, cache, |cache| self.evict(cache)) {
            return;
        }
        let queue = if came_back {
            self.main_bytes += size;
            MAIN
        } else if size == self.small_limit {
            return;
        } else {
            self.small_bytes += size;
            SMALL
        };
        cache.insert(request);
        self.hits[request.key.index()] = 0;
        self.queues.push_front(queue, request.key);
    }
}
