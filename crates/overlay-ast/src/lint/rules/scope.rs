//! Names that mean nothing.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::BTreeMap;

use rnix::SyntaxElement;
use rnix::SyntaxKind::*;

use crate::lint::context::{Context, file_lambda, has_ellipsis};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::{Applicability, FileKind, Finding, Fix, Rule};
use crate::names::{Reference, Target};
use crate::{Span, TextEdit, layout};

pub(super) static CHECKS: &[Check] = &[Check {
    rule: rule!(
        "not-in-scope",
        Error,
        "a name that nothing binds, for which Nix refuses the file"
    ),
    run: Run::File(not_in_scope),
}];

/// What every module is called with, by NixOS and by Home Manager.
const MODULE_ARGUMENTS: [&str; 5] = ["config", "lib", "modulesPath", "options", "pkgs"];

fn not_in_scope(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut unbound: BTreeMap<&str, Vec<&Reference<'_>>> = BTreeMap::new();
    for reference in context.names.references() {
        // `or` is what `x or y` without a dot calls `x` with, which has a rule of its own.
        if reference.target == Target::Unbound && reference.name != "or" {
            unbound.entry(&reference.name).or_default().push(reference);
        }
    }
    for (name, references) in unbound {
        let mut finding = Finding::new(
            rule,
            references[0].node.text_range(),
            format!("`{name}` is not in scope"),
        )
        .fix(add_formal(context, name));
        for other in &references[1..] {
            finding = finding.label(other.node.text_range(), "here too");
        }
        if let Some((left, right)) = name.split_once('-')
            && context.binds(left)
            && (context.binds(right) || right.bytes().all(|b| b.is_ascii_digit()))
        {
            finding = finding.hint(format!(
                "a dash belongs to a name; to subtract, write `{left} - {right}`"
            ));
        } else if finding.fix.is_some() {
            finding = finding.hint(format!("add `{name}` to the arguments of the file"));
        }
        findings.push(finding);
    }
}

/// Adds a name to the arguments that the file takes, if it takes a set.
fn add_formal(context: &Context<'_>, name: &str) -> Option<Fix> {
    let pattern = file_lambda(context.root)?.first_child()?;
    let known = context.kind == FileKind::Module && MODULE_ARGUMENTS.contains(&name);
    if pattern.kind() != NODE_PATTERN || !(known || context.kind == FileKind::Package) {
        return None;
    }
    let token = |kind| {
        let mut parts = pattern.children_with_tokens();
        parts.find(|part| part.kind() == kind)
    };
    let start_of = |part: &SyntaxElement| Span::from(part.text_range()).start;
    let comma_line = token(TOKEN_COMMA)
        .map(|comma| start_of(&comma))
        .filter(|&comma| layout::starts_line(context.text, comma));
    let break_line = |at: usize| {
        let line_end = layout::line_end(context.text, at);
        format!("{line_end}{}", layout::indent(context.text, at))
    };
    let entries = pattern.children().filter(|n| n.kind() == NODE_PAT_ENTRY);
    let edit = if let Some(dots) = token(TOKEN_ELLIPSIS) {
        let at = start_of(&dots);
        let separator = match comma_line {
            Some(comma) => format!("{}, ", break_line(comma)),
            None if layout::starts_line(context.text, at) => format!(",{}", break_line(at)),
            None => ", ".to_owned(),
        };
        TextEdit::insert(at, format!("{name}{separator}"))
    } else if let Some(last) = entries.last() {
        let span = Span::from(last.text_range());
        let separator = match comma_line {
            Some(comma) => format!("{}, ", break_line(comma)),
            None if layout::starts_line(context.text, span.start) => {
                format!(",{}", break_line(span.start))
            }
            None => ", ".to_owned(),
        };
        TextEdit::insert(span.end, format!("{separator}{name}"))
    } else {
        let brace = Span::from(token(TOKEN_L_BRACE)?.text_range());
        TextEdit::insert(brace.end, format!(" {name}"))
    };
    // A package may be called with less than it would name then.
    let applicability = if known && has_ellipsis(&pattern) {
        Applicability::Safe
    } else {
        Applicability::Unsafe
    };
    Fix::new(
        format!("add the argument `{name}`"),
        applicability,
        vec![edit],
    )
}
