//! Policies that evict by a rank that is worked out anew each time.

use std::cmp::Reverse;

use cache_policy::trace::Trace;

use super::{Asked, Naive};

/// What is held, and all that any of these policies knows of it.
#[derive(Clone, Copy)]
struct Ranked {
    key: u32,
    size: u64,
    /// Requests since it came in, and the index of the last one.
    frequency: u32,
    last: usize,
    value: f64,
    /// Index of the next request; `usize::MAX` when there is none.
    next: usize,
}

struct Held(Vec<Ranked>);

impl Held {
    fn get(&mut self, key: u32) -> Option<&mut Ranked> {
        self.0.iter_mut().find(|held| held.key == key)
    }

    fn is_full(&self, asked: Asked, capacity: u64) -> bool {
        let held: u128 = self.0.iter().map(|held| u128::from(held.size)).sum();
        held + u128::from(asked.size) > u128::from(capacity)
    }

    fn insert(&mut self, asked: Asked, next: usize) -> &mut Ranked {
        self.0.push(Ranked {
            key: asked.key,
            size: asked.size,
            frequency: 1,
            last: asked.index,
            value: 0.0,
            next,
        });
        self.0.last_mut().expect("it was just pushed")
    }

    fn evict(&mut self, key: u32) {
        self.0.retain(|held| held.key != key);
    }
}

pub(super) struct Lfu {
    capacity: u64,
    held: Held,
}

impl Lfu {
    pub(super) fn new(capacity: u64) -> Self {
        let held = Held(Vec::new());
        Self { capacity, held }
    }
}

impl Naive for Lfu {
    fn serve(&mut self, asked: Asked) -> bool {
        if let Some(held) = self.held.get(asked.key) {
            held.frequency += 1;
            held.last = asked.index;
            return true;
        }
        if asked.size <= self.capacity {
            while self.held.is_full(asked, self.capacity) {
                let rank = |held: &&Ranked| (held.frequency, held.last);
                let victim = self.held.0.iter().min_by_key(rank);
                let victim = victim.expect("something is held").key;
                self.held.evict(victim);
            }
            self.held.insert(asked, usize::MAX);
        }
        false
    }
}

pub(super) struct Gdsf {
    capacity: u64,
    held: Held,
    age: f64,
}

impl Gdsf {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            capacity,
            held: Held(Vec::new()),
            age: 0.0,
        }
    }
}

impl Naive for Gdsf {
    fn serve(&mut self, asked: Asked) -> bool {
        let age = self.age;
        let value = |held: &Ranked| age + f64::from(held.frequency) * 1e6 / held.size as f64;
        if let Some(held) = self.held.get(asked.key) {
            held.frequency += 1;
            held.last = asked.index;
            held.value = value(held);
            return true;
        }
        if asked.size <= self.capacity {
            while self.held.is_full(asked, self.capacity) {
                let rank = |a: &&Ranked, b: &&Ranked| {
                    a.value.total_cmp(&b.value).then(a.last.cmp(&b.last))
                };
                let victim = *self.held.0.iter().min_by(rank).expect("something is held");
                self.age = victim.value;
                self.held.evict(victim.key);
            }
            let age = self.age;
            let held = self.held.insert(asked, usize::MAX);
            held.value = age + 1e6 / held.size as f64;
        }
        false
    }
}

/// The index of the next request for the same key.
fn next(trace: &Trace, asked: Asked) -> usize {
    let later = trace.requests().iter().enumerate().skip(asked.index + 1);
    later
        .filter(|(_, request)| request.key.0 == asked.key)
        .map(|(index, _)| index)
        .next()
        .unwrap_or(usize::MAX)
}

pub(super) struct Belady {
    capacity: u64,
    trace: Trace,
    held: Held,
}

impl Belady {
    pub(super) fn new(capacity: u64, trace: &Trace) -> Self {
        Self {
            capacity,
            trace: trace.clone(),
            held: Held(Vec::new()),
        }
    }
}

impl Naive for Belady {
    fn serve(&mut self, asked: Asked) -> bool {
        let next = next(&self.trace, asked);
        if let Some(held) = self.held.get(asked.key) {
            held.next = next;
            return true;
        }
        if asked.size <= self.capacity {
            while self.held.is_full(asked, self.capacity) {
                let victim = self.held.0.iter().max_by_key(|held| held.next);
                let victim = victim.expect("something is held").key;
                self.held.evict(victim);
            }
            self.held.insert(asked, next);
        }
        false
    }
}

pub(super) struct BeladySize {
    capacity: u64,
    trace: Trace,
    held: Held,
}

impl BeladySize {
    pub(super) fn new(capacity: u64, trace: &Trace) -> Self {
        Self {
            capacity,
            trace: trace.clone(),
            held: Held(Vec::new()),
        }
    }
}

impl Naive for BeladySize {
    fn serve(&mut self, asked: Asked) -> bool {
        let next = next(&self.trace, asked);
        let is_hit = self.held.get(asked.key).is_some();
        if next == usize::MAX {
            self.held.evict(asked.key);
            return is_hit;
        }
        if let Some(held) = self.held.get(asked.key) {
            held.next = next;
            return true;
        }
        if asked.size <= self.capacity {
            while self.held.is_full(asked, self.capacity) {
                let rank = |held: &&Ranked| {
                    let room = u128::from(held.size) * (held.next - asked.index) as u128;
                    (Reverse(room), Reverse(held.next))
                };
                let victim = self.held.0.iter().min_by_key(rank);
                let victim = victim.expect("something is held").key;
                self.held.evict(victim);
            }
            self.held.insert(asked, next);
        }
        false
    }
}
