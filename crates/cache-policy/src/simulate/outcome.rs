//! What a simulation counted.

use std::time::Duration;

use drv_graph::Bytes;

use super::Misuse;
use crate::CacheTier;

/// How often a cache did not have what it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misses {
    /// Requests.
    pub requests: u64,
    /// Their bytes, each time at the request's own size; saturates.
    pub bytes: Bytes,
}

/// A sum over requests or evictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// Their bytes; saturates.
    pub bytes: Bytes,
    /// What it costs to build them, each time anew; saturates.
    pub rebuild: Duration,
}

/// What a policy did with a trace at one capacity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// All requests.
    pub requested: Tally,
    /// Requests for what was not held.
    pub missed: Tally,
    /// Requests for what was not held, or not with its whole closure.
    pub effectively_missed: Tally,
    /// Misses after which the object was not held either: it was too large, or let go.
    pub passed_by: Tally,
    /// Evictions by tier, in the order of [`CacheTier::ALL`].
    pub evicted: [Tally; CacheTier::ALL.len()],
    /// The most that was held.
    pub peak: Bytes,
    /// The first thing that the policy did and cannot be done.
    pub misuse: Option<Misuse>,
}

impl Outcome {
    /// Share of requests for what was not held, in 0 ..= 1; zero where nothing was asked for.
    pub fn miss_ratio(&self) -> f64 {
        share(self.missed.count as f64, self.requested.count as f64)
    }

    /// Share of the requested bytes that were not held, in 0 ..= 1.
    pub fn byte_miss_ratio(&self) -> f64 {
        share(self.missed.bytes.0 as f64, self.requested.bytes.0 as f64)
    }

    /// Share of requests that could not be served, in 0 ..= 1.
    pub fn effective_miss_ratio(&self) -> f64 {
        let missed = self.effectively_missed.count as f64;
        share(missed, self.requested.count as f64)
    }

    /// Share of the requested build time that was not held, in 0 ..= 1.
    pub fn rebuild_miss_ratio(&self) -> f64 {
        let missed = self.missed.rebuild.as_secs_f64();
        share(missed, self.requested.rebuild.as_secs_f64())
    }

    /// Share of the requested build time that could not be served and was built, in 0 ..= 1.
    pub fn effective_rebuild_miss_ratio(&self) -> f64 {
        let missed = self.effectively_missed.rebuild.as_secs_f64();
        share(missed, self.requested.rebuild.as_secs_f64())
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A sum of bytes, or as much of it as fits.
pub(super) fn saturating(bytes: u128) -> Bytes {
    Bytes(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// An [`Outcome`] in the making.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) requested: Sum,
    pub(super) missed: Sum,
    pub(super) effectively_missed: Sum,
    pub(super) passed_by: Sum,
    pub(super) evicted: [Sum; CacheTier::ALL.len()],
    pub(super) peak: Bytes,
}

/// A [`Tally`] in the making.
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    count: u64,
    bytes: u128,
    rebuild: Duration,
}

impl Sum {
    pub(super) fn add(&mut self, size: Bytes, rebuild: Duration) {
        self.count += 1;
        self.bytes += u128::from(size.0);
        self.rebuild = self.rebuild.saturating_add(rebuild);
    }

    fn finish(self) -> Tally {
        Tally {
            count: self.count,
            bytes: saturating(self.bytes),
            rebuild: self.rebuild,
        }
    }
}

impl Counts {
    pub(super) fn finish(self, misuse: Option<Misuse>) -> Outcome {
        Outcome {
            requested: self.requested.finish(),
            missed: self.missed.finish(),
            effectively_missed: self.effectively_missed.finish(),
            passed_by: self.passed_by.finish(),
            evicted: self.evicted.map(Sum::finish),
            peak: self.peak,
            misuse,
        }
    }
}
