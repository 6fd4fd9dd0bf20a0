//! Laws of the descent from two derivations, on made-up graphs.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod made_up;

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::compare::{Descent, Fate, Side, Why, descend};
use drv_graph::{DerivationGraph, DerivationGraphBuilder, DrvId, StorePath};
use made_up::{Edit, Names, graph, package_sets};
use proptest::prelude::*;

/// The graphs of a set before and after edits, and in each the last package.
fn pair(
    set: &[made_up::Package],
    edits: &[Edit],
) -> (DerivationGraph, DerivationGraph, (DrvId, DrvId)) {
    let before = graph(set);
    let edited = made_up::edited(set, edits).0;
    let after = graph(&edited);
    let last = |set: &[made_up::Package], graph: &DerivationGraph| {
        let name = &set[set.len() - 1].name;
        let found = graph.iter().filter(|(_, drv)| drv.name() == name);
        found.map(|(id, _)| id).next_back().expect("it is there")
    };
    let asked = (last(set, &before), last(&edited, &after));
    (before, after, asked)
}

/// What is reached from the two through changes and not below what is fetched, and at what depth:
/// by another way than the descent's.
fn reached(after: &DerivationGraph, descent: &Descent, start: DrvId) -> BTreeMap<DrvId, usize> {
    let is_changed = |id: DrvId| descent.comparison.change_to(id).is_some();
    let mut depths = BTreeMap::new();
    let mut level: BTreeSet<DrvId> = [start].into_iter().filter(|&id| is_changed(id)).collect();
    for depth in 0.. {
        if level.is_empty() {
            break;
        }
        for &id in &level {
            depths.insert(id, depth);
        }
        let builds = level.iter().filter(|&&id| !after[id].is_fixed_output());
        let inputs = builds
            .flat_map(|&id| after.inputs(id))
            .map(|input| input.id);
        level = inputs
            .filter(|&id| is_changed(id) && !depths.contains_key(&id))
            .collect();
    }
    depths
}

/// A derivation and what it needs, as a graph of its own.
fn closure(graph: &DerivationGraph, root: DrvId) -> DerivationGraph {
    let mut builder = DerivationGraphBuilder::new();
    for id in graph.closure(&[root]) {
        let inputs: Vec<(&StorePath, Vec<&str>)> = graph
            .inputs(id)
            .map(|input| {
                let outputs = input.outputs.iter().map(|name| &**name).collect();
                (graph[input.id].path(), outputs)
            })
            .collect();
        let inputs = inputs.iter().map(|(path, outputs)| (*path, &outputs[..]));
        builder.insert(graph[id].clone(), inputs);
    }
    builder.finish().expect("a closure is whole")
}

fn id_of(graph: &DerivationGraph, other: &DerivationGraph, id: DrvId) -> DrvId {
    graph.id(other[id].path()).expect("it is there")
}

