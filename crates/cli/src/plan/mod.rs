//! `hmtool plan`: reads, plans, and makes the document that everything is rendered from.

mod document;
mod findings;
mod gates;
mod machine;
mod measured;
mod settings;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cache_policy::Inventory;
use drv_graph::{DerivationGraph, DrvId, StorePath};
use tier_planner::classify::Classifier;
use tier_planner::estimate::Estimator;
use tier_planner::history::History;
use tier_planner::plan::{self, Plan, Request};
use tier_planner::work::Root;

use crate::args::{Format, PlanArgs};
use crate::caches::{self, Known, Store};
use crate::dto::plan as dto;
use crate::failure::Failure;
use crate::input::{self, graph::Graph, roots::Wanted};
use crate::nix;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::render;
pub(crate) use document::reason;
use settings::{GraphSource, Settings};

/// Carries out `hmtool plan`.
pub(crate) fn run(args: &PlanArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let mut settings = Settings::new(args, &progress)?;
    if let (false, Some(config)) = (args.graph.is_empty(), &settings.config) {
        // Where only a graph is named, a file from a directory above may come as a surprise.
        let file = shown(&config.file);
        let said = format!("planned by {file}; --no-config leaves it out");
        output::complain(&render::untrusted::for_terminal(&said));
    }
    let input = read_input(args, &settings, &progress)?;
    let mut diagnostics = std::mem::take(&mut settings.diagnostics);
    diagnostics.extend(input.failed_jobs.iter().map(findings::failed_job));
    let mut stores = settings.stores(args, &progress)?;
    stores.extend(local_store(args, &settings, &input, &progress)?);
    let inventory = caches::inventory(&input.graph, &input.roots, stores, &progress)?;
    tracing::info!(
        derivations = input.graph.len(),
        roots = input.roots.len(),
        "planning"
    );

    let estimator = estimator(args, &settings, &input, &progress, &mut diagnostics)?;
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

/// What was read.
pub(crate) struct Input {
    /// How the graphs are called.
    shown: Vec<String>,
    /// The derivations.
    pub(crate) graph: DerivationGraph,
    /// Those asked for, ascending.
    pub(crate) roots: Vec<Root>,
    /// Attribute paths, as far as they are known.
    pub(crate) attributes: BTreeMap<DrvId, String>,
    failed_jobs: Vec<(String, String)>,
}

impl Input {
    /// The derivations asked for, whatever is wanted of them; ascending.
    pub(crate) fn root_derivations(&self) -> Vec<DrvId> {
        self.roots.iter().map(|root| root.derivation).collect()
    }
}

fn read_input(args: &PlanArgs, settings: &Settings, progress: &Progress) -> Result<Input, Failure> {
    let (shown, read, mut wanted, attributes_file) = match &settings.graph {
        GraphSource::Files {
            graphs,
            roots,
            attributes,
        } => {
            let wanted = asked_for(roots, progress)?;
            let read = input::graph::read(graphs, &wanted, progress)?;
            let shown = graphs.iter().map(|f| input::content::shown(f)).collect();
            (shown, read, wanted, attributes.clone())
        }
        GraphSource::Installable { dir, installable } => {
            let limit = args.nix_timeout;
            let printed = nix::derivations(dir, &[installable], limit, progress)?;
            let read = input::graph::of_printed(Path::new(installable), printed, progress)?;
            let wanted = asked_for(&args.roots, progress)?;
            let shown = vec![installable.clone()];
            (shown, read, wanted, args.attributes.clone())
        }
        GraphSource::DefaultNix { dir } => {
            let limit = args.nix_timeout;
            let file = dir.join("default.nix");
            let roots = nix::instantiate(dir, limit, progress)?;
            let names: Vec<&str> = roots.iter().filter_map(Wanted::store_path).collect();
            let printed = nix::derivations(dir, &names, limit, progress)?;
            let read = input::graph::of_printed(&file, printed, progress)?;
            let wanted = roots;
            let shown = vec![input::content::shown(&file)];
            (shown, read, wanted, args.attributes.clone())
        }
    };
    let Graph {
        derivations,
        wanted: asked,
        mut attributes,
        failed_jobs,
    } = read;
    if derivations.is_empty() {
        return Err(nothing_there(&shown, &failed_jobs));
    }
    if wanted.is_empty() {
        wanted = asked;
    }
    if let Some(file) = attributes_file {
        attributes.extend(input::attributes::read(&file, progress)?);
    }
    let roots = input::roots::resolve(&derivations, &wanted, &attributes)?;
    let attributes = attributes
        .into_iter()
        .filter_map(|(path, attribute)| Some((derivations.id(&path)?, attribute)))
        .collect();
    Ok(Input {
        shown,
        graph: derivations,
        roots,
        attributes,
        failed_jobs,
    })
}

/// What files of roots ask for. A file that asks for nothing is a mistake: an empty answer would
/// mean everything.
fn asked_for(files: &[PathBuf], progress: &Progress) -> Result<Vec<Wanted>, Failure> {
    let mut out = Vec::new();
    for file in files {
        let wanted = input::roots::read(std::slice::from_ref(file), progress)?;
        if wanted.is_empty() {
            return Err(Failure::Data {
                file: shown(file),
                place: None,
                code: "no-roots",
                message: "no derivation is asked for".to_owned(),
                hint: Some(
                    "write one store path or name a line; leave the file out to plan all"
                        .to_owned(),
                ),
            });
        }
        out.extend(wanted);
    }
    Ok(out)
}

/// Why there is no plan of a graph without a derivation: most likely a step before went wrong.
fn nothing_there(shown: &[String], failed_jobs: &[(String, String)]) -> Failure {
    let because = failed_jobs.first().map_or(String::new(), |job| {
        format!("; {}", findings::failed_job(job).message)
    });
    Failure::Data {
        file: shown.join(", "),
        place: None,
        code: "no-derivations",
        message: format!("there is no derivation in it{because}"),
        hint: Some("give what `nix derivation show -r` prints of what is to be built".to_owned()),
    }
}

/// What is valid in this machine's store, when the plan is for this machine: it was evaluated
/// here.
fn local_store(
    args: &PlanArgs,
    settings: &Settings,
    input: &Input,
    progress: &Progress,
) -> Result<Option<Store>, Failure> {
    if matches!(settings.graph, GraphSource::Files { .. }) {
        return Ok(None);
    }
    let mut outputs: Vec<StorePath> = input
        .graph
        .closure(&input.root_derivations())
        .into_iter()
        .flat_map(|id| input.graph[id].outputs())
        .filter_map(|output| output.path.clone())
        .collect();
    outputs.sort();
    outputs.dedup();
    let valid = nix::valid(&outputs, args.nix_timeout, progress)?;
    Ok(Some(Store {
        source: cache_policy::Source::local("the local store"),
        // What is valid has its closure: Nix keeps that so.
        holdings: valid.into_iter().collect(),
        ask: None,
    }))
}

fn estimator(
    args: &PlanArgs,
    settings: &Settings,
    input: &Input,
    progress: &Progress,
    diagnostics: &mut Vec<dto::Diagnostic>,
) -> Result<Estimator, Failure> {
    let classifier = &settings.classifier;
    let mut estimator = Estimator::new(classifier.tiers().clone(), classifier.default_tier());
    let mut history = History::default();
    for file in &args.history {
        let bytes = input::content::read(file, progress)?;
        let is_here = |host: &String| settings.goes_by(host);
        let (here, elsewhere): (Vec<_>, Vec<_>) = History::hosts(&bytes)
            .into_iter()
            .partition(|(host, _)| is_here(host));
        // What is wrong with the rows is the same whichever host is asked for.
        let (rows, bad) = History::parse(&bytes, HERE);
        history.merge(rows);
        for (host, _) in here.iter().filter(|(host, _)| host != HERE) {
            history.merge(History::parse(&bytes, host).0);
        }
        diagnostics.extend(findings::bad_rows(file, &bad));
        diagnostics.extend(findings::unused_rows(file, &here, &elsewhere, &bad));
    }
    if !history.is_empty() {
        estimator = estimator.with_history(history, settings.nix_today.cores);
    }
    estimator = estimator.with_profile(&settings.profile);
    let Some(config) = &settings.config else {
        return Ok(estimator);
    };
    if let Some(seconds) = config.seconds_per_sbu {
        estimator = estimator.with_seconds_per_sbu(seconds);
    }
    Ok(measured::add(
        estimator,
        &config.packages,
        classifier,
        input,
        diagnostics,
    ))
}

/// The builder's name in nix-output-monitor's file, which is empty for the machine itself.
const HERE: &str = "";

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
