//! A strict JSON scanner over borrowed text.
//!
//! Why not `serde_json`: of 4 kB that Nix writes about a derivation a planner keeps 300 bytes,
//! so the speed of reading is the speed of skipping; keys that stand twice, which `serde_json`
//! lets pass in maps, are errors here; and every fault, including those found after the syntax
//! (a bad store path, an unknown version), has its byte offset.

mod detect;
mod object_keys;
mod scanner;
mod skip;
mod text;

pub(crate) use detect::detect;
pub(crate) use scanner::{Fault, Kind, Scanner};
pub(crate) use text::Text;
