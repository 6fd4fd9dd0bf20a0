//! From what `overlay_ast::lint` finds to findings in documents.

use std::ops::Range;

use overlay_ast::lint;

use crate::dto::findings::{Applicability, Finding, Related, Rule, Severity};
use crate::findings::{Levels, Source, finding};
use crate::rules::all as all_rules;

/// The rules of the library.
pub(crate) fn rules() -> Vec<Rule> {
    let rules = lint::rules().iter();
    rules
        .map(|rule| Rule {
            id: rule.id.to_owned(),
            severity: severity(rule.severity),
            summary: rule.summary.to_owned(),
            explanation: rule.explanation.to_owned(),
        })
        .collect()
}

/// What the library is to look for at these levels.
pub(crate) fn options(levels: &Levels) -> lint::Options {
    let mut options = lint::Options::default();
    let others = all_rules().into_iter().map(|rule| rule.id);
    options.other_rules = others.filter(|id| lint::rule(id).is_none()).collect();
    for rule in lint::rules() {
        if levels.of(rule.id, severity(rule.severity)).is_none() {
            options.rules = options.rules.without(rule.id);
        }
    }
    options
}

/// A finding in `source`.
pub(super) fn convert(found: lint::Finding, source: &Source<'_>) -> Finding {
    let related = found.labels.into_iter().map(|label| Related {
        place: source.place(label.span.into()),
        message: label.message,
    });
    let fix = found.fix.map(|fix| {
        let applicability = match fix.applicability {
            lint::Applicability::Safe => Applicability::Safe,
            lint::Applicability::Unsafe => Applicability::Unsafe,
        };
        let edits = fix.patch.edits().iter();
        let edits = edits.map(|edit| (Range::from(edit.span), &*edit.insert));
        source.fix(&fix.title, applicability, edits)
    });
    Finding {
        place: Some(source.place(found.span.into())),
        related: related.collect(),
        hint: found.hint,
        fix,
        ..finding(found.rule.id, severity(found.rule.severity), found.message)
    }
}

fn severity(severity: lint::Severity) -> Severity {
    match severity {
        lint::Severity::Error => Severity::Error,
        lint::Severity::Warning => Severity::Warning,
        lint::Severity::Note => Severity::Note,
    }
}
