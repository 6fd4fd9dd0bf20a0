//! What a build costs: time as a function of threads, memory as a function of threads.

use crate::{Bytes, Cores, Millis};

/// How long a build takes with `k` threads, after Amdahl:
/// `T(k) = T(1) · ((1 − p) + p / k)`, with `p` the share of the work that runs in parallel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationModel {
    /// `T(1)`: the time on one thread with the machine otherwise idle.
    pub single_thread: Millis,
    /// `p`, in 0 ..= 1; 0 for a package without `enableParallelBuilding`.
    pub parallel_share: f64,
}

impl DurationModel {
    /// `T(k) / T(1)`, in (0, 1].
    pub fn relative(&self, threads: Cores) -> f64 {
        let p = self.parallel_share;
        (1.0 - p) + p / f64::from(threads.0.max(1))
    }

    /// `T(k)`: the time with `threads` threads, none of them contended.
    pub fn at(&self, threads: Cores) -> Millis {
        Millis::from_secs(self.single_thread.as_secs() * self.relative(threads))
    }
}

/// How much memory a build holds at its peak with `k` threads: `base + per_thread · k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryModel {
    /// What the build holds whatever the number of threads, e.g. its final link.
    pub base: Bytes,
    /// What each thread adds, e.g. one `cc1plus`.
    pub per_thread: Bytes,
}

impl MemoryModel {
    /// Peak memory with `threads` threads.
    pub fn at(&self, threads: Cores) -> Bytes {
        self.base + self.per_thread.saturating_mul(u64::from(threads.0))
    }
}
