//! Options for a program, and variables that hold some.

mod append;
mod extend;
mod kind;

use std::fmt;
use std::str::FromStr;

use rnix::SyntaxKind::{NODE_STRING, TOKEN_STRING_CONTENT, TOKEN_STRING_END, TOKEN_STRING_START};
use rnix::{NodeOrToken, SyntaxNode};

use crate::{Error, Expression, literal};

pub(crate) use append::inherited_from;
pub(crate) use extend::{Before, Context, new_value};

/// Options for a program, such as `-O3 -C target-cpu=x86-64-v3`.
///
/// They are read from words between blanks; or from a Nix string, in quotes of its own, whose
/// `${…}` stay what they are. A word that is no option belongs to the option before it, with which
/// it is looked for and appended.
///
/// ```
/// use overlay_ast::Flags;
///
/// let flags: Flags = "-O3  -C opt-level=3".parse()?;
/// assert_eq!(flags.to_string(), r#""-O3 -C opt-level=3""#);
/// let flags: Flags = r#""-march=${march}""#.parse()?;
/// assert_eq!(flags.to_string(), r#""-march=${march}""#);
/// # Ok::<(), overlay_ast::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Options with what belongs to them, each word as it is written between `"`.
    groups: Vec<Vec<String>>,
}

impl FromStr for Flags {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::Invalid`] if there is no word, or what starts with `"` is not one Nix string.
    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = || Error::Invalid {
            text: text.to_owned(),
            wanted: "options for a program",
            hint: "write words such as -O3, or one Nix string in quotes of its own",
        };
        let words = if text.trim_start().starts_with('"') {
            let expression: Expression = text.parse().map_err(|_| invalid())?;
            let node = expression.node();
            if node.kind() != NODE_STRING {
                return Err(invalid());
            }
            words(&node)
        } else {
            let quoted = text.split_whitespace().map(literal::quoted);
            quoted
                .map(|word| word[1..word.len() - 1].to_owned())
                .collect()
        };
        if words.is_empty() || text.contains('\0') {
            return Err(invalid());
        }
        let mut groups: Vec<Vec<String>> = Vec::new();
        for word in words {
            match groups.last_mut() {
                Some(group) if group[0].starts_with('-') && !word.starts_with('-') => {
                    group.push(word);
                }
                _ => groups.push(vec![word]),
            }
        }
        Ok(Self { groups })
    }
}

impl fmt::Display for Flags {
    /// As a Nix string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.text())
    }
}

impl Flags {
    /// Between `"`.
    fn text(&self) -> String {
        let groups: Vec<String> = self.groups.iter().map(|group| group.join(" ")).collect();
        groups.join(" ")
    }

    /// Without those that `words` has.
    fn without(&self, words: &[String]) -> Self {
        let there = |group: &Vec<String>| words.windows(group.len()).any(|part| part == group);
        let missing = self.groups.iter().filter(|group| !there(group));
        Self {
            groups: missing.cloned().collect(),
        }
    }

    /// As strings of Nix: one for each option, or for each word.
    fn strings(&self, each_word: bool) -> Vec<String> {
        let groups = self.groups.iter();
        if each_word {
            groups.flatten().map(|word| format!("\"{word}\"")).collect()
        } else {
            groups
                .map(|group| format!("\"{}\"", group.join(" ")))
                .collect()
        }
    }
}

/// The words of a string, as they are written.
fn words(string: &SyntaxNode) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for part in string.children_with_tokens() {
        match part {
            NodeOrToken::Node(computed) => word.push_str(&computed.to_string()),
            NodeOrToken::Token(token) => match token.kind() {
                TOKEN_STRING_CONTENT => {
                    for c in token.text().chars() {
                        if c.is_ascii_whitespace() {
                            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                        } else {
                            word.push(c);
                        }
                    }
                }
                TOKEN_STRING_START | TOKEN_STRING_END => {}
                _ => word.push_str(token.text()),
            },
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_what_belongs_to_them() {
        let groups = |text: &str| text.parse::<Flags>().map(|flags| flags.strings(false)).ok();
        let some = |strings: &[&str]| Some(strings.iter().map(|&s| s.to_owned()).collect());
        assert_eq!(
            groups("-O3 -C a=b -pipe"),
            some(&["\"-O3\"", "\"-C a=b\"", "\"-pipe\""])
        );
        assert_eq!(groups("A=1 B=2"), some(&["\"A=1\"", "\"B=2\""]));
        assert_eq!(
            groups("-DX=\"a\" ${b}"),
            some(&["\"-DX=\\\"a\\\" \\${b}\""])
        );
        assert_eq!(groups("\"-O${a b} -f\""), some(&["\"-O${a b}\"", "\"-f\""]));
        for text in ["", " ", "\"", "\"a\" + \"b\"", "\" \"", "a\0"] {
            assert_eq!(groups(text), None, "{text}");
        }
    }
}
