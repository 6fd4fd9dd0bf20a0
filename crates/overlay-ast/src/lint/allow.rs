//! Comments that allow a finding: `# hmtool: allow(rule) reason`.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use super::context::Context;
use super::rules::{Check, Run, rule};
use super::{Finding, rule as rule_of};
use crate::{Document, Span, layout};

pub(super) static CHECKS: &[Check] = &[Check {
    rule: rule!(
        "allow-comment",
        Warning,
        "a comment that allows a finding, but gives no reason, names no rule, or matches nothing"
    ),
    run: Run::Findings,
}];

const MARK: &str = "hmtool: allow";

/// Findings that a comment of the file allows, with a reason: `# hmtool: allow(rule) reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Allowed {
    /// The line whose findings it allows.
    pub line: Span,
    /// The ids of the rules, as they are written.
    pub rules: Vec<String>,
}

impl Document {
    /// What the comments of the file allow, in the order of the text; for findings of rules that
    /// are not this crate's. Those of [`lint`](Document::lint) are taken away there. Takes time
    /// linear in the text.
    ///
    /// ```
    /// let text = "{\n  a = 1; # hmtool: allow(unused-let, my-rule) kept for the repl\n}\n";
    /// let (file, _) = overlay_ast::Document::parse(text);
    /// let allowed = file.allowed();
    /// assert_eq!(allowed[0].rules, ["unused-let", "my-rule"]);
    /// assert!(allowed[0].line.text(text).starts_with("  a = 1;"));
    /// ```
    pub fn allowed(&self) -> Vec<Allowed> {
        let Ok(root) = self.root() else {
            return Vec::new();
        };
        let all = allowances(self.text(), &root).into_iter();
        let reasoned = all.filter(|allowance| !allowance.reason.is_empty());
        let allowed = reasoned.map(|allowance| Allowed {
            line: Span::new(allowance.line.0, allowance.line.1),
            rules: allowance.rules.into_iter().map(str::to_owned).collect(),
        });
        allowed.collect()
    }
}

/// A comment that allows findings.
struct Allowance<'t> {
    span: Span,
    /// The bytes of the line whose findings it allows.
    line: (usize, usize),
    rules: Vec<&'t str>,
    reason: &'t str,
}

/// Takes away what is allowed, and adds what is wrong with the allowances.
pub(super) fn settle(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let allowances = allowances(context.text, context.root);
    if allowances.is_empty() {
        return;
    }
    findings.sort_by_key(|finding| finding.span);
    let mut allowed = vec![false; findings.len()];
    let own = &CHECKS[0].rule;
    let mut wrong = Vec::new();
    for allowance in allowances {
        let mut complain = |message: String, hint: &str| {
            wrong.push(Finding::new(own, allowance.span, message).hint(hint));
        };
        if allowance.rules.is_empty() {
            let hint = "write `# hmtool: allow(rule) reason`";
            complain("this allows no rule".to_owned(), hint);
        } else if allowance.reason.is_empty() {
            let rules = allowance.rules.join(", ");
            let message = format!("`{rules}` is allowed without a reason");
            complain(message, "say behind the parenthesis why it is right here");
        } else {
            let (start, end) = allowance.line;
            let first = findings.partition_point(|finding| finding.span.start < start);
            let behind = findings.partition_point(|finding| finding.span.start < end);
            for id in &allowance.rules {
                let mut matched = false;
                for at in first..behind {
                    if findings[at].rule.id == *id {
                        allowed[at] = true;
                        matched = true;
                    }
                }
                if context.options.other_rules.contains(*id) {
                    continue;
                }
                if rule_of(id).is_none() {
                    let message = format!("there is no rule `{id}` to allow");
                    complain(message, "`hmtool explain` lists the rules");
                } else if !matched && context.options.rules.contains(id) {
                    let message = format!("there is nothing of `{id}` here to allow");
                    let hint = "delete it, or put it on the line of the finding or above it";
                    complain(message, hint);
                }
            }
        }
    }
    let mut allowed = allowed.into_iter();
    findings.retain(|_| !allowed.next().unwrap_or(false));
    if context.options.rules.contains(own.id) {
        findings.append(&mut wrong);
    }
}

/// The allowances of the file, in the order of the text.
fn allowances<'t>(text: &'t str, root: &SyntaxNode) -> Vec<Allowance<'t>> {
    // Few files have any, so that the tokens of the others need not be looked at.
    if !text.contains(MARK) {
        return Vec::new();
    }
    let tokens = root.descendants_with_tokens();
    let comments = tokens
        .filter_map(NodeOrToken::into_token)
        .filter(|token| token.kind() == TOKEN_COMMENT);
    let spans = comments.map(|token| Span::from(token.text_range()));
    spans.filter_map(|span| allowance(text, span)).collect()
}

fn allowance(text: &str, span: Span) -> Option<Allowance<'_>> {
    let comment = span.text(text);
    let inside = comment.strip_prefix("/*").map_or_else(
        || comment.trim_start_matches('#'),
        |inside| inside.strip_suffix("*/").unwrap_or(inside),
    );
    let rest = inside.trim().strip_prefix(MARK)?;
    let (rules, reason) = match rest.trim_start().strip_prefix('(') {
        Some(rest) => rest.split_once(')').unwrap_or((rest, "")),
        None => ("", rest),
    };
    let rules = rules.split(',').map(str::trim).filter(|id| !id.is_empty());
    Some(Allowance {
        span: layout::trim_end(text, span),
        line: line(text, span),
        rules: rules.collect(),
        reason: reason.trim(),
    })
}

/// The line that a comment is about: its own if code stands before it there, else the next one
/// with code.
fn line(text: &str, comment: Span) -> (usize, usize) {
    let mut start = layout::line_start(text, comment.start);
    if layout::starts_line(text, comment.start) {
        start = layout::next_line(text, comment.end);
        while start < text.len() {
            let line = text[start..layout::next_line(text, start)].trim_start();
            if !line.is_empty() && !line.starts_with('#') {
                break;
            }
            start = layout::next_line(text, start);
        }
    }
    (start, layout::next_line(text, start))
}
