//! Changes that build much of the package set again, or cannot be built at all.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::collections::HashMap;
use std::sync::LazyLock;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::configure::overridden_argument;
use crate::lint::context::{Context, keys, unwrap_parens};
use crate::lint::derivation::{Attribute, Definition, Derivation, last_name, package_name};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::{Finding, Rule};
use crate::names::{BindingId, Target};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "mass-rebuild",
            Warning,
            "an overlay that changes a package under much of the package set"
        ),
        run: Run::File(mass_rebuild),
    },
    Check {
        rule: rule!(
            "stdenv-build-input",
            Error,
            "a build input for a package that the standard environment is built with"
        ),
        run: Run::File(stdenv_build_input),
    },
];

static FOUNDATIONS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/foundations.tsv")));

/// How many attributes of nixpkgs the counts of the table are out of.
const COUNTED: &str = "8,030";

/// How many derivations are many, where the caller has counted.
const MANY: usize = 100;

fn mass_rebuild(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    for definition in &context.definitions {
        let name = &definition.name;
        if !changes(definition) || is_for_platform(context, definition) {
            continue;
        }
        let counted = context.options.facts.dependents.get(name);
        let message = match (counted, FOUNDATIONS.find(name)) {
            (Some(&count), _) if count >= MANY => {
                format!(
                    "changing `{name}` builds {} derivations again",
                    grouped(count)
                )
            }
            (None, Some([_, "-", _])) => {
                format!("`{name}` is under most packages: all of them are built again")
            }
            (None, Some([_, rebuilt, _])) => {
                let count = grouped(rebuilt.parse().unwrap_or_default());
                format!("changing `{name}` changes {count} of {COUNTED} packages of nixpkgs")
            }
            _ => continue,
        };
        findings.push(
            Finding::new(rule, definition.place.text_range(), message).hint(
                "none of them comes from cache.nixos.org then; give it a name of its own, and only to what gains by it",
            ),
        );
    }
}

/// A number with commas between its thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Whether the definition is made of the package that it replaces, and is not just that.
fn changes(definition: &Definition) -> bool {
    let value = unwrap_parens(definition.value.clone());
    let plain = matches!(value.kind(), NODE_SELECT | NODE_IDENT) || only_packages(&value);
    let mut parts = value.descendants();
    !plain
        && parts.any(|part| {
            let names = part
                .children()
                .nth(1)
                .filter(|_| part.kind() == NODE_SELECT);
            names.is_some_and(|path| keys(&path).first() == Some(&definition.name))
        })
}

/// Whether the change depends on a platform: it is for cross compilation then, where everything is
/// built here anyway.
fn is_for_platform(context: &Context<'_>, definition: &Definition) -> bool {
    let platform = |node: Option<SyntaxNode>| {
        node.is_some_and(|node| context.text_of(&node).contains("Platform"))
    };
    let around = definition.place.ancestors();
    let mut conditions = around
        .take_while(|node| node.kind() != NODE_LAMBDA)
        .filter(|node| matches!(node.kind(), NODE_APPLY | NODE_IF_ELSE))
        .map(|node| node.first_child());
    platform(Some(definition.value.clone())) || conditions.any(platform)
}

/// Whether `override` changes nothing but the packages that come with an interpreter:
/// `python3.override { packageOverrides = …; }`.
fn only_packages(call: &SyntaxNode) -> bool {
    let (Some(function), Some(set)) = (call.first_child(), call.last_child()) else {
        return false;
    };
    call.kind() == NODE_APPLY
        && set.kind() == NODE_ATTR_SET
        && last_name(&function).as_deref() == Some("override")
        && set.children().all(|entry| {
            let name = entry.first_child().map(|path| path.to_string());
            name.is_some_and(|name| matches!(&*name, "packageOverrides" | "self"))
        })
}

fn stdenv_build_input(rule: &'static Rule, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let helpers = helpers(context);
    for definition in &context.definitions {
        let in_stdenv = FOUNDATIONS.find(&definition.name);
        if in_stdenv.is_none_or(|row| row[2] != "yes") {
            continue;
        }
        let name = &definition.name;
        let message = |input: &Attribute| {
            format!(
                "`{name}` is built before the standard environment, so `{}` can need `{name}` itself",
                input.name
            )
        };
        let hint = "take what the build needs from the bootstrap, or leave the package alone";
        let sets = definition.value.descendants();
        for derivation in sets.filter_map(|set| context.derivation(&set)) {
            if derivation.package().as_ref() != Some(name) {
                continue;
            }
            for input in inputs(context, derivation) {
                let place = input.place.text_range();
                findings.push(Finding::new(rule, place, message(input)).hint(hint));
            }
        }
        if let Some(derivation) = called_helper(context, &definition.value, name, &helpers) {
            for input in inputs(context, derivation) {
                let finding = Finding::new(rule, definition.place.text_range(), message(input));
                let label = "added here, by the helper";
                findings.push(finding.label(input.place.text_range(), label).hint(hint));
            }
        }
    }
}

/// The attributes that add build inputs, not only hand on those that are there.
fn inputs<'d>(
    context: &Context<'_>,
    derivation: &'d Derivation,
) -> impl Iterator<Item = &'d Attribute> {
    const INPUTS: [&str; 5] = [
        "buildInputs",
        "depsBuildBuild",
        "nativeBuildInputs",
        "propagatedBuildInputs",
        "propagatedNativeBuildInputs",
    ];
    let adds = |attribute: &&Attribute| {
        attribute.value.as_ref().is_some_and(|value| {
            let mut lists = value.descendants().filter(|n| n.kind() == NODE_LIST);
            // The list of a default, `old.buildInputs or [ ]`, is empty.
            lists.any(|list| list.first_child().is_some())
                || context.text_of(value).contains("optional")
        })
    };
    let attributes = derivation.attributes.iter();
    attributes
        .filter(|attribute| INPUTS.contains(&&*attribute.name))
        .filter(adds)
        .collect::<Vec<_>>()
        .into_iter()
}

/// The functions of the file that override their argument, by the name they are bound to.
fn helpers<'c>(context: &'c Context<'_>) -> HashMap<BindingId, &'c Derivation> {
    let mut helpers = HashMap::new();
    for derivation in &context.derivations {
        if overridden_argument(context, derivation).is_none() {
            continue;
        }
        let around = derivation.set.ancestors();
        let entry = around
            .filter(|node| node.kind() == NODE_ATTRPATH_VALUE)
            .find(|entry| entry.last_child().is_some_and(|v| v.kind() == NODE_LAMBDA));
        let key = entry.and_then(|entry| entry.first_child()?.first_child());
        if let Some(id) = key.and_then(|key| context.names.bound_at(&key)) {
            helpers.insert(id, derivation);
        }
    }
    helpers
}

/// What the helper does that `value` calls with the package `name`.
fn called_helper<'c>(
    context: &Context<'_>,
    value: &SyntaxNode,
    name: &str,
    helpers: &HashMap<BindingId, &'c Derivation>,
) -> Option<&'c Derivation> {
    let call = unwrap_parens(value.clone());
    let (function, argument) = (call.first_child()?, call.last_child()?);
    if call.kind() != NODE_APPLY || package_name(&argument).as_deref() != Some(name) {
        return None;
    }
    match context.names.target(&function)? {
        Target::Binding(id) => helpers.get(&id).copied(),
        _ => None,
    }
}
