//! Build tiers and a scheduler for derivation graphs under cores, memory and tier limits.

pub mod bounds;
pub mod budget;
pub mod classify;
pub mod cost;
pub mod dispatch;
mod error;
pub mod estimate;
pub mod history;
pub mod job;
pub mod nix_today;
pub mod package_settings;
mod pattern;
pub mod plan;
pub mod priors;
mod processor;
pub mod rule;
pub mod schedule;
pub mod search;
pub mod simulate;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod subject;
pub mod tier;
mod units;
pub mod verify;
pub mod work;

pub use error::Error;
pub use hw_profile::{Bytes, Cores};
pub use units::Millis;
