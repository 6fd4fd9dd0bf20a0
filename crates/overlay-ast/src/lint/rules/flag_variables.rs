//! The variables of the compiler and linker wrappers: which there are, and where they belong.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::expression::Expression;
use crate::lint::context::Context;
use crate::lint::derivation::{Attribute, Derivation, last_name};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::{Applicability, Finding, Fix, Rule};
use crate::{Span, TextEdit, layout};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "cxxstdlib-replaced",
            Warning,
            "a variable that replaces the flags for the C++ library, not one that adds to them"
        ),
        run: Run::Derivation(cxxstdlib_replaced),
    },
    Check {
        rule: rule!(
            "flags-outside-env",
            Warning,
            "a variable for the compiler that is not in `env`"
        ),
        run: Run::Derivation(flags_outside_env),
    },
    Check {
        rule: rule!(
            "unread-variable",
            Warning,
            "a variable that looks like one of the compiler wrapper and is read by nothing"
        ),
        run: Run::Derivation(unread_variable),
    },
];

static VARIABLES: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/cc-wrapper-variables.tsv")));

static UNREAD: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/unread-variables.tsv")));

/// Whether the wrappers read flags from a variable of that name.
pub(super) fn holds_flags(name: &str) -> bool {
    let row = VARIABLES.find(base(name));
    row.is_some_and(|row| row[1] == "flags")
}

/// The name without the part that says which compiler is meant: `_FOR_BUILD` or a platform.
fn base(name: &str) -> &str {
    for suffix in ["_FOR_BUILD", "_FOR_TARGET"] {
        if let Some(base) = name.strip_suffix(suffix) {
            return base;
        }
    }
    let platform = name
        .match_indices('_')
        .find(|(at, _)| name[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()));
    platform.map_or(name, |(at, _)| &name[..at])
}

fn unread_variable(
    rule: &'static Rule,
    _: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    for attribute in &derivation.attributes {
        let name = &*attribute.name;
        let Some(instead) = UNREAD.find(base(name)).map(|row| row[1]) else {
            continue;
        };
        let span = Span::from(attribute.place.text_range());
        let there = derivation.named(instead).next();
        let mut finding = Finding::new(rule, span, format!("nothing reads `{name}`"))
            .hint(format!("`{instead}` is what the wrapper reads"));
        if let Some(there) = there {
            finding = finding.label(there.place.text_range(), "this is read");
        } else if attribute.value.is_some() {
            finding = finding.fix(Fix::new(
                format!("rename it to `{instead}`"),
                Applicability::Unsafe,
                vec![TextEdit::replace(span, instead)],
            ));
        }
        findings.push(finding);
    }
}

fn cxxstdlib_replaced(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    for attribute in &derivation.attributes {
        let name = &*attribute.name;
        if !matches!(base(name), "NIX_CXXSTDLIB_COMPILE" | "NIX_CXXSTDLIB_LINK") {
            continue;
        }
        // Whoever writes where the headers are knows what the variable is for.
        let written = attribute.value.as_ref().map(|value| context.text_of(value));
        if written.is_some_and(|text| text.contains("-isystem") || text.contains("-I")) {
            continue;
        }
        let message = format!("`{name}` replaces the flags by which the C++ library is found");
        let finding = Finding::new(rule, attribute.place.text_range(), message);
        findings.push(finding.hint("`NIX_CFLAGS_COMPILE` adds flags, for C++ too"));
    }
}

fn flags_outside_env(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    let structured = derivation.named("__structuredAttrs").any(|attribute| {
        let value = attribute.value.as_ref();
        value.is_some_and(|value| context.text_of(value) == "true")
    });
    let package = derivation.package();
    let outside: Vec<&Attribute> = derivation
        .attributes
        .iter()
        .filter(|attribute| !attribute.in_env && holds_flags(&attribute.name))
        .collect();
    for attribute in &outside {
        let name = &*attribute.name;
        let within = derivation.named(name).find(|other| other.in_env);
        let key = (package.clone().unwrap_or_default(), name.to_owned());
        let upstream = context.options.facts.upstream.get(&key);
        let message = if within.is_some() {
            format!("`{name}` is set in `env` and outside of it, which nixpkgs refuses")
        } else if structured {
            format!("with `__structuredAttrs`, `{name}` outside `env` does not reach the build")
        } else if derivation.overridden.is_none() {
            continue;
        } else {
            match (upstream, &package) {
                (Some(upstream), _) if !upstream.in_env => continue,
                (Some(_), Some(package)) => format!(
                    "`{package}` has `{name}` in `env`, so nixpkgs refuses it outside of it"
                ),
                _ => format!("where the package has `{name}` in `env`, nixpkgs refuses it here"),
            }
        };
        let mut finding = Finding::new(rule, attribute.place.text_range(), message)
            .hint("set it in `env`, with what the package has there");
        if let Some(within) = within {
            finding = finding.label(within.place.text_range(), "in `env` here");
        } else if outside.len() == 1 {
            finding = finding.fix(into_env(context, derivation, attribute));
        }
        findings.push(finding);
    }
}

/// Moves an attribute into `env`, if the set has none and names the old attributes.
fn into_env(context: &Context<'_>, derivation: &Derivation, attribute: &Attribute) -> Option<Fix> {
    let old = derivation.overridden.as_ref()?.old.as_ref()?;
    // A name that says it is not used would have to be another then.
    if old.starts_with('_') {
        return None;
    }
    let has_env = derivation.set.children().any(|entry| {
        let path = entry.first_child();
        path.is_some_and(|path| path.first_child().is_some_and(|n| n.to_string() == "env"))
    });
    let value = attribute.value.as_ref()?;
    if has_env || attribute.entry.kind() != NODE_ATTRPATH_VALUE {
        return None;
    }
    let span = Span::from(attribute.entry.text_range());
    let line_end = layout::line_end(context.text, span.start);
    let indent = layout::indent(context.text, span.start);
    let mut inner = in_env(context, value, old, &attribute.name);
    // `env` takes no lists.
    if value.kind() == NODE_LIST {
        inner.insert_str(0, "toString ");
    }
    let deeper = layout::deeper(context.text, indent);
    let inner = Expression::laid_out(&inner, &deeper[indent.len()..], line_end);
    let text = format!(
        "env = ({old}.env or {{ }}) // {{{line_end}{deeper}{} = {inner};{line_end}{indent}}};",
        attribute.name
    );
    Fix::new(
        format!("set `{}` in `env`", attribute.name),
        Applicability::Unsafe,
        vec![TextEdit::replace(span, text)],
    )
}

/// The text of a value with `old.NAME` read from `old.env` instead.
fn in_env(context: &Context<'_>, value: &SyntaxNode, old: &str, name: &str) -> String {
    let start = Span::from(value.text_range()).start;
    let mut text = context.text_of(value).to_owned();
    let selections = value.descendants().filter(|node| {
        let base = node.first_child().filter(|_| node.kind() == NODE_SELECT);
        base.is_some_and(|base| base.to_string() == old) && last_name(node).as_deref() == Some(name)
    });
    let mut ends: Vec<usize> = selections
        .filter_map(|node| Some(Span::from(node.first_child()?.text_range()).end - start))
        .collect();
    ends.sort_unstable();
    for end in ends.into_iter().rev() {
        text.insert_str(end, ".env");
    }
    text
}
