//! What binary caches hold, and what of it can be served.
//!
//! A path that lies in a cache is not yet a path one can have: a cache such as Cachix does not
//! serve a narinfo whose closure is incomplete, and Nix refuses to add a path whose references
//! it cannot have. [`Inventory`] puts the local store and any number of caches in the order in
//! which they are asked, and answers for every path where it would come from, how large it is,
//! and whether it can be served at all.
//!
//! ```
//! use cache_policy::{Holding, Holdings, Inventory, Source};
//! use drv_graph::{Bytes, StorePath};
//!
//! let path = |name: &str| {
//!     StorePath::parse(&format!("/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-{name}")).unwrap()
//! };
//! let (glibc, curl) = (path("glibc"), path("curl"));
//! let mut cachix = Holdings::default();
//! cachix.insert(
//!     curl.clone(),
//!     Holding {
//!         references: Some(vec![glibc.clone()]),
//!         nar_size: Some(Bytes(700_000)),
//!         file_size: None,
//!     },
//! );
//!
//! // glibc was deleted, or never pushed: curl is there, and cannot be had.
//! let alone = Inventory::new(vec![(Source::cache("cachix"), cachix.clone())]);
//! assert!(alone.find(&curl).is_none());
//! assert_eq!(alone.unservable()[0].missing, [&glibc]);
//!
//! // With a cache beside it that has glibc, it can.
//! let nixos: Holdings = [glibc].into_iter().collect();
//! let both = Inventory::new(vec![
//!     (Source::cache("cachix"), cachix),
//!     (Source::cache("cache.nixos.org"), nixos),
//! ]);
//! assert_eq!(both.find(&curl).unwrap().source.name, "cachix");
//! ```
//!
//! Invariants: what [`Inventory::find`] finds is held by the source it names, and every path it
//! refers to is found too (the answers are *closed* under references); adding a holding never
//! makes a path unavailable, save that a reference that was unknown becomes known.
//!
//! Limits: every cache is taken for one that hides a path whose closure is incomplete, as Cachix
//! does. From one that serves it all the same (`file://`, a plain http server) Nix realises the
//! inputs of the path's derivation, which builds what is missing, and then fetches the path; here
//! it counts as not to be had, so that a plan builds it too.
//!
//! A holding whose references nobody knows (a plain list of paths) counts as complete.
//!
//! # Simulation
//!
//! What a cache should evict is a question to its past. [`trace`] reads what was asked of it,
//! [`policy`] has the policies, [`simulate`] lets one serve the other and counts:
//!
//! ```
//! use cache_policy::policy::PolicyKind;
//! use cache_policy::simulate::count_misses;
//! use cache_policy::trace::{Catalogue, read_csv};
//! use drv_graph::Bytes;
//!
//! let log = b"time,key,size\n0,glibc,30\n1,curl,10\n2,glibc,30\n3,firefox,80\n4,glibc,30\n";
//! let (trace, _) = read_csv(log)?;
//! let (capacity, catalogue) = (Bytes(100), Catalogue::unknown(&trace));
//! let misses = |kind: PolicyKind| {
//!     let mut policy = kind.build(&trace, &catalogue, capacity);
//!     count_misses(&trace, capacity, &mut policy)
//! };
//! assert_eq!(misses(PolicyKind::Lru).requests, 4);
//! assert_eq!(misses(PolicyKind::BeladySize).requests, 3);
//! # Ok::<(), cache_policy::trace::TraceError>(())
//! ```
//!
//! Keys are dense numbers within a trace, whatever they are outside. The misses of every policy
//! that libCacheSim has and that draws no lots equal libCacheSim's.
//!
//! The crate asks nobody: what a server or a directory answered is put in.
#![warn(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

mod cache_tier;
pub mod closure_knapsack;
mod hit_rate;
mod holdings;
mod inventory;
pub mod max_closure;
pub mod policy;
mod precedence;
pub mod simulate;
pub mod trace;

pub use cache_tier::CacheTier;
pub use hit_rate::HitRate;
pub use holdings::{Holding, Holdings};
pub use inventory::{Found, Inventory, Source, SourceId, Unservable};
pub use precedence::Precedence;
