//! How much of what is wanted needs no build.

use drv_graph::{Bytes, StorePath};

use crate::Inventory;

/// How much of some wanted paths an [`Inventory`] can serve, by count and by size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HitRate {
    /// Paths wanted.
    pub wanted: u64,
    /// Of these, the ones that can be had.
    pub served: u64,
    /// NAR bytes of the wanted paths whose size is known.
    pub wanted_bytes: Bytes,
    /// NAR bytes of the served ones whose size is known.
    pub served_bytes: Bytes,
    /// Wanted paths whose size nobody knows: they count by number only.
    pub unknown_sizes: u64,
}

impl HitRate {
    /// The rate over `wanted`, each path once. `size` is asked for the NAR size of paths of which
    /// no source says one, e.g. from a path-info of the machine that built them.
    pub fn of<'a>(
        inventory: &Inventory,
        wanted: impl IntoIterator<Item = &'a StorePath>,
        size: impl Fn(&StorePath) -> Option<Bytes>,
    ) -> Self {
        let mut rate = Self::default();
        for path in wanted {
            let found = inventory.find(path);
            let said = found.or_else(|| inventory.held(path));
            let bytes = said
                .and_then(|found| found.holding.nar_size)
                .or_else(|| size(path));
            rate.wanted += 1;
            rate.served += u64::from(found.is_some());
            rate.unknown_sizes += u64::from(bytes.is_none());
            let bytes = bytes.unwrap_or_default();
            rate.wanted_bytes += bytes;
            if found.is_some() {
                rate.served_bytes += bytes;
            }
        }
        rate
    }

    /// Served over wanted paths, in 0 ..= 1; `None` when nothing is wanted.
    pub fn by_count(&self) -> Option<f64> {
        (self.wanted > 0).then(|| self.served as f64 / self.wanted as f64)
    }

    /// Served over wanted bytes, in 0 ..= 1; `None` when no size is known.
    pub fn by_bytes(&self) -> Option<f64> {
        let wanted = self.wanted_bytes.0;
        (wanted > 0).then(|| self.served_bytes.0 as f64 / wanted as f64)
    }
}
