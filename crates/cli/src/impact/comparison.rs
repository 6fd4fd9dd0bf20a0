//! The two graphs, compared, and what caches have of each.

use std::collections::HashSet;
use std::panic::resume_unwind;
use std::thread;

use cache_policy::Inventory;
use drv_graph::DrvId;
use drv_graph::compare::{Comparison, compare};
use tier_planner::work::work_for;

use super::args::ImpactArgs;
use crate::caches::Known;
use crate::failure::Failure;
use crate::input::graph::Keep;
use crate::progress::Progress;
use crate::workspace::{Input, Source, Workspace, held};

/// Everything a document is made from.
pub(super) struct Compared {
    pub(super) before: Input,
    pub(super) after: Input,
    pub(super) comparison: Comparison,
    /// What caches have of what was.
    pub(super) held_before: Inventory,
    /// What of the graph after must be built, or downloaded from where its hash says.
    pub(super) built: HashSet<DrvId>,
}

impl Compared {
    /// Reads both graphs and asks the caches about both.
    pub(super) fn read(
        args: &ImpactArgs,
        workspace: &Workspace,
        before: &Source,
        after: &Source,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let held =
            |source: &Source, input: &Input| held(workspace, &args.caches, source, input, progress);
        let (was, is) = read_both(before, after, progress)?;
        let (held_before, held_after) = (held(before, &was)?, held(after, &is)?);
        let work = work_for(&is.graph, &is.roots, &Known(&held_after));
        let comparison = compare(&was.side(), &is.side());
        Ok(Self {
            before: was,
            after: is,
            comparison,
            held_before,
            built: work.build.into_iter().collect(),
        })
    }
}

/// Reads both graphs; at once, unless Nix has to evaluate for one: two evaluations may need more
/// memory than there is.
fn read_both(
    before: &Source,
    after: &Source,
    progress: &Progress,
) -> Result<(Input, Input), Failure> {
    let read = |source: &Source, progress: &Progress| source.read(Keep::ToCompare, progress);
    let one_by_one = || Ok((read(before, progress)?, read(after, progress)?));
    if before.is_evaluated() || after.is_evaluated() {
        return one_by_one();
    }
    thread::scope(|scope| {
        // There is one bar, for the graph that is read here.
        let other = || read(before, &Progress::hidden());
        match thread::Builder::new().spawn_scoped(scope, other) {
            Ok(was) => {
                let is = read(after, progress);
                let was = was.join();
                Ok((was.unwrap_or_else(|panic| resume_unwind(panic))?, is?))
            }
            Err(_) => one_by_one(),
        }
    })
}
