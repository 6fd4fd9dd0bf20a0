//! `hmtool plan`: reads, plans, and makes the document that everything is rendered from.

mod document;
mod findings;
mod gates;
mod settings;

use std::mem::ManuallyDrop;
use std::path::Path;

use cache_policy::Inventory;
use tier_planner::classify::Classifier;
use tier_planner::plan::{self, Plan, Request};

use crate::args::{Format, PlanArgs};
use crate::caches::{self, Known};
use crate::dto::plan as dto;
use crate::failure::Failure;
use crate::input::{self, graph::Keep};
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::render;
use crate::workspace::{Estimates, Input, local_store, stores};
pub(crate) use document::reason;
pub(crate) use findings::of_remark;
use settings::Settings;

/// Carries out `hmtool plan`.
pub(crate) fn run(args: &PlanArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let mut settings = Settings::new(args, &progress)?;
    if let (false, Some(config)) = (args.source.graph.is_empty(), settings.config()) {
        // Where only a graph is named, a file from a directory above may come as a surprise.
        let file = shown(&config.file);
        let said = format!("planned by {file}; --no-config leaves it out");
        output::complain(&render::untrusted::for_terminal(&said));
    }
    // Nobody needs its memory before the process ends, and to give back that of 100,000
    // derivations, one allocation after another, takes as long as to schedule them.
    let input = ManuallyDrop::new(settings.source.read(Keep::ForEstimates, &progress)?);
    let mut diagnostics = std::mem::take(&mut settings.diagnostics);
    diagnostics.extend(input.failed_jobs.iter().map(findings::failed_job));
    let is_evaluated = settings.source.is_evaluated();
    let mut stores = stores(&args.caches, settings.config(), is_evaluated, &progress)?;
    stores.extend(local_store(&settings.source, &input, &progress)?);
    let inventory = caches::inventory(&input.graph, &input.roots, stores, &progress)?;
    tracing::info!(
        derivations = input.graph.len(),
        roots = input.roots.len(),
        "planning"
    );

    let estimates = Estimates {
        profile: &settings.profile,
        machine: settings.machine.as_deref(),
        classifier: &settings.classifier,
        history_cores: settings.nix_today.cores,
    };
    let (estimator, remarks) =
        estimates.estimator(&args.history.files, &settings.workspace, &input, &progress)?;
    diagnostics.extend(remarks.iter().filter_map(findings::of_remark));
    let plan = plan::plan(&Request {
        graph: &input.graph,
        roots: &input.roots,
        attributes: &input.attributes,
        availability: &Known(&inventory),
        classifier: &settings.classifier,
        estimator: &estimator,
        budget: settings.budget,
        nix_today: settings.nix_today,
        effort_factor: args.effort,
    });
    let made = Made {
        settings: &settings,
        input: &input,
        inventory: &inventory,
        plan: &plan,
    };
    let mut document = document::new(&made);
    diagnostics.extend(findings::of(&made, &document));
    diagnostics.sort_by_key(|d| {
        let cost = (d.cost_ms.unwrap_or(0), d.cost_bytes.unwrap_or(0));
        // Whoever gives a history is to know first that it plays no part.
        let is_history = d.code.starts_with("history-");
        (d.severity, !is_history, std::cmp::Reverse(cost))
    });
    document.diagnostics = diagnostics;
    document.gates = gates::of(args, &document);

    let screen = output::screen(args.ascii);
    if let Some(name) = &args.explain {
        let text = render::explain::render(&made, &document, name, screen)?;
        return output::write(&text).map(|()| Outcome::Clean);
    }
    if args.sh {
        output::write_plain(&render::sh::render(&document, &plan.jobs, &args.add_root))?;
    } else {
        match args.format {
            Format::Human => output::write(&render::human::render(&document, screen))?,
            Format::Dot => output::write_plain(&render::dot::render(&document))?,
            Format::Json => output::write_json(&document)?,
        }
    }
    Ok(outcome(args, &document))
}

/// Everything a document is made from.
#[derive(Clone, Copy)]
pub(crate) struct Made<'a> {
    settings: &'a Settings,
    pub(crate) input: &'a Input,
    pub(crate) inventory: &'a Inventory,
    pub(crate) plan: &'a Plan,
}

impl Made<'_> {
    /// The classifier that sorted the builds.
    pub(crate) fn classifier(&self) -> &Classifier {
        &self.settings.classifier
    }
}

fn outcome(args: &PlanArgs, document: &dto::Plan) -> Outcome {
    let failed: Vec<&dto::Gate> = document.gates.iter().filter(|gate| !gate.passed).collect();
    let errors: Vec<&dto::Diagnostic> = document
        .diagnostics
        .iter()
        .filter(|d| d.severity == dto::Severity::Error)
        .collect();
    // The screen shows these itself; with any other output they must be said elsewhere.
    if args.sh || args.format != Format::Human {
        for error in &errors {
            output::complain(&render::human::diagnostic_text(error));
        }
        for gate in &failed {
            let text = render::human::gate_text(gate, document);
            output::complain(&format!("exceeded: {text}"));
        }
    }
    if failed.is_empty() && errors.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Finding
    }
}

/// Whether a machine that builds only these tiers builds that one. Downloads and trivia every
/// machine does.
fn may_build(only: &[String], tier: &str) -> bool {
    [Classifier::FETCH, Classifier::TRIVIAL].contains(&tier) || only.iter().any(|t| t == tier)
}

/// A path as one writes it to be found again.
pub(crate) fn shown(path: &Path) -> String {
    input::content::shown(path)
}
