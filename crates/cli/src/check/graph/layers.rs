//! Overrides of one package that are taken for layers.

use std::collections::BTreeSet;

use drv_graph::DrvId;
use overlay_ast::Key;

use super::Context;
use super::definitions::{Definition, in_force};
use super::machine::Machine;
use crate::dto::findings::{Finding, Related, Severity};
use crate::findings::finding;
use crate::quantity::duration;

/// `override-not-layer`: an override of another override of the same file that is built in full,
/// beside that.
pub(super) fn not_layers(machines: &[Machine], context: &Context<'_>) -> Vec<Finding> {
    let definitions = in_force(context.files);
    let mut out = Vec::new();
    for upper in &definitions {
        for lower in &definitions {
            if upper.file.name == lower.file.name && is_of(upper, lower) {
                let mut found = machines.iter();
                out.extend(found.find_map(|machine| said(machine, upper, lower)));
            }
        }
    }
    out
}

/// Whether one is made by overriding the other: its value names the other before an override.
fn is_of(upper: &Definition<'_>, lower: &Definition<'_>) -> bool {
    let (Some(Key::Static(own)), Some(Key::Static(base))) = (
        upper.package.path.keys().last(),
        lower.package.path.keys().last(),
    ) else {
        return false;
    };
    let text = upper.package.definition.text(upper.file.document.text());
    let Some((_, value)) = text.split_once('=') else {
        return false;
    };
    own != base
        && value.match_indices(&format!(".{base}")).any(|(at, found)| {
            let rest = value[at + found.len()..].trim_start_matches([')', ' ', '\n']);
            rest.starts_with(".override")
        })
}

fn said(machine: &Machine, upper: &Definition<'_>, lower: &Definition<'_>) -> Option<Finding> {
    let of = |definition: &Definition<'_>| machine.called(&definition.package.path);
    let (above, below) = (of(upper), of(lower));
    let (above, below) = (*above.first()?, *below.first()?);
    let graph = &machine.input.graph;
    if graph.closure(&[above]).contains(&below) || graph.closure(&[below]).contains(&above) {
        return None;
    }
    let sources = |id: DrvId| -> BTreeSet<DrvId> {
        let inputs = graph.inputs(id).map(|input| input.id);
        inputs
            .filter(|&input| graph[input].is_fixed_output())
            .collect()
    };
    if sources(above).is_disjoint(&sources(below)) {
        return None;
    }
    let ms = machine.build_ms(above);
    Some(Finding {
        place: Some(upper.place()),
        related: vec![Related {
            place: lower.place(),
            message: "it overrides this, and does not need it".to_owned(),
        }],
        hint: Some(
            "a layer has the one below as an input: give the common part outputs of its own"
                .to_owned(),
        ),
        cost: super::time(ms),
        ..finding(
            "override-not-layer",
            Severity::Warning,
            format!(
                "`{}` does not build on `{}`: both are built in full, this one for {}",
                upper.name(),
                lower.name(),
                duration(ms)
            ),
        )
    })
}
