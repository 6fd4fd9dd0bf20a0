//! What the producers make that a cache could hold, of which tier it is, and what is to be pinned.

use std::collections::{BTreeMap, BTreeSet};

use cache_policy::CacheTier;
use cache_policy::plan::Pin;
use drv_graph::{DerivationGraph, DrvId, StorePath};

use super::tiers::Tiers;
use crate::cache::outputs;
use crate::cache::side::Side;
use crate::config::OwnCache;
use crate::output;
use crate::render::untrusted::for_terminal;

/// What the producers make.
pub(crate) struct Candidates<'a> {
    makers: BTreeMap<StorePath, Maker<'a>>,
    /// The paths that a cache could hold.
    pub(crate) paths: BTreeSet<StorePath>,
    /// What is to be pinned of them.
    pub(super) pins: Vec<Pin<StorePath>>,
}

/// What makes a path.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    side: &'a Side,
    id: DrvId,
    pub(super) tier: CacheTier,
}

impl<'a> Candidates<'a> {
    /// Complains of pins that [cache] names and no producer makes.
    pub(super) fn new(producers: &'a [Side], own: Option<&OwnCache>) -> Self {
        let mut makers: BTreeMap<StorePath, Maker<'_>> = BTreeMap::new();
        let mut paths: BTreeSet<StorePath> = BTreeSet::new();
        let mut pins = Pins::default();
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
            for pin in tiers.pins(side, &wanted) {
                pins.add(pin, &side.name);
            }
            let here = Tiers::unknown(side, &wanted, pinned);
            unknown.retain(|name| here.contains(name));
            paths.extend(wanted.into_values().flatten());
        }
        for name in unknown {
            output::complain(&format!(
                "no package is called {}, which [cache] of hmtool.toml pins",
                for_terminal(name)
            ));
        }
        Self {
            makers,
            paths,
            pins: pins.all,
        }
    }

    /// What makes a path.
    pub(super) fn maker(&self, path: &StorePath) -> Option<Maker<'a>> {
        self.makers.get(path).copied()
    }
}

/// Pins of several producers, each of a name and a path of its own.
#[derive(Default)]
struct Pins {
    all: Vec<Pin<StorePath>>,
    names: BTreeSet<String>,
    paths: BTreeSet<StorePath>,
}

impl Pins {
    /// Two machines that build another path of one name pin both: the later one's under the name of
    /// the machine too, which stays the same through all versions.
    fn add(&mut self, mut pin: Pin<StorePath>, machine: &str) {
        if !self.paths.insert(pin.path.clone()) {
            return;
        }
        let mut numbered = (2..).map(|n| format!("{}-{machine}-{n}", pin.name));
        let of_machine = format!("{}-{machine}", pin.name);
        let mut free = std::iter::once(of_machine).chain(&mut numbered);
        if self.names.contains(&pin.name)
            && let Some(name) = free.find(|name| !self.names.contains(name))
        {
            pin.name = name;
        }
        self.names.insert(pin.name.clone());
        self.all.push(pin);
    }
}

impl<'a> Maker<'a> {
    /// The derivation, in its graph.
    pub(super) fn derivation(self) -> (&'a DerivationGraph, DrvId) {
        (&self.side.input.graph, self.id)
    }
}
