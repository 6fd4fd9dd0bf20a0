//! How much lies above each of many derivations.

use crate::{DerivationGraph, DrvId};

/// How many sets are followed at once: bits of a block.
const BLOCK: usize = 512;
const WORDS: usize = BLOCK / 64;
/// How many sets share a table of sums, one for each choice of them. Four keep all tables in the
/// processor's first cache.
const TABLE: usize = 4;

/// For each set, the sum of `weight` over its members and all that needs them, directly or not,
/// as far as it can be reached through what `goes_on` says yes to. Members count in any case.
///
/// A sum that does not fit is the largest number. O(s/512 · (n + e)) for s sets, with 64 bytes for
/// each derivation.
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
        // A derivation's weight goes to the choice of sets that reach it, not to each of these:
        // in a graph that is deep, most of them do.
        let mut tables = [[0_u64; 1 << TABLE]; BLOCK / TABLE];
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
            if weight == 0 {
                continue;
            }
            for (word, tables) in bits.into_iter().zip(tables.chunks_mut(64 / TABLE)) {
                if word == 0 {
                    continue;
                }
                for (at, table) in tables.iter_mut().enumerate() {
                    let choice = (word >> (at * TABLE)) as usize % (1 << TABLE);
                    table[choice] = table[choice].saturating_add(weight);
                }
            }
        }
        sums.extend((0..block.len()).map(|set| sum(&tables[set / TABLE], set % TABLE)));
    }
    sums
}

/// The sum of one of the sets that share a table.
fn sum(table: &[u64; 1 << TABLE], set: usize) -> u64 {
    let with_it = (0..)
        .zip(table)
        .filter(|(choice, _)| choice >> set & 1 == 1);
    with_it.fold(0, |sum: u64, (_, weight): (usize, _)| {
        sum.saturating_add(*weight)
    })
}
