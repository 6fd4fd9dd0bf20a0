//! In what two derivations themselves differ, whatever became of their inputs.

use std::sync::Arc;

use super::aligned::aligned;
use super::both::End;
use super::pairs::Pairs;
use super::view::Views;
use super::words::changed_words;
use crate::recipe::{Line, Part};
use crate::{ContentHash, Derivation, DrvId, HashMethod, Output, OutputKind};

/// One thing in which the two derivations of a pair differ, once whatever took an input's place
/// counts as that input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: Attribute,
    /// What it was, in full; `None` where there was none.
    pub before: Option<String>,
    /// What it is, in full; `None` where there is none.
    pub after: Option<String>,
    /// Words (of sources and inputs: paths) that only the text before has. Words that name store
    /// paths are the same where one path took the other's place.
    pub removed: Vec<String>,
    /// Words that only the text after has. Where no word was removed and none added, the white
    /// space between them differs.
    pub added: Vec<String>,
}

/// What of a derivation can differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Attribute {
    /// A variable of the environment, or a structured attribute, by name.
    Env(String),
    /// The program that builds.
    Builder,
    /// Its arguments.
    Args,
    /// What it builds on.
    System,
    /// Names and hashes of what it makes.
    Outputs,
    /// Store objects that no derivation makes.
    Sources,
    /// Derivations it needs that are not in each other's place, and outputs wanted of them.
    Inputs,
    /// Something that the graphs do not have: their recipes were not kept, or a text was not
    /// UTF-8.
    Unknown,
}

impl std::fmt::Display for Attribute {
    /// The variable's name, else the name that `nix derivation show` gives it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Env(name) => name,
            Self::Builder => "builder",
            Self::Args => "args",
            Self::System => "system",
            Self::Outputs => "outputs",
            Self::Sources => "inputSrcs",
            Self::Inputs => "inputDrvs",
            Self::Unknown => "unknown",
        })
    }
}

/// Whether there is any difference; it stops at the first.
pub(super) fn is_different(views: &Views<'_>, pairs: &Pairs, before: DrvId, after: DrvId) -> bool {
    let (a, b) = (
        views.derivation(End::Before, before),
        views.derivation(End::After, after),
    );
    a.system() != b.system()
        || !a
            .outputs()
            .iter()
            .map(essence)
            .eq(b.outputs().iter().map(essence))
        || (a.input_sources() != b.input_sources() && sources(a) != sources(b))
        || needs(views, pairs, End::Before, before) != needs(views, pairs, End::After, after)
        || aligned(views, before, after)
            .any(|lines| line_differs(views, pairs, before, after, lines))
}

fn line_differs(
    views: &Views<'_>,
    pairs: &Pairs,
    before: DrvId,
    after: DrvId,
    lines: (Option<Line>, Option<Line>),
) -> bool {
    match lines {
        (Some(a), Some(b)) => !views.same_text(pairs, (before, a), (after, b)),
        _ => true,
    }
}

/// The differences of what makes something else and does not follow from its inputs. Where none is
/// seen, there is one that is not seen.
pub(super) fn of_cause(
    views: &Views<'_>,
    pairs: &Pairs,
    before: DrvId,
    after: DrvId,
) -> Vec<Difference> {
    let mut differences = differences(views, pairs, before, after);
    if differences.is_empty() {
        differences.push(Difference {
            what: Attribute::Unknown,
            before: None,
            after: None,
            removed: Vec::new(),
            added: Vec::new(),
        });
    }
    differences
}

/// Every difference: variables by name, then the rest.
pub(super) fn differences(
    views: &Views<'_>,
    pairs: &Pairs,
    before: DrvId,
    after: DrvId,
) -> Vec<Difference> {
    let of_lines = |what, a: &[Line], b: &[Line]| {
        let a = Text::of(views, pairs, End::Before, before, a);
        let b = Text::of(views, pairs, End::After, after, b);
        by_words(what, a, b)
    };
    let mut variables = Vec::new();
    let mut rest = Vec::new();
    let mut args_differ = false;
    for (a, b) in aligned(views, before, after) {
        if !line_differs(views, pairs, before, after, (a, b)) {
            continue;
        }
        let (end, part) = match (a, b) {
            (Some(line), _) => (End::Before, line.part),
            (None, Some(line)) => (End::After, line.part),
            (None, None) => continue,
        };
        let (a, b) = (Vec::from_iter(a), Vec::from_iter(b));
        match part {
            Part::Builder => rest.push(of_lines(Attribute::Builder, &a, &b)),
            Part::Argument => args_differ = true,
            Part::Env(_) => {
                let what = Attribute::Env(views.name_of(end, part).to_owned());
                variables.push(of_lines(what, &a, &b));
            }
        }
    }
    if args_differ {
        let args = |end, id| {
            let lines = views.lines(end, id).iter().copied();
            let args = lines.filter(|line| line.part == Part::Argument);
            args.collect::<Vec<_>>()
        };
        let (a, b) = (args(End::Before, before), args(End::After, after));
        rest.push(of_lines(Attribute::Args, &a, &b));
    }
    variables.append(&mut rest);
    variables.extend(beside_texts(views, pairs, before, after));
    variables
}

