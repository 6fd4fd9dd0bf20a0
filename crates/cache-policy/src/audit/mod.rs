//! Whether a directory that Nix uses as a binary cache (`file://`) is in order.
//!
//! [`Listing`] is what lies in the directory; whoever has it reads it. [`audit`] says what is wrong
//! with it, what that costs, and what to do.

mod flaw;
mod mentions;

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::{Bytes, ContentHash, NarInfo, StorePath};

pub use flaw::{Distrust, Flaw, Weight};
pub use mentions::{KnownPaths, Search};

use crate::plan::Budget;

/// What lies in a directory.
#[derive(Debug, Default)]
pub struct Listing {
    /// What `nix-cache-info` says, as it is; `None` where there is no such file.
    pub cache_info: Option<String>,
    /// The narinfos by the name of their file, or why one cannot be read.
    pub narinfos: BTreeMap<String, Result<NarInfo, drv_graph::Error>>,
    /// All other files by their path within the directory, with `/` between names.
    pub files: BTreeMap<String, File>,
    /// Why those who check signatures do not take a narinfo, by the name of its file; empty where nobody
    /// checked.
    pub distrusted: BTreeMap<String, Distrust>,
}

/// A file that is neither a narinfo nor `nix-cache-info`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// Its size.
    pub bytes: Bytes,
    /// Its hash by SHA-256, where somebody computed it.
    pub hash: Option<ContentHash>,
    /// What it unpacks to, by the name of each compression that narinfos say of it; empty where
    /// nobody read it.
    pub unpacked: BTreeMap<String, Unpacked>,
}

/// What came of unpacking a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unpacked {
    /// Something, which should be the NAR.
    Nar(Nar),
    /// More than any narinfo says, so that it was given up.
    TooLong,
    /// It is damaged, or was not packed like that; in which way, in lower case.
    Broken(String),
    /// It was not tried: nothing here unpacks that.
    UnknownMethod,
    /// It was not tried: that takes more memory than there is for it.
    TooMuchMemory,
}

/// A NAR as it is after unpacking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nar {
    /// Its size.
    pub bytes: Bytes,
    /// Its hash by SHA-256.
    pub hash: ContentHash,
    /// Paths whose hash parts stand in it, of those that were searched for.
    pub mentions: BTreeSet<StorePath>,
}

/// The directory in which an executor of plans keeps what it works with.
pub const WORK_DIR: &str = ".hmtool";

impl Listing {
    /// The narinfos that can be read, by the name of their file.
    pub fn readable(&self) -> impl Iterator<Item = (&str, &NarInfo)> {
        let all = self.narinfos.iter();
        all.filter_map(|(name, read)| Some((name.as_str(), read.as_ref().ok()?)))
    }

    /// What NARs take up, each file once: those that no narinfo names and those that were never
    /// finished among them. What an executor of plans has in its [working directory](WORK_DIR) is not
    /// yet, or no longer, part of the cache.
    pub fn occupied(&self) -> Bytes {
        let named: BTreeSet<&str> = self.readable().filter_map(|(_, info)| url(info)).collect();
        let is_nar = |name: &str| {
            named.contains(name)
                || name.starts_with("nar/")
                || (is_temporary(name) && !is_staged(name))
        };
        let all = self.files.iter().filter(|(name, _)| is_nar(name));
        all.map(|(_, file)| file.bytes).sum()
    }

    /// What narinfos refer to and this directory does not have, with those that refer to it.
    pub fn absent(&self) -> BTreeMap<&StorePath, BTreeSet<&StorePath>> {
        let held: BTreeSet<&StorePath> = self.readable().map(|(_, info)| &info.info.path).collect();
        let mut absent: BTreeMap<&StorePath, BTreeSet<&StorePath>> = BTreeMap::new();
        for (_, info) in self.readable() {
            let missing = info.info.references.iter().filter(|it| !held.contains(it));
            for reference in missing {
                absent.entry(reference).or_default().insert(&info.info.path);
            }
        }
        absent
    }
}

/// The NAR's place, where it is one within the directory.
pub fn url(info: &NarInfo) -> Option<&str> {
    let url = info.info.url.as_deref()?;
    let is_within = url.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (is_within && !url.contains(':')).then_some(url)
}

/// Whether a file was being written when something ended the writer: Nix calls what it writes
/// `NAME.tmp.PID.N`, and renames it.
fn is_temporary(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    is_staged(name) || last.contains(".tmp.")
}

