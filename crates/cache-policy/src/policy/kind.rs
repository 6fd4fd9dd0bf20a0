//! The policies by name.

use drv_graph::Bytes;

use super::{
    AdaptiveReplacement, Belady, BeladySize, Clock, ClosureLru, Fifo, Gdsf, Lfu, Lru, Policy,
    S3Fifo, Sieve, Slru, TieredClosure, TwoQ, WTinyLfu,
};
use crate::trace::{Catalogue, Trace};

/// One of the policies of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// [`Fifo`].
    Fifo,
    /// [`Lru`].
    Lru,
    /// [`Clock`].
    Clock,
    /// [`Lfu`].
    Lfu,
    /// [`Slru`].
    Slru,
    /// [`TwoQ`].
    TwoQ,
    /// [`AdaptiveReplacement`].
    Arc,
    /// [`Gdsf`].
    Gdsf,
    /// [`S3Fifo`].
    S3Fifo,
    /// [`Sieve`].
    Sieve,
    /// [`WTinyLfu`].
    WTinyLfu,
    /// [`ClosureLru`].
    ClosureLru,
    /// [`TieredClosure`].
    TieredClosure,
    /// [`Belady`].
    Belady,
    /// [`BeladySize`].
    BeladySize,
}

impl PolicyKind {
    /// Every policy, in the order in which they are shown.
    pub const ALL: [Self; 15] = [
        Self::Fifo,
        Self::Lru,
        Self::Clock,
        Self::Lfu,
        Self::Slru,
        Self::TwoQ,
        Self::Arc,
        Self::Gdsf,
        Self::S3Fifo,
        Self::Sieve,
        Self::WTinyLfu,
        Self::ClosureLru,
        Self::TieredClosure,
        Self::Belady,
        Self::BeladySize,
    ];

    /// Its name in lower case, e.g. `s3-fifo`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Lru => "lru",
            Self::Clock => "clock",
            Self::Lfu => "lfu",
            Self::Slru => "slru",
            Self::TwoQ => "2q",
            Self::Arc => "arc",
            Self::Gdsf => "gdsf",
            Self::S3Fifo => "s3-fifo",
            Self::Sieve => "sieve",
            Self::WTinyLfu => "w-tinylfu",
            Self::ClosureLru => "closure-lru",
            Self::TieredClosure => "tiered-closure",
            Self::Belady => "belady",
            Self::BeladySize => "belady-size",
        }
    }

    /// The policy of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it looks into the future, which no real cache can.
    pub fn is_offline(self) -> bool {
        matches!(self, Self::Belady | Self::BeladySize)
    }

    /// Whether it looks at tiers, closures or build times.
    pub fn uses_catalogue(self) -> bool {
        matches!(self, Self::ClosureLru | Self::TieredClosure)
    }

    /// A policy for one run over a trace at a capacity.
    pub fn build<'a>(
        self,
        trace: &'a Trace,
        catalogue: &'a Catalogue,
        capacity: Bytes,
    ) -> Box<dyn Policy + 'a> {
        let keys = trace.key_count();
        match self {
            Self::Fifo => Box::new(Fifo::new()),
            Self::Lru => Box::new(Lru::new(keys)),
            Self::Clock => Box::new(Clock::new(keys)),
            Self::Lfu => Box::new(Lfu::new(keys)),
            Self::Slru => Box::new(Slru::new(keys, capacity)),
            Self::TwoQ => Box::new(TwoQ::new(keys, capacity)),
            Self::Arc => Box::new(AdaptiveReplacement::new(keys, capacity)),
            Self::Gdsf => Box::new(Gdsf::new(keys)),
            Self::S3Fifo => Box::new(S3Fifo::new(keys, capacity)),
            Self::Sieve => Box::new(Sieve::new(keys)),
            Self::WTinyLfu => Box::new(WTinyLfu::new(keys, capacity)),
            Self::ClosureLru => Box::new(ClosureLru::new(catalogue)),
            Self::TieredClosure => Box::new(TieredClosure::new(catalogue)),
            Self::Belady => Box::new(Belady::new(trace)),
            Self::BeladySize => Box::new(BeladySize::new(trace)),
        }
    }
}
