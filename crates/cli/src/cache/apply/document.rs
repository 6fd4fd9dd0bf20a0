//! What was done, as a document.

use drv_graph::StorePath;

use super::cachix::Orders;
use super::restoring::Restorable;
use super::rounds::{Done, Refusal};
use crate::cache::planning::{Planning, document as shared};
use crate::dto::cache_application::{CacheApplication, Command, Evicted, Unbuilt};

/// Of a cache in a directory.
pub(super) fn of_directory(planning: &Planning<'_>, done: &Done) -> CacheApplication {
    let (missing, lost) = match &done.refusal {
        None => (Vec::new(), Vec::new()),
        Some(Refusal::Unbuilt(paths)) => (unbuilt(paths), Vec::new()),
        Some(Refusal::Unrestorable(paths)) => {
            (Vec::new(), paths.iter().map(ToString::to_string).collect())
        }
    };
    let evicted = done.evicted.iter().map(|(path, bytes, from)| Evicted {
        path: path.to_string(),
        bytes: bytes.0,
        restored_from: match from {
            Restorable::Upstream => Some("upstream"),
            Restorable::Store => Some("store"),
            Restorable::Build => Some("build"),
            Restorable::Nowhere => None,
        },
    });
    CacheApplication {
        is_carried_out: done.refusal.is_none(),
        rounds: done.rounds,
        occupied_before_bytes: done.before.0,
        occupied_bytes: done.after.0,
        steps: done.steps.iter().map(shared::step).collect(),
        evicted: evicted.collect(),
        unbuilt: missing,
        unrestorable: lost,
        ..empty(planning)
    }
}

/// Of a cache at Cachix, whose commands were run or not.
pub(super) fn of_cachix(planning: &Planning<'_>, orders: &Orders, run: bool) -> CacheApplication {
    let steps = &orders.plan.steps;
    let command = |argv: &[String]| Command {
        argv: argv.to_vec(),
    };
    CacheApplication {
        is_carried_out: run && orders.unbuilt.is_empty(),
        rounds: u32::from(!steps.is_empty()),
        occupied_before_bytes: orders.before.0,
        occupied_bytes: orders.plan.occupied.0,
        steps: steps.iter().map(shared::step).collect(),
        commands: orders.commands.iter().map(|it| command(&it.argv)).collect(),
        left: orders.left.iter().map(shared::step).collect(),
        unbuilt: unbuilt(&orders.unbuilt),
        ..empty(planning)
    }
}

fn empty(planning: &Planning<'_>) -> CacheApplication {
    CacheApplication {
        schema: CacheApplication::SCHEMA_ID,
        cache: shared::cache(planning),
        is_carried_out: false,
        rounds: 0,
        limit_bytes: planning.budget.limit().unwrap_or_default().0,
        occupied_before_bytes: 0,
        occupied_bytes: 0,
        steps: Vec::new(),
        evicted: Vec::new(),
        commands: Vec::new(),
        left: Vec::new(),
        unbuilt: Vec::new(),
        unrestorable: Vec::new(),
    }
}

fn unbuilt(paths: &[(StorePath, Option<StorePath>)]) -> Vec<Unbuilt> {
    paths
        .iter()
        .map(|(path, drv)| Unbuilt {
            path: path.to_string(),
            drv: drv.as_ref().map(ToString::to_string),
        })
        .collect()
}
