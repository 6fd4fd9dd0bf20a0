//! Writing a file so that it is either as before or as it shall be, whatever happens.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::durable;
use crate::failure::Failure;

/// Replaces the content of the file at `path`, which was `before`, with `after`.
///
/// What a symbolic link points to is replaced, not the link. The new file has the permissions of
/// the old one. Refuses if the file is not `before` any more.
pub(crate) fn file(path: &Path, before: &str, after: &str) -> Result<(), Failure> {
    let failed = |doing| durable::failed(doing, path);
    let target = fs::canonicalize(path).map_err(failed("find"))?;
    let metadata = fs::metadata(&target).map_err(failed("read"))?;
    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut new = tempfile::Builder::new()
        .prefix(".hmtool-")
        .suffix(".nix")
        .tempfile_in(folder)
        .map_err(failed("write beside"))?;
    new.write_all(after.as_bytes()).map_err(failed("write"))?;
    new.as_file()
        .set_permissions(metadata.permissions())
        .map_err(failed("set the permissions of"))?;
    new.as_file().sync_all().map_err(failed("write"))?;
    if fs::read(&target).map_err(failed("read"))? != before.as_bytes() {
        return Err(Failure::Usage {
            message: format!("{} has been changed meanwhile", path.display()),
            hint: "run the command again".to_owned(),
        });
    }
    new.persist(&target)
        .map_err(|error| failed("replace")(error.error))?;
    Ok(())
}

/// Makes the file at `path` with that content. Refuses if there is one already.
pub(crate) fn create(path: &Path, content: &str) -> Result<(), Failure> {
    let failed = |doing| durable::failed(doing, path);
    let folder = path.parent().filter(|it| *it != Path::new(""));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".hmtool-").suffix(".nix");
    durable::as_others(&mut builder);
    let mut new = builder
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(failed("write beside"))?;
    new.write_all(content.as_bytes()).map_err(failed("write"))?;
    new.as_file().sync_all().map_err(failed("write"))?;
    new.persist_noclobber(path)
        .map_err(|error| failed("make")(error.error))?;
    Ok(())
}
