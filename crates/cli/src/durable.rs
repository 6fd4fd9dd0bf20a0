//! Files and directories whose changes are whole and on the disk, or not there at all.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::failure::Failure;

/// How files begin that are being written.
pub(crate) const TEMPORARY: &str = "new-";

/// Replaces a file, or makes it: the new one is made in `beside`, which is on the same file system.
pub(crate) fn write(file: &Path, text: &str, beside: &Path) -> Result<(), Failure> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY);
    as_others(&mut builder);
    let mut new = builder
        .tempfile_in(beside)
        .map_err(failed("write in", beside))?;
    new.write_all(text.as_bytes())
        .map_err(failed("write", file))?;
    new.as_file().sync_all().map_err(failed("write", file))?;
    new.persist(file)
        .map_err(|error| failed("replace", file)(error.error))?;
    Ok(())
}

/// Has new files be as the system's others: what the umask takes away is taken away.
pub(crate) fn as_others(builder: &mut tempfile::Builder<'_, '_>) {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

/// What is in a directory, in order.
pub(crate) fn entries(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let listed = fs::read_dir(dir).map_err(failed("read", dir))?;
    let paths = listed.map(|entry| entry.map(|entry| entry.path()));
    let paths: BTreeSet<PathBuf> = paths
        .collect::<Result<_, _>>()
        .map_err(failed("read", dir))?;
    Ok(paths.into_iter().collect())
}

/// Deletes a file that may be gone.
pub(crate) fn delete(file: &Path) -> Result<(), Failure> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed("delete", file)(error)),
        _ => Ok(()),
    }
}

/// Deletes a folder with all that is in it. What somebody puts into it meanwhile is deleted too.
pub(crate) fn delete_all(folder: &Path) -> Result<(), Failure> {
    const ATTEMPTS: u32 = 20;
    for _ in 1..ATTEMPTS {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                thread::sleep(Duration::from_millis(50));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => return other.map_err(failed("delete", folder)),
        }
    }
    fs::remove_dir_all(folder).map_err(failed("delete", folder))
}

/// Waits until a file, or what a directory lists, is on the disk.
pub(crate) fn sync(path: &Path) -> Result<(), Failure> {
    let file = File::open(path).map_err(failed("open", path))?;
    file.sync_all().map_err(failed("write", path))
}

/// What to say when something cannot be done with a file or a directory.
pub(crate) fn failed(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Failure {
    let path = path.to_owned();
    move |source| Failure::File {
        doing,
        path: path.clone(),
        source,
    }
}
