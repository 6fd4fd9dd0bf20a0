//! The heaviest closed set of a graph.
//!
//! A set of items is *closed* when it has everything that its items require. The heaviest one is
//! found as a minimum cut (Picard, *Maximal closure of a graph and applications to combinatorial
//! problems*, Management Science 22, 1976): the source feeds every item of positive weight, every
//! item of negative weight drains into the sink, and what requires is joined to what is required
//! without limit.
//!
//! The cut is found by the push–relabel method (Goldberg and Tarjan, *A new approach to the
//! maximum-flow problem*, JACM 35, 1988), highest label first, with the gap heuristic and with
//! labels computed anew by breadth-first search every n relabellings (Cherkassky and Goldberg,
//! *On implementing the push–relabel method for the maximum flow problem*, Algorithmica 19, 1997).
//! Only the first phase is needed: a cut, not a flow. O(n²·√e), in practice close to linear on
//! graphs of store paths.

use crate::precedence::Precedence;

/// The largest of the heaviest closed sets, as a mark for each item. Of sets that weigh the same
/// the union is closed and weighs the same too, so there is one that contains all others: the
/// answer does not depend on the order of anything.
///
/// # Panics
/// When `weights` has not one weight for each item. The sums of the positive and of the negative
/// weights must each fit an `i128`.
pub fn max_closure(graph: &Precedence, weights: &[i128]) -> Vec<bool> {
    assert_eq!(weights.len(), graph.len(), "one weight for each item");
    let mut flow = Preflow::new(graph, weights);
    flow.run();
    // What still reaches the sink is on its side of the cut; labels are exact now.
    flow.relabel_all();
    flow.label
        .iter()
        .map(|&label| label == flow.nowhere)
        .collect()
}

/// A flow in the making: what flows into an item may exceed what flows out.
struct Preflow<'g> {
    graph: &'g Precedence,
    /// What came in and has not gone out.
    excess: Vec<i128>,
    /// What an item may still drain into the sink.
    drain: Vec<i128>,
    /// What flows along each arc; it can be sent back.
    flow: Vec<i128>,
    /// A lower bound of the number of arcs to the sink, the one into it included.
    label: Vec<u32>,
    /// The label of what cannot reach the sink: a way has n arcs at most.
    nowhere: u32,
    /// Items with excess, by label.
    active: Vec<Vec<u32>>,
    /// No item with excess has a label above this.
    highest: usize,
    /// Items by label, those that cannot reach the sink left out.
    levels: Levels,
    /// The next way to try of each item: its arcs first, then the arcs into it.
    current: Vec<u32>,
    relabelled: usize,
}

impl<'g> Preflow<'g> {
    fn new(graph: &'g Precedence, weights: &[i128]) -> Self {
        let n = graph.len();
        Self {
            graph,
            excess: weights.iter().map(|&weight| weight.max(0)).collect(),
            drain: weights.iter().map(|&weight| (-weight).max(0)).collect(),
            flow: vec![0; graph.arc_count()],
            label: vec![0; n],
            nowhere: n as u32 + 1,
            active: vec![Vec::new(); n + 2],
            highest: 0,
            levels: Levels::new(n),
            current: vec![0; n],
            relabelled: 0,
        }
    }

    fn run(&mut self) {
        self.relabel_all();
        while let Some(item) = self.next_active() {
            self.discharge(item);
            if self.relabelled > self.graph.len() {
                self.relabel_all();
            }
        }
    }

