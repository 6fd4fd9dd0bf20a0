//! Policies that are lists: the front is index 0.

use std::collections::HashMap;

use super::{Asked, Item, Naive, bytes, place};

pub(super) enum OnHit {
    Nothing,
    ToFront,
}

/// FIFO and LRU.
pub(super) struct Queue {
    capacity: u64,
    on_hit: OnHit,
    held: Vec<Item>,
}

impl Queue {
    pub(super) fn new(capacity: u64, on_hit: OnHit) -> Self {
        let held = Vec::new();
        Self {
            capacity,
            on_hit,
            held,
        }
    }
}

fn is_full(parts: &[&[Item]], asked: Asked, capacity: u64) -> bool {
    parts.iter().map(|part| bytes(part)).sum::<u128>() + u128::from(asked.size)
        > u128::from(capacity)
}

impl Naive for Queue {
    fn serve(&mut self, asked: Asked) -> bool {
        if let Some(at) = place(&self.held, asked.key) {
            if let OnHit::ToFront = self.on_hit {
                let item = self.held.remove(at);
                self.held.insert(0, item);
            }
            return true;
        }
        if asked.size <= self.capacity {
            while is_full(&[&self.held], asked, self.capacity) {
                self.held.pop();
            }
            self.held.insert(0, asked.item());
        }
        false
    }
}

fn items(marked: &[(Item, bool)]) -> Vec<Item> {
    marked.iter().map(|&(item, _)| item).collect()
}

pub(super) struct Clock {
    capacity: u64,
    held: Vec<(Item, bool)>,
}

impl Clock {
    pub(super) fn new(capacity: u64) -> Self {
        let held = Vec::new();
        Self { capacity, held }
    }
}

impl Naive for Clock {
    fn serve(&mut self, asked: Asked) -> bool {
        if let Some(entry) = self.held.iter_mut().find(|(item, _)| item.key == asked.key) {
            entry.1 = true;
            return true;
        }
        if asked.size <= self.capacity {
            while is_full(&[&items(&self.held)], asked, self.capacity) {
                let (item, is_spared) = self.held.pop().expect("something is held");
                if is_spared {
                    self.held.insert(0, (item, false));
                }
            }
            self.held.insert(0, (asked.item(), false));
        }
        false
    }
}

pub(super) struct Sieve {
    capacity: u64,
    held: Vec<(Item, bool)>,
    hand: Option<u32>,
}

impl Sieve {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            capacity,
            held: Vec::new(),
            hand: None,
        }
    }
}

impl Naive for Sieve {
    fn serve(&mut self, asked: Asked) -> bool {
        if let Some(entry) = self.held.iter_mut().find(|(item, _)| item.key == asked.key) {
            entry.1 = true;
            return true;
        }
        if asked.size <= self.capacity {
            while is_full(&[&items(&self.held)], asked, self.capacity) {
                let mut at = match self.hand {
                    Some(key) => place(&items(&self.held), key).expect("the hand is at something"),
                    None => self.held.len() - 1,
                };
                while self.held[at].1 {
                    self.held[at].1 = false;
                    at = at.checked_sub(1).unwrap_or(self.held.len() - 1);
                }
                self.hand = at.checked_sub(1).map(|before| self.held[before].0.key);
                self.held.remove(at);
            }
            self.held.insert(0, (asked.item(), false));
        }
        false
    }
}

/// LRU lists with limits, the lowest first.
struct Segments {
    limits: Vec<u64>,
    segments: Vec<Vec<Item>>,
}

impl Segments {
    fn new(limits: Vec<u64>) -> Self {
        let segments = vec![Vec::new(); limits.len()];
        Self { limits, segments }
    }

    fn bytes(&self) -> u128 {
        self.segments.iter().map(|segment| bytes(segment)).sum()
    }

    fn is_over(&self, segment: usize, more: u64) -> bool {
        bytes(&self.segments[segment]) + u128::from(more) > u128::from(self.limits[segment])
    }

    fn victim(&self) -> Option<Item> {
        self.segments
            .iter()
            .find_map(|segment| segment.last().copied())
    }

    fn evict(&mut self) {
        let segment = self.segments.iter_mut().find(|segment| !segment.is_empty());
        segment.expect("something is held").pop();
    }

    fn hit(&mut self, key: u32) -> bool {
        for segment in 0..self.segments.len() {
            let Some(at) = place(&self.segments[segment], key) else {
                continue;
            };
            let item = self.segments[segment].remove(at);
            let above = (segment + 1).min(self.segments.len() - 1);
            self.segments[above].insert(0, item);
            if above > segment {
                self.cool(above);
            }
            return true;
        }
        false
    }

    fn cool(&mut self, segment: usize) {
        while self.is_over(segment, 0) {
            if segment == 0 {
                self.evict();
            } else {
                let item = self.segments[segment].pop().expect("it is over its limit");
                self.segments[segment - 1].insert(0, item);
                self.cool(segment - 1);
            }
        }
    }
}

pub(super) struct Slru {
    capacity: u64,
    parts: Segments,
}

