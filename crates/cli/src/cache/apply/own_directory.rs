//! A cache in a directory that belongs to `hmtool`: what it holds, and the two things that are done
//! to it, each of which leaves it in order wherever it is interrupted.
//!
//! A path is there when its narinfo is, so a NAR comes before its narinfo and goes after it. What is
//! in between is noted by where the narinfo lies: under `.hmtool/staging` before it is published,
//! under `.hmtool/evicting` once it is not served any more. Whoever opens the directory next
//! deletes the NARs that these name and no narinfo of the cache does.

mod making;
mod tidying;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use cache_policy::Holdings;
use cache_policy::audit::{WORK_DIR, url};
use drv_graph::{Bytes, NarInfo, StorePath};
use tempfile::TempDir;

use crate::durable::{self, delete, entries, failed, sync};
use crate::failure::Failure;
use crate::input::holdings::holding;
use crate::input::{content, narinfo_file};

/// What Nix knows a binary cache by.
const CACHE_INFO: &str = "nix-cache-info";

/// A cache in a directory, which nobody else changes as long as this lives.
pub(super) struct OwnDirectory {
    dir: PathBuf,
    /// Where what is to be published is made; within the directory, so that it can be renamed.
    staging: TempDir,
    held: BTreeMap<StorePath, NarInfo>,
    /// Unlocked when it is closed.
    _lock: File,
}

/// What was packed and can be published.
#[derive(Clone, Debug)]
pub(super) struct Staged {
    /// What its narinfo says.
    pub(super) info: NarInfo,
    /// Its narinfo.
    narinfo: PathBuf,
    /// Its NAR.
    nar: PathBuf,
    /// The size of that.
    pub(super) bytes: Bytes,
}

impl OwnDirectory {
    /// Opens a cache for paths of `store_dir`, or makes one, and tidies up after whoever was
    /// interrupted.
    ///
    /// # Errors
    /// Something else than such a cache is there, or someone else is at work on it.
    pub(super) fn open(dir: &Path, store_dir: &str) -> Result<Self, Failure> {
        if !dir.join(CACHE_INFO).exists() {
            making::make(dir, store_dir)?;
        }
        let dir = fs::canonicalize(dir).map_err(failed("find", dir))?;
        making::is_for(&dir.join(CACHE_INFO), store_dir)?;
        let work = dir.join(WORK_DIR);
        for folder in [work.join("staging"), work.join("evicting"), dir.join("nar")] {
            fs::create_dir_all(&folder).map_err(failed("make", &folder))?;
        }
        let file = work.join("lock");
        let lock = File::create(&file).map_err(failed("make", &file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Usage {
                    message: format!("another hmtool is at work on {}", content::shown(&dir)),
                    hint: "wait for it to end, or end it: what it began is tidied up".to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &file)(error)),
        }
        let held = narinfo_file::read_dir(&dir)?.served;
        tidying::tidy(&dir, &held)?;
        let staging = work.join("staging");
        Ok(Self {
            staging: TempDir::new_in(&staging).map_err(failed("make a folder in", &staging))?,
            dir,
            held,
            _lock: lock,
        })
    }

    /// Where what is to be published is made.
    pub(super) fn staging(&self) -> &Path {
        self.staging.path()
    }

    /// Looks again at what is held: others may have pushed.
    pub(super) fn look_again(&mut self) -> Result<(), Failure> {
        self.held = narinfo_file::read_dir(&self.dir)?.served;
        Ok(())
    }

    /// What is held.
    pub(super) fn holdings(&self) -> Holdings {
        let infos = self.held.values();
        infos.map(|info| holding(info.info.clone())).collect()
    }

    /// Where the narinfo of a path lies; `None` for what is not held.
    pub(super) fn narinfo(&self, path: &StorePath) -> Option<PathBuf> {
        let is_held = self.held.contains_key(path);
        is_held.then(|| self.dir.join(narinfo_name(path)))
    }

    /// Serves what was packed. Everything that it refers to has to be there.
    pub(super) fn publish(&mut self, staged: Staged) -> Result<(), Failure> {
        let nar = self.place(&staged);
        // What is packed together and has the same content has one NAR: it is called by its hash,
        // and the first that is published takes it along.
        if staged.nar.exists() || !nar.exists() {
            let folder = nar.parent().unwrap_or(&self.dir);
            fs::create_dir_all(folder).map_err(failed("make", folder))?;
            sync(&staged.nar)?;
            fs::rename(&staged.nar, &nar).map_err(failed("move to", &nar))?;
            sync(folder)?;
        }
        let target = self.dir.join(narinfo_name(&staged.info.info.path));
        sync(&staged.narinfo)?;
        fs::rename(&staged.narinfo, &target).map_err(failed("move to", &target))?;
        sync(&self.dir)?;
        self.held.insert(staged.info.info.path.clone(), staged.info);
        Ok(())
    }

