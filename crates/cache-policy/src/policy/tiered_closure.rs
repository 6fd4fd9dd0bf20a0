//! Ours: tiers, closures and the cost of building.

use super::Policy;
use super::indexed_heap::IndexedHeap;
use crate::CacheTier;
use crate::simulate::Cache;
use crate::trace::{Catalogue, KeyId, Request};

/// Evicts what costs least to be without, and with it all that could not be served any more.
///
/// - *Closures.* An object goes together with everything held that needs it, dependents first: a
///   cache that hides what is incomplete would not serve them. Its value is theirs too: the build
///   time of all that becomes unservable, for each byte that is freed. Of what a request needs,
///   nothing goes to make room for it.
/// - *Age.* A value halves every [`HALF_LIFE`] without a request for the object, or for what needs
///   it. GreedyDual (P. Cao, S. Irani, USITS 1997) ages by the value of the last victim, which is
///   slow where values span orders of magnitude: what is small and dear would stay for a year.
/// - *Versions.* Once a newer version of its package was asked for, an object counts a
///   [tenth](SUPERSEDED).
/// - *Tiers.* What is of tier 1 and has no newer version, and what that needs, is never evicted.
///   Where it leaves too little room for an object, this is passed by.
///
/// Both constants are in the midst of a broad optimum (half-lives of 5 to 20 days, weights of 0.03
/// to 0.3) on a year of requests by two machines that update weekly.
///
/// O((c + d) log n) a request, where c is the size of the object's closure, and d, amortised, what
/// it takes to update the closures of what is evicted.
#[derive(Clone, Debug)]
pub struct TieredClosure<'a> {
    catalogue: &'a Catalogue,
    /// All that needs each object, what needs most first.
    dependents: Vec<Vec<KeyId>>,
    /// What may go, the least valuable on top: value, and the number of the last request.
    values: IndexedHeap<(f64, u64)>,
    objects: Vec<State>,
    /// The newest version of each package.
    newest: Vec<Option<KeyId>>,
    /// Bytes of what may not go.
    protected_bytes: u64,
    /// Requests so far.
    now: u64,
}

/// Seconds in which a value halves: ten days.
pub const HALF_LIFE: u64 = 10 * 86_400;

/// One over the weight of an object of which a newer version was asked for.
pub const SUPERSEDED: u128 = 10;

/// What is known of an object. The sums are those of the object and of all held objects that need
/// it, and are right as long as it is held.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    is_known: bool,
    is_superseded: bool,
    /// When it, or what needs it, was asked for last: seconds, and the number of the request.
    last: (u64, u64),
    /// Weighted build time.
    worth: u128,
    bytes: u128,
    /// How many of them are protected.
    protected: u32,
    /// The present request needs it.
    needed_by: u64,
}

impl<'a> TieredClosure<'a> {
    /// A policy for one run over keys of this catalogue. O(sum of the closures' sizes).
    pub fn new(catalogue: &'a Catalogue) -> Self {
        let keys = catalogue.len();
        let mut by_closure: Vec<KeyId> = (0..keys as u32).map(KeyId).collect();
        by_closure.sort_by_key(|&key| std::cmp::Reverse(catalogue.closure(key).len()));
        let mut dependents = vec![Vec::new(); keys];
        let mut packages = 0;
        for key in by_closure {
            for needed in catalogue.closure(key) {
                dependents[needed.index()].push(key);
            }
            packages = packages.max(catalogue.package(key).map_or(0, |package| package + 1));
        }
        Self {
            catalogue,
            dependents,
            values: IndexedHeap::new(keys),
            objects: vec![State::default(); keys],
            newest: vec![None; packages as usize],
            protected_bytes: 0,
            now: 0,
        }
    }

    /// What being without one object costs, in thousandths of a second times [`SUPERSEDED`]; never
    /// nothing, so that what costs nothing is told apart by its size.
    fn worth(&self, key: KeyId) -> u128 {
        let time = self.catalogue.rebuild(key).as_millis().max(1);
        if self.objects[key.index()].is_superseded {
            time
        } else {
            time * SUPERSEDED
        }
    }

    fn is_protected(&self, key: KeyId) -> bool {
        self.catalogue.tier(key) == CacheTier::Always && !self.objects[key.index()].is_superseded
    }

    /// Notes which version is the newest: that of which the first request came last.
    fn notice_version(&mut self, key: KeyId, cache: &Cache) {
        if std::mem::replace(&mut self.objects[key.index()].is_known, true) {
            return;
        }
        let Some(package) = self.catalogue.package(key) else {
            return;
        };
        if let Some(old) = self.newest[package as usize].replace(key) {
            let is_held = cache.holds(old);
            if is_held {
                self.take_from_sums(old, cache);
            }
            self.objects[old.index()].is_superseded = true;
            if is_held {
                self.add_to_sums(old, cache);
            }
        }
    }

    /// Adds an object to the sums of all held objects that it needs, and to its own.
    fn add_to_sums(&mut self, key: KeyId, cache: &Cache) {
        let (worth, size) = (self.worth(key), cache.size(key).0);
        let is_protected = self.is_protected(key);
        for &needed in self.catalogue.closure(key).iter().chain([&key]) {
            let needed_size = cache.size(needed).0;
            if needed_size == 0 {
                continue;
            }
            let state = &mut self.objects[needed.index()];
            state.worth += worth;
            state.bytes += u128::from(size);
            if is_protected {
                state.protected += 1;
                if state.protected == 1 {
                    self.protected_bytes += needed_size;
                }
            }
            self.revalue(needed);
        }
    }

