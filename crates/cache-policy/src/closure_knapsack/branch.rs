//! Branch and bound, as far as a given amount of work goes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Instance;
use super::completion::complete;
use super::part::Part;
use super::relaxation::{Relaxation, relaxation};
use crate::precedence::{Enter, Walk};

/// Work after which branching ends, in items and arcs looked at by minimum cuts.
const WORK: u64 = 2_000_000;
/// Work after which it ends once the gap is small: every instance of up to a few hundred items is
/// solved before.
const ENOUGH: u64 = 500_000;
/// The bound is at most so many times the gap then: 0.01 %.
const SMALL: u128 = 10_000;

/// The best set that was found.
#[derive(Default)]
pub(super) struct Found {
    /// Numbers in the instance, ascending.
    pub(super) items: Vec<u32>,
    /// What they are worth.
    pub(super) value: u128,
    /// No set is worth more.
    pub(super) bound: u128,
}

/// A part that is still to be decided, and what is taken beside it.
struct Open {
    part: Part,
    relaxed: Relaxation,
    taken: Vec<u32>,
    value: u128,
    room: u64,
}

/// Decides the items of `part`, which is all that can be taken. The case with the highest bound
/// is next, and from there always down into the better of two cases until nothing is left to
/// decide: so the bound falls, and good sets are found early.
pub(super) fn branch(instance: &Instance, part: Part, capacity: u64) -> Found {
    let mut work = 0;
    let root = Open {
        relaxed: relaxation(&part, capacity, &mut work),
        part,
        taken: Vec::new(),
        value: 0,
        room: capacity,
    };
    let mut found = Found::default();
    found.improve(instance, &root, &mut work);
    let mut number = 0_u32;
    let mut open = BTreeMap::from([((root.bound(), Reverse(number)), root)]);
    while let Some((_, case)) = open.pop_last() {
        let bound = case.bound().max(found.value);
        let gap = bound - found.value;
        if work > WORK || (work > ENOUGH && gap.saturating_mul(SMALL) < bound) {
            return Found { bound, ..found };
        }
        let mut next = Some(case);
        while let Some(case) = next.take().filter(|case| case.bound() > found.value) {
            let Some(pivot) = case.pivot() else { break };
            let mut cases = case.split(pivot, &mut work);
            for case in &cases {
                found.improve(instance, case, &mut work);
            }
            cases.sort_by_key(Open::bound);
            if work <= WORK {
                next = cases.pop();
            }
            for case in cases {
                number += 1;
                open.insert((case.bound(), Reverse(number)), case);
            }
        }
    }
    Found {
        bound: found.value,
        ..found
    }
}

impl Found {
    /// Completes the set of a case, and keeps it if it is the best so far.
    fn improve(&mut self, instance: &Instance, case: &Open, work: &mut u64) {
        if case.bound() <= self.value {
            return;
        }
        let completed = complete(&case.part, &case.relaxed, case.room, work);
        let places = completed.iter();
        let mut items: Vec<u32> = places.map(|&p| case.part.items[p as usize]).collect();
        items.extend(&case.taken);
        let value = instance.value_of(&items);
        if value > self.value {
            items.sort_unstable();
            self.value = value;
            self.items = items;
        }
    }
}

impl Open {
    fn bound(&self) -> u128 {
        self.value + self.relaxed.bound
    }

    /// The item that is best decided next: of the critical ones the one that takes the most room
    /// beyond what it is worth at the price of room, such as a library that many programs share.
    /// Once that is decided, most others follow.
    fn pivot(&self) -> Option<u32> {
        let critical = &self.relaxed.critical;
        let price = self.part.value(critical) as f64 / self.part.size(critical) as f64;
        let burden = |place: u32| {
            let place = place as usize;
            self.part.sizes[place] as f64 * price - self.part.values[place] as f64
        };
        critical
            .iter()
            .copied()
            .max_by(|&a, &b| burden(a).total_cmp(&burden(b)).then(b.cmp(&a)))
    }

    /// The two cases: the item at this place is taken with all it requires, if that fits, or
    /// left out with all that requires it.
    fn split(&self, place: u32, work: &mut u64) -> Vec<Self> {
        let (part, n) = (&self.part, self.part.len());
        let needed = reached(n, place, |p| part.graph.requires(p));
        let needing = reached(n, place, |p| part.graph.dependents(p));
        let places = |keep: &dyn Fn(usize) -> bool| -> Vec<u32> {
            (0..n as u32).filter(|&p| keep(p as usize)).collect()
        };
        let new = places(&|p| needed[p]);
        let room = u128::from(self.room).checked_sub(part.size(&new));
        let with = room.map(|room| {
            let mut taken = self.taken.clone();
            taken.extend(new.iter().map(|&p| part.items[p as usize]));
            // No more than the room before, which was a 64-bit number.
            let room = room as u64;
            let value = self.value + part.value(&new);
            self.case(&places(&|p| !needed[p]), taken, value, room, work)
        });
        let rest = places(&|p| !needing[p]);
        let without = self.case(&rest, self.taken.clone(), self.value, self.room, work);
        with.into_iter().chain([without]).collect()
    }

    /// What remains to be decided of some places.
    fn case(
        &self,
        places: &[u32],
        taken: Vec<u32>,
        value: u128,
        room: u64,
        work: &mut u64,
    ) -> Self {
        let part = self.part.restricted(places).eligible(room);
        Self {
            relaxed: relaxation(&part, room, work),
            part,
            taken,
            value,
            room,
        }
    }
}

/// `start` and everything that `next` leads to from there, as marks for `n` items.
fn reached<'g>(n: usize, start: u32, next: impl Fn(u32) -> &'g [u32]) -> Vec<bool> {
    let mut reached = vec![false; n];
    Walk::new(n).from(start, next, |item| {
        reached[item as usize] = true;
        Enter::Pass
    });
    reached
}
