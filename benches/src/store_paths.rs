//! Paths that a cache might hold, with what consumers save by having them.

use cache_policy::CacheTier;
use cache_policy::model::{FileSize, Model, ModelErrors, PathFacts, Saving};
use drv_graph::Bytes;

use crate::SplitMix64;

/// What nearly everything refers to: the C library and its kind.
const FOUNDATIONS: u32 = 40;

/// What others refer to from afar.
const LIBRARIES: u32 = 1000;

/// Paths that are much of one kind.
const CORNER: u32 = 50;

/// `paths` store paths that refer to each other as in nixpkgs at run time: nearly all to some
/// foundations, to others of their own corner, now and then to a library elsewhere. Sizes span
/// from 4 KB to half a gigabyte, most are small. Every second is asked for; most of them build in
/// minutes and a few in hours, longer where they are large. One in a thousand is of tier 1, a fifth
/// of tier 3.
///
/// # Errors
/// None but what a mistake here would be: references lead to smaller numbers.
pub fn model(paths: u32) -> Result<Model<u32>, ModelErrors<u32>> {
    let mut random = SplitMix64(0xD1B5_4A32_D192_ED03);
    let mut facts = Vec::new();
    let mut savings = Vec::new();
    for key in 0..paths {
        let bits = 12 + random.below(4) + random.below(7) + random.below(8);
        let size = Bytes((1 << bits) + u64::from(random.below(1 << bits)));
        facts.push(PathFacts {
            key,
            references: references(key, &mut random),
            size: Some(FileSize::told(size)),
            tier: match random.below(1000) {
                0 => CacheTier::Always,
                1..200 => CacheTier::Local,
                _ => CacheTier::WhenRoom,
            },
            is_upstream: false,
        });
        if random.below(2) == 0 {
            let bits = 1 + random.below(8) + bits / 5;
            savings.push(Saving {
                needs: vec![key],
                rebuild_seconds: f64::from((1 << bits) + random.below(1 << bits)),
                demand: f64::from(1 + random.below(3)),
            });
        }
    }
    Model::new(facts, savings)
}

fn references(key: u32, random: &mut SplitMix64) -> Vec<u32> {
    let corner = key - key % CORNER;
    let mut references = Vec::new();
    for _ in 0..random.below(7) {
        let (from, below) = match random.below(10) {
            0..5 => (0, FOUNDATIONS.min(key)),
            5..9 => (corner, key),
            _ => (0, LIBRARIES.min(corner)),
        };
        if from < below {
            references.push(from + random.below(below - from));
        }
    }
    references
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_as_large_as_those_of_programs() {
        let model = model(2000).expect("a model");
        let closures = model.ids().map(|id| model.closure([id]).len());
        let mean = closures.sum::<usize>() / model.len();
        assert!((20..80).contains(&mean), "{mean}");
    }
}
