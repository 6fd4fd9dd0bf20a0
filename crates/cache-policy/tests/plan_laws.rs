//! What holds for every plan.

use cache_policy::CacheTier;
use cache_policy::model::{FileSize, Model, PathId, Saving};
use cache_policy::plan::strategies::{Situation, situation};
use cache_policy::plan::{Plan, PlanError, Step, plan, verify};
use drv_graph::Bytes;
use proptest::prelude::*;

/// What the consumers save when `kept` is held, tier 3 for itself left out, as the plan counts it.
fn worth(situation: &Situation, kept: &[bool], tier_one: &[bool]) -> u128 {
    let facts = |key: u32| &situation.paths[key as usize];
    let counts = |saving: &&Saving<u32>| {
        let open = |key: &u32| !tier_one[*key as usize] && !facts(*key).is_upstream;
        let is_local = |key: &u32| open(key) && facts(*key).tier == CacheTier::Local;
        saving.needs.iter().any(|key| !facts(*key).is_upstream)
            && saving
                .needs
                .iter()
                .all(|key| kept[*key as usize] || facts(*key).is_upstream)
            && !saving.needs.iter().any(is_local)
    };
    let saved = situation.savings.iter().filter(counts);
    saved
        .map(|s| (s.rebuild_seconds * s.demand * 1_000.0).round() as u128)
        .sum()
}

/// The most that any closed set with tier 1 saves within the limit, by trying all.
fn oracle(situation: &Situation) -> Option<u128> {
    let (model, limit) = (&situation.model, situation.budget.limit()?);
    let n = model.len();
    let of_tier_one = |id: &PathId| model.facts(*id).tier == CacheTier::Always;
    let mut tier_one = vec![false; n];
    for id in model.closure(model.ids().filter(of_tier_one)) {
        tier_one[id.index()] = true;
    }
    let sets = (0..1_u32 << n).map(|set| (0..n).map(|i| set >> i & 1 == 1).collect());
    let fits = |kept: &Vec<bool>| {
        let ids: Vec<PathId> = model.ids().filter(|id| kept[id.index()]).collect();
        let size: u128 = ids.iter().map(|id| u128::from(model.bytes(*id).0)).sum();
        size <= u128::from(limit.0)
            && ids
                .iter()
                .all(|id| model.references(*id).all(|to| kept[to.index()]))
            && ids.iter().all(|id| !model.facts(*id).is_upstream)
            && (0..n).all(|i| kept[i] || !tier_one[i])
    };
    let kept = sets.filter(fits);
    kept.map(|kept| worth(situation, &kept, &tier_one)).max()
}

fn remade(situation: &Situation) -> Situation {
    let model = Model::new(situation.paths.clone(), situation.savings.clone());
    Situation {
        model: model.expect("it was well before"),
        ..situation.clone()
    }
}

