//! The rules, by what they are about.

mod operators;
mod scope;
mod unused;

use std::sync::LazyLock;

use rnix::{SyntaxKind, SyntaxNode};

use super::context::Context;
use super::{Finding, Rule, allow};

/// A rule and how it is checked.
pub(super) struct Check {
    pub(super) rule: Rule,
    pub(super) run: Run,
}

/// What a check of single nodes is.
pub(super) type AtNode = fn(&'static Rule, &Context<'_>, &SyntaxNode, &mut Vec<Finding>);

/// When a check runs.
pub(super) enum Run {
    /// At every node of these kinds.
    Node(&'static [SyntaxKind], AtNode),
    /// Once for the file.
    File(fn(&'static Rule, &Context<'_>, &mut Vec<Finding>)),
    /// After all others, on what they found.
    Findings,
}

/// A [`Rule`] whose page is `rules/ID.md`.
macro_rules! rule {
    ($id:literal, $severity:ident, $summary:literal) => {
        $crate::lint::Rule {
            id: $id,
            severity: $crate::lint::Severity::$severity,
            summary: $summary,
            explanation: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $id, ".md")),
        }
    };
}
pub(super) use rule;

/// In the order of the ids of their rules.
static CHECKS: LazyLock<Vec<&'static Check>> = LazyLock::new(|| {
    let mut checks: Vec<&'static Check> = [
        allow::CHECKS,
        operators::CHECKS,
        scope::CHECKS,
        unused::CHECKS,
    ]
    .into_iter()
    .flatten()
    .collect();
    checks.sort_by_key(|check| check.rule.id);
    checks
});

static RULES: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| CHECKS.iter().map(|check| &check.rule).collect());

/// The checks of single nodes, by the number of the node's kind.
static BY_KIND: LazyLock<Vec<Vec<(usize, AtNode)>>> = LazyLock::new(|| {
    let mut by_kind = Vec::new();
    for (at, check) in CHECKS.iter().enumerate() {
        if let Run::Node(kinds, run) = check.run {
            for &kind in kinds {
                let kind = kind as usize;
                if by_kind.len() <= kind {
                    by_kind.resize(kind + 1, Vec::new());
                }
                by_kind[kind].push((at, run));
            }
        }
    }
    by_kind
});

/// All rules, in the order of their ids.
pub(super) fn all() -> &'static [&'static Rule] {
    &RULES
}

/// What the rules that are on find, in no order.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let on = context.options.rules;
    for node in &context.nodes {
        let checks = BY_KIND
            .get(node.kind() as usize)
            .map_or(&[][..], |checks| checks);
        for &(at, run) in checks {
            if on.has(at) {
                run(RULES[at], context, node, &mut findings);
            }
        }
    }
    for (at, check) in CHECKS.iter().enumerate() {
        if let Run::File(run) = check.run
            && on.has(at)
        {
            run(&check.rule, context, &mut findings);
        }
    }
    findings
}
