//! Flags that are given to the wrong program.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use crate::lint::context::{Context, unwrap_parens};
use crate::lint::derivation::Derivation;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::words::{let_value, words};
use crate::lint::{Applicability, Finding, Fix, Rule};
use crate::names::Target;
use crate::{Span, TextEdit};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "compiler-flag-for-linker",
            Warning,
            "a flag of the compiler in a variable that is given to the linker"
        ),
        run: Run::Derivation(compiler_flag_for_linker),
    },
    Check {
        rule: rule!(
            "mtune-level",
            Error,
            "`-mtune=` with a level such as x86-64-v3, which is no processor"
        ),
        run: Run::File(mtune_level),
    },
];

static LINKER_FLAGS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/linker-flags.tsv")));

fn compiler_flag_for_linker(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    for attribute in &derivation.attributes {
        let Some(value) = attribute.value.as_ref() else {
            continue;
        };
        if !attribute.name.starts_with("NIX_LDFLAGS") {
            continue;
        }
        for word in words(context, value) {
            let Some([_, effect, instead]) = LINKER_FLAGS.find(word.text) else {
                continue;
            };
            if *effect == "-" {
                continue;
            }
            let rest = if word.open { "…" } else { "" };
            let message = format!("`{}{rest}` goes to the linker: {effect}", word.text);
            let mut finding =
                Finding::new(rule, word.span, message).hint(format!("it belongs in `{instead}`"));
            let place = Span::from(attribute.entry.text_range());
            if word.span.start < place.start || place.end < word.span.end {
                let label = format!("it becomes part of `{}` here", attribute.name);
                finding = finding.label(attribute.place.text_range(), label);
            }
            findings.push(finding);
        }
    }
}

const MTUNE: &str = "-mtune=";

/// Whether the text begins with a level of the x86-64 psABI.
fn level(text: &str) -> Option<&str> {
    ["x86-64-v2", "x86-64-v3", "x86-64-v4"]
        .into_iter()
        .find(|level| text.starts_with(level))
        .map(|level| &text[..level.len()])
}

fn mtune_level(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.text.contains(MTUNE) {
        return;
    }
    let strings = context.nodes.iter().filter(|n| n.kind() == NODE_STRING);
    for string in strings {
        for part in string.children_with_tokens() {
            let NodeOrToken::Token(token) = part else {
                continue;
            };
            let span = Span::from(token.text_range());
            let text = span.text(context.text);
            if token.kind() != TOKEN_STRING_CONTENT {
                continue;
            }
            for (at, _) in text.match_indices(MTUNE) {
                let value = at + MTUNE.len();
                if let Some(level) = level(&text[value..]) {
                    let start = span.start + value;
                    let end = start + level.len();
                    findings.push(bad_mtune(rule, Span::new(span.start + at, end), level).fix(
                        Fix::new(
                            "tune for no processor in particular",
                            Applicability::Unsafe,
                            vec![TextEdit::replace(Span::new(start, end), "generic")],
                        ),
                    ));
                } else if value == text.len()
                    && let Some(NodeOrToken::Node(interpolation)) = token.next_sibling_or_token()
                    && let Some(written) = interpolation.first_child()
                    && let Some((level, place)) = possible_level(context, &written, HOPS)
                {
                    let end = Span::from(interpolation.text_range()).end;
                    let whole = Span::new(span.start + at, end);
                    let finding = bad_mtune(rule, whole, level);
                    findings.push(finding.label(place, "this is what it can become"));
                }
            }
        }
    }
}

fn bad_mtune(rule: &'static Rule, span: Span, level: &str) -> Finding {
    let message = format!("`{level}` is a level, not a processor: gcc refuses `-mtune={level}`");
    Finding::new(rule, span, message).hint("write `-mtune=generic`, or leave it out")
}

/// Bindings and defaults that are followed one after the other.
const HOPS: usize = 16;

/// A level that an expression can become, by a default or a binding, and where it is written.
fn possible_level<'t>(
    context: &Context<'t>,
    node: &SyntaxNode,
    hops: usize,
) -> Option<(&'t str, Span)> {
    let hops = hops.checked_sub(1)?;
    let node = unwrap_parens(node.clone());
    match node.kind() {
        NODE_STRING => {
            let span = Span::from(node.text_range());
            let text = context.text_of(&node).trim_matches('"');
            level(text).filter(|level| *level == text)?;
            Some((text, span))
        }
        NODE_IDENT => match context.names.target(&node)? {
            Target::Binding(id) => possible_level(context, &let_value(context, id)?, hops),
            _ => None,
        },
        NODE_SELECT => possible_level(context, &node.children().nth(2)?, hops),
        NODE_IF_ELSE => node
            .children()
            .skip(1)
            .find_map(|branch| possible_level(context, &branch, hops)),
        _ => None,
    }
}
