//! CLOCK, also known as second chance or FIFO-Reinsertion.

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// A queue in which what was asked for since it came in, or since it was last spared, goes back to
/// the front instead of being evicted. One bit an object, as libCacheSim has it by default. O(1)
/// amortised.
///
/// F. Corbató: A paging experiment with the Multics system. MIT Project MAC (1968).
#[derive(Clone, Debug)]
pub struct Clock {
    order: Queues,
    is_spared: Vec<bool>,
}

const ALL: Queue = Queue(0);

impl Clock {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize) -> Self {
        Self {
            order: Queues::new(keys, 1),
            is_spared: vec![false; keys],
        }
    }

    fn victim(&mut self) -> Option<KeyId> {
        loop {
            let key = self.order.back(ALL)?;
            if std::mem::take(&mut self.is_spared[key.index()]) {
                self.order.move_to_front(ALL, key);
            } else {
                self.order.remove(key);
                return Some(key);
            }
        }
    }
}

impl Policy for Clock {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.is_spared[request.key.index()] = true;
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
        self.order.push_front(ALL, request.key);
        self.is_spared[request.key.index()] = false;
    }
}
