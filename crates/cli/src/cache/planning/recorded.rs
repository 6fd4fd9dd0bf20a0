//! What was found out of paths while a cache was filled: a file in the cache's own directory.
//!
//! The size of a path that was packed once and then left out, and what the store said of paths that
//! were never pushed, would be estimated again the next time; with what is recorded here the next
//! plan starts from what the last one knew, and has nothing to do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cache_policy::audit::WORK_DIR;
use cache_policy::{Compression, Holding, Holdings};
use drv_graph::{Bytes, StorePath};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::input::content;
use crate::progress::Progress;

/// Its name, in the directory that an executor of plans has within the cache.
const FILE_NAME: &str = "paths.json";

/// What was found out of paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorded {
    paths: BTreeMap<StorePath, Holding>,
}

/// The file.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    /// How the files were packed whose sizes are given.
    compression: String,
    paths: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    nar_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    references: Option<Vec<String>>,
}

impl Recorded {
    /// What is recorded of the cache in `dir`; nothing where nothing was yet. Sizes of files that
    /// were packed in another way than `compression` are left out.
    pub(crate) fn read(
        dir: &Path,
        compression: Compression,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let file = place(dir);
        if !file.exists() {
            return Ok(Self::default());
        }
        let bytes = content::read(&file, progress)?;
        let failed = |message: String| Failure::Data {
            file: content::shown(&file),
            place: None,
            code: "bad-record",
            message,
            hint: Some("delete it: `hmtool cache apply` finds all of it out again".to_owned()),
        };
        let document: Document =
            serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        let is_same = document.compression == compression.to_string();
        let parsed = |text: &str| {
            StorePath::parse(text)
                .map_err(|error| failed(format!("{text:?} is not a store path: {error}")))
        };
        let mut paths = BTreeMap::new();
        for (path, entry) in document.paths {
            let references = entry.references.map(|references| {
                let references = references.iter().map(|text| parsed(text));
                references.collect::<Result<Vec<_>, _>>()
            });
            let holding = Holding {
                references: references.transpose()?,
                nar_size: entry.nar_size.map(Bytes),
                file_size: entry.file_size.filter(|_| is_same).map(Bytes),
            };
            paths.insert(parsed(&path)?, holding);
        }
        Ok(Self { paths })
    }

    /// Without the paths of which nothing needs to be known any more.
    pub(crate) fn retain(&mut self, keep: impl Fn(&StorePath) -> bool) {
        self.paths.retain(|path, _| keep(path));
    }

    /// Its file.
    pub(crate) fn text(&self, compression: Compression) -> Result<String, Failure> {
        let entry = |holding: &Holding| Entry {
            nar_size: holding.nar_size.map(|size| size.0),
            file_size: holding.file_size.map(|size| size.0),
            references: holding
                .references
                .as_ref()
                .map(|paths| paths.iter().map(ToString::to_string).collect()),
        };
        let document = Document {
            compression: compression.to_string(),
            paths: self
                .paths
                .iter()
                .map(|(path, holding)| (path.to_string(), entry(holding)))
                .collect(),
        };
        let text = serde_json::to_string_pretty(&document);
        text.map(|text| text + "\n")
            .map_err(|error| Failure::Output(error.into()))
    }

    /// With what the store says of paths now.
    pub(crate) fn add(&mut self, told: &Holdings) {
        for (path, holding) in told.iter() {
            let known = self.paths.entry(path.clone()).or_default();
            // Built again it may be another NAR, which packs to another size.
            if known.nar_size != holding.nar_size {
                known.file_size = None;
            }
            known.nar_size = holding.nar_size;
            known.references.clone_from(&holding.references);
        }
    }

    /// With what narinfos say, where nothing is known yet: what is evicted is not forgotten, since the
    /// sizes of its namesakes are taken from it. Nothing of files, which may be packed in another way.
    pub(crate) fn add_held(&mut self, held: &Holdings) {
        for (path, holding) in held.iter() {
            let known = self.paths.entry(path.clone()).or_default();
            known.nar_size = known.nar_size.or(holding.nar_size);
            known.references = known.references.take().or(holding.references.clone());
        }
    }

    /// With the size that a path turned out to have when it was packed.
    pub(crate) fn packed(&mut self, path: &StorePath, bytes: Bytes) {
        self.paths.entry(path.clone()).or_default().file_size = Some(bytes);
    }

    /// All of it.
    pub(crate) fn holdings(&self) -> Holdings {
        let paths = self.paths.iter();
        paths
            .map(|(path, holding)| (path.clone(), holding.clone()))
            .collect()
    }
}

/// The file, within the cache in `dir`.
pub(crate) fn place(dir: &Path) -> PathBuf {
    dir.join(WORK_DIR).join(FILE_NAME)
}
