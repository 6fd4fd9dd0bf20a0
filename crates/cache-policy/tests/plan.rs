//! Adversarial inputs are errors that name what is wrong, and plans say why.

use std::collections::BTreeSet;

use cache_policy::model::{FileSize, Model, ModelError, PathFacts, PathKey, Saving};
use cache_policy::plan::{
    Budget, CacheState, Pin, Plan, PlanError, Request, Step, WhyEvicted, WhyKept, WhyLeftOut, plan,
    verify,
};
use cache_policy::{CacheTier, Compression};
use drv_graph::{Bytes, StorePath};

fn facts(key: &str, tier: u64, size: u64, references: &[&str]) -> PathFacts<String> {
    PathFacts {
        key: key.to_owned(),
        references: references.iter().map(|&key| key.to_owned()).collect(),
        size: Some(FileSize::told(Bytes(size))),
        tier: CacheTier::from_number(tier).expect("a tier"),
        is_upstream: false,
    }
}

fn saving(needs: &[&str], rebuild_seconds: f64) -> Saving<String> {
    Saving {
        needs: needs.iter().map(|&key| key.to_owned()).collect(),
        rebuild_seconds,
        demand: 1.0,
    }
}

/// The codes of all errors, and the message.
fn refused<K: PathKey>(
    paths: Vec<PathFacts<K>>,
    savings: Vec<Saving<K>>,
) -> (Vec<&'static str>, String) {
    let errors = Model::new(paths, savings).expect_err("it is refused");
    assert!(errors.0.iter().all(|error| !error.hint().is_empty()));
    (
        errors.0.iter().map(ModelError::code).collect(),
        errors.to_string(),
    )
}

#[test]
fn what_cannot_be_is_named() {
    let lib = || facts("lib", 2, 10, &["lib"]);
    let check = |paths: Vec<PathFacts<String>>, savings, code: &str, said: &str| {
        let (codes, message) = refused(paths, savings);
        assert_eq!(codes, [code], "{message}");
        assert!(message.contains(said), "{message}");
    };
    check(
        vec![lib(), facts("lib", 2, 11, &["lib"])],
        vec![],
        "conflicting-paths",
        "lib",
    );
    check(
        vec![facts("app", 2, 1, &["lib"])],
        vec![],
        "dangling-reference",
        "app refers to lib",
    );
    check(
        vec![
            facts("c", 2, 1, &["a"]),
            facts("a", 2, 1, &["b"]),
            facts("b", 2, 1, &["c"]),
        ],
        vec![],
        "reference-cycle",
        "a → b → c",
    );
    check(
        vec![PathFacts {
            size: None,
            ..lib()
        }],
        vec![],
        "no-size",
        "lib",
    );
    check(vec![facts("lib", 1, 0, &[])], vec![], "zero-size", "lib");
    check(
        vec![lib()],
        vec![saving(&["gone"], 1.0)],
        "unknown-path",
        "gone",
    );
    for (number, said) in [(f64::NAN, "NaN"), (-1.0, "-1"), (f64::INFINITY, "inf")] {
        let cost = saving(&["lib"], number);
        let demand = Saving {
            demand: number,
            ..saving(&["lib"], 1.0)
        };
        check(vec![lib()], vec![cost], "bad-cost", said);
        check(vec![lib()], vec![demand], "bad-cost", said);
    }
    let everything = vec![facts("a", 2, 0, &["x", "y"]), facts("b", 2, 1, &["z"])];
    let (codes, _) = refused(everything, vec![saving(&["q"], 1.0)]);
    assert_eq!(codes.len(), 5, "{codes:?}");
}

#[test]
fn a_long_cycle_is_named_from_its_smallest_path_on() {
    let name = |i: usize| format!("p{:02}", i % 12);
    let paths = (0..12)
        .rev()
        .map(|i| facts(&name(i), 2, 1, &[&name(i + 1)]));
    let errors = Model::new(paths, []).expect_err("a cycle");
    let around: Vec<String> = (0..12).map(name).collect();
    assert_eq!(errors.0, [ModelError::Cycle(around)]);
    let message = errors.to_string();
    assert!(message.ends_with("p06 → p07 → and 4 more"), "{message}");
}

