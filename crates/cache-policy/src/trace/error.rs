//! What can be wrong with the text of a trace.

use drv_graph::Position;
use thiserror::Error;

use super::BadRequest;

/// Why a trace cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The first line is not `time,key,size`.
    #[error("the header at {position} is not `time,key,size`")]
    Header {
        /// Where it starts.
        position: Position,
    },
    /// A line with more or fewer than three fields.
    #[error("the line has {found} fields instead of 3, at {position}")]
    Fields {
        /// How many it has.
        found: usize,
        /// Where the first field too many, or the line's end, is.
        position: Position,
    },
    /// A time or size that is not a whole number from 0 to 2⁶⁴ − 1.
    #[error("{field} is not a whole number below 2^64, at {position}")]
    Number {
        /// `time` or `size`.
        field: &'static str,
        /// Where it starts.
        position: Position,
    },
    /// A key without a character, or one that is not UTF-8.
    #[error("the key is {fault}, at {position}")]
    Key {
        /// What is wrong with it.
        fault: &'static str,
        /// Where it starts.
        position: Position,
    },
    /// Each field is well, but the request is not.
    #[error("a bad request at {position}: {reason}")]
    Request {
        /// Why.
        reason: BadRequest,
        /// Where the line starts.
        position: Position,
    },
}

impl TraceError {
    /// A stable name of the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Header { .. } => "trace-header",
            Self::Fields { .. } => "trace-fields",
            Self::Number { .. } => "trace-number",
            Self::Key { .. } => "trace-key",
            Self::Request { .. } => "trace-request",
        }
    }

    /// Where.
    pub fn position(&self) -> Position {
        match self {
            Self::Header { position }
            | Self::Fields { position, .. }
            | Self::Number { position, .. }
            | Self::Key { position, .. }
            | Self::Request { position, .. } => *position,
        }
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Header { .. } => {
                "a trace is CSV with the header `time,key,size`: seconds, any name, bytes"
            }
            Self::Fields { .. } => "write `time,key,size`; a key has no comma in it",
            Self::Number { .. } => "times are whole seconds and sizes whole bytes",
            Self::Key { .. } => "a key is any UTF-8 text without commas, such as a store path",
            Self::Request { reason, .. } => match reason {
                BadRequest::TimeGoesBack { .. } => "sort the requests by time",
                BadRequest::NoSize => "leave out objects that have no size",
                BadRequest::TooMany => "simulate a part of the trace",
            },
        }
    }
}
