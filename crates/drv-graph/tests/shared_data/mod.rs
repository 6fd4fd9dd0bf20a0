//! Real inputs that are too large, or not ours, to be in the project.

use std::io::{Read, Write};
use std::path::PathBuf;

/// The data directory, or `None` with a line that says which test was left out. Where the
/// oracles are required, it must be there.
pub(crate) fn dir(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("HMTOOL_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    if dir.join("graphs").is_dir() {
        return Some(dir);
    }
    assert!(
        std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
        "{test} needs the shared data, and {} is not there",
        dir.display()
    );
    // Not `eprintln!`, which the test harness would swallow.
    let line = format!("left out: {test}: needs the shared data (HMTOOL_DATA)\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

/// A gzip file's contents.
pub(crate) fn gunzip(path: &std::path::Path) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut contents = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut contents)
        .unwrap();
    contents
}
