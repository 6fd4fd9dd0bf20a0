//! Attribute sets, and how Nix merges split definitions.

use std::collections::BTreeMap;

use super::{Literal, Value};
use crate::{AttrPath, Code, Diagnostic, Segment, Span};

/// An attribute set, in the order in which its attributes are first defined.
#[derive(Clone, Debug, Default)]
pub struct Attrs {
    entries: Vec<Attr>,
    by_name: BTreeMap<String, usize>,
}

/// One attribute of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Attr {
    /// The name, decoded: `"a"` is `a`.
    pub name: String,
    /// Where it is first defined: the name as it is written there, quotes included.
    pub name_span: Span,
    /// The value.
    pub value: Literal,
}

impl Attrs {
    /// The attribute called `name`. Takes time logarithmic in the number of attributes.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.by_name.get(name).map(|&at| &self.entries[at])
    }

    /// The attributes, in the order in which they are first defined.
    pub fn iter(&self) -> std::slice::Iter<'_, Attr> {
        self.entries.iter()
    }

    /// How many attributes there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no attribute.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn push(&mut self, attr: Attr) -> &mut Attr {
        let at = self.entries.len();
        self.by_name.insert(attr.name.clone(), at);
        self.entries.push(attr);
        &mut self.entries[at]
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Attr> {
        let &at = self.by_name.get(name)?;
        Some(&mut self.entries[at])
    }

    /// Adds `path = value;`, defined at `definition`.
    ///
    /// Sets merge with sets at any depth, as in Nix 2.26 and 2.34. (Nix 2.8 refuses two sets that
    /// share a set, `a = { b = {…}; }; a = { b = {…}; };`, and merges the rest in the same way.)
    /// Anything else that is defined twice goes to `found`, and the first definition stands.
    pub(super) fn define(
        &mut self,
        path: &[Name],
        value: Literal,
        definition: Span,
        prefix: &mut Vec<Segment>,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some((name, rest)) = path.split_first() else {
            return;
        };
        let known = prefix.len();
        prefix.push(Segment::Name(name.text.clone()));
        if rest.is_empty() {
            self.define_one(name, value, definition, prefix, found);
        } else {
            if self.get_mut(&name.text).is_none() {
                self.push(Attr {
                    name: name.text.clone(),
                    name_span: name.span,
                    value: Literal {
                        span: definition,
                        value: Value::Attrs(Self::default()),
                    },
                });
            }
            match self.get_mut(&name.text) {
                Some(Attr {
                    value:
                        Literal {
                            value: Value::Attrs(inner),
                            ..
                        },
                    ..
                }) => {
                    inner.define(rest, value, definition, prefix, found);
                }
                Some(first) => found.push(at(prefix, duplicate(first.name_span, name.span))),
                None => {}
            }
        }
        prefix.truncate(known);
    }

    fn define_one(
        &mut self,
        name: &Name,
        value: Literal,
        definition: Span,
        prefix: &mut Vec<Segment>,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(first) = self.get_mut(&name.text) else {
            self.push(Attr {
                name: name.text.clone(),
                name_span: name.span,
                value,
            });
            return;
        };
        match (&mut first.value.value, value.value) {
            (Value::Attrs(first), Value::Attrs(second)) => {
                for attr in second.entries {
                    let name = [Name {
                        text: attr.name,
                        span: attr.name_span,
                    }];
                    first.define(&name, attr.value, definition, prefix, found);
                }
            }
            _ => found.push(at(prefix, duplicate(first.name_span, name.span))),
        }
    }
}

impl PartialEq for Attrs {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<'a> IntoIterator for &'a Attrs {
    type Item = &'a Attr;
    type IntoIter = std::slice::Iter<'a, Attr>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One name of an attribute path, decoded.
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

/// The diagnostic of an attribute that is defined twice.
pub(crate) fn duplicate(first: Span, second: Span) -> Diagnostic {
    Diagnostic::new(
        Code::DuplicateAttribute,
        second,
        "the attribute is defined twice",
    )
    .label(first, "first defined here")
    .hint("keep one of the two; only attribute sets merge")
}

fn at(path: &[Segment], mut diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.path = AttrPath(path.to_vec());
    diagnostic
}
