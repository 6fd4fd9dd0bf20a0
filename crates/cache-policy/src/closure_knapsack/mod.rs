//! Which items to take into a limited room, so that they are worth the most and each has what it
//! requires: the precedence-constrained knapsack.
//!
//! The problem is NP-hard in the strong sense (Johnson and Niemi, *On knapsacks, partitions, and a
//! new dynamic programming technique for trees*, Mathematics of Operations Research 8, 1983), so
//! [`solve`] gives a good set together with a bound that no set can pass:
//!
//! 1. What can never be taken, or is of no use, is left out.
//! 2. The *relaxation*: for a price λ of room, the best set is a [maximum
//!    closure](crate::max_closure). It grows as λ falls, so the two sets between which the room is
//!    exceeded are found by secant steps, each a minimum cut over what lies between the two. There
//!    the bound is that of the linear programme, exactly.
//! 3. From the smaller of the two sets on, what fits is *filled* in, by worth over size, and by
//!    the relaxation of what is left; from the larger one on, what is worth least is dropped until
//!    it fits (*repair*). The better one is taken.
//! 4. What remains between set and bound is closed by *branching*, as far as a given amount of work
//!    allows: small instances are solved exactly.
//!
//! ```
//! use cache_policy::Precedence;
//! use cache_policy::closure_knapsack::{Instance, solve};
//!
//! // Two programs with one library between them, and one that stands alone.
//! let (library, program, other, alone) = (0, 1, 2, 3);
//! let instance = Instance::new(
//!     vec![30, 10, 10, 35],
//!     vec![0, 100, 90, 120],
//!     Precedence::new(4, [(program, library), (other, library)]),
//! );
//! let solution = solve(&instance, 50);
//! assert_eq!(solution.taken, [true, true, true, false]);
//! assert_eq!((solution.value, solution.bound, solution.size), (190, 190, 50));
//! ```

mod branch;
mod completion;
mod part;
mod relaxation;

use crate::precedence::Precedence;
use branch::branch;
use part::Part;

/// Items with a size and a worth, and what each requires.
#[derive(Clone, Debug)]
pub struct Instance {
    sizes: Vec<u64>,
    values: Vec<u64>,
    graph: Precedence,
    /// Each item after all that it requires.
    order: Vec<u32>,
}

/// A set of items, and how good it can be at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Whether each item is taken.
    pub taken: Vec<bool>,
    /// What the taken items are worth together.
    pub value: u128,
    /// What they take up together; never more than the capacity.
    pub size: u128,
    /// No set that fits is worth more.
    pub bound: u128,
}

impl Solution {
    /// By how much the set may fall short of the best one, as a share of the bound; 0 where it is
    /// the best.
    pub fn gap(&self) -> f64 {
        if self.bound == self.value {
            return 0.0;
        }
        (self.bound - self.value) as f64 / self.bound as f64
    }
}

impl Instance {
    /// An instance.
    ///
    /// # Panics
    /// When there is not one size and one value for each item of `graph`, or when that has a cycle:
    /// items that require each other are one item.
    pub fn new(sizes: Vec<u64>, values: Vec<u64>, graph: Precedence) -> Self {
        assert_eq!(sizes.len(), graph.len(), "one size for each item");
        assert_eq!(values.len(), graph.len(), "one value for each item");
        let order = match graph.topological_order() {
            Ok(order) => order,
            Err(cycle) => panic!("items that require each other: {cycle:?}"),
        };
        Self {
            sizes,
            values,
            graph,
            order,
        }
    }

    /// The sizes.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// The values.
    pub fn values(&self) -> &[u64] {
        &self.values
    }

    /// What requires what.
    pub fn graph(&self) -> &Precedence {
        &self.graph
    }

    fn size_of(&self, items: &[u32]) -> u128 {
        items
            .iter()
            .map(|&i| u128::from(self.sizes[i as usize]))
            .sum()
    }

    fn value_of(&self, items: &[u32]) -> u128 {
        items
            .iter()
            .map(|&i| u128::from(self.values[i as usize]))
            .sum()
    }
}

/// A set that fits into `capacity`, and a bound; both the same on every machine.
///
/// Instances of a few hundred items are solved exactly. For larger ones branching ends when the
/// gap is below 0.01 %, or else after an amount of work that takes a few tenths of a second; what
/// is left is the [gap](Solution::gap).
pub fn solve(instance: &Instance, capacity: u64) -> Solution {
    let part = Part::whole(instance)
        .eligible(capacity)
        .without_misfits(capacity);
    let found = branch(instance, part, capacity);
    let mut taken = vec![false; instance.graph.len()];
    for &item in &found.items {
        taken[item as usize] = true;
    }
    Solution {
        taken,
        value: found.value,
        size: instance.size_of(&found.items),
        bound: found.bound,
    }
}
