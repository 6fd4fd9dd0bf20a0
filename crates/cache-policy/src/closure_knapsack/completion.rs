//! From the two sets of a relaxation to one that fits and wastes little room.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::part::Part;
use super::relaxation::{Relaxation, relaxation};
use crate::precedence::{Enter, Walk};

/// How often what is left after filling is relaxed and filled again.
const ROUNDS: usize = 6;

/// More critical items than this are not worth repairing: much has to be dropped, each of them is
/// weighed anew each time, and branching finds better sets.
const FEW: usize = 256;

/// The better of filling the smaller set and repairing the larger one; places in the part,
/// ascending. Never worse than `within`, always closed, and fits.
pub(super) fn complete(part: &Part, relaxed: &Relaxation, room: u64, work: &mut u64) -> Vec<u32> {
    if relaxed.critical.is_empty() {
        return relaxed.within.clone();
    }
    let mut filled = Set::new(part, room, &relaxed.within);
    filled.fill(work);
    if relaxed.critical.len() > FEW {
        return filled.places();
    }
    let larger: Vec<u32> = relaxed
        .within
        .iter()
        .chain(&relaxed.critical)
        .copied()
        .collect();
    let mut repaired = Set::new(part, room, &larger);
    repaired.drop_until_it_fits(&relaxed.critical);
    repaired.fill(work);
    // Of two that are worth the same, the one that leaves more room.
    if (repaired.value, Reverse(repaired.size)) > (filled.value, Reverse(filled.size)) {
        repaired.places()
    } else {
        filled.places()
    }
}

/// A closed set in the making.
struct Set<'p> {
    part: &'p Part,
    taken: Vec<bool>,
    size: u128,
    value: u128,
    room: u64,
    walk: Walk,
}

/// Items that are taken or dropped together.
#[derive(Clone, Copy, Default)]
struct Bundle {
    size: u128,
    value: u128,
}

impl Bundle {
    /// Worth over size as a whole number that can be compared: 2³² for one unit of worth in one of
    /// size. What takes no room comes before all.
    fn density(self) -> u128 {
        match self.size {
            0 => u128::MAX,
            // Totals are sums of 64-bit numbers: 32 bits more always fit.
            size => (self.value << 32) / size,
        }
    }
}

impl<'p> Set<'p> {
    fn new(part: &'p Part, room: u64, places: &[u32]) -> Self {
        let mut set = Self {
            part,
            taken: vec![false; part.len()],
            size: 0,
            value: 0,
            room,
            walk: Walk::new(part.len()),
        };
        for &place in places {
            set.put(place, true);
        }
        set
    }

    fn places(&self) -> Vec<u32> {
        self.part
            .places()
            .filter(|&place| self.taken[place as usize])
            .collect()
    }

    fn put(&mut self, place: u32, taken: bool) {
        let place = place as usize;
        if std::mem::replace(&mut self.taken[place], taken) == taken {
            return;
        }
        let (size, value) = (
            u128::from(self.part.sizes[place]),
            u128::from(self.part.values[place]),
        );
        if taken {
            self.size += size;
            self.value += value;
        } else {
            self.size -= size;
            self.value -= value;
        }
    }

    /// The items that are not taken and may fit, by their [least sizes](Part::least_sizes).
    fn candidates(&self) -> Vec<u32> {
        let is_taken = |place: u32| self.taken[place as usize];
        let left = u128::from(self.room).saturating_sub(self.size);
        let least = self.part.least_sizes(is_taken);
        let may_fit = |place: &u32| !is_taken(*place) && least[*place as usize] <= left;
        self.part.places().filter(may_fit).collect()
    }

