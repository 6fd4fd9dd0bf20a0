//! Matching what has one recipe over inputs that are matched, from the sources up.
//!
//! A derivation is *ready* when nothing it needs waits any more. Of those that are ready on both
//! sides, the ones that say the same are matched, which makes others ready. When nobody is, some
//! that are ready have no like: the most alike of one name are matched, and the rest waits no
//! longer.

use rustc_hash::FxHashMap;

use super::{Left, free, likeness};
use crate::DrvId;
use crate::compare::MatchedBy;
use crate::compare::both::{Both, End};
use crate::compare::pairs::Pairs;
use crate::compare::view::{Views, hash_of};

/// O(n + e) in what is unmatched, and the size of its texts.
pub(super) fn sweep(views: &Views<'_>, pairs: &mut Pairs) {
    let mut sweep = Sweep::new(views, pairs);
    loop {
        let ready = std::mem::take(&mut sweep.ready);
        if ready.before.is_empty() && ready.after.is_empty() {
            if !sweep.resolve_stuck(pairs) {
                return;
            }
        } else {
            sweep.match_same(ready, pairs);
        }
    }
}

struct Sweep<'v, 'a> {
    views: &'v Views<'a>,
    /// Of what is waiting: how many of its inputs wait.
    waits_for: Both<Vec<u32>>,
    is_waiting: Both<Vec<bool>>,
    ready: Both<Vec<DrvId>>,
    /// What is ready and unmatched, by what it says.
    unmatched: FxHashMap<u64, Both<Vec<DrvId>>>,
    /// What became ready since this was last looked at, and may have found no like.
    stuck: Both<Vec<DrvId>>,
    /// Of each name, what is unmatched.
    left: FxHashMap<&'v str, Both<Left>>,
}

impl<'v, 'a> Sweep<'v, 'a> {
    fn new(views: &'v Views<'a>, pairs: &Pairs) -> Self {
        // A fetch is what its hash says, whatever it needs, and nobody waits for it: those that
        // remain are matched by their place.
        let waiting = |end: End| {
            let mut is_waiting = vec![false; views.graph(end).len()];
            for id in free(views, pairs, end) {
                is_waiting[id.index()] = !views.derivation(end, id).is_fixed_output();
            }
            is_waiting
        };
        let mut sweep = Self {
            views,
            is_waiting: Both::from_fn(waiting),
            waits_for: Both::from_fn(|end| vec![0; views.graph(end).len()]),
            ready: Both::default(),
            unmatched: FxHashMap::default(),
            stuck: Both::default(),
            left: FxHashMap::default(),
        };
        for end in End::BOTH {
            let graph = views.graph(end);
            for id in graph.ids().filter(|id| sweep.is_waiting[end][id.index()]) {
                let inputs = graph.inputs(id);
                let waiting = inputs.filter(|input| sweep.is_waiting[end][input.id.index()]);
                let count = waiting.count() as u32;
                sweep.waits_for[end][id.index()] = count;
                if count == 0 {
                    sweep.ready[end].push(id);
                }
                let name = graph[id].name();
                sweep.left.entry(name).or_default()[end].add(id);
            }
        }
        sweep
    }

    fn match_same(&mut self, ready: Both<Vec<DrvId>>, pairs: &mut Pairs) {
        let mut touched = Vec::new();
        for end in End::BOTH {
            let mut ids = ready[end].clone();
            ids.sort_unstable();
            for id in ids.into_iter().filter(|&id| pairs.is_free(end, id)) {
                let says = says(self.views, pairs, end, id);
                self.unmatched.entry(says).or_default()[end].push(id);
                self.stuck[end].push(id);
                touched.push(says);
            }
        }
        touched.sort_unstable();
        touched.dedup();
        for says in touched {
            let Some(same) = self.unmatched.get_mut(&says) else {
                continue;
            };
            for end in End::BOTH {
                same[end].retain(|&id| pairs.is_free(end, id));
            }
            // Of more on one side than on the other nobody can tell which is which.
            if same.before.len() == same.after.len() {
                let same = std::mem::take(same);
                for (before, after) in same.before.into_iter().zip(same.after) {
                    self.pair(before, after, MatchedBy::Recipe, pairs);
                }
            }
        }
    }

    /// False where nothing is stuck: then all is done.
    fn resolve_stuck(&mut self, pairs: &mut Pairs) -> bool {
        let mut stuck = std::mem::take(&mut self.stuck);
        let mut groups: FxHashMap<&str, Both<Vec<DrvId>>> = FxHashMap::default();
        for end in End::BOTH {
            stuck[end].retain(|&id| pairs.is_free(end, id));
            stuck[end].sort_unstable();
            for &id in &stuck[end] {
                let name = self.views.derivation(end, id).name();
                groups.entry(name).or_default()[end].push(id);
            }
        }
        if groups.is_empty() {
            return false;
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable_by_key(|(name, _)| *name);
        let mut alike = Vec::new();
        for (name, group) in &groups {
            let left = &self.left[name];
            if let (Some(before), Some(after)) = (left.before.only(), left.after.only()) {
                alike.push((before, after));
            } else if !group.before.is_empty() && !group.after.is_empty() {
                alike.extend(likeness::most_alike(self.views, pairs, group));
            }
        }
        for (before, after) in alike {
            self.pair(before, after, MatchedBy::Likeness, pairs);
        }
        for end in End::BOTH {
            for &id in &stuck[end] {
                self.release(end, id);
            }
        }
        true
    }

    fn pair(&mut self, before: DrvId, after: DrvId, by: MatchedBy, pairs: &mut Pairs) {
        pairs.add(before, after, by);
        for (end, id) in [(End::Before, before), (End::After, after)] {
            let name = self.views.derivation(end, id).name();
            if let Some(left) = self.left.get_mut(name) {
                left[end].remove(id);
            }
            self.release(end, id);
        }
    }

    /// Lets nothing wait for `id` any more.
    fn release(&mut self, end: End, id: DrvId) {
        if !std::mem::replace(&mut self.is_waiting[end][id.index()], false) {
            return;
        }
        for dependent in self.views.graph(end).dependents(id) {
            if self.is_waiting[end][dependent.index()] {
                let waits_for = &mut self.waits_for[end][dependent.index()];
                *waits_for -= 1;
                if *waits_for == 0 {
                    self.ready[end].push(dependent);
                }
            }
        }
    }
}

/// A hash of all that a derivation says, its inputs by the pairs they belong to.
fn says(views: &Views<'_>, pairs: &Pairs, end: End, id: DrvId) -> u64 {
    let graph = views.graph(end);
    let derivation = &graph[id];
    let lines = views.lines(end, id).iter().map(|&line| {
        let text = views.text_hash(pairs, end, id, line);
        (views.part(end, line).number(), text)
    });
    let lines: Vec<_> = lines.collect();
    let mut inputs: Vec<_> = graph
        .inputs(id)
        .map(|input| {
            let key = pairs.key(end, input.id);
            let name = key.is_none().then(|| graph[input.id].name());
            (key, name, input.outputs)
        })
        .collect();
    inputs.sort_unstable();
    let mut sources = derivation.input_sources().to_vec();
    sources.sort_unstable();
    let outputs = derivation.outputs().iter();
    let outputs: Vec<_> = outputs.map(|output| &output.name).collect();
    hash_of(&(
        derivation.name(),
        derivation.system(),
        lines,
        inputs,
        sources,
        outputs,
    ))
}
