//! Lists of keys, any number of them over one set of links.

use crate::trace::KeyId;

/// Doubly linked lists of keys in one vector: every key is in one list at most, and every list is
/// a ring through a link of its own, so that no operation asks for an end. All are O(1).
///
/// Fronts are where keys enter, backs where they leave.
#[derive(Clone, Debug)]
pub(super) struct Queues {
    links: Vec<Link>,
    keys: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// Towards the back.
    next: u32,
    /// Towards the front.
    before: u32,
}

/// One of several [`Queues`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Queue(pub(super) u32);

impl Queues {
    /// `queues` empty lists for keys below `keys`.
    pub(super) fn new(keys: usize, queues: u32) -> Self {
        let keys = keys as u32;
        let alone = |at| Link {
            next: at,
            before: at,
        };
        Self {
            links: (0..keys + queues).map(alone).collect(),
            keys,
        }
    }

    /// One more list.
    pub(super) fn add(&mut self) -> Queue {
        let at = self.links.len() as u32;
        self.links.push(Link {
            next: at,
            before: at,
        });
        Queue(at - self.keys)
    }

    fn ring(&self, queue: Queue) -> u32 {
        self.keys + queue.0
    }

    fn key(&self, at: u32) -> Option<KeyId> {
        (at < self.keys).then_some(KeyId(at))
    }

    /// Puts a key that is in no list at the front of one.
    pub(super) fn push_front(&mut self, queue: Queue, key: KeyId) {
        let ring = self.ring(queue);
        let next = self.links[ring as usize].next;
        self.links[key.index()] = Link { next, before: ring };
        self.links[next as usize].before = key.0;
        self.links[ring as usize].next = key.0;
    }

    /// Takes a key out of the list that it is in.
    pub(super) fn remove(&mut self, key: KeyId) {
        let Link { next, before } = self.links[key.index()];
        self.links[before as usize].next = next;
        self.links[next as usize].before = before;
    }

    /// Moves a key from wherever it is to the front of a list.
    pub(super) fn move_to_front(&mut self, queue: Queue, key: KeyId) {
        self.remove(key);
        self.push_front(queue, key);
    }

    /// The key at the back.
    pub(super) fn back(&self, queue: Queue) -> Option<KeyId> {
        self.key(self.links[self.ring(queue) as usize].before)
    }

    /// The key before this one, towards the front of its list.
    pub(super) fn before(&self, key: KeyId) -> Option<KeyId> {
        self.key(self.links[key.index()].before)
    }

    /// Takes the key at the back out.
    pub(super) fn pop_back(&mut self, queue: Queue) -> Option<KeyId> {
        let key = self.back(queue)?;
        self.remove(key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_queue_does_what_a_deque_does(steps in proptest::collection::vec((0..4_u8, 0..6_u32, 0..3_u32), 0..60)) {
            let mut queues = Queues::new(6, 2);
            prop_assert_eq!(queues.add(), Queue(2));
            let mut deques = vec![VecDeque::new(); 3];
            for (step, key, queue) in steps {
                let at = deques.iter().position(|deque| deque.contains(&key));
                let (key_id, q) = (KeyId(key), Queue(queue));
                let deque_without = |deques: &mut Vec<VecDeque<u32>>| {
                    for deque in deques {
                        deque.retain(|&k| k != key);
                    }
                };
                match (step, at) {
                    (0, None) => {
                        queues.push_front(q, key_id);
                        deques[queue as usize].push_front(key);
                    }
                    (1, Some(_)) => {
                        queues.remove(key_id);
                        deque_without(&mut deques);
                    }
                    (2, Some(_)) => {
                        queues.move_to_front(q, key_id);
                        deque_without(&mut deques);
                        deques[queue as usize].push_front(key);
                    }
                    (3, _) => {
                        let popped = queues.pop_back(q);
                        prop_assert_eq!(popped, deques[queue as usize].pop_back().map(KeyId));
                    }
                    _ => {}
                }
                for (i, deque) in (0..).zip(&deques) {
                    let mut walked = Vec::new();
                    let mut at = queues.back(Queue(i));
                    while let Some(key) = at {
                        walked.push(key.0);
                        at = queues.before(key);
                    }
                    prop_assert!(walked.iter().eq(deque.iter().rev()));
                }
            }
        }
    }
}
