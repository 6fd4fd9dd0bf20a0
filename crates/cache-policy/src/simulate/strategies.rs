//! Strategies that generate traces and catalogues, for holding any policy to the
//! [`laws`](super::laws).
//!
//! ```
//! use cache_policy::policy::Lru;
//! use cache_policy::simulate::laws::check;
//! use cache_policy::simulate::strategies::instance;
//! use proptest::prelude::*;
//!
//! proptest!(|(instance in instance(60, 12))| {
//!     let (trace, capacity) = (&instance.trace, instance.capacity);
//!     // Put your own policy here.
//!     prop_assert_eq!(check(trace, capacity, || Lru::new(trace.key_count())), []);
//! });
//! ```

use std::time::Duration;

use drv_graph::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::CacheTier;
use crate::trace::{Catalogue, KeyId, Object, Trace, TraceBuilder};

/// A whole problem: what is asked for, what is known of it, and how much can be held.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The requests.
    pub trace: Trace,
    /// What is known of the objects.
    pub catalogue: Catalogue,
    /// Anything from nothing to room for all.
    pub capacity: Bytes,
}

/// Problems of up to `requests` requests for up to `keys` objects: sizes of a byte or three, of a few
/// dozen, alike, or near 2⁶³; some objects that are larger than the cache; now and then one whose
/// size changes.
pub fn instance(requests: usize, keys: u32) -> impl Strategy<Value = Instance> {
    let keys = keys.max(1);
    (trace(requests, keys), 0.0_f64..=1.2, any::<u64>()).prop_flat_map(|(trace, share, any)| {
        let capacity = match any % 16 {
            0 => Bytes(any),
            // A cast saturates.
            _ => Bytes((trace.unique_bytes().0 as f64 * share) as u64),
        };
        catalogue(trace.key_count()).prop_map(move |catalogue| Instance {
            trace: trace.clone(),
            catalogue,
            capacity,
        })
    })
}

/// Traces of up to `requests` requests for up to `keys` objects.
pub fn trace(requests: usize, keys: u32) -> impl Strategy<Value = Trace> {
    let size = prop_oneof![
        2 => Just(1_u64..4),
        4 => Just(1_u64..60),
        1 => Just(9_u64..10),
        1 => Just((1 << 62)..(1 << 63) + 1000),
    ];
    let sizes = size.prop_flat_map(move |range| vec(range, keys as usize));
    // The square of a uniform number: low keys are asked for more often.
    let key = (0.0_f64..1.0).prop_map(move |x| ((x * x * f64::from(keys)) as u32).min(keys - 1));
    let gap = prop_oneof![3 => Just(0_u64), 2 => 1_u64..1000, 1 => 1000_u64..900_000];
    let request = (gap, key, 0_u8..40);
    (sizes, vec(request, 0..=requests)).prop_map(|(sizes, requests)| {
        let mut builder = TraceBuilder::new();
        let mut time = 0;
        for (gap, key, change) in requests {
            time += gap;
            let size = sizes[key as usize];
            let size = if change == 0 { size / 2 + 1 } else { size };
            if let Err(error) = builder.push(time, key, Bytes(size)) {
                unreachable!("time goes on and sizes are positive: {error}");
            }
        }
        builder.finish().0
    })
}

/// Catalogues of `keys` objects: any tiers, build times from nothing to some hours, a few versions
/// of each package, references without cycles in any order of the keys.
pub fn catalogue(keys: usize) -> impl Strategy<Value = Catalogue> {
    let tier = prop_oneof![
        1 => Just(CacheTier::Always),
        3 => Just(CacheTier::WhenRoom),
        3 => Just(CacheTier::Local),
    ];
    let seconds = prop_oneof![1 => Just(0_u64), 6 => 1_u64..50, 1 => 50_u64..20_000];
    let package = prop_oneof![1 => Just(None), 3 => (0..keys.max(1) as u32).prop_map(Some)];
    let references = vec(any::<prop::sample::Index>(), 0..3);
    let object = (tier, seconds, package, references);
    let order = Just((0..keys as u32).collect::<Vec<u32>>()).prop_shuffle();
    (vec(object, keys), order).prop_map(|(objects, order)| {
        let mut out = vec![Object::default(); objects.len()];
        for (place, (tier, seconds, package, references)) in objects.into_iter().enumerate() {
            out[order[place] as usize] = Object {
                tier,
                rebuild: Duration::from_secs(seconds),
                package,
                // The first of the order has nothing before it: it refers to itself.
                references: references
                    .iter()
                    .map(|index| KeyId(order[index.index(place.max(1))]))
                    .collect(),
            };
        }
        match Catalogue::new(out) {
            Ok(catalogue) => catalogue,
            Err(error) => unreachable!("references lead back in one order: {error}"),
        }
    })
}
