//! Attribute paths as they are written in a file.

#![allow(
    clippy::enum_glob_use,
    reason = "the names carry a prefix of their own"
)]

use std::fmt;
use std::str::FromStr;

use rnix::SyntaxKind::*;
use rnix::SyntaxNode;

use crate::path::is_plain_name;
use crate::{Error, literal, parse};

/// One name of a [`KeyPath`].
///
/// `a`, `"a"` and `${"a"}` are one static name. `${u}` equals `"${u}"`, by the text of its
/// expression, and never a static name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A name that is known, decoded.
    Static(String),
    /// A name that is computed: the expression, or a string with `${…}` in it, as it is written.
    Dynamic(String),
}

impl Key {
    /// The key that a part of an attribute path is.
    pub(crate) fn of(node: &SyntaxNode) -> Option<Self> {
        match node.kind() {
            NODE_IDENT => Some(Self::Static(node.to_string())),
            NODE_STRING => {
                if let Some(name) = decoded(node) {
                    return Some(Self::Static(name));
                }
                let mut parts = node
                    .children_with_tokens()
                    .filter(|part| !matches!(part.kind(), TOKEN_STRING_START | TOKEN_STRING_END));
                match (parts.next(), parts.next()) {
                    (Some(rnix::NodeOrToken::Node(only)), None) => Self::of(&only),
                    _ => Some(Self::Dynamic(node.to_string())),
                }
            }
            NODE_DYNAMIC | NODE_INTERPOL => {
                let expression = node.first_child()?;
                if expression.kind() == NODE_STRING {
                    return Self::of(&expression);
                }
                Some(Self::Dynamic(words(&expression.to_string())))
            }
            _ => None,
        }
    }
}

fn decoded(string: &SyntaxNode) -> Option<String> {
    let computed = string.children().next().is_some();
    (!computed).then(|| literal::decoded(&string.to_string()))
}

/// A text with every run of white space as one blank.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Static(name) if is_plain_name(name) => f.write_str(name),
            Self::Static(name) => f.write_str(&literal::quoted(name)),
            Self::Dynamic(text) if text.starts_with('"') => f.write_str(text),
            Self::Dynamic(text) => write!(f, "${{{text}}}"),
        }
    }
}

/// An attribute path such as `home-manager.users.${user}."my tool".enable`; never empty.
///
/// ```
/// use overlay_ast::KeyPath;
///
/// let path: KeyPath = r#"a."b".${u}"#.parse()?;
/// assert_eq!(path, r#""a".b."${u}""#.parse()?);
/// assert_eq!(path.to_string(), "a.b.${u}");
/// # Ok::<(), overlay_ast::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<Key>);

impl KeyPath {
    /// Its names, from the outside in.
    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// The path of these names, if there are any.
    pub(crate) fn new(keys: Vec<Key>) -> Option<Self> {
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The path of one name.
    pub(crate) fn from_name(name: &str) -> Self {
        Self(vec![Key::Static(name.to_owned())])
    }

    /// This path, and `rest` behind it.
    pub(crate) fn join(&self, rest: &Self) -> Self {
        Self([&self.0[..], &rest.0].concat())
    }

    /// This path with another last name.
    pub(crate) fn renamed(&self, name: &str) -> Self {
        let mut keys = self.0.clone();
        keys.pop();
        keys.push(Key::Static(name.to_owned()));
        Self(keys)
    }

    /// Whether it is of an attribute in the set `name`.
    pub(crate) fn is_in(&self, name: &str) -> bool {
        matches!(&self.0[..], [Key::Static(first), _, ..] if first == name)
    }

    /// The path that a node of the tree is.
    pub(crate) fn of(attrpath: &SyntaxNode) -> Option<Vec<Key>> {
        attrpath.children().map(|part| Key::of(&part)).collect()
    }
}

impl FromStr for KeyPath {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`] if it is not exactly one attribute path.
    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let root = parse::parse(&format!("{{{text}\n= 0;}}")).ok()?;
            let set = root.first_child()?;
            let mut entries = set.children();
            let entry = entries.next()?;
            let mut parts = entry.children();
            let (attrpath, value) = (parts.next()?, parts.next()?);
            // Whatever else stood in it would be more than the path that was read.
            let whole = attrpath.to_string() == text.trim()
                && value.to_string() == "0"
                && set.kind() == NODE_ATTR_SET
                && entries.next().is_none();
            whole.then(|| KeyPath::of(&attrpath)).flatten()
        };
        read().map(Self).ok_or_else(|| Error::Invalid {
            text: text.to_owned(),
            wanted: "an attribute path",
            hint: "names joined by dots, odd ones in quotes: a.\"b c\".${d}",
        })
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            key.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one_path() {
        for (text, shown) in [
            ("a", "a"),
            (" a.b ", "a.b"),
            ("\"a b\".c", "\"a b\".c"),
            ("${\"k\"}", "k"),
            ("\"${u}\".x", "${u}.x"),
            ("\"a-${u}\"", "\"a-${u}\""),
            ("${f  x}", "${f x}"),
            ("\"in\"", "\"in\""),
        ] {
            assert_eq!(text.parse::<KeyPath>().unwrap().to_string(), shown);
        }
        for text in [
            "", "a b", "a = 1; b", "a # x", "a;b", "a.", "1", "in", "} // { a",
        ] {
            assert!(text.parse::<KeyPath>().is_err(), "{text}");
        }
    }

    #[test]
    fn computed_names_equal_no_known_ones() {
        let key = |text: &str| text.parse::<KeyPath>().unwrap();
        assert_ne!(key("${u}"), key("u"));
        assert_ne!(key("\"a-${u}\""), key("${u}"));
    }
}
