//! The bundled example, and copies of it that are edited.

use std::fs;
use std::path::Path;

/// Its folder.
pub(crate) const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

/// A copy that goes away with what is returned.
pub(crate) fn copy_of_example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy(Path::new(EXAMPLE), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it is there").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it can be copied");
        }
    }
}

/// Replaces texts of a file, each of which must be there.
pub(crate) fn replace(folder: &Path, file: &str, changes: &[(&str, &str)]) {
    let path = folder.join(file);
    let mut text = fs::read_to_string(&path).expect("it can be read");
    for (from, to) in changes {
        assert!(text.contains(from), "{file} has no {from}");
        text = text.replace(from, to);
    }
    fs::write(path, text).expect("it can be written");
}
