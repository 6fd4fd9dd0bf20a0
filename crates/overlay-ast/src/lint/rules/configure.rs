//! Flags for `configure` that the package may not know.

use std::sync::LazyLock;

use crate::lint::context::Context;
use crate::lint::derivation::{Attribute, Derivation, package_name};
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::words::words;
use crate::lint::{Finding, Rule};
use crate::names::{BindingKind, Target};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: rule!(
            "foreign-configure-flag",
            Warning,
            "a flag of one project's `configure` given to another"
        ),
        run: Run::Derivation(foreign_configure_flag),
    },
    Check {
        rule: rule!(
            "forced-configure-flags",
            Warning,
            "a helper that gives every package the same flags for `configure`"
        ),
        run: Run::Derivation(forced_configure_flags),
    },
];

/// By flag: the packages that know it, and whose it is.
static FLAGS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/configure-flags.tsv")));

/// Attributes whose flags depend on how the package is built.
const ATTRIBUTES: [&str; 3] = ["cmakeFlags", "configureFlags", "mesonFlags"];

/// The name of the argument that a helper function overrides the attributes of.
pub(super) fn overridden_argument(
    context: &Context<'_>,
    derivation: &Derivation,
) -> Option<String> {
    let variable = derivation.overridden.as_ref()?.variable()?;
    let Some(Target::Binding(id)) = context.names.target(&variable) else {
        return None;
    };
    let binding = context.names.binding(id);
    (binding.kind == BindingKind::Argument).then(|| binding.name.clone().into_owned())
}

fn forced_configure_flags(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    let Some(argument) = overridden_argument(context, derivation) else {
        return;
    };
    let forced = |attribute: &&Attribute| {
        let added = attribute.value.as_ref().is_some_and(|value| {
            let mut words = words(context, value).into_iter();
            words.any(|word| word.text.starts_with('-'))
        });
        ATTRIBUTES.contains(&&*attribute.name) && added
    };
    for attribute in derivation.attributes.iter().filter(forced) {
        let message = format!(
            "every `{argument}` gets these `{}`, whether it knows them or not",
            attribute.name
        );
        findings.push(
            Finding::new(rule, attribute.place.text_range(), message).hint(
                "take the flags as an argument of the helper, or set them package by package",
            ),
        );
    }
}

fn foreign_configure_flag(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    let Some(overridden) = derivation.overridden.as_ref() else {
        return;
    };
    // The argument of a helper can be any package.
    let argument = overridden_argument(context, derivation);
    let package = package_name(&overridden.package).filter(|_| argument.is_none());
    for attribute in derivation.named("configureFlags") {
        let Some(value) = attribute.value.as_ref() else {
            continue;
        };
        for word in words(context, value) {
            let Some([_, packages, project]) = FLAGS.find(word.text) else {
                continue;
            };
            let knows = |package: &String| {
                packages
                    .split(',')
                    .any(|known| match known.strip_suffix('*') {
                        Some(prefix) => package.starts_with(prefix),
                        None => package == known,
                    })
            };
            if package.as_ref().is_some_and(knows) {
                continue;
            }
            let whom = match (&package, &argument) {
                (Some(package), _) => format!("`{package}`"),
                (None, Some(argument)) => format!("every `{argument}`"),
                (None, None) => continue,
            };
            let message = format!(
                "`{}` is a flag of {project}'s `configure`, given to {whom}",
                word.text
            );
            findings.push(
                Finding::new(rule, word.span, message)
                    .hint("flags for the compiler go into `env.NIX_CFLAGS_COMPILE`"),
            );
        }
    }
}
