//! Who took whose place.

use super::MatchedBy;
use super::both::{Both, End};
use crate::DrvId;

/// The derivations that have been matched so far.
///
/// Each has at most one partner. Partners are mutual, save where several derivations fetch one
/// fixed output: each of them has a partner that makes the same, be it another's already.
#[derive(Debug)]
pub(super) struct Pairs {
    partners: Both<Vec<Option<Partner>>>,
}

#[derive(Clone, Copy, Debug)]
struct Partner {
    id: DrvId,
    by: MatchedBy,
}

impl Pairs {
    pub(super) fn new(before: usize, after: usize) -> Self {
        Self {
            partners: Both {
                before: vec![None; before],
                after: vec![None; after],
            },
        }
    }

    pub(super) fn add(&mut self, before: DrvId, after: DrvId, by: MatchedBy) {
        self.partners.before[before.index()] = Some(Partner { id: after, by });
        self.partners.after[after.index()] = Some(Partner { id: before, by });
    }

    /// Gives one derivation a partner that has another partner.
    pub(super) fn add_twin(&mut self, end: End, id: DrvId, partner: DrvId) {
        let by = MatchedBy::Outputs;
        self.partners[end][id.index()] = Some(Partner { id: partner, by });
    }

    pub(super) fn partner(&self, end: End, id: DrvId) -> Option<DrvId> {
        self.partners[end][id.index()].map(|partner| partner.id)
    }

    pub(super) fn matched_by(&self, end: End, id: DrvId) -> Option<MatchedBy> {
        self.partners[end][id.index()].map(|partner| partner.by)
    }

    pub(super) fn is_free(&self, end: End, id: DrvId) -> bool {
        self.partner(end, id).is_none()
    }

    /// Whether the partner makes the very same paths.
    pub(super) fn has_same_outputs(&self, end: End, id: DrvId) -> bool {
        let by = self.matched_by(end, id);
        matches!(by, Some(MatchedBy::Path | MatchedBy::Outputs))
    }

    /// The pair, as its derivation before: the same for all that fetch one fixed output.
    pub(super) fn key(&self, end: End, id: DrvId) -> Option<DrvId> {
        let partner = self.partner(end, id)?;
        match end {
            End::Before => self.partner(End::After, partner),
            End::After => Some(partner),
        }
    }
}
