//! From where a path can be had again once it is deleted.

use std::collections::BTreeMap;

use drv_graph::StorePath;
use tier_planner::Millis;

use crate::cache::planning::situation::Situation;
use crate::failure::Failure;
use crate::nix;
use crate::progress::Progress;

/// From where a path can be had again, the easiest way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restorable {
    /// Another cache has it.
    Upstream,
    /// It is valid in this machine's store.
    Store,
    /// A producer's graph has the derivation that makes it.
    Build,
    /// Nothing that is known has it.
    Nowhere,
}

/// From where each of some paths can be had again.
pub(super) fn restorable(
    paths: &[StorePath],
    situation: &Situation,
    limit: Millis,
    progress: &Progress,
) -> Result<BTreeMap<StorePath, Restorable>, Failure> {
    let valid = nix::valid(paths, limit, progress)?;
    let of = |path: &StorePath| {
        let known = situation.paths.get(path);
        if known.is_some_and(|known| known.is_upstream) {
            Restorable::Upstream
        } else if valid.contains(path) {
            Restorable::Store
        } else if known.is_some_and(|known| known.drv.is_some()) {
            Restorable::Build
        } else {
            Restorable::Nowhere
        }
    };
    Ok(paths.iter().map(|path| (path.clone(), of(path))).collect())
}
