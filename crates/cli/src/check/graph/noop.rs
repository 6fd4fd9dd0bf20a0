//! Overrides that change nothing that is asked for.

use drv_graph::compare::Fate;
use drv_graph::{DrvId, rebuild};

use super::Context;
use super::definitions::{Definition, in_force};
use super::machine::{self, Machine, Upstream};
use crate::dto::findings::{Finding, Severity};
use crate::findings::finding;
use crate::quantity::{count, duration};

/// What an override does to a machine's graph.
enum Effect {
    /// The package is not in it.
    Absent,
    /// The package is as it is without the override.
    None,
    /// It is another, and more still need the one that is not.
    Beside {
        /// The one that was changed.
        changed: DrvId,
        /// How many builds need it, itself included.
        reached: usize,
        /// Builds that need the other.
        missed: Vec<DrvId>,
    },
    /// It is another.
    Some,
}

/// `noop-override`: overrides in force that no machine is other by.
pub(super) fn overrides(machines: &[Machine], context: &Context<'_>) -> Vec<Finding> {
    let known: Vec<(&Machine, &Upstream)> = machines
        .iter()
        .filter_map(|machine| Some((machine, machine.upstream.as_ref()?)))
        .collect();
    if known.is_empty() || known.len() < machines.len() {
        return Vec::new();
    }
    let definitions = in_force(context.files).into_iter();
    definitions
        .filter(|definition| !is_function(&definition.name()))
        .filter_map(|definition| said(&known, &definition))
        .collect()
}

/// Whether a name is that of a function or of what is made of functions, which no graph has:
/// `buildGoModule`, `fetchurl`, `makeWrapper`, `rustPlatform`.
fn is_function(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_verb = |verb: &str| {
        last.strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    ["build", "make", "mk", "write", "run", "call", "wrap"]
        .iter()
        .any(|verb| is_verb(verb))
        || last.starts_with("fetch")
        || ["Platform", "Scope", "Hook", "Env"]
            .iter()
            .any(|end| last.ends_with(end))
        || matches!(last, "lib" | "stdenv" | "stdenvNoCC")
}

fn said(known: &[(&Machine, &Upstream)], definition: &Definition<'_>) -> Option<Finding> {
    let effects: Vec<Effect> = known
        .iter()
        .map(|(machine, upstream)| effect(machine, upstream, definition))
        .collect();
    if effects.iter().any(|effect| matches!(effect, Effect::Some)) {
        return None;
    }
    let name = definition.name();
    let names: Vec<&str> = known.iter().map(|(machine, _)| machine.shown()).collect();
    let all = names.join(" and ");
    let beside = effects
        .iter()
        .zip(known)
        .find_map(|(effect, known)| match effect {
            Effect::Beside {
                changed,
                reached,
                missed,
            } => Some((known.0, *changed, *reached, missed)),
            _ => None,
        });
    let (message, hint, ms) = if let Some((machine, changed, reached, missed)) = beside {
        let ms = machine.build_ms(changed);
        let examples: Vec<String> = missed.iter().map(|&id| machine.label(id)).collect();
        let message = format!(
            "the changed `{name}` reaches {} of {}, and {} still need the unchanged one: {}{}",
            count(reached as u64 - 1),
            machine.shown(),
            count(missed.len() as u64),
            super::some(&examples),
            match ms {
                0 => String::new(),
                ms => format!("; building it takes {}", duration(ms)),
            }
        );
        let hint = "override it where they take it from: the set's overrideScope, makeRustPlatform, or their own override";
        (message, hint, ms)
    } else if effects
        .iter()
        .all(|effect| matches!(effect, Effect::Absent))
    {
        let message = format!("`{name}` is in no closure of {all}: overriding it changes nothing");
        (message, "remove it, or ask for what needs it", 0)
    } else {
        let message = format!(
            "`{name}` is overridden, and what {all} {} of it is as it is without",
            if names.len() == 1 { "needs" } else { "need" }
        );
        let hint = "override it where it is taken from, or remove the override";
        (message, hint, 0)
    };
    Some(Finding {
        place: Some(definition.place()),
        hint: Some(hint.to_owned()),
        cost: super::time(ms),
        ..finding("noop-override", Severity::Warning, message)
    })
}

fn effect(machine: &Machine, upstream: &Upstream, definition: &Definition<'_>) -> Effect {
    let path = &definition.package.path;
    let here = machine.called(path);
    if here.is_empty() {
        let before = machine::called(&upstream.input, path);
        let before = before
            .into_iter()
            .any(|id| upstream.comparison.fate_before(id) == Fate::Alone);
        return if before { Effect::Some } else { Effect::Absent };
    }
    let is_same = |id: &DrvId| matches!(upstream.comparison.fate_after(*id), Fate::Unchanged(_));
    let (same, others): (Vec<DrvId>, Vec<DrvId>) = here.into_iter().partition(is_same);
    if others.is_empty() {
        return Effect::None;
    }
    let need = |ids: &[DrvId]| -> Vec<DrvId> {
        let all = rebuild::of(&machine.input.graph, ids).into_iter();
        all.filter(|&id| machine.is_build(id)).collect()
    };
    // Of a package in a set the others of the set count too: they are what is to be reached.
    let reached = need(&others);
    let missed: Vec<DrvId> = need(&same)
        .into_iter()
        .filter(|id| !reached.contains(id) && !same.contains(id))
        .collect();
    let direct = |id: &DrvId| {
        let mut inputs = machine.input.graph.inputs(*id);
        inputs.any(|input| same.contains(&input.id))
    };
    if missed.len() > reached.len() {
        Effect::Beside {
            changed: others[0],
            reached: reached.len(),
            missed: missed.into_iter().filter(direct).collect(),
        }
    } else {
        Effect::Some
    }
}
