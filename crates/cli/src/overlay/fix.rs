//! `hmtool overlay fix`: makes the changes that the rules propose.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use overlay_ast::lint::{Applicability, Options};
use overlay_ast::{Document, Error};

use super::args::FixArgs;
use super::lint;
use crate::dto::findings::{Finding, Severity};
use crate::failure::Failure;
use crate::findings::{Collector, Levels, NixFile, nix_files, unchecked};
use crate::nix_file::{WriteArgs, difference, failure, replace};
use crate::output::{self, Outcome};
use crate::quantity::plural;
use crate::render::findings::human;
use crate::{parallel, rules};

/// What became of a file.
enum Fixed {
    Unchanged,
    Changed(Box<(Document, Document)>),
    Unchecked(Vec<Finding>),
    Refused(Box<(Document, Error)>),
}

/// Shows what the fixes would do to the files, and does it if it is asked to.
pub(super) fn run(args: &FixArgs) -> Result<Outcome, Failure> {
    let levels = args.rules.levels(&rules::of_nix_files())?;
    let allowed = if args.r#unsafe {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    files(&args.paths, levels, allowed, &args.write)
}

/// The same for rules at these levels.
pub(crate) fn files(
    paths: &[PathBuf],
    levels: Levels,
    allowed: Applicability,
    write: &WriteArgs,
) -> Result<Outcome, Failure> {
    let rules = rules::of_nix_files();
    let options = lint::options(&levels);
    let (files, problems) = nix_files(paths);
    let mut collector = Collector::new(rules, levels);
    collector.looked_at(files.len());
    collector.extend(problems);
    let (mut changed, mut failures) = (0, Vec::new());
    let fixed = parallel::map(&files, |file| fix(file, &options, allowed));
    for (file, fixed) in files.iter().zip(fixed) {
        match fixed {
            Fixed::Unchanged => {}
            Fixed::Unchecked(problems) => collector.extend(problems),
            Fixed::Refused(refused) => {
                failures.push(failure(&file.path, &refused.0, &refused.1));
            }
            Fixed::Changed(documents) => {
                let (before, after) = *documents;
                let name = Path::new(&file.name);
                output::write(&difference::unified(name, before.text(), after.text()))?;
                let done = if write.write {
                    replace::file(&file.path, &before.to_file(), &after.to_file())
                } else {
                    Ok(())
                };
                match done {
                    Ok(()) => changed += 1,
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    let problems = collector.finish(&BTreeSet::new());
    if !problems.findings.is_empty() {
        output::complain(&human::findings(&problems, output::screen(false).columns));
    }
    for failure in &failures {
        output::complain(&failure.render());
    }
    let count = plural(changed, "file");
    output::complain(&match changed {
        0 => format!("{}: nothing to fix", plural(files.len() as u64, "file")),
        _ if write.write => format!("{count} changed"),
        _ if write.check => format!("{count} would change"),
        _ => format!("{count} would change; nothing is written without --write"),
    });
    let is_error = |problem: &Finding| problem.severity == Severity::Error;
    Ok(
        if !failures.is_empty() || problems.counted().any(is_error) {
            Outcome::Unchecked
        } else if write.check && changed > 0 {
            Outcome::Finding
        } else {
            Outcome::Clean
        },
    )
}

fn fix(file: &NixFile, options: &Options, allowed: Applicability) -> Fixed {
    let document = match unchecked::read(file) {
        Ok(document) => document,
        Err(problems) => return Fixed::Unchecked(problems),
    };
    let edited = document.fix(options, allowed).and_then(|patch| {
        if patch.is_empty() {
            Ok(None)
        } else {
            document.apply(&patch).map(|(edited, _)| Some(edited))
        }
    });
    match edited {
        Ok(None) => Fixed::Unchanged,
        Ok(Some(edited)) => Fixed::Changed(Box::new((document, edited))),
        Err(error) => Fixed::Refused(Box::new((document, error))),
    }
}
