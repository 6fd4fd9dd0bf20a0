//! Build tiers and a scheduler for derivation graphs under cores, memory and tier limits.
//!
//! Nix has one `max-jobs` and one `cores` for everything and does not know what anything costs.
//! This crate decides, before anything is built, what has to be built, in which tier each build
//! belongs, what it costs, and when it runs so that all are done soon and fit in memory.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use drv_graph::{KeepEnv, ReadOptions, derivation_json};
//! use tier_planner::budget::Budget;
//! use tier_planner::classify::Classifier;
//! use tier_planner::estimate::Estimator;
//! use tier_planner::nix_today::NixSettings;
//! use tier_planner::plan::{Request, plan};
//! use tier_planner::tier::TierSet;
//! use tier_planner::verify::verify;
//! use tier_planner::work::{NothingAvailable, Root};
//! use tier_planner::{Bytes, Cores, rule, subject};
//!
//! // What `nix derivation show --recursive` printed.
//! let json = br#"{
//!   "/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-zlib-1.3.drv": {
//!     "outputs": {"out": {"path": "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-zlib-1.3"}},
//!     "inputSrcs": [], "inputDrvs": {}, "system": "x86_64-linux", "builder": "/bin/sh",
//!     "args": [], "env": {}
//!   },
//!   "/nix/store/9krlzvny65gdc8s7kpb6lkx8cd02c25b-firefox-140.drv": {
//!     "outputs": {"out": {"path": "/nix/store/43p8ynfn99y2s3iisnvzh1a21mpd5sjg-firefox-140"}},
//!     "inputSrcs": [], "system": "x86_64-linux", "builder": "/bin/sh", "args": [], "env": {},
//!     "inputDrvs": {"/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-zlib-1.3.drv": ["out"]}
//!   }
//! }"#;
//! // What shows PGO, LTO and tests is kept, for the estimates.
//! let options = ReadOptions {
//!     keep_env: KeepEnv::Named(subject::ENV_KEYS.map(str::to_owned).to_vec()),
//!     ..ReadOptions::default()
//! };
//! let graph = derivation_json::read(json, &options)?;
//!
//! let tiers = TierSet::standard();
//! let light = tiers.find("light").unwrap();
//! let classifier = Classifier::new(tiers.clone(), rule::standard(&tiers), light);
//! let budget = Budget::new(Cores(7), Bytes::from_gb(16.0));
//! let plan = plan(&Request {
//!     graph: &graph,
//!     roots: &Root::all_of(&graph.roots()),
//!     attributes: &BTreeMap::new(),
//!     availability: &NothingAvailable,
//!     classifier: &classifier,
//!     estimator: &Estimator::new(classifier.tiers().clone(), light),
//!     budget,
//!     nix_today: NixSettings { max_jobs: 2, cores: Cores(6) },
//!     effort_factor: 1,
//! });
//! assert_eq!(plan.builds.len(), 2);
//! assert!(plan.schedule.peak_memory(&plan.jobs).0 <= budget.memory);
//! assert!(plan.bounds.best().unwrap().value <= plan.schedule.makespan());
//! assert_eq!(verify(&plan.schedule, &plan.jobs, classifier.tiers(), &budget), []);
//! # Ok::<(), drv_graph::Error>(())
//! ```
//!
//! # The way of a derivation
//! 1. [`work`]: is it to be built, fetched, or there?
//! 2. [`classify`]: which [`tier`] does a [`rule`] put it in?
//! 3. [`estimate`]: what does it [`cost`], by [`history`] or by [`priors`]?
//! 4. [`job`]: from here on it is a job in a graph of jobs, and Nix is forgotten.
//! 5. [`dispatch`]: which jobs start now? [`simulate`]: what comes of it? [`search`]: is there
//!    better?
//! 6. [`bounds`]: how good can it be? [`nix_today`]: how good is it now? [`outlook`]: and if the
//!    estimates are wrong? [`verify`]: does it obey every law?
//!
//! [`plan`] goes all the way.
//!
//! # Invariants
//! - No input or output, no clock, no threads, no randomness that is not seeded from the input:
//!   the same request gives the same plan on every machine.
//! - Memory and tiers' jobs are never exceeded by a plan, the soft limit on threads neither.
//! - A plan's length lies between its [lower bounds](bounds) and the sum of its jobs.
//! - The [dispatcher](dispatch) that made a plan in the simulator is the one that a live run
//!   drives: it knows events, not time.
//!
//! # Limits
//! - Times and memory are estimates; each says [how it is known](estimate::Evidence).
//! - Memory is held from a build's start to its end, at its peak: what two builds do not need at
//!   the same time is not shared.
//! - A hardware thread counts as a core: what two threads of one core cost each other is not
//!   modelled.
//! - One machine.

pub mod adjustment;
pub mod bounds;
pub mod budget;
pub mod build_signs;
pub mod classify;
pub mod cost;
pub mod dispatch;
mod error;
pub mod estimate;
pub mod history;
pub mod job;
pub mod nix_today;
pub mod outlook;
pub mod package_settings;
mod pattern;
pub mod plan;
pub mod priors;
mod processor;
mod random;
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
