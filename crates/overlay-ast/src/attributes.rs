//! Defining attributes and removing definitions, wherever they stand.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::list::{At, Container, New, Side, cut};
use crate::look::{Look, Place};
use crate::scope::{self, Hit};
use crate::{
    Document, Error, Expression, Found, Key, KeyPath, Label, Span, TextEdit, key_path, layout,
};

/// Where what is missing of a path goes.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    set: SyntaxNode,
    /// How many of the names that are there already the entry writes too.
    own: usize,
    /// The entry that it goes behind; none for the last one.
    after: Option<SyntaxNode>,
}

pub(crate) fn nothing(what: &str) -> Error {
    Error::NotFound {
        what: what.to_owned(),
        span: None,
        hint: None,
    }
}

impl Document {
    /// What the definitions of `path` are to who asks.
    pub(crate) fn found(&self, path: &KeyPath, hits: &[Hit]) -> Result<Found, Error> {
        let spans = || hits.iter().map(Hit::definition).collect::<Vec<_>>();
        match hits {
            [] => Err(Error::NotFound {
                what: format!("definition of `{path}`"),
                span: None,
                hint: None,
            }),
            [Hit::Binding(entry)] => Ok(Found::Value {
                value: scope::value(entry).text_range().into(),
                definition: entry.text_range().into(),
            }),
            [Hit::Inherited { name, inherit }] => Ok(Found::Inherited {
                name: name.text_range().into(),
                definition: inherit.text_range().into(),
            }),
            _ if scope::merge(hits) => Ok(Found::Merged {
                definitions: spans(),
            }),
            _ => Err(Error::Ambiguous {
                what: format!("`{path}`"),
                candidates: self.labels(spans()),
            }),
        }
    }

    /// The only definition of `path`, or the first of its parts.
    pub(crate) fn one(&self, path: &KeyPath, hits: Vec<Hit>) -> Result<Option<Hit>, Error> {
        if hits.len() > 1 && !scope::merge(&hits) {
            return Err(Error::Ambiguous {
                what: format!("`{path}`"),
                candidates: self.labels(hits.iter().map(Hit::definition).collect()),
            });
        }
        let several = hits.len() > 1;
        Ok(hits.into_iter().next().map(|hit| match hit {
            Hit::Binding(entry) if several => Hit::Part(entry),
            other => other,
        }))
    }

    /// Defines `path`, wherever `look` says, as the expression `value`.
    pub(crate) fn define(
        &self,
        look: &Look,
        path: &KeyPath,
        value: &Expression,
    ) -> Result<Vec<TextEdit>, Error> {
        match self.one(path, look.hits(path.keys()))? {
            Some(hit) => self.redefine(&hit, path, value),
            None => Ok(vec![self.add(look, path, &value.to_string())?]),
        }
    }

    /// Gives what is defined another value.
    pub(crate) fn redefine(
        &self,
        hit: &Hit,
        path: &KeyPath,
        value: &Expression,
    ) -> Result<Vec<TextEdit>, Error> {
        match hit {
            Hit::Binding(entry) => {
                let old = scope::value(entry);
                let span = Span::from(old.text_range());
                let text = self.text();
                let line_end = layout::line_end(text, span.start);
                let indent = layout::indent(text, usize::from(entry.text_range().start()));
                let new = Expression::laid_out(&value.to_string(), indent, line_end);
                Ok(if new == span.text(text) || same(&old, &value.node()) {
                    Vec::new()
                } else {
                    vec![TextEdit::replace(span, new)]
                })
            }
            Hit::Inherited { name, inherit } => {
                let value = value.to_string();
                self.peel(name, inherit, path.keys().last().map(|key| (key, &*value)))
            }
            Hit::Part(entry) => Err(in_parts(path, entry)),
        }
    }

    /// Without what is defined.
    pub(crate) fn undefine(
        &self,
        hit: Option<&Hit>,
        path: &KeyPath,
    ) -> Result<Vec<TextEdit>, Error> {
        match hit {
            Some(Hit::Binding(entry)) => Ok(self.without(entry)),
            Some(Hit::Inherited { name, inherit }) => self.peel(name, inherit, None),
            Some(Hit::Part(entry)) => Err(in_parts(path, entry)),
            None => Ok(Vec::new()),
        }
    }

    /// Without the entry of a set or `let`.
    pub(crate) fn without(&self, entry: &SyntaxNode) -> Vec<TextEdit> {
        let text = self.text();
        let Some(set) = entry.parent().map(|set| Container::entries(text, &set)) else {
            return Vec::new();
        };
        let start = usize::from(entry.text_range().start());
        let item = set.item_at(start);
        item.map(|item| cut(text, At { list: &set, item }).edit)
            .into_iter()
            .collect()
    }

