//! Why a text could not be read into a value.

use std::fmt;

use crate::{AttrPath, Diagnostic, Segment, Span};

/// Why a text could not be read into a value of the wanted type.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a literal Nix value.
    #[error("{}", Summary(diagnostics))]
    NotLiteral {
        /// Every problem found, in the order of the text; never empty.
        diagnostics: Vec<Diagnostic>,
    },
    /// The text is a literal Nix value, but not one of the wanted type.
    #[error("{}{message}", Prefix(path))]
    Type {
        /// What the type says is wrong.
        message: String,
        /// The attribute at fault.
        path: AttrPath,
        /// The value at fault; none only for an error made outside of reading.
        span: Option<Span>,
    },
}

impl Error {
    /// The stable name of the problem, in kebab case; of the first problem if there are several.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLiteral { diagnostics } => diagnostics
                .first()
                .map_or("syntax", |first| first.code.as_str()),
            Self::Type { .. } => "type",
        }
    }

    /// Where the (first) problem is.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::NotLiteral { diagnostics } => diagnostics.first().map(|first| first.span),
            Self::Type { span, .. } => *span,
        }
    }

    /// The attribute that the (first) problem concerns; none if it concerns the whole text.
    pub fn path(&self) -> Option<&AttrPath> {
        let path = match self {
            Self::NotLiteral { diagnostics } => &diagnostics.first()?.path,
            Self::Type { path, .. } => path,
        };
        (!path.is_root()).then_some(path)
    }

    /// The way out of the (first) problem, if there is one to name.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::NotLiteral { diagnostics } => diagnostics.first()?.hint.as_deref(),
            Self::Type { .. } => None,
        }
    }

    /// Every problem of a text that is not a literal value; empty for an error of type.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::NotLiteral { diagnostics } => diagnostics,
            Self::Type { .. } => &[],
        }
    }

    /// Names the value at fault, unless a value within it was named already.
    pub(crate) fn at(mut self, here: Span) -> Self {
        if let Self::Type {
            span: span @ None, ..
        } = &mut self
        {
            *span = Some(here);
        }
        self
    }

    /// Puts `segment` before the path: errors travel from the value at fault to the root.
    pub(crate) fn inside(mut self, segment: Segment) -> Self {
        if let Self::Type { path, .. } = &mut self {
            path.0.insert(0, segment);
        }
        self
    }
}

impl serde::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Type {
            message: message.to_string(),
            path: AttrPath::default(),
            span: None,
        }
    }
}

struct Prefix<'a>(&'a AttrPath);

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_root() {
            Ok(())
        } else {
            write!(f, "{}: ", self.0)
        }
    }
}

struct Summary<'a>(&'a [Diagnostic]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("not a literal value"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}
