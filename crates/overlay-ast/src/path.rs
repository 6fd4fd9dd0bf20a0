//! Where in a value something stands.

use std::fmt;

/// One step of an [`AttrPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// An attribute of a set, by its decoded name.
    Name(String),
    /// An element of a list, counted from 0.
    Index(usize),
}

/// The way from the root of a value to a part of it.
///
/// `Display` writes it as Nix would be asked for it, `packages."my tool".flags[2]`; the root
/// itself is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttrPath(pub Vec<Segment>);

impl AttrPath {
    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Name(name) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_plain_name(name) {
                        f.write_str(name)?;
                    } else {
                        write!(f, "{name:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether Nix reads `name` as an attribute name without quotes.
pub(crate) fn is_plain_name(name: &str) -> bool {
    const KEYWORDS: [&str; 9] = [
        "assert", "else", "if", "in", "inherit", "let", "rec", "then", "with",
    ];
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\''))
        && !KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_quoted() {
        let name = |name: &str| Segment::Name(name.to_owned());
        let path = AttrPath(vec![
            name("packages"),
            name("a b"),
            Segment::Index(2),
            name("in"),
        ]);
        assert_eq!(path.to_string(), r#"packages."a b"[2]."in""#);
        assert_eq!(AttrPath::default().to_string(), "");
    }
}