#[test]
fn a_path_may_be_given_twice_where_both_say_the_same() {
    let lib = || facts("lib", 2, 10, &[]);
    let (one, other) = (
        facts("app", 2, 1, &["lib", "app"]),
        facts("app", 2, 1, &["app", "lib"]),
    );
    let once = Model::new([lib(), one.clone()], []);
    assert_eq!(Model::new([one, lib(), other, lib()], []), once);
}

/// A path that is known by its content is a path like any other, and its name is no less of the
/// store that it is in.
#[test]
fn content_addressed_paths_are_planned_like_others() {
    let dir = "/gnu/store";
    let (source, app) = ("0".repeat(32) + "-source", "1".repeat(32) + "-app");
    let json = format!(
        r#"{{"version": 2, "storeDir": "{dir}", "info": {{
            "{source}": {{"narSize": 70, "references": [],
                "ca": "fixed:r:sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"}},
            "{app}": {{"narSize": 30, "references": ["{app}", "{source}"], "ca": null}}}}}}"#
    );
    let infos = drv_graph::path_info::read(json.as_bytes()).expect("path-info");
    let paths = infos.valid.iter().map(|info| PathFacts {
        key: info.path.clone(),
        references: info.references.clone(),
        size: Some(FileSize::told(info.nar_size)),
        tier: CacheTier::WhenRoom,
        is_upstream: false,
    });
    let app = StorePath::from_base_name(dir, &app).expect("a store path");
    let saving = Saving {
        needs: vec![app.clone()],
        rebuild_seconds: 5.0,
        demand: 1.0,
    };
    let model = Model::new(paths, [saving]).expect("it is well");
    let app = model.find(&app).expect("it is there");
    let kept = |capacity| {
        let request = Request {
            model: &model,
            budget: Budget {
                capacity: Bytes(capacity),
                buffer: Bytes(0),
            },
            pins: &[],
            revisions: 1,
            state: &CacheState::default(),
            lost: &BTreeSet::new(),
            compression: Compression::NIX,
        };
        let plan = plan(&request).expect("there is no tier 1");
        assert_eq!(verify(&request, &plan), []);
        plan.keeps(app)
    };
    assert_eq!((kept(100), kept(99)), (true, false));
}

#[test]
fn one_path_larger_than_the_budget_is_an_error_or_has_a_reason() {
    let plan = |tier| {
        let model = Model::new([facts("huge", tier, 200, &[])], [saving(&["huge"], 9.0)]);
        planned(
            &model.expect("it is well"),
            100,
            &[],
            &CacheState::default(),
        )
    };
    let error = plan(1).expect_err("tier 1 does not fit");
    assert_eq!(error.code(), "tier-one-does-not-fit");
    let without = plan(2).expect("a plan");
    let why = WhyLeftOut::TooLarge {
        closure: Bytes(200),
        room: Bytes(100),
    };
    assert_eq!((without.kept.len(), without.left_out[0].why), (0, why));
}

#[test]
fn two_stores_do_not_share_a_cache() {
    let path = |dir: &str, digit: char, references: Vec<StorePath>| PathFacts {
        key: StorePath::from_base_name(dir, &format!("{}-x", digit.to_string().repeat(32)))
            .expect("a store path"),
        references,
        size: Some(FileSize::assumed(Bytes(1))),
        tier: CacheTier::WhenRoom,
        is_upstream: false,
    };
    let nix = path("/nix/store", '0', vec![]);
    let guix = path("/gnu/store", '1', vec![nix.key.clone()]);
    let (codes, message) = refused(vec![nix.clone(), guix], vec![]);
    assert_eq!(codes, ["store-directories"], "{message}");
    // One store is fine, wherever it is.
    let other = path("/gnu/store", '2', vec![]);
    assert!(Model::new([other], []).is_ok());
}

#[test]
fn what_another_cache_has_needs_neither_size_nor_references() {
    let glibc = PathFacts {
        size: None,
        is_upstream: true,
        ..facts("glibc", 1, 1, &["nowhere"])
    };
    let app = facts("app", 2, 10, &["glibc"]);
    let savings = [saving(&["app"], 5.0), saving(&["glibc"], 60.0)];
    let model = Model::new([glibc, app], savings).expect("it is well");
    assert_eq!(model.upstream_millis(), 60_000);
    let plan = planned(&model, 10, &[], &CacheState::default()).expect("it fits");
    assert_eq!((plan.occupied, plan.saved_millis), (Bytes(10), 5_000));
    assert_eq!(plan.left_out[0].why, WhyLeftOut::Upstream);
}

