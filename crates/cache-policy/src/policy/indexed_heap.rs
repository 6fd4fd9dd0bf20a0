//! A priority queue whose members can be looked up.

use crate::trace::KeyId;

/// A binary heap of keys, the one with the smallest priority on top, of equals the smallest key; the
/// priority of a key can be changed, and a key taken out, in O(log n).
#[derive(Clone, Debug)]
pub(super) struct IndexedHeap<P> {
    heap: Vec<(P, KeyId)>,
    /// Where each key is in `heap`; [`NOWHERE`] where it is not.
    places: Vec<u32>,
}

const NOWHERE: u32 = u32::MAX;

impl<P: PartialOrd + Copy> IndexedHeap<P> {
    /// An empty heap for keys below `keys`.
    pub(super) fn new(keys: usize) -> Self {
        Self {
            heap: Vec::new(),
            places: vec![NOWHERE; keys],
        }
    }

    /// The key on top, with its priority.
    pub(super) fn peek(&self) -> Option<(P, KeyId)> {
        self.heap.first().copied()
    }

    /// Adds a key, or changes its priority.
    pub(super) fn set(&mut self, key: KeyId, priority: P) {
        let place = self.places[key.index()];
        if place == NOWHERE {
            self.heap.push((priority, key));
            self.rise(self.heap.len() - 1, (priority, key));
            return;
        }
        let place = place as usize;
        if (priority, key) < self.heap[place] {
            self.rise(place, (priority, key));
        } else {
            self.sink(place, (priority, key));
        }
    }

    /// Takes the key on top out.
    pub(super) fn pop(&mut self) -> Option<(P, KeyId)> {
        let top = self.peek()?;
        self.remove(top.1);
        Some(top)
    }

    /// Takes a key out, if it is in.
    pub(super) fn remove(&mut self, key: KeyId) {
        let place = std::mem::replace(&mut self.places[key.index()], NOWHERE);
        if place == NOWHERE {
            return;
        }
        let place = place as usize;
        let Some(last) = self.heap.pop() else {
            return;
        };
        if place == self.heap.len() {
            return;
        }
        if last < self.heap[place] {
            self.rise(place, last);
        } else {
            self.sink(place, last);
        }
    }

    /// Puts an entry at `place`, or as far above as it is smaller.
    fn rise(&mut self, mut place: usize, entry: (P, KeyId)) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if entry >= self.heap[parent] {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
    }

    /// Puts an entry at `place`, or as far below as it is greater.
    fn sink(&mut self, mut place: usize, entry: (P, KeyId)) {
        loop {
            let left = 2 * place + 1;
            let Some(mut child) = self.heap.get(left).map(|_| left) else {
                break;
            };
            if let Some(right) = self.heap.get(left + 1)
                && *right < self.heap[left]
            {
                child = left + 1;
            }
            if entry <= self.heap[child] {
                break;
            }
            self.put(place, self.heap[child]);
            place = child;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: (P, KeyId)) {
        self.heap[place] = entry;
        self.places[entry.1.index()] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_heap_does_what_a_map_does(steps in proptest::collection::vec((0..3_u8, 0..12_u32, 0..6_u32), 0..120)) {
            let mut heap = IndexedHeap::new(12);
            let mut map: BTreeMap<u32, u32> = BTreeMap::new();
            for (what, key, priority) in steps {
                match what {
                    0 => {
                        heap.set(KeyId(key), priority);
                        map.insert(key, priority);
                    }
                    1 => {
                        heap.remove(KeyId(key));
                        map.remove(&key);
                    }
                    _ => {
                        let least = map.iter().map(|(&key, &p)| (p, KeyId(key))).min();
                        prop_assert_eq!(heap.pop(), least);
                        if let Some((_, key)) = least {
                            map.remove(&key.0);
                        }
                    }
                }
                prop_assert_eq!(heap.peek().map(|(p, _)| p), map.values().min().copied());
            }
        }
    }
}
