//! The packages that a file's overlays define.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use super::chain::{Call, chains};
use super::overlay::Overlay;
use crate::names::Names;
use crate::{Document, Error, Key, KeyPath, Span, scope};

/// A package that an overlay defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name in the overlay.
    pub path: KeyPath,
    /// `name = value;`, or the name in an `inherit`.
    pub definition: Span,
    /// The functions that override it, in the order in which they are called, such as `override`
    /// and then `overrideAttrs`; empty for a plain package. Those in the file's own functions are
    /// among them.
    pub overrides: Vec<String>,
    /// Whether all of this holds only under a condition.
    pub conditional: bool,
}

impl Document {
    /// The packages that the overlays of the file define, in the order of the text.
    ///
    /// Sets in an overlay are looked into: `llvmPackages.llvm`. Takes time linear in the file,
    /// but for functions of the file that many packages share.
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse("final: prev: {
    ///   tidy = prev.tidy;
    ///   zlib = (prev.zlib.override { static = true; }).overrideAttrs (old: { });
    /// }");
    /// let packages = file.packages()?;
    /// assert_eq!(packages[0].overrides, [""; 0]);
    /// assert_eq!(packages[1].overrides, ["override", "overrideAttrs"]);
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if there is no overlay; [`Error::Unreadable`].
    pub fn packages(&self) -> Result<Vec<Package>, Error> {
        let root = self.root()?;
        let names = Names::of(self.text(), &root, &mut |_| {});
        let mut reader = Reader {
            names,
            found: Vec::new(),
        };
        for overlay in Overlay::all(&root)? {
            reader.set(&overlay.body, &[], false);
        }
        reader.found.sort_by_key(|package| package.definition);
        Ok(reader.found)
    }
}

struct Reader<'t> {
    names: Names<'t>,
    found: Vec<Package>,
}

impl Reader<'_> {
    /// The packages in a value; whether there is a set in it.
    fn set(&mut self, value: &SyntaxNode, outer: &[Key], conditional: bool) -> bool {
        let mut leaves = scope::leaves(value, TOKEN_UPDATE);
        leaves.retain(|leaf| leaf.node.kind() == NODE_ATTR_SET);
        for leaf in &leaves {
            let conditional = conditional || leaf.conditional;
            for entry in leaf.node.children() {
                match entry.kind() {
                    NODE_ATTRPATH_VALUE => self.entry(&entry, outer, conditional),
                    NODE_INHERIT => {
                        let names = entry.children().filter(|n| n.kind() != NODE_INHERIT_FROM);
                        for name in names {
                            let span = Span::from(name.text_range());
                            let key = Key::of(&name).into_iter().collect();
                            self.package(outer, key, span, Vec::new(), conditional);
                        }
                    }
                    _ => {}
                }
            }
        }
        !leaves.is_empty()
    }

    fn entry(&mut self, entry: &SyntaxNode, outer: &[Key], conditional: bool) {
        let Some(keys) = entry.first_child().and_then(|path| KeyPath::of(&path)) else {
            return;
        };
        let value = scope::value(entry);
        let path = [outer, &keys].concat();
        if value.kind() != NODE_LAMBDA && self.set(&value, &path, conditional) {
            return;
        }
        let mut chains = chains(&value, None, &self.names);
        let some = chains.iter().any(Vec::is_empty);
        // Of several branches, the one that does most is shown.
        chains.sort_by_key(Vec::len);
        let longest = chains.pop().unwrap_or_default();
        let conditional = conditional || some && !longest.is_empty();
        let calls = longest
            .into_iter()
            .rev()
            .map(|Call { function, .. }| function);
        let span = entry.text_range().into();
        self.package(outer, keys, span, calls.collect(), conditional);
    }

    fn package(
        &mut self,
        outer: &[Key],
        keys: Vec<Key>,
        definition: Span,
        overrides: Vec<String>,
        conditional: bool,
    ) {
        if let Some(path) = KeyPath::new([outer, &keys].concat()) {
            self.found.push(Package {
                path,
                definition,
                overrides,
                conditional,
            });
        }
    }
}
