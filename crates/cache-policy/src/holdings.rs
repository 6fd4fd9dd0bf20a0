//! What one source holds.

use std::collections::hash_map::Entry;

use drv_graph::{Bytes, StorePath};
use rustc_hash::FxHashMap;

/// What is known of one store path in one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// The paths it refers to, itself possibly among them; `None` where nobody said.
    pub references: Option<Vec<StorePath>>,
    /// Size of its NAR: what it takes in the store, nearly.
    pub nar_size: Option<Bytes>,
    /// Size of the compressed file: what is downloaded.
    pub file_size: Option<Bytes>,
}

/// The store paths that one source holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    paths: FxHashMap<StorePath, Holding>,
}

impl Holdings {
    /// Adds a path. What is known of it already stays, and what is new fills the gaps.
    pub fn insert(&mut self, path: StorePath, holding: Holding) {
        match self.paths.entry(path) {
            Entry::Vacant(entry) => {
                entry.insert(holding);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.references = known.references.take().or(holding.references);
                known.nar_size = known.nar_size.or(holding.nar_size);
                known.file_size = known.file_size.or(holding.file_size);
            }
        }
    }

    /// What is known of `path`; `None` when it is not held.
    pub fn get(&self, path: &StorePath) -> Option<&Holding> {
        self.paths.get(path)
    }

    /// Number of paths.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Every path with what is known of it, in ascending order. O(n log n).
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&StorePath, &Holding)> {
        let mut all: Vec<_> = self.paths.iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        all.into_iter()
    }
}

impl FromIterator<(StorePath, Holding)> for Holdings {
    fn from_iter<I: IntoIterator<Item = (StorePath, Holding)>>(holdings: I) -> Self {
        let mut all = Self::default();
        for (path, holding) in holdings {
            all.insert(path, holding);
        }
        all
    }
}

/// A plain list: paths of which nothing else is known.
impl FromIterator<StorePath> for Holdings {
    fn from_iter<I: IntoIterator<Item = StorePath>>(paths: I) -> Self {
        paths
            .into_iter()
            .map(|path| (path, Holding::default()))
            .collect()
    }
}
