//! What is wrong with a text, and where.

use std::fmt;

use crate::{AttrPath, Span};

/// What kind of problem a [`Diagnostic`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Nix does not parse the text.
    Syntax,
    /// A character outside strings and comments that Nix does not know, such as U+00A0.
    ForeignCharacter,
    /// A `#` comment that Nix ends earlier than it seems to end.
    CommentEnd,
    /// Nesting or a chain of operators beyond the limit.
    TooDeep,
    /// More text than can be addressed, or text that is slow to read by design.
    TooLarge,
    /// An integer that does not fit 64 bits.
    IntegerOverflow,
    /// A float that Nix cannot represent.
    FloatRange,
    /// One attribute defined twice.
    DuplicateAttribute,
    /// A function where a value was expected.
    Function,
    /// A variable.
    Variable,
    /// An operator such as `+`, `//` or the minus in `2-3`.
    Operator,
    /// `${…}` in a string, path or attribute name.
    Interpolation,
    /// Any other expression that has to be evaluated: `let`, `with`, `rec`, `inherit`, `if`, a
    /// call, a selection.
    Expression,
}

impl Code {
    /// The stable name, in kebab case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::ForeignCharacter => "foreign-character",
            Self::CommentEnd => "comment-end",
            Self::TooDeep => "too-deep",
            Self::TooLarge => "too-large",
            Self::IntegerOverflow => "integer-overflow",
            Self::FloatRange => "float-range",
            Self::DuplicateAttribute => "duplicate-attribute",
            Self::Function => "function",
            Self::Variable => "variable",
            Self::Operator => "operator",
            Self::Interpolation => "interpolation",
            Self::Expression => "expression",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A second place that belongs to a [`Diagnostic`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there, in lower case.
    pub message: String,
}

/// A problem with a text, with its place and, where there is one, the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What kind of problem this is.
    pub code: Code,
    /// Where it is; empty at the end of the text if something is missing there.
    pub span: Span,
    /// The attribute it concerns; the root if none can be told.
    pub path: AttrPath,
    /// What is wrong, in lower case.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Other places that belong to it, such as the first of two definitions.
    pub labels: Vec<Label>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, span: impl Into<Span>, message: impl Into<String>) -> Self {
        Self {
            code,
            span: span.into(),
            path: AttrPath::default(),
            message: message.into(),
            hint: None,
            labels: Vec::new(),
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            message: message.into(),
        });
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
