//! Why there is no plan.

use std::fmt;

use drv_graph::Bytes;
use thiserror::Error;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError<K: fmt::Debug + fmt::Display> {
    /// More is to stay free than there is.
    #[error("a buffer of {buffer} is more than the capacity of {capacity}")]
    Buffer {
        /// What there is.
        capacity: Bytes,
        /// What is to stay free.
        buffer: Bytes,
    },
    /// The cache holds, or is to pin, a path that is not in the model.
    #[error("{0} is held or to be pinned, and nothing is known of it")]
    Unknown(K),
    /// What must always be held does not fit.
    #[error(
        "tier 1 does not fit: {} with all they refer to take up {total}, and at most {limit} may be \
         held; the largest are {}",
        count(closure.len()),
        largest(closure)
    )]
    TierOne {
        /// All paths of tier 1 with what they refer to, the largest first.
        closure: Vec<Contributor<K>>,
        /// What they take up together; saturates.
        total: Bytes,
        /// What may be held.
        limit: Bytes,
    },
}

/// A path and what it adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contributor<K> {
    /// The path.
    pub key: K,
    /// Its size.
    pub bytes: Bytes,
    /// Whether it is of tier 1 itself, and not only referred to.
    pub is_tier_one: bool,
}

impl<K: fmt::Debug + fmt::Display> PlanError<K> {
    /// A stable name of the kind of error, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Buffer { .. } => "buffer-above-capacity",
            Self::Unknown(_) => "unknown-path",
            Self::TierOne { .. } => "tier-one-does-not-fit",
        }
    }

    /// A way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Buffer { .. } => "lower the buffer, or say how large the cache is",
            Self::Unknown(_) => "give what the cache itself says of what it holds",
            Self::TierOne { .. } => {
                "put the largest into tier 2, compress them more, or get more room"
            }
        }
    }
}

/// How many of the largest a message names; the value has them all.
const NAMED: usize = 5;

fn count(n: usize) -> String {
    format!("{n} path{}", if n == 1 { "" } else { "s" })
}

fn largest<K: fmt::Display>(closure: &[Contributor<K>]) -> String {
    let named = closure.iter().take(NAMED);
    let named: Vec<String> = named.map(|c| format!("{} ({})", c.key, c.bytes)).collect();
    named.join(", ")
}
