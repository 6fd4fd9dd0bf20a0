//! Which derivations a name on the command line means.

use std::collections::BTreeSet;

use drv_graph::{DrvId, StorePath};
use tier_planner::subject::Subject;

use super::Input;
use crate::config::nearest;
use crate::failure::Failure;

/// Candidates that a message lists.
const CANDIDATES: usize = 8;

/// All of those in `scope` that go by `name`, ascending: a `.drv` file or an output of one; else an
/// attribute; else a name with its version or without.
pub(crate) fn all(input: &Input, name: &str, scope: impl Fn(DrvId) -> bool) -> Vec<DrvId> {
    let graph = &input.graph;
    if let Ok(path) = StorePath::parse(name) {
        let found = graph.id(&path);
        let found = found.or_else(|| graph.producer(&path).map(|(id, _)| id));
        return found.into_iter().filter(|&id| scope(id)).collect();
    }
    let attributes = input.attributes.iter();
    let of_attribute = attributes.filter(|(id, attribute)| *attribute == name && scope(**id));
    let found: Vec<DrvId> = of_attribute.map(|(&id, _)| id).collect();
    if !found.is_empty() {
        return found;
    }
    let in_scope = || graph.ids().filter(|&id| scope(id));
    let is_called = |id: &DrvId| graph[*id].pname() == name || graph[*id].name() == name;
    let found: Vec<DrvId> = in_scope().filter(is_called).collect();
    if !found.is_empty() {
        return found;
    }
    // Where the graph does not know attributes, their digits still name a version.
    in_scope()
        .filter(|id| Subject::of(&graph[*id]).is_attribute_like(name))
        .collect()
}

/// The one that is meant. Of a build and its source, which can have one name, the build is; of
/// several builds the one that is asked for itself.
pub(crate) fn one(
    input: &Input,
    name: &str,
    scope: impl Fn(DrvId) -> bool,
) -> Result<DrvId, Failure> {
    let found = all(input, name, &scope);
    let builds = found.iter().copied();
    let builds: Vec<DrvId> = builds
        .filter(|&id| !input.graph[id].is_fixed_output())
        .collect();
    let roots = input.root_derivations();
    let asked: Vec<DrvId> = builds
        .iter()
        .copied()
        .filter(|id| roots.contains(id))
        .collect();
    match (&found[..], &builds[..]) {
        ([only], _) | (_, [only]) => Ok(*only),
        _ if asked.len() == 1 => Ok(asked[0]),
        ([], _) => {
            let advice = "`hmtool plan --format json` lists what there is";
            Err(nothing(input, name, scope, advice))
        }
        (all, []) | (_, all) => Err(Failure::Usage {
            message: format!("{name} is the name of {} derivations", all.len()),
            hint: candidates(input, all),
        }),
    }
}

/// That nothing goes by `name`, what does nearly, and what else there is to do.
pub(crate) fn nothing(
    input: &Input,
    name: &str,
    scope: impl Fn(DrvId) -> bool,
    advice: &str,
) -> Failure {
    let graph = &input.graph;
    let known = graph.ids().filter(|&id| scope(id));
    let known = known.map(|id| graph[id].pname());
    let known: BTreeSet<&str> = known
        .chain(input.attributes.values().map(String::as_str))
        .collect();
    let known: Vec<&str> = known.into_iter().collect();
    let hint = match nearest(name, &known) {
        Some(near) => format!("is {near} meant? {advice}"),
        None => {
            format!("give an attribute, a name with or without its version, or a path; {advice}")
        }
    };
    Failure::Usage {
        message: format!("nothing here is called {name}"),
        hint,
    }
}

/// What to say where several are meant: the first of them by their paths.
pub(crate) fn candidates(input: &Input, found: &[DrvId]) -> String {
    let shown = found.iter().take(CANDIDATES).map(|&id| {
        let path = input.graph[id].path();
        match input.attributes.get(&id) {
            Some(attribute) => format!("{attribute} ({path})"),
            None => path.to_string(),
        }
    });
    let shown: Vec<String> = shown.collect();
    let more = match found.len().saturating_sub(CANDIDATES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("say which one by its path: {}{more}", shown.join(", "))
}
