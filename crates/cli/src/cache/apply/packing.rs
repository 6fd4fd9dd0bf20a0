//! Packing paths with the real Nix, each by itself, where the cache can take them from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use cache_policy::{Compression, Holdings};
use drv_graph::StorePath;
use tier_planner::Millis;

use super::own_directory::{OwnDirectory, Staged, narinfo_name};
use crate::durable::failed;
use crate::failure::Failure;
use crate::input::content;
use crate::nix;
use crate::progress::Progress;

/// The hash of nothing.
const EMPTY: &str = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";

/// How paths are packed.
pub(super) struct Packing<'a> {
    pub(super) compression: Compression,
    /// The key by which they are signed.
    pub(super) secret_key: Option<&'a Path>,
    /// One call of Nix may take so long.
    pub(super) limit: Millis,
    /// What the store says of each.
    pub(super) told: &'a Holdings,
}

impl Packing<'_> {
    /// Packs `paths` into the staging folder of `own`.
    ///
    /// Nix refuses to put a path where its references are not. So these get a narinfo there that
    /// stands for them, without anything behind it; whether they really are in the cache is what a
    /// plan's order sees to.
    pub(super) fn pack(
        &self,
        paths: &[StorePath],
        own: &OwnDirectory,
        progress: &Progress,
    ) -> Result<BTreeMap<StorePath, Staged>, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("batch-")
            .tempdir_in(own.staging())
            .map_err(failed("make a folder in", own.staging()))?
            .keep();
        let together: BTreeSet<&StorePath> = paths.iter().collect();
        let mut references: BTreeSet<&StorePath> = BTreeSet::new();
        for path in paths {
            let told = self.told.get(path);
            let told = told.and_then(|holding| holding.references.as_deref());
            references.extend(told.unwrap_or_default());
        }
        for path in references.difference(&together) {
            let file = folder.join(narinfo_name(path));
            fs::write(&file, stand_in(path)).map_err(failed("make", &file))?;
        }
        let url = self.url(&folder)?;
        nix::pack(paths, &url, self.limit, progress)?;
        paths
            .iter()
            .map(|path| Ok((path.clone(), Staged::read(&folder, path)?)))
            .collect()
    }

    /// The folder as Nix takes it, with how to pack.
    fn url(&self, folder: &Path) -> Result<String, Failure> {
        let absolute = std::path::absolute(folder).map_err(failed("find", folder))?;
        let mut url = format!("file://{}", plain(&absolute)?);
        let _ = write!(url, "?compression={}", self.compression.method());
        if let Some(level) = self.compression.level() {
            let _ = write!(url, "&compression-level={level}");
        }
        if let Some(key) = self.secret_key {
            let absolute = std::path::absolute(key).map_err(failed("find", key))?;
            let _ = write!(url, "&secret-key={}", plain(&absolute)?);
        }
        Ok(url)
    }
}

/// # Errors
/// Nix cannot be told to pack into a directory of that name.
pub(super) fn can_be_named(dir: &Path) -> Result<(), Failure> {
    let absolute = std::path::absolute(dir).map_err(failed("find", dir))?;
    plain(&absolute).map(|_| ())
}

/// A path within a URL. Versions of Nix differ in how they read anything but these characters.
fn plain(path: &Path) -> Result<&str, Failure> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    path.to_str()
        .filter(|text| text.chars().all(is_plain))
        .ok_or_else(|| Failure::Usage {
            message: format!(
                "{} cannot be written in the URL of a cache for every Nix",
                content::shown(path)
            ),
            hint: "use a path of letters, digits and ._-+ only".to_owned(),
        })
}

/// A narinfo that only says that there is such a path.
fn stand_in(path: &StorePath) -> String {
    format!(
        "StorePath: {path}\nURL: nar/none\nCompression: none\nFileHash: {EMPTY}\nFileSize: 1\n\
         NarHash: {EMPTY}\nNarSize: 1\nReferences: \n"
    )
}
