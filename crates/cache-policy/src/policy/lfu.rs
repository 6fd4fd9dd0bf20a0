//! Least frequently used.

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// Evicts what was asked for least often since it came in, and of these what has been at that
/// number for longest. What is evicted is forgotten. O(1) amortised: a queue for each frequency.
///
/// A. Aho, P. Denning, J. Ullman: Principles of optimal page replacement. J. ACM 18 (1971); the
/// queues are those of K. Shah, A. Mitra, D. Matani: An O(1) algorithm for implementing the LFU
/// cache eviction scheme (2010).
#[derive(Clone, Debug)]
pub struct Lfu {
    /// Queue `f` has what was asked for `f + 1` times.
    by_frequency: Queues,
    frequency: Vec<u32>,
    /// No queue below this one has a key.
    least: u32,
    /// There are this many queues.
    most: u32,
}

impl Lfu {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize) -> Self {
        Self {
            by_frequency: Queues::new(keys, 1),
            frequency: vec![0; keys],
            least: 0,
            most: 1,
        }
    }

    fn victim(&mut self) -> Option<KeyId> {
        while self.least < self.most {
            if let Some(key) = self.by_frequency.pop_back(Queue(self.least)) {
                return Some(key);
            }
            self.least += 1;
        }
        None
    }
}

impl Policy for Lfu {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        let frequency = &mut self.frequency[request.key.index()];
        *frequency += 1;
        if *frequency == self.most {
            self.by_frequency.add();
            self.most += 1;
        }
        self.by_frequency
            .move_to_front(Queue(*frequency), request.key);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let evict = |cache: &mut Cache| {
            cache.evict(self.victim()?);
            Some(())
        };
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.frequency[request.key.index()] = 0;
        self.by_frequency.push_front(Queue(0), request.key);
        self.least = 0;
    }
}
