//! Numbers of processes in a derivation's attributes.

use std::sync::LazyLock;

use crate::lint::context::Context;
use crate::lint::derivation::Derivation;
use crate::lint::rules::{Check, Run, rule};
use crate::lint::table::Patterns;
use crate::lint::words::words;
use crate::lint::{Finding, Rule};

pub(super) static CHECKS: &[Check] = &[Check {
    rule: rule!(
        "parallelism-in-derivation",
        Warning,
        "a number of processes in a derivation's attributes, where it enters the hash"
    ),
    run: Run::Derivation(parallelism_in_derivation),
}];

static KNOBS: LazyLock<Patterns> =
    LazyLock::new(|| Patterns::read(include_str!("../../../data/parallelism-knobs.tsv")));

fn parallelism_in_derivation(
    rule: &'static Rule,
    context: &Context<'_>,
    derivation: &Derivation,
    findings: &mut Vec<Finding>,
) {
    for attribute in &derivation.attributes {
        let Some([name, kind, reader]) = KNOBS.find(&attribute.name) else {
            continue;
        };
        let (span, what) = if *kind == "value" {
            // What only hands on the upstream value changes nothing.
            let own = attribute.value.as_ref().is_none_or(|value| {
                let text = context.text_of(value);
                !text.ends_with(&format!(".{name}"))
            });
            if !own {
                continue;
            }
            (attribute.place.text_range().into(), format!("`{name}`"))
        } else {
            let Some(value) = attribute.value.as_ref() else {
                continue;
            };
            let words = words(context, value);
            let Some(word) = words.iter().find(|word| sets_jobs(word.text, word.open)) else {
                continue;
            };
            (
                word.span,
                format!(
                    "`{}{}` in `{name}`",
                    word.text,
                    if word.open { "…" } else { "" }
                ),
            )
        };
        let message = format!("{what} becomes part of the derivation's hash");
        let hint = match *reader {
            "nothing" => {
                "nothing reads it; `max-jobs` is a setting of Nix, not of a derivation".to_owned()
            }
            "stdenv" => {
                "leave it to `cores` in nix.conf or `--cores`, which is not in the hash".to_owned()
            }
            reader => format!(
                "let {reader} take `$NIX_BUILD_CORES` in a phase: Nix sets it from `--cores`"
            ),
        };
        findings.push(Finding::new(rule, span, message).hint(hint));
    }
}

/// Whether a word is `-j` with a number that Nix computes, not one that the build's shell does.
fn sets_jobs(word: &str, open: bool) -> bool {
    let number = word
        .strip_prefix("-j")
        .or_else(|| word.strip_prefix("--jobs="));
    number.is_some_and(|number| {
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        digits || number.is_empty() && open
    })
}