    /// Whether the NAR of what was packed is there. Another path with the same NAR may have taken it
    /// along, and may be evicted since.
    pub(super) fn has_nar(&self, staged: &Staged) -> bool {
        staged.nar.exists() || self.place(staged).exists()
    }

    /// Where the NAR of what was packed is served.
    fn place(&self, staged: &Staged) -> PathBuf {
        let place = url(&staged.info).unwrap_or_else(|| unreachable!("it was staged"));
        self.dir.join(place)
    }

    /// Serves a path no longer, and deletes its NAR unless another path has the same.
    ///
    /// # Errors
    /// Something that is held refers to it.
    pub(super) fn evict(&mut self, path: &StorePath) -> Result<(), Failure> {
        if let Some(user) = self.user_of(path) {
            return Err(Failure::Usage {
                message: format!("{user} refers to {path}, which was about to be evicted"),
                hint: "somebody else fills this cache at the same time: run the command again"
                    .to_owned(),
            });
        }
        let Some(info) = self.held.remove(path) else {
            return Ok(());
        };
        let served = self.dir.join(narinfo_name(path));
        let evicting = self.evicting().join(narinfo_name(path));
        fs::rename(&served, &evicting).map_err(failed("move away", &served))?;
        sync(&self.dir)?;
        delete_nar(&self.dir, &self.held, &info)?;
        // What `nix copy` writes beside a narinfo when it is asked to index NARs.
        let listing = self.dir.join(format!("{}.ls", path.hash_part()));
        delete(&listing)?;
        delete(&evicting)
    }

    /// What NARs take up that no narinfo names: left by somebody else, or about to be named.
    pub(super) fn unnamed(&self) -> Result<Bytes, Failure> {
        let named: BTreeSet<PathBuf> = self
            .held
            .values()
            .filter_map(|info| Some(self.dir.join(url(info)?)))
            .collect();
        let mut sum = Bytes(0);
        for file in entries(&self.dir.join("nar"))? {
            match fs::metadata(&file) {
                Ok(it) if it.is_file() && !named.contains(&file) => sum += Bytes(it.len()),
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(failed("read", &file)(error));
                }
                _ => {}
            }
        }
        Ok(sum)
    }

    /// Replaces a file of the cache, or makes it. The name is within the directory.
    pub(super) fn write(&self, file: &Path, text: &str) -> Result<(), Failure> {
        durable::write(file, text, &self.dir.join(WORK_DIR))
    }

    fn evicting(&self) -> PathBuf {
        self.dir.join(WORK_DIR).join("evicting")
    }

    /// Something that is held and refers to `path`, but not `path` itself.
    fn user_of(&self, path: &StorePath) -> Option<&StorePath> {
        let others = self.held.iter().filter(|(other, _)| *other != path);
        others
            .map(|(other, info)| (other, &info.info.references))
            .find(|(_, references)| references.contains(path))
            .map(|(other, _)| other)
    }
}

impl Staged {
    /// What was packed of `path` into `folder`.
    ///
    /// # Errors
    /// Nix said that it packed it, and it is not there or another path.
    pub(super) fn read(folder: &Path, path: &StorePath) -> Result<Self, Failure> {
        let file = folder.join(narinfo_name(path));
        let bytes = narinfo_file::bytes(&file).map_err(failed("read", &file))?;
        let info = narinfo_file::parsed(&file, &bytes)?;
        let Some(place) = url(&info).filter(|_| info.info.path == *path) else {
            return Err(Failure::Data {
                file: content::shown(&file),
                place: None,
                code: "foreign-narinfo",
                message: format!("Nix packed {path}, and this is about something else"),
                hint: None,
            });
        };
        let nar = folder.join(place);
        let size = fs::metadata(&nar).map_err(failed("read", &nar))?.len();
        Ok(Self {
            narinfo: file,
            nar,
            bytes: Bytes(size),
            info,
        })
    }
}

/// How the narinfo of a path is called.
pub(super) fn narinfo_name(path: &StorePath) -> String {
    format!("{}.narinfo", path.hash_part())
}

/// Deletes a NAR that nothing which is held names. What a narinfo names elsewhere than where Nix puts
/// NARs may be anything, and stays.
fn delete_nar(
    dir: &Path,
    held: &BTreeMap<StorePath, NarInfo>,
    info: &NarInfo,
) -> Result<(), Failure> {
    let Some(place) = url(info).filter(|place| place.starts_with("nar/")) else {
        return Ok(());
    };
    if held.values().any(|other| url(other) == Some(place)) {
        return Ok(());
    }
    delete(&dir.join(place))
}

#[cfg(test)]
mod tests;
