//! The `.narinfo` files of a binary cache in a directory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use drv_graph::{NarInfo, StorePath, narinfo};

use super::data_failure;
use crate::durable::entries;
use crate::failure::Failure;

/// What the narinfos of a directory are about.
pub(crate) struct Narinfos {
    /// What is found by who asks for it.
    pub(crate) served: BTreeMap<StorePath, NarInfo>,
    /// What lies under another name than the hash of its path, by which it is asked for; in order of
    /// the names.
    pub(crate) misnamed: Vec<(PathBuf, NarInfo)>,
}

/// Reads every narinfo of a directory, what `nix copy --to file://DIR` writes. What is deleted in the
/// meantime is left out.
pub(crate) fn read_dir(dir: &Path) -> Result<Narinfos, Failure> {
    let mut found = Narinfos {
        served: BTreeMap::new(),
        misnamed: Vec::new(),
    };
    for file in files(dir)? {
        let Some(info) = read(&file)? else {
            continue;
        };
        let path = &info.info.path;
        if file
            .file_stem()
            .is_some_and(|stem| stem == path.hash_part())
        {
            found.served.insert(path.clone(), info);
        } else {
            found.misnamed.push((file, info));
        }
    }
    Ok(found)
}

/// The narinfos of a directory, in order.
pub(crate) fn files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_narinfo = |file: &PathBuf| file.extension().is_some_and(|end| end == "narinfo");
    Ok(entries(dir)?.into_iter().filter(is_narinfo).collect())
}

/// What a narinfo says; `None` where it is gone.
pub(crate) fn read(file: &Path) -> Result<Option<NarInfo>, Failure> {
    match bytes(file) {
        Ok(bytes) => parsed(file, &bytes).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::reading(file, error)),
    }
}

/// What a narinfo says whose bytes were read.
pub(crate) fn parsed(file: &Path, bytes: &[u8]) -> Result<NarInfo, Failure> {
    narinfo::read(bytes).map_err(|error| {
        let mut failure = data_failure(file, &error);
        if let Failure::Data { hint, .. } = &mut failure {
            *hint = Some(
                "delete it, and push its path again; `hmtool cache verify` names all such files"
                    .to_owned(),
            );
        }
        failure
    })
}

/// A narinfo's bytes, or of what is too long to be one as many as it takes to know that.
pub(crate) fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = narinfo::LONGEST as u64 + 1;
    File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
