//! Code for processors that machines do not have, or do not share.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use drv_graph::{DrvId, StorePath, rebuild};
use hw_profile::arch::{Microarchitecture, RunsOn, TARGET_VARIABLES, named_targets};

use super::definitions::{in_force, places};
use super::machine::Machine;
use super::{Context, machine_place, profile_place, some};
use crate::dto::findings::{Finding, Severity};
use crate::findings::finding;
use crate::quantity::{count, duration};

/// The builds that name a target, by its name.
fn targets(machine: &Machine) -> BTreeMap<&'static str, (&'static Microarchitecture, Vec<DrvId>)> {
    let mut all: BTreeMap<&str, (&Microarchitecture, Vec<DrvId>)> = BTreeMap::new();
    for (id, derivation) in machine.input.graph.iter() {
        if !machine.is_build(id) {
            continue;
        }
        let mut named: Vec<&'static Microarchitecture> = Vec::new();
        for variable in TARGET_VARIABLES {
            if let Some(value) = derivation.env(variable) {
                named.extend(named_targets(variable, value));
            }
        }
        named.sort_by_key(|target| target.name());
        named.dedup();
        for target in named {
            let of_target = all.entry(target.name()).or_insert((target, Vec::new()));
            of_target.1.push(id);
        }
    }
    all
}

fn shown(target: &'static Microarchitecture) -> &'static str {
    target.compiler_name().unwrap_or(target.name())
}

/// `march-cross-host` of one machine: code that its processor does not run.
pub(super) fn not_runnable(machine: &Machine, context: &Context<'_>) -> Vec<Finding> {
    let features = machine.profile.features();
    let mut out = Vec::new();
    for (target, ids) in targets(machine).into_values() {
        let RunsOn::No { missing } = target.runs_on(features) else {
            continue;
        };
        let labels: Vec<String> = ids.iter().map(|&id| machine.label(id)).collect();
        let (place, related) = places(&in_force(context.files), machine, &ids);
        let ms = machine.sum_ms(&ids);
        out.push(Finding {
            place: place.or_else(|| machine_place(machine)),
            related,
            hint: Some(
                "build for a target that the machine runs: `hmtool profile common` finds one"
                    .to_owned(),
            ),
            cost: super::time(ms),
            ..finding(
                "march-cross-host",
                Severity::Error,
                format!(
                    "{} builds for {}, and {} lacks {missing}: {}",
                    count(ids.len() as u64),
                    shown(target),
                    machine.shown(),
                    some(&labels)
                ),
            )
        });
    }
    out
}

/// `march-cross-host` of machines: the first is compared with each of the others.
pub(super) fn apart(machines: &[Machine], context: &Context<'_>) -> Vec<Finding> {
    let Some((first, others)) = machines.split_first() else {
        return Vec::new();
    };
    let theirs = targets(first);
    let mut out = Vec::new();
    for other in others {
        let ours = targets(other);
        // Targets that only one of the two is built for.
        let mut apart: Vec<DrvId> = Vec::new();
        for (name, (_, ids)) in &ours {
            if !theirs.contains_key(name) {
                apart.extend(ids);
            }
        }
        if apart.is_empty() || theirs.is_empty() {
            continue;
        }
        let builds = first
            .input
            .graph
            .iter()
            .filter(|(id, _)| first.is_build(*id));
        let builds: Vec<_> = builds.map(|(_, derivation)| derivation).collect();
        let names: BTreeSet<&str> = builds.iter().map(|it| it.name()).collect();
        let outputs = builds.iter().flat_map(|it| it.outputs());
        let outputs: HashSet<&StorePath> =
            outputs.filter_map(|output| output.path.as_ref()).collect();
        let all = rebuild::of(&other.input.graph, &apart);
        let again: Vec<DrvId> = all
            .into_iter()
            .filter(|&id| other.is_build(id) && other.to_do.contains(&id))
            .filter(|&id| {
                let derivation = &other.input.graph[id];
                let mut paths = derivation
                    .outputs()
                    .iter()
                    .filter_map(|it| it.path.as_ref());
                names.contains(derivation.name()) && !paths.any(|path| outputs.contains(path))
            })
            .collect();
        if again.is_empty() {
            continue;
        }
        let list = |all: &BTreeMap<_, (&'static Microarchitecture, Vec<DrvId>)>| {
            let names: Vec<&str> = all.values().map(|(target, _)| shown(target)).collect();
            names.join(", ")
        };
        let ms = other.sum_ms(&again);
        out.push(Finding {
            place: profile_place(other, context, other.profile.march_path()),
            hint: Some(
                "one target that both run makes one hash: `hmtool profile common` finds it"
                    .to_owned(),
            ),
            cost: super::time(ms),
            ..finding(
                "march-cross-host",
                Severity::Warning,
                format!(
                    "{} is built for {} and {} for {}: {} builds that both need share no hash, {} here",
                    other.shown(),
                    list(&ours),
                    first.shown(),
                    list(&theirs),
                    count(again.len() as u64),
                    duration(ms)
                ),
            )
        });
    }
    out
}
