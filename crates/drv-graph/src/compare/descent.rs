//! Two derivations, and from these down whatever their difference comes from.

use std::collections::BTreeSet;

use super::aligned::aligned;
use super::both::End;
use super::causes::{self, Found};
use super::difference::{self, Attribute, Difference};
use super::edit::{LineEdit, Written, edits};
use super::pairing;
use super::pairs::Pairs;
use super::side::Side;
use super::view::Views;
use super::{Comparison, MatchedBy, Why};
use crate::recipe::Part;
use crate::{DerivationGraph, DrvId, StorePath};

/// What two derivations differ in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descent {
    /// All that the two need, compared: counts over both closures.
    pub comparison: Comparison,
    /// The two, and what their difference comes from: the nearest first, each pair once. Empty
    /// where the two are one file.
    pub steps: Vec<Step>,
}

/// A pair on the way down, and in what its two derivations differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In the graph before.
    pub before: DrvId,
    /// In the graph after.
    pub after: DrvId,
    /// Why the two are a pair.
    pub matched_by: MatchedBy,
    /// The step whose input this is, of those that need it the first; `None` for the two that
    /// were asked about.
    pub found_by: Option<usize>,
    /// How many inputs lie between the two that were asked about and this: 0 for themselves.
    pub depth: usize,
    /// Why the two make other outputs; `None` where they make the same and only the files differ.
    pub why: Option<Why>,
    /// In what they themselves differ: variables by name, then the rest.
    pub differences: Vec<TextDifference>,
    /// Inputs that are not the same.
    pub inputs: Vec<InputDifference>,
    /// Sources that are not the same, by name.
    pub sources: Vec<SourceDifference>,
}

/// An attribute that differs, line by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDifference {
    /// The attribute, and its words that went and came.
    pub difference: Difference,
    /// The edit, where the attribute is a text or a list of texts: arguments and outputs are a
    /// line each. Empty for inputs and sources, which have lists of their own.
    pub lines: Vec<LineEdit>,
    /// Whether there are other hashes, and nothing else.
    pub only_hashes: bool,
}

/// An input that one of the two does not have, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputDifference {
    /// The derivation before; `None` where nothing was in its place.
    pub before: Option<DrvId>,
    /// The derivation after; `None` where nothing is in its place.
    pub after: Option<DrvId>,
    /// Which of its outputs were wanted.
    pub outputs_before: Vec<String>,
    /// Which of its outputs are wanted.
    pub outputs_after: Vec<String>,
}

/// A source that only one has, or of which each has another of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDifference {
    /// The source before.
    pub before: Option<StorePath>,
    /// The source after.
    pub after: Option<StorePath>,
}

/// Compares two derivations, whatever they are called, and what they need; a graph can be both
/// sides. The ids must be those of the graphs.
///
/// From the two down, the descent goes through inputs that make something else, and ends at a
/// fixed output: what fetches it plays no part. Of what it reaches, it gives the causes and the
/// ways to them. Where the two make the same outputs and only their files differ, it goes through
/// all inputs with other files instead, and gives what says something else.
///
/// With `all` it goes everywhere where files differ, gives every step, and what differs by hashes
/// only.
///
/// O(n log n + e) besides what [`compare`](super::compare) and the texts of the steps take.
pub fn descend(before: &Side<'_>, after: &Side<'_>, (a, b): (DrvId, DrvId), all: bool) -> Descent {
    let before = before.clone().with_roots(&[a]);
    let after = after.clone().with_roots(&[b]);
    let views = Views::new(&before, &after);
    let pairs = pairing::pair(&views, &before, &after, Some((a, b)));
    let found = Found::new(&views, &pairs);
    let causes = causes::causes(&views, &pairs, &found);
    let walk = Walk {
        through_files: all || !found.is_changed[b.index()],
        views: &views,
        pairs: &pairs,
        found: &found,
        all,
    };
    let steps = walk.steps(b);
    Descent {
        comparison: Comparison::new(&views, &pairs, found, causes),
        steps,
    }
}

struct Walk<'v, 'a> {
    views: &'v Views<'a>,
    pairs: &'v Pairs,
    found: &'v Found,
    all: bool,
    /// Whether what makes the same outputs and has another file is on the way.
    through_files: bool,
}

/// A pair that was reached.
struct Reached {
    before: DrvId,
    after: DrvId,
    found_by: Option<usize>,
    depth: usize,
}

