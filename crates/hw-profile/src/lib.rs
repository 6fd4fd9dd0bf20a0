//! What a build machine is, and what of it is left for builds.

mod units;

pub use units::{Bytes, Cores};
