//! What a cache has pinned: a file of names, each with the paths of its revisions.
//!
//! No cache tells this itself. It is a JSON object of lists of store paths, the newest revision
//! first: `{"glibc": ["/nix/store/…-glibc-2.40", "/nix/store/…-glibc-2.39"]}`.

use std::collections::BTreeMap;
use std::path::Path;

use drv_graph::StorePath;

use crate::failure::Failure;
use crate::input::content;
use crate::progress::Progress;

/// Its name in the directory of a cache that belongs to `hmtool`.
pub(super) const FILE_NAME: &str = "hmtool-pins.json";

/// Reads such a file.
pub(super) fn read(
    file: &Path,
    progress: &Progress,
) -> Result<BTreeMap<String, Vec<StorePath>>, Failure> {
    let bytes = content::read(file, progress)?;
    let failed = |message: String| Failure::Data {
        file: content::shown(file),
        place: None,
        code: "bad-pins",
        message,
        hint: Some(
            "it is a JSON object: to each name a list of store paths, the newest first".to_owned(),
        ),
    };
    let names: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    let mut pins = BTreeMap::new();
    for (name, revisions) in names {
        let mut paths = Vec::new();
        for text in revisions {
            let path = StorePath::parse(&text).map_err(|error| {
                failed(format!("pin {name}: {text:?} is not a store path: {error}"))
            })?;
            paths.push(path);
        }
        pins.insert(name, paths);
    }
    Ok(pins)
}

/// The file of such pins.
pub(super) fn text(pins: &BTreeMap<String, Vec<StorePath>>) -> Result<String, Failure> {
    let names: BTreeMap<&str, Vec<&str>> = pins
        .iter()
        .map(|(name, paths)| (&**name, paths.iter().map(StorePath::as_str).collect()))
        .collect();
    let text = serde_json::to_string_pretty(&names);
    text.map(|text| text + "\n")
        .map_err(|error| Failure::Output(error.into()))
}
