//! Which item requires which.

/// A directed graph over items 0 .. n: an arc leads from an item to one that it requires.
///
/// Arcs of one item lie next to each other, in both directions, so that walks touch little memory:
/// 16 bytes an arc and 8 an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precedence {
    first: Vec<u32>,
    required: Vec<u32>,
    first_dependent: Vec<u32>,
    /// For each arc into an item, ordered by item: the arc's index in `required`.
    incoming: Vec<u32>,
    /// For each of these, where the arc comes from.
    dependents: Vec<u32>,
}

impl Precedence {
    /// A graph of `n` items. Arcs may be given more than once; an item may require itself, which
    /// says nothing. O(n + e log e).
    ///
    /// # Panics
    /// When an arc names an item that is not below `n`.
    pub fn new(n: usize, arcs: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut arcs: Vec<(u32, u32)> = arcs.into_iter().filter(|(a, b)| a != b).collect();
        arcs.sort_unstable();
        arcs.dedup();
        let mut first = vec![0; n + 1];
        let mut first_dependent = vec![0; n + 1];
        for &(from, to) in &arcs {
            first[from as usize + 1] += 1;
            first_dependent[to as usize + 1] += 1;
        }
        for item in 0..n {
            first[item + 1] += first[item];
            first_dependent[item + 1] += first_dependent[item];
        }
        let mut next = first_dependent.clone();
        let mut incoming = vec![0; arcs.len()];
        let mut dependents = vec![0; arcs.len()];
        for (arc, &(from, to)) in (0..).zip(&arcs) {
            let place = next[to as usize] as usize;
            incoming[place] = arc;
            dependents[place] = from;
            next[to as usize] += 1;
        }
        Self {
            first,
            required: arcs.into_iter().map(|(_, to)| to).collect(),
            first_dependent,
            incoming,
            dependents,
        }
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.first.len() - 1
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of arcs.
    pub fn arc_count(&self) -> usize {
        self.required.len()
    }

    /// What `item` requires itself, ascending.
    pub fn requires(&self, item: u32) -> &[u32] {
        &self.required[self.arcs(item)]
    }

    /// What requires `item` itself, ascending.
    pub fn dependents(&self, item: u32) -> &[u32] {
        &self.dependents[self.places(item)]
    }

    /// Indices of the arcs from `item`.
    pub(crate) fn arcs(&self, item: u32) -> std::ops::Range<usize> {
        self.first[item as usize] as usize..self.first[item as usize + 1] as usize
    }

    /// Where an arc leads.
    pub(crate) fn head(&self, arc: usize) -> u32 {
        self.required[arc]
    }

    /// Arcs into `item`: each with its index and where it comes from.
    pub(crate) fn incoming(&self, item: u32) -> impl Iterator<Item = (usize, u32)> {
        self.places(item)
            .map(|place| (self.incoming[place] as usize, self.dependents[place]))
    }

    fn places(&self, item: u32) -> std::ops::Range<usize> {
        let first = &self.first_dependent;
        first[item as usize] as usize..first[item as usize + 1] as usize
    }

    /// The items in an order in which each comes after all that it requires; a cycle where there is
    /// no such order, each item of it requiring the next and the last the first, from its smallest
    /// item on. O(n + e).
    ///
    /// # Errors
    /// The cycle.
    pub fn topological_order(&self) -> Result<Vec<u32>, Vec<u32>> {
        let n = self.len() as u32;
        let mut open: Vec<u32> = (0..n)
            .map(|item| self.requires(item).len() as u32)
            .collect();
        let mut order: Vec<u32> = (0..n).filter(|&item| open[item as usize] == 0).collect();
        let mut next = 0;
        while let Some(&item) = order.get(next) {
            next += 1;
            for &dependent in self.dependents(item) {
                let open = &mut open[dependent as usize];
                *open -= 1;
                if *open == 0 {
                    order.push(dependent);
                }
            }
        }
        if order.len() == self.len() {
            return Ok(order);
        }
        Err(self.cycle(&open))
    }

    /// A cycle among the items that have something open: each of them requires another such.
    fn cycle(&self, open: &[u32]) -> Vec<u32> {
        let stuck = |item: &u32| open[*item as usize] > 0;
        let mut at = (0..self.len() as u32).find(stuck).unwrap_or(0);
        let mut visited = vec![false; self.len()];
        let mut path = Vec::new();
        while !std::mem::replace(&mut visited[at as usize], true) {
            path.push(at);
            at = self.requires(at).iter().copied().find(stuck).unwrap_or(at);
        }
        let start = path.iter().position(|&item| item == at).unwrap_or(0);
        let mut cycle = path.split_off(start);
        let smallest = cycle.iter().enumerate().min_by_key(|(_, item)| **item);
        let smallest = smallest.map_or(0, |(place, _)| place);
        cycle.rotate_left(smallest);
        cycle
    }
}

/// Walks over a [`Precedence`] that remember what they have met; made once and used again and
/// again without being cleared.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    stamp: u32,
    met: Vec<u32>,
    stack: Vec<u32>,
}

impl Walk {
    /// For graphs of up to `n` items.
    pub(crate) fn new(n: usize) -> Self {
        Self {
            stamp: 0,
            met: vec![0; n],
            stack: Vec::new(),
        }
    }

    /// Meets `start` and everything that `next` leads to from there, directly or not, each once, and
    /// asks `enter` what to do with it. Whether the walk came to its end.
    pub(crate) fn from<'g>(
        &mut self,
        start: u32,
        next: impl Fn(u32) -> &'g [u32],
        mut enter: impl FnMut(u32) -> Enter,
    ) -> bool {
        self.stamp = self.stamp.wrapping_add(1);
        if self.stamp == 0 {
            self.met.fill(0);
            self.stamp = 1;
        }
        self.stack.clear();
        self.stack.push(start);
        self.met[start as usize] = self.stamp;
        while let Some(item) = self.stack.pop() {
            match enter(item) {
                Enter::Pass => {}
                Enter::Skip => continue,
                Enter::Stop => return false,
            }
            for &other in next(item) {
                let met = &mut self.met[other as usize];
                if *met != self.stamp {
                    *met = self.stamp;
                    self.stack.push(other);
                }
            }
        }
        true
    }
}

/// What a [`Walk`] does with an item that it meets.
pub(crate) enum Enter {
    /// Goes on to what the item leads to.
    Pass,
    /// Turns back.
    Skip,
    /// Ends.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arcs_are_found_from_both_ends() {
        let graph = Precedence::new(4, [(2, 0), (3, 2), (2, 1), (2, 0), (1, 1)]);
        assert_eq!((graph.len(), graph.arc_count()), (4, 3));
        assert_eq!(graph.requires(2), [0, 1]);
        assert_eq!(graph.dependents(0), [2]);
        let incoming: Vec<_> = graph.incoming(1).collect();
        assert_eq!(incoming.len(), 1);
        assert_eq!((graph.head(incoming[0].0), incoming[0].1), (1, 2));
        assert_eq!(graph.topological_order(), Ok(vec![0, 1, 2, 3]));
    }

    #[test]
    fn a_cycle_is_named_from_its_smallest_item_on() {
        let graph = Precedence::new(6, [(5, 3), (3, 4), (4, 1), (1, 3), (0, 5), (4, 2)]);
        assert_eq!(graph.topological_order(), Err(vec![1, 3, 4]));
    }
}
