//! The Lagrangian relaxation: how much can be had at most, and the sets on both sides of it.

use super::part::Part;
use crate::max_closure::max_closure;

/// What the relaxation of a [`Part`] says.
#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    /// A closed set that fits: the best for its price of room. Places in the part, ascending.
    pub(super) within: Vec<u32>,
    /// What together with `within` is closed and does not fit, at a price at which both are the
    /// best; empty where all fits.
    pub(super) critical: Vec<u32>,
    /// No closed set that fits is worth more.
    pub(super) bound: u128,
}

/// Solves the relaxation. A minimum cut for each secant step, each over what the step before left
/// between the two sets; few more than log₂ of the number of breakpoints in practice.
///
/// Exact: prices are fractions, and weights are scaled by their denominators. Totals beyond 2⁶²
/// lose their last bits, sizes rounded down and values up, so that the bound stays one.
pub(super) fn relaxation(part: &Part, room: u64, work: &mut u64) -> Relaxation {
    let all: Vec<u32> = (0..part.len() as u32).collect();
    let (size, value) = (part.size(&all), part.value(&all));
    if size <= u128::from(room) {
        return Relaxation {
            within: all,
            critical: Vec::new(),
            bound: value,
        };
    }
    let size_shift = excess_bits(size);
    let value_shift = excess_bits(value + part.len() as u128);
    let scaled = Part {
        items: all,
        sizes: part.sizes.iter().map(|&size| size >> size_shift).collect(),
        values: part
            .values
            .iter()
            .map(|&value| value.div_ceil(1 << value_shift))
            .collect(),
        graph: part.graph.clone(),
    };
    let mut between = Between {
        within: Vec::new(),
        critical: scaled,
        within_value: 0,
        room: u128::from(room >> size_shift),
    };
    let bound = loop {
        if let Some(bound) = between.step(work) {
            break bound;
        }
    };
    let (mut within, mut critical) = (between.within, between.critical.items);
    within.sort_unstable();
    if part.size(&within) > u128::from(room) {
        // Only where bits were lost.
        critical.append(&mut within);
        critical.sort_unstable();
    }
    Relaxation {
        within,
        critical,
        bound: bound << value_shift,
    }
}

/// Bits by which a total is longer than 62.
fn excess_bits(total: u128) -> u32 {
    (u128::BITS - total.leading_zeros()).saturating_sub(62)
}

/// A closed set that fits, and what more there is in one that does not.
struct Between {
    within: Vec<u32>,
    within_value: u128,
    /// What `within` leaves.
    room: u128,
    /// Its items are places in the part that is being solved.
    critical: Part,
}

impl Between {
    /// Prices room so that both sets are worth the same, and looks for a better one: that becomes
    /// one of the two. The bound, where there is none.
    fn step(&mut self, work: &mut u64) -> Option<u128> {
        let part = &self.critical;
        *work += (part.len() + part.graph.arc_count()) as u64;
        let all: Vec<u32> = (0..part.len() as u32).collect();
        let (size, value) = (part.size(&all), part.value(&all));
        if size <= self.room {
            // Sizes that are rounded down can come to this.
            return Some(self.within_value + value);
        }
        // Both below 2⁶², and so is every sum of them.
        let (price, per) = (value.cast_signed(), size.cast_signed());
        let weights: Vec<i128> = part
            .sizes
            .iter()
            .zip(&part.values)
            .map(|(&size, &value)| per * i128::from(value) - price * i128::from(size))
            .collect();
        let (better, rest): (Vec<u32>, Vec<u32>) = {
            let is_in = max_closure(&part.graph, &weights);
            all.iter().partition(|&&place| is_in[place as usize])
        };
        let weight: i128 = better.iter().map(|&place| weights[place as usize]).sum();
        if weight == 0 {
            return Some(self.within_value + value * self.room / size);
        }
        let better_size = part.size(&better);
        let kept = if better_size <= self.room {
            self.within_value += part.value(&better);
            self.room -= better_size;
            self.within
                .extend(better.iter().map(|&place| part.items[place as usize]));
            rest
        } else {
            better
        };
        self.critical = part.restricted(&kept);
        None
    }
}
