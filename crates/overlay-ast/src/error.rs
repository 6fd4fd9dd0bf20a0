//! Why a text could not be read into a value, not be written, or not be edited.

use std::fmt;

use crate::{AttrPath, Diagnostic, Label, Segment, Span};

/// Why a text could not be read into a value of the wanted type, a value not be written, or a
/// text not be edited.
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
    /// There is no literal for the value.
    #[error("{}{message}", Prefix(path))]
    Unwritable {
        /// What is wrong with it.
        message: String,
        /// The attribute at fault.
        path: AttrPath,
    },
    /// Nix does not read the file, so it is not edited.
    #[error("not edited, because Nix does not read it: {}", Summary(diagnostics))]
    Unreadable {
        /// Every problem found; never empty.
        diagnostics: Vec<Diagnostic>,
    },
    /// Nix would not read the file after the edit, so the edit is refused.
    #[error(
        "the edit is refused, because Nix would not read the result: {}",
        Summary(diagnostics)
    )]
    WouldBreak {
        /// Every problem of the *edited* text, with its places; never empty.
        diagnostics: Vec<Diagnostic>,
    },
    /// Something given to an edit is not what it should be.
    #[error("`{text}` is not {wanted}")]
    Invalid {
        /// What was given.
        text: String,
        /// What was wanted, e.g. `an attribute path`.
        wanted: &'static str,
        /// The way out.
        hint: &'static str,
    },
    /// There is nothing of that name.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
        /// Where it was looked for; none for the whole file.
        span: Option<Span>,
        /// The way out.
        hint: Option<String>,
    },
    /// There are several of that name.
    #[error("{what} can be any of {}", candidates.len())]
    Ambiguous {
        /// What was looked for.
        what: String,
        /// What it could be, in the order of the text.
        candidates: Vec<Label>,
    },
    /// What is there does not allow the edit.
    #[error("{message}")]
    Conflict {
        /// What is there.
        message: String,
        /// Where it is.
        span: Span,
        /// The way out.
        hint: &'static str,
    },
    /// Two edits of one patch touch the same bytes.
    #[error("two edits overlap at byte {}", second.start)]
    Overlap {
        /// The one.
        first: Span,
        /// The other.
        second: Span,
    },
    /// A patch was made for another text.
    #[error("bytes {} to {} are not in this text", span.start, span.end)]
    OutsideText {
        /// The place that is not there.
        span: Span,
    },
}

impl Error {
    /// The stable name of the problem, in kebab case; of the first problem if there are several.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLiteral { diagnostics } | Self::Unreadable { diagnostics } => diagnostics
                .first()
                .map_or("syntax", |first| first.code.as_str()),
            Self::Type { .. } => "type",
            Self::Unwritable { .. } => "unwritable",
            Self::WouldBreak { .. } => "would-break",
            Self::Invalid { .. } => "invalid",
            Self::NotFound { .. } => "not-found",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Conflict { .. } => "conflict",
            Self::Overlap { .. } => "overlap",
            Self::OutsideText { .. } => "outside-text",
        }
    }

    /// Where the (first) problem is.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::NotLiteral { diagnostics }
            | Self::Unreadable { diagnostics }
            | Self::WouldBreak { diagnostics } => diagnostics.first().map(|first| first.span),
            Self::Type { span, .. } | Self::NotFound { span, .. } => *span,
            Self::Ambiguous { candidates, .. } => candidates.first().map(|first| first.span),
            Self::Conflict { span, .. } | Self::OutsideText { span } => Some(*span),
            Self::Overlap { second, .. } => Some(*second),
            Self::Invalid { .. } | Self::Unwritable { .. } => None,
        }
    }

    /// The attribute that the (first) problem concerns; none if it concerns the whole text.
    pub fn path(&self) -> Option<&AttrPath> {
        let path = match self {
            Self::NotLiteral { diagnostics } => &diagnostics.first()?.path,
            Self::Type { path, .. } | Self::Unwritable { path, .. } => path,
            _ => return None,
        };
        (!path.is_root()).then_some(path)
    }

    /// The way out of the (first) problem, if there is one to name.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::NotLiteral { diagnostics }
            | Self::Unreadable { diagnostics }
            | Self::WouldBreak { diagnostics } => diagnostics.first()?.hint.as_deref(),
            Self::NotFound { hint, .. } => hint.as_deref(),
            Self::Invalid { hint, .. } | Self::Conflict { hint, .. } => Some(hint),
            Self::Ambiguous { .. } => Some("say more of its name"),
            Self::Type { .. }
            | Self::Unwritable { .. }
            | Self::Overlap { .. }
            | Self::OutsideText { .. } => None,
        }
    }

    /// Every problem of a text that is not a literal value, or that Nix does not read; empty for
    /// other errors.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::NotLiteral { diagnostics }
            | Self::Unreadable { diagnostics }
            | Self::WouldBreak { diagnostics } => diagnostics,
            _ => &[],
        }
    }

    /// What an ambiguous name could be; empty for other errors.
    pub fn candidates(&self) -> &[Label] {
        match self {
            Self::Ambiguous { candidates, .. } => candidates,
            _ => &[],
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
        if let Self::Type { path, .. } | Self::Unwritable { path, .. } = &mut self {
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

impl serde::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Unwritable {
            message: message.to_string(),
            path: AttrPath::default(),
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
            [] => f.write_str("nothing can be read"),
            [only] => only.fmt(f),
            [first, rest @ ..] => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}
