//! One machine that shares a cache: its derivations, and how long it takes to build them.

use std::path::{Path, PathBuf};

use cache_policy::Holdings;
use drv_graph::DrvId;
use tier_planner::work::{Work, work_for};

use super::args::SharingArgs;
use crate::caches::{Asking, Known};
use crate::config::Config;
use crate::failure::Failure;
use crate::input::content;
use crate::input::graph::Keep;
use crate::output;
use crate::plan::of_remark;
use crate::progress::Progress;
use crate::render;
use crate::workspace::args::{MachineArgs, SourceArgs};
use crate::workspace::{Durations, Input, Source, Workspace, stores};

/// A machine and its derivations.
pub(super) struct Side {
    /// Its name in the configuration, else the file of its graph.
    pub(super) name: String,
    workspace: Workspace,
    source: Source,
    pub(super) input: Input,
    durations: Durations,
}

impl Side {
    /// Reads what a word means: a machine of `hmtool.toml`, else a file with a graph. `roots` are
    /// files of what is asked for of such a graph.
    pub(super) fn new(
        args: &SharingArgs,
        config: Option<&Config>,
        word: &str,
        roots: &[PathBuf],
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let is_machine = config.is_some_and(|config| config.machines.contains_key(word));
        let file = Path::new(word);
        if !is_machine && !file.exists() && word != "-" {
            let known = config.iter().flat_map(|config| config.machines.keys());
            let known: Vec<&str> = known.map(String::as_str).collect();
            return Err(Failure::Usage {
                message: format!("{word} is neither a machine nor a file with a graph"),
                hint: match &known[..] {
                    [] => "give what `nix derivation show -r` prints".to_owned(),
                    known => format!("machines of hmtool.toml: {}", known.join(", ")),
                },
            });
        }
        let source_args = SourceArgs {
            target: args.target.as_ref().map(|dir| dir.display().to_string()),
            graph: if is_machine {
                Vec::new()
            } else {
                vec![file.to_owned()]
            },
            roots: roots.to_vec(),
            attributes: None,
            evaluate: args.evaluate && is_machine,
            evaluation: args.evaluation,
            no_config: args.no_config,
        };
        // A graph says nothing of its machine: its times are those of the default one, or of any.
        let any = || {
            let config = config?;
            let first = config.machines.keys().next();
            config.default_machine.as_ref().or(first).cloned()
        };
        let machine = MachineArgs {
            machine: if is_machine {
                Some(word.to_owned())
            } else {
                any()
            },
            profile: None,
            mem: None,
            cores: None,
        };
        let workspace = Workspace::new(&source_args, &machine)?;
        let source = workspace.source(&source_args)?;
        let input = source.read(Keep::ToCompare, progress)?;
        let (durations, remarks) =
            Durations::new(&workspace, &machine, &args.history, &input, progress)?;
        for said in remarks.iter().filter_map(of_remark) {
            output::complain(&render::human::diagnostic_text(&said));
        }
        Ok(Self {
            name: if is_machine {
                word.to_owned()
            } else {
                content::shown(file)
            },
            workspace,
            source,
            input,
            durations,
        })
    }

    /// The caches and stores that it asks, none of them asked yet.
    pub(super) fn caches(
        &self,
        args: &SharingArgs,
        progress: &Progress,
    ) -> Result<Asking, Failure> {
        let config = self.workspace.config.as_ref();
        let is_evaluated = self.source.is_evaluated();
        let stores = stores(&args.caches, config, is_evaluated, progress)?;
        Ok(Asking::new(stores))
    }

    /// What it builds and fetches with these, and with what one more cache holds.
    pub(super) fn work(
        &self,
        caches: &mut Asking,
        last: Option<&(cache_policy::Source, Holdings)>,
        progress: &Progress,
    ) -> Result<Work, Failure> {
        let Input { graph, roots, .. } = &self.input;
        let inventory = caches.inventory_for(graph, roots, last, progress)?;
        Ok(work_for(graph, roots, &Known(&inventory)))
    }

    /// How long a derivation takes by itself, in milliseconds.
    pub(super) fn millis(&self, id: DrvId) -> u64 {
        self.durations.of(id).duration.0
    }

    /// How long some derivations take one after another; saturates.
    pub(super) fn time(&self, of: impl IntoIterator<Item = DrvId>) -> u64 {
        of.into_iter()
            .fold(0, |sum, id| sum.saturating_add(self.millis(id)))
    }

    /// The derivation's attribute, else its name.
    pub(super) fn label(&self, id: DrvId) -> &str {
        let attribute = self.input.attributes.get(&id).map(String::as_str);
        attribute.unwrap_or(self.input.graph[id].name())
    }

    /// Whether a cache may serve what a derivation makes: it is built, not downloaded, and allows
    /// substitutes.
    pub(super) fn is_shareable(&self, id: DrvId) -> bool {
        let derivation = &self.input.graph[id];
        !derivation.is_fixed_output() && derivation.allow_substitutes()
    }
}