    /// The inverse of [`add_to_sums`](Self::add_to_sums).
    fn take_from_sums(&mut self, key: KeyId, cache: &Cache) {
        let (worth, size) = (self.worth(key), cache.size(key).0);
        let is_protected = self.is_protected(key);
        for &needed in self.catalogue.closure(key).iter().chain([&key]) {
            let needed_size = cache.size(needed).0;
            if needed_size == 0 {
                continue;
            }
            let state = &mut self.objects[needed.index()];
            state.worth -= worth;
            state.bytes -= u128::from(size);
            if is_protected {
                state.protected -= 1;
                if state.protected == 0 {
                    self.protected_bytes -= needed_size;
                }
            }
            self.revalue(needed);
        }
    }

    /// Puts a held object where its value belongs, or out of the way where it may not go.
    fn revalue(&mut self, key: KeyId) {
        let state = &self.objects[key.index()];
        if state.protected > 0 || state.needed_by == self.now || state.bytes == 0 {
            self.values.remove(key);
            return;
        }
        let (time, number) = state.last;
        let age = time as f64 / HALF_LIFE as f64;
        let density = state.worth as f64 / state.bytes as f64;
        self.values.set(key, (age + log2(density), number));
    }

    /// Whether there is room for the object of a request once all that may go is gone.
    fn can_make_room(&self, request: &Request, cache: &Cache) -> bool {
        let is_unprotected = |key: &&KeyId| self.objects[key.index()].protected == 0;
        let needed = self.catalogue.closure(request.key).iter();
        let needed = needed
            .filter(is_unprotected)
            .map(|&key| cache.size(key).0)
            .sum::<u64>();
        let stays = self.protected_bytes + needed;
        request.size.0 <= cache.capacity().0 - stays
    }

    /// Evicts an object after everything held that needs it.
    fn evict_with_dependents(&mut self, victim: KeyId, cache: &mut Cache) {
        for i in 0..=self.dependents[victim.index()].len() {
            let dependent = self.dependents[victim.index()].get(i);
            let key = dependent.copied().unwrap_or(victim);
            if cache.holds(key) {
                self.take_from_sums(key, cache);
                cache.evict(key);
            }
        }
    }

    /// Holds the object of a request.
    fn insert(&mut self, request: &Request, cache: &mut Cache) {
        cache.insert(request);
        // It may be needed by what came in while it was away.
        let key = request.key;
        let mut state = State {
            worth: 0,
            bytes: 0,
            protected: 0,
            ..self.objects[key.index()]
        };
        for &dependent in &self.dependents[key.index()] {
            let size = cache.size(dependent).0;
            if size > 0 {
                state.worth += self.worth(dependent);
                state.bytes += u128::from(size);
                state.protected += u32::from(self.is_protected(dependent));
            }
        }
        if state.protected > 0 {
            self.protected_bytes += request.size.0;
        }
        self.objects[key.index()] = state;
        self.add_to_sums(key, cache);
    }

    /// Notes that an object and what it needs was asked for.
    fn touch(&mut self, request: &Request, cache: &Cache) {
        let last = (request.time, self.now);
        let closure = self.catalogue.closure(request.key);
        for &key in closure.iter().chain([&request.key]) {
            let state = &mut self.objects[key.index()];
            state.last = last;
            state.needed_by = 0;
            if cache.holds(key) {
                self.revalue(key);
            }
        }
    }

    /// Puts what a request needs out of the way of evictions until it is touched.
    fn spare(&mut self, request: &Request) {
        for key in self.catalogue.closure(request.key) {
            self.objects[key.index()].needed_by = self.now;
            self.values.remove(*key);
        }
    }
}

impl Policy for TieredClosure<'_> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        self.now += 1;
        self.notice_version(request.key, cache);
        self.touch(request, cache);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        self.now += 1;
        self.notice_version(request.key, cache);
        if self.can_make_room(request, cache) {
            self.spare(request);
            while !cache.fits(request.size) {
                let Some((_, victim)) = self.values.peek() else {
                    break;
                };
                self.evict_with_dependents(victim, cache);
            }
            if cache.fits(request.size) {
                self.insert(request, cache);
            }
        }
        self.touch(request, cache);
    }
}

/// The binary logarithm of a positive finite number to nine digits, from additions,
/// multiplications and divisions alone: the one of the standard library may differ between
/// platforms, and with it the choice of a victim.
fn log2(x: f64) -> f64 {
    const MANTISSA_BITS: u32 = 52;
    let bits = x.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as f64 - 1023.0;
    let mantissa = f64::from_bits(bits & ((1 << MANTISSA_BITS) - 1) | (1023 << MANTISSA_BITS));
    // ln m = 2 artanh s, and s is a third at the most.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let mut sum = 0.0;
    for odd in (0..10).rev().map(|i| 2 * i + 1) {
        sum = sum * s * s + 1.0 / f64::from(odd);
    }
    exponent + sum * s * 2.0 * std::f64::consts::LOG2_E
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_one() {
        for i in 1..2000 {
            let x = f64::from(i) * f64::from(i).powi(i % 7) / 1e9;
            assert!((log2(x) - x.log2()).abs() < 1e-9, "{x}");
        }
        assert!((log2(1.0)).abs() < 1e-15);
    }
}
