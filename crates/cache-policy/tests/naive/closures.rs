//! Policies that know closures.

use std::collections::{BTreeMap, BTreeSet};

use cache_policy::CacheTier;
use cache_policy::policy::{HALF_LIFE, SUPERSEDED};
use cache_policy::trace::{Catalogue, KeyId};

use super::{Asked, Item, Naive, bytes, place};

fn closure(catalogue: &Catalogue, key: u32) -> BTreeSet<u32> {
    catalogue
        .closure(KeyId(key))
        .iter()
        .map(|key| key.0)
        .collect()
}

pub(super) struct ClosureLru {
    capacity: u64,
    catalogue: Catalogue,
    held: Vec<Item>,
}

impl ClosureLru {
    pub(super) fn new(capacity: u64, catalogue: &Catalogue) -> Self {
        Self {
            capacity,
            catalogue: catalogue.clone(),
            held: Vec::new(),
        }
    }
}

impl Naive for ClosureLru {
    fn serve(&mut self, asked: Asked) -> bool {
        let is_hit = place(&self.held, asked.key).is_some();
        if !is_hit {
            if asked.size > self.capacity {
                return false;
            }
            while bytes(&self.held) + u128::from(asked.size) > u128::from(self.capacity) {
                self.held.pop();
            }
            self.held.push(asked.item());
        }
        let needed = closure(&self.catalogue, asked.key);
        let mut touched: Vec<u32> = needed.into_iter().collect();
        touched.push(asked.key);
        // What needs most is touched first; of equals the one with the greater number.
        touched.sort_by_key(|&key| (closure(&self.catalogue, key).len(), key));
        for key in touched.into_iter().rev() {
            if let Some(at) = place(&self.held, key) {
                let item = self.held.remove(at);
                self.held.insert(0, item);
            }
        }
        is_hit
    }
}

pub(super) struct TieredClosure {
    capacity: u64,
    catalogue: Catalogue,
    held: BTreeMap<u32, u64>,
    /// Time and index of the last request for each object or what needs it.
    last: BTreeMap<u32, (u64, usize)>,
    /// Objects in the order of their first requests.
    known: Vec<u32>,
}

impl TieredClosure {
    pub(super) fn new(capacity: u64, catalogue: &Catalogue) -> Self {
        Self {
            capacity,
            catalogue: catalogue.clone(),
            held: BTreeMap::new(),
            last: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    fn is_superseded(&self, key: u32) -> bool {
        let package = self.catalogue.package(KeyId(key));
        let later = self.known.iter().skip_while(|&&known| known != key).skip(1);
        package.is_some()
            && later
                .into_iter()
                .any(|&known| self.catalogue.package(KeyId(known)) == package)
    }

    fn is_protected(&self, key: u32) -> bool {
        self.catalogue.tier(KeyId(key)) == CacheTier::Always && !self.is_superseded(key)
    }

    /// A held object and every held one that needs it.
    fn with_dependents(&self, key: u32) -> Vec<u32> {
        let held = self.held.keys().copied();
        held.filter(|&held| held == key || closure(&self.catalogue, held).contains(&key))
            .collect()
    }

    fn may_go(&self, key: u32, needed: &BTreeSet<u32>) -> bool {
        let all = self.with_dependents(key);
        !needed.contains(&key) && !all.iter().any(|&key| self.is_protected(key))
    }

    fn value(&self, key: u32) -> f64 {
        let (mut worth, mut size) = (0, 0);
        for key in self.with_dependents(key) {
            let time = self.catalogue.rebuild(KeyId(key)).as_millis().max(1);
            let weight = if self.is_superseded(key) {
                1
            } else {
                SUPERSEDED
            };
            worth += time * weight;
            size += u128::from(self.held[&key]);
        }
        let age = self.last[&key].0 as f64 / HALF_LIFE as f64;
        age + (worth as f64 / size as f64).log2()
    }
}

impl Naive for TieredClosure {
    fn serve(&mut self, asked: Asked) -> bool {
        let is_hit = self.held.contains_key(&asked.key);
        if !self.known.contains(&asked.key) {
            self.known.push(asked.key);
        }
        let needed = closure(&self.catalogue, asked.key);
        let stays = |key: &&u32| !self.may_go(**key, &needed);
        let staying: u128 = self
            .held
            .keys()
            .filter(stays)
            .map(|key| u128::from(self.held[key]))
            .sum();
        if !is_hit && staying + u128::from(asked.size) <= u128::from(self.capacity) {
            while self
                .held
                .values()
                .map(|&size| u128::from(size))
                .sum::<u128>()
                + u128::from(asked.size)
                > u128::from(self.capacity)
            {
                let candidates = self.held.keys().filter(|&&key| self.may_go(key, &needed));
                let rank = |a: &&u32, b: &&u32| {
                    let last = |key: &u32| self.last[key].1;
                    let (a_value, b_value) = (self.value(**a), self.value(**b));
                    // Equal but for rounding.
                    if (a_value - b_value).abs() < 1e-9 {
                        last(a).cmp(&last(b)).then(a.cmp(b))
                    } else {
                        a_value.total_cmp(&b_value)
                    }
                };
                let victim = *candidates.min_by(rank).expect("it was checked");
                for key in self.with_dependents(victim) {
                    self.held.remove(&key);
                }
            }
            self.held.insert(asked.key, asked.size);
        }
        for key in needed.into_iter().chain([asked.key]) {
            self.last.insert(key, (asked.time, asked.index));
        }
        is_hit
    }
}
