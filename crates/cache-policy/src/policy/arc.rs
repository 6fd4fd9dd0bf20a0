//! Adaptive replacement cache.

use std::cmp::Ordering;

use drv_graph::Bytes;

use super::queues::{Queue, Queues};
use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request};

/// An LRU for what was asked for once and one for what was asked for again, a ghost of either, and
/// a target for the size of the first that moves towards whichever ghost is asked for. O(1)
/// amortised.
///
/// N. Megiddo, D. Modha: ARC: a self-tuning, low overhead replacement cache. FAST 2003. The paper
/// has pages of one size; as in libCacheSim, sizes here are bytes, and the target moves by the
/// ratio of the ghosts' bytes.
#[derive(Clone, Debug)]
pub struct AdaptiveReplacement {
    queues: Queues,
    /// Which queue each key is in: its number, or [`NOWHERE`].
    queue: Vec<u8>,
    /// Size of each object that is held or remembered.
    sizes: Vec<u64>,
    /// Bytes of each queue.
    bytes: [u128; 4],
    capacity: u64,
    /// Bytes that `ONCE` should have.
    target: f64,
}

/// T1, T2, B1 and B2 of the paper.
const ONCE: Queue = Queue(0);
const AGAIN: Queue = Queue(1);
const GHOST_OF_ONCE: Queue = Queue(2);
const GHOST_OF_AGAIN: Queue = Queue(3);
const NOWHERE: u8 = 4;

impl AdaptiveReplacement {
    /// A policy for one run over keys below `keys`.
    pub fn new(keys: usize, capacity: Bytes) -> Self {
        Self {
            queues: Queues::new(keys, 4),
            queue: vec![NOWHERE; keys],
            sizes: vec![0; keys],
            bytes: [0; 4],
            capacity: capacity.0,
            target: 0.0,
        }
    }

    fn bytes(&self, queue: Queue) -> u128 {
        self.bytes[queue.0 as usize]
    }

    fn put(&mut self, queue: Queue, key: KeyId) {
        self.queues.push_front(queue, key);
        self.queue[key.index()] = queue.0 as u8;
        self.bytes[queue.0 as usize] += u128::from(self.sizes[key.index()]);
    }

    fn take(&mut self, key: KeyId) {
        let queue = std::mem::replace(&mut self.queue[key.index()], NOWHERE);
        self.queues.remove(key);
        self.bytes[usize::from(queue)] -= u128::from(self.sizes[key.index()]);
    }

    /// The queue that a key which is not held is remembered in.
    fn ghost_of(&self, key: KeyId) -> Option<Queue> {
        let queue = Queue(u32::from(self.queue[key.index()]));
        [GHOST_OF_ONCE, GHOST_OF_AGAIN]
            .into_iter()
            .find(|&ghost| ghost == queue)
    }

    /// Moves the target towards the queue whose ghost was asked for.
    fn adapt(&mut self, ghost: Queue) {
        let (once, again) = (self.bytes(GHOST_OF_ONCE), self.bytes(GHOST_OF_AGAIN));
        let ratio = |of: u128, to: u128| (of as f64 / to as f64).max(1.0);
        if ghost == GHOST_OF_ONCE {
            self.target = (self.target + ratio(again, once)).min(self.capacity as f64);
        } else {
            self.target = (self.target - ratio(once, again)).max(0.0);
        }
    }

    /// REPLACE of the paper: evicts the oldest of one queue into its ghost.
    fn replace(&mut self, ghost: Option<Queue>, cache: &mut Cache) -> Option<()> {
        let once = self.bytes(ONCE);
        let is_over = match (once as f64).total_cmp(&self.target) {
            Ordering::Greater => true,
            Ordering::Equal => ghost == Some(GHOST_OF_AGAIN),
            Ordering::Less => false,
        };
        let from_once = (once > 0 && is_over) || self.bytes(AGAIN) == 0;
        let (queue, ghost) = if from_once {
            (ONCE, GHOST_OF_ONCE)
        } else {
            (AGAIN, GHOST_OF_AGAIN)
        };
        let victim = self.queues.back(queue)?;
        self.take(victim);
        self.put(ghost, victim);
        cache.evict(victim);
        Some(())
    }

    /// Case IV of the paper: makes room for an object that is remembered nowhere.
    fn make_room_for_new(&mut self, size: u64, cache: &mut Cache) -> Option<()> {
        let capacity = u128::from(self.capacity);
        let once = self.bytes(ONCE) + self.bytes(GHOST_OF_ONCE);
        if once + u128::from(size) <= capacity {
            if self.bytes.iter().sum::<u128>() >= 2 * capacity {
                self.forget_oldest(GHOST_OF_AGAIN);
            }
            return self.replace(None, cache);
        }
        if self.bytes(GHOST_OF_ONCE) > 0 {
            self.forget_oldest(GHOST_OF_ONCE);
            return self.replace(None, cache);
        }
        let victim = self.queues.back(ONCE)?;
        self.take(victim);
        cache.evict(victim);
        Some(())
    }

    fn forget_oldest(&mut self, ghost: Queue) {
        if let Some(oldest) = self.queues.back(ghost) {
            self.take(oldest);
        }
    }
}

impl Policy for AdaptiveReplacement {
    fn hit(&mut self, request: &Request, _cache: &mut Cache) {
        self.take(request.key);
        self.put(AGAIN, request.key);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        let ghost = self.ghost_of(request.key);
        if let Some(ghost) = ghost {
            self.adapt(ghost);
            self.take(request.key);
        }
        let evict = |cache: &mut Cache| match ghost {
            Some(_) => self.replace(ghost, cache),
            None => self.make_room_for_new(request.size.0, cache),
        };
        if !make_room(request.size, cache, evict) {
            return;
        }
        cache.insert(request);
        self.sizes[request.key.index()] = request.size.0;
        self.put(if ghost.is_some() { AGAIN } else { ONCE }, request.key);
    }
}
