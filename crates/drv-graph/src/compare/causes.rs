//! What changed itself, and what changed because of it.

use std::cmp::Reverse;

use super::both::End;
use super::difference::{self, Difference};
use super::pairs::Pairs;
use super::view::Views;
use super::{Change, Why};
use crate::reach;
use crate::{DrvId, Output};

/// A derivation that says something else than the one whose place it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The change.
    pub change: Change,
    /// In what the two differ; never empty.
    pub differences: Vec<Difference>,
    /// How many other changes there are above it: what it drags along, causes among them too.
    pub drags: usize,
    /// How many of these are no causes and follow from no other cause: without this one they
    /// would be as they were.
    pub drags_alone: usize,
    /// Whether it would have changed through other causes all the same.
    pub is_dragged: bool,
}

/// Every change.
pub(super) struct Found {
    /// In ascending order of the derivation after.
    pub(super) changes: Vec<Change>,
    /// In ascending order of the derivation after: those that are causes.
    pub(super) causes: Vec<Change>,
    /// By derivation after: whether it is a change.
    pub(super) is_changed: Vec<bool>,
}

impl Found {
    pub(super) fn new(views: &Views<'_>, pairs: &Pairs) -> Self {
        let graph = views.graph(End::After);
        let mut found = Self {
            changes: Vec::new(),
            causes: Vec::new(),
            is_changed: vec![false; graph.len()],
        };
        for &after in graph.topological_order() {
            if !views.in_scope(End::After, after) || pairs.has_same_outputs(End::After, after) {
                continue;
            }
            let (Some(before), Some(matched_by)) = (
                pairs.partner(End::After, after),
                pairs.matched_by(End::After, after),
            ) else {
                continue;
            };
            let says_other = difference::is_different(views, pairs, before, after);
            let mut inputs = graph.inputs(after);
            let has_changed_input = inputs.any(|input| found.is_changed[input.id.index()]);
            let outputs = (
                views.derivation(End::Before, before).outputs(),
                graph[after].outputs(),
            );
            if !says_other && !has_changed_input && !are_known_to_differ(outputs.0, outputs.1) {
                continue;
            }
            let change = Change {
                before,
                after,
                // Where nothing is seen to differ, something differs that is not seen.
                why: if says_other || !has_changed_input {
                    Why::Cause
                } else {
                    Why::Cascade
                },
                matched_by,
            };
            found.is_changed[after.index()] = true;
            found.changes.push(change);
        }
        found.changes.sort_unstable_by_key(|change| change.after);
        let causes = found.changes.iter().filter(|c| c.why == Why::Cause);
        found.causes = causes.copied().collect();
        found
    }
}

/// What makes the same paths was matched by them; of the rest paths differ where they are known.
fn are_known_to_differ(before: &[Output], after: &[Output]) -> bool {
    before.len() != after.len()
        || before.iter().zip(after).any(|(a, b)| {
            a.name != b.name || a.path.is_some() != b.path.is_some() || a.path != b.path
        })
}

/// The causes with all that is known of them, in the order in which they are shown.
pub(super) fn causes(views: &Views<'_>, pairs: &Pairs, found: &Found) -> Vec<Cause> {
    let graph = views.graph(End::After);
    let starts: Vec<[DrvId; 1]> = found.causes.iter().map(|change| [change.after]).collect();
    let is_changed = |id: DrvId| found.is_changed[id.index()];
    let drags = reach::sums(graph, &starts, is_changed, |_| 1);
    let below = Below::new(views, found);
    let mut alone = vec![0; graph.len()];
    for change in found.changes.iter().filter(|c| c.why == Why::Cascade) {
        if let Causes::One(cause) = below.of[change.after.index()] {
            alone[cause.index()] += 1;
        }
    }
    let mut causes: Vec<Cause> = found
        .causes
        .iter()
        .zip(drags)
        .map(|(&change, reached)| {
            let (before, after) = (change.before, change.after);
            Cause {
                change,
                differences: difference::of_cause(views, pairs, before, after),
                drags: reached as usize - 1,
                drags_alone: alone[after.index()],
                is_dragged: below.inputs_of[after.index()] != Causes::None,
            }
        })
        .collect();
    causes.sort_by_key(|cause| (cause.is_dragged, Reverse(cause.drags), cause.change.after));
    causes
}

/// The causes that something follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Causes {
    None,
    One(DrvId),
    Several,
}

impl Causes {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, causes) | (causes, Self::None) => causes,
            (Self::One(a), Self::One(b)) if a == b => self,
            _ => Self::Several,
        }
    }
}

/// By derivation after, from how many causes it follows.
struct Below {
    /// Itself among them, where it is one.
    of: Vec<Causes>,
    inputs_of: Vec<Causes>,
}

impl Below {
    fn new(views: &Views<'_>, found: &Found) -> Self {
        let graph = views.graph(End::After);
        let mut below = Self {
            of: vec![Causes::None; graph.len()],
            inputs_of: vec![Causes::None; graph.len()],
        };
        let mut is_cause = vec![false; graph.len()];
        for cause in &found.causes {
            is_cause[cause.after.index()] = true;
        }
        for &id in graph.topological_order() {
            if !found.is_changed[id.index()] {
                continue;
            }
            let inputs = graph.inputs(id).map(|input| below.of[input.id.index()]);
            let inputs = inputs.fold(Causes::None, Causes::and);
            below.inputs_of[id.index()] = inputs;
            below.of[id.index()] = if is_cause[id.index()] {
                inputs.and(Causes::One(id))
            } else {
                inputs
            };
        }
        below
    }
}
