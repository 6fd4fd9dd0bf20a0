//! SIEVE.

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// A queue in the order of insertion and a hand that moves from its back to its front, sparing
/// what was asked for since it last came by and evicting what was not. Unlike CLOCK it leaves what
/// it spares where it is. O(1) amortised.
///
/// Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. Rashmi: SIEVE is simpler than LRU. NSDI 2024.
#[derive(Clone, Debug)]
pub struct Sieve {
    order: Queues,
    visited: Vec<bool>,
    /// The next that the hand looks at; the back of the queue where it is none.
    hand: Option<KeyId>,
}

const ALL: Queue = Queue(0);

impl Sieve {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize) -> Self {
        Self {
            order: Queues::new(keys, 1),
            visited: vec![false; keys],
            hand: None,
        }
    }

    fn victim(&mut self) -> Option<KeyId> {
        let mut at = self.hand.or_else(|| self.order.back(ALL))?;
        while std::mem::take(&mut self.visited[at.index()]) {
            at = self.order.before(at).or_else(|| self.order.back(ALL))?;
        }
        self.hand = self.order.before(at);
        self.order.remove(at);
        Some(at)
    }
}

impl Policy for Sieve {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.visited[request.key.index()] = true;
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
        self.visited[request.key.index()] = false;
    }
}
