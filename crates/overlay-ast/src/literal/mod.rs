//! Nix values that are written out in full, read and written without evaluating Nix.
//!
//! [`from_str`] reads them into any type that [`serde`] can make, and [`to_string`] writes such
//! values; [`parse`] gives the value with the place of each part, and every problem rather than
//! the first.
//!
//! | Nix | [`Value`] | to serde |
//! |---|---|---|
//! | `null` | `Null` | unit, `None` |
//! | `true`, `false` | `Bool` | bool |
//! | `3`, `-3`, `(3)` | `Int` | i64, or u64 where not negative |
//! | `1.5`, `.5e3` | `Float` | f64 |
//! | `"a"`, `''a''`, `http://a` | `String` | string; the name of a unit variant |
//! | `./a`, `/a`, `~/a` | `Path` | string, as written |
//! | `[ 1 2 ]` | `List` | sequence |
//! | `{ a.b = 1; }` | `Attrs` | map, struct; a variant with content if it has one attribute |

mod attrs;
mod de;
mod name;
mod number;
mod read;
mod ser;
mod string;

use serde::de::DeserializeOwned;

pub use crate::strict::MAX_DEPTH;
use crate::{Diagnostic, Error, Span};
pub(crate) use attrs::duplicate;
pub use attrs::{Attr, Attrs};
pub(crate) use read::{path_problem, scalar};
pub(crate) use ser::quoted;
pub use ser::to_string;
pub(crate) use string::decoded;

/// A literal value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// The text of the value, without parentheses around it. The set that `a.b = 1;` makes of
    /// `a` has the place of that definition.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// What a literal can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number; never infinite or NaN.
    Float(f64),
    /// A string, decoded.
    String(String),
    /// A path as it is written. What a relative path is relative to is for the caller to say.
    Path(String),
    /// A list.
    List(Vec<Literal>),
    /// An attribute set, with the definitions of one attribute merged.
    Attrs(Attrs),
}

/// Reads a literal Nix value.
///
/// Where parts of it are not literal, the rest is given without them, and a diagnostic for each.
/// There is no value at all where Nix could not parse the text or the whole of it is not literal.
///
/// ```
/// let (value, problems) = overlay_ast::literal::parse("{ a = 1; b = x; }");
/// let overlay_ast::literal::Value::Attrs(attrs) = value.unwrap().value else { panic!() };
/// assert_eq!(attrs.iter().map(|attr| &*attr.name).collect::<Vec<_>>(), ["a"]);
/// assert_eq!(problems[0].code.as_str(), "variable");
/// assert_eq!(problems[0].path.to_string(), "b");
/// ```
pub fn parse(text: &str) -> (Option<Literal>, Vec<Diagnostic>) {
    read::read(text)
}

/// Reads a literal Nix value into a `T`.
///
/// # Errors
///
/// [`Error::NotLiteral`] with every problem of the text, or [`Error::Type`] with the place and
/// path of the value that `T` does not take.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    match parse(text) {
        (Some(literal), diagnostics) if diagnostics.is_empty() => T::deserialize(&literal),
        (_, diagnostics) => Err(Error::NotLiteral { diagnostics }),
    }
}
