//! `hmtool overlay check`: what the rules have to say about `.nix` files.

use overlay_ast::Document;
use overlay_ast::lint::Options;

use super::args::CheckArgs;
use super::lint;
use crate::dto::findings::Finding;
use crate::failure::Failure;
use crate::findings::{Collector, NixFile, Source, nix_files, print, unchecked};
use crate::output::Outcome;
use crate::{parallel, rules};

/// Checks the files and prints what was found.
pub(super) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let rules = rules::of_nix_files();
    let levels = args.report.rules.levels(&rules)?;
    let options = lint::options(&levels);
    let (files, problems) = nix_files(&args.paths);
    let mut collector = Collector::new(rules, levels);
    collector.looked_at(files.len());
    let found = parallel::map(&files, |file| check(file, &options));
    collector.extend(problems);
    collector.extend(found.into_iter().flatten());
    print(collector, &args.report)
}

fn check(file: &NixFile, options: &Options) -> Vec<Finding> {
    match unchecked::read(file) {
        Ok(document) => findings(&file.name, &document, options),
        Err(problems) => problems,
    }
}

/// What the rules find in the file of that name.
pub(crate) fn findings(name: &str, document: &Document, options: &Options) -> Vec<Finding> {
    let found = document.lint(options);
    if found.is_empty() {
        return Vec::new();
    }
    let source = Source::of(name, document);
    let found = found.into_iter();
    found.map(|found| lint::convert(found, &source)).collect()
}