/// What differs in what a derivation has besides texts.
fn beside_texts(views: &Views<'_>, pairs: &Pairs, before: DrvId, after: DrvId) -> Vec<Difference> {
    let (a, b) = (
        views.derivation(End::Before, before),
        views.derivation(End::After, after),
    );
    let mut out = Vec::new();
    let mut compare = |what, a: Vec<String>, b: Vec<String>| {
        if a != b {
            out.push(by_words(what, Text::listed(a), Text::listed(b)));
        }
    };
    let system = |of: &Derivation| vec![of.system().to_owned()];
    compare(Attribute::System, system(a), system(b));
    compare(Attribute::Outputs, outputs(a), outputs(b));
    compare(Attribute::Sources, sources(a), sources(b));
    let needs = (
        needs(views, pairs, End::Before, before),
        needs(views, pairs, End::After, after),
    );
    if needs.0 != needs.1 {
        let text = |end: End, needs: Vec<Need<'_>>| Text {
            whole: None,
            words: needs
                .iter()
                .map(|need| {
                    let path = views.derivation(end, need.id).path();
                    format!("{path}^{}", need.outputs.join(","))
                })
                .collect(),
            normal: needs
                .iter()
                .map(|need| format!("{:?}^{}", need.place, need.outputs.join(",")))
                .collect(),
        };
        let (a, b) = (text(End::Before, needs.0), text(End::After, needs.1));
        out.push(by_words(Attribute::Inputs, a, b));
    }
    out
}

/// What of an output is not made of inputs.
fn essence(output: &Output) -> (&str, Option<(HashMethod, &ContentHash)>) {
    let fixed = match &output.kind {
        OutputKind::FixedOutput { method, hash } => Some((*method, hash)),
        _ => None,
    };
    (&output.name, fixed)
}

fn outputs(of: &Derivation) -> Vec<String> {
    let outputs = of.outputs().iter().map(|output| match essence(output) {
        (name, Some((method, hash))) => format!("{name}:{}:{hash}", method.as_str()),
        (name, None) => name.to_owned(),
    });
    outputs.collect()
}

fn sources(of: &Derivation) -> Vec<String> {
    let mut sources: Vec<String> = of.input_sources().iter().map(ToString::to_string).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// An input and what is wanted of it; equal where one took the other's place.
#[derive(Debug)]
pub(super) struct Need<'v> {
    pub(super) place: Place,
    pub(super) outputs: &'v [Arc<str>],
    /// The derivation itself.
    pub(super) id: DrvId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// That of a pair, named by its derivation before.
    Pair(DrvId),
    Gone(DrvId),
    Added(DrvId),
}

impl PartialEq for Need<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.place, self.outputs) == (other.place, other.outputs)
    }
}

/// All that a derivation needs, ascending by place; several that fetch one fixed output are one.
pub(super) fn needs<'v>(views: &'v Views<'_>, pairs: &Pairs, end: End, id: DrvId) -> Vec<Need<'v>> {
    let graph = views.graph(end);
    let needs = graph.inputs(id).map(|input| Need {
        place: match (pairs.key(end, input.id), end) {
            (Some(pair), _) => Place::Pair(pair),
            (None, End::Before) => Place::Gone(input.id),
            (None, End::After) => Place::Added(input.id),
        },
        outputs: input.outputs,
        id: input.id,
    });
    let mut needs: Vec<Need<'_>> = needs.collect();
    needs.sort_by_key(|need| need.place);
    // A fixed output is the only one of its derivation: those of one place want the same.
    needs.dedup_by_key(|need| need.place);
    needs
}

/// One side of a difference: words as they are, and as they are compared.
struct Text {
    whole: Option<String>,
    words: Vec<String>,
    normal: Vec<String>,
}

impl Text {
    /// Some lines, one after the other.
    fn of(views: &Views<'_>, pairs: &Pairs, end: End, id: DrvId, lines: &[Line]) -> Self {
        let whole: Vec<_> = lines
            .iter()
            .map(|&line| views.whole_text(end, line))
            .collect();
        let whole = (!whole.is_empty()).then(|| whole.join(" "));
        let normal: Vec<String> = lines
            .iter()
            .map(|&line| views.normal_text(pairs, end, id, line))
            .collect();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            words: whole.as_deref().map_or_else(Vec::new, words),
            normal: words(&normal.join(" ")),
            whole,
        }
    }

    /// A text that is compared as it is.
    fn plain(text: &str) -> Self {
        let words = text.split_whitespace().map(str::to_owned).collect();
        Self {
            whole: Some(text.to_owned()),
            ..Self::listed(words)
        }
    }

    /// Words that are compared as they are.
    fn listed(words: Vec<String>) -> Self {
        Self {
            whole: None,
            normal: words.clone(),
            words,
        }
    }
}

/// The difference of two texts as they are, whatever their hashes mean.
pub(super) fn of_texts(what: Attribute, before: &str, after: &str) -> Difference {
    by_words(what, Text::plain(before), Text::plain(after))
}

fn by_words(what: Attribute, before: Text, after: Text) -> Difference {
    let (removed, added) = changed_words(&before.normal, &after.normal);
    let pick = |text: &Text, places: Vec<usize>| {
        let words = places.into_iter().map(|at| text.words[at].clone());
        words.collect()
    };
    let (removed, added) = (pick(&before, removed), pick(&after, added));
    let whole = |text: Text| match text.whole {
        None if !text.words.is_empty() => Some(text.words.join(" ")),
        whole => whole,
    };
    Difference {
        what,
        removed,
        added,
        before: whole(before),
        after: whole(after),
    }
}
