//! Sets of instruction-set features.

use std::fmt;
use std::ops::{BitAnd, BitOr, Sub};

use super::{Feature, Softness};

/// A set of [`Feature`]s: what a processor has, or what code may use.
///
/// `a & b` is what both have, `a | b` what either has, `a - b` what only `a` has; all in constant
/// time. `Display` writes the names with spaces between, in the vocabulary's order.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureSet([u64; Self::WORDS]);

impl FeatureSet {
    const WORDS: usize = 4;

    /// How many features a set can tell apart.
    pub(super) const CAPACITY: usize = Self::WORDS * 64;

    /// The features among the flags of `/proc/cpuinfo` or any other list that is separated by white
    /// space. Words that are no [`Feature`] are left out.
    pub fn from_flags(flags: &str) -> Self {
        flags
            .split_whitespace()
            .filter_map(Feature::from_name)
            .collect()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether `feature` is among them.
    pub fn contains(self, feature: Feature) -> bool {
        self.0[usize::from(feature.0) / 64] >> (feature.0 % 64) & 1 == 1
    }

    /// Whether all of them are in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        (self - other).is_empty()
    }

    /// The features in the vocabulary's order.
    pub fn iter(self) -> impl Iterator<Item = Feature> {
        Feature::all().filter(move |&feature| self.contains(feature))
    }

    /// Those without which code compiled for them does not run.
    #[must_use]
    pub fn hard(self) -> Self {
        self.iter()
            .filter(|feature| feature.softness().is_none())
            .collect()
    }

    /// Those without which code compiled for them runs all the same; see [`Softness`].
    #[must_use]
    pub fn soft(self) -> Self {
        self - self.hard()
    }

    /// Those of one kind of softness.
    #[must_use]
    pub fn with_softness(self, softness: Softness) -> Self {
        self.iter()
            .filter(|feature| feature.softness() == Some(softness))
            .collect()
    }

    fn zip(self, other: Self, combine: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(other.0) {
            *word = combine(*word, other);
        }
        Self(words)
    }
}

impl BitAnd for FeatureSet {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }
}

impl BitOr for FeatureSet {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }
}

impl Sub for FeatureSet {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }
}

impl Extend<Feature> for FeatureSet {
    fn extend<I: IntoIterator<Item = Feature>>(&mut self, features: I) {
        for feature in features {
            self.0[usize::from(feature.0) / 64] |= 1 << (feature.0 % 64);
        }
    }
}

impl FromIterator<Feature> for FeatureSet {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        let mut set = Self::default();
        set.extend(features);
        set
    }
}

impl fmt::Display for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, feature) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(feature.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for FeatureSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let skylake = FeatureSet::from_flags("fpu sse avx2 hle constant_tsc xsaves");
        assert_eq!(skylake.to_string(), "sse xsaves avx2 hle");
        assert_eq!(skylake.len(), 4);
        assert_eq!(skylake.hard().to_string(), "sse avx2");
        assert_eq!(skylake.with_softness(Softness::Ignored).to_string(), "hle");
        let both = skylake & FeatureSet::from_flags("avx2 aes");
        assert_eq!(both.to_string(), "avx2");
        assert!(both.is_subset(skylake) && !skylake.is_subset(both));
        assert_eq!(both | skylake, skylake);
        assert!((skylake - skylake).is_empty());
    }
}
