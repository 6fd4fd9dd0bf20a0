//! Setting and removing attributes.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::list::{At, Container, New, Side, cut};
use crate::scope::{self, Hit};
use crate::{
    Document, Error, Expression, Key, KeyPath, Label, Patch, Span, TextEdit, key_path, layout,
};

impl Document {
    /// Defines the attribute `path` as `value`.
    ///
    /// What defines it already gets the value; a name that is inherited is taken out of the
    /// `inherit`. What is missing is added to the innermost set of the path that is written out,
    /// after its siblings. The attribute is looked for as by [`Document::get`], but outside of the
    /// set that the file is, only names of a `let` are meant: a longer path is another attribute.
    /// The patch is empty if it is so already.
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse("{\n  programs.git.enable = true;\n}");
    /// let patch = file.set(&"programs.git.lfs.enable".parse()?, &"true".parse()?)?;
    /// assert_eq!(
    ///     file.apply(&patch)?.0.text(),
    ///     "{\n  programs.git.enable = true;\n  programs.git.lfs.enable = true;\n}"
    /// );
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every definition, or every set that it could be added to;
    /// [`Error::Conflict`] if it is defined in parts, or a part of its path is a value that is not
    /// written out as a set; [`Error::Unreadable`].
    pub fn set(&self, path: &KeyPath, value: &Expression) -> Result<Patch, Error> {
        let root = self.root()?;
        let edits = match self.one(&root, path)? {
            Some(Hit::Binding(entry)) => {
                let old = scope::value(&entry);
                let span = Span::from(old.text_range());
                let text = self.text();
                let line_end = layout::line_end(text, span.start);
                let indent = layout::indent(text, usize::from(entry.text_range().start()));
                let new = Expression::laid_out(&value.to_string(), indent, line_end);
                if new == span.text(text) || same(&old, &value.node()) {
                    Vec::new()
                } else {
                    vec![TextEdit::replace(span, new)]
                }
            }
            Some(Hit::Inherited { name, inherit }) => {
                let key = path.keys().last();
                let entry = key.map_or(String::new(), |key| format!("{key} = {value};"));
                self.peel(&name, &inherit, Some(entry))?
            }
            Some(Hit::Part(entry)) => return Err(in_parts(path, &entry)),
            None => vec![self.add(&root, path, value)?],
        };
        Patch::new(edits)
    }

    /// Removes the definition of the attribute `path`, with the comments that belong to it: those
    /// on the lines directly above it, and the one behind it on its line. It is looked for as by
    /// [`Document::set`]. The patch is empty if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every definition; [`Error::Conflict`] if it is defined in parts;
    /// [`Error::Unreadable`].
    pub fn remove(&self, path: &KeyPath) -> Result<Patch, Error> {
        let root = self.root()?;
        Patch::new(match self.one(&root, path)? {
            Some(Hit::Binding(entry)) => self.without(&entry),
            Some(Hit::Inherited { name, inherit }) => self.peel(&name, &inherit, None)?,
            Some(Hit::Part(entry)) => return Err(in_parts(path, &entry)),
            None => Vec::new(),
        })
    }

    /// The only definition of `path`, or the first of its parts.
    fn one(&self, root: &SyntaxNode, path: &KeyPath) -> Result<Option<Hit>, Error> {
        let mut hits = scope::in_body(root, path.keys());
        if hits.is_empty() {
            hits = scope::in_lets(root, path.keys());
        }
        if hits.len() > 1 {
            if !scope::merge(&hits) {
                return Err(Error::Ambiguous {
                    what: format!("`{path}`"),
                    candidates: self.labels(hits.iter().map(Hit::definition).collect()),
                });
            }
            return Ok(hits.into_iter().next().map(|hit| match hit {
                Hit::Binding(entry) => Hit::Part(entry),
                other => other,
            }));
        }
        Ok(hits.into_iter().next())
    }

