//! LRU that knows closures.

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{Catalogue, Request};

/// LRU in which a request touches all that its object needs, the object first and what it needs
/// after it: nothing is older than what needs it, so that nothing is evicted before what needs it.
/// O(size of the closure) a request.
///
/// What one gets from Cachix, which evicts by last access, by asking for the narinfos of whole
/// closures; garbage collectors for the local store order paths alike.
#[derive(Clone, Debug)]
pub struct ClosureLru<'a> {
    catalogue: &'a Catalogue,
    recency: Queues,
}

const ALL: Queue = Queue(0);

impl<'a> ClosureLru<'a> {
    /// A policy for one run over keys of this catalogue.
    pub fn new(catalogue: &'a Catalogue) -> Self {
        Self {
            catalogue,
            recency: Queues::new(catalogue.len(), 1),
        }
    }

    fn touch_closure(&mut self, request: &Request, cache: &Cache) {
        for &key in self.catalogue.closure(request.key).iter().rev() {
            if cache.holds(key) {
                self.recency.move_to_front(ALL, key);
            }
        }
    }
}

impl Policy for ClosureLru<'_> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.recency.move_to_front(ALL, request.key);
        self.touch_closure(request, cache);
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
        self.touch_closure(request, cache);
    }
}
