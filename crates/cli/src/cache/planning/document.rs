//! What the documents of plans and of their execution have in common.

use cache_policy::plan::{self, WhyEvicted};
use drv_graph::StorePath;

use super::Planning;
use crate::config::CacheKind;
use crate::dto::cache_plan::{Cache, Step};

/// Where the cache is.
pub(crate) fn cache(planning: &Planning<'_>) -> Cache {
    let (kind, dir) = match &planning.kind {
        CacheKind::Cachix => ("cachix", None),
        CacheKind::File(dir) => ("file", Some(dir)),
    };
    Cache {
        name: planning.name.clone(),
        kind,
        dir: dir.map(|dir| {
            let absolute = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
            absolute.display().to_string()
        }),
    }
}

/// One thing to do, or done.
pub(crate) fn step(step: &plan::Step<StorePath>) -> Step {
    match step {
        plan::Step::Push { path, bytes, .. } => Step::Push {
            path: path.to_string(),
            bytes: bytes.0,
        },
        plan::Step::Pin {
            name,
            path,
            revisions,
        } => Step::Pin {
            name: name.clone(),
            path: path.to_string(),
            revisions: *revisions,
        },
        plan::Step::Unpin {
            name,
            path,
            is_early,
        } => Step::Unpin {
            name: name.clone(),
            path: path.to_string(),
            is_early: *is_early,
        },
        plan::Step::Evict { path, bytes, why } => Step::Evict {
            path: path.to_string(),
            bytes: bytes.0,
            why: match why {
                WhyEvicted::Upstream => "upstream",
                _ => "not-wanted",
            },
        },
        _ => unreachable!("{step:?}"),
    }
}
