//! The repository's `.nix` files: what the rules of files find, what overlays define, and what
//! comments allow.

use std::collections::BTreeMap;

use overlay_ast::lint::Options;
use overlay_ast::{Document, Package};

use crate::dto::findings::{Finding, Place};
use crate::findings::{NixFile, Source, unchecked};
use crate::overlay::check::findings;
use crate::parallel;

/// A file that could be read.
pub(super) struct File {
    pub(super) name: String,
    pub(super) document: Document,
    /// What its overlays define, in the order of the text.
    pub(super) packages: Vec<Package>,
}

/// All files.
pub(super) struct Files {
    pub(super) files: Vec<File>,
    /// Those that cannot be checked, and why.
    pub(super) unchecked: Vec<Finding>,
}

/// What the comments of files allow.
pub(super) struct Allowances {
    /// By file: ranges of bytes, and the rule that may fire there.
    by_file: BTreeMap<String, Vec<(u64, u64, String)>>,
}

impl Files {
    /// Reads the files, on all cores.
    pub(super) fn read(files: &[NixFile]) -> Self {
        let read = parallel::map(files, |file| {
            let document = unchecked::read(file)?;
            let packages = document.packages().unwrap_or_default();
            Ok(File {
                name: file.name.clone(),
                document,
                packages,
            })
        });
        let mut all = Self {
            files: Vec::new(),
            unchecked: Vec::new(),
        };
        for file in read {
            match file {
                Ok(file) => all.files.push(file),
                Err(problems) => all.unchecked.extend::<Vec<Finding>>(problems),
            }
        }
        all
    }

    /// What the rules find in each file by itself.
    pub(super) fn lint(&self, options: &Options) -> Vec<Finding> {
        let found = parallel::map(&self.files, |file| {
            findings(&file.name, &file.document, options)
        });
        found.into_iter().flatten().collect()
    }

    /// The comments that allow findings.
    pub(super) fn allowances(&self) -> Allowances {
        let mut by_file: BTreeMap<String, Vec<(u64, u64, String)>> = BTreeMap::new();
        for file in &self.files {
            let source = Source::of(&file.name, &file.document);
            for allowed in file.document.allowed() {
                let Some(region) = source.place(allowed.line.into()).region else {
                    continue;
                };
                let of_file = by_file.entry(file.name.clone()).or_default();
                let rules = allowed.rules.into_iter();
                of_file.extend(rules.map(|rule| (region.start_byte, region.end_byte, rule)));
            }
        }
        Allowances { by_file }
    }
}

impl File {
    /// Where something stands in it.
    pub(super) fn place(&self, span: overlay_ast::Span) -> Place {
        Source::of(&self.name, &self.document).place(span.into())
    }
}

impl Allowances {
    /// Whether a comment allows the finding.
    pub(super) fn allow(&self, finding: &Finding) -> bool {
        let Some(place) = &finding.place else {
            return false;
        };
        let Some(region) = place.region else {
            return false;
        };
        let lines = self.by_file.get(&place.file).into_iter().flatten();
        let mut lines = lines.filter(|(_, _, rule)| *rule == finding.rule);
        lines.any(|(start, end, _)| (*start..*end).contains(&region.start_byte))
    }
}
