//! An expression that an edit puts into a file.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::fmt;
use std::str::FromStr;

use rnix::SyntaxKind::*;
use rnix::{NodeOrToken, SyntaxNode};

use crate::{Error, parse};

/// Exactly one Nix expression, as it is written.
///
/// ```
/// use overlay_ast::Expression;
///
/// let flag: Expression = " lib.mkForce true ".parse()?;
/// assert_eq!(flag.to_string(), "lib.mkForce true");
/// assert!("1; evil = 2".parse::<Expression>().is_err());
/// assert!("1 2 +".parse::<Expression>().is_err());
/// # Ok::<(), overlay_ast::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    green: rowan::GreenNode,
}

impl FromStr for Expression {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`] if it is not one expression, or has a comment before or after it, which
    /// would end up somewhere else.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = |hint| Error::Invalid {
            text: text.to_owned(),
            wanted: "one Nix expression",
            hint,
        };
        let root = parse::parse(text)
            .map_err(|_| invalid("write it as it would stand behind `=`, without `;`"))?;
        let mut parts = root
            .children_with_tokens()
            .filter(|part| part.kind() != TOKEN_WHITESPACE);
        match (parts.next(), parts.next()) {
            (Some(NodeOrToken::Node(node)), None) => Ok(Self {
                text: node.to_string(),
                green: root.green().to_owned(),
            }),
            _ => Err(invalid("leave out the comment around it")),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Expression {
    pub(crate) fn node(&self) -> SyntaxNode {
        let root = SyntaxNode::new_root(self.green.clone());
        root.first_child().unwrap_or(root)
    }

    /// Whether it refers to `name`, bound in it or not.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        let mut nodes = self.node().descendants();
        nodes.any(|node| {
            let is_reference = node.parent().is_none_or(|parent| {
                !matches!(
                    parent.kind(),
                    NODE_ATTRPATH | NODE_IDENT_PARAM | NODE_PAT_BIND
                )
            });
            node.kind() == NODE_IDENT && is_reference && node.to_string() == name
        })
    }

    /// As an element of a list: in parentheses where it would be several elements without.
    pub(crate) fn as_element(&self) -> String {
        if is_element(&self.node()) {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    /// Its text with `indent` before every line but the first, and lines ended by `line_end`.
    ///
    /// What stands in strings stays as it is.
    pub(crate) fn laid_out(text: &str, indent: &str, line_end: &str) -> String {
        if !text.contains('\n') {
            return text.to_owned();
        }
        let mut out = String::with_capacity(text.len() + 64);
        for (kind, token) in rnix::tokenize(text) {
            if kind == TOKEN_WHITESPACE {
                out.push_str(
                    &token
                        .replace("\r\n", "\n")
                        .replace('\n', &format!("{line_end}{indent}")),
                );
            } else if kind == TOKEN_COMMENT {
                out.push_str(token.trim_end_matches('\r'));
            } else {
                out.push_str(token);
            }
        }
        out
    }
}

/// Whether Nix reads the node as one element of a list.
pub(crate) fn is_element(node: &SyntaxNode) -> bool {
    match node.kind() {
        // `a or b` without a dot is an application to rnix and, before 2.24, to Nix.
        NODE_SELECT => {
            node.children_with_tokens()
                .all(|part| part.kind() != TOKEN_OR)
                || node.children().count() == 3
        }
        NODE_LITERAL | NODE_STRING | NODE_PATH_ABS | NODE_PATH_REL | NODE_PATH_HOME
        | NODE_PATH_SEARCH | NODE_PAREN | NODE_LIST | NODE_ATTR_SET | NODE_IDENT | NODE_CUR_POS
        | NODE_LEGACY_LET => true,
        _ => false,
    }
}

/// A text as what one element of a list parses to, if it is one; comments around it are allowed
/// behind it.
pub(crate) fn element(text: &str) -> Option<SyntaxNode> {
    let root = parse::parse(&format!("[{text}\n]")).ok()?;
    let list = root.first_child()?;
    let mut elements = list.children();
    let only = elements.next()?;
    let starts = text.len() - text.trim_start().len() + 1;
    (list.kind() == NODE_LIST
        && list.parent()?.kind() == NODE_ROOT
        && elements.next().is_none()
        && is_element(&only)
        && usize::from(only.text_range().start()) == starts)
        .then_some(only)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_expression() {
        let ok = |text: &str| text.parse::<Expression>().map(|e| e.as_element()).ok();
        assert_eq!(ok("f x").as_deref(), Some("(f x)"));
        assert_eq!(ok("x: y").as_deref(), Some("(x: y)"));
        assert_eq!(ok("a.b or c").as_deref(), Some("a.b or c"));
        assert_eq!(ok("-1").as_deref(), Some("(-1)"));
        for text in ["", "# x", "1 # x", "/* x */ 1", "1;", "]", "a b +"] {
            assert_eq!(ok(text), None, "{text}");
        }
    }

    #[test]
    fn one_element() {
        for text in ["a", " (f x)", "./a.nix # note", "\"x\"", "a.b"] {
            assert!(element(text).is_some(), "{text}");
        }
        for text in [
            "",
            "a b",
            "to get it",
            "] [ a",
            "(a",
            "# a",
            "note: x",
            "[a] ] // [",
        ] {
            assert!(element(text).is_none(), "{text}");
        }
    }

    #[test]
    fn strings_keep_their_lines() {
        let text = "{\n  a = ''\n  x\n'';\n}";
        assert_eq!(
            Expression::laid_out(text, "\t", "\r\n"),
            "{\r\n\t  a = ''\n  x\n'';\r\n\t}"
        );
    }
}