impl Slru {
    pub(super) fn new(capacity: u64) -> Self {
        let parts = Segments::new(vec![capacity / 4; 4]);
        Self { capacity, parts }
    }
}

impl Naive for Slru {
    fn serve(&mut self, asked: Asked) -> bool {
        if self.parts.hit(asked.key) {
            return true;
        }
        if asked.size <= self.capacity / 4 {
            while self.parts.bytes() + u128::from(asked.size) > u128::from(self.capacity) {
                self.parts.evict();
            }
            let segment = (0..4).find(|&segment| !self.parts.is_over(segment, asked.size));
            self.parts.segments[segment.unwrap_or(0)].insert(0, asked.item());
        }
        false
    }
}

/// What is gone, and still remembered: a FIFO.
struct Ghost {
    capacity: u64,
    gone: Vec<Item>,
}

impl Ghost {
    fn new(capacity: u64) -> Self {
        let gone = Vec::new();
        Self { capacity, gone }
    }

    fn remember(&mut self, item: Item) {
        if item.size <= self.capacity {
            while bytes(&self.gone) + u128::from(item.size) > u128::from(self.capacity) {
                self.gone.pop();
            }
            self.gone.insert(0, item);
        }
    }

    fn forget(&mut self, key: u32) -> bool {
        let at = place(&self.gone, key);
        at.map(|at| self.gone.remove(at)).is_some()
    }
}

fn share(capacity: u64, share: f64) -> u64 {
    (capacity as f64 * share) as u64
}

pub(super) struct TwoQ {
    capacity: u64,
    fifo: Vec<Item>,
    lru: Vec<Item>,
    ghost: Ghost,
}

impl TwoQ {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            capacity,
            fifo: Vec::new(),
            lru: Vec::new(),
            ghost: Ghost::new(share(capacity, 0.5)),
        }
    }
}

impl Naive for TwoQ {
    fn serve(&mut self, asked: Asked) -> bool {
        if place(&self.fifo, asked.key).is_some() {
            return true;
        }
        if let Some(at) = place(&self.lru, asked.key) {
            let item = self.lru.remove(at);
            self.lru.insert(0, item);
            return true;
        }
        let came_back = self.ghost.forget(asked.key);
        let limit = share(self.capacity, 0.25);
        if asked.size > limit {
            return false;
        }
        while is_full(&[&self.fifo, &self.lru], asked, self.capacity) {
            if bytes(&self.fifo) > u128::from(limit) || self.lru.is_empty() {
                let gone = self.fifo.pop().expect("something is held");
                self.ghost.remember(gone);
            } else {
                self.lru.pop();
            }
        }
        if came_back {
            while is_full(&[&self.lru], asked, self.capacity - limit) {
                self.lru.pop();
            }
            self.lru.insert(0, asked.item());
        } else {
            self.fifo.insert(0, asked.item());
        }
        false
    }
}

pub(super) struct S3Fifo {
    capacity: u64,
    small: Vec<Item>,
    main: Vec<Item>,
    hits: HashMap<u32, u32>,
    ghost: Ghost,
}

impl S3Fifo {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            capacity,
            small: Vec::new(),
            main: Vec::new(),
            hits: HashMap::new(),
            ghost: Ghost::new(share(capacity, 0.9)),
        }
    }

    fn small_limit(&self) -> u64 {
        share(self.capacity, 0.1)
    }

    fn evict(&mut self) {
        let main_limit = self.capacity - self.small_limit();
        if bytes(&self.main) > u128::from(main_limit) || self.small.is_empty() {
            loop {
                let item = self.main.pop().expect("something is held");
                let hits = self.hits[&item.key];
                if hits == 0 {
                    return;
                }
                self.hits.insert(item.key, hits.min(3) - 1);
                self.main.insert(0, item);
            }
        }
        while let Some(item) = self.small.pop() {
            if self.hits[&item.key] < 2 {
                self.ghost.remember(item);
                return;
            }
            self.hits.insert(item.key, 0);
            self.main.insert(0, item);
        }
    }
}

impl Naive for S3Fifo {
    fn serve(&mut self, asked: Asked) -> bool {
        if place(&self.small, asked.key)
            .or(place(&self.main, asked.key))
            .is_some()
        {
            *self.hits.entry(asked.key).or_default() += 1;
            return true;
        }
        let came_back = self.ghost.forget(asked.key);
        if asked.size > self.small_limit() {
            return false;
        }
        while is_full(&[&self.small, &self.main], asked, self.capacity) {
            self.evict();
        }
        if came_back {
            self.main.insert(0, asked.item());
        } else if asked.size < self.small_limit() {
            self.small.insert(0, asked.item());
        }
        self.hits.insert(asked.key, 0);
        false
    }
}

pub(super) struct Arc {
    capacity: u64,
    once: Vec<Item>,
    again: Vec<Item>,
    ghost_once: Vec<Item>,
    ghost_again: Vec<Item>,
    target: f64,
}

impl Arc {
    pub(super) fn new(capacity: u64) -> Self {
        Self {
            capacity,
            once: Vec::new(),
            again: Vec::new(),
            ghost_once: Vec::new(),
            ghost_again: Vec::new(),
            target: 0.0,
        }
    }