proptest! {
    #[test]
    fn every_cause_that_is_reached_is_a_step(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let (before, after, asked) = pair(&set, &edits);
        let descent = descend(&Side::new(&before), &Side::new(&after), asked, false);
        let Fate::Changed(_) = descent.comparison.fate_after(asked.1) else {
            let is_one_file = before[asked.0].path() == after[asked.1].path();
            prop_assert_eq!(descent.steps.is_empty(), is_one_file);
            return Ok(());
        };
        let depths = reached(&after, &descent, asked.1);
        let causes = descent.comparison.causes().iter().map(|cause| cause.change.after);
        let expected: BTreeSet<DrvId> = causes.filter(|id| depths.contains_key(id)).collect();
        let steps = &descent.steps;
        let found = steps.iter().filter(|step| step.why == Some(Why::Cause));
        let found: Vec<DrvId> = found.map(|step| step.after).collect();
        prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
        prop_assert!(steps.is_sorted_by_key(|step| step.depth));
        prop_assert_eq!((steps[0].before, steps[0].after), asked);
        let mut seen = BTreeSet::new();
        for (at, step) in steps.iter().enumerate() {
            prop_assert!(seen.insert(step.after));
            prop_assert_eq!(step.depth, depths[&step.after]);
            prop_assert_eq!(step.differences.is_empty(), step.why != Some(Why::Cause));
            // It is a cause, or on the way to one.
            prop_assert!(at == 0
                || step.why == Some(Why::Cause)
                || steps.iter().any(|below| below.found_by == Some(at)));
            let Some(above) = step.found_by else {
                prop_assert_eq!(at, 0);
                continue;
            };
            prop_assert!(above < at);
            prop_assert_eq!(steps[above].depth + 1, step.depth);
            prop_assert!(after.inputs(steps[above].after).any(|input| input.id == step.after));
        }
    }

    /// What the two do not need plays no part, though it may fetch the same.
    #[test]
    fn two_derivations_are_compared_as_if_alone(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let (before, after, asked) = pair(&set, &edits);
        let in_all = descend(&Side::new(&before), &Side::new(&after), asked, false);
        let alone = (closure(&before, asked.0), closure(&after, asked.1));
        let ids = (id_of(&alone.0, &before, asked.0), id_of(&alone.1, &after, asked.1));
        let alone_too = descend(&Side::new(&alone.0), &Side::new(&alone.1), ids, false);
        let steps = |descent: &Descent, graphs: (&DerivationGraph, &DerivationGraph)| {
            let paths = descent.steps.iter().map(|step| {
                let paths = (graphs.0[step.before].path().clone(), graphs.1[step.after].path().clone());
                (paths, step.why, step.depth, step.differences.clone())
            });
            paths.collect::<Vec<_>>()
        };
        prop_assert_eq!(
            steps(&in_all, (&before, &after)),
            steps(&alone_too, (&alone.0, &alone.1))
        );
    }

    /// All steps are all pairs with two files that are reached through such pairs.
    #[test]
    fn all_is_all_files(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let (before, after, asked) = pair(&set, &edits);
        let sides = (Side::new(&before), Side::new(&after));
        let all = descend(&sides.0, &sides.1, asked, true);
        let few = descend(&sides.0, &sides.1, asked, false);
        prop_assert_eq!(&all.comparison, &few.comparison);
        let ids = |descent: &Descent| {
            descent.steps.iter().map(|step| (step.before, step.after)).collect::<BTreeSet<_>>()
        };
        prop_assert!(ids(&few).is_subset(&ids(&all)));
        for step in &all.steps {
            prop_assert_ne!(before[step.before].path(), after[step.after].path());
            let own = step.differences.iter().filter(|text| !text.only_hashes).count();
            prop_assert_eq!(step.why.is_none(),
                before[step.before].outputs() == after[step.after].outputs());
            prop_assert!(own == 0 || step.why != Some(Why::Cascade));
            // Something shows why the files differ.
            prop_assert!(!step.differences.is_empty() || !step.inputs.is_empty());
        }
    }

    #[test]
    fn the_other_way_round_has_the_same_steps(
        set in package_sets(Names::Unique),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let (before, after, asked) = pair(&set, &edits);
        let sides = (Side::new(&before), Side::new(&after));
        let there = descend(&sides.0, &sides.1, asked, false);
        let back = descend(&sides.1, &sides.0, (asked.1, asked.0), false);
        let differing = |descent: &Descent, turned: bool| {
            let steps = descent.steps.iter().filter(|step| !step.differences.is_empty());
            steps
                .map(|step| if turned { (step.after, step.before) } else { (step.before, step.after) })
                .collect::<BTreeSet<_>>()
        };
        // An edge that only one of the graphs has can lead to more.
        let (there, back) = (differing(&there, false), differing(&back, true));
        prop_assert_eq!(there.is_empty(), back.is_empty());
        prop_assert!(there.is_empty() || there.intersection(&back).next().is_some());
    }
}

/// Any two derivations are a pair when somebody says so, also where one needs the other.
#[test]
fn a_derivation_is_compared_with_what_it_needs() {
    let set: Vec<made_up::Package> = (0..3)
        .map(|n| made_up::Package {
            name: format!("p{n}"),
            fetches: None,
            flags: String::new(),
            inputs: (0..n).collect(),
        })
        .collect();
    let graph = graph(&set);
    let named = |name: &str| {
        graph
            .iter()
            .find(|(_, drv)| drv.name() == name)
            .expect("it is there")
            .0
    };
    let (low, high) = (named("p1"), named("p2"));
    for (a, b) in [(low, high), (high, low)] {
        let descent = descend(&Side::new(&graph), &Side::new(&graph), (a, b), false);
        let [step] = &descent.steps[..] else {
            panic!("{:?}", descent.steps);
        };
        assert_eq!((step.before, step.after), (a, b));
        assert_eq!(step.why, Some(Why::Cause));
        assert_eq!(
            step.inputs.len(),
            1,
            "p1 and itself are no pair: {:?}",
            step.inputs
        );
    }
}
