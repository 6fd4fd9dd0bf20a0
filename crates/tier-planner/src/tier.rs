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

    /// The tiers that stand when none are configured: `heavy` 1 × 6 with 12 GB, `medium` 3 × 4
    /// with 6 GB, `light` 12 × 2 with 1 GB. The last is the default tier.
    pub fn standard() -> Self {
        let tier = |name: &str, jobs, cores, gb| BuildTier {
            name: name.to_owned(),
            max_jobs: Some(jobs),
            cores: Cores(cores),
            memory: Bytes::from_gb(gb),
        };
        Self::new(vec![
            tier("heavy", 1, 6, 12.0),
            tier("medium", 3, 4, 6.0),
            tier("light", 12, 2, 1.0),
        ])
    }

    /// One tier for every build, `fallback` 6 × 6: what holds where tiers are turned off.
    ///
    /// Its 3.5 GB per job are a sixth of the 21 GB that such a machine has for builds.
    pub fn fallback() -> Self {
        Self::new(vec![BuildTier {
            name: "fallback".to_owned(),
            max_jobs: Some(6),
            cores: Cores(6),
            memory: Bytes::from_gb(3.5),
        }])
    }

    /// The tier of that name; a new one, last, where there is none yet.
    ///
    /// A set that is full keeps its last tier and gives that one.
    pub fn find_or_add(&mut self, tier: BuildTier) -> TierId {
        if let Some(id) = self.find(&tier.name) {
            return id;
        }
        if self.tiers.len() < usize::from(u16::MAX) {
            self.tiers.push(tier);
        }
        TierId((self.tiers.len() - 1) as u16)
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
