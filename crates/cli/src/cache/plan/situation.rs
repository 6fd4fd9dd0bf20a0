//! Everything a plan is made from: the paths that producers make and the cache holds, what they are
//! like, and what consumers save by having them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cache_policy::model::{FileSize, Model, ModelErrors, PathFacts, Saving};
use cache_policy::plan::{CacheState, Pin};
use cache_policy::{CacheTier, Compression, Holdings, Inventory};
use drv_graph::{DrvId, StorePath};

use super::PlanArgs;
use super::contents::Contents;
use super::tiers::Tiers;
use crate::cache::side::Side;
use crate::cache::{outputs, pins};
use crate::caches::{Asking, NarinfoSource};
use crate::config::{CacheKind, OwnCache};
use crate::failure::Failure;
use crate::input::holdings;
use crate::output;
use crate::progress::Progress;
use crate::render::untrusted::for_terminal;

/// Where Cachix serves a cache.
const CACHIX_DOMAIN: &str = "cachix.org";

/// Everything a plan is made from.
pub(super) struct Situation {
    pub(super) name: String,
    pub(super) kind: CacheKind,
    pub(super) producers: Vec<String>,
    pub(super) compression: Compression,
    pub(super) pins: Vec<Pin<StorePath>>,
    pub(super) state: CacheState<StorePath>,
    pub(super) paths: BTreeMap<StorePath, Known>,
    pub(super) demands: Vec<Demand>,
    /// Whether anything told what the cache holds.
    pub(super) is_held_known: bool,
    contents: Contents,
}

/// What is known of a path.
pub(super) struct Known {
    /// The derivation that makes it.
    pub(super) drv: Option<StorePath>,
    pub(super) tier: CacheTier,
    pub(super) size: FileSize,
    pub(super) references: Vec<StorePath>,
    pub(super) are_references_told: bool,
    pub(super) is_upstream: bool,
}

/// What a consumer wants of what it builds when it has all caches but this one.
pub(super) struct Demand {
    /// The outputs by derivation, of those that a cache may serve.
    pub(super) wanted: BTreeMap<DrvId, BTreeSet<StorePath>>,
    savings: Vec<Saving<StorePath>>,
}

/// What makes a path.
#[derive(Clone, Copy)]
struct Maker<'a> {
    side: &'a Side,
    id: DrvId,
    tier: CacheTier,
}

impl Situation {
    pub(super) fn new(
        args: &PlanArgs,
        own: Option<&OwnCache>,
        producers: &[Side],
        consumers: &[Side],
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let kind = own.map_or(CacheKind::Cachix, |own| own.kind.clone());
        let mut makers: BTreeMap<StorePath, Maker<'_>> = BTreeMap::new();
        let mut candidates: BTreeSet<StorePath> = BTreeSet::new();
        let mut wishes = Vec::new();
        let pinned = own.and_then(|own| own.pins.as_deref()).unwrap_or_default();
        let mut unknown: BTreeSet<&str> = pinned.iter().map(String::as_str).collect();
        for side in producers {
            let tiers = Tiers::new(side, own);
            let graph = &side.input.graph;
            for (id, derivation) in graph.iter() {
                let tier = tiers.of(id);
                for path in derivation.outputs().iter().filter_map(|o| o.path.clone()) {
                    makers.entry(path).or_insert(Maker { side, id, tier });
                }
            }
            let mut wanted = outputs::wanted(&side.input, |_| true);
            wanted.retain(|&id, _| side.is_shareable(id));
            wishes.extend(tiers.pins(side, &wanted));
            let here = Tiers::unknown(side, &wanted, pinned);
            unknown.retain(|name| here.contains(name));
            candidates.extend(wanted.into_values().flatten());
        }
        for name in unknown {
            output::complain(&format!(
                "no package is called {}, which [cache] of hmtool.toml pins",
                for_terminal(name)
            ));
        }
        let held = Held::read(args, own, &kind, &candidates, progress)?;
        let mut contents = Contents::default();
        contents.add_held(&held.holdings);
        let configured = own.iter().flat_map(|own| &own.path_info);
        for file in args.path_info.iter().chain(configured) {
            contents.add(&read(file, progress)?);
        }
        let compression = own.map_or(Compression::CACHIX, |own| own.compression);
        let mut open = candidates;
        open.extend(held.holdings.iter().map(|(path, _)| path.clone()));
        let (paths, contents) = closure(
            args,
            open,
            &makers,
            contents,
            compression,
            consumers,
            progress,
        )?;
        let mut demands = Vec::new();
        for consumer in consumers {
            demands.push(demand(args, consumer, &paths, progress)?);
        }
        // What another cache has needs no protection here.
        wishes.retain(|pin| paths.get(&pin.path).is_some_and(|known| !known.is_upstream));
        Ok(Self {
            name: own.map_or_else(|| "cache".to_owned(), |own| own.name.clone()),
            kind,
            producers: producers.iter().map(|side| side.name.clone()).collect(),
            compression,
            pins: wishes,
            state: CacheState {
                held: held.holdings.iter().map(|(path, _)| path.clone()).collect(),
                pins: held.pins,
            },
            paths,
            demands,
            is_held_known: held.is_known,
            contents,
        })
    }

