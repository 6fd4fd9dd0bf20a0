//! Belady's MIN.

use super::index_set::IndexSet;
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request, Trace};

/// Knows the future, and evicts what is asked for again last. With objects of one size nothing
/// misses less; with different sizes it is merely good. O(1) a request: a bitmap of the requests
/// that will hit.
///
/// L. Belady: A study of replacement algorithms for a virtual-storage computer. IBM Systems
/// Journal 5 (1966). As in libCacheSim an object that is never asked for again comes in too, in
/// the place of others.
#[derive(Clone, Debug)]
pub struct Belady<'a> {
    trace: &'a Trace,
    next: Vec<Option<u32>>,
    /// The next requests for what is held and asked for again.
    coming: IndexSet,
    /// What is held and never asked for again.
    done: Vec<KeyId>,
    /// Requests so far.
    now: usize,
}

impl<'a> Belady<'a> {
    /// A policy for one run over this very trace.
    pub fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            next: trace.next_requests(),
            coming: IndexSet::new(trace.requests().len()),
            done: Vec::new(),
            now: 0,
        }
    }

    /// Notes when the object of the present request is asked for again.
    fn await_next(&mut self, key: KeyId) {
        match self.next[self.now] {
            Some(next) => self.coming.insert(next),
            None => self.done.push(key),
        }
    }

    fn victim(&mut self) -> Option<KeyId> {
        if let Some(key) = self.done.pop() {
            return Some(key);
        }
        let last = self.coming.last()?;
        self.coming.remove(last);
        Some(self.trace.requests()[last as usize].key)
    }
}

impl Policy for Belady<'_> {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.coming.remove(self.now as u32);
        self.await_next(request.key);
        self.now += 1;
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let evict = |cache: &mut Cache| {
            cache.evict(self.victim()?);
            Some(())
        };
        if make_room(request.size, cache, evict) {
            cache.insert(request);
            self.await_next(request.key);
        }
        self.now += 1;
    }
}
