//! What the cache holds and has pinned now, as far as anything tells.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cache_policy::Holdings;
use drv_graph::{NarInfo, StorePath};

use super::Planning;
use crate::cache::pins;
use crate::caches::NarinfoSource;
use crate::config::{CacheKind, CacheSource};
use crate::failure::Failure;
use crate::input::{holdings, narinfo_file};
use crate::progress::Progress;
use crate::workspace::stores::cache_source;

/// Where Cachix serves a cache.
const CACHIX_DOMAIN: &str = "cachix.org";

/// What the cache holds and has pinned now.
pub(super) struct Held {
    pub(super) holdings: Holdings,
    /// Whether anything told.
    pub(super) is_known: bool,
    pub(super) pins: BTreeMap<String, Vec<StorePath>>,
    /// Narinfos that nobody finds, and what they are about.
    pub(super) misnamed: Vec<(PathBuf, StorePath)>,
}

impl Held {
    pub(super) fn read(
        planning: &Planning<'_>,
        candidates: &BTreeSet<StorePath>,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let Planning { args, own, .. } = planning;
        let ask = |url: &str| {
            let server = NarinfoSource::http(url, args.sharing.caches.cache_timeout);
            with_references(&server, candidates.clone(), progress)
        };
        let mut misnamed = Vec::new();
        let mut all = Holdings::default();
        let mut add = |more: Holdings| {
            for (path, holding) in more.iter() {
                all.insert(path.clone(), holding.clone());
            }
        };
        for text in &args.held {
            add(match cache_source("--held", text)? {
                CacheSource::Url(url) => ask(&url)?,
                CacheSource::Dir(dir) => served(&dir, &mut misnamed)?,
                CacheSource::PathInfo(file) | CacheSource::List(file) => {
                    holdings::read(&file, progress)?
                }
            });
        }
        let is_said = !args.held.is_empty();
        let mut is_known = is_said;
        match &planning.kind {
            CacheKind::File(dir) => {
                is_known = true;
                // Before the first push there is no directory.
                if !is_said && dir.exists() {
                    add(served(dir, &mut misnamed)?);
                }
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
            misnamed,
            pins: match &planning.pins_file {
                // The file of --pins has to be there.
                Some(file) if args.pins.is_some() || file.exists() => pins::read(file, progress)?,
                _ => BTreeMap::new(),
            },
        })
    }
}

/// What a directory serves. What lies there under another name is not held.
fn served(dir: &Path, misnamed: &mut Vec<(PathBuf, StorePath)>) -> Result<Holdings, Failure> {
    let found = narinfo_file::read_dir(dir)?;
    let of = |(file, info): (PathBuf, NarInfo)| (file, info.info.path);
    misnamed.extend(found.misnamed.into_iter().map(of));
    let served = found.served.into_values();
    Ok(served.map(|info| holdings::holding(info.info)).collect())
}

/// What a server has of some paths and of all that these refer to.
fn with_references(
    server: &NarinfoSource,
    mut open: BTreeSet<StorePath>,
    progress: &Progress,
) -> Result<Holdings, Failure> {
    let mut asked = BTreeSet::new();
    let mut found = Holdings::default();
    while !open.is_empty() {
        let paths: Vec<StorePath> = open.iter().cloned().collect();
        asked.append(&mut open);
        for info in server.ask(&paths, progress)? {
            let references = info.references.iter();
            open.extend(references.filter(|path| !asked.contains(*path)).cloned());
            let (path, holding) = holdings::holding(info);
            found.insert(path, holding);
        }
    }
    Ok(found)
}

/// A file that says what is held, or a directory of narinfos.
pub(super) fn read(path: &Path, progress: &Progress) -> Result<Holdings, Failure> {
    if path.is_dir() {
        return holdings::read_dir(path);
    }
    holdings::read(path, progress)
}
