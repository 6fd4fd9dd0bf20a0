//! Where attributes are looked for, and what has been read of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use rnix::{SyntaxNode, TextRange};

use crate::definitions::Definitions;
use crate::list::Container;
use crate::scope::{self, Hit};
use crate::{Key, attributes::Home};

/// Where attributes are looked for, and where those go that are missing.
///
/// What is asked once is looked for among all entries, which is the fastest for one name. From the
/// second question on, what was read is kept, so that each takes time for its answer alone.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) place: Place,
    levels: Vec<Level>,
    asked: Cell<bool>,
    again: Cell<bool>,
    homes: RefCell<HashMap<Vec<Key>, Option<Home>>>,
    entries: RefCell<HashMap<TextRange, Rc<Container>>>,
}

/// The part of a file that is looked through.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The set that the file is; for what is not there, its `let`s. The root of the file.
    File(SyntaxNode),
    /// The `let`s of a file, whose root it is.
    Lets(SyntaxNode),
    /// A value, and what is missing goes into a set of it.
    Value { value: SyntaxNode, set: SyntaxNode },
}

/// Sets in which a name is looked for before it is in others.
#[derive(Debug)]
struct Level {
    of: Sets,
    sets: OnceCell<Vec<SyntaxNode>>,
    definitions: OnceCell<Definitions>,
}

#[derive(Clone, Debug)]
enum Sets {
    /// Those that a value is made of.
    Value(SyntaxNode),
    /// The `let`s around what the file is in the end.
    OuterLets(SyntaxNode),
    /// All `let`s of the file.
    AllLets(SyntaxNode),
}

impl Level {
    fn new(of: Sets) -> Self {
        Self {
            of,
            sets: OnceCell::new(),
            definitions: OnceCell::new(),
        }
    }

    fn sets(&self) -> &[SyntaxNode] {
        self.sets.get_or_init(|| match &self.of {
            Sets::Value(value) => scope::sets(value),
            Sets::OuterLets(root) => scope::outer_lets(root),
            Sets::AllLets(root) => scope::lets(root).collect(),
        })
    }
}

impl Look {
    pub(crate) fn new(place: Place) -> Self {
        let lets = |root: &SyntaxNode| {
            let root = || root.clone();
            [Sets::OuterLets(root()), Sets::AllLets(root())]
        };
        let levels: Vec<Sets> = match &place {
            Place::File(root) => {
                let body = root.first_child().map(Sets::Value);
                body.into_iter().chain(lets(root)).collect()
            }
            Place::Lets(root) => lets(root).into(),
            Place::Value { value, .. } => vec![Sets::Value(value.clone())],
        };
        Self {
            place,
            levels: levels.into_iter().map(Level::new).collect(),
            asked: Cell::new(false),
            again: Cell::new(false),
            homes: RefCell::default(),
            entries: RefCell::default(),
        }
    }

    /// Begins another question.
    fn ask(&self) {
        self.again.set(self.asked.replace(true));
    }

    /// The definitions of `path` in the first sets that have some.
    pub(crate) fn hits(&self, path: &[Key]) -> Vec<Hit> {
        self.ask();
        let mut found = self.levels.iter().map(|level| self.in_level(level, path));
        found.find(|hits| !hits.is_empty()).unwrap_or_default()
    }

    /// The definitions of both paths in the first sets that have some of either.
    pub(crate) fn hits_of_either(&self, one: &[Key], other: &[Key]) -> (Vec<Hit>, Vec<Hit>) {
        self.ask();
        let both = |level| (self.in_level(level, one), self.in_level(level, other));
        let mut found = self.levels.iter().map(both);
        found
            .find(|(one, other)| !one.is_empty() || !other.is_empty())
            .unwrap_or_default()
    }

    /// The definitions of what a missing attribute can go into: a `let` only if one is meant.
    pub(crate) fn innermost(&self, path: &[Key]) -> Vec<Hit> {
        match (&self.place, &self.levels[..]) {
            (Place::File(_), [body, ..]) => self.in_level(body, path),
            (_, levels) => {
                let mut found = levels.iter().map(|level| self.in_level(level, path));
                found.find(|hits| !hits.is_empty()).unwrap_or_default()
            }
        }
    }

    fn in_level(&self, level: &Level, path: &[Key]) -> Vec<Hit> {
        if self.again.get() {
            let read = level
                .definitions
                .get_or_init(|| Definitions::of(level.sets()));
            read.hits(path)
        } else {
            scope::in_sets(level.sets(), path)
        }
    }

    /// Where what is missing behind these names goes, as `find` finds it the first time.
    pub(crate) fn home<E>(
        &self,
        known: &[Key],
        find: impl FnOnce() -> Result<Option<Home>, E>,
    ) -> Result<Option<Home>, E> {
        if let Some(home) = self.homes.borrow().get(known) {
            return Ok(home.clone());
        }
        let home = find()?;
        self.homes.borrow_mut().insert(known.to_vec(), home.clone());
        Ok(home)
    }

    /// The entries of a set or `let` of the text.
    pub(crate) fn entries(&self, text: &str, set: &SyntaxNode) -> Rc<Container> {
        let mut read = self.entries.borrow_mut();
        let read = read.entry(set.text_range());
        Rc::clone(read.or_insert_with(|| Rc::new(Container::entries(text, set))))
    }
}
