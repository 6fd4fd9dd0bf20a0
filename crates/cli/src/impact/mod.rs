//! `hmtool impact`: what an edit builds again, and because of what.

pub(crate) mod args;
mod comparison;
mod document;
mod gates;
mod lost;
mod what_if;

use std::mem::ManuallyDrop;

use tier_planner::Millis;

use crate::dto::gate::Gate;
use crate::failure::Failure;
use crate::output::{self, Outcome};
use crate::plan::of_remark;
use crate::progress::Progress;
use crate::quantity::{count, duration};
use crate::render;
use crate::workspace::args::{HistoryArgs, MachineArgs};
use crate::workspace::{Durations, Input, Source, Workspace};
use args::ImpactArgs;
use comparison::Compared;

/// The revision that is compared with where none is named: what was committed last.
const LAST_COMMIT: &str = "HEAD";

/// Carries out `hmtool impact`.
pub(crate) fn run(args: &ImpactArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let mut source_args = args.source.clone();
    source_args.graph.extend(args.before.after.clone());
    let workspace = Workspace::new(&source_args, &args.machine)?;
    if args.rank || !args.overrides.is_empty() {
        let source = workspace.source(&source_args)?;
        let input = source.read(crate::input::graph::Keep::ForEstimates, &progress)?;
        let durations = durations(&workspace, &args.machine, &args.history, &input, &progress)?;
        return what_if::run(args, &workspace, &input, &durations);
    }
    // It lives as long as it is read from.
    let _files;
    let (before, after) = if let Some(before) = Source::before(&args.before) {
        (before, workspace.source(&source_args)?)
    } else {
        let after = workspace.evaluated_source(&source_args)?;
        let rev = args.since.as_deref().unwrap_or(LAST_COMMIT);
        let (before, files) = after.at_revision(rev, &progress)?;
        _files = files;
        (before, after)
    };
    // As with a plan: its memory is left to the end of the process.
    let compared = Compared::read(args, &workspace, &before, &after, &progress)?;
    let compared = ManuallyDrop::new(compared);
    let durations = durations(
        &workspace,
        &args.machine,
        &args.history,
        &compared.after,
        &progress,
    )?;
    let mut document = document::new(&workspace, &compared, &durations);
    document.gates = gates::of(
        args,
        document.summary.rebuilds,
        Millis(document.summary.build_ms),
    );
    args.format.print(&document, |document, screen| {
        render::impact::render(document, args.top, screen)
    })?;
    Ok(outcome(&document.gates))
}

/// The times of what was read; what of their sources cannot be used is said.
pub(crate) fn durations(
    workspace: &Workspace,
    machine: &MachineArgs,
    history: &HistoryArgs,
    input: &Input,
    progress: &Progress,
) -> Result<Durations, Failure> {
    let (durations, remarks) = Durations::new(workspace, machine, history, input, progress)?;
    for said in remarks.iter().filter_map(of_remark) {
        output::complain(&render::human::diagnostic_text(&said));
    }
    Ok(durations)
}

/// Says which limits are exceeded, and ends accordingly.
fn outcome(gates: &[Gate]) -> Outcome {
    let exceeded: Vec<&Gate> = gates.iter().filter(|gate| !gate.passed).collect();
    for gate in &exceeded {
        output::complain(&format!("exceeded: {}", gate_text(gate)));
    }
    if exceeded.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Finding
    }
}

fn gate_text(gate: &Gate) -> String {
    let shown = |value: f64| match &*gate.name {
        "max-hours" => duration(value as u64),
        _ => count(value as u64),
    };
    format!(
        "--{} {}, and there are {}",
        gate.name,
        shown(gate.limit),
        shown(gate.value)
    )
}
