//! The knapsack against every set there is.

use cache_policy::Precedence;
use cache_policy::closure_knapsack::{Instance, Solution, solve};
use proptest::collection::vec;
use proptest::prelude::*;

const MOST: usize = 16;

fn instance() -> impl Strategy<Value = (Instance, u64)> {
    let number = prop_oneof![3 => 0..30_u64, 1 => Just(0), 1 => 0..3_u64];
    (1..=MOST).prop_flat_map(move |n| {
        let arcs = vec((0..n as u32, 0..n as u32), 0..2 * n);
        (
            vec(number.clone(), n),
            vec(number.clone(), n),
            arcs,
            0..150_u64,
        )
            .prop_map(move |(sizes, values, arcs, capacity)| {
                let downwards = arcs.into_iter().map(|(a, b)| (a.max(b), a.min(b)));
                (
                    Instance::new(sizes, values, Precedence::new(n, downwards)),
                    capacity,
                )
            })
    })
}

/// The best value of all closed sets that fit: bit `i` of a set is item `i`.
fn oracle(instance: &Instance, capacity: u64) -> u128 {
    let n = instance.sizes().len();
    let mask = |item: u32| {
        let required = instance.graph().requires(item).iter();
        required.fold(0_u32, |set, &other| set | 1 << other)
    };
    let required: Vec<u32> = (0..n as u32).map(mask).collect();
    let items = |set: u32| (0..n).filter(move |i| set >> i & 1 == 1);
    let sum =
        |set: u32, numbers: &[u64]| -> u128 { items(set).map(|i| u128::from(numbers[i])).sum() };
    let may_be_taken = |&set: &u32| {
        items(set).all(|i| required[i] & !set == 0)
            && sum(set, instance.sizes()) <= u128::from(capacity)
    };
    let sets = (0..1_u32 << n).filter(may_be_taken);
    let values = sets.map(|set| sum(set, instance.values()));
    values.max().unwrap_or(0)
}

fn is_sound(instance: &Instance, capacity: u64, solution: &Solution) {
    let taken = |i: &u32| solution.taken[*i as usize];
    let items = || (0..solution.taken.len() as u32).filter(taken);
    let size: u128 = items()
        .map(|i| u128::from(instance.sizes()[i as usize]))
        .sum();
    let value: u128 = items()
        .map(|i| u128::from(instance.values()[i as usize]))
        .sum();
    assert_eq!((size, value), (solution.size, solution.value));
    assert!(size <= u128::from(capacity));
    assert!(value <= solution.bound);
    assert!(items().all(|i| instance.graph().requires(i).iter().all(taken)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn small_instances_are_solved_exactly((instance, capacity) in instance()) {
        let solution = solve(&instance, capacity);
        is_sound(&instance, capacity, &solution);
        prop_assert_eq!(solution.value, oracle(&instance, capacity));
        prop_assert_eq!(solution.bound, solution.value);
    }
}

#[test]
fn numbers_near_the_limit_do_not_overflow() {
    let big = u64::MAX - 1;
    let graph = || Precedence::new(4, [(1, 0), (2, 0)]);
    for capacity in [0, 1, big, u64::MAX] {
        let instance = Instance::new(vec![big; 4], vec![big; 4], graph());
        let solution = solve(&instance, capacity);
        is_sound(&instance, capacity, &solution);
        let expected = if capacity >= big { u128::from(big) } else { 0 };
        assert_eq!(
            (solution.value, solution.bound),
            (expected, expected),
            "{capacity}"
        );
    }
    let third = u64::MAX / 3;
    let instance = Instance::new(vec![third; 4], vec![u64::MAX; 4], graph());
    let solution = solve(&instance, u64::MAX);
    is_sound(&instance, u64::MAX, &solution);
    assert_eq!(solution.value, 3 * u128::from(u64::MAX));
}
