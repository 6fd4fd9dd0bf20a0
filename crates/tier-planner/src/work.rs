//! What is to do: which derivations must be built, which paths are fetched, what is there.

use std::collections::HashSet;

use drv_graph::{Bytes, DerivationGraph, DrvId, Output, StorePath};
use rustc_hash::FxBuildHasher;

/// Index of a binary cache, in the order in which caches are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheId(pub u16);

/// A derivation that is asked for, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// Which derivation.
    pub derivation: DrvId,
    /// Which of its outputs.
    pub outputs: WantedOutputs,
}

impl Root {
    /// Each of `derivations` with all of its outputs.
    pub fn all_of(derivations: &[DrvId]) -> Vec<Self> {
        derivations.iter().copied().map(Self::from).collect()
    }
}

impl From<DrvId> for Root {
    /// All of its outputs.
    fn from(derivation: DrvId) -> Self {
        Self {
            derivation,
            outputs: WantedOutputs::All,
        }
    }
}

/// Which outputs of a root are asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WantedOutputs {
    /// `x.drv`, `x.drv^*`.
    All,
    /// `x.drv!dev`, `x.drv^out,dev`. A name that the derivation does not declare means all.
    Named(Vec<Box<str>>),
}

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
    /// The derivation whose wanted output it is, the first by path where several make it (one
    /// tarball, fetched in two ways); `None` for a path that only something fetched refers to.
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
    /// Paths to fetch, in ascending order, each once.
    pub fetch: Vec<Fetch>,
    /// Derivations whose wanted outputs are all in the store, in ascending order.
    pub present: Vec<DrvId>,
    /// Derivations that nothing to be built or fetched needs: what lies below an available output.
    pub untouched: usize,
}

/// Finds what has to be built and fetched for `roots`.
///
/// As Nix does it (`Store::queryMissing`): a derivation is built only if an output that somebody
/// wants of it is neither valid nor in a cache; below an available output nothing is looked at.
/// One that does not [allow substitutes](drv_graph::Derivation::allow_substitutes) is built
/// unless what is wanted of it is valid in the store, whatever caches have. A derivation that knows no path for a wanted output (content-addressed, deferred) must be
/// built. O(n + e) and one look-up per wanted output.
pub fn work_for(
    graph: &DerivationGraph,
    roots: &[Root],
    availability: &(impl Availability + ?Sized),
) -> Work {
    let mut wanted: Vec<Wanted> = vec![Wanted::default(); graph.len()];
    for root in roots {
        let wanted = &mut wanted[root.derivation.index()];
        match &root.outputs {
            WantedOutputs::All => wanted.all = true,
            WantedOutputs::Named(names) => {
                for name in names {
                    wanted.add_named(graph[root.derivation].outputs(), name);
                }
            }
        }
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
                let usable = graph[id].allow_substitutes() || available.place == Place::Store;
                usable.then_some((path, available))
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
                for name in input.outputs {
                    wanted[input.id.index()].add_named(graph[input.id].outputs(), name);
                }
            }
        } else if fetches.is_empty() {
            work.present.push(id);
        } else {
            work.fetch.append(&mut fetches);
        }
    }
    work.fetch
        .sort_unstable_by(|a, b| (&a.path, a.derivation).cmp(&(&b.path, b.derivation)));
    work.fetch.dedup_by(|later, first| later.path == first.path);
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
    fn add_named(&mut self, outputs: &[Output], name: &str) {
        match outputs.iter().position(|output| &*output.name == name) {
            Some(position) => self.add(position),
            // An output that the derivation does not declare: only building tells.
            None => self.all = true,
        }
    }

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
