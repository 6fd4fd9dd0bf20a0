//! The derivations a verb is about: where they come from, and what was read of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use drv_graph::compare::Side;
use drv_graph::{DerivationGraph, DrvId};
use tier_planner::work::Root;

use super::args::{BeforeArgs, EvaluationArgs, SourceArgs};
use super::{Workspace, target_dir};
use crate::failure::Failure;
use crate::input::{self, graph::Graph, graph::Keep, roots::Wanted};
use crate::nix::{self, Evaluation};
use crate::progress::Progress;

/// Where derivations come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) graph: GraphSource,
    /// Files that say which are asked for.
    pub(super) roots: Vec<PathBuf>,
    /// A file of the package set's names for them.
    pub(super) attributes: Option<PathBuf>,
    /// How it is called where it is not by its own name.
    pub(super) called: Option<String>,
    /// What Nix may do to evaluate it.
    pub(crate) evaluation: Evaluation,
}

/// What a graph is read from.
#[derive(Clone, Debug)]
pub(crate) enum GraphSource {
    /// Files.
    Files(Vec<PathBuf>),
    /// What Nix evaluates, as seen from a directory.
    Installable { dir: PathBuf, installable: String },
    /// The `default.nix` of a directory.
    DefaultNix { dir: PathBuf },
}

impl Workspace {
    /// Where the derivations come from that flags or the configuration name.
    pub(crate) fn source(&self, args: &SourceArgs) -> Result<Source, Failure> {
        self.find_source(args, args.evaluate)
    }

    /// The same, evaluated where that is possible.
    pub(crate) fn evaluated_source(&self, args: &SourceArgs) -> Result<Source, Failure> {
        self.find_source(args, true)
    }

    fn find_source(&self, args: &SourceArgs, evaluate: bool) -> Result<Source, Failure> {
        let source = |graph| Source {
            graph,
            roots: args.roots.clone(),
            attributes: args.attributes.clone(),
            called: None,
            evaluation: args.evaluation.into(),
        };
        if !args.graph.is_empty() {
            return Ok(source(GraphSource::Files(args.graph.clone())));
        }
        let target_dir = target_dir(args);
        if let (Some(target), None) = (&args.target, target_dir) {
            return Ok(source(GraphSource::Installable {
                dir: PathBuf::from("."),
                installable: target.clone(),
            }));
        }
        let machine = &self.machine;
        if evaluate && let Some(installable) = &machine.installable {
            return Ok(source(GraphSource::Installable {
                dir: self.config_dir(),
                installable: installable.clone(),
            }));
        }
        if let (Some(graph), false) = (&machine.graph, evaluate) {
            let mut source = source(GraphSource::Files(vec![graph.clone()]));
            if source.roots.is_empty() {
                source.roots.extend(machine.roots.clone());
            }
            source.attributes = source.attributes.or_else(|| machine.attributes.clone());
            return Ok(source);
        }
        let dir = target_dir.map_or_else(|| self.config_dir(), Path::to_owned);
        if dir.join("flake.nix").is_file() {
            return Ok(source(GraphSource::Installable {
                dir,
                installable: ".".to_owned(),
            }));
        }
        if dir.join("default.nix").is_file() {
            return Ok(source(GraphSource::DefaultNix { dir }));
        }
        Err(Failure::Usage {
            message: "nothing says which derivations are meant".to_owned(),
            hint: format!(
                "give a directory with hmtool.toml, flake.nix or default.nix ({} has none), an installable, or --graph FILE",
                dir.display()
            ),
        })
    }

    fn config_dir(&self) -> PathBuf {
        let file = self.config.as_ref().map(|config| &config.file);
        let dir = file.and_then(|file| file.parent());
        let dir = dir.filter(|dir| !dir.as_os_str().is_empty());
        dir.unwrap_or(Path::new(".")).to_owned()
    }
}

/// What was read.
pub(crate) struct Input {
    /// How the graphs are called.
    pub(crate) shown: Vec<String>,
    /// The derivations.
    pub(crate) graph: DerivationGraph,
    /// Those asked for, ascending.
    pub(crate) roots: Vec<Root>,
    /// Attribute paths, as far as they are known.
    pub(crate) attributes: BTreeMap<DrvId, String>,
    /// Jobs of nix-eval-jobs that failed to evaluate, with their error.
    pub(crate) failed_jobs: Vec<(String, String)>,
}

impl Input {
    /// The derivations asked for, whatever is wanted of them; ascending.
    pub(crate) fn root_derivations(&self) -> Vec<DrvId> {
        self.roots.iter().map(|root| root.derivation).collect()
    }