    /// Exact labels, by breadth-first search from the sink against the direction of what is left,
    /// and the active items sorted by them.
    fn relabel_all(&mut self) {
        let n = self.graph.len() as u32;
        self.relabelled = 0;
        self.label.fill(self.nowhere);
        self.levels.clear();
        self.current.fill(0);
        for active in &mut self.active {
            active.clear();
        }
        self.highest = 0;
        let mut queue: Vec<u32> = (0..n)
            .filter(|&item| self.drain[item as usize] > 0)
            .collect();
        for &item in &queue {
            self.label[item as usize] = 1;
        }
        let mut next = 0;
        while let Some(&item) = queue.get(next) {
            next += 1;
            let label = self.label[item as usize];
            self.levels.add(item, label);
            if self.excess[item as usize] > 0 {
                self.activate(item);
            }
            // Into it without limit from what requires it, and back along a flow from it.
            let back = self.graph.arcs(item).filter(|&arc| self.flow[arc] > 0);
            let back = back.map(|arc| self.graph.head(arc));
            for other in self.graph.dependents(item).iter().copied().chain(back) {
                let other_label = &mut self.label[other as usize];
                if *other_label == self.nowhere {
                    *other_label = label + 1;
                    queue.push(other);
                }
            }
        }
    }

    fn activate(&mut self, item: u32) {
        let label = self.label[item as usize] as usize;
        self.active[label].push(item);
        self.highest = self.highest.max(label);
    }

    fn next_active(&mut self) -> Option<u32> {
        while self.highest > 0 {
            match self.active[self.highest].pop() {
                // One that was lifted since stands in a higher list too.
                Some(item) if self.label[item as usize] as usize == self.highest => {
                    return Some(item);
                }
                Some(_) => {}
                None => self.highest -= 1,
            }
        }
        None
    }

    /// Sends the excess of an item on, lifting it as often as that takes.
    fn discharge(&mut self, item: u32) {
        let v = item as usize;
        let amount = self.excess[v].min(self.drain[v]);
        self.excess[v] -= amount;
        self.drain[v] -= amount;
        while self.excess[v] > 0 && self.label[v] < self.nowhere {
            if !self.push(item) {
                self.lift(item);
            }
        }
    }

    /// Sends the whole excess down, as far as the ways that are left allow; whether it is gone.
    fn push(&mut self, item: u32) -> bool {
        let v = item as usize;
        let arcs = self.graph.arcs(item);
        let out = arcs.len() as u32;
        let graph = self.graph;
        while self.current[v] < out {
            let arc = arcs.start + self.current[v] as usize;
            let to = graph.head(arc);
            if self.label[to as usize] + 1 == self.label[v] {
                let amount = self.excess[v];
                self.flow[arc] += amount;
                self.send(v, to, amount);
                return true;
            }
            self.current[v] += 1;
        }
        let skip = (self.current[v] - out) as usize;
        for (arc, from) in graph.incoming(item).skip(skip) {
            if self.flow[arc] > 0 && self.label[from as usize] + 1 == self.label[v] {
                let amount = self.excess[v].min(self.flow[arc]);
                self.flow[arc] -= amount;
                self.send(v, from, amount);
                if self.excess[v] == 0 {
                    return true;
                }
            }
            self.current[v] += 1;
        }
        false
    }

    fn send(&mut self, from: usize, to: u32, amount: i128) {
        self.excess[from] -= amount;
        let had = self.excess[to as usize];
        self.excess[to as usize] = had + amount;
        if had == 0 {
            self.activate(to);
        }
    }

    /// Lifts an item just above the lowest that it can send to.
    fn lift(&mut self, item: u32) {
        let v = item as usize;
        let nowhere = self.nowhere;
        let graph = self.graph;
        let old = self.label[v];
        let forward = graph.requires(item).iter().copied();
        let back = graph.incoming(item).filter(|&(arc, _)| self.flow[arc] > 0);
        let lowest = forward
            .chain(back.map(|(_, from)| from))
            .map(|other| self.label[other as usize])
            .min();
        self.relabelled += 1;
        self.levels.remove(item);
        if self.levels.first(old).is_none() {
            // Nothing is left at the old height: what is above cannot reach the sink any more. An
            // item is lifted just above another, so there was no such gap before.
            for label in old + 1.. {
                if self.levels.first(label).is_none() {
                    break;
                }
                while let Some(above) = self.levels.first(label) {
                    self.levels.remove(above);
                    self.label[above as usize] = nowhere;
                }
            }
            self.label[v] = nowhere;
            return;
        }
        let new = lowest.map_or(nowhere, |lowest| (lowest + 1).min(nowhere));
        self.label[v] = new;
        self.current[v] = 0;
        if new < nowhere {
            self.levels.add(item, new);
        }
    }
}

