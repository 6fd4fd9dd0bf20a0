//! Flags that `hmtool cache plan` and `hmtool cache hits` have.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::Config;
use crate::failure::Failure;
use crate::workspace::args::{CacheArgs, EvaluationArgs, HistoryArgs};

/// Which machines share a cache, and what is known of them.
#[derive(Args, Debug)]
pub(crate) struct SharingArgs {
    /// A directory with hmtool.toml, or below one
    #[arg(value_name = "DIR")]
    pub(crate) target: Option<PathBuf>,

    /// Let Nix evaluate the machines' installables instead of reading their captured graphs
    #[arg(long, help_heading = "Machines")]
    pub(crate) evaluate: bool,

    #[command(flatten)]
    pub(crate) evaluation: EvaluationArgs,

    /// Leave out the hmtool.toml of this directory and of those above it
    #[arg(long, help_heading = "Machines")]
    pub(crate) no_config: bool,

    #[command(flatten)]
    pub(crate) caches: CacheArgs,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,
}

impl SharingArgs {
    /// The `hmtool.toml` that is meant, if there is one.
    pub(super) fn config(&self) -> Result<Option<Config>, Failure> {
        let dir = self.target.as_deref().unwrap_or(Path::new("."));
        if !dir.is_dir() {
            return Err(Failure::Usage {
                message: format!("{} is no directory", dir.display()),
                hint: "give the directory of hmtool.toml, or leave it out".to_owned(),
            });
        }
        if self.no_config {
            return Ok(None);
        }
        Config::find(dir)
            .map(|file| Config::read(&file))
            .transpose()
    }
}

/// The machines that fill the cache: those that are named, `[cache]`'s, or the default one.
pub(super) fn producers(named: &[String], config: Option<&Config>) -> Result<Vec<String>, Failure> {
    let own = config.and_then(|config| config.cache.as_ref());
    let configured = own.and_then(|own| own.producers.clone());
    let default = || config.and_then(|config| config.default_machine.clone());
    let found = match named {
        [] => configured.or_else(|| default().map(|machine| vec![machine])),
        named => Some(named.to_vec()),
    };
    let found = found.filter(|machines| !machines.is_empty());
    found.ok_or_else(|| Failure::Usage {
        message: "nothing says which machine fills the cache".to_owned(),
        hint: "give --producer GRAPH, or `producers` in [cache] of hmtool.toml".to_owned(),
    })
}

/// The machines that take from the cache: those that are named, `[cache]`'s, or all that do not
/// fill it.
pub(super) fn consumers(
    named: &[String],
    producers: &[String],
    config: Option<&Config>,
) -> Result<Vec<String>, Failure> {
    let own = config.and_then(|config| config.cache.as_ref());
    let configured = own.and_then(|own| own.consumers.clone());
    let others = || {
        let machines = config.iter().flat_map(|config| config.machines.keys());
        let others = machines.filter(|name| !producers.contains(name));
        others.cloned().collect()
    };
    let found: Vec<String> = match named {
        [] => configured.unwrap_or_else(others),
        named => named.to_vec(),
    };
    if found.is_empty() {
        return Err(Failure::Usage {
            message: "nothing says which machine takes from the cache".to_owned(),
            hint: "give --consumer GRAPH, or `consumers` in [cache] of hmtool.toml".to_owned(),
        });
    }
    Ok(found)
}
