//! `hmtool overlay check`: what the rules have to say about `.nix` files.

use super::args::CheckArgs;
use crate::dto::findings::Finding;
use crate::failure::Failure;
use crate::findings::{NixFile, Report, nix_files, print, unchecked};
use crate::output::Outcome;
use crate::{parallel, rules};

/// Checks the files and prints what was found.
pub(super) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let rules = rules::of_nix_files();
    let levels = args.report.rules.levels(&rules)?;
    let (files, problems) = nix_files(&args.paths);
    let mut report = Report::new(rules, levels);
    report.looked_at(files.len());
    let found = parallel::map(&files, check);
    for finding in problems.into_iter().chain(found.into_iter().flatten()) {
        report.push(finding);
    }
    print(report, &args.report)
}

fn check(file: &NixFile) -> Vec<Finding> {
    match unchecked::read(&file.path, &file.name) {
        Ok(_) => Vec::new(),
        Err(problems) => problems,
    }
}