impl Walk<'_, '_> {
    fn steps(&self, start: DrvId) -> Vec<Step> {
        let reached = self.reached(start);
        let mut is_kept: Vec<bool> = reached.iter().map(|one| self.says_other(one)).collect();
        for at in (0..reached.len()).rev() {
            match reached[at].found_by {
                Some(above) => is_kept[above] |= is_kept[at],
                None => is_kept[at] = true,
            }
        }
        let mut place = vec![0; reached.len()];
        let mut steps = Vec::new();
        for (at, one) in reached.iter().enumerate() {
            if is_kept[at] || self.all {
                place[at] = steps.len();
                steps.push(self.step(one, one.found_by.map(|above| place[above])));
            }
        }
        steps
    }

    /// Breadth first, inputs by name.
    fn reached(&self, start: DrvId) -> Vec<Reached> {
        let graph = self.graph();
        let mut is_seen = vec![false; graph.len()];
        let mut reached = Vec::new();
        let mut visit = |after: DrvId, found_by, depth, reached: &mut Vec<Reached>| {
            let partner = self.pairs.partner(End::After, after);
            let Some(before) = partner.filter(|&before| self.is_on_the_way(before, after)) else {
                return;
            };
            if !std::mem::replace(&mut is_seen[after.index()], true) {
                reached.push(Reached {
                    before,
                    after,
                    found_by,
                    depth,
                });
            }
        };
        visit(start, None, 0, &mut reached);
        let mut at = 0;
        while at < reached.len() {
            let (of, depth) = (reached[at].after, reached[at].depth);
            if self.through_files || !graph[of].is_fixed_output() {
                let mut inputs: Vec<DrvId> = graph.inputs(of).map(|input| input.id).collect();
                inputs.sort_unstable_by_key(|&id| (graph[id].name(), id));
                for input in inputs {
                    visit(input, Some(at), depth + 1, &mut reached);
                }
            }
            at += 1;
        }
        reached
    }

    fn graph(&self) -> &DerivationGraph {
        self.views.graph(End::After)
    }

    fn is_on_the_way(&self, before: DrvId, after: DrvId) -> bool {
        let path = |end, id| self.views.derivation(end, id).path();
        let is_one_file = path(End::Before, before) == path(End::After, after);
        self.found.is_changed[after.index()] || (self.through_files && !is_one_file)
    }

    fn why(&self, after: DrvId) -> Option<Why> {
        let causes = &self.found.causes;
        let is_cause = causes.binary_search_by_key(&after, |cause| cause.after);
        match (is_cause, self.found.is_changed[after.index()]) {
            (Ok(_), _) => Some(Why::Cause),
            (Err(_), true) => Some(Why::Cascade),
            (Err(_), false) => None,
        }
    }

    fn says_other(&self, one: &Reached) -> bool {
        match self.why(one.after) {
            Some(why) => why == Why::Cause,
            None => difference::is_different(self.views, self.pairs, one.before, one.after),
        }
    }

    fn step(&self, one: &Reached, found_by: Option<usize>) -> Step {
        let &Reached { before, after, .. } = one;
        let why = self.why(after);
        let own = match why {
            Some(Why::Cause) => difference::of_cause(self.views, self.pairs, before, after),
            Some(Why::Cascade) => Vec::new(),
            None => difference::differences(self.views, self.pairs, before, after),
        };
        let mut differences: Vec<TextDifference> = own
            .into_iter()
            .map(|difference| TextDifference {
                lines: self.lines(before, after, &difference),
                difference,
                only_hashes: false,
            })
            .collect();
        if self.all {
            differences.extend(self.by_hashes(before, after));
        }
        Step {
            before,
            after,
            matched_by: self
                .pairs
                .matched_by(End::After, after)
                .unwrap_or(MatchedBy::Root),
            found_by,
            depth: one.depth,
            why,
            differences,
            inputs: self.inputs(before, after),
            sources: self.sources(before, after),
        }
    }

    fn lines(&self, before: DrvId, after: DrvId, difference: &Difference) -> Vec<LineEdit> {
        if matches!(difference.what, Attribute::System | Attribute::Outputs) {
            let written = |text: &Option<String>| {
                let mut written = Written::default();
                for word in text.iter().flat_map(|text| text.split(' ')) {
                    written.push(word, word);
                }
                written
            };
            return edits(&written(&difference.before), &written(&difference.after));
        }
        let is_meant = |end: End, part: Part| match (&difference.what, part) {
            (Attribute::Env(name), Part::Env(_)) => self.views.name_of(end, part) == name,
            (what, Part::Builder) => *what == Attribute::Builder,
            (what, Part::Argument) => *what == Attribute::Args,
            _ => false,
        };
        let written = |end: End, id: DrvId| {
            let mut written = Written::default();
            for &line in self.views.lines(end, id) {
                if is_meant(end, line.part) {
                    let normal = self.views.normal_text(self.pairs, end, id, line);
                    written.push(&self.views.whole_text(end, line), &normal);
                }
            }
            written
        };
        edits(&written(End::Before, before), &written(End::After, after))
    }

