//! What a plan is made from, read from files and standard input.

pub(crate) mod attributes;
pub(crate) mod content;
pub(crate) mod graph;
pub(crate) mod holdings;
pub(crate) mod machine;
pub(crate) mod narinfo_file;
pub(crate) mod profile;
pub(crate) mod roots;
pub(crate) mod store_object;

use std::path::Path;

use crate::failure::Failure;

/// A drv-graph error in a file, with its place and way out.
pub(crate) fn data_failure(file: &Path, error: &drv_graph::Error) -> Failure {
    Failure::Data {
        file: content::shown(file),
        // The library's messages name the place themselves.
        place: None,
        code: error.code(),
        message: error.to_string(),
        hint: error.hint().map(str::to_owned),
    }
}
