//! The texts of both graphs, in words that mean the same on both sides.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use super::both::{Both, End};
use super::pairs::Pairs;
use super::side::Side;
use crate::recipe::{HOLE, Line, PLACEHOLDER_LEN, Part, Recipes, Span, TextPool};
use crate::{Derivation, DerivationGraph, DrvId, StorePath};

/// One graph of two.
pub(super) struct View<'a> {
    pub(super) graph: &'a DerivationGraph,
    pub(super) recipes: Cow<'a, Recipes>,
    spans: Cow<'a, [Span]>,
    pub(super) in_scope: Vec<bool>,
    /// What each reference of the recipes names.
    targets: Vec<Target>,
    /// Numbers that texts have in both graphs.
    templates: Numbers,
    keys: Numbers,
    references: Numbers,
}

/// What a hash in a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing that the graph makes: a source.
    Nothing,
    /// An output of a derivation: its place among the outputs, and a number for its name.
    Output { of: DrvId, at: u32, name: u32 },
    /// The `.drv` file of a derivation.
    File(DrvId),
}

impl Target {
    fn derivation(self) -> Option<DrvId> {
        match self {
            Self::Nothing => None,
            Self::Output { of, .. } | Self::File(of) => Some(of),
        }
    }
}

/// What a hash in a text stands for: equal on both sides where it is the same, or where one took
/// the other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Meaning {
    /// An output of the derivation that says it; a number for its name.
    Own(u32),
    /// An output of a pair, which is named by its derivation before.
    Output(DrvId, u32),
    /// The `.drv` file of a pair.
    File(DrvId),
    /// An output of a derivation that has no partner yet, by the hash of its name.
    Unpaired(u64),
    /// An output whose path is not known beforehand.
    Placeholder,
    /// What the text says.
    Text(u32),
}

impl Meaning {
    /// A word that no other meaning has.
    fn word(self) -> String {
        match self {
            Self::Own(name) => format!("own.{name}"),
            Self::Output(pair, name) => format!("{}.{name}", pair.0),
            Self::File(pair) => format!("file.{}", pair.0),
            Self::Unpaired(name) => format!("unpaired.{name:x}"),
            Self::Placeholder => "placeholder".to_owned(),
            Self::Text(number) => format!("text.{number}"),
        }
    }
}

/// The numbers of one pool's texts among those of both pools.
#[derive(Clone, Debug)]
enum Numbers {
    /// Those of the graph before are as they are in its pool.
    Own,
    /// Of each text of the graph after.
    Mapped(Vec<u32>),
}

impl Numbers {
    /// Of a pool's texts: numbers of the other pool, where this has them, else higher ones.
    fn after(before: &TextPool, after: &TextPool) -> Self {
        let fresh = before.len() as u32;
        let number = |text: u32| before.find_of(after, text).unwrap_or(fresh + text);
        Self::Mapped((0..after.len() as u32).map(number).collect())
    }

    fn get(&self, number: u32) -> u32 {
        match self {
            Self::Own => number,
            Self::Mapped(numbers) => numbers[number as usize],
        }
    }
}

/// Both graphs.
pub(super) struct Views<'a> {
    ends: Both<View<'a>>,
    /// Of the references before: whether the graph after has them too.
    shared: Vec<bool>,
}

impl<'a> Views<'a> {
    pub(super) fn new(before: &Side<'a>, after: &Side<'a>) -> Self {
        let mut names = FxHashMap::default();
        let before = View::new(before, None, &mut names);
        let after = View::new(after, Some(&before.recipes), &mut names);
        let mut shared = vec![false; before.recipes.references.len()];
        if let Numbers::Mapped(numbers) = &after.references {
            for &number in numbers {
                if let Some(shared) = shared.get_mut(number as usize) {
                    *shared = true;
                }
            }
        }
        Self {
            ends: Both { before, after },
            shared,
        }
    }