/// Applies a plan to the state.
fn applied(situation: &Situation, plan: &Plan<u32>) -> Situation {
    let mut after = situation.clone();
    for step in &plan.steps {
        after.state.apply(step);
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_obeys_every_law(situation in situation(14)) {
        let request = situation.request();
        if let Ok(plan) = plan(&request) {
            prop_assert_eq!(verify(&request, &plan), []);
        }
    }

    #[test]
    fn a_plan_is_the_best_there_is(situation in situation(9)) {
        match plan(&situation.request()) {
            Ok(plan) => {
                let best = oracle(&situation).expect("there is a plan");
                prop_assert!(plan.saved_millis <= best && best <= plan.bound_millis);
                prop_assert_eq!(plan.saved_millis, best);
            }
            Err(PlanError::TierOne { closure, total, limit }) => {
                prop_assert_eq!(oracle(&situation), None);
                prop_assert!(total > limit && !closure.is_empty());
                prop_assert!(closure.is_sorted_by(|a, b| a.bytes >= b.bytes));
            }
            Err(error) => prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn after_a_plan_nothing_is_to_be_done(situation in situation(14)) {
        if let Ok(first) = plan(&situation.request()) {
            let after = applied(&situation, &first);
            let second = plan(&after.request()).expect("it fits as before");
            prop_assert_eq!(&second.steps, &[]);
            prop_assert_eq!(second.kept, first.kept);
            prop_assert_eq!(second.peak, second.occupied);
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(situation in situation(14)) {
        let mut other = situation.clone();
        other.paths.reverse();
        other.savings.reverse();
        for path in &mut other.paths {
            path.references.reverse();
        }
        // A path that is given twice is fine where both say the same.
        other.paths.extend(situation.paths.clone());
        let other = remade(&other);
        prop_assert_eq!(&other.model, &situation.model);
        let shown = |situation: &Situation| format!("{:?}", plan(&situation.request()));
        prop_assert_eq!(shown(&other), shown(&situation));
    }

    #[test]
    fn more_room_never_saves_less(situation in situation(10), more in 0..200_u64) {
        let mut larger = situation.clone();
        larger.budget.capacity = situation.budget.capacity + Bytes(more);
        if let Ok(before) = plan(&situation.request()) {
            let after = plan(&larger.request()).expect("what fitted fits");
            prop_assert!(after.saved_millis >= before.saved_millis);
        }
    }

    #[test]
    fn what_another_cache_has_never_does_harm(situation in situation(10), path in 0..10_usize) {
        let mut helped = situation.clone();
        let path = path % helped.paths.len();
        // With all that belongs to it, as a cache serves it.
        let mut open = vec![path as u32];
        while let Some(key) = open.pop() {
            let facts = &mut helped.paths[key as usize];
            if !std::mem::replace(&mut facts.is_upstream, true) {
                open.extend(&facts.references);
            }
        }
        let helped = remade(&helped);
        if let Ok(before) = plan(&situation.request()) {
            let after = plan(&helped.request()).expect("what fitted fits");
            let saved = |situation: &Situation, plan: &Plan<u32>| {
                situation.model.upstream_millis() + plan.saved_millis
            };
            prop_assert!(saved(&helped, &after) >= saved(&situation, &before));
        }
    }

    #[test]
    fn a_spoiled_plan_is_noticed(situation in situation(14), what in any::<prop::sample::Index>()) {
        let request = situation.request();
        let Ok(whole) = plan(&request) else { return Ok(()) };
        let mut spoiled = whole.clone();
        if spoiled.steps.is_empty() {
            spoiled.saved_millis = spoiled.bound_millis + 1;
        } else {
            // Only a pin that is missing, or its removal, may leave a plan that does no harm.
            let place = what.index(spoiled.steps.len());
            let step = spoiled.steps.remove(place);
            if !matches!(step, Step::Push { .. } | Step::Evict { .. }) {
                return Ok(());
            }
        }
        prop_assert_ne!(verify(&request, &spoiled), []);
    }
}

#[test]
fn sizes_are_taken_in_full() {
    // Two that do not fit together, although their sum wraps around.
    let path = |key: u32, tier| cache_policy::model::PathFacts {
        key,
        references: Vec::new(),
        size: Some(FileSize::told(Bytes(u64::MAX - 5))),
        tier,
        is_upstream: false,
    };
    let paths = [path(0, CacheTier::Always), path(1, CacheTier::Always)];
    let model = Model::new(paths, []).expect("they are well");
    let request = cache_policy::plan::Request {
        model: &model,
        budget: cache_policy::plan::Budget {
            capacity: Bytes(u64::MAX - 1),
            buffer: Bytes(0),
        },
        pins: &[],
        revisions: 1,
        state: &cache_policy::plan::CacheState::default(),
        compression: cache_policy::Compression::NIX,
    };
    let error = plan(&request).expect_err("it does not fit");
    assert_eq!(error.code(), "tier-one-does-not-fit");
}
