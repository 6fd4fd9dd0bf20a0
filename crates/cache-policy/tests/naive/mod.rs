//! The policies again, each written from its paper (or from libCacheSim's variant of it, where the
//! crate follows that) in the simplest way that could work: lists that are searched from end to
//! end. They keep their own books and share nothing with the crate.

mod closures;
mod lists;
mod ranked;

use cache_policy::policy::PolicyKind;
use cache_policy::trace::{Catalogue, Trace};

/// An object that is held, or remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Item {
    key: u32,
    size: u64,
}

/// One request.
#[derive(Clone, Copy, Debug)]
struct Asked {
    index: usize,
    time: u64,
    key: u32,
    size: u64,
}

impl Asked {
    fn item(&self) -> Item {
        Item {
            key: self.key,
            size: self.size,
        }
    }
}

trait Naive {
    /// Serves a request; whether it hits.
    fn serve(&mut self, asked: Asked) -> bool;
}

/// Bytes of items; as wide as nothing overflows.
fn bytes(items: &[Item]) -> u128 {
    items.iter().map(|item| u128::from(item.size)).sum()
}

fn place(items: &[Item], key: u32) -> Option<usize> {
    items.iter().position(|item| item.key == key)
}

/// Which requests hit.
pub(crate) fn hits(
    kind: PolicyKind,
    trace: &Trace,
    catalogue: &Catalogue,
    capacity: u64,
) -> Vec<bool> {
    let mut policy: Box<dyn Naive> = match kind {
        PolicyKind::Fifo => Box::new(lists::Queue::new(capacity, lists::OnHit::Nothing)),
        PolicyKind::Lru => Box::new(lists::Queue::new(capacity, lists::OnHit::ToFront)),
        PolicyKind::Clock => Box::new(lists::Clock::new(capacity)),
        PolicyKind::Sieve => Box::new(lists::Sieve::new(capacity)),
        PolicyKind::Slru => Box::new(lists::Slru::new(capacity)),
        PolicyKind::TwoQ => Box::new(lists::TwoQ::new(capacity)),
        PolicyKind::Arc => Box::new(lists::Arc::new(capacity)),
        PolicyKind::S3Fifo => Box::new(lists::S3Fifo::new(capacity)),
        PolicyKind::WTinyLfu => Box::new(lists::WTinyLfu::new(capacity)),
        PolicyKind::Lfu => Box::new(ranked::Lfu::new(capacity)),
        PolicyKind::Gdsf => Box::new(ranked::Gdsf::new(capacity)),
        PolicyKind::Belady => Box::new(ranked::Belady::new(capacity, trace)),
        PolicyKind::BeladySize => Box::new(ranked::BeladySize::new(capacity, trace)),
        PolicyKind::ClosureLru => Box::new(closures::ClosureLru::new(capacity, catalogue)),
        PolicyKind::TieredClosure => Box::new(closures::TieredClosure::new(capacity, catalogue)),
        _ => panic!("{} has no naive twin", kind.name()),
    };
    let requests = trace.requests().iter().enumerate();
    requests
        .map(|(index, request)| {
            policy.serve(Asked {
                index,
                time: request.time,
                key: request.key.0,
                size: request.size.0,
            })
        })
        .collect()
}
