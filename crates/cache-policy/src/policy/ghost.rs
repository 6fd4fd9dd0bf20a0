//! What a policy remembers of objects that are gone.

use super::queues::{Queue, Queues};
use crate::trace::KeyId;

/// A FIFO of keys with the sizes of the objects that had them, bounded in bytes as a cache of its
/// own would be.
#[derive(Clone, Debug)]
pub(super) struct Ghost {
    order: Queues,
    /// Size of each object remembered; 0 for what is not.
    sizes: Vec<u64>,
    capacity: u64,
    occupied: u64,
}

const ALL: Queue = Queue(0);

impl Ghost {
    /// Remembers nothing yet, and never more than `capacity` bytes.
    pub(super) fn new(keys: usize, capacity: u64) -> Self {
        Self {
            order: Queues::new(keys, 1),
            sizes: vec![0; keys],
            capacity,
            occupied: 0,
        }
    }

    /// Remembers an object that is not remembered, forgetting the oldest ones for it; one that is
    /// larger than all room there is passes by.
    pub(super) fn insert(&mut self, key: KeyId, size: u64) {
        if size > self.capacity {
            return;
        }
        while size > self.capacity - self.occupied {
            let Some(oldest) = self.order.back(ALL) else {
                return;
            };
            self.remove(oldest);
        }
        self.order.push_front(ALL, key);
        self.sizes[key.index()] = size;
        self.occupied += size;
    }

    /// Forgets an object; whether it was remembered.
    pub(super) fn remove(&mut self, key: KeyId) -> bool {
        let size = std::mem::take(&mut self.sizes[key.index()]);
        if size == 0 {
            return false;
        }
        self.order.remove(key);
        self.occupied -= size;
        true
    }
}
