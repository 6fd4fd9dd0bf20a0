//! Findings on their way from the libraries into a document, whatever they are about.
//!
//! A command that checks something makes a [`Collector`] of the rules in force, hands it what the
//! libraries found, and prints the document that comes out by [`print`].

mod args;
mod baseline;
mod fingerprint;
mod level;
mod nix_files;
mod source;
pub(crate) mod unchecked;

use std::collections::BTreeSet;

use crate::dto::findings::{Applicability, Finding, Report, Rule, Severity, Summary};
use crate::failure::Failure;
use crate::output::{self, Outcome};
use crate::render::findings::{github, human, sarif};

pub(crate) use args::{FindingArgs, RuleArgs, unknown_rule};
pub(crate) use level::{Level, Levels};
pub(crate) use nix_files::{NixFile, nix_files};
pub(crate) use source::Source;

use args::FindingFormat;

/// Findings being collected, each at the level that its rule has in this run.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    rules: Vec<Rule>,
    levels: Levels,
    findings: Vec<Finding>,
    files: u64,
}

impl Collector {
    /// Nothing found yet by `rules`, of which those that are off are left out.
    pub(crate) fn new(rules: Vec<Rule>, levels: Levels) -> Self {
        let mut rules: Vec<Rule> = rules
            .into_iter()
            .filter_map(|rule| {
                let severity = levels.of(&rule.id, rule.severity)?;
                Some(Rule { severity, ..rule })
            })
            .collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            rules,
            levels,
            findings: Vec::new(),
            files: 0,
        }
    }

    /// Counts files as looked at.
    pub(crate) fn looked_at(&mut self, files: usize) {
        self.files += files as u64;
    }

    /// Takes findings, unless their rule is off.
    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for mut finding in findings {
            if let Some(severity) = self.levels.of(&finding.rule, finding.severity) {
                finding.severity = severity;
                self.findings.push(finding);
            }
        }
    }

    /// The document; what has a fingerprint of `before` does not count.
    pub(crate) fn finish(self, before: &BTreeSet<String>) -> Report {
        let mut findings = self.findings;
        findings.sort_by(|a, b| order(a).cmp(&order(b)));
        fingerprint::write(&mut findings);
        baseline::suppress(&mut findings, before);
        Report {
            schema: Report::SCHEMA_ID,
            rules: self.rules,
            summary: summary(&findings, self.files),
            findings,
        }
    }
}

/// By file, place and rule; what is in no file last.
fn order(finding: &Finding) -> impl Ord + '_ {
    let place = finding.place.as_ref();
    (
        place.is_none(),
        place.map(|place| (&place.file, place.region)),
        &finding.rule,
        &finding.subject,
        &finding.message,
    )
}

fn summary(findings: &[Finding], files: u64) -> Summary {
    let mut summary = Summary {
        files,
        ..Summary::default()
    };
    let mut unchecked: Vec<&str> = Vec::new();
    for finding in findings {
        if finding.suppressed_by.is_some() {
            summary.suppressed += 1;
            continue;
        }
        match finding.severity {
            Severity::Error => summary.errors += 1,
            Severity::Warning => summary.warnings += 1,
            Severity::Note => summary.notes += 1,
        }
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => summary.safe_fixes += 1,
            Some(Applicability::Unsafe) => summary.unsafe_fixes += 1,
            None => {}
        }
        if unchecked::is(&finding.rule) {
            unchecked.extend(finding.place.as_ref().map(|place| &*place.file));
        }
    }
    unchecked.sort_unstable();
    unchecked.dedup();
    summary.unchecked_files = unchecked.len() as u64;
    summary
}

/// A finding without a place, cost or way out.
pub(crate) fn finding(rule: &str, severity: Severity, message: impl Into<String>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        place: None,
        subject: None,
        message: message.into(),
        related: Vec::new(),
        hint: None,
        cost: None,
        fix: None,
        suppressed_by: None,
        fingerprint: String::new(),
    }
}

/// Makes the document and prints it as asked, and tells how the command ends: with 2 when something could not
/// be checked, with 1 when something that counts is as serious as asked for.
pub(crate) fn print(collector: Collector, args: &FindingArgs) -> Result<Outcome, Failure> {
    let before = match &args.baseline {
        Some(path) => baseline::read(path)?,
        None => BTreeSet::new(),
    };
    let document = collector.finish(&before);
    match args.format {
        FindingFormat::Human => {
            let columns = output::screen(false).columns;
            output::write(&human::findings(&document, columns))?;
        }
        FindingFormat::Json => output::write_json(&document)?,
        FindingFormat::Sarif => output::write_json(&sarif::log(&document))?,
        FindingFormat::Github => output::write_plain(&github::commands(&document))?,
    }
    let is_unchecked =
        |found: &Finding| found.severity == Severity::Error && unchecked::is(&found.rule);
    Ok(if document.counted().any(is_unchecked) {
        Outcome::Unchecked
    } else if document
        .counted()
        .any(|found| found.severity <= args.fail_on.severity())
    {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}
