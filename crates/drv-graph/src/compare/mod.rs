//! Comparing two graphs: what is built anew, and because of what.
//!
//! Change one flag of zlib, and the `.drv` file of nearly everything is another. Of those, few
//! were changed by anybody: these are the *causes*; the others name other hashes, and say the
//! same. And not everything whose `.drv` file is another is built again: a changed fetcher
//! changes the file of every source, and no source. So outputs decide, and what a hash names
//! counts instead of the hash.
//!
//! ```
//! use drv_graph::compare::{self, Attribute, Side};
//! use drv_graph::{ReadOptions, derivation_json};
//!
//! let options = ReadOptions { recipes: true, ..ReadOptions::default() };
//! let read = |zlib: char, git: char, flags: &str| {
//!     let (zlib, git) = (zlib.to_string().repeat(32), git.to_string().repeat(32));
//!     let json = format!(r#"{{
//!       "/nix/store/{zlib}-zlib-1.3.drv": {{
//!         "outputs": {{"out": {{"path": "/nix/store/{zlib}-zlib-1.3"}}}},
//!         "inputDrvs": {{}}, "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh",
//!         "args": [], "env": {{"NIX_CFLAGS_COMPILE": "-static-libgcc{flags}"}}
//!       }},
//!       "/nix/store/{git}-git-2.50.drv": {{
//!         "outputs": {{"out": {{"path": "/nix/store/{git}-git-2.50"}}}},
//!         "inputDrvs": {{"/nix/store/{zlib}-zlib-1.3.drv": ["out"]}}, "inputSrcs": [],
//!         "system": "x86_64-linux", "builder": "/bin/sh", "args": [],
//!         "env": {{"buildInputs": "/nix/store/{zlib}-zlib-1.3"}}
//!       }}
//!     }}"#);
//!     derivation_json::read(json.as_bytes(), &options)
//! };
//! let (before, after) = (read('0', '1', "")?, read('2', '3', " -O3")?);
//!
//! let comparison = compare::compare(&Side::new(&before), &Side::new(&after));
//! assert_eq!(comparison.changes().len(), 2);
//! let [zlib] = comparison.causes() else { panic!("git says the same as before") };
//! assert_eq!(after[zlib.change.after].pname(), "zlib");
//! assert_eq!(zlib.differences[0].what, Attribute::Env("NIX_CFLAGS_COMPILE".into()));
//! assert_eq!(zlib.differences[0].added, ["-O3"]);
//! assert_eq!((zlib.drags, zlib.drags_alone), (1, 1));
//!
//! // Why are the two gits not one?
//! let gits = (before.roots()[0], after.roots()[0]);
//! let descent = compare::descend(&Side::new(&before), &Side::new(&after), gits, false);
//! let [_, zlib] = &descent.steps[..] else { panic!("by way of git to zlib") };
//! assert_eq!((zlib.depth, zlib.found_by), (1, Some(0)));
//! assert_eq!(zlib.differences[0].difference.added, ["-O3"]);
//! # Ok::<(), drv_graph::Error>(())
//! ```
//!
//! Of two derivations [`descend`] tells by which of their inputs they come to differ, and in which
//! lines and words these do.
//!
//! # How derivations are matched
//!
//! Not by hash. What has the same file or outputs is the same; then attributes and names decide
//! where they are unique, then what a derivation says over inputs that are matched already, then
//! its place among what uses it. A wrong match makes an edit look larger than it is: two versions
//! of a package then differ in more than was edited. It never hides a change: every derivation
//! whose outputs differ is a change, or has no partner.
//!
//! # Invariants
//!
//! - Comparing a graph with itself finds nothing.
//! - Comparing the other way round gives the same pairs, and what was added is gone.
//! - Every change is a cause or a cascade; every cascade has a cause below it, and between the
//!   two are changes only.
//! - The same graphs give the same comparison.
//!
//! # Limits
//!
//! - Graphs read without [`recipes`](crate::ReadOptions::recipes) are compared by what was kept of
//!   their environments; what was not kept shows as [`Attribute::Unknown`] at best.
//! - Of an output that is addressed by its content the path is not known: it changed when its
//!   derivation says something else or an input changed, though its content may not have.
//! - Which output of such an input a text names is not compared, only which input.

mod aligned;
mod both;
mod causes;
mod descent;
mod difference;
mod edit;
mod pairing;
mod pairs;
mod side;
mod view;
mod words;

use crate::{DerivationGraph, DrvId, reach};
use both::End;
pub use causes::Cause;
pub use descent::{Descent, InputDifference, SourceDifference, Step, TextDifference, descend};
pub use difference::{Attribute, Difference};
pub use edit::{LineEdit, WordEdit, text_edits};
pub use side::Side;

/// What became of two graphs' derivations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    fates: both::Both<Vec<Fate>>,
    changes: Vec<Change>,
    causes: Vec<Cause>,
    added: Vec<DrvId>,
    gone: Vec<DrvId>,
    unchanged: usize,
    other_files: usize,
}

/// What became of a derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// This derivation of the other graph makes the same.
    Unchanged(DrvId),
    /// This one of the other graph took its place and makes something else: see
    /// [`Comparison::changes`].
    Changed(DrvId),
    /// The other graph has nothing in its place.
    Alone,
    /// It is not among what was compared.
    Outside,
}

