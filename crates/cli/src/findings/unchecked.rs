//! Files that cannot be checked: each is a finding, and the others are checked all the same.

use overlay_ast::{Code, Diagnostic, Document};

use super::{NixFile, Source, finding};
use crate::dto::findings::{Finding, Related, Rule, Severity};
use crate::failure::Problem;

/// Id, severity, summary, explanation.
const RULES: [(&str, Severity, &str, &str); 5] = [
    (
        "encrypted-file",
        Severity::Note,
        "a file that git-crypt has encrypted",
        include_str!("../../rules/encrypted-file.md"),
    ),
    (
        "not-utf8",
        Severity::Error,
        "a file that is not a text in UTF-8",
        include_str!("../../rules/not-utf8.md"),
    ),
    (
        "over-limit",
        Severity::Note,
        "a file that nests too deep, or is too large, to be checked",
        include_str!("../../rules/over-limit.md"),
    ),
    (
        "syntax-error",
        Severity::Error,
        "a file that Nix does not parse",
        include_str!("../../rules/syntax-error.md"),
    ),
    (
        "unreadable-file",
        Severity::Error,
        "a file or directory that cannot be read",
        include_str!("../../rules/unreadable-file.md"),
    ),
];

/// A file that Nix reads, and that is no hardware profile.
const NOT_A_PROFILE: (&str, Severity, &str, &str) = (
    "not-a-profile",
    Severity::Error,
    "a file that is no hardware profile",
    include_str!("../../rules/not-a-profile.md"),
);

fn rule((id, severity, summary, explanation): (&str, Severity, &str, &str)) -> Rule {
    Rule {
        id: id.to_owned(),
        severity,
        summary: summary.to_owned(),
        explanation: explanation.to_owned(),
    }
}

/// The rules of any file.
pub(crate) fn rules() -> Vec<Rule> {
    RULES.map(rule).into()
}

/// The rule of profiles beyond that.
pub(crate) fn profile_rule() -> Rule {
    rule(NOT_A_PROFILE)
}

/// Whether findings of that rule mean that a file was not checked.
pub(crate) fn is(rule: &str) -> bool {
    let ids = RULES.iter().chain([&NOT_A_PROFILE]);
    ids.into_iter().any(|(id, ..)| *id == rule)
}

/// What is wrong with a text that is no profile.
pub(crate) fn not_a_profile(problems: Vec<Problem>, source: &Source<'_>) -> Vec<Finding> {
    let problems = problems.into_iter();
    problems
        .map(|problem| Finding {
            place: Some(source.place(problem.span)),
            hint: problem.hint,
            ..finding(NOT_A_PROFILE.0, NOT_A_PROFILE.1, problem.message)
        })
        .collect()
}

/// A file or directory that the system does not let be read.
pub(crate) fn unreadable(name: &str, error: &std::io::Error) -> Finding {
    Finding {
        place: Some(Source::new(name, "", 0).whole()),
        ..finding(
            "unreadable-file",
            Severity::Error,
            format!("cannot be read: {error}"),
        )
    }
}

/// Reads a file, or says why it cannot be checked.
pub(crate) fn read(file: &NixFile) -> Result<Document, Vec<Finding>> {
    let name = &*file.name;
    let bytes = std::fs::read(&file.path).map_err(|error| vec![unreadable(name, &error)])?;
    if bytes.starts_with(b"\0GITCRYPT\0") {
        return Err(vec![Finding {
            place: Some(Source::new(name, "", 0).whole()),
            ..finding(
                "encrypted-file",
                Severity::Note,
                "encrypted by git-crypt; it is not checked",
            )
        }]);
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let end = error.valid_up_to();
            let text = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
            return Err(vec![Finding {
                place: Some(Source::new(name, text, 0).place(end..end)),
                ..finding(
                    "not-utf8",
                    Severity::Error,
                    format!("byte {end} is not UTF-8; the file is not checked"),
                )
            }]);
        }
    };
    let (document, problems) = Document::parse(text);
    if problems.is_empty() {
        return Ok(document);
    }
    let source = Source::of(name, &document);
    Err(problems
        .into_iter()
        .map(|problem| syntax_error(problem, &source))
        .collect())
}

fn syntax_error(problem: Diagnostic, source: &Source<'_>) -> Finding {
    // Nix may read it all the same.
    let (rule, severity, message) = match problem.code {
        Code::TooDeep | Code::TooLarge => (
            "over-limit",
            Severity::Note,
            format!("{}; the file is not checked", problem.message),
        ),
        _ => ("syntax-error", Severity::Error, problem.message),
    };
    Finding {
        place: Some(source.place(problem.span.into())),
        related: problem
            .labels
            .into_iter()
            .map(|label| Related {
                place: source.place(label.span.into()),
                message: label.message,
            })
            .collect(),
        hint: problem.hint,
        ..finding(rule, severity, message)
    }
}
