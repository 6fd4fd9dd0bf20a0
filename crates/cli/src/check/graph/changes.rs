//! What the overlays change of a machine's graph, and what that costs.

use std::collections::BTreeMap;

use drv_graph::compare::Fate;
use drv_graph::{DrvId, rebuild};

use super::definitions::{Definition, in_force, of_build, places};
use super::machine::{Machine, Upstream};
use super::{Context, machine_place};
use crate::dto::findings::{Cost, Finding, Severity};
use crate::findings::finding;
use crate::quantity::{bytes, count, duration};

/// `mass-rebuild`: overrides that change much of what a machine builds.
pub(super) fn mass_rebuild(machine: &Machine, context: &Context<'_>) -> Vec<Finding> {
    let Some(upstream) = &machine.upstream else {
        return Vec::new();
    };
    let definitions = in_force(context.files);
    let mut out = Vec::new();
    for (name, causes) in by_definition(machine, upstream, &definitions) {
        let dragged = rebuild::of(&machine.input.graph, &causes);
        let is_changed =
            |id: &DrvId| matches!(upstream.comparison.fate_after(*id), Fate::Changed(_));
        let again: Vec<DrvId> = dragged
            .into_iter()
            .filter(|&id| machine.is_build(id) && machine.to_do.contains(&id))
            .filter(is_changed)
            .collect();
        let share = again.len() as f64 / (machine.builds.max(1)) as f64;
        if share < context.mass_rebuild || again.len() < 2 {
            continue;
        }
        let ms = machine.sum_ms(&again);
        let (place, _) = places(&definitions, machine, &causes);
        out.push(Finding {
            place: place.or_else(|| machine_place(machine)),
            hint: Some(
                "none of them comes from upstream's cache then; give it a name of its own, and only to what gains by it"
                    .to_owned(),
            ),
            cost: super::time(ms),
            ..finding(
                "mass-rebuild",
                Severity::Warning,
                format!(
                    "changing `{name}` builds {} of the {} derivations of {} again ({:.0} %): {}",
                    count(again.len() as u64),
                    count(machine.builds),
                    machine.shown(),
                    share * 100.0,
                    duration(ms)
                ),
            )
        });
    }
    out
}

/// What was changed itself, by the override that did it; what no overlay defines by its own name.
fn by_definition(
    machine: &Machine,
    upstream: &Upstream,
    definitions: &[Definition<'_>],
) -> BTreeMap<String, Vec<DrvId>> {
    let mut all: BTreeMap<String, Vec<DrvId>> = BTreeMap::new();
    for cause in upstream.comparison.causes() {
        let id = cause.change.after;
        if machine.is_build(id) {
            let name = match of_build(definitions, &machine.input, id) {
                Some(definition) => definition.name(),
                None => machine.label(id),
            };
            all.entry(name).or_default().push(id);
        }
    }
    all
}

/// `lost-substitute`: by cache, what it has as it is without the overlays, and is built now.
pub(super) fn lost_substitute(machine: &Machine, context: &Context<'_>) -> Vec<Finding> {
    let Some(upstream) = &machine.upstream else {
        return Vec::new();
    };
    let mut by_cache: BTreeMap<&str, (Vec<DrvId>, u64)> = BTreeMap::new();
    for change in upstream.comparison.changes() {
        let derivation = &upstream.input.graph[change.before];
        if !machine.is_build(change.after)
            || !machine.to_do.contains(&change.after)
            // Built here even where a cache has it.
            || !derivation.allow_substitutes()
        {
            continue;
        }
        let outputs = derivation.outputs().iter();
        let found: Option<Vec<_>> = outputs
            .map(|output| upstream.inventory.find(output.path.as_ref()?))
            .collect();
        let Some(found) = found.filter(|all| all.iter().all(|it| !it.source.local)) else {
            continue;
        };
        let Some(first) = found.first() else { continue };
        let of_cache = by_cache.entry(&first.source.name).or_default();
        of_cache.0.push(change.after);
        let sizes = found.iter().filter_map(|it| {
            let holding = it.holding;
            holding.file_size.or(holding.nar_size)
        });
        of_cache.1 = sizes.fold(of_cache.1, |sum, size| sum.saturating_add(size.0));
    }
    let definitions = in_force(context.files);
    let costs = upstream
        .comparison
        .drag_costs(&machine.input.graph, |id| machine.build_ms(id));
    let mut causes: Vec<(u64, DrvId)> = upstream
        .comparison
        .causes()
        .iter()
        .zip(costs)
        .map(|(cause, cost)| (cost, cause.change.after))
        .collect();
    causes.sort_by_key(|&(cost, id)| (std::cmp::Reverse(cost), id));
    let causes: Vec<DrvId> = causes.into_iter().map(|(_, id)| id).collect();
    let mut names: Vec<String> = Vec::new();
    for &id in &causes {
        let name = of_build(&definitions, &machine.input, id)
            .map_or_else(|| machine.label(id), Definition::name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let out = by_cache.into_iter().map(|(cache, (lost, size))| {
        let ms = machine.sum_ms(&lost);
        let (place, related) = places(&definitions, machine, &causes);
        let instead = match size {
            0 => String::new(),
            size => format!(" instead of fetching {}", bytes(size)),
        };
        Finding {
            place: place.or_else(|| machine_place(machine)),
            related,
            hint: Some(
                "override less and higher up, or build it once and push it to a cache of your own"
                    .to_owned(),
            ),
            cost: Some(Cost {
                ms: Some(ms),
                download_bytes: (size > 0).then_some(size),
                ..Cost::default()
            }),
            ..finding(
                "lost-substitute",
                Severity::Warning,
                format!(
                    "{cache} has {} {} that {} builds for {}{instead}, because of {}",
                    count(lost.len() as u64),
                    if lost.len() == 1 {
                        "derivation"
                    } else {
                        "derivations"
                    },
                    machine.shown(),
                    duration(ms),
                    super::some(&names)
                ),
            )
        }
    });
    out.collect()
}
