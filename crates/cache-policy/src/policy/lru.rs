//! Least recently used.

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::Request;

/// Evicts what was asked for longest ago. O(1) a request. What Cachix does.
///
/// R. Mattson, J. Gecsei, D. Slutz, I. Traiger: Evaluation techniques for storage hierarchies.
/// IBM Systems Journal 9 (1970).
#[derive(Clone, Debug)]
pub struct Lru {
    recency: Queues,
}

const ALL: Queue = Queue(0);

impl Lru {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize) -> Self {
        Self {
            recency: Queues::new(keys, 1),
        }
    }
}

impl Policy for Lru {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.recency.move_to_front(ALL, request.key);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let evict = |cache: &mut Cache| {
            cache.evict(self.recency.pop_back(ALL)?);
            Some(())
        };
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.recency.push_front(ALL, request.key);
    }
}
