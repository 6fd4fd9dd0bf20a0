//! The local store and the caches.

use std::path::PathBuf;

use cache_policy::{Holdings, Inventory, Source};
use drv_graph::StorePath;

use super::Workspace;
use super::args::CacheArgs;
use super::source::{self, Input};
use crate::caches::{NarinfoSource, Store};
use crate::config::{CacheSource, Config};
use crate::failure::Failure;
use crate::input;
use crate::nix;
use crate::progress::Progress;

/// What `--available` lists, then `--cache`, then the caches of `hmtool.toml`; of these, servers are
/// asked where that is wanted or Nix evaluates anyway.
pub(crate) fn stores(
    args: &CacheArgs,
    config: Option<&Config>,
    is_evaluated: bool,
    progress: &Progress,
) -> Result<Vec<Store>, Failure> {
    let mut stores = Vec::new();
    for file in &args.available {
        stores.push(Store {
            source: Source::local(input::content::shown(file)),
            holdings: input::holdings::read(file, progress)?,
            ask: None,
        });
    }
    let flags = args
        .cache
        .iter()
        .map(|text| Ok((text.clone(), cache_source("--cache", text)?, true)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let configured = config.iter().flat_map(|config| &config.caches);
    let configured = configured.map(|cache| {
        (
            cache.name.clone(),
            cache.source.clone(),
            args.online || is_evaluated,
        )
    });
    for (name, source, ask_servers) in flags.into_iter().chain(configured) {
        let (holdings, ask) = match source {
            CacheSource::Url(url) if ask_servers => (
                Holdings::default(),
                Some(NarinfoSource::http(&url, args.cache_timeout)),
            ),
            CacheSource::Url(url) => {
                tracing::info!(url, "not asked: give --online");
                continue;
            }
            CacheSource::Dir(dir) => (Holdings::default(), Some(NarinfoSource::Dir(dir))),
            CacheSource::PathInfo(file) | CacheSource::List(file) => {
                (input::holdings::read(&file, progress)?, None)
            }
        };
        stores.push(Store {
            source: Source::cache(name),
            holdings,
            ask,
        });
    }
    Ok(stores)
}

/// The cache that a flag names.
pub(crate) fn cache_source(flag: &str, text: &str) -> Result<CacheSource, Failure> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(CacheSource::Url(text.to_owned()));
    }
    if let Some(path) = text.strip_prefix("file://") {
        // What follows says how to write to it, e.g. `?compression=zstd`.
        let path = path.split('?').next().unwrap_or_default();
        return Ok(CacheSource::Dir(PathBuf::from(path)));
    }
    let path = PathBuf::from(text);
    if path.is_dir() {
        return Ok(CacheSource::Dir(path));
    }
    if let Some((scheme, _)) = text.split_once("://")
        && !path.exists()
    {
        return Err(Failure::Usage {
            message: format!("{flag} {text}: {scheme}:// is not understood"),
            hint: "https://, http:// and file:// are, and directories and files".to_owned(),
        });
    }
    Ok(CacheSource::PathInfo(path))
}

/// What is to be had of what was read: all stores, once they were asked.
pub(crate) fn held(
    workspace: &Workspace,
    caches: &CacheArgs,
    source: &source::Source,
    input: &Input,
    progress: &Progress,
) -> Result<Inventory, Failure> {
    let config = workspace.config.as_ref();
    let mut all = stores(caches, config, source.is_evaluated(), progress)?;
    all.extend(local_store(source, input, progress)?);
    crate::caches::inventory(&input.graph, &input.roots, all, progress)
}

/// What is valid in this machine's store, when the plan is for this machine: it was evaluated
/// here.
pub(crate) fn local_store(
    source: &source::Source,
    input: &Input,
    progress: &Progress,
) -> Result<Option<Store>, Failure> {
    if !source.is_evaluated() {
        return Ok(None);
    }
    let mut outputs: Vec<StorePath> = input
        .graph
        .closure(&input.root_derivations())
        .into_iter()
        .flat_map(|id| input.graph[id].outputs())
        .filter_map(|output| output.path.clone())
        .collect();
    outputs.sort();
    outputs.dedup();
    let valid = nix::valid(&outputs, source.evaluation.limit, progress)?;
    Ok(Some(Store {
        source: Source::local("the local store"),
        // What is valid has its closure: Nix keeps that so.
        holdings: valid.into_iter().collect(),
        ask: None,
    }))
}
