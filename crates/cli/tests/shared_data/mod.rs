//! The real graphs beside the checkout.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder with the data in which `graphs/FILE` is, or `None`, loudly, where it is not there and not
/// required.
pub(crate) fn with_graph(test: &str, file: &str) -> Option<PathBuf> {
    let data = std::env::var_os("HMTOOL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if data.join("graphs").join(file).exists() {
        return Some(data);
    }
    let required = std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_some_and(|value| value == "1");
    assert!(!required, "{test}: no graphs/{file} in {}", data.display());
    // Past the harness, which hides what passing tests print.
    let _ = writeln!(
        std::io::stderr(),
        "left out: {test}: needs {} (set HMTOOL_DATA)",
        data.display()
    );
    None
}
