//! Everything a plan is made from: the paths that producers make and the cache holds, what they are
//! like, and what consumers save by having them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cache_policy::model::{FileSize, Model, ModelErrors, PathFacts, Saving};
use cache_policy::plan::{CacheState, Pin};
use cache_policy::{CacheTier, Compression, Holdings, Inventory};
use drv_graph::{DrvId, StorePath};

use super::Planning;
use super::candidates::{Candidates, Maker};
use super::contents::Contents;
use super::held::{self, Held};
use crate::cache::outputs;
use crate::cache::side::Side;
use crate::caches::Asking;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::render::untrusted::for_terminal;

/// Everything a plan is made from.
pub(crate) struct Situation {
    pub(crate) compression: Compression,
    pub(crate) pins: Vec<Pin<StorePath>>,
    pub(crate) state: CacheState<StorePath>,
    pub(crate) paths: BTreeMap<StorePath, Known>,
    pub(crate) demands: Vec<Demand>,
    /// Whether anything told what the cache holds.
    pub(crate) is_held_known: bool,
    /// Narinfos that nobody finds, and what they are about.
    misnamed: Vec<(PathBuf, StorePath)>,
    contents: Contents,
}

/// What is known of a path.
pub(crate) struct Known {
    /// The derivation that makes it.
    pub(crate) drv: Option<StorePath>,
    pub(crate) tier: CacheTier,
    pub(crate) size: FileSize,
    pub(crate) references: Vec<StorePath>,
    pub(crate) are_references_told: bool,
    pub(crate) is_upstream: bool,
}

/// What a consumer wants of what it builds when it has all caches but this one.
pub(crate) struct Demand {
    /// The outputs by derivation, of those that a cache may serve.
    pub(crate) wanted: BTreeMap<DrvId, BTreeSet<StorePath>>,
    savings: Vec<Saving<StorePath>>,
}

impl Situation {
    /// `told` is what others know of paths besides what the arguments name.
    pub(super) fn new(
        planning: &Planning<'_>,
        candidates: &Candidates<'_>,
        told: &Holdings,
        caches: &mut [Asking],
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let own = planning.own.as_ref();
        let held = Held::read(planning, &candidates.paths, progress)?;
        let mut contents = Contents::default();
        contents.add_held(&held.holdings);
        contents.add_held(told);
        let configured = own.iter().flat_map(|own| &own.path_info);
        for file in planning.args.path_info.iter().chain(configured) {
            contents.add(&held::read(file, progress)?);
        }
        let compression = planning.compression;
        let mut open = candidates.paths.clone();
        open.extend(held.holdings.iter().map(|(path, _)| path.clone()));
        let (paths, contents) = closure(open, candidates, contents, compression, caches, progress)?;
        let mut demands = Vec::new();
        for (consumer, caches) in planning.consumers.iter().zip(caches) {
            demands.push(demand(consumer, &paths, caches, progress)?);
        }
        // What another cache has needs no protection here.
        let mut pins = candidates.pins.clone();
        pins.retain(|pin| paths.get(&pin.path).is_some_and(|known| !known.is_upstream));
        Ok(Self {
            compression,
            pins,
            state: CacheState {
                held: held.holdings.iter().map(|(path, _)| path.clone()).collect(),
                pins: held.pins,
            },
            paths,
            demands,
            is_held_known: held.is_known,
            misnamed: held.misnamed,
            contents,
        })
    }

    /// Says of each narinfo under a wrong name that it does not count.
    pub(crate) fn say_what_is_misnamed(&self) {
        for (file, path) in &self.misnamed {
            output::complain(&format!(
                "{} is about {path}, and is never found under this name, so that path does not count as \
                 held: rename it to {}.narinfo, or delete it",
                for_terminal(&file.to_string_lossy()),
                path.hash_part()
            ));
        }
    }

