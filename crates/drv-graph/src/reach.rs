//! How much lies above each of many derivations.

use crate::{DerivationGraph, DrvId};

/// How many starts are followed at once: bits of a block.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;

/// Sums over what needs derivations, directly or not.
pub(crate) struct Reach;

impl Reach {
    /// For each set of starts, the sum of `weight` over the starts and all that need them, as far
    /// as `within` lets through.
    ///
    /// O(s/512 · (n + e)) for s sets, and 64 bytes for each derivation.
    pub(crate) fn of<S: AsRef<[DrvId]>>(
        graph: &DerivationGraph,
        starts: &[S],
        within: impl Fn(DrvId) -> bool,
        weight: impl Fn(DrvId) -> u64,
    ) -> Vec<u64> {
        let mut sums = Vec::with_capacity(starts.len());
        let mut reached = vec![[0_u64; WORDS]; graph.len()];
        for block in starts.chunks(BLOCK) {
            reached.fill([0; WORDS]);
            for (bit, starts) in block.iter().enumerate() {
                for start in starts.as_ref() {
                    reached[start.index()][bit / 64] |= 1 << (bit % 64);
                }
            }
            let mut block_sums = vec![0_u64; block.len()];
            for &id in graph.topological_order() {
                if !within(id) {
                    reached[id.index()] = [0; WORDS];
                    continue;
                }
                let mut bits = reached[id.index()];
                for input in graph.inputs(id) {
                    let below = &reached[input.id.index()];
                    for (word, below) in bits.iter_mut().zip(below) {
                        *word |= below;
                    }
                }
                reached[id.index()] = bits;
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
}
