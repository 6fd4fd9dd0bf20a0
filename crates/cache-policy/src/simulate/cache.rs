//! The cache that a simulation runs in.

use drv_graph::Bytes;

use super::Misuse;
use crate::policy::Policy;
use crate::trace::{KeyId, Request};

/// What a simulated cache holds. It keeps the books, so that no policy can be wrong about them:
/// a [`Policy`](crate::policy::Policy) says what to evict and insert, and what is impossible is
/// refused and noted.
///
/// Invariants: the sizes of what is held sum to [`occupied`](Self::occupied), which is never more
/// than [`capacity`](Self::capacity). The size of an object is that of the request that inserted
/// it.
#[derive(Clone, Debug)]
pub struct Cache {
    capacity: u64,
    occupied: u64,
    /// Size of each object held; 0 for what is not.
    sizes: Vec<u64>,
    /// What a request that misses asks for.
    missing: Option<KeyId>,
    /// Evicted since the last look, with sizes.
    evicted: Vec<(KeyId, Bytes)>,
    misuse: Option<Misuse>,
}

impl Cache {
    /// An empty cache for keys below `keys`.
    pub(super) fn new(capacity: Bytes, keys: usize) -> Self {
        Self {
            capacity: capacity.0,
            occupied: 0,
            sizes: vec![0; keys],
            missing: None,
            evicted: Vec::new(),
            misuse: None,
        }
    }

    /// Lets a policy serve a request; whether it hit.
    pub(super) fn serve(&mut self, request: &Request, policy: &mut (impl Policy + ?Sized)) -> bool {
        let is_held = self.holds(request.key);
        if is_held {
            self.missing = None;
            policy.hit(request, self);
        } else {
            self.missing = Some(request.key);
            policy.miss(request, self);
        }
        is_held
    }

    /// What it can hold.
    pub fn capacity(&self) -> Bytes {
        Bytes(self.capacity)
    }

    /// What it holds.
    pub fn occupied(&self) -> Bytes {
        Bytes(self.occupied)
    }

    /// Whether an object is held. O(1).
    pub fn holds(&self, key: KeyId) -> bool {
        self.sizes[key.index()] != 0
    }

    /// The size at which an object is held; zero where it is not. O(1).
    pub fn size(&self, key: KeyId) -> Bytes {
        Bytes(self.sizes[key.index()])
    }

    /// Whether so much more fits without an eviction. O(1).
    pub fn fits(&self, size: Bytes) -> bool {
        size.0 <= self.capacity - self.occupied
    }

    /// Holds the object of a request from now on. O(1).
    ///
    /// Refused, and noted as a [`Misuse`], when it is held already, does not fit, or is not what was
    /// asked for and missed.
    pub fn insert(&mut self, request: &Request) {
        if self.missing != Some(request.key) {
            self.refuse(Misuse::InsertedUnasked(request.key));
        } else if self.holds(request.key) {
            self.refuse(Misuse::InsertedTwice(request.key));
        } else if !self.fits(request.size) {
            self.refuse(Misuse::DoesNotFit(request.key));
        } else {
            self.occupied += request.size.0;
            self.sizes[request.key.index()] = request.size.0;
        }
    }

    /// Holds an object no longer. O(1).
    ///
    /// Refused, and noted as a [`Misuse`], when it is not held.
    pub fn evict(&mut self, key: KeyId) {
        let size = std::mem::take(&mut self.sizes[key.index()]);
        if size == 0 {
            self.refuse(Misuse::EvictedAbsent(key));
            return;
        }
        self.occupied -= size;
        self.evicted.push((key, Bytes(size)));
    }

    /// What was evicted since the last call, in order.
    pub(super) fn take_evicted(&mut self) -> std::vec::Drain<'_, (KeyId, Bytes)> {
        self.evicted.drain(..)
    }

    /// The first misuse.
    pub(super) fn misuse(&self) -> Option<Misuse> {
        self.misuse
    }

    #[cold]
    fn refuse(&mut self, misuse: Misuse) {
        self.misuse.get_or_insert(misuse);
    }
}