/// A derivation that makes other outputs than the one whose place it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// In the graph before.
    pub before: DrvId,
    /// In the graph after.
    pub after: DrvId,
    /// Why its outputs are others.
    pub why: Why,
    /// Why the two are a pair.
    pub matched_by: MatchedBy,
}

/// Why a derivation makes other outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// It says something else itself; see [`Comparison::causes`].
    Cause,
    /// An input changed, and it says the same of it.
    Cascade,
}

/// Why two derivations are taken for a pair, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchedBy {
    /// They are one file.
    Path,
    /// They make the same outputs.
    Outputs,
    /// An attribute names both.
    Attribute,
    /// Each is the only root.
    Root,
    /// Nothing else of their name is left unmatched.
    Name,
    /// They say the same.
    Recipe,
    /// Texts of a pair name them in the same place.
    Place,
    /// Of those of their name they are most alike.
    Likeness,
    /// Of those of their package they are most alike.
    Package,
}

/// Compares two graphs.
///
/// For n derivations with e edges and texts of t bytes, O(n log n + e + t), and O(m·k) for names
/// that m derivations of one graph and k of the other have, where nothing surer tells them apart
/// (with m·k above 4,096 only what is rare among them is looked at).
pub fn compare(before: &Side<'_>, after: &Side<'_>) -> Comparison {
    let views = view::Views::new(before, after);
    let pairs = pairing::pair(&views, before, after, None);
    let found = causes::Found::new(&views, &pairs);
    let causes = causes::causes(&views, &pairs, &found);
    Comparison::new(&views, &pairs, found, causes)
}

impl Comparison {
    fn new(
        views: &view::Views<'_>,
        pairs: &pairs::Pairs,
        found: causes::Found,
        causes: Vec<Cause>,
    ) -> Self {
        let mut changed = vec![false; views.graph(End::After).len()];
        for change in &found.changes {
            changed[change.after.index()] = true;
        }
        let fate = |end: End, id: DrvId| {
            if !views.in_scope(end, id) {
                return Fate::Outside;
            }
            let Some(partner) = pairs.partner(end, id) else {
                return Fate::Alone;
            };
            let after = if end == End::After { id } else { partner };
            if changed[after.index()] {
                Fate::Changed(partner)
            } else {
                Fate::Unchanged(partner)
            }
        };
        let fates = both::Both::from_fn(|end| {
            let ids = views.graph(end).ids();
            ids.map(|id| fate(end, id)).collect::<Vec<Fate>>()
        });
        let alone = |end: End| {
            let ids = views.graph(end).ids();
            ids.filter(|id| fates[end][id.index()] == Fate::Alone)
                .collect()
        };
        let unchanged = fates.after.iter().zip(views.graph(End::After).ids());
        let unchanged = unchanged.filter(|(fate, _)| matches!(fate, Fate::Unchanged(_)));
        let is_same_file = |id| pairs.matched_by(End::After, id) == Some(MatchedBy::Path);
        let other_files = unchanged.clone().filter(|&(_, id)| !is_same_file(id));
        Self {
            added: alone(End::After),
            gone: alone(End::Before),
            unchanged: unchanged.count(),
            other_files: other_files.count(),
            fates,
            changes: found.changes,
            causes,
        }
    }

    /// What makes other outputs than before, in ascending order of the derivation after.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The change that ended in this derivation of the graph after. O(log n).
    pub fn change_to(&self, after: DrvId) -> Option<&Change> {
        let at = self.changes.binary_search_by_key(&after, |c| c.after);
        at.ok().map(|at| &self.changes[at])
    }

    /// What was changed itself: first the smallest set from which every change follows, then those
    /// that would have changed through these all the same; each by what it drags along, the most
    /// first.
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    /// For each of the [`causes`](Self::causes), in their order, the sum of `cost` over it and what
    /// it drags along. A sum that does not fit is the largest number. `after` must be the graph
    /// that was compared.
    ///
    /// O(c/512 · (n + e)) for c causes, and the sum of what they drag along.
    pub fn drag_costs(&self, after: &DerivationGraph, cost: impl Fn(DrvId) -> u64) -> Vec<u64> {
        let starts: Vec<[DrvId; 1]> = self.causes.iter().map(|c| [c.change.after]).collect();
        let is_changed = |id| matches!(self.fate_after(id), Fate::Changed(_));
        reach::sums(after, &starts, is_changed, cost)
    }

    /// Derivations after that took nobody's place, ascending.
    pub fn added(&self) -> &[DrvId] {
        &self.added
    }

    /// Derivations before whose place nobody took, ascending.
    pub fn gone(&self) -> &[DrvId] {
        &self.gone
    }

    /// How many derivations after make what one before makes.
    pub fn unchanged(&self) -> usize {
        self.unchanged
    }

    /// How many of these have another `.drv` file all the same: nothing of them is built again.
    pub fn unchanged_with_other_file(&self) -> usize {
        self.other_files
    }

    /// What became of a derivation of the graph before.
    pub fn fate_before(&self, id: DrvId) -> Fate {
        let fate = self.fates.before.get(id.index());
        fate.copied().unwrap_or(Fate::Outside)
    }

    /// What a derivation of the graph after comes from.
    pub fn fate_after(&self, id: DrvId) -> Fate {
        let fate = self.fates.after.get(id.index());
        fate.copied().unwrap_or(Fate::Outside)
    }
}
