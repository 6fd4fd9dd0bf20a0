//! Belady's MIN with sizes.

use super::{Policy, make_room};
use crate::simulate::Cache;
use crate::trace::{KeyId, Request, Trace};

/// Knows the future, and evicts what takes most room for longest: the greatest product of size and
/// requests until it is asked for again. What is never asked for again is not held at all.
///
/// Scores change with every request, so no heap can keep them. As in libCacheSim 128 of the
/// objects held are drawn by lot and the worst of these goes; where 128 or fewer are held, or with
/// [`exact`](Self::exact), all are looked at. O(128) or O(objects held) an eviction. Lots are drawn
/// by a seeded generator: the same trace gives the same result.
///
/// D. Berger, N. Beckmann, M. Harchol-Balter: Practical bounds on optimal caching with variable
/// object sizes. SIGMETRICS 2018.
#[derive(Clone, Debug)]
pub struct BeladySize {
    next: Vec<Option<u32>>,
    held: Vec<Held>,
    /// Where each key is in `held`.
    places: Vec<u32>,
    /// Requests so far.
    now: u32,
    draws: Option<usize>,
    /// State of the generator.
    lot: u64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    key: KeyId,
    /// The request that asks for it again.
    next: u32,
    size: u64,
}

/// libCacheSim's `n-sample`.
const DRAWS: usize = 128;

impl BeladySize {
    /// A policy for one run over this very trace.
    pub fn new(trace: &Trace) -> Self {
        Self {
            next: trace.next_requests(),
            held: Vec::new(),
            places: vec![0; trace.key_count()],
            now: 0,
            draws: Some(DRAWS),
            lot: 0,
        }
    }

    /// The same, looking at everything that is held: slow where that is much.
    #[must_use]
    pub fn exact(self) -> Self {
        Self {
            draws: None,
            ..self
        }
    }

    fn victim(&mut self) -> Option<KeyId> {
        let now = self.now;
        let score = |held: &Held| u128::from(held.size) * u128::from(held.next - now);
        let worst = match self.draws {
            Some(draws) if self.held.len() > draws => {
                let mut worst = self.draw();
                for _ in 1..draws {
                    let drawn = self.draw();
                    if score(&drawn) > score(&worst) {
                        worst = drawn;
                    }
                }
                worst
            }
            // Of equals the one asked for last, whatever the order of `held`.
            _ => *self
                .held
                .iter()
                .max_by_key(|held| (score(held), held.next))?,
        };
        Some(worst.key)
    }

    /// One of the objects held. SplitMix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014),
    /// its high bits scaled.
    fn draw(&mut self) -> Held {
        self.lot = self.lot.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.lot;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let place = (u128::from(z) * self.held.len() as u128) >> 64;
        self.held[place as usize]
    }

    fn let_go(&mut self, key: KeyId, cache: &mut Cache) {
        let place = self.places[key.index()] as usize;
        self.held.swap_remove(place);
        if let Some(moved) = self.held.get(place) {
            self.places[moved.key.index()] = place as u32;
        }
        cache.evict(key);
    }

    fn admit(&mut self, request: &Request, cache: &mut Cache) -> Option<()> {
        let next = self.next[self.now as usize]?;
        let evict = |cache: &mut Cache| {
            let victim = self.victim()?;
            self.let_go(victim, cache);
            Some(())
        };
        if !make_room(request.size, cache, evict) {
            return None;
        }
        cache.insert(request);
        self.places[request.key.index()] = self.held.len() as u32;
        self.held.push(Held {
            key: request.key,
            next,
            size: request.size.0,
        });
        Some(())
    }
}

impl Policy for BeladySize {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        match self.next[self.now as usize] {
            Some(next) => {
                let place = self.places[request.key.index()];
                self.held[place as usize].next = next;
            }
            None => self.let_go(request.key, cache),
        }
        self.now += 1;
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        self.admit(request, cache);
        self.now += 1;
    }
}