    /// Without the entry of a set or `let`.
    fn without(&self, entry: &SyntaxNode) -> Vec<TextEdit> {
        let text = self.text();
        let Some(set) = entry.parent().map(|set| Container::entries(text, &set)) else {
            return Vec::new();
        };
        let start = usize::from(entry.text_range().start());
        let item = set.items.iter().find(|item| item.span.start == start);
        item.map(|item| cut(text, At { list: &set, item }).edit)
            .into_iter()
            .collect()
    }

    /// Takes a name out of its `inherit`, and puts `entry` beside it.
    fn peel(
        &self,
        name: &SyntaxNode,
        inherit: &SyntaxNode,
        entry: Option<String>,
    ) -> Result<Vec<TextEdit>, Error> {
        let text = self.text();
        let only = inherit
            .children()
            .filter(|part| part.kind() != NODE_INHERIT_FROM)
            .count()
            == 1;
        if only {
            return Ok(match entry {
                Some(entry) => vec![TextEdit::replace(inherit.text_range().into(), entry)],
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
            if let Some(item) = set.items.iter().find(|item| item.span.start == start) {
                edits.push(New::plain(entry).edit(text, &set, Side::After(item))?);
            }
        }
        Ok(edits)
    }

    /// Adds a definition that is missing.
    fn add(
        &self,
        root: &SyntaxNode,
        path: &KeyPath,
        value: &Expression,
    ) -> Result<TextEdit, Error> {
        let text = self.text();
        let keys = path.keys();
        // The longest part of the path that is defined.
        for length in (0..keys.len()).rev() {
            let (known, missing) = keys.split_at(length);
            let hits = if known.is_empty() {
                Vec::new()
            } else {
                scope::in_body(root, known)
            };
            let (set, entry_keys, after) = match &hits[..] {
                [] if !known.is_empty() => continue,
                [] => {
                    let Some(body) = root.first_child() else {
                        continue;
                    };
                    (self.only_set(&body, path)?, missing, None)
                }
                [.., Hit::Part(last)] if hits.iter().all(|hit| matches!(hit, Hit::Part(_))) => {
                    let (Some(set), Some(own)) = (last.parent(), own_keys(last, known)) else {
                        continue;
                    };
                    (set, &keys[length - own..], Some(last.clone()))
                }
                [Hit::Binding(entry)] => {
                    (self.only_set(&scope::value(entry), path)?, missing, None)
                }
                [Hit::Inherited { name, .. }] => {
                    return Err(not_a_set(path, name.text_range().into()));
                }
                several => {
                    let whole = several.iter().find_map(|hit| match hit {
                        Hit::Binding(entry) if scope::merge(several) => Some(scope::value(entry)),
                        _ => None,
                    });
                    let Some(whole) = whole else {
                        return Err(Error::Ambiguous {
                            what: format!("the set to add `{path}` to"),
                            candidates: self.labels(hits.iter().map(Hit::definition).collect()),
                        });
                    };
                    (self.only_set(&whole, path)?, missing, None)
                }
            };
            let names: Vec<String> = entry_keys.iter().map(Key::to_string).collect();
            let new = New::plain(format!("{} = {value};", names.join(".")));
            let set = Container::entries(text, &set);
            let beside = after.and_then(|node| {
                let start = usize::from(node.text_range().start());
                set.items.iter().find(|item| item.span.start == start)
            });
            let side = beside.or(set.items.last()).map_or(Side::Alone, Side::After);
            let edit = new.edit(text, &set, side)?;
            return Ok(match side {
                Side::After(_) if set.is_spaced(text) => apart(text, edit),
                _ => edit,
            });
        }
        Err(Error::NotFound {
            what: "set that the file is".to_owned(),
            span: None,
            hint: None,
        })
    }

    /// The set that a value is; of several, the one that counts always.
    fn only_set(&self, value: &SyntaxNode, path: &KeyPath) -> Result<SyntaxNode, Error> {
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
fn own_keys(entry: &SyntaxNode, known: &[Key]) -> Option<usize> {
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

fn in_parts(path: &KeyPath, entry: &SyntaxNode) -> Error {
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
