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

pub mod aterm;
mod attributes;
mod bytes;
mod content_hash;
mod derivation;
pub mod derivation_json;
pub mod drv_files;
pub mod dry_run;
mod error;
pub mod eval_jobs;
mod format;
mod graph;
mod graph_builder;
mod interner;
mod json;
pub mod narinfo;
mod options;
pub mod path_info;
mod store_path;

pub use bytes::Bytes;
pub use content_hash::{ContentHash, HashAlgo};
pub use derivation::{Derivation, DerivationParts, HashMethod, Output, OutputKind};
pub use drv_files::DrvFiles;
pub use dry_run::DryRun;
pub use error::{DanglingInput, Error, GraphProblems, Position};
pub use eval_jobs::{CacheStatus, EvalJob, EvaluatedJob};
pub use format::Format;
pub use graph::{DerivationGraph, DrvId, Input};
pub use graph_builder::DerivationGraphBuilder;
pub use narinfo::NarInfo;
pub use options::{KeepEnv, ReadOptions};
pub use path_info::{PathInfo, PathInfos};
pub use store_path::{DEFAULT_STORE_DIR, StorePath, StorePathError};
