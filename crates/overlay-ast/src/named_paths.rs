//! The paths that a file names.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode, SyntaxToken};

use crate::{Document, Error, Span};

/// Functions that are given a folder and read what is in it.
const READING: [&str; 5] = [
    "readDir",
    "listFilesRecursive",
    "packagesFromDirectoryRecursive",
    "import-tree",
    "importTree",
];

/// A path that a file names, as far as it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPath {
    /// The expression that names it.
    pub span: Span,
    /// What it is relative to.
    pub base: PathBase,
    /// The path from there, as it is written: `./overlays/zlib.nix`.
    pub path: String,
    /// Whether more follows that is computed, or the path is a folder of which all is read: what
    /// begins so may be meant.
    pub open: bool,
}

/// What a path is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathBase {
    /// The folder of the file that names it.
    Folder,
    /// The root of the file system.
    Root,
    /// A value that is not known here, such as `self` in `self + "/overlays"`.
    Value,
}

impl Document {
    /// The paths that the file names, in the order of the text: `./x.nix` wherever it stands,
    /// `./overlays + "/x.nix"`, `"${./overlays}/x.nix"`, and of values that are not known here,
    /// `self + "/x.nix"` and `"${inputs.self}/x.nix"`. What is commented out is none of them, nor is a
    /// string that is no path. Takes time linear in the file.
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse(r#"[
    ///   (import ./zlib.nix)
    ///   ## (import ./git.nix)
    ///   (import (self + "/curl.nix"))
    ///   (map (name: import (./more + "/${name}.nix")) [ "xz.nix" ])
    /// ]"#);
    /// let paths = file.named_paths()?;
    /// let shown: Vec<_> = paths.iter().map(|it| (&*it.path, it.open)).collect();
    /// assert_eq!(shown, [("./zlib.nix", false), ("/curl.nix", false), ("./more/", true)]);
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`].
    pub fn named_paths(&self) -> Result<Vec<NamedPath>, Error> {
        let mut found = Vec::new();
        let mut rest = vec![self.root()?];
        while let Some(node) = rest.pop() {
            let Some(named) = Named::of(&node) else {
                rest.extend(node.children());
                continue;
            };
            rest.extend(named.computed);
            found.push(NamedPath {
                span: node.text_range().into(),
                base: named.base,
                path: named.path,
                open: named.open,
            });
        }
        found.sort_by_key(|path| path.span);
        Ok(found)
    }
}

/// A path, and the expressions in it that are computed.
struct Named {
    base: PathBase,
    path: String,
    open: bool,
    computed: Vec<SyntaxNode>,
}

impl Named {
    fn of(node: &SyntaxNode) -> Option<Self> {
        match node.kind() {
            NODE_PAREN => Self::of(&node.first_child()?),
            NODE_PATH_REL => Some(Self::literal(PathBase::Folder, node)),
            NODE_PATH_ABS => Some(Self::literal(PathBase::Root, node)),
            NODE_STRING => Self::string(node),
            NODE_BIN_OP => Self::sum(node),
            NODE_APPLY => Self::read(node),
            _ => None,
        }
    }

    fn literal(base: PathBase, node: &SyntaxNode) -> Self {
        let mut named = Self {
            base,
            path: String::new(),
            open: false,
            computed: Vec::new(),
        };
        named.extend(node.children_with_tokens());
        named
    }

    /// `"${base}/path"`.
    fn string(node: &SyntaxNode) -> Option<Self> {
        let mut parts = node.children_with_tokens();
        let first = parts.find(|part| part.kind() != TOKEN_STRING_START)?;
        let value = first.into_node().filter(|it| it.kind() == NODE_INTERPOL)?;
        let mut named = Self::base(&value.first_child()?)?;
        named.extend(parts);
        named.known()
    }

    /// `base + "/path"`.
    fn sum(node: &SyntaxNode) -> Option<Self> {
        let is_sum = node
            .children_with_tokens()
            .any(|part| part.kind() == TOKEN_ADD);
        let mut sides = node.children().filter(|_| is_sum);
        let (base, path) = (sides.next()?, sides.next()?);
        let mut named = Self::base(&base)?;
        if path.kind() == NODE_STRING {
            named.extend(path.children_with_tokens());
        } else {
            named.open = true;
            named.computed.push(path);
        }
        named.known()
    }

    /// `readDir path`.
    fn read(node: &SyntaxNode) -> Option<Self> {
        let (function, folder) = (node.first_child()?, node.last_child()?);
        let name = function.to_string();
        let name = name.rsplit('.').next()?.trim();
        let mut named = Self::of(&folder).filter(|_| READING.contains(&name))?;
        if !named.open {
            named.path.push('/');
        }
        named.open = true;
        named.computed.push(function);
        Some(named)
    }

    /// What a path is relative to: another path, or a value.
    fn base(node: &SyntaxNode) -> Option<Self> {
        Self::of(node).or_else(|| {
            let is_value = matches!(node.kind(), NODE_IDENT | NODE_SELECT);
            is_value.then(|| Self {
                base: PathBase::Value,
                path: String::new(),
                open: false,
                computed: vec![node.clone()],
            })
        })
    }

    /// Goes on with what is written out of a path or string, up to what is computed.
    fn extend(&mut self, parts: impl Iterator<Item = NodeOrToken<SyntaxNode, SyntaxToken>>) {
        for part in parts {
            match part {
                NodeOrToken::Node(part) => {
                    self.open = true;
                    self.computed.push(part);
                }
                NodeOrToken::Token(part) => {
                    let is_text = !matches!(part.kind(), TOKEN_STRING_START | TOKEN_STRING_END);
                    if is_text && !self.open {
                        self.path.push_str(part.text());
                    }
                }
            }
        }
    }

    /// Of a value that is not known, only a path below it says something.
    fn known(self) -> Option<Self> {
        let says = self.base != PathBase::Value
            || self.path.starts_with('/') && !self.path.trim_matches('/').is_empty();
        says.then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expect: Expect) {
        let (document, problems) = Document::parse(text);
        assert_eq!(problems, []);
        let paths = document.named_paths().expect("it is read");
        let shown = paths.iter().map(|named| {
            let more = if named.open { " and more" } else { "" };
            format!("{:?} {}{more}", named.base, named.path)
        });
        expect.assert_eq(&shown.collect::<Vec<_>>().join("; "));
    }

    #[test]
    fn wherever_a_path_stands() {
        check(
            "[ ./a.nix (import ../b/c.nix hw) /etc/d.nix ]",
            expect!["Folder ./a.nix; Folder ../b/c.nix; Root /etc/d.nix"],
        );
        check(
            "{ callPackage }: callPackage ./a.nix { src = ./b; }",
            expect!["Folder ./a.nix; Folder ./b"],
        );
    }

    #[test]
    fn what_is_no_path() {
        check(
            "[ # ./a.nix\n /* ./b.nix */ \"./c.nix\" ''./d.nix'' <e/f.nix> ~/g.nix ]",
            expect![""],
        );
        check("\"see ${./a.nix}\"", expect!["Folder ./a.nix"]);
        check("\"${a}b/c.nix ${d}\" + \"/e.nix\"", expect![""]);
    }

    #[test]
    fn parts_that_are_put_together() {
        check("./a + \"/b.nix\"", expect!["Folder ./a/b.nix"]);
        check("(./. + \"/a/${b}.nix\")", expect!["Folder ././a/ and more"]);
        check("\"${./a}/b.nix\"", expect!["Folder ./a/b.nix"]);
        check("./a/${b}/c.nix", expect!["Folder ./a/ and more"]);
        check("./a + b", expect!["Folder ./a and more"]);
        check("(./a + \"/b\") + \"/c.nix\"", expect!["Folder ./a/b/c.nix"]);
        check(
            "./a/${import ./b.nix}.nix",
            expect!["Folder ./a/ and more; Folder ./b.nix"],
        );
    }

    #[test]
    fn below_a_value() {
        check("self + \"/a/b.nix\"", expect!["Value /a/b.nix"]);
        check("\"${inputs.self}/a/${b}\"", expect!["Value /a/ and more"]);
        check("a + \"b.nix\" + c", expect![""]);
    }

    #[test]
    fn folders_that_are_read() {
        check("builtins.readDir ./a", expect!["Folder ./a/ and more"]);
        check(
            "lib.filesystem.listFilesRecursive (./. + \"/a\")",
            expect!["Folder ././a/ and more"],
        );
        check("import-tree ./a", expect!["Folder ./a/ and more"]);
        check("readDir (import ./a.nix)", expect!["Folder ./a.nix"]);
    }
}