    pub(super) fn graph(&self, end: End) -> &'a DerivationGraph {
        self.ends[end].graph
    }

    pub(super) fn derivation(&self, end: End, id: DrvId) -> &'a Derivation {
        &self.ends[end].graph[id]
    }

    pub(super) fn in_scope(&self, end: End, id: DrvId) -> bool {
        self.ends[end].in_scope[id.index()]
    }

    pub(super) fn scope(&self, end: End) -> impl Iterator<Item = DrvId> {
        let ids = self.ends[end].graph.ids();
        ids.filter(move |&id| self.in_scope(end, id))
    }

    pub(super) fn lines(&self, end: End, id: DrvId) -> &[Line] {
        let view = &self.ends[end];
        view.recipes.lines(view.spans[id.index()])
    }

    pub(super) fn name_of(&self, end: End, part: Part) -> &str {
        self.ends[end].recipes.name_of(part)
    }

    pub(super) fn whole_text(&self, end: End, line: Line) -> Cow<'_, str> {
        self.ends[end].recipes.whole_text(line)
    }

    /// The part with its key's number among those of both graphs.
    pub(super) fn part(&self, end: End, line: Line) -> Part {
        match line.part {
            Part::Env(key) => Part::Env(self.ends[end].keys.get(key)),
            other => other,
        }
    }

    /// The derivations whose outputs or files a text names, in order of place.
    pub(super) fn named_in(&self, end: End, line: Line) -> impl Iterator<Item = DrvId> {
        let view = &self.ends[end];
        let fillings = view.recipes.fillings(line).iter();
        fillings.filter_map(|&reference| view.targets[reference as usize].derivation())
    }

    /// Whether a text of `before` and one of `after` say the same, once what took another's place
    /// counts as that.
    pub(super) fn same_text(
        &self,
        pairs: &Pairs,
        (before, line_before): (DrvId, Line),
        (after, line_after): (DrvId, Line),
    ) -> bool {
        let (a, b) = (&self.ends.before, &self.ends.after);
        let fillings = (
            a.recipes.fillings(line_before),
            b.recipes.fillings(line_after),
        );
        if b.templates.get(line_after.template) == line_before.template {
            let mut fillings = fillings.0.iter().zip(fillings.1);
            return fillings.all(|(&in_before, &in_after)| {
                self.meaning(pairs, End::Before, before, in_before)
                    == self.meaning(pairs, End::After, after, in_after)
            });
        }
        // A name may have changed with its hash.
        !fillings.0.is_empty()
            && fillings.0.len() == fillings.1.len()
            && self.normal_text(pairs, End::Before, before, line_before)
                == self.normal_text(pairs, End::After, after, line_after)
    }

    /// A text in which store objects are replaced by what they mean. It has as many words as the
    /// text itself.
    pub(super) fn normal_text(&self, pairs: &Pairs, end: End, of: DrvId, line: Line) -> String {
        let view = &self.ends[end];
        let mut pieces = view.recipes.templates.get(line.template).split(HOLE);
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (&reference, piece) in view.recipes.fillings(line).iter().zip(pieces) {
            let meaning = self.meaning(pairs, end, of, reference);
            text.push(HOLE);
            text.push_str(&meaning.word());
            text.push(HOLE);
            let named = match meaning {
                Meaning::Text(_) | Meaning::Placeholder => None,
                _ => view.name(view.targets[reference as usize]),
            };
            let rest = named.and_then(|name| piece.strip_prefix('-')?.strip_prefix(name));
            text.push_str(rest.unwrap_or(piece));
        }
        text
    }

    /// A hash of what [`normal_text`](Self::normal_text) says.
    pub(super) fn text_hash(&self, pairs: &Pairs, end: End, of: DrvId, line: Line) -> u64 {
        let view = &self.ends[end];
        if view.recipes.fillings(line).is_empty() {
            hash_of(&view.templates.get(line.template))
        } else {
            hash_of(&self.normal_text(pairs, end, of, line))
        }
    }

    fn meaning(&self, pairs: &Pairs, end: End, of: DrvId, reference: u32) -> Meaning {
        let view = &self.ends[end];
        let number = view.references.get(reference);
        let unpaired = |id: DrvId| Meaning::Unpaired(hash_of(view.graph[id].name()));
        match view.targets[reference as usize] {
            Target::Output {
                of: made_by, name, ..
            } if made_by == of => Meaning::Own(name),
            Target::Output {
                of: made_by, name, ..
            } => match pairs.key(end, made_by) {
                // Of several that fetch one output any may be named.
                Some(_) if pairs.has_same_outputs(end, made_by) => Meaning::Text(number),
                Some(pair) => Meaning::Output(pair, name),
                None => unpaired(made_by),
            },
            Target::File(id) => pairs
                .key(end, id)
                .map_or_else(|| unpaired(id), Meaning::File),
            Target::Nothing if self.is_foreign_placeholder(end, reference, number) => {
                Meaning::Placeholder
            }
            Target::Nothing => Meaning::Text(number),
        }
    }

    /// A placeholder that only one graph has names an output of an input, and is a hash of that
    /// input's path: which output cannot be told, and the edges of the graph say which input.
    fn is_foreign_placeholder(&self, end: End, reference: u32, number: u32) -> bool {
        let text = self.ends[end].recipes.references.get(reference);
        text.len() == PLACEHOLDER_LEN && !self.shared.get(number as usize).is_some_and(|&is| is)
    }
}

