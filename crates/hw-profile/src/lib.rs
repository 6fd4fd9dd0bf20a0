//! What a build machine is, and what of it is left for builds.
//!
//! A [`Profile`] is read from any self-describing format that [`serde`] knows (JSON, TOML,
//! literal Nix) and says in the machine owner's own words what the machine has. A [`Budget`] is
//! what a planner may use of it:
//!
//! ```
//! use hw_profile::{BudgetOptions, Bytes, Cores, Profile};
//!
//! let profile: Profile = serde_json::from_str(
//!     r#"{
//!         "cpu": { "cores": 4, "threads": 8 },
//!         "memory": { "total": "16", "zramEnabled": true, "zramPercentage": 75, "effectiveTotal": "28" }
//!     }"#,
//! )?;
//! let (budget, diagnostics) = profile.budget(&BudgetOptions::default());
//! assert_eq!(budget.threads, Cores(7));
//! assert_eq!(budget.memory.effective.to_string(), "22.0 GB");
//! assert_eq!(budget.memory.hot.to_string(), "10.0 GB");
//! assert_eq!(budget.memory.for_builds.to_string(), "16.0 GB");
//! assert_eq!(diagnostics[0].id, "zram-counted-as-ram");
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! [`detect`] finds out what a machine is, from files that its caller brings, and makes a profile
//! of it; [`arch`] knows what processors can do and what they can share; [`Profile::check_all`]
//! says what speaks against a profile, by [`rules`] with a page each.
//!
//! # Invariants
//!
//! - No value of a profile is refused for what it says: what cannot be right is a
//!   [`Diagnostic`], and what cannot be read as a number stays as it was written. Only a list or
//!   a set where one value belongs is an error of the format's own.
//! - Writing a profile gives back what was read, unknown keys included and each number in its
//!   author's spelling (`"28"` or `28`). A `null` under a known key is left out.
//! - R ≤ effective ≤ R + D for RAM R and zram of disksize D, and reserve + memory for builds is
//!   at most effective unless the caller says otherwise.
//! - What is detected names the file and the rule that it comes from. No file panics detection; a
//!   control group never raises the memory, and there are no more cores than threads.
//!
//! # Limits
//!
//! - Integers are those of Nix, 64 bits with a sign; a larger one is an error.
//! - TOML has no `null`: a profile with one under an unknown key cannot be written as TOML.

pub mod arch;
mod budget;
mod check;
mod cuda;
pub mod detect;
mod diagnostic;
mod parse_quantity;
mod profile;
mod rule;
mod spelled;
mod target;
mod tier_budget;
mod units;
mod value;

pub use budget::{Budget, BudgetOptions, MemoryBudget};
pub use check::{CheckOptions, check_together};
pub use cuda::ComputeCapability;
pub use diagnostic::{Diagnostic, Severity};
pub use parse_quantity::Error;
pub use profile::{
    Build, BuildMemory, Compiler, Cpu, Cuda, Gpu, Memory, Package, Parallelism, Profile, System,
};
pub use rule::{Rule, rule, rules};
pub use spelled::{Quantity, Scalar, Spelled};
pub use tier_budget::{TierBudget, TierDemand, TierError};
pub use units::{Bytes, Cores};
pub use value::Value;
