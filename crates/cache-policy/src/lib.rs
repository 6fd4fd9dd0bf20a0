//! What binary caches hold, what of it can be served, and what they should hold.
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
//! # Planning
//!
//! A cache has less room than one would like, and not all paths are worth the same. [`model`] has
//! paths with their sizes and references and what consumers save by having them; [`plan`] says
//! what to hold so that they save the most, how far that is from the best there could be, and in
//! which order to get there so that it fits at every step:
//!
//! ```
//! use std::collections::BTreeSet;
//!
//! use cache_policy::model::{FileSize, Model, PathFacts, Saving};
//! use cache_policy::plan::{Budget, CacheState, Pin, Request, Step, plan, verify};
//! use cache_policy::{CacheTier, Compression};
//! use drv_graph::Bytes;
//!
//! let path = |key: &str, tier, megabytes: u64, references: &[&str]| PathFacts {
//!     key: key.to_owned(),
//!     references: references.iter().map(|&key| key.to_owned()).collect(),
//!     // What is known of it is the size of its NAR.
//!     size: Some(FileSize::compressed(Bytes(megabytes * 1_000_000), Compression::CACHIX)),
//!     tier,
//!     is_upstream: false,
//! };
//! let saves = |key: &str, minutes: f64| Saving {
//!     needs: vec![key.to_owned()],
//!     rebuild_seconds: minutes * 60.0,
//!     demand: 1.0,
//! };
//! let model = Model::new(
//!     [
//!         path("python", CacheTier::Always, 120, &["openssl"]),
//!         path("openssl", CacheTier::WhenRoom, 10, &[]),
//!         path("firefox", CacheTier::WhenRoom, 260, &["openssl"]),
//!         path("chromium", CacheTier::WhenRoom, 400, &[]),
//!     ],
//!     [saves("python", 75.0), saves("firefox", 40.0), saves("chromium", 150.0)],
//! )?;
//! let request = Request {
//!     model: &model,
//!     budget: Budget { capacity: Bytes(220_000_000), buffer: Bytes(20_000_000) },
//!     pins: &[Pin { name: "python".to_owned(), path: "python".to_owned() }],
//!     revisions: 3,
//!     state: &CacheState::default(),
//!     lost: &BTreeSet::new(),
//!     compression: Compression::CACHIX,
//! };
//! let plan = plan(&request)?;
//! // Firefox is smaller, and chromium saves more.
//! let kept: Vec<&str> = plan.kept.iter().map(|kept| &*model.facts(kept.id).key).collect();
//! assert_eq!(kept, ["chromium", "openssl", "python"]);
//! assert_eq!((plan.gap(), verify(&request, &plan)), (0.0, vec![]));
//! assert!(matches!(&plan.steps[0], Step::Push { path, .. } if path == "openssl"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A plan never has a part of tier 1, never holds more than it may, keeps what it holds closed
//! together with the other caches, and after it is carried out the next one is empty:
//! [`plan::verify`] holds any planner to these laws, and the `proptest` feature has strategies
//! that generate situations to hold it to them in.
//!
//! Limits: a saving counts when all it needs is held, and not when what would need it is not built
//! either. Time that is saved counts in full, as if nothing else were built meanwhile.
//!
//! # Verifying
//!
//! A directory that Nix uses as a binary cache promises more than its files say: that each narinfo
//! has its NAR, and that whatever it refers to can be had. [`audit`] says which promises are broken,
//! in how many paths and bytes, and what to do. Nothing that keeps Nix from using the cache is only a
//! waste of room; what the cache alone cannot tell is a doubt:
//!
//! ```
//! use cache_policy::audit::{Listing, audit};
//! use drv_graph::narinfo;
//!
//! let info = narinfo::read(
//!     b"StorePath: /nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-curl-8.4.0
//! URL: nar/0a3b1c2d.nar.zst
//! Compression: zstd
//! FileHash: sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9
//! FileSize: 123456
//! NarHash: sha256:1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s
//! NarSize: 700000
//! References: 00rl60x00pkff58mdw66qcxigrgw2yq0-glibc-2.38
//! ",
//! )?;
//! let mut listing = Listing { cache_info: Some("StoreDir: /nix/store".into()), ..Listing::default() };
//! listing.narinfos.insert("8vh17lfiabqfl2bd2rasxrh94g9pf9dd.narinfo".into(), Ok(info));
//! let flaws = audit(&listing, |_| false, None);
//! let codes: Vec<&str> = flaws.iter().map(|flaw| flaw.code()).collect();
//! assert_eq!(codes, ["missing-reference", "missing-nar"]);
//! assert!(flaws.iter().all(|flaw| flaw.is_violation()));
//! // Where another cache has glibc, only the NAR is missing.
//! let flaws = audit(&listing, |path| path.name() == "glibc-2.38", None);
//! assert_eq!(flaws.len(), 1);
//! # Ok::<(), drv_graph::Error>(())
//! ```
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
//! A policy of one's own implements [`policy::Policy`]: it hears of each request, and says what to
//! evict and what to insert. The simulator keeps the books, and [`simulate::laws`] says what the
//! policy did that no cache can do. Here one never evicts what a plan holds, and runs beside those
//! that are there:
//!
//! ```
//! use std::collections::{BTreeSet, VecDeque};
//!
//! use cache_policy::model::{FileSize, Model, PathFacts, Saving};
//! use cache_policy::plan::{Budget, CacheState, Request as PlanRequest, plan};
//! use cache_policy::policy::{Lru, Policy};
//! use cache_policy::simulate::{Cache, laws, simulate};
//! use cache_policy::trace::{Catalogue, KeyId, Request, read_csv};
//! use cache_policy::{CacheTier, Compression};
//! use drv_graph::Bytes;
//!
//! /// First in, first out, for all but what a plan says to hold.
//! struct HoldsPlan {
//!     is_planned: Vec<bool>,
//!     others: VecDeque<KeyId>,
//! }
//!
//! impl Policy for HoldsPlan {
//!     fn hit(&mut self, _: &Request, _: &mut Cache) {}
//!
//!     fn miss(&mut self, request: &Request, cache: &mut Cache) {
//!         while !cache.fits(request.size) {
//!             // Without anything that may go the object passes by.
//!             let Some(victim) = self.others.pop_front() else { return };
//!             cache.evict(victim);
//!         }
//!         cache.insert(request);
//!         if !self.is_planned[request.key.index()] {
//!             self.others.push_back(request.key);
//!         }
//!     }
//! }
//!
//! let log = b"time,key,size\n0,llvm,60\n1,a,30\n2,b,30\n3,llvm,60\n4,a,30\n5,b,30\n6,llvm,60\n";
//! let (trace, keys) = read_csv(log)?;
//! let (capacity, catalogue) = (Bytes(100), Catalogue::unknown(&trace));
//!
//! let paths = keys.iter().zip([60, 30, 30]).map(|(key, size)| PathFacts {
//!     key: key.to_string(),
//!     references: vec![],
//!     size: Some(FileSize::told(Bytes(size))),
//!     tier: CacheTier::WhenRoom,
//!     is_upstream: false,
//! });
//! let savings = [("llvm", 5400.0), ("a", 10.0), ("b", 10.0)];
//! let savings = savings.map(|(key, rebuild_seconds)| Saving {
//!     needs: vec![key.to_owned()],
//!     rebuild_seconds,
//!     demand: 1.0,
//! });
//! let model = Model::new(paths, savings)?;
//! let plan = plan(&PlanRequest {
//!     model: &model,
//!     // What is left is for what comes and goes.
//!     budget: Budget { capacity, buffer: Bytes(30) },
//!     pins: &[],
//!     revisions: 1,
//!     state: &CacheState::default(),
//!     lost: &BTreeSet::new(),
//!     compression: Compression::NIX,
//! })?;
//!
//! let id = |key: &&str| model.find(&key.to_string());
//! let is_planned = |key| id(key).is_some_and(|id| plan.keeps(id));
//! let ours = || HoldsPlan {
//!     is_planned: keys.iter().map(is_planned).collect(),
//!     others: VecDeque::new(),
//! };
//! assert_eq!(laws::check(&trace, capacity, ours), []);
//! let missed = |policy: &mut dyn Policy| simulate(&trace, &catalogue, capacity, policy).missed;
//! assert_eq!(missed(&mut ours()).count, 5);
//! assert_eq!(missed(&mut Lru::new(trace.key_count())).count, 7);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! `proptest`: strategies that generate what the laws are about, for the tests of other crates:
//! `simulate::strategies` has traces, catalogues and whole problems, `plan::strategies` whole
//! situations of a cache. Name it where you depend on this crate for tests.
//!
//! The crate asks nobody: what a server or a directory answered is put in.
#![warn(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

pub mod audit;
mod cache_tier;
pub mod closure_knapsack;
mod compression;
mod hit_rate;
mod holdings;
mod inventory;
pub mod max_closure;
pub mod model;
pub mod plan;
pub mod policy;
mod precedence;
pub mod simulate;
pub mod trace;

pub use cache_tier::CacheTier;
pub use compression::Compression;
pub use hit_rate::HitRate;
pub use holdings::{Holding, Holdings};
pub use inventory::{Found, Inventory, Source, SourceId, Unservable};
pub use precedence::Precedence;