    /// What is asked for, to be compared, by the names that are known.
    pub(crate) fn side(&self) -> Side<'_> {
        let attributes = self.attributes.iter();
        Side::new(&self.graph)
            .with_roots(&self.root_derivations())
            .with_attributes(attributes.map(|(&id, name)| (id, name.as_str())))
    }
}

impl Source {
    /// The graph before an edit, where one is given.
    pub(crate) fn before(args: &BeforeArgs) -> Option<Self> {
        let (graphs, roots) = (args.before.clone(), args.before_roots.clone());
        (!graphs.is_empty()).then(|| Self::files(graphs, roots, args.before_attributes.clone()))
    }

    /// A graph that was captured.
    pub(crate) fn files(
        graphs: Vec<PathBuf>,
        roots: Vec<PathBuf>,
        attributes: Option<PathBuf>,
    ) -> Self {
        Self {
            graph: GraphSource::Files(graphs),
            roots,
            attributes,
            called: None,
            evaluation: EvaluationArgs::NONE.into(),
        }
    }

    /// What Nix evaluates as seen from the current directory, or a path of its store.
    pub(crate) fn installable(installable: &str, evaluation: EvaluationArgs) -> Self {
        Self {
            graph: GraphSource::Installable {
                dir: PathBuf::from("."),
                installable: installable.to_owned(),
            },
            roots: Vec::new(),
            attributes: None,
            called: None,
            evaluation: evaluation.into(),
        }
    }

    /// Whether Nix evaluates: then it is for this machine, and may ask caches.
    pub(crate) fn is_evaluated(&self) -> bool {
        !matches!(self.graph, GraphSource::Files(_))
    }

    /// What it is called, each part of it for itself.
    fn shown(&self) -> Vec<String> {
        if let Some(called) = &self.called {
            return vec![called.clone()];
        }
        match &self.graph {
            GraphSource::Files(files) => files.iter().map(|f| input::content::shown(f)).collect(),
            GraphSource::Installable { installable, .. } => vec![installable.clone()],
            GraphSource::DefaultNix { dir } => {
                vec![input::content::shown(&dir.join("default.nix"))]
            }
        }
    }

    /// What it is called.
    pub(super) fn called(&self) -> String {
        self.shown().join(", ")
    }

    /// Reads, or lets Nix evaluate.
    pub(crate) fn read(&self, keep: Keep, progress: &Progress) -> Result<Input, Failure> {
        let evaluation = self.evaluation;
        let asked = || asked_for(&self.roots, progress);
        let (read, mut wanted) = match &self.graph {
            GraphSource::Files(files) => {
                let wanted = asked()?;
                let read = input::graph::read(files, &wanted, keep, progress)?;
                (read, wanted)
            }
            GraphSource::Installable { dir, installable } => {
                let printed = nix::derivations(dir, &[installable], evaluation, progress)?;
                let file = Path::new(installable);
                let read = input::graph::of_printed(file, printed, keep, progress)?;
                (read, asked()?)
            }
            GraphSource::DefaultNix { dir } => {
                let file = dir.join("default.nix");
                let roots = nix::instantiate(dir, evaluation, progress)?;
                let names: Vec<&str> = roots.iter().filter_map(Wanted::store_path).collect();
                let printed = nix::derivations(dir, &names, evaluation, progress)?;
                let read = input::graph::of_printed(&file, printed, keep, progress)?;
                (read, roots)
            }
        };
        let Graph {
            derivations,
            wanted: asked,
            mut attributes,
            failed_jobs,
        } = read;
        let shown = self.shown();
        if derivations.is_empty() {
            return Err(nothing_there(&shown, &failed_jobs));
        }
        if wanted.is_empty() {
            wanted = asked;
        }
        if let Some(file) = &self.attributes {
            attributes.extend(input::attributes::read(file, progress)?);
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
}

/// What files of roots ask for. A file that asks for nothing is a mistake: an empty answer would
/// mean everything.
fn asked_for(files: &[PathBuf], progress: &Progress) -> Result<Vec<Wanted>, Failure> {
    let mut out = Vec::new();
    for file in files {
        let wanted = input::roots::read(std::slice::from_ref(file), progress)?;
        if wanted.is_empty() {
            return Err(Failure::Data {
                file: input::content::shown(file),
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
    let because = failed_jobs
        .first()
        .map_or(String::new(), |job| format!("; {}", failed_job(job)));
    Failure::Data {
        file: shown.join(", "),
        place: None,
        code: "no-derivations",
        message: format!("there is no derivation in it{because}"),
        hint: Some("give what `nix derivation show -r` prints of what is to be built".to_owned()),
    }
}

/// That a job did not evaluate, and why: the last line says it.
pub(crate) fn failed_job((attribute, error): &(String, String)) -> String {
    let last = error
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default();
    format!("{attribute} did not evaluate: {}", last.trim())
}
