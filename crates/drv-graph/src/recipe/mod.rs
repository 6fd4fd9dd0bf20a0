//! What derivations say of how they are built, kept so that two graphs can be compared.
//!
//! An environment is nine tenths of what Nix writes of a derivation, and most of that stands in
//! other derivations too once the hashes in it are set aside: the `buildInputs` of two builds of
//! one package are the same text with other hashes. So a text is kept as a *template*, in which
//! each hash is a hole, and the hashes that fill the holes; each template is kept once.

mod holes;
mod pool;

use std::borrow::Cow;

use crate::Derivation;
pub(crate) use holes::{HOLE, PLACEHOLDER_LEN};
pub(crate) use pool::TextPool;

/// The recipes of many derivations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recipes {
    /// Names of environment variables.
    pub(crate) keys: TextPool,
    /// Texts with holes.
    pub(crate) templates: TextPool,
    /// What fills the holes: hashes of store paths and placeholders.
    pub(crate) references: TextPool,
    /// Those of one derivation are next to each other.
    lines: Vec<Line>,
    /// What fills the holes of each line's template, in order of place.
    fillings: Vec<u32>,
}

/// One text of a recipe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) part: Part,
    pub(crate) template: u32,
    /// What fills the template's holes is `fillings[start..end]`.
    start: u32,
    end: u32,
}

/// Which text of a recipe it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Builder,
    /// One of the arguments, which come in order.
    Argument,
    /// The environment variable with that key.
    Env(u32),
}

impl Part {
    /// A number that no other part has.
    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Builder => 0,
            Self::Argument => 1,
            Self::Env(key) => u64::from(key) + 2,
        }
    }
}

/// Where a derivation's lines are among all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Recipes {
    /// Keeps a variable for the recipe that the next [`finish`](Self::finish) ends.
    pub(crate) fn variable(&mut self, key: &str, value: &str) -> Line {
        let key = self.keys.number(key);
        self.text(Part::Env(key), value)
    }

    fn text(&mut self, part: Part, text: &str) -> Line {
        let start = self.fillings.len() as u32;
        let template = holes::cut(text, |hash| {
            self.fillings.push(self.references.number(hash));
        });
        Line {
            part,
            template: self.templates.number(&template),
            start,
            end: self.fillings.len() as u32,
        }
    }

    /// Ends a recipe. Of several variables of one name the first counts.
    pub(crate) fn finish(&mut self, derivation: &Derivation, mut variables: Vec<Line>) -> Span {
        let start = self.lines.len() as u32;
        let builder = self.text(Part::Builder, derivation.builder());
        self.lines.push(builder);
        for arg in derivation.args() {
            let arg = self.text(Part::Argument, arg);
            self.lines.push(arg);
        }
        // The sort is stable: the first of one name stays the first.
        variables.sort_by(|a, b| self.name_of(a.part).cmp(self.name_of(b.part)));
        variables.dedup_by_key(|entry| entry.part);
        self.lines.append(&mut variables);
        Span {
            start,
            end: self.lines.len() as u32,
        }
    }

    /// The recipe of a derivation of which the reader kept the environment.
    pub(crate) fn add_kept(&mut self, derivation: &Derivation) -> Span {
        let variables = derivation.kept_env();
        let variables = variables.map(|(key, value)| self.variable(key, value));
        let variables = variables.collect();
        self.finish(derivation, variables)
    }

    /// Builder, arguments in order, variables in ascending order of name.
    pub(crate) fn lines(&self, span: Span) -> &[Line] {
        &self.lines[span.start as usize..span.end as usize]
    }

    /// What fills the holes of a line's template, in order of place: numbers of references.
    pub(crate) fn fillings(&self, entry: Line) -> &[u32] {
        &self.fillings[entry.start as usize..entry.end as usize]
    }

    /// The variable's name; empty for what is no variable.
    pub(crate) fn name_of(&self, part: Part) -> &str {
        match part {
            Part::Env(key) => self.keys.get(key),
            Part::Builder | Part::Argument => "",
        }
    }

    /// A line's text, as it was read.
    pub(crate) fn whole_text(&self, entry: Line) -> Cow<'_, str> {
        let template = self.templates.get(entry.template);
        if entry.start == entry.end {
            return template.into();
        }
        let mut pieces = template.split(HOLE);
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for (&reference, piece) in self.fillings(entry).iter().zip(pieces) {
            text.push_str(self.references.get(reference));
            text.push_str(piece);
        }
        text.into()
    }
}