    /// What a path takes up in the cache, or would.
    pub(crate) fn size(&self, path: &StorePath) -> FileSize {
        match self.paths.get(path) {
            Some(known) => known.size,
            None => self.contents.size(path, self.compression),
        }
    }

    /// The paths and savings as the planner takes them.
    pub(crate) fn model(&self) -> Result<Model<StorePath>, ModelErrors<StorePath>> {
        let paths = self.paths.iter().map(|(path, known)| PathFacts {
            key: path.clone(),
            references: known.references.clone(),
            size: Some(known.size),
            tier: known.tier,
            is_upstream: known.is_upstream,
        });
        let savings = self.demands.iter().flat_map(|demand| &demand.savings);
        Model::new(paths, savings.cloned())
    }
}

/// Some paths and all they refer to, as far as other caches do not have it.
fn closure(
    mut open: BTreeSet<StorePath>,
    candidates: &Candidates<'_>,
    mut contents: Contents,
    compression: Compression,
    caches: &mut [Asking],
    progress: &Progress,
) -> Result<(BTreeMap<StorePath, Known>, Contents), Failure> {
    let mut known: BTreeMap<StorePath, Known> = BTreeMap::new();
    let mut upstream: Vec<Inventory> = Vec::new();
    let mut counted = None;
    while !open.is_empty() {
        for caches in caches.iter_mut() {
            caches.learn(open.clone(), progress)?;
        }
        // What a machine has already another one has not.
        let others = |caches: &Asking| {
            let sources = caches.known().iter().filter(|(source, _)| !source.local);
            sources.cloned().collect::<Vec<_>>()
        };
        let sources = caches.iter().flat_map(Asking::known);
        let count: usize = sources.map(|(_, holdings)| holdings.len()).sum();
        // Servers that are asked path by path tell more with every round.
        if counted.replace(count) != Some(count) {
            upstream = caches
                .iter()
                .map(|caches| Inventory::new(others(caches)))
                .collect();
            for (_, holdings) in caches.iter().flat_map(others) {
                contents.add(&holdings);
            }
        }
        let mut referred = BTreeSet::new();
        for path in std::mem::take(&mut open) {
            let mut inventories = upstream.iter();
            let is_upstream = inventories.all(|inventory| inventory.find(&path).is_some());
            let maker = candidates.maker(&path);
            let made_by = maker.map(Maker::derivation);
            let references = contents.references(&path, made_by);
            let found = Known {
                drv: made_by.map(|(graph, id)| graph[id].path().clone()),
                tier: maker.map_or(CacheTier::WhenRoom, |maker| maker.tier),
                size: contents.size(&path, compression),
                references: references.paths,
                are_references_told: references.are_told,
                is_upstream,
            };
            if !is_upstream {
                referred.extend(found.references.iter().cloned());
            }
            known.insert(path, found);
        }
        open = referred;
        open.retain(|path| !known.contains_key(path));
    }
    Ok((known, contents))
}

/// What a consumer builds without this cache, and what of it the cache could spare it.
fn demand(
    consumer: &Side,
    paths: &BTreeMap<StorePath, Known>,
    caches: &mut Asking,
    progress: &Progress,
) -> Result<Demand, Failure> {
    let work = consumer.work(caches, None, progress)?;
    let builds: BTreeSet<DrvId> = work.build.into_iter().collect();
    let mut wanted = outputs::wanted(&consumer.input, |id| builds.contains(&id));
    wanted.retain(|id, _| builds.contains(id) && consumer.is_shareable(*id));
    let can_be_had = wanted.iter().filter(|(_, needs)| {
        !needs.is_empty() && needs.iter().all(|path| paths.contains_key(path))
    });
    let savings = can_be_had.map(|(&id, needs)| Saving {
        needs: needs.iter().cloned().collect(),
        rebuild_seconds: consumer.millis(id) as f64 / 1_000.0,
        demand: 1.0,
    });
    Ok(Demand {
        savings: savings.collect(),
        wanted,
    })
}