    fn replace(&mut self, is_ghost_of_again: bool) {
        let once = bytes(&self.once) as f64;
        let is_over = once > self.target || (is_ghost_of_again && once >= self.target);
        if (once > 0.0 && is_over) || self.again.is_empty() {
            let item = self.once.pop().expect("something is held");
            self.ghost_once.insert(0, item);
        } else {
            let item = self.again.pop().expect("it is not empty");
            self.ghost_again.insert(0, item);
        }
    }
}

impl Naive for Arc {
    fn serve(&mut self, asked: Asked) -> bool {
        let lists = [&mut self.once, &mut self.again];
        let found = lists
            .into_iter()
            .find_map(|list| place(list, asked.key).map(|at| list.remove(at)));
        if let Some(item) = found {
            self.again.insert(0, item);
            return true;
        }
        let (b1, b2) = (
            bytes(&self.ghost_once) as f64,
            bytes(&self.ghost_again) as f64,
        );
        let in_once = place(&self.ghost_once, asked.key);
        let in_again = place(&self.ghost_again, asked.key);
        if let Some(at) = in_once {
            self.target = (self.target + (b2 / b1).max(1.0)).min(self.capacity as f64);
            self.ghost_once.remove(at);
        }
        if let Some(at) = in_again {
            self.target = (self.target - (b1 / b2).max(1.0)).max(0.0);
            self.ghost_again.remove(at);
        }
        if asked.size > self.capacity {
            return false;
        }
        let is_remembered = in_once.is_some() || in_again.is_some();
        while is_full(&[&self.once, &self.again], asked, self.capacity) {
            if is_remembered {
                self.replace(in_again.is_some());
            } else if !is_full(&[&self.once, &self.ghost_once], asked, self.capacity) {
                let lists = [&self.once, &self.again, &self.ghost_once, &self.ghost_again];
                let all: u128 = lists.into_iter().map(|list| bytes(list)).sum();
                if all >= 2 * u128::from(self.capacity) {
                    self.ghost_again.pop();
                }
                self.replace(false);
            } else if self.ghost_once.pop().is_some() {
                self.replace(false);
            } else {
                self.once.pop();
            }
        }
        if is_remembered {
            self.again.insert(0, asked.item());
        } else {
            self.once.insert(0, asked.item());
        }
        false
    }
}

pub(super) struct WTinyLfu {
    capacity: u64,
    window: Vec<Item>,
    main: Segments,
    counts: HashMap<u32, u32>,
    main_hits: u128,
}

impl WTinyLfu {
    pub(super) fn new(capacity: u64) -> Self {
        let main = capacity - share(capacity, 0.01);
        let limits = vec![share(main, 1.0 / 5.0), share(main, 4.0 / 5.0)];
        Self {
            capacity,
            window: Vec::new(),
            main: Segments::new(limits),
            counts: HashMap::new(),
            main_hits: 0,
        }
    }

    fn main_limit(&self) -> u64 {
        self.capacity - share(self.capacity, 0.01)
    }

    fn count(&mut self, key: u32) {
        *self.counts.entry(key).or_default() += 1;
    }

    fn is_main_full(&self, size: u64) -> bool {
        self.main.bytes() + u128::from(size) > u128::from(self.main_limit())
    }

    fn insert_into_main(&mut self, item: Item) {
        let with_room = (0..2).find(|&segment| !self.main.is_over(segment, item.size));
        if with_room.is_none() {
            while self.is_main_full(item.size) {
                self.main.evict();
            }
        }
        self.main.segments[with_room.unwrap_or(0)].insert(0, item);
    }

    fn evict(&mut self) {
        while let Some(item) = self.window.pop() {
            let is_full = self.is_main_full(item.size);
            let count = |key: u32| self.counts.get(&key).copied().unwrap_or(0);
            let victim = self.main.victim();
            let is_better = victim.is_some_and(|victim| count(item.key) > count(victim.key));
            if is_full && is_better {
                self.main.evict();
            }
            if !is_full || is_better {
                self.insert_into_main(item);
            }
            self.count(item.key);
            if is_full && !is_better {
                return;
            }
        }
        self.main.evict();
    }
}

impl Naive for WTinyLfu {
    fn serve(&mut self, asked: Asked) -> bool {
        if let Some(at) = place(&self.window, asked.key) {
            let item = self.window.remove(at);
            self.window.insert(0, item);
            return true;
        }
        if self.main.hit(asked.key) {
            self.count(asked.key);
            self.main_hits += 1;
            if self.main_hits >= 32 * u128::from(self.main_limit()) {
                self.main_hits = 0;
                for count in self.counts.values_mut() {
                    *count /= 2;
                }
            }
            return true;
        }
        let limit = share(self.capacity, 0.01).min(self.main.limits[0]);
        if asked.size > limit {
            return false;
        }
        while bytes(&self.window) + self.main.bytes() + u128::from(asked.size)
            > u128::from(self.capacity)
        {
            self.evict();
        }
        self.window.insert(0, asked.item());
        self.count(asked.key);
        false
    }
}
