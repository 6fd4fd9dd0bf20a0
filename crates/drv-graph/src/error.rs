//! What can be wrong with an input.

use std::fmt;

use thiserror::Error;

use crate::{Format, StorePath, StorePathError};

/// A place in an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes before it.
    pub offset: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in bytes.
    pub column: usize,
}

impl Position {
    /// That of the first byte.
    pub(crate) const START: Self = Self {
        offset: 0,
        line: 1,
        column: 1,
    };

    /// The position of byte `offset` of `input`; O(offset).
    pub fn of(input: &[u8], offset: usize) -> Self {
        Self {
            offset,
            ..Self::START.behind(&input[..offset.min(input.len())])
        }
    }

    /// The position behind `text`, which starts here.
    pub(crate) fn behind(self, text: &[u8]) -> Self {
        let column = match memchr::memrchr(b'\n', text) {
            Some(at) => text.len() - at,
            None => self.column + text.len(),
        };
        Self {
            offset: self.offset + text.len(),
            line: self.line + memchr::memchr_iter(b'\n', text).count(),
            column,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {} (byte {})",
            self.line, self.column, self.offset
        )
    }
}

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is none of the formats, or not the one it was said to be.
    #[error("this is no format that Nix writes derivations or paths in")]
    UnknownFormat,
    /// The format's version is not one of those known here.
    #[error("version {version} of {format} is not known")]
    UnknownVersion {
        /// What has the version.
        format: Format,
        /// As written.
        version: String,
        /// Where.
        position: Position,
    },
    /// The grammar of the format is broken.
    #[error("{format}: expected {expected} at {position}")]
    Syntax {
        /// The grammar.
        format: Format,
        /// What may stand there.
        expected: &'static str,
        /// Where.
        position: Position,
    },
    /// The input ends too early.
    #[error("{format}: the input ends at {position}, where {expected} is expected")]
    Truncated {
        /// The grammar.
        format: Format,
        /// What may stand there.
        expected: &'static str,
        /// The input's end.
        position: Position,
    },
    /// The input is longer than anything of its format.
    #[error("this is too long for a {format}: more than {limit} bytes")]
    TooLong {
        /// The format.
        format: Format,
        /// The most bytes that are read of one.
        limit: usize,
    },
    /// A byte sequence that is not UTF-8, in a format that must be.
    #[error("not UTF-8 at {position}")]
    NotUtf8 {
        /// The first byte that is not.
        position: Position,
    },
    /// A value of another type than the format has.
    #[error("{field:?} is {found} where {expected} is expected, at {position}")]
    WrongType {
        /// The key.
        field: String,
        /// The type wanted.
        expected: &'static str,
        /// The type found.
        found: &'static str,
        /// Where the value starts.
        position: Position,
    },
    /// A value of the right type that means nothing.
    #[error("{field:?} is not {expected}, at {position}")]
    BadValue {
        /// The key.
        field: String,
        /// What would be one.
        expected: &'static str,
        /// Where the value starts.
        position: Position,
    },
    /// A number that does not fit 64 bits.
    #[error("the number at {position} does not fit 64 bits")]
    NumberOverflow {
        /// Where it starts.
        position: Position,
    },
    /// One object has a key twice.
    #[error("the key {key:?} stands twice in one object, the second time at {position}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// One of its places.
        position: Position,
    },
    /// More levels of nesting than any Nix writes.
    #[error("nested more than {limit} levels deep at {position}")]
    TooDeep {
        /// The limit.
        limit: usize,
        /// Where it is passed.
        position: Position,
    },
    /// Something that must be there is not.
    #[error("{owner} has no `{field}`, at {position}")]
    MissingField {
        /// What lacks it.
        owner: String,
        /// What is missing.
        field: &'static str,
        /// Where the owner stands.
        position: Position,
    },
    /// A text that must be a store path is not.
    #[error("{text:?} is not a store path: {source}, at {position}")]
    StorePath {
        /// The text.
        text: String,
        /// Why not.
        source: StorePathError,
        /// Where it stands.
        position: Position,
    },
    /// An error in one of several files.
    #[error("in {path}: {source}")]
    InDerivation {
        /// The file.
        path: StorePath,
        /// What is wrong in it.
        source: Box<Error>,
    },
    /// The derivations do not make a graph.
    #[error("{0}")]
    Graph(GraphProblems),
}

