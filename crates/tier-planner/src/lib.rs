//! Build tiers and a scheduler for derivation graphs under cores, memory and tier limits.

pub mod cost;
mod error;
pub mod job;
pub mod schedule;
pub mod tier;
mod units;

pub use error::Error;
pub use hw_profile::{Bytes, Cores};
pub use units::Millis;
