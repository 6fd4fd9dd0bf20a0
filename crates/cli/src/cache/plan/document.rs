//! The plan as a document.

use std::collections::BTreeMap;

use cache_policy::model::{PathId, SizeSource};
use cache_policy::plan::{Plan, Request, WhyKept, WhyLeftOut};
use cache_policy::{CacheTier, Compression};
use drv_graph::StorePath;

use crate::cache::planning::situation::{Known, Situation};
use crate::cache::planning::{Planning, document as shared};
use crate::dto::cache_plan::{
    CachePlan, Compression as Compressed, Generation, HeldOfTier, KnownPath, PinGoal, Why,
};

/// Without consumers and gates.
pub(super) fn document(
    planning: &Planning<'_>,
    situation: &Situation,
    request: &Request<'_, StorePath>,
    plan: &Plan<StorePath>,
) -> CachePlan {
    let model = request.model;
    let key = |id: PathId| model.facts(id).key.to_string();
    let held_now = request.state.held.iter();
    let occupied_before = held_now
        .map(|path| situation.size(path).bytes.0)
        .fold(0, u64::saturating_add);
    CachePlan {
        schema: CachePlan::SCHEMA_ID,
        cache: shared::cache(planning),
        producers: planning
            .producers
            .iter()
            .map(|side| side.name.clone())
            .collect(),
        consumers: Vec::new(),
        capacity_bytes: request.budget.capacity.0,
        buffer_bytes: request.budget.buffer.0,
        limit_bytes: plan.limit.0,
        is_held_known: situation.is_held_known,
        occupied_before_bytes: occupied_before,
        occupied_bytes: plan.occupied.0,
        peak_bytes: plan.peak.0,
        saved_ms: saturated(plan.saved_millis),
        bound_ms: saturated(plan.bound_millis),
        gap: plan.gap(),
        compression: compressed(planning.compression),
        tiers: CacheTier::ALL
            .iter()
            .map(|&tier| tier_held(tier, situation, request, plan))
            .collect(),
        generations: plan
            .generations
            .iter()
            .map(|generation| Generation {
                age: generation.age,
                is_kept: generation.is_kept,
                bytes: generation.bytes.0,
            })
            .collect(),
        steps: plan.steps.iter().map(shared::step).collect(),
        pins: pins(request, plan),
        paths: paths(situation, request, plan, key),
        gates: Vec::new(),
    }
}

fn compressed(compression: Compression) -> Compressed {
    Compressed {
        method: compression.method(),
        level: compression.level(),
    }
}

fn tier_held(
    tier: CacheTier,
    situation: &Situation,
    request: &Request<'_, StorePath>,
    plan: &Plan<StorePath>,
) -> HeldOfTier {
    let mut sum = HeldOfTier {
        tier: tier.number(),
        paths: 0,
        bytes: 0,
        estimated_bytes: 0,
    };
    let facts = plan.kept.iter().map(|kept| request.model.facts(kept.id));
    for facts in facts.filter(|facts| facts.tier == tier) {
        let size = situation.size(&facts.key);
        sum.paths += 1;
        sum.bytes = sum.bytes.saturating_add(size.bytes.0);
        if size.is_estimate() {
            sum.estimated_bytes = sum.estimated_bytes.saturating_add(size.bytes.0);
        }
    }
    sum
}

/// The pins once every step is done.
fn pins(request: &Request<'_, StorePath>, plan: &Plan<StorePath>) -> Vec<PinGoal> {
    let mut state = request.state.clone();
    for step in &plan.steps {
        state.apply(step);
    }
    let pins = state.pins.into_iter().map(|(name, revisions)| PinGoal {
        name,
        revisions: revisions.iter().map(StorePath::to_string).collect(),
    });
    pins.collect()
}

fn paths(
    situation: &Situation,
    request: &Request<'_, StorePath>,
    plan: &Plan<StorePath>,
    key: impl Fn(PathId) -> String,
) -> Vec<KnownPath> {
    let kept = plan.kept.iter();
    let kept = kept.map(|kept| (kept.id, why_kept(kept.why, &key)));
    let left = plan.left_out.iter();
    let left = left.map(|left| (left.id, why_left_out(left.why)));
    let mut reasons: BTreeMap<PathId, Why> = kept.chain(left).collect();
    // Of what is upstream and matters to nobody the plan says nothing; references name it.
    for id in request.model.ids() {
        reasons.entry(id).or_insert(Why::Upstream);
    }
    let document = |(id, why): (PathId, Why)| {
        let path = &request.model.facts(id).key;
        let known: &Known = situation.paths.get(path)?;
        Some(KnownPath {
            path: path.to_string(),
            drv: known.drv.as_ref().map(StorePath::to_string),
            tier: known.tier.number(),
            bytes: known.size.bytes.0,
            size_source: match known.size.source {
                SizeSource::Cache => "told",
                SizeSource::Compression(_) => "compressed",
                _ => "assumed",
            },
            references: known.references.iter().map(StorePath::to_string).collect(),
            references_source: if known.are_references_told {
                "told"
            } else {
                "assumed"
            },
            is_upstream: known.is_upstream,
            is_held: request.state.held.contains(path),
            is_kept: plan.keeps(id),
            why,
        })
    };
    reasons.into_iter().filter_map(document).collect()
}

fn why_kept(why: WhyKept, key: impl Fn(PathId) -> String) -> Why {
    match why {
        WhyKept::TierOne => Why::TierOne,
        WhyKept::Saves(ms) => Why::Saves { ms },
        WhyKept::Generation(age) => Why::Generation { age },
        WhyKept::NeededBy(id) => Why::NeededBy { path: key(id) },
        _ => unreachable!("{why:?}"),
    }
}

fn why_left_out(why: WhyLeftOut) -> Why {
    match why {
        WhyLeftOut::Upstream => Why::Upstream,
        WhyLeftOut::Local => Why::Local,
        WhyLeftOut::NotAskedFor => Why::NotAskedFor,
        WhyLeftOut::TooLarge { closure, room } => Why::TooLarge {
            closure_bytes: closure.0,
            room_bytes: room.0,
        },
        WhyLeftOut::WorthLess { closure, room } => Why::WorthLess {
            closure_bytes: closure.0,
            room_bytes: room.0,
        },
        _ => unreachable!("{why:?}"),
    }
}

/// A sum of milliseconds that no document has digits for is more than any build.
fn saturated(millis: u128) -> u64 {
    u64::try_from(millis).unwrap_or(u64::MAX)
}
