//! The repository's `.nix` files: what the rules of files find, what overlays define, and what
//! comments allow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use overlay_ast::lint::Options;
use overlay_ast::{Document, NamedPath, Package};

use super::naming;

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
    /// Whether that can count: another file names this one, or it is what is built itself.
    pub(super) in_force: bool,
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
    /// Reads the files of a directory, on all cores.
    pub(super) fn read(files: &[NixFile], dir: &Path) -> Self {
        let built = ["flake.nix", "default.nix"].map(|name| dir.join(name));
        let read = parallel::map(files, |file| {
            let document = unchecked::read(file)?;
            let packages = document.packages().unwrap_or_default();
            let paths = document.named_paths().unwrap_or_default();
            let file = File {
                name: file.name.clone(),
                document,
                packages,
                in_force: built.contains(&file.path),
            };
            Ok((file, paths))
        });
        let mut all = Self {
            files: Vec::new(),
            unchecked: Vec::new(),
        };
        let mut paths: Vec<Vec<NamedPath>> = Vec::new();
        for file in read {
            match file {
                Ok((file, named)) => {
                    all.files.push(file);
                    paths.push(named);
                }
                Err(problems) => all.unchecked.extend::<Vec<Finding>>(problems),
            }
        }
        let files = all.files.iter().zip(&paths);
        let files: Vec<_> = files.map(|(file, paths)| (&*file.name, &**paths)).collect();
        let named: BTreeSet<String> = naming::named(&files)
            .into_iter()
            .map(str::to_owned)
            .collect();
        for file in &mut all.files {
            file.in_force |= named.contains(&file.name);
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
