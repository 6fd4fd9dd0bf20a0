//! Which derivations are asked for: store paths or names, one per line.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use drv_graph::{DerivationGraph, DrvId, Format, StorePath, StorePathError, eval_jobs};
use tier_planner::work::{Root, WantedOutputs};

use super::{content, data_failure};
use crate::config::nearest;
use crate::failure::Failure;
use crate::progress::Progress;

/// Something asked for, before it is looked up in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What is asked for.
    pub(crate) what: What,
    /// Which of its outputs, where that is said.
    outputs: Option<WantedOutputs>,
    /// The file and line that ask for it, where it is asked for in a file of roots.
    place: Option<Place>,
}

/// A file, as it is shown, and a line in it.
type Place = (String, usize);

/// How something is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A derivation, or an output of one.
    Path(StorePath),
    /// A name, pname or attribute.
    Name(String),
}

impl Wanted {
    /// A derivation with all of its outputs, or one output.
    pub(crate) fn path(path: StorePath) -> Self {
        Self {
            what: What::Path(path),
            outputs: None,
            place: None,
        }
    }

    /// A store path with or without a choice of outputs: what `nix-instantiate` prints
    /// (`/nix/store/….drv!dev`), and an installable of `nix build` (`/nix/store/….drv^out,dev`).
    pub(crate) fn parse_path(word: &str) -> Result<Self, StorePathError> {
        let (path, outputs) = split_outputs(word);
        Ok(Self {
            what: What::Path(StorePath::parse(path)?),
            outputs,
            place: None,
        })
    }

    /// The store path, where it is asked for by that.
    pub(crate) fn store_path(&self) -> Option<&str> {
        match &self.what {
            What::Path(path) => Some(path.as_str()),
            What::Name(_) => None,
        }
    }
}

/// Splits `x!out`, `x^out,dev` and `x^*`; neither mark can be in a store path.
fn split_outputs(word: &str) -> (&str, Option<WantedOutputs>) {
    let Some((what, outputs)) = word.split_once(['!', '^']) else {
        return (word, None);
    };
    let names: Vec<Box<str>> = outputs.split(',').map(Into::into).collect();
    let all = names.iter().any(|name| &**name == "*");
    let outputs = if all {
        WantedOutputs::All
    } else {
        WantedOutputs::Named(names)
    };
    (what, Some(outputs))
}

/// Reads files of roots. Blank lines and `#` comments are left out; of several words on a line
/// the one that is a store path counts, so that `ATTRIBUTE PATH` is read. Behind a `!` or `^`
/// stand the outputs that are meant, separated by commas, or `*` for all.
pub(crate) fn read(files: &[PathBuf], progress: &Progress) -> Result<Vec<Wanted>, Failure> {
    let mut out = Vec::new();
    for file in files {
        let bytes = content::read(file, progress)?;
        if Format::detect(&bytes) == Some(Format::EvalJobs) {
            let jobs = eval_jobs::read(&bytes).map_err(|e| data_failure(file, &e))?;
            let paths = jobs
                .into_iter()
                .filter_map(|job| Some(job.result.ok()?.path));
            out.extend(paths.map(Wanted::path));
            continue;
        }
        let text = content::as_text(&bytes, file)?;
        for (number, line) in (1..).zip(text.lines()) {
            out.extend(line_wanted(line, file, number)?);
        }
    }
    Ok(out)
}

fn line_wanted(line: &str, file: &Path, number: usize) -> Result<Option<Wanted>, Failure> {
    let line = line.split('#').next().unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    let path = words.iter().find_map(|word| Wanted::parse_path(word).ok());
    let place = Some((content::shown(file), number));
    match (path, &words[..]) {
        (Some(wanted), _) => Ok(Some(Wanted { place, ..wanted })),
        (None, []) => Ok(None),
        (None, [word]) if !word.contains('/') => {
            let (name, outputs) = split_outputs(word);
            Ok(Some(Wanted {
                what: What::Name(name.to_owned()),
                outputs,
                place,
            }))
        }
        (None, words) => Err(Failure::Data {
            file: content::shown(file),
            place: Some(format!("line {number}")),
            code: "bad-root",
            message: match words {
                [word] if let Err(error) = Wanted::parse_path(word) => {
                    format!("{word:?} is not a store path: {error}")
                }
                _ => format!("{:?} is neither a store path nor a name", line.trim()),
            },
            hint: Some("one store path, name or pname a line".to_owned()),
        }),
    }
}

