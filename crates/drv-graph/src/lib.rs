//! Derivations and store paths, read from whatever a Nix wrote them in.
//!
//! A planner, a cache and a linter all start from the same question: which derivations are
//! there, and who needs whom? Nix answers it in half a dozen JSON shapes, in `.drv` files, in
//! narinfo files and in prose. This crate reads them all into one model.
//!
//! ```
//! use drv_graph::{Format, ReadOptions, derivation_json};
//!
//! // nix derivation show -r nixpkgs#hello
//! let input = br#"{"derivations": {
//!     "00rl60x00pkff58mdw66qcxigrgw2yq0-zlib-1.3.drv": {
//!         "outputs": {"out": {"path": "8vh17lfiabqfl2bd2rasxrh94g9pf9dd-zlib-1.3"}},
//!         "inputs": {"drvs": {}, "srcs": []},
//!         "system": "x86_64-linux", "builder": "/bin/sh", "env": {"enableParallelBuilding": "1"}
//!     },
//!     "43p8ynfn99y2s3iisnvzh1a21mpd5sjg-git-2.50.drv": {
//!         "outputs": {"out": {"path": "9krlzvny65gdc8s7kpb6lkx8cd02c25b-git-2.50"}},
//!         "inputs": {
//!             "drvs": {"00rl60x00pkff58mdw66qcxigrgw2yq0-zlib-1.3.drv": {"outputs": ["out"]}},
//!             "srcs": []
//!         },
//!         "system": "x86_64-linux", "builder": "/bin/sh", "env": {}
//!     }
//! }, "version": 4}"#;
//! assert_eq!(Format::detect(input), Some(Format::DerivationJson));
//!
//! let graph = derivation_json::read(input, &ReadOptions::default())?;
//! let git = graph.roots()[0];
//! assert_eq!(graph[git].pname(), "git");
//! let zlib = graph.inputs(git).next().unwrap();
//! assert_eq!(graph[zlib.id].enable_parallel_building(), Some(true));
//! assert_eq!(graph.closure(&[git]).len(), 2);
//! # Ok::<(), drv_graph::Error>(())
//! ```
//!
//! # Which reader
//!
//! | input | reader | gives |
//! |---|---|---|
//! | `nix derivation show -r`, Nix 2.4 and later | [`derivation_json`] | a [`DerivationGraph`] |
//! | the same, as its text comes in | [`derivation_json::PieceReader`] | a [`DerivationGraph`] |
//! | `.drv` files, from roots down | [`DrvFiles`] | a [`DerivationGraph`] |
//! | one `.drv` file, byte for byte | [`aterm`] | an [`Aterm`](aterm::Aterm) |
//! | lines of nix-eval-jobs | [`eval_jobs`] | roots, and where they are cached |
//! | `nix path-info --json` | [`path_info`] | sizes and references |
//! | `.narinfo` | [`narinfo`] | the same, as a cache has it |
//! | `nix-store --dump-db` | [`dump_db`] | sizes and references |
//! | `nix build --dry-run` | [`dry_run`] | what would be built and fetched |
//! | a cache's web server's log | [`request_log`] | what was asked for, and when |
//!
//! [`Format::detect`] tells which it is. A new format is a module of its own, a variant of
//! [`Format`] and a line in its `detect`.
//!
//! # What is found in a graph
//!
//! | question | answered by |
//! |---|---|
//! | what do two graphs differ in, and because of what? | [`compare`](mod@compare) |
//! | why are two derivations not one? | [`compare::descend`] |
//! | what would a change build again? | [`rebuild`] |
//! | how does one thing come to need another? | [`chain`] |
//! | which inputs have what built again, time after time? | [`drivers`] |
//!
//! # Invariants
//!
//! - The crate does no IO and knows no clock: bytes in, values out.
//! - The same input gives the same graph, with ids in ascending order of `.drv` path, whatever
//!   the order of the input and whichever Nix wrote it.
//! - A graph has no cycle and no input that is missing.
//! - Bad input is an [`Error`] with the byte, or the derivation, at fault; never a panic, however
//!   deep it is nested.
//!
//! # Limits
//!
//! - An input is read whole, save with [`derivation_json::PieceReader`] and, file by file, with
//!   [`DrvFiles`]; a graph has at most 2³² derivations.
//! - Output paths are taken from the input and not computed. Of a fixed output, Nix 2.32 and
//!   later have the path in the environment only, where it is found.
//! - Of dynamic derivations (derivations made by derivations) the graph has the edge to the one
//!   that is known.
#![warn(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub mod aterm;
mod attributes;
mod bytes;
pub mod chain;
pub mod compare;
mod content_hash;
mod derivation;
pub mod derivation_json;
pub mod drivers;
pub mod drv_files;
pub mod dry_run;
pub mod dump_db;
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
pub mod reach;
pub mod rebuild;
mod recipe;
pub mod request_log;
mod store_path;

pub use bytes::Bytes;
pub use content_hash::{ContentHash, HashAlgo};
pub use derivation::{Derivation, DerivationParts, HashMethod, Output, OutputKind, split_name};
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
pub use request_log::RequestLog;
pub use store_path::{DEFAULT_STORE_DIR, StorePath, StorePathError};
