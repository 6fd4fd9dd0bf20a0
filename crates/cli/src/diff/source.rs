//! What is in a source: a builder's script, a patch.

use std::fs;
use std::path::{Path, PathBuf};

use drv_graph::StorePath;

/// A larger file is no script.
const BYTES: u64 = 1 << 20;

/// The text of a source that is a file and is there: at its path, else in one of `folders`. A
/// source is not needed to compare what names it, so one that cannot be read is none.
pub(super) fn text(source: &StorePath, folders: &[PathBuf]) -> Option<String> {
    let beside = folders.iter().map(|folder| folder.join(source.base_name()));
    let mut files = std::iter::once(PathBuf::from(source.as_str())).chain(beside);
    files.find_map(|file| text_of(&file))
}

fn text_of(file: &Path) -> Option<String> {
    // A store object is a file itself; a link may lead anywhere.
    let metadata = fs::symlink_metadata(file).ok()?;
    let is_text = metadata.is_file() && metadata.len() <= BYTES;
    String::from_utf8(is_text.then(|| fs::read(file).ok())??).ok()
}
