//! Which derivations are asked for: store paths or names, one per line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use drv_graph::{DerivationGraph, DrvId, Format, StorePath, eval_jobs};

use super::{content, data_failure};
use crate::config::nearest;
use crate::failure::Failure;
use crate::progress::Progress;

/// Something asked for, before it is looked up in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A derivation, or an output of one.
    Path(StorePath),
    /// A name, pname or attribute, and where it was asked for.
    Name {
        /// The name.
        name: String,
        /// File and line.
        place: (String, usize),
    },
}

/// Reads files of roots. Blank lines and `#` comments are left out; of several words on a line
/// the one that is a store path counts, so that `ATTRIBUTE PATH` and what `nix-instantiate`
/// prints (`/nix/store/….drv!out`) are both read.
pub(crate) fn read(files: &[PathBuf], progress: &Progress) -> Result<Vec<Wanted>, Failure> {
    let mut out = Vec::new();
    for file in files {
        let bytes = content::read(file, progress)?;
        if Format::detect(&bytes) == Some(Format::EvalJobs) {
            let jobs = eval_jobs::read(&bytes).map_err(|e| data_failure(file, &e))?;
            let paths = jobs
                .into_iter()
                .filter_map(|job| Some(job.result.ok()?.path));
            out.extend(paths.map(Wanted::Path));
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
    let path = words.iter().find_map(|word| {
        let word = word.split(['!', '^']).next().unwrap_or_default();
        StorePath::parse(word).ok()
    });
    match (path, &words[..]) {
        (Some(path), _) => Ok(Some(Wanted::Path(path))),
        (None, []) => Ok(None),
        (None, [name]) if !name.contains('/') => Ok(Some(Wanted::Name {
            name: (*name).to_owned(),
            place: (content::shown(file), number),
        })),
        (None, _) => Err(Failure::Data {
            file: content::shown(file),
            place: Some(format!("line {number}")),
            code: "bad-root",
            message: format!("{:?} is neither a store path nor a name", line.trim()),
            hint: Some("one store path, name or pname a line".to_owned()),
        }),
    }
}

/// Looks everything wanted up in the graph; ascending, each once. With nothing wanted: all that
/// nothing else needs.
///
/// A name can stand for several derivations (two versions of one pname); all are meant.
pub(crate) fn resolve(
    graph: &DerivationGraph,
    wanted: &[Wanted],
    attributes: &[(StorePath, String)],
) -> Result<Vec<DrvId>, Failure> {
    if wanted.is_empty() {
        return Ok(graph.roots());
    }
    let mut by_name: Option<HashMap<&str, Vec<DrvId>>> = None;
    let mut out = Vec::new();
    for want in wanted {
        match want {
            Wanted::Path(path) => {
                let id = graph
                    .id(path)
                    .or_else(|| graph.producer(path).map(|(id, _)| id));
                out.push(id.ok_or_else(|| not_there(path))?);
            }
            Wanted::Name { name, place } => {
                let names = by_name.get_or_insert_with(|| index(graph, attributes));
                match names.get(name.as_str()) {
                    Some(ids) => out.extend(ids),
                    None => return Err(unknown_name(name, place, names)),
                }
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
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

fn not_there(path: &StorePath) -> Failure {
    Failure::Usage {
        message: format!("{path} is asked for and not in the graph"),
        hint: "the graph and the roots must come from the same evaluation".to_owned(),
    }
}

fn unknown_name(
    name: &str,
    (file, line): &(String, usize),
    names: &HashMap<&str, Vec<DrvId>>,
) -> Failure {
    let mut known: Vec<&str> = names.keys().copied().collect();
    known.sort_unstable();
    Failure::Data {
        file: file.clone(),
        place: Some(format!("line {line}")),
        code: "unknown-name",
        message: format!("no derivation of the graph is called {name:?}"),
        hint: nearest(name, &known).map(|near| format!("did you mean `{near}`?")),
    }
}
