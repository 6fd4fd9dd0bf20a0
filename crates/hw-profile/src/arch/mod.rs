//! Instruction sets: what processors can do, and what compilers assume of them.

mod common_arch;
mod compiler;
mod family;
mod feature;
mod feature_set;
mod flags;
mod microarchitecture;
mod named_target;
mod runs_on;

pub use common_arch::{CommonArch, Policy, common_arch};
pub use compiler::{Compiler, Version, VersionRange};
pub use family::Family;
pub use feature::{Feature, Softness};
pub use feature_set::FeatureSet;
pub use flags::{Flags, FlagsError, Tool, Toolchain, gccarch_features, named};
pub use microarchitecture::{Microarchitecture, Support};
pub use named_target::{TARGET_VARIABLES, named_targets};
pub use runs_on::RunsOn;
