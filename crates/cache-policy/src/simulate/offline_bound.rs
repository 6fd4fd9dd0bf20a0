//! What no policy can do better than.

use std::time::Duration;

use drv_graph::Bytes;

use super::Misses;
use super::outcome::saturating;
use crate::trace::{Catalogue, Request, Trace};

/// What every policy misses at least, whether or not it knows the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineBound {
    /// Requests, and their bytes. The two are bounds of their own: no policy need attain both.
    pub misses: Misses,
    /// Build time of what is missed.
    pub rebuild: Duration,
}

impl OfflineBound {
    /// PFOO-L of D. Berger, N. Beckmann, M. Harchol-Balter: Practical bounds on optimal caching with
    /// variable object sizes. SIGMETRICS 2018.
    ///
    /// To hit, an object must be held from one request for it to the next, which takes its size
    /// times the requests between them; all that a cache has to give is its capacity times all
    /// requests. Taking the cheapest hits first, as if that could be dealt out at any time, gives
    /// the most hits there can be. An object whose size changes is taken at its smallest, so that
    /// the bound holds then too. O(n log n).
    pub fn new(trace: &Trace, catalogue: &Catalogue, capacity: Bytes) -> Self {
        let requests = trace.requests();
        let mut smallest = vec![u64::MAX; trace.key_count()];
        for request in requests {
            let size = &mut smallest[request.key.index()];
            *size = request.size.0.min(*size);
        }
        let mut hits = Vec::new();
        for (i, next) in trace.next_requests().into_iter().enumerate() {
            let Some(next) = next else { continue };
            let request = &requests[next as usize];
            let size = smallest[request.key.index()];
            if size <= capacity.0 {
                hits.push(Hit {
                    room: u128::from(size) * (next as usize - i) as u128,
                    bytes: request.size.0,
                    rebuild: catalogue.rebuild(request.key),
                });
            }
        }
        let budget = u128::from(capacity.0) * requests.len().saturating_sub(1) as u128;
        hits.sort_unstable_by_key(|hit| hit.room);
        let mut left = budget;
        let fitting = hits.iter().take_while(|hit| {
            let rest = left.checked_sub(hit.room);
            left = rest.unwrap_or(left);
            rest.is_some()
        });
        let most_hits = fitting.count() as u64;
        let sum = |of: &dyn Fn(&Request) -> u128| requests.iter().map(of).sum::<u128>();
        let bytes = sum(&|request| u128::from(request.size.0));
        let bytes = bytes.saturating_sub(most(&mut hits, budget, |hit| u128::from(hit.bytes)));
        let nanos = sum(&|request| catalogue.rebuild(request.key).as_nanos());
        let nanos = nanos.saturating_sub(most(&mut hits, budget, |hit| hit.rebuild.as_nanos()));
        Self {
            misses: Misses {
                requests: requests.len() as u64 - most_hits,
                bytes: saturating(bytes),
            },
            rebuild: Duration::from_nanos_u128(nanos.min(Duration::MAX.as_nanos())),
        }
    }
}

/// A request that may hit, what it takes and what it gives.
struct Hit {
    /// Bytes times requests.
    room: u128,
    bytes: u64,
    rebuild: Duration,
}

/// The most value that hits can have within a budget of room, where a part of a hit has a part of
/// its value.
///
/// Prices are rounded. Hits of nearly one price may so be taken in the wrong order, which costs
/// less than a part in 10⁹ of what is taken: that is added where not all are.
fn most(hits: &mut [Hit], budget: u128, value: impl Fn(&Hit) -> u128) -> u128 {
    let price = |hit: &Hit| hit.room as f64 / value(hit) as f64;
    hits.sort_unstable_by(|a, b| price(a).total_cmp(&price(b)));
    let mut left = budget;
    let mut sum = 0_u128;
    for hit in hits.iter().filter(|hit| value(hit) > 0) {
        if hit.room > left {
            let part = value(hit) as f64 * (left as f64 / hit.room as f64);
            return sum + part.ceil() as u128 + sum / 1_000_000_000 + 1;
        }
        left -= hit.room;
        sum += value(hit);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::read_csv;

    fn bound(text: &str, capacity: u64) -> Misses {
        let text = format!("time,key,size\n{text}");
        let (trace, _) = read_csv(text.as_bytes()).expect("a trace");
        let catalogue = Catalogue::unknown(&trace);
        OfflineBound::new(&trace, &catalogue, Bytes(capacity)).misses
    }

    #[test]
    fn first_requests_are_missed_at_any_capacity() {
        let misses = bound("0,a,5\n1,b,6\n2,a,5\n3,b,6\n", u64::MAX);
        assert_eq!((misses.requests, misses.bytes), (2, Bytes(11)));
    }

    #[test]
    fn the_cheapest_hits_come_first() {
        // Holding b for one request costs 1, a for three 30; there is room for 3 × 10.
        let text = "0,a,10\n1,b,1\n2,b,1\n3,a,10\n";
        assert_eq!(bound(text, 10).requests, 3);
        assert_eq!(bound(text, 11).requests, 2);
        assert_eq!(bound(text, 0).requests, 4);
    }

    #[test]
    fn what_is_larger_than_the_cache_is_no_hit() {
        assert_eq!(bound("0,a,3\n1,a,3\n2,b,1\n3,c,1\n4,d,1\n", 2).requests, 5);
    }
}
