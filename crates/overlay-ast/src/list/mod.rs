//! Lists, with the elements that are commented out.

mod disabled;
mod insert;
mod name;
mod read;
mod remove;
mod toggle;

pub use insert::Place;
pub(crate) use insert::{New, Side};
pub(crate) use name::At;
pub(crate) use read::Container;
pub(crate) use remove::cut;

use crate::{Document, Error, KeyPath, Span};
use read::Lists;

/// A list of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// From `[` to `]`.
    pub span: Span,
    /// Whether it counts only under a condition: `lib.optionals`, `lib.mkIf`, `if`.
    pub conditional: bool,
    /// Its elements, in the order of the text, and with them those that are commented out.
    pub elements: Vec<Element>,
}

/// An element of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// The element; of one that is commented out, the comment.
    pub span: Span,
    /// The element as it is written, without the comment's marks.
    pub text: String,
    /// Whether it counts: it is not commented out.
    pub enabled: bool,
}

impl Document {
    /// The lists that the attribute `path` is made of, through `++`, `with`, `lib.optionals`,
    /// `lib.mkIf` and the like; without a path, those of the file itself.
    ///
    /// A comment counts as an element that is commented out if it is on lines of its own, or
    /// between `/*` and `*/`, and its text is one element: in parentheses, a path, a selection
    /// such as `pkgs.hello`, a string, a list or a set. A single word is taken for prose.
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse("{
    ///   imports = [
    ///     ./a.nix
    ///     ## not yet:
    ///     ## ./b.nix
    ///   ];
    /// }");
    /// let lists = file.lists(Some(&"imports".parse()?))?;
    /// let shown: Vec<_> = lists[0].elements.iter().map(|e| (&*e.text, e.enabled)).collect();
    /// assert_eq!(shown, [("./a.nix", true), ("./b.nix", false)]);
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Document::get`]; [`Error::Conflict`] if it is not a list.
    pub fn lists(&self, path: Option<&KeyPath>) -> Result<Vec<List>, Error> {
        let lists = match path {
            Some(path) => Lists::at(self, path)?,
            None => Lists::of_body(self)?,
        };
        Ok(lists.0.iter().map(list).collect())
    }

    /// Every list that an attribute of the file is made of, with the path of the attribute in the
    /// outermost set, in the order of the text; those that the file itself is have the path `.`.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`].
    pub fn all_lists(&self) -> Result<Vec<(String, List)>, Error> {
        let found = Lists::defined(self)?;
        Ok(found
            .iter()
            .flat_map(|(path, lists)| lists.0.iter().map(|node| (path.clone(), list(node))))
            .collect())
    }
}

fn list(node: &read::Container) -> List {
    let items = node.items.iter().filter(|item| item.counts());
    List {
        span: node.span,
        conditional: node.conditional,
        elements: items
            .map(|item| Element {
                span: item.span,
                text: item.text(),
                enabled: item.enabled,
            })
            .collect(),
    }
}
