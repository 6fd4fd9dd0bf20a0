//! The cache that is meant: the one that is named, else the directory of `[cache]`.

use std::path::{Path, PathBuf};

use cache_policy::plan::Budget;

use super::VerifyArgs;
use crate::cache::directory::Directory;
use crate::config::{self, Cache, CacheKind, Config};
use crate::failure::Failure;
use crate::public_key::PublicKeys;

/// A cache, and what may be said of it in `hmtool.toml`.
pub(super) struct Subject {
    pub(super) directory: Directory,
    /// What it has room for, where anybody said.
    pub(super) budget: Option<Budget>,
    /// The caches beside it.
    pub(super) others: Vec<Cache>,
    /// Whose signatures are taken; nobody checks any where there is none.
    pub(super) keys: PublicKeys,
}

impl Subject {
    pub(super) fn new(args: &VerifyArgs) -> Result<Self, Failure> {
        let workspace = match args.cache.as_deref() {
            None => Some(PathBuf::from(".")),
            Some(text) => Some(PathBuf::from(text)).filter(|dir| is_workspace(dir)),
        };
        match (workspace, &args.cache) {
            (None, Some(text)) => Self::named(text, args),
            (dir, _) => Self::configured(&dir.unwrap_or_default(), args),
        }
    }

    fn named(text: &str, args: &VerifyArgs) -> Result<Self, Failure> {
        let budget = |capacity| Budget {
            capacity,
            buffer: args.buffer.unwrap_or_default(),
        };
        Ok(Self {
            directory: Directory::named(text)?,
            budget: checked(args.capacity.map(budget), args)?,
            others: Vec::new(),
            keys: keys(args)?,
        })
    }

    /// As `hmtool cache plan` takes it.
    fn configured(dir: &Path, args: &VerifyArgs) -> Result<Self, Failure> {
        let config = Config::find(dir).map(|file| Config::read(&file));
        let config = config.transpose()?;
        let (file, own, others) = match config {
            Some(Config {
                file,
                cache: Some(own),
                caches,
                ..
            }) => (file, own, caches),
            other => {
                let of = other.map_or_else(
                    || "nothing says which cache is meant".to_owned(),
                    |config| format!("{} has no [cache]", config.file.display()),
                );
                return Err(Failure::Usage {
                    message: of,
                    hint: "give its directory, or `kind = \"file\"` and `dir` in [cache] of hmtool.toml"
                        .to_owned(),
                });
            }
        };
        let CacheKind::File(place) = own.kind else {
            return Err(Failure::Usage {
                message: format!(
                    "{}: the cache {} is at Cachix, which nobody can ask for all that it holds",
                    file.display(),
                    own.name
                ),
                hint: "name a directory that is a cache; `hmtool cache plan --online` asks Cachix \
                       for what the machines need"
                    .to_owned(),
            });
        };
        // A buffer is a part of the capacity that it was given with.
        let buffer = own.buffer.filter(|_| args.capacity.is_none());
        let capacity = args.capacity.or(own.capacity);
        let budget = capacity.map(|capacity| config::budget(capacity, args.buffer.or(buffer)));
        let named = keys(args)?;
        Ok(Self {
            keys: if named.is_empty() {
                own.trusted_public_keys
            } else {
                named
            },
            directory: Directory::at(place),
            budget: checked(budget, args)?,
            others,
        })
    }
}

/// Whether a directory is one of a configuration and no cache itself.
fn is_workspace(dir: &Path) -> bool {
    dir.join(config::FILE_NAME).is_file() && !dir.join("nix-cache-info").exists()
}

/// The keys on the command line, each by itself or several with spaces between them, as Nix's
/// configuration has them.
fn keys(args: &VerifyArgs) -> Result<PublicKeys, Failure> {
    let mut keys = PublicKeys::default();
    let named = args.trusted_public_keys.iter();
    for text in named.flat_map(|text| text.split_whitespace()) {
        keys.add(text).map_err(|problem| Failure::Usage {
            message: format!("--trusted-public-keys {text}: {problem}"),
            hint: "give the text that `nix key convert-secret-to-public` prints, e.g. \
                   cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="
                .to_owned(),
        })?;
    }
    Ok(keys)
}

fn checked(budget: Option<Budget>, args: &VerifyArgs) -> Result<Option<Budget>, Failure> {
    match budget {
        None if args.buffer.is_some() => Err(Failure::Usage {
            message: "a buffer is a part of a capacity, and nothing says how large the cache is"
                .to_owned(),
            hint: "give --capacity SIZE too".to_owned(),
        }),
        Some(Budget { capacity, buffer }) if buffer > capacity => Err(Failure::Usage {
            message: format!("a buffer of {buffer} is more than the capacity of {capacity}"),
            hint: "lower --buffer, or raise --capacity".to_owned(),
        }),
        budget => Ok(budget),
    }
}
