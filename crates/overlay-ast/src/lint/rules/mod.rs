//! The rules, by what they are about.

mod aliases;
mod configure;
mod flag_types;
mod flag_values;
mod flag_variables;
mod modules;
mod operators;
mod package_sets;
mod parallelism;
mod rebuild;
mod scope;
mod tiers;
mod unused;
mod values;

use std::sync::LazyLock;

use rnix::{SyntaxKind, SyntaxNode};

use super::context::Context;
use super::derivation::Derivation;
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
    /// At every set that becomes a derivation.
    Derivation(fn(&'static Rule, &Context<'_>, &Derivation, &mut Vec<Finding>)),
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
    let by_subject = [
        allow::CHECKS,
        aliases::CHECKS,
        configure::CHECKS,
        flag_types::CHECKS,
        flag_values::CHECKS,
        flag_variables::CHECKS,
        modules::CHECKS,
        operators::CHECKS,
        package_sets::CHECKS,
        parallelism::CHECKS,
        rebuild::CHECKS,
        scope::CHECKS,
        tiers::CHECKS,
        unused::CHECKS,
        values::CHECKS,
    ];
    let mut checks: Vec<&'static Check> = by_subject.into_iter().flatten().collect();
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
        if !on.has(at) {
            continue;
        }
        match check.run {
            Run::File(run) => run(&check.rule, context, &mut findings),
            Run::Derivation(run) => {
                for derivation in &context.derivations {
                    run(&check.rule, context, derivation, &mut findings);
                }
            }
            Run::Node(..) | Run::Findings => {}
        }
    }
    findings
}
