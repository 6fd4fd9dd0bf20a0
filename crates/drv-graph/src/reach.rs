//! How much lies above each of many derivations.

use crate::{DerivationGraph, DrvId};

/// How many sets are followed at once: bits of a block.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;

/// For each set, the sum of `weight` over its members and all that needs them, directly or not,
/// as far as it can be reached through what `goes_on` says yes to. Members count in any case.
///
/// O(s/512 · (n + e)) for s sets and the number of pairs that are summed, with 64 bytes for each
/// derivation.
pub fn sums<S: AsRef<[DrvId]>>(
    graph: &DerivationGraph,
    sets: &[S],
    goes_on: impl Fn(DrvId) -> bool,
    weight: impl Fn(DrvId) -> u64,
) -> Vec<u64> {
    let mut sums = Vec::with_capacity(sets.len());
    let mut reached = vec![[0_u64; WORDS]; graph.len()];
    for block in sets.chunks(BLOCK) {
        reached.fill([0; WORDS]);
        for (bit, members) in block.iter().enumerate() {
            for member in members.as_ref() {
                reached[member.index()][bit / 64] |= 1 << (bit % 64);
            }
        }
        let mut block_sums = vec![0_u64; block.len()];
        for &id in graph.topological_order() {
            let mut bits = reached[id.index()];
            if goes_on(id) {
                for input in graph.inputs(id) {
                    let below = &reached[input.id.index()];
                    for (word, below) in bits.iter_mut().zip(below) {
                        *word |= below;
                    }
                }
                reached[id.index()] = bits;
            }
            let weight = weight(id);
            for (at, mut word) in bits.into_iter().enumerate() {
                while word != 0 {
                    let bit = at * 64 + word.trailing_zeros() as usize;
                    block_sums[bit] = block_sums[bit].saturating_add(weight);
                    word &= word - 1;
                }
            }
        }
        sums.append(&mut block_sums);
    }
    sums
}