    /// Takes a name out of its `inherit`, and puts a definition beside it.
    pub(crate) fn peel(
        &self,
        name: &SyntaxNode,
        inherit: &SyntaxNode,
        instead: Option<(&Key, &str)>,
    ) -> Result<Vec<TextEdit>, Error> {
        let text = self.text();
        let entry = instead.map(|(key, value)| format!("{key} = {value};"));
        let only = inherit
            .children()
            .filter(|part| part.kind() != NODE_INHERIT_FROM)
            .count()
            == 1;
        if only {
            return Ok(match entry {
                Some(entry) => {
                    let span = Span::from(inherit.text_range());
                    let indent = layout::indent(text, span.start);
                    let line_end = layout::line_end(text, span.start);
                    let entry = Expression::laid_out(&entry, indent, line_end);
                    let comments = comments_within(text, inherit, &format!("{line_end}{indent}"));
                    vec![TextEdit::replace(span, comments + &entry)]
                }
                None => self.without(inherit),
            });
        }
        let name = Span::from(name.text_range());
        let blank = text[..name.start].trim_end_matches([' ', '\t', '\r', '\n']);
        // A comment before the name stays, and its line with it.
        let own_line = layout::starts_line(text, name.start);
        let gone = if own_line && layout::ends_line(text, name.end) {
            Span::new(
                layout::line_start(text, name.start),
                layout::next_line(text, name.end),
            )
        } else if own_line {
            let rest = &text[name.end..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            Span::new(name.start, name.end + blanks)
        } else {
            Span::new(blank.len(), name.end)
        };
        let mut edits = vec![TextEdit::delete(gone)];
        if let (Some(entry), Some(set)) = (entry, inherit.parent()) {
            let set = Container::entries(text, &set);
            let start = usize::from(inherit.text_range().start());
            if let Some(item) = set.item_at(start) {
                edits.push(New::plain(entry).edit(text, &set, Side::After(item))?);
            }
        }
        Ok(edits)
    }

    /// Adds a definition that is missing.
    pub(crate) fn add(&self, look: &Look, path: &KeyPath, value: &str) -> Result<TextEdit, Error> {
        let text = self.text();
        let keys = path.keys();
        // The longest part of the path that is defined.
        for length in (0..keys.len()).rev() {
            let find = || self.home(look, path, length);
            let Some(home) = look.home(&keys[..length], find)? else {
                continue;
            };
            let own = keys[length - home.own..].iter().map(Key::to_string);
            let names: Vec<String> = own.collect();
            let new = New::plain(format!("{} = {value};", names.join(".")));
            let set = look.entries(text, &home.set);
            let beside = home
                .after
                .and_then(|node| set.item_at(node.text_range().start().into()));
            let side = beside.or(set.items.last()).map_or(Side::Alone, Side::After);
            let edit = new.edit(text, &set, side)?;
            return Ok(match side {
                Side::After(_) if set.is_spaced(text) => apart(text, edit),
                _ => edit,
            });
        }
        Err(nothing("set that the file is"))
    }

    /// Where what is missing of `path` goes if its first `length` names are there; none if they
    /// are not.
    fn home(&self, look: &Look, path: &KeyPath, length: usize) -> Result<Option<Home>, Error> {
        let within = |set| Home {
            set,
            own: 0,
            after: None,
        };
        let known = &path.keys()[..length];
        if known.is_empty() {
            return self.container(look, path).map(|set| Some(within(set)));
        }
        let hits = look.innermost(known);
        let whole = match &hits[..] {
            [] => return Ok(None),
            [.., Hit::Part(last)] if hits.iter().all(|hit| matches!(hit, Hit::Part(_))) => {
                let places = last.parent().zip(own_keys(last, known));
                return Ok(places.map(|(set, own)| Home {
                    set,
                    own,
                    after: Some(last.clone()),
                }));
            }
            [Hit::Binding(entry)] => scope::value(entry),
            [Hit::Inherited { name, .. }] => {
                return Err(not_a_set(path, name.text_range().into()));
            }
            several => {
                let whole = several.iter().find_map(|hit| match hit {
                    Hit::Binding(entry) if scope::merge(several) => Some(scope::value(entry)),
                    _ => None,
                });
                whole.ok_or_else(|| Error::Ambiguous {
                    what: format!("the set to add `{path}` to"),
                    candidates: self.labels(hits.iter().map(Hit::definition).collect()),
                })?
            }
        };
        self.only_set(&whole, path).map(|set| Some(within(set)))
    }

    /// What a path goes into of which nothing is defined.
    fn container(&self, look: &Look, path: &KeyPath) -> Result<SyntaxNode, Error> {
        match &look.place {
            Place::File(root) => match root.first_child() {
                Some(body) => self.only_set(&body, path),
                None => Err(nothing("set that the file is")),
            },
            Place::Lets(root) => {
                let mut lets = scope::outer_lets(root);
                if lets.is_empty() {
                    lets.extend(scope::lets(root));
                }
                match &lets[..] {
                    [only] => Ok(only.clone()),
                    [] => Err(nothing("`let` in this file")),
                    several => Err(Error::Ambiguous {
                        what: format!("the `let` to add `{path}` to"),
                        candidates: self.labels(
                            several
                                .iter()
                                .map(|node| node.text_range().into())
                                .collect(),
                        ),
                    }),
                }
            }
            Place::Value { set, .. } => Ok(set.clone()),
        }
    }

    /// The set that a value is; of several, the one that counts always.
    pub(crate) fn only_set(&self, value: &SyntaxNode, path: &KeyPath) -> Result<SyntaxNode, Error> {
        let leaves = scope::leaves(value, TOKEN_UPDATE);
        let mut sets: Vec<_> = leaves
            .into_iter()
            .filter(|leaf| leaf.node.kind() == NODE_ATTR_SET)
            .collect();
        if sets.len() > 1 && sets.iter().filter(|set| !set.conditional).count() == 1 {
            sets.retain(|set| !set.conditional);
        }
        match &sets[..] {
            [] => Err(not_a_set(path, value.text_range().into())),
            [only] => Ok(only.node.clone()),
            several => Err(Error::Ambiguous {
                what: format!("the set to add `{path}` to"),
                candidates: several
                    .iter()
                    .map(|set| {
                        let span = Span::from(set.node.text_range());
                        Label {
                            span,
                            message: scope::excerpt(self.span_text(span)),
                        }
                    })
                    .collect(),
            }),
        }
    }
}

/// The comments in an `inherit`, but for those in the expression that it takes names from, to stand
/// before what takes its place; `line` begins another line.
fn comments_within(text: &str, inherit: &SyntaxNode, line: &str) -> String {
    let parts = inherit
        .children()
        .filter(|part| part.kind() == NODE_INHERIT_FROM);
    let parts: Vec<SyntaxNode> = parts.chain([inherit.clone()]).collect();
    let tokens = parts.iter().flat_map(SyntaxNode::children_with_tokens);
    let comments = tokens.filter(|part| part.kind() == TOKEN_COMMENT);
    let comments = comments.map(|part| layout::trim_end(text, part.text_range().into()));
    comments.fold(String::new(), |before, span| {
        let comment = span.text(text);
        before + comment + if comment.starts_with('#') { line } else { " " }
    })
}

/// The new lines with a blank one above them, unless a comment would have been closer to what
/// is above than they are.
fn apart(text: &str, edit: TextEdit) -> TextEdit {
    let at = edit.span.start;
    let below = text[at..layout::next_line(text, at)].trim_start();
    if layout::line_start(text, at) != at || below.starts_with(['#', '/']) {
        return edit;
    }
    let line_end = layout::line_end(text, at.saturating_sub(1));
    TextEdit::insert(at, format!("{line_end}{}", edit.insert))
}

/// How many of the last names of `known` the entry itself writes.
pub(crate) fn own_keys(entry: &SyntaxNode, known: &[Key]) -> Option<usize> {
    let keys = KeyPath::of(&entry.first_child()?)?;
    (1..=known.len().min(keys.len()))
        .rev()
        .find(|&length| keys[..length] == known[known.len() - length..])
}

/// Whether two values differ in white space only.
fn same(old: &SyntaxNode, new: &SyntaxNode) -> bool {
    let tokens = |node: &SyntaxNode| {
        let tokens = node.descendants_with_tokens();
        let tokens = tokens.filter_map(rnix::NodeOrToken::into_token);
        tokens
            .filter(|token| token.kind() != TOKEN_WHITESPACE)
            .map(|token| match token.kind() {
                TOKEN_COMMENT => key_path::words(token.text()),
                _ => token.text().to_owned(),
            })
            .collect::<Vec<_>>()
    };
    tokens(old) == tokens(new)
}

pub(crate) fn in_parts(path: &KeyPath, entry: &SyntaxNode) -> Error {
    Error::Conflict {
        message: format!("`{path}` is a set that is defined in parts"),
        span: entry.text_range().into(),
        hint: "name the attribute in it that is meant",
    }
}

fn not_a_set(path: &KeyPath, span: Span) -> Error {
    Error::Conflict {
        message: format!("`{path}` cannot be added to what is not written out as a set"),
        span,
        hint: "set the whole of it",
    }
}
