//! What is known of paths, or can be assumed of what nobody has built yet.

use std::collections::{BTreeMap, BTreeSet};

use cache_policy::model::FileSize;
use cache_policy::{Compression, Holdings};
use drv_graph::{Bytes, DerivationGraph, DrvId, StorePath};

use crate::cache::sizes::{NarSize, NarSizes};

/// What some paths are like, as far as anybody told.
#[derive(Default)]
pub(super) struct Contents {
    references: BTreeMap<StorePath, Vec<StorePath>>,
    /// Of each name its first path, and the names of what that refers to.
    by_name: BTreeMap<String, (StorePath, Vec<String>)>,
    /// What files take up in the cache itself.
    files: BTreeMap<StorePath, Bytes>,
    nars: NarSizes,
}

/// What a path refers to.
pub(super) struct References {
    pub(super) paths: Vec<StorePath>,
    /// Whether somebody who has the path told.
    pub(super) are_told: bool,
}

impl Contents {
    /// With what somebody has.
    pub(super) fn add(&mut self, holdings: &Holdings) {
        for (path, holding) in holdings.iter() {
            if let Some(references) = &holding.references {
                let names = || references.iter().map(|path| path.name().to_owned());
                let first = self.by_name.get(path.name());
                // Whoever tells first: what is assumed depends on what is known, and on no order.
                if first.is_none_or(|(first, _)| path < first) {
                    let known = (path.clone(), names().collect());
                    self.by_name.insert(path.name().to_owned(), known);
                }
                self.references
                    .entry(path.clone())
                    .or_insert_with(|| references.clone());
            }
        }
        self.nars.add(holdings);
    }

    /// With what the cache itself holds, or held once: its files are as large as it says.
    pub(super) fn add_held(&mut self, holdings: &Holdings) {
        let sizes = holdings
            .iter()
            .filter_map(|(path, holding)| Some((path, holding.file_size?)));
        for (path, size) in sizes.filter(|(_, size)| *size > Bytes(0)) {
            self.files.entry(path.clone()).or_insert(size);
        }
        self.add(holdings);
    }

    /// What a path takes up in the cache.
    pub(super) fn size(&self, path: &StorePath, compression: Compression) -> FileSize {
        if let Some(&bytes) = self.files.get(path) {
            return FileSize::told(bytes);
        }
        match self.nars.of(path) {
            NarSize::Known(nar) => FileSize::compressed(nar, compression),
            NarSize::Assumed(nar) => FileSize::assumed(compression.estimate(nar)),
        }
    }

    /// What a path refers to: what was told of it; else what a path of its name refers to, among
    /// what it is built from; else all it is built from. Of a path that nothing here makes and
    /// nobody tells of, nothing.
    pub(super) fn references(
        &self,
        path: &StorePath,
        made_by: Option<(&DerivationGraph, DrvId)>,
    ) -> References {
        if let Some(paths) = self.references.get(path) {
            return References {
                paths: paths.clone(),
                are_told: true,
            };
        }
        let assumed = made_by.map(|(graph, id)| match self.by_name.get(path.name()) {
            Some((_, names)) => same_names(graph, id, names),
            None => direct_inputs(graph, id),
        });
        References {
            paths: assumed.unwrap_or_default().into_iter().collect(),
            are_told: false,
        }
    }
}

/// Outputs of those names: a derivation's own, else those of what it is built from, directly or
/// not.
fn same_names(graph: &DerivationGraph, id: DrvId, names: &[String]) -> BTreeSet<StorePath> {
    let outputs = |id: DrvId| {
        graph[id]
            .outputs()
            .iter()
            .filter_map(|output| output.path.clone())
    };
    let own: BTreeMap<String, StorePath> = outputs(id)
        .map(|path| (path.name().to_owned(), path))
        .collect();
    let mut found = BTreeSet::new();
    let mut others = BTreeSet::new();
    for name in names {
        match own.get(name) {
            Some(path) => {
                found.insert(path.clone());
            }
            None => {
                others.insert(name.as_str());
            }
        }
    }
    if !others.is_empty() {
        let below = graph
            .closure(&[id])
            .into_iter()
            .filter(|&other| other != id);
        found.extend(
            below
                .flat_map(outputs)
                .filter(|path| others.contains(path.name())),
        );
    }
    found
}

fn direct_inputs(graph: &DerivationGraph, id: DrvId) -> BTreeSet<StorePath> {
    let built = graph
        .inputs(id)
        .filter(|input| !graph[input.id].is_fixed_output());
    built
        .flat_map(|input| {
            let outputs = graph[input.id].outputs().iter();
            outputs.filter(move |output| input.outputs.iter().any(|name| **name == *output.name))
        })
        .filter_map(|output| output.path.clone())
        .collect()
}
