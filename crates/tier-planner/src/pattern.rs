//! Globs and regular expressions of rules, checked and brought into one form.

use std::ops::Range;

use crate::rule::{Pattern, RuleId, RuleProblem};

/// Bytes that one compiled pattern may take.
pub(crate) const SIZE_LIMIT: usize = 1 << 20;

/// Why a pattern is not one.
pub(crate) struct PatternError {
    span: Range<usize>,
    message: String,
}

impl PatternError {
    pub(crate) fn of(self, rule: RuleId) -> RuleProblem {
        RuleProblem::InvalidPattern {
            rule,
            span: self.span,
            message: self.message,
        }
    }
}

/// The regular expression of a glob, anchored at both ends.
pub(crate) fn glob(text: &str) -> Result<String, PatternError> {
    let glob = globset::Glob::new(text).map_err(|error| {
        let kind = error.kind();
        // globset does not say where.
        let at = match kind {
            globset::ErrorKind::UnclosedClass => text.rfind('['),
            globset::ErrorKind::UnclosedAlternates => text.rfind('{'),
            globset::ErrorKind::UnopenedAlternates => text.rfind('}'),
            globset::ErrorKind::DanglingEscape => text.rfind('\\'),
            _ => None,
        };
        PatternError {
            span: at.map_or(0..text.len(), |at| at..at + 1),
            message: kind.to_string(),
        }
    })?;
    checked(glob.regex().to_owned(), text)
}

/// A regular expression that holds for a whole name.
pub(crate) fn regex(text: &str) -> Result<String, PatternError> {
    if let Err(error) = regex_syntax::Parser::new().parse(text) {
        let (span, message) = match &error {
            regex_syntax::Error::Parse(error) => (error.span(), error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span(), error.kind().to_string()),
            _ => return Err(whole(text, error.to_string())),
        };
        return Err(PatternError {
            span: span.start.offset..span.end.offset,
            message,
        });
    }
    // A newline ends a comment that `(?x)` may have begun.
    let separator = if text.contains('#') { "\n" } else { "" };
    checked(format!("^(?:{text}{separator})$"), text)
}

/// Compiles it once alone, so that one oversized pattern does not take the others with it.
fn checked(regex: String, text: &str) -> Result<String, PatternError> {
    regex::bytes::RegexBuilder::new(&regex)
        .size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| whole(text, error.to_string()))?;
    Ok(regex)
}

fn whole(text: &str, message: String) -> PatternError {
    PatternError {
        span: 0..text.len(),
        message,
    }
}

/// What was probably meant by a literal that no derivation can be called; `None` for a name.
///
/// Letters, digits and `+-._?=` may stand in a store path's name.
pub(crate) fn suggestion(text: &str) -> Option<Pattern> {
    let regex_like = [".*", ".+", "\\", "^", "$", "(", "|"];
    if regex_like.iter().any(|part| text.contains(part)) {
        Some(Pattern::Regex(text.to_owned()))
    } else if text.contains(['*', '[', '{']) {
        Some(Pattern::Glob(text.to_owned()))
    } else {
        None
    }
}
