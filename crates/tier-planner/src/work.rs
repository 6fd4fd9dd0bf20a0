//! What is to do: which derivations must be built, which paths are fetched, what is there.

use std::collections::HashSet;

use drv_graph::{Bytes, DerivationGraph, DrvId, StorePath};
use rustc_hash::FxBuildHasher;

/// Index of a binary cache, in the order in which caches are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(pub u16);

/// Where a store path is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Valid in the store of the machine that builds.
    Store,
    /// In a binary cache.
    Cache(CacheId),
}

/// A store path that need not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Available {
    /// The first place that has it.
    pub place: Place,
    /// Bytes to download, compressed, where known.
    pub download: Option<Bytes>,
    /// Bytes once unpacked, where known.
    pub unpacked: Option<Bytes>,
}

/// What is known of stores and caches. The answers are data: nothing is asked over a network here.
pub trait Availability {
    /// Where `path` is to be had, if anywhere. A path whose closure is incomplete is not to be
    /// had: Nix would have to build what is missing.
    fn find(&self, path: &StorePath) -> Option<Available>;

    /// The paths that `path` refers to, as far as known; a fetch brings them along.
    fn references(&self, _path: &StorePath) -> &[StorePath] {
        &[]
    }
}

/// Nothing is available: everything is built from its sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NothingAvailable;

impl Availability for NothingAvailable {
    fn find(&self, _path: &StorePath) -> Option<Available> {
        None
    }
}

/// A path that a cache delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Which path.
    pub path: StorePath,
    /// From which cache.
    pub cache: CacheId,
    /// The derivation whose wanted output it is; `None` for a path that only something fetched
    /// refers to.
    pub derivation: Option<DrvId>,
    /// Bytes to download, compressed, where known.
    pub download: Option<Bytes>,
    /// Bytes once unpacked, where known.
    pub unpacked: Option<Bytes>,
}

/// What has to happen for the roots to be there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Derivations to build, in ascending order.
    pub build: Vec<DrvId>,
    /// Paths to fetch, in ascending order of path.
    pub fetch: Vec<Fetch>,
    /// Derivations whose wanted outputs are all in the store, in ascending order.
    pub present: Vec<DrvId>,
    /// Derivations that nothing to be built or fetched needs: what lies below an available output.
    pub untouched: usize,
}

/// Finds what has to be built and fetched for all outputs of `roots`.
///
/// As Nix does it (`Store::queryMissing`): a derivation is built only if an output that somebody
/// wants of it is neither valid nor in a cache; below an available output nothing is looked at.
/// A derivation that knows no path for a wanted output (content-addressed, deferred) must be
/// built. O(n + e) and one look-up per wanted output.
pub fn work_for(
    graph: &DerivationGraph,
    roots: &[DrvId],
    availability: &(impl Availability + ?Sized),
) -> Work {
    let mut wanted: Vec<Wanted> = vec![Wanted::default(); graph.len()];
    for root in roots {
        wanted[root.index()].all = true;
    }
    let mut work = Work::default();
    let mut touched = 0;
    // Dependents first: when a derivation's turn comes, all that is wanted of it is known.
    for &id in graph.topological_order().iter().rev() {
        let wanted_here = std::mem::take(&mut wanted[id.index()]);
        if wanted_here.is_nothing() {
            continue;
        }
        touched += 1;
        let mut fetches = Vec::new();
        let mut must_build = false;
        for (position, output) in graph[id].outputs().iter().enumerate() {
            if !wanted_here.has(position) {
                continue;
            }
            let available = output.path.as_ref().and_then(|path| {
                let available = availability.find(path)?;
                Some((path, available))
            });
            match available {
                None => must_build = true,
                Some((path, available)) => {
                    if let Place::Cache(cache) = available.place {
                        fetches.push(Fetch {
                            path: path.clone(),
                            cache,
                            derivation: Some(id),
                            download: available.download,
                            unpacked: available.unpacked,
                        });
                    }
                }
            }
        }
        if must_build {
            work.build.push(id);
            for input in graph.inputs(id) {
                let outputs = graph[input.id].outputs();
                for name in input.outputs {
                    match outputs
                        .iter()
                        .position(|o| o.name.as_ref() == name.as_ref())
                    {
                        Some(position) => wanted[input.id.index()].add(position),
                        // An output that the derivation does not declare: only building tells.
                        None => wanted[input.id.index()].all = true,
                    }
                }
            }
        } else if fetches.is_empty() {
            work.present.push(id);
        } else {
            work.fetch.append(&mut fetches);
        }
    }
    bring_references(&mut work.fetch, availability);
    work.untouched = graph.len() - touched;
    work.build.sort_unstable();
    work.present.sort_unstable();
    work.fetch.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    work
}

/// Adds what the fetched paths refer to, as far as it is not in the store.
fn bring_references(fetch: &mut Vec<Fetch>, availability: &(impl Availability + ?Sized)) {
    let mut seen: HashSet<StorePath, FxBuildHasher> =
        fetch.iter().map(|fetch| fetch.path.clone()).collect();
    let mut next = 0;
    while next < fetch.len() {
        let path = fetch[next].path.clone();
        next += 1;
        for reference in availability.references(&path) {
            if seen.contains(reference) {
                continue;
            }
            seen.insert(reference.clone());
            let Some(available) = availability.find(reference) else {
                continue;
            };
            if let Place::Cache(cache) = available.place {
                fetch.push(Fetch {
                    path: reference.clone(),
                    cache,
                    derivation: None,
                    download: available.download,
                    unpacked: available.unpacked,
                });
            }
        }
    }
}

/// Which outputs of a derivation are wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Wanted {
    all: bool,
    positions: u64,
}

impl Wanted {
    fn add(&mut self, position: usize) {
        match u32::try_from(position)
            .ok()
            .and_then(|p| 1_u64.checked_shl(p))
        {
            Some(bit) => self.positions |= bit,
            // More than 64 outputs: wanting all of them is the safe side.
            None => self.all = true,
        }
    }

    fn has(&self, position: usize) -> bool {
        self.all || (position < 64 && self.positions >> position & 1 == 1)
    }

    fn is_nothing(&self) -> bool {
        !self.all && self.positions == 0
    }
}
