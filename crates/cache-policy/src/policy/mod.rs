//! Eviction policies.

mod arc;
mod belady;
mod belady_size;
mod clock;
mod closure_lru;
mod fifo;
mod gdsf;
mod ghost;
mod index_set;
mod indexed_heap;
mod kind;
mod lfu;
mod lru;
mod queues;
mod s3_fifo;
mod sieve;
mod slru;
mod tiered_closure;
mod two_q;
mod w_tiny_lfu;

pub use arc::AdaptiveReplacement;
pub use belady::Belady;
pub use belady_size::BeladySize;
pub use clock::Clock;
pub use closure_lru::ClosureLru;
pub use fifo::Fifo;
pub use gdsf::Gdsf;
pub use kind::PolicyKind;
pub use lfu::Lfu;
pub use lru::Lru;
pub use s3_fifo::S3Fifo;
pub use sieve::Sieve;
pub use slru::Slru;
pub use tiered_closure::{HALF_LIFE, SUPERSEDED, TieredClosure};
pub use two_q::TwoQ;
pub use w_tiny_lfu::WTinyLfu;

use drv_graph::Bytes;

use crate::simulate::Cache;
use crate::trace::Request;

/// Decides what a cache holds. The trait is object-safe; whoever writes a policy of their own can
/// put it through [`laws::check`](crate::simulate::laws::check).
///
/// # Contract
///
/// - Of every request exactly one of [`hit`](Self::hit) and [`miss`](Self::miss) hears, in the
///   order of the trace.
/// - In either, a policy may evict what the cache holds. It inserts at most the object of the
///   request, and only in `miss`. What does not fit ([`Cache::fits`]) needs evictions before; an
///   object larger than the whole cache can only be let go.
/// - A policy is for one run: it starts with an empty cache, and what it remembers agrees with
///   what the cache holds.
/// - The same requests lead to the same decisions: a policy that draws lots is seeded.
pub trait Policy {
    /// The object is held.
    fn hit(&mut self, request: &Request, cache: &mut Cache);

    /// The object is not held.
    fn miss(&mut self, request: &Request, cache: &mut Cache);
}

/// Evicts by `evict`, which says `None` when there is nothing to evict, until an object of this size
/// fits; whether it does. For what is larger than the cache nothing is evicted.
fn make_room(
    size: Bytes,
    cache: &mut Cache,
    mut evict: impl FnMut(&mut Cache) -> Option<()>,
) -> bool {
    if size > cache.capacity() {
        return false;
    }
    while !cache.fits(size) {
        if evict(cache).is_none() {
            return false;
        }
    }
    true
}

impl<P: Policy + ?Sized> Policy for Box<P> {
    fn hit(&mut self, request: &Request, cache: &mut Cache) {
        (**self).hit(request, cache);
    }

    fn miss(&mut self, request: &Request, cache: &mut Cache) {
        (**self).miss(request, cache);
    }
}
