//! What a store or a cache holds, as a file tells it.

use std::path::Path;

use cache_policy::{Holding, Holdings};
use drv_graph::{Format, PathInfo, StorePath, dry_run, dump_db, narinfo, path_info};

use super::{content, data_failure, narinfo_file};
use crate::failure::Failure;
use crate::progress::Progress;

/// Reads path-info JSON of any version, a narinfo, a dump of a store's database, what a dry run
/// would fetch, or a plain list of store paths.
pub(crate) fn read(file: &Path, progress: &Progress) -> Result<Holdings, Failure> {
    let bytes = content::read(file, progress)?;
    let failed = |e| data_failure(file, &e);
    match Format::detect(&bytes) {
        Some(Format::PathInfoJson) => {
            let infos = path_info::read(&bytes).map_err(failed)?;
            Ok(infos.valid.into_iter().map(holding).collect())
        }
        Some(Format::NarInfo) => {
            let info = narinfo::read(&bytes).map_err(failed)?.info;
            Ok([holding(info)].into_iter().collect())
        }
        Some(Format::DumpDb) => {
            let infos = dump_db::read(&bytes).map_err(failed)?;
            Ok(infos.into_iter().map(holding).collect())
        }
        Some(Format::DryRun) => {
            let run = dry_run::read(&bytes).map_err(failed)?;
            Ok(run.fetch.into_iter().collect())
        }
        // What path-info prints where there is nothing.
        Some(Format::DerivationJson) if is_empty_path_info(&bytes) => Ok(Holdings::default()),
        Some(other) => Err(Failure::Data {
            file: content::shown(file),
            place: None,
            code: "no-holdings",
            message: format!("this is {other}, which does not say what is held"),
            hint: Some(
                "give path-info JSON, a list of store paths, or a dry run's text".to_owned(),
            ),
        }),
        None => list(content::as_text(&bytes, file)?, file),
    }
}

fn is_empty_path_info(bytes: &[u8]) -> bool {
    let read = path_info::read(bytes);
    read.is_ok_and(|infos| infos.valid.is_empty() && infos.invalid.is_empty())
}

/// Reads every narinfo of a directory, whatever it is called.
pub(crate) fn read_dir(dir: &Path) -> Result<Holdings, Failure> {
    let found = narinfo_file::read_dir(dir)?;
    let misnamed = found.misnamed.into_iter().map(|(_, info)| info);
    let all = misnamed.chain(found.served.into_values());
    Ok(all.map(|info| holding(info.info)).collect())
}

/// A path-info entry as a holding.
pub(crate) fn holding(info: PathInfo) -> (StorePath, Holding) {
    let holding = Holding {
        references: Some(info.references),
        nar_size: Some(info.nar_size),
        file_size: info.download_size,
    };
    (info.path, holding)
}

/// One store path a line; blank lines and `#` comments are left out.
fn list(text: &str, file: &Path) -> Result<Holdings, Failure> {
    let mut paths = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let word = line.split('#').next().unwrap_or_default().trim();
        if word.is_empty() {
            continue;
        }
        let path = StorePath::parse(word).map_err(|error| Failure::Data {
            file: content::shown(file),
            place: Some(format!("line {number}")),
            code: "bad-path",
            message: format!("{word:?} is not a store path: {error}"),
            hint: Some("one store path a line".to_owned()),
        })?;
        paths.push(path);
    }
    if paths.is_empty() {
        return Err(Failure::Data {
            file: content::shown(file),
            place: None,
            code: "empty-list",
            message: "no store path is listed".to_owned(),
            hint: Some("leave the file out if nothing is available".to_owned()),
        });
    }
    Ok(paths.into_iter().collect())
}
