//! Derivations and store paths, read from whatever a Nix wrote them in.
//!
//! A planner, a cache and a linter all start from the same question: which derivations are
//! there, and who needs whom? Nix answers it in half a dozen JSON shapes, in `.drv` files, in
//! narinfo files and in prose. This crate reads them all into one model.
//!
//! Invariants: the crate does no IO and knows no clock; the same input gives the same graph,
//! with ids in ascending order of `.drv` path; bad input is an [`Error`] with the byte, or the
//! derivation, at fault, never a panic.
#![warn(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod bytes;
mod content_hash;
mod derivation;
mod error;
mod format;
mod graph;
mod graph_builder;
mod options;
mod store_path;

pub use bytes::Bytes;
pub use content_hash::{ContentHash, HashAlgo};
pub use derivation::{Derivation, DerivationParts, HashMethod, Output, OutputKind};
pub use error::{DanglingInput, Error, GraphProblems, Position};
pub use format::Format;
pub use graph::{DerivationGraph, DrvId, Input};
pub use graph_builder::DerivationGraphBuilder;
pub use options::{KeepEnv, ReadOptions};
pub use store_path::{DEFAULT_STORE_DIR, StorePath, StorePathError};