/// Looks everything wanted up in the graph; ascending, each once. With nothing wanted: all that
/// nothing else needs.
///
/// A name can stand for several derivations (two versions of one pname); all are meant. Of a
/// derivation all outputs are meant, of an output that one, unless the outputs are named.
pub(crate) fn resolve(
    graph: &DerivationGraph,
    wanted: &[Wanted],
    attributes: &[(StorePath, String)],
) -> Result<Vec<Root>, Failure> {
    if wanted.is_empty() {
        return Ok(Root::all_of(&graph.roots()));
    }
    let mut by_name: Option<HashMap<&str, Vec<DrvId>>> = None;
    let mut out: BTreeMap<DrvId, WantedOutputs> = BTreeMap::new();
    let mut add = |id, outputs| match out.entry(id) {
        Entry::Vacant(entry) => {
            entry.insert(outputs);
        }
        Entry::Occupied(mut entry) => match (entry.get_mut(), outputs) {
            (WantedOutputs::Named(known), WantedOutputs::Named(more)) => {
                known.extend(more);
                known.sort();
                known.dedup();
            }
            (known, _) => *known = WantedOutputs::All,
        },
    };
    for Wanted {
        what,
        outputs,
        place,
    } in wanted
    {
        let place = place.as_ref();
        match what {
            What::Path(path) => {
                let (id, meant) = match (graph.id(path), graph.producer(path)) {
                    (Some(id), _) => (id, WantedOutputs::All),
                    (None, Some((id, output))) => {
                        (id, WantedOutputs::Named(vec![(&*output.name).into()]))
                    }
                    (None, None) => return Err(not_there(path, place)),
                };
                add(
                    id,
                    named_outputs(graph, id, outputs.as_ref(), place)?.unwrap_or(meant),
                );
            }
            What::Name(name) => {
                let names = by_name.get_or_insert_with(|| index(graph, attributes));
                let Some(ids) = names.get(name.as_str()) else {
                    return Err(unknown_name(name, place, names));
                };
                for &id in ids {
                    let meant = named_outputs(graph, id, outputs.as_ref(), place)?;
                    add(id, meant.unwrap_or(WantedOutputs::All));
                }
            }
        }
    }
    let root = |(derivation, outputs)| Root {
        derivation,
        outputs,
    };
    Ok(out.into_iter().map(root).collect())
}

/// The outputs that are named, once it is clear that the derivation has them.
fn named_outputs(
    graph: &DerivationGraph,
    id: DrvId,
    outputs: Option<&WantedOutputs>,
    place: Option<&Place>,
) -> Result<Option<WantedOutputs>, Failure> {
    if let Some(WantedOutputs::Named(names)) = outputs {
        for name in names {
            if graph[id].output(name).is_none() {
                let known: Vec<&str> = graph[id].outputs().iter().map(|o| &*o.name).collect();
                let message = format!("{} has no output {name:?}", graph[id].path());
                let hint = format!("it has {}", known.join(", "));
                return Err(not_known(place, "unknown-output", message, hint));
            }
        }
    }
    Ok(outputs.cloned())
}

fn index<'a>(
    graph: &'a DerivationGraph,
    attributes: &'a [(StorePath, String)],
) -> HashMap<&'a str, Vec<DrvId>> {
    let mut names: HashMap<&str, Vec<DrvId>> = HashMap::new();
    for (id, drv) in graph.iter() {
        for name in [drv.name(), drv.pname()] {
            let ids = names.entry(name).or_default();
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
    }
    for (path, attribute) in attributes {
        if let Some(id) = graph.id(path) {
            // What an attribute names is exact: it goes before a pname that reads the same.
            names.insert(attribute, vec![id]);
        }
    }
    names
}

fn not_there(path: &StorePath, place: Option<&Place>) -> Failure {
    let message = format!("{path} is asked for and not in the graph");
    let hint = "the graph and the roots must come from the same evaluation";
    not_known(place, "unknown-root", message, hint.to_owned())
}

fn unknown_name(name: &str, place: Option<&Place>, names: &HashMap<&str, Vec<DrvId>>) -> Failure {
    let mut known: Vec<&str> = names.keys().copied().collect();
    known.sort_unstable();
    let hint = match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "write a derivation's store path, its name with or without version, or an attribute \
                 where --attributes tells these"
                .to_owned()
        }
    };
    let message = format!("no derivation of the graph is called {name:?}");
    not_known(place, "unknown-name", message, hint)
}

/// A failure at the line that asks for what there is not, if a line does.
fn not_known(place: Option<&Place>, code: &'static str, message: String, hint: String) -> Failure {
    match place {
        None => Failure::Usage { message, hint },
        Some((file, line)) => Failure::Data {
            file: file.clone(),
            place: Some(format!("line {line}")),
            code,
            message,
            hint: Some(hint),
        },
    }
}
