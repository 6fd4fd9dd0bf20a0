//! From what `hw_profile` says to findings in documents.

use hw_profile::Diagnostic;

use super::file::ProfileFile;
use crate::dto::findings::{Finding, Rule, Severity};
use crate::findings::{finding, unchecked};

/// The rules of profiles: the library's, and that a file has to be one.
pub(crate) fn rules() -> Vec<Rule> {
    let rules = hw_profile::rules().iter().map(|rule| Rule {
        id: rule.id.to_owned(),
        severity: severity(rule.severity),
        summary: rule.summary.to_owned(),
        explanation: rule.explanation.to_owned(),
    });
    rules.chain([unchecked::profile_rule()]).collect()
}

/// A finding in a profile's file.
pub(super) fn convert(found: Diagnostic, file: &ProfileFile) -> Finding {
    let (place, is_exact) = file.place(&found.path);
    Finding {
        place: Some(place),
        subject: (!is_exact).then_some(found.path),
        hint: found.hint,
        ..finding(found.id, severity(found.severity), found.message)
    }
}

/// The severity in documents.
pub(in crate::profile) fn severity(severity: hw_profile::Severity) -> Severity {
    match severity {
        hw_profile::Severity::Error => Severity::Error,
        hw_profile::Severity::Warning => Severity::Warning,
        hw_profile::Severity::Note => Severity::Note,
    }
}
