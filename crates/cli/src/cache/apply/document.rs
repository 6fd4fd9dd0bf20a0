//! What was done, as a document.

use std::collections::BTreeSet;

use cache_policy::plan;
use drv_graph::StorePath;

use super::cachix::{self, Orders};
use super::restoring::Restorable;
use super::rounds::{Done, Refusal};
use crate::cache::planning::lost;
use crate::cache::planning::{Planning, document as shared};
use crate::dto::cache_application::{
    CacheApplication, Command, Evicted, LostGeneration, Stopped, Unbuilt,
};
use crate::failure::Failure;

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
        lost_generations: lost_generations(&done.lost, &done.steps),
        unbuilt: missing,
        unrestorable: lost,
        ..empty(planning)
    }
}

/// Of a cache at Cachix, whose commands were run or not.
pub(super) fn of_cachix(
    planning: &Planning<'_>,
    orders: &Orders,
    run: bool,
    done: &cachix::Done,
) -> CacheApplication {
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
        lost_generations: lost_generations(&orders.lost, &done.steps),
        unbuilt: unbuilt(&orders.unbuilt),
        ..empty(planning)
    }
}

/// Of a cache at Cachix, one of whose commands failed: those before it, and what they did.
pub(super) fn of_cachix_as_far_as(
    planning: &Planning<'_>,
    orders: &Orders,
    done: &cachix::Done,
) -> CacheApplication {
    let pushed = done.steps.iter().filter_map(|step| match step {
        plan::Step::Push { bytes, .. } => Some(bytes.0),
        _ => None,
    });
    let all = of_cachix(planning, orders, true, done);
    CacheApplication {
        occupied_bytes: pushed.fold(orders.before.0, u64::saturating_add),
        steps: done.steps.iter().map(shared::step).collect(),
        commands: all.commands.into_iter().take(done.commands).collect(),
        ..all
    }
}

/// Why not everything was done.
pub(super) fn failure(failure: &Failure) -> Stopped {
    Stopped {
        code: failure.code().to_owned(),
        message: failure.message(),
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
        lost_generations: Vec::new(),
        unbuilt: Vec::new(),
        unrestorable: Vec::new(),
        failure: None,
    }
}

fn lost_generations(
    lost: &BTreeSet<lost::LostGeneration>,
    done: &[plan::Step<StorePath>],
) -> Vec<LostGeneration> {
    let is_given_up = |lost: &lost::LostGeneration| {
        done.iter().any(|step| match step {
            plan::Step::Unpin { name, path, .. } => *name == lost.pin && *path == lost.path,
            _ => false,
        })
    };
    lost.iter()
        .map(|generation| LostGeneration {
            pin: generation.pin.clone(),
            age: generation.age,
            path: generation.path.to_string(),
            missing: generation.missing.iter().map(ToString::to_string).collect(),
            is_given_up: is_given_up(generation),
        })
        .collect()
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
