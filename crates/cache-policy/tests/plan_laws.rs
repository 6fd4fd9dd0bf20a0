//! What holds for every plan.

use cache_policy::CacheTier;
use cache_policy::model::{FileSize, Model, PathId};
use cache_policy::plan::strategies::{Situation, situation};
use cache_policy::plan::{Plan, PlanError, Step, plan, verify};
use drv_graph::Bytes;
use proptest::prelude::*;

/// The most that any closed set with tier 1 saves within the limit, by trying all sets: bit `i`
/// of one is path `i`. What tier 3 saves for itself does not count, as in the plan.
fn oracle(situation: &Situation) -> Option<u128> {
    let (model, limit) = (&situation.model, situation.budget.limit()?);
    let mask = |ids: &mut dyn Iterator<Item = PathId>| ids.fold(0_u32, |set, id| set | 1 << id.0);
    let of_tier_one = |id: &PathId| model.facts(*id).tier == CacheTier::Always;
    let tier_one = mask(&mut model.closure(model.ids().filter(of_tier_one)).into_iter());
    let upstream = mask(&mut model.ids().filter(|id| model.facts(*id).is_upstream));
    let is_local = |id: &PathId| model.facts(*id).tier == CacheTier::Local;
    let local = mask(&mut model.ids().filter(is_local)) & !upstream & !tier_one;
    let required: Vec<u32> = model
        .ids()
        .map(|id| mask(&mut model.references(id)))
        .collect();
    let savings = situation.savings.iter().map(|saving| {
        let needs = mask(&mut saving.needs.iter().map(|&key| PathId(key)));
        let millis = (saving.rebuild_seconds * saving.demand * 1_000.0).round();
        (needs, millis as u128)
    });
    let counts = |(needs, _): &(u32, u128)| needs & !upstream != 0 && needs & local == 0;
    let savings: Vec<(u32, u128)> = savings.filter(counts).collect();

    let ids = |set: u32| model.ids().filter(move |id| set >> id.0 & 1 == 1);
    let may_be_held = |set: &u32| {
        let (set, limit) = (*set, u128::from(limit.0));
        set & upstream == 0
            && set & tier_one == tier_one
            && ids(set).all(|id| required[id.index()] & !set == 0)
            && ids(set)
                .map(|id| u128::from(model.bytes(id).0))
                .sum::<u128>()
                <= limit
    };
    let sets = (0..1_u32 << model.len()).filter(may_be_held);
    let saved = sets.map(|set| {
        let had = savings
            .iter()
            .filter(|(needs, _)| needs & !set & !upstream == 0);
        had.map(|(_, millis)| millis).sum()
    });
    saved.max()
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
    fn a_plan_obeys_every_law(situation in situation(16)) {
        let request = situation.request();
        if let Ok(plan) = plan(&request) {
            prop_assert_eq!(verify(&request, &plan), []);
        }
    }

    #[test]
    fn a_plan_is_the_best_there_is(situation in situation(16)) {
        match plan(&situation.request()) {
            Ok(plan) => {
                let best = oracle(&situation).expect("there is a plan");
                let share = (best - plan.saved_millis) as f64 / best.max(1) as f64;
                prop_assert!(share <= plan.gap() && best <= plan.bound_millis);
                // So few paths are decided exactly.
                prop_assert_eq!((plan.saved_millis, plan.gap()), (best, 0.0));
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
    fn after_a_plan_nothing_is_to_be_done(situation in situation(16)) {
        if let Ok(first) = plan(&situation.request()) {
            let after = applied(&situation, &first);
            let second = plan(&after.request()).expect("it fits as before");
            prop_assert_eq!(&second.steps, &[]);
            prop_assert_eq!(second.kept, first.kept);
            prop_assert_eq!(second.peak, second.occupied);
        }
    }

    #[test]
    fn the_order_of_the_input_does_not_matter(situation in situation(16)) {
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
    fn more_room_never_saves_less(situation in situation(16), more in 0..200_u64) {
        let mut larger = situation.clone();
        larger.budget.capacity = situation.budget.capacity + Bytes(more);
        if let Ok(before) = plan(&situation.request()) {
            let after = plan(&larger.request()).expect("what fitted fits");
            prop_assert!(after.saved_millis >= before.saved_millis);
        }
    }

    #[test]
    fn what_another_cache_has_never_does_harm(situation in situation(16), path in 0..16_usize) {
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
    fn a_spoiled_plan_is_noticed(situation in situation(16), what in any::<prop::sample::Index>()) {
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
        lost: &std::collections::BTreeSet::new(),
        compression: cache_policy::Compression::NIX,
    };
    let error = plan(&request).expect_err("it does not fit");
    assert_eq!(error.code(), "tier-one-does-not-fit");
}
