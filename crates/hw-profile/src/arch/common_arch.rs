//! What several processors can share.

use super::{FeatureSet, Microarchitecture};

/// How to choose among what runs on several processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The highest generic level, such as `x86_64_v3`: others can share it too, every compiler and
    /// language has a name for it, and it stays the same when a machine is added that reaches it.
    Shareable,
    /// The one target of which all others are part, if there is exactly one.
    Exact,
    /// The target with the most features that code needs; of several the first in the table.
    MostFeatures,
}

/// What several processors have in common. Made by [`common_arch`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommonArch {
    /// The features that all of them have.
    pub features: FeatureSet,
    /// The targets whose code runs on all of them, without those whose code is part of another's.
    /// In the table's order; of targets with equal code (`alderlake`, `raptorlake`) the first.
    ///
    /// There may be several, or none where the processors are of two families: "the greatest common
    /// architecture" is not unique.
    pub targets: Vec<&'static Microarchitecture>,
}

/// What processors with these features have in common; none if there are none.
///
/// The result depends on the intersection of the sets alone. So it is commutative, associative
/// (`common_arch([common_arch([a, b]).features, c])` is that of `[a, b, c]`), idempotent and
/// monotone, which picking one architecture for each pair is not.
///
/// Cost: linear in the sets, and one pass over the pairs of targets that run, about 100 at most.
///
/// ```
/// use hw_profile::arch::{Microarchitecture, Policy, common_arch};
///
/// let machines = ["skylake", "znver3"].map(|name| Microarchitecture::by_name(name).unwrap().features());
/// let common = common_arch(machines).unwrap();
/// assert_eq!(common.choose(Policy::Exact).unwrap().name(), "skylake");
/// let level = common.choose(Policy::Shareable).unwrap();
/// assert_eq!(level.name(), "x86_64_v3");
/// assert!(common.beyond(level).to_string().contains("aes pclmulqdq adx"));
/// ```
pub fn common_arch(machines: impl IntoIterator<Item = FeatureSet>) -> Option<CommonArch> {
    let features = machines.into_iter().reduce(|a, b| a & b)?;
    let needs = |it: &Microarchitecture| it.compiled().hard();
    let runs: Vec<_> = Microarchitecture::all()
        .iter()
        .filter(|it| it.runs_on(features).is_yes())
        .map(|it| (it, needs(it)))
        .collect();
    let targets = runs
        .iter()
        .enumerate()
        .filter(|&(index, &(_, needed))| {
            !runs.iter().enumerate().any(|(other, &(_, more))| {
                needed.is_subset(more) && (needed != more || other < index)
            })
        })
        .map(|(_, &(it, _))| it)
        .collect();
    Some(CommonArch { features, targets })
}

impl CommonArch {
    /// One target that runs on all of the processors. None where nothing does, and for
    /// [`Policy::Exact`] also where there are several.
    pub fn choose(&self, policy: Policy) -> Option<&'static Microarchitecture> {
        let size = |it: &Microarchitecture| it.compiled().hard().len();
        // `max_by_key` takes the last of equals.
        let largest = |targets: &mut dyn DoubleEndedIterator<Item = &'static Microarchitecture>| {
            targets.rev().max_by_key(|it| size(it))
        };
        match policy {
            Policy::Shareable => largest(
                &mut Microarchitecture::all()
                    .iter()
                    .filter(|it| it.is_generic() && it.runs_on(self.features).is_yes()),
            ),
            Policy::Exact => match self.targets[..] {
                [only] => Some(only),
                _ => None,
            },
            Policy::MostFeatures => largest(&mut self.targets.iter().copied()),
        }
    }

    /// What all of the processors have beyond the code of `target`, without what code runs without
    /// anyway: worth an option of its own, such as `-maes`, where a program gains.
    pub fn beyond(&self, target: &Microarchitecture) -> FeatureSet {
        (self.features - target.compiled()).hard()
    }
}
