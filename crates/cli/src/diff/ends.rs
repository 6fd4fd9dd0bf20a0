//! Which two derivations are compared.

use std::path::{Path, PathBuf};

use drv_graph::{DrvId, StorePath};

use super::args::DiffArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::input::graph::Keep;
use crate::input::roots::Wanted;
use crate::input::store_object;
use crate::progress::Progress;
use crate::workspace::args::{MachineArgs, SourceArgs};
use crate::workspace::{Input, Source, Workspace, named};

/// The two, each in its graph.
pub(super) struct Ends {
    before: Input,
    /// `None` where it is the same graph.
    after: Option<Input>,
    /// The derivation before and the one after.
    pub(super) pair: (DrvId, DrvId),
    /// The folders of the `.drv` files that were given.
    pub(super) folders: Vec<PathBuf>,
}

impl Ends {
    /// Finds what the command line names.
    pub(super) fn read(args: &DiffArgs, progress: &Progress) -> Result<Self, Failure> {
        let read = |source: &Source| source.read(Keep::ToCompare, progress);
        let words: Vec<&str> = [&args.first, &args.second]
            .into_iter()
            .filter_map(Option::as_deref)
            .collect();
        if let Some(before) = Source::before(&args.before) {
            let before = read(&before)?;
            let after = read(&graph_of_names(args)?)?;
            let of = |input: &Input, word: Option<&&str>| match word {
                Some(name) => named_one(input, name),
                None => only_root(input),
            };
            let pair = (of(&before, words.first())?, of(&after, words.last())?);
            return Ok(Self {
                before,
                after: Some(after),
                pair,
                folders: Vec::new(),
            });
        }
        let [a, b] = words[..] else {
            return Err(Failure::Usage {
                message: "there are not two derivations to compare".to_owned(),
                hint: "give two, or two graphs with --before and --after and the name of one that is in both"
                    .to_owned(),
            });
        };
        let meant = |word: &str| {
            if args.graph.is_empty() {
                meaning(args, word)
            } else {
                Ok(None)
            }
        };
        let (before, after) = match (meant(a)?, meant(b)?) {
            (None, None) => {
                let both = read(&graph_of_names(args)?)?;
                let pair = (named_one(&both, a)?, named_one(&both, b)?);
                return Ok(Self {
                    before: both,
                    after: None,
                    pair,
                    folders: Vec::new(),
                });
            }
            sources => sources,
        };
        let end = |source: Option<Source>, word: &str| {
            let input = match &source {
                Some(source) => read(source)?,
                None => read(&graph_of_names(args)?)?,
            };
            let id = match source {
                Some(_) => only_root(&input)?,
                None => named_one(&input, word)?,
            };
            Ok((input, id))
        };
        let (before, after) = (end(before, a)?, end(after, b)?);
        Ok(Self {
            folders: words.iter().filter_map(|word| folder_of(word)).collect(),
            pair: (before.1, after.1),
            before: before.0,
            after: Some(after.0),
        })
    }

    pub(super) fn before(&self) -> &Input {
        &self.before
    }

    pub(super) fn after(&self) -> &Input {
        self.after.as_ref().unwrap_or(&self.before)
    }
}

/// Where names are looked up, after an edit where there are two graphs.
fn graph_of_names(args: &DiffArgs) -> Result<Source, Failure> {
    let mut source_args = source_args(args, None);
    source_args.graph.clone_from(&args.graph);
    source_args.graph.extend(args.before.after.clone());
    source_args.roots.clone_from(&args.roots);
    source_args.attributes.clone_from(&args.attributes);
    source_of(&source_args, args.machine.as_deref())
}

fn source_args(args: &DiffArgs, target: Option<&str>) -> SourceArgs {
    SourceArgs {
        target: target.map(str::to_owned),
        graph: Vec::new(),
        roots: Vec::new(),
        attributes: None,
        evaluate: false,
        evaluation: args.evaluation,
        no_config: args.no_config,
    }
}

fn source_of(args: &SourceArgs, machine: Option<&str>) -> Result<Source, Failure> {
    let machine = MachineArgs {
        machine: machine.map(str::to_owned),
        profile: None,
        mem: None,
        cores: None,
    };
    if !args.graph.is_empty() {
        return Ok(Source::files(
            args.graph.clone(),
            args.roots.clone(),
            args.attributes.clone(),
        ));
    }
    Workspace::new(args, &machine)?.source(args)
}

/// What a word names by itself; `None` for a name that is to be looked up in a graph.
fn meaning(args: &DiffArgs, word: &str) -> Result<Option<Source>, Failure> {
    let path = Path::new(word);
    let object = store_object::around(path);
    if path.exists() {
        if let Some(object) = object.filter(|object| !object.is_derivation()) {
            return Ok(Some(Source::installable(object.as_str(), args.evaluation)));
        }
        if path.is_dir() {
            let args_of_dir = source_args(args, Some(word));
            return source_of(&args_of_dir, args.machine.as_deref()).map(Some);
        }
        return Ok(Some(Source::files(vec![path.to_owned()], Vec::new(), None)));
    }
    // Nix knows where what a link leads to is, of a store that is mounted elsewhere.
    let wanted = Wanted::parse_path(word);
    let named = wanted.as_ref().ok().and_then(Wanted::store_path);
    if let Some(path) = named.or(object.as_ref().map(StorePath::as_str)) {
        return Ok(Some(Source::installable(path, args.evaluation)));
    }
    if word.contains(['#', ':']) {
        return Ok(Some(Source::installable(word, args.evaluation)));
    }
    if word.contains('/')
        && let Err(missing) = path.metadata()
    {
        return Err(Failure::reading(path, missing));
    }
    let config = (!args.no_config).then(|| Config::find(Path::new(".")));
    let config = config.flatten().map(|file| Config::read(&file));
    let config = config.transpose()?;
    if config.is_some_and(|config| config.machines.contains_key(word)) {
        return source_of(&source_args(args, None), Some(word)).map(Some);
    }
    Ok(None)
}

/// The folder of a `.drv` file: a store, or where files of one were copied to.
fn folder_of(word: &str) -> Option<PathBuf> {
    let file = Path::new(word);
    let is_drv = file.extension().is_some_and(|ending| ending == "drv");
    let folder = file.parent().filter(|_| is_drv && file.is_file())?;
    Some(folder.to_owned())
}

/// The derivation of a name, among what is asked for and what that needs.
fn named_one(input: &Input, name: &str) -> Result<DrvId, Failure> {
    let mut in_closure = vec![false; input.graph.len()];
    for id in input.graph.closure(&input.root_derivations()) {
        in_closure[id.index()] = true;
    }
    let found = named::one(input, name, |id| in_closure[id.index()]);
    found.map_err(|failure| match failure {
        Failure::Usage { message, hint } => Failure::Usage {
            message: format!("{}: {message}", input.shown.join(", ")),
            hint,
        },
        other => other,
    })
}

/// The one derivation that is asked for.
fn only_root(input: &Input) -> Result<DrvId, Failure> {
    match &input.root_derivations()[..] {
        [only] => Ok(*only),
        several => Err(Failure::Usage {
            message: format!(
                "{} asks for {} derivations",
                input.shown.join(", "),
                several.len()
            ),
            hint: format!(
                "{}; names are looked up with --graph, or --before and --after",
                named::candidates(input, several)
            ),
        }),
    }
}
