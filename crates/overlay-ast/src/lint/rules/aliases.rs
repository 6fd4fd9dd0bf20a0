//! Names of packages that nixpkgs no longer has.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::lint::context::Context;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::{Applicability, Finding, Fix, Rule};
use crate::names::Target;
use crate::{Span, TextEdit};

pub(super) static CHECKS: &[Check] = &[Check {
    rule: rule!(
        "removed-alias",
        Warning,
        "a package under a name that nixpkgs no longer has"
    ),
    run: Run::Node(&[NODE_IDENT], removed_alias),
}];

/// By name: since when it is gone, and what it is called now.
static REMOVED: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/removed-aliases.tsv")));

fn removed_alias(
    rule: &'static Rule,
    context: &Context<'_>,
    node: &SyntaxNode,
    findings: &mut Vec<Finding>,
) {
    let name = context.text_of(node);
    let Some([_, since, instead]) = REMOVED.find(name) else {
        return;
    };
    if !(is_selected(context, node) || is_with_packages(context, node)) {
        return;
    }
    // An overlay of the file may bring the name back.
    if context
        .definitions
        .iter()
        .any(|definition| definition.name == name)
    {
        return;
    }
    let span = Span::from(node.text_range());
    let finding = Finding::new(rule, span, format!("nixpkgs has no `{name}` since {since}"));
    findings.push(match *instead {
        "-" => finding.hint("leave it out, or pin an older nixpkgs for it"),
        instead => finding.hint(format!("use `{instead}`")).fix(Fix::new(
            format!("use `{instead}`"),
            Applicability::Unsafe,
            vec![TextEdit::replace(span, instead)],
        )),
    });
}

/// Whether the name is selected from `pkgs`, and not with a default, which says what to do without
/// it. The arguments of an overlay may be those of a set within the package set, such as Python's,
/// which has names of its own.
fn is_selected(context: &Context<'_>, node: &SyntaxNode) -> bool {
    let path = node.parent().filter(|path| path.kind() == NODE_ATTRPATH);
    let first = path.as_ref().and_then(SyntaxNode::first_child);
    let select = path.and_then(|path| path.parent());
    let Some(select) = select.filter(|select| select.kind() == NODE_SELECT) else {
        return false;
    };
    let base = select.first_child();
    first.as_ref() == Some(node)
        && select.children().count() == 2
        && base.is_some_and(|base| context.text_of(&base) == "pkgs")
}

/// Whether the name comes from `with pkgs;`.
fn is_with_packages(context: &Context<'_>, node: &SyntaxNode) -> bool {
    if context.names.target(node) != Some(Target::With) {
        return false;
    }
    let with = node.ancestors().find(|around| around.kind() == NODE_WITH);
    let namespace = with.and_then(|with| with.first_child());
    namespace.is_some_and(|namespace| context.text_of(&namespace) == "pkgs")
}
