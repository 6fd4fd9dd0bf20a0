//! Changes that mend what a rule finds.

use std::collections::BTreeMap;

use super::{Finding, Options};
use crate::{Document, Error, Patch, TextEdit};

/// Whether a fix can be made without being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Nix evaluates the file to what it evaluated it to before, or refused it before.
    Safe,
    /// The value changes, or may, or a comment goes: someone has to read it.
    Unsafe,
}

/// A change that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// What it does, in the imperative: ``remove `x` ``.
    pub title: String,
    /// The change; never empty.
    pub patch: Patch,
    /// Whether it can be made without being looked at.
    pub applicability: Applicability,
}

impl Fix {
    /// None if the edits overlap or change nothing.
    pub(super) fn new(
        title: impl Into<String>,
        applicability: Applicability,
        edits: Vec<TextEdit>,
    ) -> Option<Self> {
        let patch = Patch::new(edits).ok().filter(|patch| !patch.is_empty())?;
        Some(Self {
            title: title.into(),
            patch,
            applicability,
        })
    }
}

/// One patch of the fixes that are at most as risky as `allowed`.
///
/// Where two touch, only the first is in it: [`Document::fix`] makes the other one after it. Takes
/// time n log n in the number of edits.
pub fn combine<'f>(
    findings: impl IntoIterator<Item = &'f Finding>,
    allowed: Applicability,
) -> Patch {
    let mut taken: BTreeMap<usize, &TextEdit> = BTreeMap::new();
    let fixes = findings
        .into_iter()
        .filter_map(|finding| finding.fix.as_ref());
    for fix in fixes.filter(|fix| fix.applicability <= allowed) {
        let edits = fix.patch.edits();
        let free = |edit: &TextEdit| {
            let before = taken.range(..=edit.span.start).next_back();
            let after = taken.range(edit.span.start..).next();
            before.is_none_or(|(&start, other)| {
                start < edit.span.start && other.span.end <= edit.span.start
            }) && after.is_none_or(|(&start, _)| edit.span.end <= start)
        };
        // Two findings may well be mended by the same edit.
        let fits = |edit: &TextEdit| taken.get(&edit.span.start) == Some(&edit) || free(edit);
        if edits.iter().all(fits) {
            taken.extend(edits.iter().map(|edit| (edit.span.start, edit)));
        }
    }
    let edits = taken.into_values().cloned().collect();
    // Edits that touch were left out.
    Patch::new(edits).unwrap_or_default()
}

impl Document {
    /// The patch that makes every fix at most as risky as `allowed`, until none is left or 32
    /// rounds are over: a binding that only an unused one uses goes a round after it.
    ///
    /// A fix after which Nix would not read the file is not made. Takes time linear in the text
    /// for each round; more than two are rare.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if Nix does not read the file.
    pub fn fix(&self, options: &Options, allowed: Applicability) -> Result<Patch, Error> {
        const ROUNDS: usize = 32;
        self.root()?;
        let mut done = Patch::default();
        let mut document = self.clone();
        for _ in 0..ROUNDS {
            let findings = document.lint(options);
            let patch = combine(document.choose(&findings, allowed), allowed);
            if patch.is_empty() {
                break;
            }
            document = document.apply(&patch)?.0;
            done = done.then(&patch)?;
        }
        Ok(done)
    }

    /// Those of `findings` whose fixes together leave a file that Nix reads: all, or else as many
    /// as do of each half.
    fn choose<'f>(&self, findings: &'f [Finding], allowed: Applicability) -> Vec<&'f Finding> {
        let reads = |chosen: &[&Finding]| {
            let patch = combine(chosen.iter().copied(), allowed);
            self.apply(&patch).is_ok()
        };
        let all: Vec<&Finding> = findings.iter().collect();
        if reads(&all) {
            return all;
        }
        if findings.len() < 2 {
            return Vec::new();
        }
        let (left, right) = findings.split_at(findings.len() / 2);
        let (left, right) = (self.choose(left, allowed), self.choose(right, allowed));
        let both = [&left[..], &right[..]].concat();
        if reads(&both) {
            both
        } else {
            // What the one half does is in the way of the other, which has its turn after it.
            left
        }
    }
}