/// The items at each label, as doubly linked rings through a link for each label: to look at what
/// is above a gap takes no longer than there is of it.
struct Levels {
    links: Vec<Link>,
    items: u32,
}

#[derive(Clone, Copy)]
struct Link {
    next: u32,
    before: u32,
}

impl Levels {
    /// No items yet, of up to `items`.
    fn new(items: usize) -> Self {
        let alone = Link { next: 0, before: 0 };
        // Labels go to `nowhere`, which is one more than the items.
        let mut levels = Self {
            links: vec![alone; 2 * items + 2],
            items: items as u32,
        };
        levels.clear();
        levels
    }

    fn clear(&mut self) {
        for (at, link) in (0..).zip(&mut self.links) {
            let (next, before) = (at, at);
            *link = Link { next, before };
        }
    }

    fn add(&mut self, item: u32, label: u32) {
        let ring = self.items + label;
        let next = self.links[ring as usize].next;
        self.links[item as usize] = Link { next, before: ring };
        self.links[next as usize].before = item;
        self.links[ring as usize].next = item;
    }

    fn remove(&mut self, item: u32) {
        let Link { next, before } = self.links[item as usize];
        self.links[before as usize].next = next;
        self.links[next as usize].before = before;
    }

    fn first(&self, label: u32) -> Option<u32> {
        let first = self.links[(self.items + label) as usize].next;
        (first < self.items).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Every closed set there is.
    fn heaviest(graph: &Precedence, weights: &[i128]) -> (i128, u32) {
        let n = graph.len();
        let mut best = (0, 0);
        for set in 0..1_u32 << n {
            let has = |item: u32| set >> item & 1 == 1;
            let items = || (0..n as u32).filter(|&item| has(item));
            if !items().all(|item| graph.requires(item).iter().all(|&other| has(other))) {
                continue;
            }
            let weight: i128 = items().map(|item| weights[item as usize]).sum();
            if weight > best.0 {
                best = (weight, set);
            } else if weight == best.0 {
                best.1 |= set;
            }
        }
        best
    }

    proptest! {
        #[test]
        fn it_is_the_union_of_the_heaviest(
            (n, arcs) in (1..10_u32).prop_flat_map(|n| (Just(n), vec((0..n, 0..n), 0..30))),
            weights in vec(-6..7_i128, 10),
        ) {
            let graph = Precedence::new(n as usize, arcs);
            let weights = &weights[..n as usize];
            let found = max_closure(&graph, weights);
            let is_in = (0..).zip(&found).filter(|(_, is_in)| **is_in);
            let set = is_in.fold(0, |set, (item, _)| set | 1_u32 << item);
            prop_assert_eq!(set, heaviest(&graph, weights).1);
        }
    }

    #[test]
    fn the_sink_may_be_as_far_as_there_are_items() {
        for n in 1..6 {
            let chain = Precedence::new(n, (1..n as u32).map(|item| (item, item - 1)));
            let mut weights = vec![0; n];
            weights[n - 1] += 5;
            weights[0] -= 5;
            assert_eq!(max_closure(&chain, &weights), vec![true; n]);
            weights[0] -= 1;
            assert_eq!(max_closure(&chain, &weights), vec![false; n]);
        }
    }

    #[test]
    fn weights_near_the_limit_do_not_overflow() {
        let graph = Precedence::new(3, [(0, 2), (1, 2)]);
        let big = i128::MAX / 4;
        assert_eq!(max_closure(&graph, &[big, big, -2 * big]), [true; 3]);
        assert_eq!(max_closure(&graph, &[big, big, -2 * big - 1]), [false; 3]);
    }
}
