//! Segmented LRU.

use drv_graph::Bytes;

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// Four LRU segments of a quarter of the capacity each, as libCacheSim has them by default. What
/// is asked for again moves up one segment, what falls off a segment's end moves down one, and
/// what falls off the last is evicted. What is larger than a segment is never held. O(1) amortised
/// in the number of segments.
///
/// R. Karedla, J. Love, B. Wherry: Caching strategies to improve disk system performance. IEEE
/// Computer 27 (1994); four segments as in Q. Huang et al.: An analysis of Facebook photo
/// caching. SOSP 2013.
#[derive(Clone, Debug)]
pub struct Slru {
    segments: Segments,
}

impl Slru {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize, capacity: Bytes) -> Self {
        Self {
            segments: Segments::new(keys, capacity.0, [capacity.0 / 4; 4].to_vec()),
        }
    }
}

impl Policy for Slru {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.segments.hit(request.key, cache);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        if !self.segments.takes(request.size) {
            return;
        }
        let evict = |cache: &mut Cache| self.segments.evict(cache).map(|_| ());
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.segments.insert(request.key, cache);
    }
}

/// LRU segments, the lowest first: a part of a cache, or all of it.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    queues: Queues,
    segment: Vec<u8>,
    /// What each may hold, and holds, in bytes.
    limits: Vec<u64>,
    bytes: Vec<u64>,
    /// What they may hold together: more than their limits' sum by what dividing left over.
    capacity: u64,
}

impl Segments {
    /// Empty segments with limits that sum to `capacity` at most.
    pub(super) fn new(keys: usize, capacity: u64, limits: Vec<u64>) -> Self {
        Self {
            queues: Queues::new(keys, limits.len() as u32),
            segment: vec![0; keys],
            bytes: vec![0; limits.len()],
            limits,
            capacity,
        }
    }

    /// Whether an object of this size is ever taken: it must fit into the lowest segment.
    pub(super) fn takes(&self, size: Bytes) -> bool {
        size.0 <= self.limits[0]
    }

    /// Whether so much more fits without an eviction.
    pub(super) fn fits(&self, size: Bytes) -> bool {
        let occupied: u64 = self.bytes.iter().sum();
        // The lowest segment may be over its limit while another has room to its own.
        size.0 <= self.capacity.saturating_sub(occupied)
    }

    /// What [`evict`](Self::evict) would evict next: the oldest of the lowest segment that has
    /// something.
    pub(super) fn victim(&self) -> Option<KeyId> {
        (0..self.limits.len()).find_map(|segment| self.queues.back(Queue(segment as u32)))
    }

    /// Evicts one object.
    pub(super) fn evict(&mut self, cache: &mut Cache) -> Option<KeyId> {
        let victim = self.victim()?;
        self.bytes[usize::from(self.segment[victim.index()])] -= cache.size(victim).0;
        self.queues.remove(victim);
        cache.evict(victim);
        Some(victim)
    }

    /// Takes an object that the cache holds into the lowest segment with room for it; where none
    /// has, evicts until it fits and takes it into the lowest.
    pub(super) fn insert(&mut self, key: KeyId, cache: &mut Cache) {
        let size = cache.size(key);
        let has_room =
            |segment: &usize| size.0 <= self.limits[*segment].saturating_sub(self.bytes[*segment]);
        let with_room = (0..self.limits.len()).find(has_room);
        if with_room.is_none() {
            while !self.fits(size) && self.evict(cache).is_some() {}
        }
        self.put(key, with_room.unwrap_or(0), size.0);
    }

    /// Moves an object that was asked for up, and down whatever that pushes out.
    pub(super) fn hit(&mut self, key: KeyId, cache: &mut Cache) {
        let segment = usize::from(self.segment[key.index()]);
        if segment + 1 == self.limits.len() {
            self.queues.move_to_front(Queue(segment as u32), key);
            return;
        }
        self.take(key, cache.size(key).0);
        self.put(key, segment + 1, cache.size(key).0);
        self.cool(segment + 1, cache);
    }

    /// Moves the oldest of a segment down until it keeps to its limit, and so on below.
    fn cool(&mut self, segment: usize, cache: &mut Cache) {
        while self.bytes[segment] > self.limits[segment] {
            let Some(key) = self.queues.back(Queue(segment as u32)) else {
                return;
            };
            if segment == 0 {
                self.evict(cache);
                continue;
            }
            self.take(key, cache.size(key).0);
            self.put(key, segment - 1, cache.size(key).0);
            self.cool(segment - 1, cache);
        }
    }

    fn take(&mut self, key: KeyId, size: u64) {
        self.bytes[usize::from(self.segment[key.index()])] -= size;
        self.queues.remove(key);
    }

    fn put(&mut self, key: KeyId, segment: usize, size: u64) {
        self.bytes[segment] += size;
        self.segment[key.index()] = segment as u8;
        self.queues.push_front(Queue(segment as u32), key);
    }
}