/// Whether a file is what an executor of plans was about to serve, or has just stopped serving.
fn is_staged(name: &str) -> bool {
    let within = name.strip_prefix(WORK_DIR);
    within.is_some_and(|rest| rest.starts_with("/staging/") || rest.starts_with("/evicting/"))
}

/// Everything that is wrong with a directory: what keeps Nix from using it first, then by path, then
/// what may be wrong, what only takes up room last. `is_upstream` says which of the paths that it does
/// not have come from elsewhere, with all they refer to. O((n + r) log n), and as much again for each
/// path that is missing.
pub fn audit(
    listing: &Listing,
    is_upstream: impl Fn(&StorePath) -> bool,
    budget: Option<Budget>,
) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let store_dir = cache_info(listing, &mut flaws);
    for (file, read) in &listing.narinfos {
        match read {
            Err(error) => flaws.push(Flaw::Unreadable {
                file: file.clone(),
                error: error.clone(),
            }),
            Ok(info) => {
                narinfo(file, info, store_dir, &mut flaws);
                let distrust = listing.distrusted.get(file);
                flaws.extend(distrust.map(|why| Flaw::Untrusted {
                    file: file.clone(),
                    path: info.info.path.clone(),
                    why: why.clone(),
                }));
            }
        }
    }
    let users = Users::new(listing);
    for (path, referrers) in listing.absent() {
        if !is_upstream(path) {
            let (hidden, bytes) = users.hidden(referrers.iter().copied());
            flaws.push(Flaw::MissingReference {
                path: path.clone(),
                referrers: referrers.into_iter().cloned().collect(),
                hidden,
                bytes,
            });
        }
    }
    let mut named = BTreeSet::new();
    for (file, info) in listing.readable() {
        let path = &info.info.path;
        let Some(url) = url(info) else {
            flaws.push(Flaw::ForeignUrl {
                file: file.to_owned(),
                path: path.clone(),
                url: info.info.url.clone().unwrap_or_default(),
            });
            continue;
        };
        named.insert(url);
        if let Some(found) = listing.files.get(url) {
            contents(url, info, found, &mut flaws);
            continue;
        }
        let (hidden, bytes) = users.hidden([path]);
        flaws.push(Flaw::MissingNar {
            path: path.clone(),
            file: url.to_owned(),
            hidden,
            bytes,
        });
    }
    if let Some(budget) = budget {
        room(listing.occupied(), budget, &mut flaws);
    }
    mentions(listing, &mut flaws);
    signatures(listing, &mut flaws);
    for (name, file) in &listing.files {
        let (file, bytes) = (name.clone(), file.bytes);
        if is_temporary(name) {
            flaws.push(Flaw::Temporary { file, bytes });
        } else if name.starts_with("nar/") && !named.contains(name.as_str()) {
            flaws.push(Flaw::Orphan { file, bytes });
        }
    }
    flaws
}

/// The store directory of the cache. Nix takes `/nix/store` where nothing is said.
fn cache_info<'a>(listing: &'a Listing, flaws: &mut Vec<Flaw>) -> Option<&'a str> {
    let Some(text) = &listing.cache_info else {
        flaws.push(Flaw::NoCacheInfo);
        return None;
    };
    let mut store_dir = drv_graph::DEFAULT_STORE_DIR;
    for (number, line) in (1..).zip(text.lines()) {
        match line.split_once(':') {
            Some(("StoreDir", value)) => store_dir = value.trim(),
            Some(_) => {}
            None if line.trim().is_empty() => {}
            None => flaws.push(Flaw::CacheInfo { line: number }),
        }
    }
    Some(store_dir)
}

fn narinfo(file: &str, info: &NarInfo, store_dir: Option<&str>, flaws: &mut Vec<Flaw>) {
    let path = &info.info.path;
    if file.strip_suffix(".narinfo") != Some(path.hash_part()) {
        flaws.push(Flaw::Misnamed {
            file: file.to_owned(),
            path: path.clone(),
        });
    }
    if let Some(expected) = store_dir.filter(|dir| *dir != path.store_dir()) {
        flaws.push(Flaw::StoreDir {
            file: file.to_owned(),
            path: path.clone(),
            expected: expected.to_owned(),
        });
    }
}

