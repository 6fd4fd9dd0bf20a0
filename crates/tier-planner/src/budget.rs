//! What builds may use of a machine, all jobs together.

use crate::{Bytes, Cores};

/// What all builds together may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Hardware threads for builds: no plan keeps more than these busy.
    pub threads: Cores,
    /// Memory for builds. A hard limit: what does not fit waits.
    pub memory: Bytes,
    /// Threads that all running jobs may have been *started with*, as a multiple of
    /// [`threads`](Self::threads). A soft limit: builds have serial phases (configure, link,
    /// install), so started threads are not busy threads, and a strict sum leaves the machine
    /// idle. 1.7–2 is a good value; values below 1 count as 1.
    pub oversubscription: f64,
}

impl Budget {
    /// [`oversubscription`](Self::oversubscription) where nothing else is said.
    ///
    /// On 1,327 derivations of nixpkgs 18.03, seven threads and 21 GB, `hmtool plan
    /// --oversubscription F` ends 34 % above the lower bound with a strict sum (1.0), 15.5 % with
    /// 1.7 and 10 % with 2.0.
    pub const OVERSUBSCRIPTION: f64 = 2.0;

    /// A budget of `threads` and `memory` with the usual oversubscription.
    pub const fn new(threads: Cores, memory: Bytes) -> Self {
        Self {
            threads,
            memory,
            oversubscription: Self::OVERSUBSCRIPTION,
        }
    }

    /// The soft limit on threads that running jobs were started with.
    pub fn thread_limit(&self) -> Cores {
        let limit = f64::from(self.threads.0) * self.oversubscription.max(1.0);
        Cores(limit.floor() as u32)
    }
}
