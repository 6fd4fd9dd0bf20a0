//! Whether layers are layers, in sentences.

use super::Screen;
use super::sheet::Sheet;
use super::style::{self, paint};
use crate::dto::graph::Derivation;
use crate::dto::split_check::{Layering, SplitCheck};
use crate::quantity::{duration, plural};

/// Inputs that are named; of more, how many.
const NAMED: usize = 5;

/// Columns of a verdict, and the blanks behind it.
const INDENT: usize = 10;

/// The document as text with ANSI styles.
pub(crate) fn render(document: &SplitCheck, screen: Screen) -> String {
    let mut sheet = Sheet::new(screen);
    for (at, layering) in document.layerings.iter().enumerate() {
        if at > 0 {
            sheet.out.push('\n');
        }
        let (verdict, explanation, help) = sentences(layering);
        let help = help.map(|help| format!("help: {help}"));
        let texts = [Some(verdict), Some(explanation), help];
        let lines: Vec<String> = texts
            .iter()
            .flatten()
            .flat_map(|text| sheet.wrapped(text, INDENT))
            .collect();
        let (mark, style) = match &*layering.verdict {
            "layer" => ("layer", style::GOOD),
            _ => ("no layer", style::WARNING),
        };
        let mut margin = paint(style, &format!("{mark:INDENT$}"));
        for line in lines {
            sheet.line(&format!("{margin}{line}"));
            margin = " ".repeat(INDENT);
        }
    }
    sheet.out
}

/// What there is, what it costs or saves, and the way out.
fn sentences(layering: &Layering) -> (String, String, Option<String>) {
    let (lower, upper) = (&layering.lower.name, &layering.upper.name);
    let both = duration(
        layering
            .lower_build_ms
            .saturating_add(layering.upper_build_ms),
    );
    let lower_time = duration(layering.lower_build_ms);
    match &*layering.verdict {
        "layer" => {
            let through = match &layering.chain[..] {
                [_, between @ .., _] if !between.is_empty() => {
                    format!(" through {}", names(between))
                }
                _ => String::new(),
            };
            (
                format!("{upper} is built on {lower}{through}"),
                format!(
                    "a change of {} does not build {lower} again, which takes {lower_time}",
                    names(&layering.own_inputs)
                ),
                None,
            )
        }
        "adds-nothing" => (
            format!("{upper} is built on {lower}, and needs nothing that {lower} does not need"),
            format!("every change of an input builds both again, {both}"),
            Some(format!(
                "take what only {upper} is for out of the inputs of {lower}"
            )),
        ),
        "reversed" => (
            format!("{lower} is built on {upper}"),
            format!("every change of {upper} builds {lower} again, which takes {lower_time}"),
            Some(format!("name {upper} first if that is meant")),
        ),
        "same" => (
            format!("both are {lower}"),
            "there is nothing to split".to_owned(),
            None,
        ),
        _ => {
            let sources = match &layering.shared_sources[..] {
                [] => String::new(),
                sources => format!(", both from {}", names(sources)),
            };
            (
                format!("{upper} is not built on {lower}"),
                format!("each is built from the start{sources}: {both} together"),
                Some(format!(
                    "make {lower} an input of {upper}, and build there only what is missing"
                )),
            )
        }
    }
}

fn names(derivations: &[Derivation]) -> String {
    let named = derivations.iter().take(NAMED);
    let named: Vec<&str> = named.map(|derivation| derivation.name.as_str()).collect();
    match derivations.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!(
            "{} and {}",
            named.join(", "),
            plural(more as u64, "other input")
        ),
    }
}
