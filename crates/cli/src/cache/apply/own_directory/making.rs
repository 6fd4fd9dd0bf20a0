//! Making a cache where there is none, and whether the one that is there will do.

use std::fs;
use std::path::{Path, PathBuf};

use cache_policy::audit::WORK_DIR;

use super::CACHE_INFO;
use crate::durable::{entries, failed, sync, write};
use crate::failure::Failure;
use crate::input::content;

/// Makes an empty cache: all at once where nothing is there yet. A directory that is there already
/// stays what it is: a link, or where another file system begins.
///
/// # Errors
/// There is something in the directory.
pub(super) fn make(dir: &Path, store_dir: &str) -> Result<(), Failure> {
    let info = format!("StoreDir: {store_dir}\n");
    if !dir.exists() {
        let absolute = std::path::absolute(dir).map_err(failed("find", dir))?;
        let parent = absolute.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(parent).map_err(failed("make", parent))?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hmtool-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let new = builder
            .tempdir_in(parent)
            .map_err(failed("make a folder in", parent))?;
        write(&new.path().join(CACHE_INFO), &info, new.path())?;
        fs::rename(new.path(), dir).map_err(failed("make", dir))?;
        // It has another name now.
        let _ = new.keep();
        return sync(parent);
    }
    // What the system makes on a new disk, and what is left of a run that was interrupted here.
    let is_ours = |file: &PathBuf| file.ends_with(WORK_DIR) || file.ends_with("lost+found");
    if !entries(dir)?.iter().all(is_ours) {
        return Err(Failure::Usage {
            message: format!(
                "{} is not empty and not a binary cache: it has no {CACHE_INFO}",
                content::shown(dir)
            ),
            hint: "give `dir` in [cache] of hmtool.toml a directory of its own".to_owned(),
        });
    }
    let work = dir.join(WORK_DIR);
    fs::create_dir_all(&work).map_err(failed("make", &work))?;
    write(&dir.join(CACHE_INFO), &info, &work)?;
    sync(dir)
}

/// # Errors
/// The cache is for paths of another store directory.
pub(super) fn is_for(file: &Path, store_dir: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(file).map_err(failed("read", file))?;
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let said = lines.rfind(|(key, _)| *key == "StoreDir");
    let said = said.map_or(drv_graph::DEFAULT_STORE_DIR, |(_, value)| value.trim());
    if said == store_dir {
        return Ok(());
    }
    Err(Failure::Data {
        file: content::shown(file),
        place: None,
        code: "store-dir",
        message: format!("the cache is for {said}, and what is to be pushed is in {store_dir}"),
        hint: Some("give each store directory a cache of its own".to_owned()),
    })
}
