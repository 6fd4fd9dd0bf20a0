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
    if dir.join("traces").is_dir() {
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

/// A file's contents, unpacked where its name ends in `.gz`.
pub(crate) fn read(file: &std::path::Path) -> Vec<u8> {
    let packed = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if file.extension().is_none_or(|extension| extension != "gz") {
        return packed;
    }
    let mut contents = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut contents)
        .unwrap();
    contents
}
