//! What build machines are, what of them is left for builds, and what they can share.
//!
//! | question | answer |
//! |---|---|
//! | What is this machine? | [`detect`](detect::detect), from its files |
//! | What does its owner say of it? | [`Profile`] |
//! | What is wrong with that? | [`Profile::check_all`], [`check_together`], [`rules`] |
//! | How much may builds use? | [`Profile::budget`], [`Budget::tier`] |
//! | What runs where, and what can machines share? | [`arch`] |
//! | What do compilers and Nix have to be told? | [`Profile::flags`] |
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
//! Two machines that are to share a cache, and the compiler that builds for both:
//!
//! ```
//! use hw_profile::arch::{FeatureSet, Policy, Toolchain, common_arch};
//! use hw_profile::{Profile, check_together};
//!
//! let machine = |name: &str, march: &str| -> Result<Profile, serde_json::Error> {
//!     serde_json::from_value(serde_json::json!({
//!         "system": { "hostname": name },
//!         "cpu": { "march": march },
//!     }))
//! };
//! let (tower, laptop) = (machine("tower", "skylake")?, machine("laptop", "znver3")?);
//!
//! let found = check_together(&[&tower, &laptop]);
//! assert_eq!(found[0].1.id, "march-differs");
//!
//! let common = common_arch([tower.features(), laptop.features()]).unwrap();
//! let shared = common.choose(Policy::Shareable).unwrap();
//! assert_eq!(shared.name(), "x86_64_v3");
//!
//! let toolchain = Toolchain { gcc: "12.2.0".parse().ok(), ..Toolchain::default() };
//! let extra = FeatureSet::from_flags("aes pclmulqdq") & common.beyond(shared);
//! let flags = shared.flags(None, extra, &toolchain).unwrap();
//! assert_eq!(flags.cflags.join(" "), "-march=x86-64-v3 -mtune=generic -maes -mpclmul");
//! assert_eq!(flags.goamd64, Some("v3"));
//! # Ok::<(), serde_json::Error>(())
//! ```
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
//! - For a build tier jobs · memory + reserve is at most the hot memory R − S/c, with at least one
//!   job or an error.
//! - A microarchitecture has every feature of its parents, and code for one runs on its
//!   descendants. What runs where follows from sets of features, not from names.
//! - A finding has the id of a [`Rule`], and a rule has a page.
//!
//! # Features
//!
//! There are none to turn off. [`serde`]'s traits are how a profile is read and written, so they
//! are always there; formats are the caller's, and so are files: the crate depends on serde and
//! thiserror alone. Its tables are part of it and are read on first use, which takes less than a
//! millisecond.
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
