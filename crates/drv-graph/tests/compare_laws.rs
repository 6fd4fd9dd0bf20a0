//! Laws of comparisons, on made-up graphs whose paths follow from what is in them, as Nix's do.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

mod made_up;

use std::collections::BTreeSet;

use drv_graph::compare::{self, Comparison, Fate, MatchedBy, Side, Why};
use drv_graph::{DerivationGraph, DrvId, chain, rebuild};
use made_up::{Edit, Names, graph, package_sets};
use proptest::prelude::*;

fn compare(before: &DerivationGraph, after: &DerivationGraph) -> Comparison {
    compare::compare(&Side::new(before), &Side::new(after))
}

fn causes(comparison: &Comparison) -> BTreeSet<DrvId> {
    comparison
        .causes()
        .iter()
        .map(|cause| cause.change.after)
        .collect()
}

/// Whether the two make the same paths.
fn same_outputs(before: &DerivationGraph, a: DrvId, after: &DerivationGraph, b: DrvId) -> bool {
    before[a].outputs() == after[b].outputs()
}

proptest! {
    #[test]
    fn a_graph_is_itself(set in package_sets(Names::Few)) {
        let graph = graph(&set);
        let comparison = compare(&graph, &graph);
        prop_assert_eq!(comparison.changes(), &[]);
        prop_assert_eq!(comparison.causes(), &[]);
        prop_assert_eq!(comparison.added(), &[]);
        prop_assert_eq!(comparison.gone(), &[]);
        prop_assert_eq!(comparison.unchanged(), graph.len());
        prop_assert_eq!(comparison.unchanged_with_other_file(), 0);
    }

    #[test]
    fn every_derivation_has_one_fate(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let before = graph(&set);
        let after = graph(&made_up::edited(&set, &edits).0);
        let comparison = compare(&before, &after);
        let changes = comparison.changes();
        prop_assert!(changes.is_sorted_by(|a, b| a.after < b.after));
        prop_assert_eq!(
            changes.len() + comparison.added().len() + comparison.unchanged(),
            after.len()
        );
        for change in changes {
            prop_assert!(!same_outputs(&before, change.before, &after, change.after));
            prop_assert_eq!(comparison.fate_before(change.before), Fate::Changed(change.after));
            prop_assert_eq!(comparison.fate_after(change.after), Fate::Changed(change.before));
            prop_assert_eq!(comparison.change_to(change.after), Some(change));
        }
        for id in after.ids() {
            match comparison.fate_after(id) {
                Fate::Unchanged(same) => prop_assert!(same_outputs(&before, same, &after, id)),
                Fate::Changed(_) => prop_assert!(comparison.change_to(id).is_some()),
                Fate::Alone => prop_assert!(comparison.added().contains(&id)),
                Fate::Outside => prop_assert!(false),
            }
        }
        for id in before.ids() {
            prop_assert_eq!(
                comparison.fate_before(id) == Fate::Alone,
                comparison.gone().contains(&id)
            );
        }
    }

    #[test]
    fn a_cascade_lies_above_a_cause(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let before = graph(&set);
        let after = graph(&made_up::edited(&set, &edits).0);
        let comparison = compare(&before, &after);
        let causes = causes(&comparison);
        for change in comparison.changes() {
            let mut inputs = after.inputs(change.after);
            match change.why {
                Why::Cascade => {
                    prop_assert!(!causes.contains(&change.after));
                    prop_assert!(inputs.any(|i| comparison.change_to(i.id).is_some()));
                }
                Why::Cause => prop_assert!(causes.contains(&change.after)),
            }
        }
        // How much each drags along, the slow way.
        let changed = |id: DrvId| comparison.change_to(id).is_some();
        let above = |start: DrvId| {
            let mut reached = BTreeSet::from([start]);
            let mut open = vec![start];
            while let Some(id) = open.pop() {
                let next = after.dependents(id).filter(|&id| changed(id));
                open.extend(next.filter(|&id| reached.insert(id)));
            }
            reached
        };
        let mut covered = BTreeSet::new();
        for cause in comparison.causes() {
            prop_assert!(!cause.differences.is_empty());
            let id = cause.change.after;
            let reached = above(id);
            prop_assert_eq!(cause.drags, reached.len() - 1);
            let others: BTreeSet<DrvId> =
                causes.iter().filter(|&&other| other != id).flat_map(|&other| above(other)).collect();
            prop_assert_eq!(cause.drags_alone, reached.difference(&others).count()
                - usize::from(!others.contains(&id)));
            prop_assert_eq!(cause.is_dragged, others.contains(&id));
            if !cause.is_dragged {
                covered.extend(reached);
            }
        }
        let changed: BTreeSet<DrvId> = comparison.changes().iter().map(|c| c.after).collect();
        prop_assert_eq!(covered, changed);
    }

    #[test]
    fn the_other_way_round_is_the_same(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let before = graph(&set);
        let after = graph(&made_up::edited(&set, &edits).0);
        let (there, back) = (compare(&before, &after), compare(&after, &before));
        prop_assert_eq!(there.added(), back.gone());
        prop_assert_eq!(there.gone(), back.added());
        let mut turned: Vec<_> = back.changes().iter().map(|c| (c.after, c.before, c.matched_by)).collect();
        turned.sort_unstable();
        let mut pairs: Vec<_> = there.changes().iter().map(|c| (c.before, c.after, c.matched_by)).collect();
        pairs.sort_unstable();
        prop_assert_eq!(pairs, turned);
        let turned: BTreeSet<_> = back.causes().iter().map(|c| c.change.before).collect();
        prop_assert_eq!(causes(&there), turned);
    }

    /// With a name for each, an edit is found where it was made, and nowhere else.
    #[test]
    fn what_was_edited_is_the_cause(
        set in package_sets(Names::Unique),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
    ) {
        let (edited_set, edited) = made_up::edited(&set, &edits);
        let (before, after) = (graph(&set), graph(&edited_set));
        let comparison = compare(&before, &after);
        let found: BTreeSet<&str> =
            causes(&comparison).into_iter().map(|id| after[id].name()).collect();
        let expected: BTreeSet<&str> = edited.iter().map(String::as_str).collect();
        prop_assert_eq!(found, expected);
    }

    /// Roots and attributes say what is compared, and who is who.
    #[test]
    fn only_what_roots_need_is_compared(
        set in package_sets(Names::Few),
        edits in prop::collection::vec(any::<Edit>(), 0..4),
        root in any::<prop::sample::Index>(),
    ) {
        let (before, after) = (graph(&set), graph(&made_up::edited(&set, &edits).0));
        let (old, new) = (
            DrvId(root.index(before.len()) as u32),
            DrvId(root.index(after.len()) as u32),
        );
        let side = |graph, root| Side::new(graph).with_roots(&[root]).with_attributes([(root, "it")]);
        let comparison = compare::compare(&side(&before, old), &side(&after, new));
        let closure = after.closure(&[new]);
        for id in after.ids() {
            prop_assert_eq!(
                comparison.fate_after(id) == Fate::Outside,
                !closure.contains(&id)
            );
        }
        if let Some(change) = comparison.change_to(new)
            && change.before == old
        {
            prop_assert_eq!(change.matched_by, MatchedBy::Attribute);
        }
    }
}

