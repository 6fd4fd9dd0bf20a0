//! First in, first out.

use std::collections::VecDeque;

use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// Evicts what came in first, whether or not it was asked for since. O(1) amortised.
///
/// The oldest of all: a queue of page frames in the first virtual memories.
#[derive(Clone, Debug, Default)]
pub struct Fifo {
    queue: VecDeque<KeyId>,
}

impl Fifo {
    /// A policy for one run.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Policy for Fifo {
    fn hit(&mut self, _request: &Request, _cache: &mut Cache) {}

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let evict = |cache: &mut Cache| {
            cache.evict(self.queue.pop_front()?);
            Some(())
        };
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.queue.push_back(request.key);
    }
}
