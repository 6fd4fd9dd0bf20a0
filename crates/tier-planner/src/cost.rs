//! What a build costs: time as a function of threads, memory as a function of threads.

use crate::{Bytes, Cores, Millis};

/// How long a build takes with `k` threads, and how busy it keeps them.
///
/// After Amdahl, `T(k) = T(1) · ((1 − p) + p / k)`, with `p` the share of the work that runs in
/// parallel (G. Amdahl, *Validity of the single processor approach*, AFIPS 1967). The work itself
/// is the same at every `k`, so on average the build keeps `T(1) / T(k)` threads busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DurationModel {
    /// `T(1)`: the time on one thread with the machine otherwise idle.
    pub single_thread: Millis,
    /// `p`, in 0 ..= 1; 0 for a package without `enableParallelBuilding`.
    pub parallel_share: f64,
    /// Share of `T(1)` during which the processor is needed at all, in 0 ..= 1: 1 for a compiler,
    /// nearly 0 for a download.
    pub cpu_share: f64,
}

impl DurationModel {
    /// Below this share of processor time a job is taken to wait for something else, and does not
    /// count as a thread.
    const IO_BOUND: f64 = 0.25;

    /// A build that runs on one thread whatever it is given.
    pub const fn serial(single_thread: Millis) -> Self {
        Self {
            single_thread,
            parallel_share: 0.0,
            cpu_share: 1.0,
        }
    }

    /// A build of whose work the share `parallel_share`, in 0 ..= 1, runs in parallel.
    pub const fn parallel(single_thread: Millis, parallel_share: f64) -> Self {
        Self {
            single_thread,
            parallel_share,
            cpu_share: 1.0,
        }
    }

    /// A download: it waits for the network and needs a twentieth of a thread (hashing and
    /// unpacking; a judgement, not a measurement).
    pub const fn download(single_thread: Millis) -> Self {
        Self {
            single_thread,
            parallel_share: 0.0,
            cpu_share: 0.05,
        }
    }

    /// `T(k) / T(1)`, in (0, 1].
    pub fn relative(&self, threads: Cores) -> f64 {
        let p = self.parallel_share;
        (1.0 - p) + p / f64::from(threads.0.max(1))
    }

    /// `T(k)`: the time with `threads` threads, none of them contended.
    pub fn at(&self, threads: Cores) -> Millis {
        Millis::from_secs(self.single_thread.as_secs() * self.relative(threads))
    }

    /// Threads kept busy on average while it runs with `threads`: `cpu_share · T(1) / T(k)`.
    pub fn cpu_demand(&self, threads: Cores) -> f64 {
        self.cpu_share / self.relative(threads)
    }

    /// Processor time it takes in all, at any number of threads: `cpu_share · T(1)`.
    pub fn cpu_time(&self) -> Millis {
        Millis::from_secs(self.single_thread.as_secs() * self.cpu_share)
    }

    /// Whether it mostly waits for something other than the processor.
    pub fn is_io_bound(&self) -> bool {
        self.cpu_share < Self::IO_BOUND
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
