//! Caches that are asked, path by path: a server, or a directory that one would serve.
//!
//! Nix asks a cache about a path only when it needs to know, and so does this: what lies below an
//! available output is never asked for.

mod narinfo_source;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use cache_policy::{Holdings, Inventory, Source};
use drv_graph::{DerivationGraph, StorePath};
use tier_planner::work::{Availability, Available, CacheId, Place, Root, work_for};

use crate::failure::Failure;
use crate::input::holdings::holding;
use crate::progress::Progress;
pub(crate) use narinfo_source::NarinfoSource;

/// A source, what is known of it, and whom to ask for more.
pub(crate) struct Store {
    /// Its name, and whether it is the local store.
    pub(crate) source: Source,
    /// What it is known to hold.
    pub(crate) holdings: Holdings,
    /// Whom to ask about further paths; `None` when `holdings` is all there is.
    pub(crate) ask: Option<NarinfoSource>,
}

/// An inventory as the planner asks it.
pub(crate) struct Known<'a>(pub(crate) &'a Inventory);

impl Availability for Known<'_> {
    fn find(&self, path: &StorePath) -> Option<Available> {
        let found = self.0.find(path)?;
        Some(Available {
            place: if found.source.local {
                Place::Store
            } else {
                // More than 65,535 caches is more than anybody configures.
                Place::Cache(CacheId(u16::try_from(found.id.0).unwrap_or(u16::MAX)))
            },
            download: found.holding.file_size,
            unpacked: found.holding.nar_size,
        })
    }

    fn references(&self, path: &StorePath) -> &[StorePath] {
        let found = self.0.find(path);
        found
            .and_then(|found| found.holding.references.as_deref())
            .unwrap_or_default()
    }
}

/// Everything that is known, once every cache has been asked what the plan for `roots` depends
/// on.
pub(crate) fn inventory(
    graph: &DerivationGraph,
    roots: &[Root],
    stores: Vec<Store>,
    progress: &Progress,
) -> Result<Inventory, Failure> {
    Asking::new(stores).inventory_for(graph, roots, None, progress)
}

/// Sources with what has been learnt from them so far.
pub(crate) struct Asking {
    known: Vec<(Source, Holdings)>,
    ask: Vec<Option<NarinfoSource>>,
    /// The paths that each was asked about.
    asked: Vec<HashSet<StorePath>>,
}

impl Asking {
    /// Nobody has been asked yet.
    pub(crate) fn new(stores: Vec<Store>) -> Self {
        let (known, ask): (Vec<_>, Vec<_>) = stores
            .into_iter()
            .map(|store| ((store.source, store.holdings), store.ask))
            .unzip();
        Self {
            known,
            asked: vec![HashSet::new(); ask.len()],
            ask,
        }
    }

    /// Asks about some paths and all they refer to.
    pub(crate) fn learn(
        &mut self,
        paths: BTreeSet<StorePath>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        ask_about(paths, &self.ask, &mut self.asked, &mut self.known, progress)
    }

    /// What is known of each source.
    pub(crate) fn known(&self) -> &[(Source, Holdings)] {
        &self.known
    }

    /// What is known, and asked where the plan for `roots` depends on it, together with what a
    /// further source holds, which is asked last.
    pub(crate) fn inventory_for(
        &mut self,
        graph: &DerivationGraph,
        roots: &[Root],
        last: Option<&(Source, Holdings)>,
        progress: &Progress,
    ) -> Result<Inventory, Failure> {
        loop {
            let sources = self.known.iter().chain(last);
            let inventory = Inventory::new(sources.cloned().collect());
            if self.ask.iter().all(Option::is_none) {
                return Ok(inventory);
            }
            let unclear = unclear(graph, roots, &inventory, &self.ask, &self.asked);
            if unclear.is_empty() {
                return Ok(inventory);
            }
            self.learn(unclear, progress)?;
        }
    }
}

/// The paths that decide the plan and that some cache has not been asked about.
fn unclear(
    graph: &DerivationGraph,
    roots: &[Root],
    inventory: &Inventory,
    ask: &[Option<NarinfoSource>],
    asked: &[HashSet<StorePath>],
) -> BTreeSet<StorePath> {
    /// Takes what is unclear for available, so that nothing below it is looked at yet.
    struct Hopeful<'a> {
        known: Known<'a>,
        is_unclear: &'a dyn Fn(&StorePath) -> bool,
        unclear: RefCell<BTreeSet<StorePath>>,
    }
    impl Availability for Hopeful<'_> {
        fn find(&self, path: &StorePath) -> Option<Available> {
            let found = self.known.find(path);
            if found.is_none() && (self.is_unclear)(path) {
                self.unclear.borrow_mut().insert(path.clone());
                // As a cache would have it: one that must be built anyway is so at once.
                return Some(Available {
                    place: Place::Cache(CacheId(0)),
                    download: None,
                    unpacked: None,
                });
            }
            found
        }
    }
    let hopeful = Hopeful {
        known: Known(inventory),
        is_unclear: &|path| {
            let mut caches = ask.iter().zip(asked);
            caches.any(|(ask, asked)| ask.is_some() && !asked.contains(path))
        },
        unclear: RefCell::default(),
    };
    work_for(graph, roots, &hopeful);
    hopeful.unclear.into_inner()
}

/// Asks the first cache that has not been asked about each path, then the next about what that
/// one does not have; and so on for what the found paths refer to.
fn ask_about(
    mut paths: BTreeSet<StorePath>,
    ask: &[Option<NarinfoSource>],
    asked: &mut [HashSet<StorePath>],
    known: &mut [(Source, Holdings)],
    progress: &Progress,
) -> Result<(), Failure> {
    while !paths.is_empty() {
        let mut referred = BTreeSet::new();
        for (i, source) in ask.iter().enumerate() {
            let Some(source) = source else { continue };
            let fresh: Vec<StorePath> = paths
                .iter()
                .filter(|path| asked[i].insert((*path).clone()))
                .cloned()
                .collect();
            for info in source.ask(&fresh, progress)? {
                paths.remove(&info.path);
                referred.extend(info.references.iter().cloned());
                let (path, holding) = holding(info);
                known[i].1.insert(path, holding);
            }
        }
        referred.retain(|path| {
            !known
                .iter()
                .any(|(_, holdings)| holdings.get(path).is_some())
                && ask
                    .iter()
                    .zip(asked.iter())
                    .any(|(ask, asked)| ask.is_some() && !asked.contains(path))
        });
        paths = referred;
    }
    Ok(())
}
