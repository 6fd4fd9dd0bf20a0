//! Operators that do not bind as they read.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::Context;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::{Applicability, Finding, Fix, Rule};
use crate::names::Target;
use crate::scope::excerpt;
use crate::{Span, TextEdit};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "negated-default",
            Warning,
            "`!x.a or b`, where `!` applies to the default too"
        ),
        run: Run::Node(&[NODE_UNARY_OP], negated_default),
    },
    Check {
        rule: rule!(
            "or-without-dot",
            Error,
            "`x or y`, where `or` is no operator because nothing is selected"
        ),
        run: Run::Node(&[NODE_APPLY], or_without_dot),
    },
];

fn negated_default(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let negation = node.first_token().is_some_and(|t| t.kind() == TOKEN_INVERT);
    let Some(operand) = node.first_child().filter(|_| negation) else {
        return;
    };
    let has_default = operand.kind() == NODE_SELECT && operand.children().count() == 3;
    if !has_default {
        return;
    }
    let span = Span::from(operand.text_range());
    let message = format!(
        "`!` negates the default of `{}` too",
        excerpt(span.text(context.text))
    );
    let edits = vec![
        TextEdit::insert(span.start, "("),
        TextEdit::insert(span.end, ")"),
    ];
    findings.push(
        Finding::new(rule, node.text_range(), message)
            .hint("say with parentheses what is meant")
            .fix(Fix::new(
                "write the parentheses that Nix reads",
                Applicability::Safe,
                edits,
            )),
    );
}

/// `x or y` is `x` called with what is named `or`, and then with `y`.
fn or_without_dot(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let mut parts = node.children();
    let (Some(function), Some(or)) = (parts.next(), parts.next()) else {
        return;
    };
    let unbound = context.names.target(&or) == Some(Target::Unbound);
    if !unbound || context.text_of(&or) != "or" {
        return;
    }
    let function = excerpt(context.text_of(&function));
    findings.push(
        Finding::new(
            rule,
            or.text_range(),
            format!("this calls `{function}` with a variable `or`, which is not in scope"),
        )
        .hint(format!(
            "only a selection takes a default: `{function}.name or …`; for a null, `if {function} != null then {function} else …`"
        )),
    );
}