impl<'a> View<'a> {
    fn new(side: &Side<'a>, before: Option<&Recipes>, names: &mut FxHashMap<&'a str, u32>) -> Self {
        let graph = side.graph;
        let (recipes, spans) = side.recipes();
        let numbers = |pool: fn(&Recipes) -> &TextPool| match before {
            None => Numbers::Own,
            Some(before) => Numbers::after(pool(before), pool(&recipes)),
        };
        let in_scope = match &side.roots {
            None => vec![true; graph.len()],
            Some(roots) => {
                let mut in_scope = vec![false; graph.len()];
                for id in graph.closure(roots) {
                    in_scope[id.index()] = true;
                }
                in_scope
            }
        };
        let mut targets = vec![Target::Nothing; recipes.references.len()];
        let mut aim = |path: &StorePath, target| {
            if let Some(reference) = recipes.references.find(path.hash_part()) {
                targets[reference as usize] = target;
            }
        };
        // Of several that make one path, the one with the smallest id counts, but none that is not
        // compared before one that is.
        let all = || graph.iter().rev();
        let outside = all().filter(|(id, _)| !in_scope[id.index()]);
        let inside = all().filter(|(id, _)| in_scope[id.index()]);
        for (id, derivation) in outside.chain(inside) {
            aim(derivation.path(), Target::File(id));
            for (output, at) in derivation.outputs().iter().zip(0..) {
                let fresh = names.len() as u32;
                let name = *names.entry(&output.name).or_insert(fresh);
                if let Some(path) = &output.path {
                    aim(path, Target::Output { of: id, at, name });
                }
            }
        }
        Self {
            templates: numbers(|recipes| &recipes.templates),
            keys: numbers(|recipes| &recipes.keys),
            references: numbers(|recipes| &recipes.references),
            graph,
            recipes,
            spans,
            in_scope,
            targets,
        }
    }

    /// The name that stands behind a hash.
    fn name(&self, target: Target) -> Option<&str> {
        match target {
            Target::Nothing => None,
            Target::Output { of, at, .. } => {
                let output = &self.graph[of].outputs()[at as usize];
                Some(output.path.as_ref()?.name())
            }
            Target::File(of) => Some(self.graph[of].path().name()),
        }
    }
}

pub(super) fn hash_of(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}
