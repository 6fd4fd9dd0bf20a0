//! Instruction sets: what processors can do, and what compilers assume of them.

mod compiler;
mod feature;
mod feature_set;
mod microarchitecture;

pub use compiler::{Compiler, Version, VersionRange};
pub use feature::{Feature, Softness};
pub use feature_set::FeatureSet;
pub use microarchitecture::{Family, Microarchitecture, Support};
