//! Limits that an edit may be held to in CI.

use tier_planner::Millis;

use super::args::ImpactArgs;
use crate::dto::gate::Gate;

/// Every limit that was asked for, with its outcome.
pub(super) fn of(args: &ImpactArgs, rebuilds: u64, time: Millis) -> Vec<Gate> {
    let gate = |name: &str, limit: u64, value: u64| Gate {
        name: name.to_owned(),
        limit: limit as f64,
        value: value as f64,
        passed: value <= limit,
    };
    let by_count = args
        .max_rebuilds
        .map(|limit| gate("max-rebuilds", limit, rebuilds));
    let by_time = args
        .max_hours
        .map(|limit| gate("max-hours", limit.0, time.0));
    by_count.into_iter().chain(by_time).collect()
}
