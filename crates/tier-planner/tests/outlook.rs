//! What a plan comes to if its estimates are wrong.

use std::collections::BTreeMap;

use drv_graph::{DerivationGraph, ReadOptions, derivation_json};
use tier_planner::budget::Budget;
use tier_planner::classify::Classifier;
use tier_planner::estimate::Estimator;
use tier_planner::history::History;
use tier_planner::nix_today::NixSettings;
use tier_planner::plan::{Outlook, Request, plan};
use tier_planner::rule;
use tier_planner::tier::TierSet;
use tier_planner::work::{NothingAvailable, Root};
use tier_planner::{Bytes, Cores};

/// zlib, and what needs nothing but zlib: `count` packages that nobody knows, and firefox.
fn graph(count: usize) -> DerivationGraph {
    let drv = |hash: &str, name: &str| format!("/nix/store/{hash}-{name}");
    let zlib = drv("00rl60x00pkff58mdw66qcxigrgw2yq0", "zlib-1.3.drv");
    let entry = |path: &str, out: String, inputs: &str| {
        format!(
            r#""{path}": {{"outputs": {{"out": {{"path": "{out}"}}}}, "inputSrcs": [],
                "inputDrvs": {{{inputs}}}, "system": "x86_64-linux", "builder": "/bin/sh",
                "args": [], "env": {{}}}}"#
        )
    };
    let needs_zlib = format!(r#""{zlib}": ["out"]"#);
    let mut entries = vec![entry(
        &zlib,
        drv("8vh17lfiabqfl2bd2rasxrh94g9pf9dd", "zlib-1.3"),
        "",
    )];
    let names = (0..count).map(|i| format!("unheard-of{i}-1.0"));
    for (i, name) in names.chain(["firefox-140.0".to_owned()]).enumerate() {
        let hash = |salt: &str| format!("{salt}{i:0>31}");
        entries.push(entry(
            &drv(&hash("0"), &format!("{name}.drv")),
            drv(&hash("1"), &name),
            &needs_zlib,
        ));
    }
    let json = format!("{{{}}}", entries.join(","));
    derivation_json::read(json.as_bytes(), &ReadOptions::default()).expect("what Nix prints")
}

fn outlook(
    graph: &DerivationGraph,
    history: &[u8],
    memory: Bytes,
    effort_factor: u32,
) -> (u64, Option<Outlook>) {
    let tiers = TierSet::standard();
    let light = tiers.find("light").expect("a standard tier");
    let classifier = Classifier::new(tiers.clone(), rule::standard(&tiers), light);
    let (history, problems) = History::parse(history, "");
    assert!(problems.is_empty());
    let estimator =
        Estimator::new(classifier.tiers().clone(), light).with_history(history, Cores(6));
    let plan = plan(&Request {
        graph,
        roots: &Root::all_of(&graph.roots()),
        attributes: &BTreeMap::new(),
        availability: &NothingAvailable,
        classifier: &classifier,
        estimator: &estimator,
        budget: Budget::new(Cores(7), memory),
        nix_today: NixSettings {
            max_jobs: 2,
            cores: Cores(6),
        },
        effort_factor,
    });
    (plan.schedule.makespan().0, plan.outlook)
}

/// How many times longer the long end is than the short one.
fn breadth(outlook: &Outlook) -> f64 {
    outlook.planned.high.0 as f64 / outlook.planned.low.0 as f64
}

#[test]
fn the_estimate_lies_within_what_it_may_come_to() {
    let (length, found) = outlook(&graph(20), b"", Bytes::from_gb(21.0), 1);
    let found = found.expect("a small graph");
    assert_eq!(found.worlds, 100);
    let planned = found.planned;
    assert!(planned.low.0 < length && length < planned.high.0);
    assert!(planned.low < planned.median && planned.median < planned.high);
    assert!(length < planned.median.0, "{length} {planned:?}");
    let saved = found.of_today.expect("nothing is left out");
    assert!(0.0 < saved.low && saved.low <= saved.high && saved.high < 1.5);
    assert_eq!(
        outlook(&graph(20), b"", Bytes::from_gb(21.0), 1).1,
        Some(found)
    );
}

/// What the machine has measured ten times is surer than what a book says.
#[test]
fn measurements_narrow_it() {
    let graph = graph(0);
    let mut history = vec!["hostname,derivation name,utc time,build seconds".to_owned()];
    for day in 1..=10 {
        for (name, seconds) in [("firefox", 2400 + day), ("zlib", 30)] {
            history.push(format!(",{name},2026-01-{day:02} 10:00:00,{seconds}"));
        }
    }
    let memory = Bytes::from_gb(21.0);
    let by_book = outlook(&graph, b"", memory, 1).1.expect("a small graph");
    let measured = outlook(&graph, history.join("\n").as_bytes(), memory, 1).1;
    let measured = measured.expect("a small graph");
    assert!(breadth(&by_book) > 2.0, "{by_book:?}");
    assert!(breadth(&measured) < 1.5, "{measured:?}");
}

#[test]
fn a_plan_that_leaves_builds_out_is_not_compared() {
    let (_, found) = outlook(&graph(3), b"", Bytes::from_gb(4.0), 1);
    let found = found.expect("a small graph");
    assert_eq!((found.of_today, found.of_fitting), (None, None));
}

#[test]
fn worlds_are_as_many_as_the_effort_allows() {
    let memory = Bytes::from_gb(21.0);
    let worlds = |graph: &DerivationGraph, effort| {
        let found = outlook(graph, b"", memory, effort).1;
        found.map(|found| found.worlds)
    };
    let (small, large) = (graph(10), graph(3000));
    assert_eq!(worlds(&small, 0), None);
    assert_eq!(worlds(&small, 3), Some(300));
    assert_eq!(worlds(&large, 1), None);
    assert_eq!(worlds(&large, 2), Some(20));
    assert_eq!(worlds(&large, 20), Some(260));
}
