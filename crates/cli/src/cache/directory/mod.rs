//! A directory that Nix uses as a binary cache: what `nix copy --to file://DIR` writes.

mod contents;

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cache_policy::audit::{File, KnownPaths, Listing, url};
use drv_graph::{Bytes, narinfo};

use crate::failure::Failure;
use crate::input::{content, narinfo_file};
use crate::parallel;
use contents::Promises;

/// A binary cache in a directory.
pub(crate) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// A cache as it is named on the command line: a path, or `file://` and a path.
    pub(crate) fn named(text: &str) -> Result<Self, Failure> {
        let path = match text.split_once("://") {
            Some(("file", path)) => path.split('?').next().unwrap_or_default(),
            Some((scheme, _)) if !Path::new(text).exists() => {
                return Err(Failure::Usage {
                    message: format!("{text}: {scheme}:// is not a directory"),
                    hint: "give a directory, or file:// and a directory".to_owned(),
                });
            }
            _ => text,
        };
        Ok(Self::at(PathBuf::from(path)))
    }

    /// The cache in a directory.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// What lies in it: names, sizes and narinfos. Links to directories are not followed.
    ///
    /// Narinfos come first: a NAR that is pushed in the meantime is there before its narinfo.
    pub(crate) fn list(&self) -> Result<Listing, Failure> {
        let mut listing = Listing::default();
        let mut names: Vec<(String, PathBuf)> = Vec::new();
        for (name, path, is_file) in self.entries(&self.path)? {
            if is_file && name.ends_with(".narinfo") {
                match narinfo_file::bytes(&path) {
                    Ok(bytes) => {
                        listing.narinfos.insert(name, narinfo::read(&bytes));
                    }
                    // Deleted since.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(Failure::reading(&path, error)),
                }
            } else if is_file && name == "nix-cache-info" {
                let bytes = fs::read(&path).map_err(|error| Failure::reading(&path, error))?;
                listing.cache_info = Some(String::from_utf8_lossy(&bytes).into_owned());
            } else {
                names.push((name, path));
            }
        }
        while let Some((name, path)) = names.pop() {
            let metadata = match fs::symlink_metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(Failure::reading(&path, error)),
            };
            if metadata.is_dir() {
                let entries = self.entries(&path)?.into_iter();
                names.extend(entries.map(|(inner, path, _)| (format!("{name}/{inner}"), path)));
                continue;
            }
            // Of a link, what it leads to: that is what is served. Nothing else can be.
            if let Some(metadata) = fs::metadata(&path).ok().filter(Metadata::is_file) {
                let file = File {
                    bytes: Bytes(metadata.len()),
                    ..File::default()
                };
                listing.files.insert(name, file);
            }
        }
        Ok(listing)
    }

    /// Reads every NAR that a narinfo names, on all cores, and adds its hash and, where it can be
    /// unpacked here, what it unpacks to.
    pub(crate) fn read_nars(&self, listing: &mut Listing) -> Result<(), Failure> {
        let known = KnownPaths::of(listing);
        let mut named: BTreeMap<&str, Promises> = BTreeMap::new();
        for (_, info) in listing.readable() {
            let Some(url) = url(info).filter(|url| listing.files.contains_key(*url)) else {
                continue;
            };
            // What has the same content has one file, for it is called by its hash.
            let promises = named.entry(url).or_default();
            let longest = promises.entry(info.compression.clone()).or_default();
            *longest = info.info.nar_size.max(*longest);
        }
        let named: Vec<(String, Promises)> = named
            .into_iter()
            .map(|(url, promises)| (url.to_owned(), promises))
            .collect();
        let read = parallel::map(&named, |(url, promises)| {
            let path = self.path.join(url);
            contents::read(&path, promises, &known).map_err(|error| Failure::reading(&path, error))
        });
        for ((url, _), read) in named.into_iter().zip(read) {
            listing.files.insert(url, read?);
        }
        Ok(())
    }

    fn entries(&self, dir: &Path) -> Result<Vec<(String, PathBuf, bool)>, Failure> {
        let failed = |error| Failure::reading(dir, error);
        let mut entries = Vec::new();
        let listed = match fs::read_dir(dir) {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound && dir != self.path => {
                return Ok(entries);
            }
            Err(error) => return Err(failed(error)),
        };
        for entry in listed {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.path().is_file();
            entries.push((name, entry.path(), is_file));
        }
        Ok(entries)
    }
}

impl std::fmt::Display for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&content::shown(&self.path))
    }
}
