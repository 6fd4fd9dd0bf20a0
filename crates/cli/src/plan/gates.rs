//! Limits that a plan may be held to in CI.

use crate::args::PlanArgs;
use crate::dto::plan::{Gate, Plan};

/// Every limit that was asked for, with its outcome.
pub(super) fn of(args: &PlanArgs, plan: &Plan) -> Vec<Gate> {
    let mut gates = Vec::new();
    let mut gate = |name: &str, limit: f64, value: f64, passed: bool| {
        gates.push(Gate {
            name: name.to_owned(),
            limit,
            value,
            passed,
        });
    };
    if let Some(limit) = args.max_build_time {
        let length = plan.schedule.length_ms;
        gate(
            "max-build-time",
            limit.0 as f64,
            length as f64,
            // How long it takes with the builds that are left out nobody knows.
            length <= limit.0 && plan.schedule.left_out.is_empty(),
        );
    }
    if let Some(limit) = args.max_builds {
        let builds = plan.work.build;
        gate("max-builds", limit as f64, builds as f64, builds <= limit);
    }
    if let Some(limit) = args.min_hit_rate {
        // Where nothing is wanted nothing is missing.
        let rate = plan.work.hit_rate.unwrap_or(1.0);
        gate("min-hit-rate", limit, rate, rate >= limit);
    }
    gates
}
