//! One allocation for each different text and source.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::{StorePath, StorePathError};

/// Texts and paths that many derivations have in common: systems, builders, output names,
/// `default-builder.sh`.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: FxHashSet<Arc<str>>,
    paths: FxHashSet<StorePath>,
}

impl Interner {
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    /// The store path that reads `path` in full.
    pub(crate) fn path(&mut self, path: &str) -> Result<StorePath, StorePathError> {
        if let Some(known) = self.paths.get(path) {
            return Ok(known.clone());
        }
        let path = StorePath::parse(path)?;
        self.paths.insert(path.clone());
        Ok(path)
    }
}
