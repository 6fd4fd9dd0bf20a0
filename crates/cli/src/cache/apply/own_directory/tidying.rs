//! Deleting what an interrupted run left.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cache_policy::audit::WORK_DIR;
use drv_graph::{NarInfo, StorePath};

use super::delete_nar;
use crate::durable::{self, delete, delete_all, entries, failed};
use crate::failure::Failure;
use crate::input::narinfo_file;

/// How folders begin that are about to be deleted.
const ABANDONED: &str = "abandoned-";

/// Deletes what is left of an interrupted run: what it did not publish, and the NARs of what it no
/// longer serves.
pub(super) fn tidy(dir: &Path, held: &BTreeMap<StorePath, NarInfo>) -> Result<(), Failure> {
    let work = dir.join(WORK_DIR);
    for (file, info) in leftovers(&work.join("evicting"))? {
        delete_nar(dir, held, &info)?;
        delete(&file)?;
    }
    for run in entries(&work.join("staging"))? {
        // A Nix that outlives a killed hmtool still packs into it, by its name.
        let run = renamed(run)?;
        for batch in entries(&run)? {
            for (_, info) in leftovers(&batch)? {
                delete_nar(dir, held, &info)?;
            }
        }
        delete_all(&run)?;
    }
    // What was being written beside its target.
    for file in entries(&work)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(durable::TEMPORARY) {
            delete(&file)?;
        }
    }
    Ok(())
}

/// The narinfos that an interrupted run left. What it did not write to its end says nothing.
fn leftovers(dir: &Path) -> Result<Vec<(PathBuf, NarInfo)>, Failure> {
    let mut found = Vec::new();
    for file in narinfo_file::files(dir)? {
        match narinfo_file::read(&file) {
            Ok(Some(info)) => found.push((file, info)),
            Ok(None) => {}
            Err(Failure::Data { .. }) => delete(&file)?,
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

/// A folder under another name, which nobody knows.
fn renamed(folder: PathBuf) -> Result<PathBuf, Failure> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let other = folder.with_file_name(format!("{ABANDONED}{name}"));
    if name.starts_with(ABANDONED) {
        return Ok(folder);
    }
    fs::rename(&folder, &other).map_err(failed("move away", &folder))?;
    Ok(other)
}