fn contents(url: &str, info: &NarInfo, found: &File, flaws: &mut Vec<Flaw>) {
    let (path, file) = (|| info.info.path.clone(), || url.to_owned());
    if let Some(said) = info.info.download_size.filter(|said| *said != found.bytes) {
        flaws.push(Flaw::FileSize {
            path: path(),
            file: file(),
            said,
            is: found.bytes,
        });
    }
    let said = info.file_hash.as_ref();
    if let (Some(said), Some(is)) = (said, &found.hash)
        && said.algo() == is.algo()
        && said != is
    {
        flaws.push(Flaw::FileHash {
            path: path(),
            file: file(),
            bytes: found.bytes,
            said: said.clone(),
            is: is.clone(),
        });
    }
    let Some(unpacked) = found.unpacked.get(&info.compression) else {
        return;
    };
    let differs = |is: Option<Bytes>| Flaw::Nar {
        path: path(),
        file: file(),
        bytes: found.bytes,
        said: info.info.nar_size,
        is,
    };
    match unpacked {
        Unpacked::UnknownMethod | Unpacked::TooMuchMemory => {}
        Unpacked::Broken(problem) => flaws.push(Flaw::Packing {
            path: path(),
            file: file(),
            bytes: found.bytes,
            problem: problem.clone(),
        }),
        Unpacked::TooLong => flaws.push(differs(None)),
        Unpacked::Nar(nar) => {
            let hash = info.info.nar_hash.as_ref();
            let is_other =
                hash.is_some_and(|said| said.algo() == nar.hash.algo() && *said != nar.hash);
            if is_other || nar.bytes != info.info.nar_size {
                flaws.push(differs(Some(nar.bytes)));
            }
        }
    }
}

/// What NARs name and their narinfos do not refer to. A derivation names its outputs, and refers to
/// none.
fn mentions(listing: &Listing, flaws: &mut Vec<Flaw>) {
    for (_, info) in listing.readable() {
        let path = &info.info.path;
        let file = url(info).and_then(|url| listing.files.get(url));
        let unpacked = file.and_then(|file| file.unpacked.get(&info.compression));
        let Some(Unpacked::Nar(nar)) = unpacked.filter(|_| !path.is_derivation()) else {
            continue;
        };
        let is_said = |other: &&StorePath| *other == path || info.info.references.contains(other);
        let unsaid = nar.mentions.iter().filter(|other| !is_said(other));
        flaws.extend(unsaid.map(|mention| Flaw::UnsaidReference {
            path: path.clone(),
            mention: mention.clone(),
        }));
    }
}

/// Narinfos that say one signature twice.
fn signatures(listing: &Listing, flaws: &mut Vec<Flaw>) {
    for (file, info) in listing.readable() {
        let all = &info.info.signatures;
        let different: BTreeSet<&str> = all.iter().map(String::as_str).collect();
        if different.len() < all.len() {
            flaws.push(Flaw::RepeatedSignature {
                file: file.to_owned(),
                path: info.info.path.clone(),
            });
        }
    }
}

fn room(occupied: Bytes, budget: Budget, flaws: &mut Vec<Flaw>) {
    if occupied > budget.capacity {
        flaws.push(Flaw::OverCapacity {
            occupied,
            capacity: budget.capacity,
        });
    } else if let Some(limit) = budget.limit().filter(|limit| occupied > *limit) {
        flaws.push(Flaw::IntoBuffer { occupied, limit });
    }
}

/// Who refers to whom.
struct Users<'a> {
    referrers: BTreeMap<&'a StorePath, Vec<&'a StorePath>>,
    sizes: BTreeMap<&'a StorePath, Bytes>,
}

impl<'a> Users<'a> {
    fn new(listing: &'a Listing) -> Self {
        let mut users = Self {
            referrers: BTreeMap::new(),
            sizes: BTreeMap::new(),
        };
        for (_, info) in listing.readable() {
            let path = &info.info.path;
            let file = url(info).and_then(|url| listing.files.get(url));
            users
                .sizes
                .insert(path, file.map_or(Bytes(0), |file| file.bytes));
            for reference in &info.info.references {
                users.referrers.entry(reference).or_default().push(path);
            }
        }
        users
    }

    /// How many paths those and all that refer to them are, and what they take up.
    fn hidden(&self, paths: impl IntoIterator<Item = &'a StorePath>) -> (usize, Bytes) {
        let mut open: Vec<&StorePath> = paths.into_iter().collect();
        let mut hidden = BTreeSet::new();
        while let Some(path) = open.pop() {
            if hidden.insert(path) {
                open.extend(self.referrers.get(path).into_iter().flatten());
            }
        }
        let sizes = hidden.iter().filter_map(|path| self.sizes.get(path));
        (hidden.len(), sizes.copied().sum())
    }
}
