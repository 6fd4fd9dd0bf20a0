//! Which store path a file in a store, or a copy of one, has.
//!
//! A store that is mounted elsewhere, as by `nix --store DIR`, has its files in `DIR/nix/store` and
//! speaks of `/nix/store`, in the files and to whoever asks it.

use std::path::{Path, PathBuf};

use drv_graph::aterm::Aterm;
use drv_graph::{DEFAULT_STORE_DIR, StorePath};

use crate::failure::Failure;

/// The path of a `.drv` file with these bytes: its name, in the store that it speaks of.
pub(crate) fn of_drv_file(file: &Path, bytes: &[u8]) -> Option<StorePath> {
    let store = said_in(bytes).unwrap_or_else(|| by_folder(file.parent()));
    named(&store, file)
}

/// The paths of all `.drv` files that lie in a directory, ascending.
pub(crate) fn drv_files_in(dir: &Path) -> Result<Vec<StorePath>, Failure> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| Failure::reading(dir, e))? {
        let file = entry.map_err(|e| Failure::reading(dir, e))?.path();
        let path = named(DEFAULT_STORE_DIR, &file);
        if path.is_some_and(|path| path.is_derivation()) {
            files.push(file);
        }
    }
    files.sort();
    // Nearly every file says which store it is of, so that one is looked at. What cannot be read
    // is reported when it is followed.
    let said = |file: &PathBuf| said_in(&std::fs::read(file).ok()?);
    let store = files.iter().find_map(said);
    let store = store.unwrap_or_else(|| by_folder(Some(dir)));
    let paths = files.iter().filter_map(|file| named(&store, file));
    Ok(paths.collect())
}

/// The store object that a file is or lies in, or that a link such as `result` leads to, be it
/// there or not.
pub(crate) fn around(path: &Path) -> Option<StorePath> {
    let file = path.canonicalize().or_else(|_| path.read_link()).ok()?;
    file.ancestors().find_map(|object| {
        let folder = object.parent()?;
        let is_store = folder.is_absolute() && folder.ends_with("store");
        is_store.then(|| named(&by_folder(Some(folder)), object))?
    })
}

/// The store that a `.drv` file says to be of.
fn said_in(bytes: &[u8]) -> Option<String> {
    Aterm::parse(bytes).ok()?.store_dir()
}

/// The store that a folder can be, for a file that says nothing; else the usual one, for copies of
/// store files.
fn by_folder(folder: Option<&Path>) -> String {
    let folder = folder.filter(|folder| folder.is_absolute());
    let folder = folder.and_then(Path::to_str).unwrap_or_default();
    let is_store = folder.ends_with("/store") && !folder.ends_with(DEFAULT_STORE_DIR);
    let store = if is_store { folder } else { DEFAULT_STORE_DIR };
    store.to_owned()
}

/// The store path of a file's name.
fn named(store: &str, file: &Path) -> Option<StorePath> {
    let base = file.file_name()?.to_str()?;
    StorePath::from_base_name(store, base).ok()
}
