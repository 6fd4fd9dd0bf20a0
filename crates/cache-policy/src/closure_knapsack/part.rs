//! What of an instance remains to be decided.

use super::Instance;
use crate::precedence::{Enter, Precedence, Walk};

/// Items looked at while those are sought that do not fit with all they require.
const VISITS: u64 = 4_000_000;

/// Some items of an instance, with the arcs between them: of the others each is either taken, or
/// ruled out together with all that requires it.
///
/// An item's *place* is its number here. Each item comes after all that it requires.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The items' numbers in the instance.
    pub(super) items: Vec<u32>,
    pub(super) sizes: Vec<u64>,
    pub(super) values: Vec<u64>,
    pub(super) graph: Precedence,
}

impl Part {
    /// All of an instance.
    pub(super) fn whole(instance: &Instance) -> Self {
        let Instance {
            sizes,
            values,
            graph,
            order,
        } = instance;
        Self::select(sizes, values, graph, order, |item| item)
    }

    /// The part of this part that has the items at these places, ascending.
    pub(super) fn restricted(&self, places: &[u32]) -> Self {
        let name = |place: u32| self.items[place as usize];
        Self::select(&self.sizes, &self.values, &self.graph, places, name)
    }

    /// The same, but what it calls its items are their places in this part.
    pub(super) fn local(&self, places: &[u32]) -> Self {
        Self::select(&self.sizes, &self.values, &self.graph, places, |place| {
            place
        })
    }

    fn select(
        sizes: &[u64],
        values: &[u64],
        graph: &Precedence,
        places: &[u32],
        name: impl Fn(u32) -> u32,
    ) -> Self {
        const OUT: u32 = u32::MAX;
        let mut place_of = vec![OUT; graph.len()];
        for (new, &old) in (0..).zip(places) {
            place_of[old as usize] = new;
        }
        let arcs = (0..).zip(places).flat_map(|(new, &old)| {
            let place_of = &place_of;
            let required = graph.requires(old).iter();
            required
                .map(|&other| place_of[other as usize])
                .filter(|&other| other != OUT)
                .map(move |other| (new, other))
        });
        Self {
            graph: Precedence::new(places.len(), arcs),
            items: places.iter().map(|&place| name(place)).collect(),
            sizes: places.iter().map(|&p| sizes[p as usize]).collect(),
            values: places.iter().map(|&p| values[p as usize]).collect(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn places(&self) -> std::ops::Range<u32> {
        0..self.len() as u32
    }

    pub(super) fn size(&self, places: &[u32]) -> u128 {
        sum(&self.sizes, places)
    }

    pub(super) fn value(&self, places: &[u32]) -> u128 {
        sum(&self.values, places)
    }

    /// The least that each item takes up with all it requires and `is_there` does not have yet:
    /// the heaviest chain down from it. O(n + e).
    pub(super) fn least_sizes(&self, is_there: impl Fn(u32) -> bool) -> Vec<u128> {
        let mut least = vec![0; self.len()];
        for place in self.places().filter(|&place| !is_there(place)) {
            let required = self.graph.requires(place).iter();
            let below = required.map(|&other| least[other as usize]).max();
            least[place as usize] = below.unwrap_or(0) + u128::from(self.sizes[place as usize]);
        }
        least
    }

    /// Without what does not fit into `room` by its [least size](Self::least_sizes), and what
    /// nothing of worth is or requires. O(n + e).
    pub(super) fn eligible(&self, room: u64) -> Self {
        let least = self.least_sizes(|_| false);
        let fits = |place: u32| least[place as usize] <= u128::from(room);
        self.useful(fits)
    }

    /// What fits and is of worth, or is required by such.
    fn useful(&self, fits: impl Fn(u32) -> bool) -> Self {
        let mut useful = vec![false; self.len()];
        for place in self.places().rev() {
            let mut dependents = self.graph.dependents(place).iter();
            useful[place as usize] = (self.values[place as usize] > 0 && fits(place))
                || dependents.any(|&other| useful[other as usize]);
        }
        let places = self.places().filter(|&place| useful[place as usize]);
        self.restricted(&places.collect::<Vec<_>>())
    }

    /// Without what does not fit into `room` with all it requires, as far as that can be told in
    /// a limited time. Deciding them would be easy, but one by one.
    pub(super) fn without_misfits(&self, room: u64) -> Self {
        let all: Vec<u32> = self.places().collect();
        if self.size(&all) <= u128::from(room) {
            return self.clone();
        }
        let mut walk = Walk::new(self.len());
        let mut visits = 0;
        let mut fits = vec![true; self.len()];
        for place in self.places() {
            if visits > VISITS {
                break;
            }
            let mut left = room;
            fits[place as usize] = walk.from(
                place,
                |p| self.graph.requires(p),
                |p| {
                    visits += 1;
                    match left.checked_sub(self.sizes[p as usize]) {
                        Some(rest) => {
                            left = rest;
                            Enter::Pass
                        }
                        None => Enter::Stop,
                    }
                },
            );
        }
        self.useful(|place| fits[place as usize])
    }
}

fn sum(numbers: &[u64], places: &[u32]) -> u128 {
    let numbers = places.iter().map(|&place| numbers[place as usize]);
    numbers.map(u128::from).sum()
}