    /// What an item needs that is not taken, itself included; `None` where that does not fit.
    fn addition(&mut self, place: u32, into: &mut Vec<u32>) -> Option<Bundle> {
        let (part, taken) = (self.part, &self.taken);
        let limit = u128::from(self.room).checked_sub(self.size)?;
        let mut bundle = Bundle::default();
        into.clear();
        let fits = self.walk.from(
            place,
            |p| part.graph.requires(p),
            |p| {
                if taken[p as usize] {
                    return Enter::Skip;
                }
                bundle.size += u128::from(part.sizes[p as usize]);
                bundle.value += u128::from(part.values[p as usize]);
                into.push(p);
                if bundle.size > limit {
                    Enter::Stop
                } else {
                    Enter::Pass
                }
            },
        );
        fits.then_some(bundle)
    }

    /// What has to go with an item: all taken ones that require it.
    fn removal(&mut self, place: u32, into: &mut Vec<u32>) -> Bundle {
        let (part, taken) = (self.part, &self.taken);
        let mut bundle = Bundle::default();
        into.clear();
        self.walk.from(
            place,
            |p| part.graph.dependents(p),
            |p| {
                if !taken[p as usize] {
                    return Enter::Skip;
                }
                bundle.size += u128::from(part.sizes[p as usize]);
                bundle.value += u128::from(part.values[p as usize]);
                into.push(p);
                Enter::Pass
            },
        );
        bundle
    }

    /// Adds what fits: first what the relaxation of the rest says, as long as that says anything,
    /// then one item after another with what it needs, the densest first.
    fn fill(&mut self, work: &mut u64) {
        for _ in 0..ROUNDS {
            if !self.fill_by_relaxation(work) {
                break;
            }
        }
        self.fill_by_density();
    }

    fn fill_by_relaxation(&mut self, work: &mut u64) -> bool {
        let left = u128::from(self.room).saturating_sub(self.size);
        // No more than a 64-bit number, since the room was one.
        let left = left as u64;
        let rest = self.part.local(&self.candidates());
        let rest = rest.eligible(left).without_misfits(left);
        let relaxed = relaxation(&rest, left, work);
        for &place in &relaxed.within {
            self.put(rest.items[place as usize], true);
        }
        !relaxed.within.is_empty()
    }

    fn fill_by_density(&mut self) {
        let mut needs = Vec::new();
        loop {
            let mut heap = BinaryHeap::new();
            for place in self.candidates() {
                if let Some(bundle) = self.addition(place, &mut needs)
                    && bundle.value > 0
                {
                    heap.push((bundle.density(), Reverse(place)));
                }
            }
            let mut is_new = false;
            while let Some((density, Reverse(place))) = heap.pop() {
                if self.taken[place as usize] {
                    continue;
                }
                let Some(bundle) = self.addition(place, &mut needs) else {
                    continue;
                };
                if bundle.density() < density {
                    // Others have taken the best of what it would have brought.
                    heap.push((bundle.density(), Reverse(place)));
                    continue;
                }
                is_new = true;
                for &need in &needs {
                    self.put(need, true);
                }
            }
            if !is_new {
                return;
            }
        }
    }

    /// Drops some of the critical items with all that requires them, those first that give up the
    /// least worth for the room they free, until the rest fits. Nothing else requires them.
    fn drop_until_it_fits(&mut self, critical: &[u32]) {
        let mut goes = Vec::new();
        let mut heap = BinaryHeap::new();
        for &place in critical {
            let loss = self.loss(place, &mut goes);
            heap.push((Reverse(loss), Reverse(place)));
        }
        while self.size > u128::from(self.room) {
            let Some((Reverse(loss), Reverse(place))) = heap.pop() else {
                return;
            };
            if !self.taken[place as usize] {
                continue;
            }
            let now = self.loss(place, &mut goes);
            if now > loss {
                heap.push((Reverse(now), Reverse(place)));
                continue;
            }
            for &item in &goes {
                self.put(item, false);
            }
        }
    }

    /// What dropping an item gives up for each unit of room that is short.
    fn loss(&mut self, place: u32, goes: &mut Vec<u32>) -> u128 {
        let short = self.size.saturating_sub(u128::from(self.room));
        let bundle = self.removal(place, goes);
        let freed = Bundle {
            size: bundle.size.min(short),
            ..bundle
        };
        freed.density()
    }
}