impl Error {
    /// A stable name of the kind of error, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown-format",
            Self::UnknownVersion { .. } => "unknown-version",
            Self::Syntax { .. } => "syntax",
            Self::Truncated { .. } => "truncated",
            Self::TooLong { .. } => "too-long",
            Self::NotUtf8 { .. } => "not-utf8",
            Self::WrongType { .. } => "wrong-type",
            Self::BadValue { .. } => "bad-value",
            Self::NumberOverflow { .. } => "number-overflow",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::TooDeep { .. } => "too-deep",
            Self::MissingField { .. } => "missing-field",
            Self::StorePath { .. } => "store-path",
            Self::InDerivation { source, .. } => source.code(),
            Self::Graph(problems) => problems.code(),
        }
    }

    /// Whether more of the input might mend it.
    pub(crate) fn is_truncation(&self) -> bool {
        match self {
            Self::Truncated { .. } => true,
            Self::InDerivation { source, .. } => source.is_truncation(),
            _ => false,
        }
    }

    /// Where in the input, for those errors that have a place in it.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::UnknownFormat | Self::TooLong { .. } | Self::Graph(_) => None,
            Self::InDerivation { source, .. } => source.position(),
            Self::UnknownVersion { position, .. }
            | Self::Syntax { position, .. }
            | Self::Truncated { position, .. }
            | Self::NotUtf8 { position }
            | Self::WrongType { position, .. }
            | Self::BadValue { position, .. }
            | Self::NumberOverflow { position }
            | Self::DuplicateKey { position, .. }
            | Self::TooDeep { position, .. }
            | Self::MissingField { position, .. }
            | Self::StorePath { position, .. } => Some(*position),
        }
    }

    /// A way out, where there is a usual one.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::UnknownFormat => Some(
                "give what `nix derivation show -r`, `nix path-info --json`, nix-eval-jobs or \
                 `nix build --dry-run` print, a .drv file or a .narinfo file",
            ),
            Self::UnknownVersion { .. } => Some(
                "a newer Nix wrote this; `nix-store --query --requisites X.drv` and the .drv \
                 files themselves have not changed",
            ),
            Self::Truncated { .. } => {
                Some("was the command that wrote it interrupted, or the disk full?")
            }
            Self::NotUtf8 { .. } => Some(
                "Nix writes UTF-8; was it written in another encoding, or is it no text at all?",
            ),
            Self::Syntax { .. }
            | Self::TooLong { .. }
            | Self::WrongType { .. }
            | Self::BadValue { .. }
            | Self::NumberOverflow { .. }
            | Self::DuplicateKey { .. }
            | Self::TooDeep { .. }
            | Self::MissingField { .. }
            | Self::StorePath { .. } => Some(EDITED),
            Self::InDerivation { source, .. } => source.hint(),
            Self::Graph(problems) => Some(problems.hint()),
        }
    }
}

/// Why there is something that no Nix writes, most likely.
const EDITED: &str = "no Nix writes that; was the input edited or joined by hand?";

/// An input derivation that is not among the derivations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DanglingInput {
    /// Who wants it.
    pub of: StorePath,
    /// What is missing.
    pub input: StorePath,
}

/// Everything that keeps a set of derivations from being a graph; at least one list is not
/// empty, all are sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphProblems {
    /// Inputs that were never given.
    pub dangling: Vec<DanglingInput>,
    /// Derivations that were given more than once, with different contents.
    pub conflicting: Vec<StorePath>,
    /// One cycle: each needs the next, and the last the first. It starts at its smallest path.
    pub cycle: Vec<StorePath>,
}

impl GraphProblems {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.dangling.is_empty() && self.conflicting.is_empty() && self.cycle.is_empty()
    }

    fn code(&self) -> &'static str {
        if !self.conflicting.is_empty() {
            "conflicting-derivations"
        } else if !self.cycle.is_empty() {
            "cycle"
        } else {
            "dangling-input"
        }
    }

    fn hint(&self) -> &'static str {
        if !self.conflicting.is_empty() || !self.cycle.is_empty() {
            EDITED
        } else {
            "`nix derivation show` prints the inputs too with -r"
        }
    }
}

/// How many of each problem a message names; the lists have them all.
const NAMED: usize = 3;

impl fmt::Display for GraphProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.conflicting.is_empty() {
            parts.push(format!(
                "{} given more than once with different contents: {}",
                count(self.conflicting.len(), "derivation"),
                named(self.conflicting.iter().map(StorePath::to_string)),
            ));
        }
        if !self.cycle.is_empty() {
            parts.push(format!(
                "a cycle of {}: {}",
                count(self.cycle.len(), "derivation"),
                named(self.cycle.iter().map(StorePath::to_string)),
            ));
        }
        if !self.dangling.is_empty() {
            parts.push(format!(
                "{} not in the graph: {}",
                count(self.dangling.len(), "input"),
                named(
                    self.dangling
                        .iter()
                        .map(|dangling| format!("{} of {}", dangling.input, dangling.of))
                ),
            ));
        }
        f.write_str(&parts.join("; "))
    }
}

fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn named(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let text = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}