fn planned(
    model: &Model<String>,
    capacity: u64,
    pins: &[(&str, &str)],
    state: &CacheState<String>,
) -> Result<Plan<String>, PlanError<String>> {
    planned_without(model, capacity, pins, state, &[])
}

/// Where nobody has `lost` any more.
fn planned_without(
    model: &Model<String>,
    capacity: u64,
    pins: &[(&str, &str)],
    state: &CacheState<String>,
    lost: &[&str],
) -> Result<Plan<String>, PlanError<String>> {
    let pins: Vec<Pin<String>> = pins
        .iter()
        .map(|&(name, path)| Pin {
            name: name.to_owned(),
            path: path.to_owned(),
        })
        .collect();
    let request = Request {
        model,
        budget: Budget {
            capacity: Bytes(capacity),
            buffer: Bytes(0),
        },
        pins: &pins,
        revisions: 3,
        state,
        lost: &lost.iter().map(|&key| key.to_owned()).collect(),
        compression: Compression::CACHIX,
    };
    let plan = plan(&request)?;
    assert_eq!(verify(&request, &plan), []);
    Ok(plan)
}

#[test]
fn tier_one_fits_or_is_an_error_that_says_what_is_large() {
    let model = Model::new(
        [
            facts("glibc", 2, 30, &[]),
            facts("python", 1, 50, &["glibc"]),
            facts("llvm", 1, 40, &["glibc"]),
        ],
        [],
    );
    let model = model.expect("it is well");
    let error = planned(&model, 119, &[], &CacheState::default()).expect_err("120 bytes");
    let PlanError::TierOne {
        closure,
        total,
        limit,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!((*total, *limit), (Bytes(120), Bytes(119)));
    let largest: Vec<_> = closure
        .iter()
        .map(|c| (c.key.as_str(), c.is_tier_one))
        .collect();
    assert_eq!(
        largest,
        [("python", true), ("llvm", true), ("glibc", false)]
    );
    assert!(
        error
            .to_string()
            .contains("python (50 B), llvm (40 B), glibc (30 B)"),
        "{error}"
    );
    assert!(planned(&model, 120, &[], &CacheState::default()).is_ok());
}

#[test]
fn every_path_has_a_reason() {
    let model = Model::new(
        [
            facts("python", 1, 10, &["tzdata"]),
            facts("tzdata", 3, 5, &[]),
            facts("firefox", 2, 40, &[]),
            facts("chromium", 2, 50, &[]),
            facts("office", 2, 500, &[]),
            facts("games", 2, 1, &[]),
            facts("jq", 3, 1, &[]),
        ],
        [
            saving(&["firefox"], 100.0),
            saving(&["chromium"], 90.0),
            saving(&["office"], 900.0),
            saving(&["jq"], 900.0),
        ],
    );
    let model = model.expect("it is well");
    let plan = planned(&model, 100, &[], &CacheState::default()).expect("it fits");
    let name = |id| model.facts(id).key.as_str();
    let kept: Vec<_> = plan
        .kept
        .iter()
        .map(|kept| (name(kept.id), kept.why))
        .collect();
    let python = model.find(&"python".to_owned()).expect("it is there");
    assert_eq!(
        kept,
        [
            ("firefox", WhyKept::Saves(100_000)),
            ("python", WhyKept::TierOne),
            ("tzdata", WhyKept::NeededBy(python)),
        ]
    );
    let left: Vec<_> = plan
        .left_out
        .iter()
        .map(|left| (name(left.id), left.why))
        .collect();
    let too_large = WhyLeftOut::TooLarge {
        closure: Bytes(500),
        room: Bytes(85),
    };
    let worth_less = WhyLeftOut::WorthLess {
        closure: Bytes(50),
        room: Bytes(45),
    };
    assert_eq!(
        left,
        [
            ("chromium", worth_less),
            ("games", WhyLeftOut::NotAskedFor),
            ("jq", WhyLeftOut::Local),
            ("office", too_large),
        ]
    );
}

#[test]
fn a_library_larger_than_all_that_needs_it_is_weighed_with_it() {
    let apps: Vec<String> = (0..5).map(|i| format!("app{i}")).collect();
    let mut paths = vec![facts("library", 2, 90, &[]), facts("tool", 2, 95, &[])];
    paths.extend(apps.iter().map(|app| facts(app, 2, 2, &["library"])));
    let mut savings = vec![saving(&["tool"], 40.0)];
    savings.extend(apps.iter().map(|app| saving(&[app], 10.0)));
    let model = Model::new(paths, savings).expect("it is well");
    let plan = planned(&model, 100, &[], &CacheState::default()).expect("it fits");
    assert_eq!((plan.saved_millis, plan.occupied), (50_000, Bytes(100)));
    let plan = planned(&model, 97, &[], &CacheState::default()).expect("it fits");
    assert_eq!((plan.saved_millis, plan.occupied), (40_000, Bytes(95)));
}

fn holding(paths: &[&str], pins: &[(&str, &[&str])]) -> CacheState<String> {
    let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
    CacheState {
        held: owned(paths).into_iter().collect(),
        pins: pins
            .iter()
            .map(|(name, keys)| ((*name).to_owned(), owned(keys)))
            .collect(),
    }
}

/// A step in short: what is done to what.
fn short(step: &Step<String>) -> String {
    match step {
        Step::Push { path, .. } => format!("push {path}"),
        Step::Pin {
            path, revisions, ..
        } => format!("pin {path} keeping {revisions}"),
        Step::Unpin { path, is_early, .. } => {
            format!("unpin {path}{}", if *is_early { " early" } else { "" })
        }
        Step::Evict { path, why, .. } => match why {
            WhyEvicted::Upstream => format!("evict {path}: upstream"),
            _ => format!("evict {path}"),
        },
        other => format!("{other:?}"),
    }
}

#[test]
fn an_old_revision_goes_when_its_successor_is_there_if_both_fit() {
    let model = Model::new(
        [
            facts("python-1", 2, 40, &[]),
            facts("python-2", 1, 50, &["ssl"]),
            facts("ssl", 2, 5, &[]),
            facts("rubbish", 2, 20, &[]),
        ],
        [],
    );
    let model = model.expect("it is well");
    let state = holding(&["python-1", "rubbish"], &[("python", &["python-1"])]);
    let steps = |capacity| {
        let pins = [("python", "python-2")];
        let plan = planned(&model, capacity, &pins, &state).expect("it fits");
        let steps: Vec<String> = plan.steps.iter().map(short).collect();
        (
            steps.join(", "),
            plan.generations.first().is_some_and(|g| g.is_kept),
        )
    };
    let all = "evict rubbish, push ssl, push python-2, pin python-2 keeping 2";
    assert_eq!(steps(95), (all.to_owned(), true));
    let early = "evict rubbish, unpin python-1 early, evict python-1, \
                 push ssl, push python-2, pin python-2 keeping 1";
    assert_eq!(steps(94), (early.to_owned(), false));
}

#[test]
fn one_pin_after_another_is_brought_up_to_date() {
    let model = Model::new(
        [
            facts("a-1", 2, 40, &[]),
            facts("a-2", 1, 30, &[]),
            facts("b-1", 2, 40, &[]),
            facts("b-2", 1, 45, &[]),
        ],
        [],
    );
    let model = model.expect("it is well");
    let state = holding(&["a-1", "b-1"], &[("a", &["a-1"]), ("b", &["b-1"])]);
    let plan = planned(&model, 115, &[("a", "a-2"), ("b", "b-2")], &state).expect("it fits");
    let steps: Vec<String> = plan.steps.iter().map(short).collect();
    assert_eq!(
        steps.join(", "),
        "push a-2, pin a-2 keeping 1, unpin a-1, evict a-1, \
         push b-2, pin b-2 keeping 1, unpin b-1, evict b-1"
    );
    assert_eq!((plan.peak, plan.occupied), (Bytes(115), Bytes(75)));
}

#[test]
fn the_newest_generations_are_kept_as_far_as_they_fit() {
    let names: Vec<String> = (1..=5).map(|i| format!("gcc-{i}")).collect();
    let mut paths: Vec<_> = names.iter().map(|name| facts(name, 2, 10, &[])).collect();
    paths[4].tier = CacheTier::Always;
    let model = Model::new(paths, []).expect("it is well");
    let state = holding(
        &["gcc-1", "gcc-2", "gcc-3", "gcc-4"],
        &[("gcc", &["gcc-4", "gcc-3", "gcc-2", "gcc-1"])],
    );
    for (capacity, kept) in [(100, 3), (30, 3), (29, 2), (19, 1)] {
        let plan = planned(&model, capacity, &[("gcc", "gcc-5")], &state).expect("it fits");
        assert_eq!(plan.kept.len(), kept, "{capacity}");
        let pinned = plan.steps.iter().find_map(|step| match step {
            Step::Pin { revisions, .. } => Some(*revisions as usize),
            _ => None,
        });
        assert_eq!(pinned, Some(kept), "{capacity}");
    }
}

#[test]
fn a_revision_that_can_never_be_whole_again_is_given_up() {
    let model = Model::new(
        [
            facts("gcc-4", 1, 10, &["ssl"]),
            facts("gcc-3", 2, 10, &["ssl", "zlib-3"]),
            facts("gcc-2", 2, 10, &["zlib-3"]),
            facts("gcc-1", 2, 10, &["zlib-1"]),
            facts("zlib-3", 2, 1, &[]),
            facts("zlib-1", 2, 1, &[]),
            facts("ssl", 2, 1, &[]),
        ],
        [],
    );
    let model = model.expect("it is well");
    let state = holding(
        &["gcc-4", "gcc-3", "gcc-2", "gcc-1", "ssl", "zlib-1"],
        &[("gcc", &["gcc-4", "gcc-3", "gcc-2", "gcc-1"])],
    );
    let steps = |lost: &[&str]| {
        let plan = planned_without(&model, 100, &[("gcc", "gcc-4")], &state, lost);
        let plan = plan.expect("it fits");
        let name = |id| &*model.facts(id).key;
        let revisions = plan.lost_revisions.iter().map(|lost| {
            let missing: Vec<&str> = lost.missing.iter().map(|id| name(*id)).collect();
            format!("{} {} {}: {missing:?}", lost.name, lost.age, name(lost.id))
        });
        let revisions: Vec<String> = revisions.collect();
        let steps: Vec<String> = plan.steps.iter().map(short).collect();
        (steps.join(", "), revisions.join(", "))
    };
    let known = |steps: &str, lost: &str| (steps.to_owned(), lost.to_owned());
    // Somebody has it, or nobody knows.
    let pushed = "unpin gcc-1, evict gcc-1, evict zlib-1, push zlib-3";
    assert_eq!(steps(&[]), known(pushed, ""));
    // What is held is not lost.
    assert_eq!(steps(&["zlib-1", "ssl"]), known(pushed, ""));
    // An older one that is whole follows those that are not.
    assert_eq!(
        steps(&["zlib-3"]),
        known(
            "unpin gcc-2, unpin gcc-3, evict gcc-3, evict gcc-2",
            r#"gcc 1 gcc-3: ["zlib-3"], gcc 2 gcc-2: ["zlib-3"]"#
        )
    );
}

#[test]
fn what_another_cache_has_by_now_goes() {
    let mut glibc = facts("glibc", 1, 10, &[]);
    glibc.is_upstream = true;
    let model = Model::new([glibc], []).expect("it is well");
    let state = holding(&["glibc"], &[("glibc", &["glibc"])]);
    let plan = planned(&model, 100, &[("glibc", "glibc")], &state).expect("it fits");
    let steps: Vec<String> = plan.steps.iter().map(short).collect();
    assert_eq!(steps, ["unpin glibc", "evict glibc: upstream"]);
}

#[test]
fn a_buffer_stays_free_and_what_is_unknown_is_refused() {
    let model = Model::new([facts("a", 1, 10, &[])], []).expect("it is well");
    let none = BTreeSet::new();
    let request = |capacity, buffer, state| Request {
        model: &model,
        budget: Budget {
            capacity: Bytes(capacity),
            buffer: Bytes(buffer),
        },
        pins: &[],
        revisions: 1,
        state,
        lost: &none,
        compression: Compression::None,
    };
    let empty = CacheState::default();
    let code = |request: Request<'_, String>| plan(&request).map_err(|error| error.code());
    assert!(code(request(20, 10, &empty)).is_ok());
    assert_eq!(code(request(20, 11, &empty)), Err("tier-one-does-not-fit"));
    assert_eq!(code(request(20, 21, &empty)), Err("buffer-above-capacity"));
    let strange = holding(&["strange"], &[]);
    assert_eq!(code(request(20, 10, &strange)), Err("unknown-path"));
}
