//! Build tiers: how many jobs of a kind may run at once, with how many cores and how much memory.

use crate::{Bytes, Cores};

/// Index of a tier in its [`TierSet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TierId(pub u16);

/// A build tier: a class of derivations that share limits.
///
/// A *build* tier says how a derivation is built; what a binary cache keeps is another matter,
/// with other tiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildTier {
    /// Name as written in the configuration, e.g. `heavy`.
    pub name: String,
    /// Jobs of this tier that may run at once; `None` when only cores and memory limit it.
    pub max_jobs: Option<u32>,
    /// `--cores` for each job of this tier: an upper limit, lowered where memory demands it.
    pub cores: Cores,
    /// Memory to assume for a job at [`cores`](Self::cores) of which nothing better is known.
    pub memory: Bytes,
}

/// The tiers of a plan, in the order in which they were configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierSet {
    tiers: Vec<BuildTier>,
}

impl TierSet {
    /// At most `u16::MAX` tiers; further ones are dropped.
    pub fn new(mut tiers: Vec<BuildTier>) -> Self {
        tiers.truncate(usize::from(u16::MAX));
        Self { tiers }
    }

    /// Every tier with its id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (TierId, &BuildTier)> {
        self.tiers
            .iter()
            .enumerate()
            .map(|(i, tier)| (TierId(i as u16), tier))
    }

    /// Number of tiers.
    pub fn len(&self) -> usize {
        self.tiers.len()
    }

    /// Whether there is no tier at all.
    pub fn is_empty(&self) -> bool {
        self.tiers.is_empty()
    }

    /// The tier of that name.
    pub fn find(&self, name: &str) -> Option<TierId> {
        self.iter()
            .find(|(_, tier)| tier.name == name)
            .map(|(id, _)| id)
    }
}

impl std::ops::Index<TierId> for TierSet {
    type Output = BuildTier;
    fn index(&self, id: TierId) -> &BuildTier {
        &self.tiers[usize::from(id.0)]
    }
}
