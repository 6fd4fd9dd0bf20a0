//! How an element is named: by the whole of it, by its name, or by a part of its name.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::read::{Container, Item, Lists};
use crate::key_path::words;
use crate::{Document, Error, Label, scope};

/// An element among lists.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) list: &'a Container,
    pub(crate) item: &'a Item,
}

impl Lists {
    /// The elements that `query` names best: entirely, else by name, else by a part of the name.
    ///
    /// A comment of one bare word has to be named entirely.
    pub(super) fn named(&self, query: &str) -> Vec<At<'_>> {
        self.named_among(query, |_| true)
    }

    /// The same, of the elements that are `wanted`.
    pub(super) fn named_among(&self, query: &str, wanted: impl Fn(&Item) -> bool) -> Vec<At<'_>> {
        let query = words(query);
        let all = || {
            self.0
                .iter()
                .flat_map(|list| list.items.iter().map(move |item| At { list, item }))
                .filter(|at| wanted(at.item))
        };
        let whole: Vec<_> = all().filter(|at| words(&at.item.text()) == query).collect();
        if !whole.is_empty() || query.is_empty() {
            return whole;
        }
        let named: Vec<(At<'_>, Vec<String>)> = all()
            .filter(|at| at.item.counts())
            .map(|at| (at, names(&at.item.node)))
            .collect();
        let pick = |fits: &dyn Fn(&String) -> bool| -> Vec<At<'_>> {
            let fitting = named.iter().filter(|(_, names)| names.iter().any(fits));
            fitting.map(|(at, _)| *at).collect()
        };
        let exact = pick(&|name| *name == query);
        if exact.is_empty() {
            pick(&|name| name.contains(&query))
        } else {
            exact
        }
    }

    /// The only one of `found`, none if it is empty.
    pub(super) fn only<'a>(
        document: &Document,
        query: &str,
        found: &[At<'a>],
    ) -> Result<Option<At<'a>>, Error> {
        match found {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => Err(Error::Ambiguous {
                what: format!("`{query}`"),
                candidates: several
                    .iter()
                    .map(|at| Label {
                        span: at.item.span,
                        message: scope::excerpt(document.span_text(at.item.span)),
                    })
                    .collect(),
            }),
        }
    }
}

pub(super) fn not_found(query: &str) -> Error {
    Error::NotFound {
        what: format!("element `{query}`"),
        span: None,
        hint: None,
    }
}

/// The names of an element: of paths the file name, with `.nix` and without; of `a.b` the `b`
/// too. A call that mentions paths is named by them: `(import ./x.nix pkgs)` is `x`; an overlay
/// that is written out by what it defines: `(final: prev: { x = …; })` is `x`.
fn names(element: &SyntaxNode) -> Vec<String> {
    let mut paths = Vec::new();
    let mut others = Vec::new();
    collect(element, &mut paths, &mut others);
    if paths.is_empty() { others } else { paths }
}

fn collect(node: &SyntaxNode, paths: &mut Vec<String>, others: &mut Vec<String>) {
    match node.kind() {
        NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME | NODE_PATH_SEARCH => {
            let text = node.to_string();
            let text = text.trim_matches(['<', '>']);
            let file = text.rsplit('/').next().unwrap_or(text);
            paths
                .extend([text, file, file.strip_suffix(".nix").unwrap_or(file)].map(str::to_owned));
        }
        NODE_IDENT => others.push(node.to_string()),
        NODE_SELECT => {
            others.push(words(&node.to_string()));
            let attrpath = node.children().find(|part| part.kind() == NODE_ATTRPATH);
            others.extend(
                attrpath
                    .and_then(|path| path.last_child())
                    .map(|last| last.to_string()),
            );
        }
        NODE_STRING => others.push(node.to_string().trim_matches('"').to_owned()),
        NODE_PAREN | NODE_APPLY | NODE_BIN_OP => {
            for part in node.children() {
                collect(&part, paths, others);
            }
        }
        NODE_LAMBDA => {
            let sets = scope::leaves(node, TOKEN_UPDATE).into_iter();
            let entries = sets.flat_map(|leaf| leaf.node.children().collect::<Vec<_>>());
            let defined = entries.filter(|entry| entry.kind() == NODE_ATTRPATH_VALUE);
            let keys = defined.filter_map(|entry| entry.first_child()?.first_child());
            others.extend(keys.map(|key| key.to_string().trim_matches('"').to_owned()));
        }
        _ => {}
    }
}
