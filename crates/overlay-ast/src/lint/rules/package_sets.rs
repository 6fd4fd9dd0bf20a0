//! Sets of packages, and compilers, that are changed in a way that does not reach what they build.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::{Context, keys, unwrap_parens};
use crate::lint::derivation::{is_update, last_name, sets};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::{Finding, Rule};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "compiler-stdenv",
            Error,
            "a `stdenv` given to a compiler's wrapper, which takes none"
        ),
        run: Run::Node(&[NODE_APPLY], compiler_stdenv),
    },
    Check {
        rule: rule!(
            "needs-override-scope",
            Warning,
            "a package set changed with `//`, which its other members do not see"
        ),
        run: Run::Node(&[NODE_BIN_OP], needs_override_scope),
    },
];

static WRAPPED: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/wrapped-compilers.tsv")));

static SCOPED: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/scoped-sets.tsv")));

fn compiler_stdenv(
    rule: &'static Rule,
    _: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let parts = (node.first_child(), node.last_child());
    let (Some(function), Some(argument)) = parts else {
        return;
    };
    if function.kind() != NODE_SELECT || argument.kind() != NODE_ATTR_SET {
        return;
    }
    let names = function.children().nth(1).map(|path| keys(&path));
    let names = names.unwrap_or_default();
    let compiler = match &names[..] {
        [.., compiler, last] if last == "override" => Some(compiler.clone()),
        [last] if last == "override" => function.first_child().and_then(|base| last_name(&base)),
        _ => None,
    };
    let Some(compiler) = compiler.filter(|name| WRAPPED.find(name).is_some()) else {
        return;
    };
    let stdenv = argument.children().find(|entry| {
        let mut bound = match entry.kind() {
            NODE_INHERIT => entry.children().collect::<Vec<_>>(),
            _ => entry.first_child().into_iter().collect(),
        }
        .into_iter();
        bound.any(|name| name.to_string() == "stdenv")
    });
    if let Some(entry) = stdenv {
        let message = format!("`{compiler}` is a wrapper and takes no `stdenv`");
        findings.push(Finding::new(rule, entry.text_range(), message).hint(format!(
            "`{compiler}.cc` is the compiler; to build packages with other flags, give them a stdenv of their own"
        )));
    }
}

/// Whether a value is no package for certain, such as `recurseForDerivations = false;`.
fn is_plain(value: &SyntaxNode) -> bool {
    match value.kind() {
        NODE_LITERAL | NODE_STRING | NODE_LIST => true,
        NODE_IDENT => matches!(&*value.to_string(), "true" | "false" | "null"),
        _ => false,
    }
}

fn needs_override_scope(
    rule: &'static Rule,
    _: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    if !is_update(node) {
        return;
    }
    let Some(set) = node.first_child().map(unwrap_parens) else {
        return;
    };
    let Some(name) = last_name(&set) else { return };
    let Some([_, how]) = SCOPED.find(&name) else {
        return;
    };
    let members = node.last_child().iter().flat_map(sets).any(|set| {
        let mut values = set.children().filter_map(|entry| entry.last_child());
        values.any(|value| !is_plain(&value))
    });
    if !members {
        return;
    }
    // Only where the result takes the place of the set.
    let definition = node
        .ancestors()
        .skip(1)
        .find(|around| !matches!(around.kind(), NODE_PAREN | NODE_BIN_OP))
        .filter(|around| around.kind() == NODE_ATTRPATH_VALUE);
    let defined = definition.and_then(|entry| keys(&entry.first_child()?).pop());
    if defined.as_deref() != Some(&name) {
        return;
    }
    let message = format!("what is built within `{name}` still uses its old members");
    findings.push(
        Finding::new(rule, node.text_range(), message)
            .hint(format!("write `{}`", how.replace("NAME", &name))),
    );
}