    /// What a path takes up in the cache, or would.
    pub(super) fn size(&self, path: &StorePath) -> FileSize {
        match self.paths.get(path) {
            Some(known) => known.size,
            None => self.contents.size(path, self.compression),
        }
    }

    /// The paths and savings as the planner takes them.
    pub(super) fn model(&self) -> Result<Model<StorePath>, ModelErrors<StorePath>> {
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
    args: &PlanArgs,
    mut open: BTreeSet<StorePath>,
    makers: &BTreeMap<StorePath, Maker<'_>>,
    mut contents: Contents,
    compression: Compression,
    consumers: &[Side],
    progress: &Progress,
) -> Result<(BTreeMap<StorePath, Known>, Contents), Failure> {
    let mut caches = consumers
        .iter()
        .map(|side| side.caches(&args.sharing, progress))
        .collect::<Result<Vec<_>, _>>()?;
    let mut known: BTreeMap<StorePath, Known> = BTreeMap::new();
    let mut upstream: Vec<Inventory> = Vec::new();
    let mut counted = None;
    while !open.is_empty() {
        for caches in &mut caches {
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
            let maker = makers.get(&path);
            let made_by = maker.map(|maker| (&maker.side.input.graph, maker.id));
            let references = contents.references(&path, made_by);
            let found = Known {
                drv: maker.map(|maker| maker.side.input.graph[maker.id].path().clone()),
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
    args: &PlanArgs,
    consumer: &Side,
    paths: &BTreeMap<StorePath, Known>,
    progress: &Progress,
) -> Result<Demand, Failure> {
    let mut caches = consumer.caches(&args.sharing, progress)?;
    let work = consumer.work(&mut caches, None, progress)?;
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

/// What the cache holds and has pinned now.
struct Held {
    holdings: Holdings,
    /// Whether anything told.
    is_known: bool,
    pins: BTreeMap<String, Vec<StorePath>>,
}

impl Held {
    fn read(
        args: &PlanArgs,
        own: Option<&OwnCache>,
        kind: &CacheKind,
        candidates: &BTreeSet<StorePath>,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let ask = |url: &str| -> Result<Holdings, Failure> {
            let server = NarinfoSource::http(url, args.sharing.caches.cache_timeout);
            let candidates: Vec<StorePath> = candidates.iter().cloned().collect();
            let infos = server.ask(&candidates, progress)?;
            Ok(infos.into_iter().map(holdings::holding).collect())
        };
        let mut all = Holdings::default();
        let mut add = |more: Holdings| {
            for (path, holding) in more.iter() {
                all.insert(path.clone(), holding.clone());
            }
        };
        for text in &args.held {
            if text.starts_with("http://") || text.starts_with("https://") {
                add(ask(text)?);
            } else {
                let path = PathBuf::from(text.strip_prefix("file://").unwrap_or(text));
                add(read(&path, progress)?);
            }
        }
        let is_said = !args.held.is_empty();
        let mut is_known = is_said;
        let mut pins_file = args.pins.clone();
        match kind {
            CacheKind::File(dir) => {
                is_known = true;
                // Before the first push there is no directory.
                if !is_said && dir.exists() {
                    add(holdings::read_dir(dir, progress)?);
                }
                let beside = Some(dir.join(pins::FILE_NAME)).filter(|file| file.exists());
                pins_file = pins_file.or(beside);
            }
            CacheKind::Cachix => {
                if let (Some(own), false, true) = (own, is_said, args.sharing.caches.online) {
                    is_known = true;
                    add(ask(&format!("https://{}.{CACHIX_DOMAIN}", own.name))?);
                }
            }
        }
        Ok(Self {
            holdings: all,
            is_known,
            pins: match pins_file {
                Some(file) => pins::read(&file, progress)?,
                None => BTreeMap::new(),
            },
        })
    }
}

/// A file that says what is held, or a directory of narinfos.
fn read(path: &Path, progress: &Progress) -> Result<Holdings, Failure> {
    if path.is_dir() {
        return holdings::read_dir(path, progress);
    }
    holdings::read(path, progress)
}
