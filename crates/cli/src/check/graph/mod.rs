//! The rules of graphs, caches and the configuration: what machines' graphs say of the
//! repository.

mod changes;
mod cuda;
mod definitions;
mod layers;
mod limits;
mod machine;
mod march;
mod noop;
mod settings;

use crate::dto::findings::{Cost, Finding, Place};
use crate::findings::Source;
use crate::profile::check::Checked;

use super::files::Files;
pub(super) use machine::Machine;

/// What the rules of graphs look at.
pub(super) struct Context<'a> {
    pub(super) files: &'a Files,
    pub(super) profiles: &'a [Checked],
    /// From which share of a machine's builds on an override is a mass rebuild.
    pub(super) mass_rebuild: f64,
}

/// Everything the graphs of the machines say.
pub(super) fn findings(machines: &[Machine], context: &Context<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for machine in machines {
        found.extend(changes::mass_rebuild(machine, context));
        found.extend(changes::lost_substitute(machine, context));
        found.extend(march::not_runnable(machine, context));
        found.extend(cuda::on_cpu_host(machine, context));
        found.extend(limits::too_big(machine));
        found.extend(limits::consumer(machine));
    }
    found.extend(noop::overrides(machines, context));
    found.extend(layers::not_layers(machines, context));
    found.extend(march::apart(machines, context));
    found.extend(settings::tier_rules(machines));
    found.extend(settings::caches(machines));
    found
}

/// Whether the graphs say of overrides what they change, so that nothing need be told from names.
pub(super) fn knows_changes(machines: &[Machine]) -> bool {
    machines.iter().any(|machine| machine.upstream.is_some())
}

/// A place in hmtool.toml, or none where a machine has none.
fn in_config(machine: &Machine, span: std::ops::Range<usize>) -> Option<Place> {
    let config = machine.workspace.config.as_ref()?;
    let name = config.file.to_string_lossy().replace('\\', "/");
    Some(Source::new(name, &config.text, 0).place(span))
}

/// The machine's place in hmtool.toml.
fn machine_place(machine: &Machine) -> Option<Place> {
    machine.name.as_ref()?;
    in_config(machine, machine.workspace.machine.span.clone())
}

/// The place of an attribute of the machine's profile, else of the machine.
fn profile_place(machine: &Machine, context: &Context<'_>, path: &str) -> Option<Place> {
    let name = machine.name.as_ref();
    let profile = context.profiles.iter().find(|it| Some(&it.name) == name);
    match profile {
        Some(profile) => Some(profile.file.place(path).0),
        None => machine_place(machine),
    }
}

fn time(ms: u64) -> Option<Cost> {
    (ms > 0).then(|| Cost {
        ms: Some(ms),
        ..Cost::default()
    })
}

/// The first few names, and how many more there are.
fn some(names: &[String]) -> String {
    const NAMED: usize = 3;
    let shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
