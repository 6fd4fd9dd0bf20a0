//! From a document to what a person or a program reads. Everything here is a pure function of
//! the document: the terminal's width and the choice of characters are parameters.

use crate::dto::plan::{Build, Plan};

pub(crate) mod cache_application;
pub(crate) mod cache_hits;
pub(crate) mod cache_plan;
pub(crate) mod cache_simulation;
pub(crate) mod cache_verification;
pub(crate) mod common_arch;
pub(crate) mod diff;
mod difference;
pub(crate) mod dot;
pub(crate) mod dry_run;
mod edit;
pub(crate) mod explain;
pub(crate) mod findings;
pub(crate) mod flags;
mod gantt;
pub(crate) mod human;
pub(crate) mod impact;
pub(crate) mod machine;
pub(crate) mod overriding;
mod paragraph;
pub(crate) mod profile;
pub(crate) mod profile_diff;
pub(crate) mod rule;
#[cfg(test)]
mod sample;
pub(crate) mod sh;
mod sheet;
pub(crate) mod split_check;
pub(crate) mod split_suggestions;
pub(crate) mod style;
mod table;
pub(crate) mod untrusted;
pub(crate) mod why;

/// A build's name, exactly `columns` wide. Where another build has the same name the start of the
/// path's hash follows, and the name gives way to it.
fn name(plan: &Plan, build: &Build, columns: usize, ascii: bool) -> String {
    let label = plan.label(build);
    match label.strip_prefix(&build.name) {
        Some(hash) if !hash.is_empty() && columns > hash.len() + 4 => {
            let name = untrusted::fitted(&build.name, columns - hash.len(), ascii);
            untrusted::padded(&format!("{name}{hash}"), columns, ascii)
        }
        _ => untrusted::padded(&build.name, columns, ascii),
    }
}

/// How a screen looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// Columns to fill, at least [`Screen::NARROWEST`].
    pub(crate) columns: usize,
    /// Only ASCII: for terminals, fonts and logs that show nothing else.
    pub(crate) ascii: bool,
}

impl Screen {
    /// Below this the tables would have to lose columns; a narrower terminal wraps.
    pub(crate) const NARROWEST: usize = 60;
    /// Beyond this a line is hard to follow, and the Gantt gains nothing.
    pub(crate) const WIDEST: usize = 160;

    /// A screen of that many columns, within what is readable.
    pub(crate) fn new(columns: usize, ascii: bool) -> Self {
        Self {
            columns: columns.clamp(Self::NARROWEST, Self::WIDEST),
            ascii,
        }
    }
}