proptest! {
    /// What a comparison finds is what was said without one.
    #[test]
    fn a_change_builds_again_what_was_said_beforehand(
        set in package_sets(Names::Unique),
        of in any::<prop::sample::Index>(),
    ) {
        let (before, after) = (graph(&set), graph(&made_up::edited(&set, &[Edit::Flags(of)]).0));
        let package = &set[of.index(set.len())];
        let edited: Vec<DrvId> = before
            .iter()
            .filter(|(_, drv)| drv.name() == package.name && package.fetches.is_none())
            .map(|(id, _)| id)
            .collect();
        let comparison = compare(&before, &after);
        let mut changed: Vec<DrvId> = comparison.changes().iter().map(|c| c.before).collect();
        changed.sort_unstable();
        let rebuilt = rebuild::of(&before, &edited);
        prop_assert_eq!(&changed, &rebuilt);
        let sets = [edited, Vec::new()];
        prop_assert_eq!(
            rebuild::costs(&before, &sets, |_| true, |_| 1),
            [rebuilt.len() as u64, 0]
        );
    }

    #[test]
    fn chains_lead_from_start_to_end(
        set in package_sets(Names::Unique),
        start in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
        barred in any::<prop::sample::Index>(),
    ) {
        let graph = graph(&set);
        let pick = |index: prop::sample::Index| DrvId(index.index(graph.len()) as u32);
        let (start, end, barred) = (pick(start), pick(end), pick(barred));
        let within = |id: DrvId| id != barred;
        // Every chain, by brute force.
        let mut all = Vec::new();
        let mut open: Vec<Vec<DrvId>> = vec![vec![start]];
        open.retain(|_| within(start));
        while let Some(chain) = open.pop() {
            let last = chain[chain.len() - 1];
            if last == end {
                all.push(chain.clone());
            }
            let next = graph.dependents(last).filter(|&id| within(id));
            open.extend(next.map(|id| [&chain[..], &[id]].concat()));
        }
        let cost = |id: DrvId| u64::from(id.0 * 7 % 5);
        let sum = |chain: &[DrvId]| chain.iter().map(|&id| cost(id)).sum::<u64>();
        let shortest = chain::shortest(&graph, &[start], &[end], within);
        prop_assert_eq!(shortest.as_ref().map(Vec::len), all.iter().map(Vec::len).min());
        let costliest = chain::costliest(&graph, &[start], &[end], within, cost);
        prop_assert_eq!(
            costliest.as_deref().map(sum),
            all.iter().map(|chain| sum(chain)).max()
        );
        for chain in shortest.iter().chain(&costliest) {
            prop_assert!(all.contains(chain));
        }
    }
}