    /// Texts that name other paths, and say the same; paths of outputs.
    fn by_hashes(&self, before: DrvId, after: DrvId) -> Vec<TextDifference> {
        let mut out = Vec::new();
        let mut compare = |what: Attribute, a: &str, b: &str| {
            if a == b {
                return;
            }
            let (mut from, mut to) = (Written::default(), Written::default());
            from.push(a, a);
            to.push(b, b);
            out.push(TextDifference {
                lines: edits(&from, &to),
                difference: difference::of_texts(what, a, b),
                only_hashes: true,
            });
        };
        let mut args = (Vec::new(), Vec::new());
        for (a, b) in aligned(self.views, before, after) {
            let (Some(a), Some(b)) = (a, b) else { continue };
            if !self.views.same_text(self.pairs, (before, a), (after, b)) {
                continue;
            }
            let texts = (
                self.views.whole_text(End::Before, a),
                self.views.whole_text(End::After, b),
            );
            match a.part {
                Part::Builder => compare(Attribute::Builder, &texts.0, &texts.1),
                Part::Argument => {
                    args.0.push(texts.0);
                    args.1.push(texts.1);
                }
                Part::Env(_) => {
                    let name = self.views.name_of(End::Before, a.part).to_owned();
                    compare(Attribute::Env(name), &texts.0, &texts.1);
                }
            }
        }
        compare(Attribute::Args, &args.0.join("\n"), &args.1.join("\n"));
        let outputs = |end: End, id: DrvId| {
            let outputs = self.views.derivation(end, id).outputs().iter();
            let paths = outputs.filter_map(|output| Some(output.path.as_ref()?.as_str()));
            paths.collect::<Vec<_>>().join("\n")
        };
        let paths = (outputs(End::Before, before), outputs(End::After, after));
        compare(Attribute::Outputs, &paths.0, &paths.1);
        out
    }

    fn inputs(&self, before: DrvId, after: DrvId) -> Vec<InputDifference> {
        let needs = |end, id| difference::needs(self.views, self.pairs, end, id);
        let (a, b) = (needs(End::Before, before), needs(End::After, after));
        let path = |end: End, id: DrvId| self.views.derivation(end, id).path();
        let places: BTreeSet<_> = a.iter().chain(&b).map(|need| need.place).collect();
        let mut out = Vec::new();
        for place in places {
            let of = |needs: &[difference::Need<'_>]| {
                let at = needs.binary_search_by_key(&place, |need| need.place);
                at.ok().map(|at| (needs[at].id, needs[at].outputs.to_vec()))
            };
            let (was, is) = (of(&a), of(&b));
            if let (Some(was), Some(is)) = (&was, &is)
                && was.1 == is.1
                && (!self.all || path(End::Before, was.0) == path(End::After, is.0))
            {
                continue;
            }
            let outputs = |need: &Option<(DrvId, Vec<std::sync::Arc<str>>)>| {
                let outputs = need.iter().flat_map(|need| &need.1);
                outputs.map(ToString::to_string).collect()
            };
            out.push(InputDifference {
                outputs_before: outputs(&was),
                outputs_after: outputs(&is),
                before: was.map(|need| need.0),
                after: is.map(|need| need.0),
            });
        }
        out.sort_by_key(|input| {
            let path = |end, id: Option<DrvId>| id.map(|id| path(end, id));
            let (was, is) = (
                path(End::Before, input.before),
                path(End::After, input.after),
            );
            (was.or(is).map(StorePath::name), was.is_none(), was, is)
        });
        out
    }

    fn sources(&self, before: DrvId, after: DrvId) -> Vec<SourceDifference> {
        let sources = |end, id| {
            let sources = self.views.derivation(end, id).input_sources().iter();
            sources
                .map(|path| (path.name(), path))
                .collect::<BTreeSet<_>>()
        };
        let (a, b) = (sources(End::Before, before), sources(End::After, after));
        let mut gone = a.difference(&b).peekable();
        let mut come = b.difference(&a).peekable();
        let mut out = Vec::new();
        loop {
            let (was, is) = (gone.peek().map(|one| one.0), come.peek().map(|one| one.0));
            let name = match (was, is) {
                (None, None) => return out,
                (Some(name), None) | (None, Some(name)) => name,
                (Some(was), Some(is)) => was.min(is),
            };
            out.push(SourceDifference {
                before: gone.next_if(|one| one.0 == name).map(|one| one.1.clone()),
                after: come.next_if(|one| one.0 == name).map(|one| one.1.clone()),
            });
        }
    }
}
