//! How much a path matters to a cache.

/// The cache tier of a path. Not a build tier: those say how a path is built, this one whether it
/// is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CacheTier {
    /// Tier 1: always held, with its closure, and never evicted.
    Always,
    /// Tier 2: held when there is room. What nobody gave a tier is of this one.
    #[default]
    WhenRoom,
    /// Tier 3: cheap enough to build on each machine.
    Local,
}

impl CacheTier {
    /// Every tier, the most important first.
    pub const ALL: [Self; 3] = [Self::Always, Self::WhenRoom, Self::Local];

    /// The number that people write: 1, 2 or 3.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The tier of a number; `None` for what is not 1, 2 or 3.
    pub fn from_number(number: u64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|tier| u64::from(tier.number()) == number)
    }

    /// The tier as an index into a slice with one element per tier.
    pub fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_its_number() {
        for (number, tier) in (1..).zip(CacheTier::ALL) {
            assert_eq!(CacheTier::from_number(number), Some(tier));
            assert_eq!(u64::from(tier.number()), number);
            assert_eq!(CacheTier::ALL[tier.index()], tier);
        }
        assert_eq!(CacheTier::from_number(0), None);
        assert_eq!(CacheTier::from_number(257), None);
    }
}
