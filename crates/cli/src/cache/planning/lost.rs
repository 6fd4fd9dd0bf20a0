//! Older generations that can never be whole again: neither the store has something that they refer
//! to, nor does any graph say how to build it.

use cache_policy::model::{Model, PathId};
use cache_policy::plan::Plan;
use drv_graph::StorePath;

/// An older generation that was given up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LostGeneration {
    /// The name under which it was pinned.
    pub(crate) pin: String,
    /// How many revisions ago; at least 1.
    pub(crate) age: u32,
    /// What was pinned.
    pub(crate) path: StorePath,
    /// What nobody has of all that it refers to, directly or not.
    pub(crate) missing: Vec<StorePath>,
}

/// What nobody can make of some paths that the store does not have, each with its derivation.
pub(crate) fn nobody_has(
    unbuilt: &[(StorePath, Option<StorePath>)],
) -> impl Iterator<Item = StorePath> {
    let unmade = unbuilt.iter().filter(|(_, drv)| drv.is_none());
    unmade.map(|(path, _)| path.clone())
}

/// The generations that a plan gives up.
pub(crate) fn generations(
    model: &Model<StorePath>,
    plan: &Plan<StorePath>,
) -> impl Iterator<Item = LostGeneration> {
    let path = |id: PathId| model.facts(id).key.clone();
    let revisions = plan.lost_revisions.iter();
    revisions.map(move |lost| LostGeneration {
        pin: lost.name.clone(),
        age: lost.age,
        path: path(lost.id),
        missing: lost.missing.iter().map(|&id| path(id)).collect(),
    })
}
