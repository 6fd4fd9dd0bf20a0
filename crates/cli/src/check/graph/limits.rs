//! Builds that a machine cannot do, or was not meant to.

use std::collections::BTreeMap;

use drv_graph::DrvId;
use tier_planner::subject::JobClass;
use tier_planner::tier::TierId;

use super::machine::Machine;
use super::{in_config, machine_place, some};
use crate::dto::findings::{Cost, Finding, Place, Severity};
use crate::findings::finding;
use crate::quantity::{bytes, count, duration};

/// What must be built, by its tier.
fn by_tier(machine: &Machine, is_meant: impl Fn(DrvId) -> bool) -> BTreeMap<u16, Vec<DrvId>> {
    let mut all: BTreeMap<u16, Vec<DrvId>> = BTreeMap::new();
    for (id, _) in machine.input.graph.iter() {
        let cost = &machine.costs[id.index()];
        if machine.is_build(id)
            && machine.to_do.contains(&id)
            && cost.class == JobClass::Build
            && is_meant(id)
        {
            all.entry(cost.tier.0).or_default().push(id);
        }
    }
    all
}

/// The tier's place in hmtool.toml, else the machine's.
fn tier_place(machine: &Machine, tier: u16) -> Option<Place> {
    let config = machine.workspace.config.as_ref()?;
    match config.tiers.get(usize::from(tier)) {
        Some(tier) => in_config(machine, tier.span.clone()),
        None => machine_place(machine),
    }
}

/// `tier-too-big`: builds that do not fit with a single thread.
pub(super) fn too_big(machine: &Machine) -> Vec<Finding> {
    let Some(memory) = machine.memory else {
        return Vec::new();
    };
    let needs = |id: DrvId| machine.costs[id.index()].least_memory;
    let mut out = Vec::new();
    for (tier, mut ids) in by_tier(machine, |id| needs(id) > memory) {
        ids.sort_by_key(|&id| (std::cmp::Reverse(needs(id)), id));
        let most = needs(ids[0]);
        let labels: Vec<String> = ids
            .iter()
            .map(|&id| format!("{} ({})", machine.label(id), bytes(needs(id).0)))
            .collect();
        out.push(Finding {
            place: tier_place(machine, tier),
            hint: Some(
                "fetch it from a cache, build it on a larger machine, or give builds more memory"
                    .to_owned(),
            ),
            cost: Some(Cost {
                memory_bytes: Some(most.0 - memory.0),
                ..Cost::default()
            }),
            ..finding(
                "tier-too-big",
                Severity::Error,
                format!(
                    "even with one thread {} of tier {} {} not fit into the {} that {} has for builds",
                    some(&labels),
                    machine.classifier.tiers()[TierId(tier)].name,
                    if ids.len() == 1 { "does" } else { "do" },
                    bytes(memory.0),
                    machine.shown()
                ),
            )
        });
    }
    out
}

/// `consumer-builds-heavy`: builds of tiers that the machine is not to build.
pub(super) fn consumer(machine: &Machine) -> Vec<Finding> {
    let Some(only) = &machine.workspace.machine.builds else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (tier, mut ids) in by_tier(machine, |_| true) {
        let name = &machine.classifier.tiers()[TierId(tier)].name;
        if only.contains(name) {
            continue;
        }
        ids.sort_by_key(|&id| (std::cmp::Reverse(machine.build_ms(id)), id));
        let labels: Vec<String> = ids.iter().map(|&id| machine.label(id)).collect();
        let ms = machine.sum_ms(&ids);
        out.push(Finding {
            place: machine_place(machine),
            hint: Some(
                "let the machine that builds push them in the same configuration, and set max-jobs = 0 here".to_owned(),
            ),
            cost: super::time(ms),
            ..finding(
                "consumer-builds-heavy",
                Severity::Warning,
                format!(
                    "{} builds {}, and would build {} of tier {name} for {}: {}",
                    machine.shown(),
                    if only.is_empty() { "nothing".to_owned() } else { format!("only {}", only.join(", ")) },
                    count(ids.len() as u64),
                    duration(ms),
                    some(&labels)
                ),
            )
        });
    }
    out
}
