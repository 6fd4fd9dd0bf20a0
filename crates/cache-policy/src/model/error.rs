//! What keeps paths and savings from making a [`Model`](super::Model).

use std::fmt;

use thiserror::Error;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Error)]
#[non_exhaustive]
pub enum ModelError<K: fmt::Debug + fmt::Display> {
    /// A path is given twice, and differs.
    #[error("{0} is given more than once, with different facts")]
    Conflict(K),
    /// A path refers to one that is not there.
    #[error("{of} refers to {reference}, of which nothing is known")]
    DanglingReference {
        /// What refers.
        of: K,
        /// What is missing.
        reference: K,
    },
    /// Paths that refer to each other: each to the next, and the last to the first. They start with
    /// the smallest.
    #[error("these refer to each other in a circle: {}", list(.0))]
    Cycle(Vec<K>),
    /// Nobody says how large a path is.
    #[error("nothing says how large {0} is")]
    NoSize(K),
    /// A path takes up nothing, which no NAR does.
    #[error("{0} is said to have 0 bytes, and even an empty file has a NAR of more")]
    ZeroSize(K),
    /// Two paths are of different stores.
    #[error("{one} and {other} are in different store directories")]
    StoreDirs {
        /// The first path.
        one: K,
        /// The first of another directory.
        other: K,
    },
    /// A saving needs a path that is not there.
    #[error("something is saved by having {0}, of which nothing is known")]
    UnknownNeed(K),
    /// A cost or a demand that is negative, infinite or not a number.
    #[error("{number} is not a cost or a demand{}", of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default())]
    BadCost {
        /// The first path that is needed; `None` where none is.
        of: Option<K>,
        /// The number as text.
        number: String,
    },
}

impl<K: fmt::Debug + fmt::Display> ModelError<K> {
    /// A stable name of the kind of error, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "conflicting-paths",
            Self::DanglingReference { .. } => "dangling-reference",
            Self::Cycle(_) => "reference-cycle",
            Self::NoSize(_) => "no-size",
            Self::ZeroSize(_) => "zero-size",
            Self::StoreDirs { .. } => "store-directories",
            Self::UnknownNeed(_) => "unknown-path",
            Self::BadCost { .. } => "bad-cost",
        }
    }

    /// A way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Conflict(_) => "leave out the source that is out of date",
            Self::DanglingReference { .. } | Self::UnknownNeed(_) => {
                "give the whole closure: `nix path-info --json --recursive`"
            }
            Self::Cycle(_) => "no store holds such paths; was the input edited or joined by hand?",
            Self::NoSize(_) | Self::ZeroSize(_) => {
                "give what `nix path-info --json` says of it, or a size to assume"
            }
            Self::StoreDirs { .. } => "plan each store's paths for a cache of their own",
            Self::BadCost { .. } => "costs and demands are numbers from 0 up",
        }
    }
}

/// Everything that is wrong, at least one thing; sorted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", lines(.0))]
pub struct ModelErrors<K: fmt::Debug + fmt::Display>(pub Vec<ModelError<K>>);

/// How many errors, or paths of a circle, a message names; the values have them all.
const NAMED: usize = 8;

fn list<K: fmt::Display>(keys: &[K]) -> String {
    some(keys, " → ")
}

fn lines<K: fmt::Debug + fmt::Display>(errors: &[ModelError<K>]) -> String {
    some(errors, "; ")
}

fn some<T: fmt::Display>(all: &[T], between: &str) -> String {
    let named: Vec<String> = all.iter().take(NAMED).map(T::to_string).collect();
    let named = named.join(between);
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}{between}and {more} more"),
    }
}
