//! What has derivations built again over a series, against a count by names.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod made_up;

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::compare::Side;
use drv_graph::drivers::{self, Driver, Rebuilt};
use drv_graph::{DerivationGraph, DrvId};
use made_up::{Edit, Names, edited, graph, package_sets};
use proptest::prelude::*;

fn over(series: &[DerivationGraph]) -> Vec<Rebuilt> {
    let sides: Vec<Side<'_>> = series.iter().map(Side::new).collect();
    drivers::over(&sides)
}

fn named(graph: &DerivationGraph, name: &str) -> DrvId {
    graph
        .ids()
        .find(|&id| graph[id].name() == name)
        .expect("each graph has each name")
}

type Set = BTreeSet<String>;

proptest! {
    #[test]
    fn names_count_the_same(
        set in package_sets(Names::Unique),
        steps in prop::collection::vec(prop::collection::vec(any::<Edit>(), 0..3), 0..5),
    ) {
        let mut sets = vec![set];
        let mut changed_themselves = Vec::new();
        for edits in &steps {
            let (next, names) = edited(&sets[sets.len() - 1], edits);
            sets.push(next);
            changed_themselves.push(names);
        }
        let series: Vec<DerivationGraph> = sets.iter().map(|set| graph(set)).collect();
        let last = &series[series.len() - 1];
        let found: BTreeMap<String, Rebuilt> = over(&series)
            .into_iter()
            .map(|rebuilt| (last[rebuilt.derivation].name().to_owned(), rebuilt))
            .collect();
        for id in last.ids().filter(|&id| !last[id].is_fixed_output()) {
            let name = last[id].name();
            let (mut times, mut itself) = (0, 0);
            let mut alone: BTreeMap<Set, u32> = BTreeMap::new();
            for (pair, changed) in series.windows(2).zip(&changed_themselves) {
                let is_changed = |name: &str| {
                    let [before, after] = [0, 1].map(|n| &pair[n][named(&pair[n], name)]);
                    before.outputs() != after.outputs()
                };
                if !is_changed(name) {
                    continue;
                }
                times += 1;
                if changed.contains(name) {
                    itself += 1;
                    continue;
                }
                let inputs = pair[1].inputs(named(&pair[1], name));
                let inputs = inputs.map(|input| pair[1][input.id].name().to_owned());
                *alone.entry(inputs.filter(|name| is_changed(name)).collect()).or_default() += 1;
            }
            let Some(rebuilt) = found.get(name) else {
                prop_assert_eq!(times, 0, "{}", name);
                continue;
            };
            prop_assert_eq!((rebuilt.times, rebuilt.itself), (times, itself), "{}", name);
            let drivers: BTreeMap<Set, u32> = rebuilt
                .drivers
                .iter()
                .map(|Driver { inputs, times, .. }| {
                    let names = inputs.iter().map(|&id| last[id].name().to_owned());
                    (names.collect(), *times)
                })
                .collect();
            let expected: BTreeMap<Set, u32> = alone
                .keys()
                .map(|set| {
                    let within = alone.iter().filter(|(other, _)| other.is_subset(set));
                    (set.clone(), within.map(|(_, times)| times).sum())
                })
                .collect();
            prop_assert_eq!(drivers, expected, "{}", name);
        }
        prop_assert!(found.keys().all(|name| !last[named(last, name)].is_fixed_output()));
    }

    #[test]
    fn what_stays_is_not_built_again(set in package_sets(Names::Few)) {
        let series = [graph(&set), graph(&set), graph(&set)];
        prop_assert_eq!(over(&series), []);
        prop_assert_eq!(over(&series[..1]), []);
        prop_assert_eq!(over(&[]), []);
    }
}
