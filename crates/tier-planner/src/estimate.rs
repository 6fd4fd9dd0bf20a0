//! How long each build will take and how much memory, where that is known from, and how surely.
//!
//! Sources in their order: what the caller has [measured](Estimator::with_measured_memory), the
//! machine's own [`History`], the shipped [priors], what the tier says, and at last a package of
//! ordinary size. What a derivation [shows](crate::build_signs) of PGO, LTO and tests
//! [changes](Adjustment) what a source says.
//!
//! ```
//! use tier_planner::Cores;
//! use tier_planner::estimate::{Estimator, Source};
//! use tier_planner::history::History;
//! use tier_planner::subject::Subject;
//! use tier_planner::tier::{TierId, TierSet};
//!
//! let csv = b"hostname,derivation name,utc time,build seconds\n,jq,2026-01-02 10:00:00,30\n";
//! let (history, _) = History::parse(csv, "");
//! let estimator = Estimator::new(TierSet::standard(), TierId(2)).with_history(history, Cores(6));
//!
//! let jq = estimator.estimate(&Subject::named("jq-1.7.1"), TierId(2));
//! assert_eq!(jq.duration.at(Cores(6)).to_string(), "30.0 s");
//! assert_eq!(jq.duration_evidence.source, Source::History { rows: 1 });
//!
//! let chromium = estimator.estimate(&Subject::named("chromium-131.0"), TierId(0));
//! assert_eq!(chromium.memory.at(Cores(6)).to_string(), "15.6 GB");
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use drv_graph::split_name;
use hw_profile::Profile;

use crate::adjustment::{self, Adjustment, Tests};
use crate::cost::{DurationModel, MemoryModel};
use crate::history::{History, Measured};
use crate::package_settings::PackageSettings;
use crate::priors::{self, Grade, TimePrior};
use crate::subject::{BuildSystems, JobClass, Language, Subject, is_version};
use crate::tier::{TierId, TierSet};
use crate::{Bytes, Cores, Millis};

/// What an estimate rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The machine's own builds: the median of so many.
    History {
        /// How many, at most ten.
        rows: u32,
    },
    /// Memory that the caller measured or was told.
    Measured,
    /// Builds on other machines, from the book or issue named.
    Prior {
        /// Which.
        source: &'static str,
    },
    /// What packages of a language usually take.
    Language(Language),
    /// What programs built with a tool usually take.
    BuildSystem(&'static str),
    /// The tier that a rule put it in.
    Tier(TierId),
    /// How long the build takes: one of a few minutes does not hold gigabytes.
    BuildTime,
    /// That it is a fetch or assembled from finished parts.
    Class(JobClass),
    /// Nothing: a package of ordinary size is assumed.
    Unknown,
}

impl Source {
    /// Whether how fast this machine is makes the estimate right or wrong: it does not where the
    /// machine itself was measured, where it waits for the network, or where hardly anything is
    /// done.
    pub fn depends_on_speed(&self) -> bool {
        !matches!(self, Self::History { .. } | Self::Class(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::History { rows: 1 } => f.write_str("one build on this machine"),
            Self::History { rows } => write!(f, "median of {rows} builds on this machine"),
            Self::Measured => f.write_str("measured"),
            Self::Prior { source } => f.write_str(source),
            Self::Language(language) => write!(f, "usual for {} packages", language.name()),
            Self::BuildSystem(tool) => write!(f, "usual for what {tool} builds"),
            Self::Tier(_) => f.write_str("the tier's default"),
            Self::BuildTime => f.write_str("usual for so short a build"),
            Self::Class(JobClass::Fetch) => f.write_str("usual for a fetch"),
            Self::Class(JobClass::Trivial) => f.write_str("usual for assembling finished parts"),
            Self::Class(JobClass::Build) | Self::Unknown => {
                f.write_str("nothing known, an ordinary package assumed")
            }
        }
    }
}

/// What an estimate rests on and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Where it is from.
    pub source: Source,
    /// Standard deviation of the logarithm of the true value around the estimate.
    pub sigma: f64,
}

impl Evidence {
    /// The true value lies between the estimate divided and multiplied by this in about two cases
    /// of three: `e^sigma`, at least 1.
    pub fn factor(&self) -> f64 {
        self.sigma.max(0.0).exp()
    }
}

/// What one derivation costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How long it takes.
    pub duration: DurationModel,
    /// What that is known from.
    pub duration_evidence: Evidence,
    /// What its derivation's PGO, LTO and tests have made of it.
    pub adjustment: Adjustment,
    /// How much memory it holds.
    pub memory: MemoryModel,
    /// Where that is known from.
    pub memory_evidence: Evidence,
    /// The most threads it can use or is to be started with, where its package has settings for
    /// that: the smaller of the two that follow. Otherwise its tier says.
    pub max_threads: Option<Cores>,
    /// The most threads its own tool starts (`ninjaJobs` and the like). It holds whatever starts
    /// the build, plain Nix too.
    pub tool_threads: Option<Cores>,
    /// The most threads it is to be started with (`nixBuildCores`): plain Nix knows nothing of
    /// that.
    pub configured_cores: Option<Cores>,
}

/// Estimates costs. Made once, asked for each derivation.
#[derive(Clone, Debug)]
pub struct Estimator {
    tiers: TierSet,
    default_tier: TierId,
    history: History,
    history_cores: Cores,
    seconds_per_sbu: f64,
    /// Whether somebody measured or told that for this machine.
    speed_is_known: bool,
    packages: BTreeMap<String, PackageSettings>,
    measured_memory: BTreeMap<String, MemoryModel>,
}

impl Estimator {
    /// Seconds per SBU unless something better is known: one thread of a Skylake-class desktop at
    /// 4 GHz.
    pub const SECONDS_PER_SBU: f64 = 100.0;

    /// Packages that must be in both the history and the priors before their ratio sets the
    /// seconds per SBU.
    pub const CALIBRATION_PACKAGES: usize = 5;

    /// Time and memory of what nothing is known of: T(1) in SBU.
    const ORDINARY_SBU: f64 = 0.4;

    /// Builds shorter than this on one thread are taken to need little memory,
    const SHORT: Millis = Millis(5 * 60_000);

    /// and those shorter than this a moderate amount, whatever their tier says: openssl does not
    /// hold 12 GB because it is built where chromium is.
    const MEDIUM: Millis = Millis(30 * 60_000);

    /// An estimator that knows the priors and the tiers; being in `default_tier` says nothing of
    /// a package.
    pub fn new(tiers: TierSet, default_tier: TierId) -> Self {
        Self {
            tiers,
            default_tier,
            history: History::default(),
            history_cores: Cores(1),
            seconds_per_sbu: Self::SECONDS_PER_SBU,
            speed_is_known: false,
            packages: BTreeMap::new(),
            measured_memory: BTreeMap::new(),
        }
    }

    /// With the machine's history, made with `cores` threads for each build (Nix's setting of
    /// that name). It also sets the seconds per SBU where it holds
    /// [enough packages](Self::CALIBRATION_PACKAGES).
    #[must_use]
    pub fn with_history(mut self, history: History, cores: Cores) -> Self {
        self.history = history;
        self.history_cores = Cores(cores.0.max(1));
        if let Some(seconds) = self.calibration() {
            self.seconds_per_sbu = seconds;
            self.speed_is_known = true;
        }
        self
    }

    /// With a speed for the priors, in place of the default and of what the history says. Values
    /// that are not positive numbers are ignored.
    #[must_use]
    pub fn with_seconds_per_sbu(mut self, seconds: f64) -> Self {
        if seconds.is_finite() && seconds > 0.0 {
            self.seconds_per_sbu = seconds;
            self.speed_is_known = true;
        }
        self
    }

    /// With the settings of a package, by its `pname` or attribute.
    #[must_use]
    pub fn with_package(mut self, name: impl Into<String>, settings: PackageSettings) -> Self {
        self.packages.insert(name.into(), settings);
        self
    }

    /// With the settings of every package of a profile.
    ///
    /// Threads only: a profile may ask for PGO in an overlay that is not applied, and whether it
    /// is shows in the derivation.
    #[must_use]
    pub fn with_profile(mut self, profile: &Profile) -> Self {
        let settings =
            |(name, package): (&String, _)| (name.clone(), PackageSettings::from(package));
        self.packages.extend(profile.packages.iter().map(settings));
        self
    }

    /// With the measured memory of a package, by its `pname` or attribute: it goes before all
    /// else, for priors of memory are often far off.
    #[must_use]
    pub fn with_measured_memory(mut self, name: impl Into<String>, memory: MemoryModel) -> Self {
        self.measured_memory.insert(name.into(), memory);
        self
    }

    /// The speed that priors are read at.
    pub fn seconds_per_sbu(&self) -> f64 {
        self.seconds_per_sbu
    }

    /// Standard deviation of the logarithm of the machine's true speed around
    /// [`seconds_per_sbu`](Self::seconds_per_sbu): 0.1 where a history or the caller tells it, 0.3
    /// where it is [assumed](Self::SECONDS_PER_SBU). Judgements: desktops that build in 2026 differ
    /// by two between slow and fast.
    pub fn speed_sigma(&self) -> f64 {
        if self.speed_is_known { 0.1 } else { 0.3 }
    }

    /// What `subject`, built in `tier`, costs. O(log n) in the packages known.
    pub fn estimate(&self, subject: &Subject<'_>, tier: TierId) -> Estimate {
        match subject.kind.class() {
            JobClass::Fetch => class_estimate(JobClass::Fetch),
            JobClass::Trivial => class_estimate(JobClass::Trivial),
            JobClass::Build => self.estimate_build(subject, tier),
        }
    }

    fn estimate_build(&self, subject: &Subject<'_>, tier: TierId) -> Estimate {
        let settings = by_name(&self.packages, subject)
            .copied()
            .unwrap_or_default();
        let (duration, duration_evidence, adjustment) = self.duration(subject, tier);
        let (memory, memory_evidence) = self.memory(subject, tier, duration, duration_evidence);
        Estimate {
            duration,
            duration_evidence,
            adjustment,
            memory,
            memory_evidence,
            max_threads: settings
                .tool_threads
                .into_iter()
                .chain(settings.cores)
                .min(),
            tool_threads: settings.tool_threads,
            configured_cores: settings.cores,
        }
    }

    fn duration(
        &self,
        subject: &Subject<'_>,
        tier: TierId,
    ) -> (DurationModel, Evidence, Adjustment) {
        let bare = subject.bare_pname();
        let parallel = runs_parallel(subject);
        let model = |seconds: f64, share: f64| {
            let share = adjustment::parallel_share(subject.signs, share);
            DurationModel::parallel(
                Millis::from_secs(seconds),
                if parallel { share } else { 0.0 },
            )
        };

        if let Some(measured) = self.measured(subject) {
            // The machine built it with the settings it has.
            let share = priors::parallel_share(bare, measured.seconds);
            let unit = model(1.0, share);
            let single = measured.seconds / unit.relative(self.history_cores);
            let few = if measured.rows < 3 { 0.3 } else { 0.1 };
            let source = Source::History {
                rows: measured.rows,
            };
            let sigma = measured.sigma.max(few);
            let evidence = Evidence { source, sigma };
            return (model(single, share), evidence, Adjustment::default());
        }

        if let Some(prior) = priors::time_of(subject) {
            let (single, share, tests) = self.by_prior(subject, &prior);
            let sigma = match (prior.grade, tests) {
                (Grade::Judged, _) => 0.9,
                (Grade::MeasuredWithMore, Tests::Nothing) | (_, Tests::NotMeasured) => 0.7,
                (Grade::Measured | Grade::MeasuredWithMore, _) => 0.5,
            };
            let source = Source::Prior {
                source: prior.source,
            };
            let adjustment = Adjustment::new(subject.signs, tests);
            let model = model(single * adjustment.factor(), share);
            return (model, Evidence { source, sigma }, adjustment);
        }

        let (seconds, source, sigma) = if let Some(language) = subject.language() {
            let sbu = usual_sbu(language);
            (sbu * self.seconds_per_sbu, Source::Language(language), 0.8)
        } else if let Some((tool, sbu)) = usual_with(subject.build_systems) {
            (sbu * self.seconds_per_sbu, Source::BuildSystem(tool), 0.9)
        } else if tier != self.default_tier && usize::from(tier.0) < self.tiers.len() {
            (
                tier_seconds(self.tiers[tier].memory),
                Source::Tier(tier),
                1.2,
            )
        } else {
            let seconds = Self::ORDINARY_SBU * self.seconds_per_sbu;
            (seconds, Source::Unknown, 1.2)
        };
        let share = priors::parallel_share(bare, seconds);
        // What is usual is so with the tests that are usual.
        let adjustment = Adjustment::new(subject.signs, Tests::Nothing);
        let model = model(seconds * adjustment.factor(), share);
        (model, Evidence { source, sigma }, adjustment)
    }

    /// What the machine measured of a subject.
    ///
    /// nix-output-monitor records a derivation's name without its version, so that goes first. A
    /// name that lost a part may be another package's: a crate and a library are both `openssl`,
    /// and `firefox` is what wraps `firefox-unwrapped` in a second or two.
    fn measured(&self, subject: &Subject<'_>) -> Option<Measured> {
        if self.history.is_empty() {
            return None;
        }
        let (recorded, _) = split_name(subject.name);
        let of_name = self.history.measured(recorded);
        of_name.or_else(|| {
            let bare = subject.bare_pname();
            let may_be_called_so = match subject.language() {
                None => true,
                // A library that has Python bindings often has their name too.
                Some(Language::Python) => {
                    priors::time(bare).is_none() || priors::time_of(subject).is_some()
                }
                Some(_) => false,
            };
            let is_wrapped = [subject.pname, recorded]
                .iter()
                .any(|name| name.ends_with("-unwrapped"));
            if !may_be_called_so || is_wrapped {
                return None;
            }
            let by_name = |name| self.history.measured(name);
            by_name(subject.pname).or_else(|| by_name(bare))
        })
    }

    /// T(1) of a subject's prior in seconds, its parallel share, and whether that is with tests.
    fn by_prior(&self, subject: &Subject<'_>, prior: &TimePrior) -> (f64, f64, Tests) {
        let bare = subject.bare_pname();
        let (without, share) = self.single_thread(bare, prior.sbu, prior.threads);
        if !subject.signs.tests {
            return (without, share, Tests::Nothing);
        }
        match prior.with_tests {
            Some(measured) => {
                let (with, share) = self.single_thread(bare, measured.sbu, measured.threads);
                // The two may be from different books.
                (with.max(without), share, Tests::Included)
            }
            None => (without, share, Tests::NotMeasured),
        }
    }

    /// T(1) in seconds and the parallel share of what took so many SBU. The books' machines used
    /// the threads they had, whether or not nixpkgs does.
    fn single_thread(&self, bare_pname: &str, sbu: f64, threads: Cores) -> (f64, f64) {
        let seconds = sbu * self.seconds_per_sbu;
        let share = priors::parallel_share(bare_pname, seconds);
        let unit = DurationModel::parallel(Millis::default(), share);
        (seconds / unit.relative(threads), share)
    }

    /// Seconds per SBU after the history: the median of what it says of each package that the
    /// priors have too.
    fn calibration(&self) -> Option<f64> {
        let mut ratios: Vec<f64> = self
            .history
            .packages()
            .filter_map(|pname| {
                let measured = self.history.measured(pname)?;
                let prior = priors::time(pname)?;
                // Whether nixpkgs builds it in parallel does not show in the name. Short packages
                // say more of the machine's disk than of its processor.
                if measured.seconds < 10.0 {
                    return None;
                }
                let (sbu_seconds, share) = self.single_thread(pname, prior.sbu, prior.threads);
                let unit = DurationModel::parallel(Millis::default(), share);
                let single = measured.seconds / unit.relative(self.history_cores);
                Some(single / (sbu_seconds / self.seconds_per_sbu))
            })
            .collect();
        if ratios.len() < Self::CALIBRATION_PACKAGES {
            return None;
        }
        ratios.sort_by(f64::total_cmp);
        let n = ratios.len();
        Some(f64::midpoint(ratios[(n - 1) / 2], ratios[n / 2]))
    }

    fn memory(
        &self,
        subject: &Subject<'_>,
        tier: TierId,
        duration: DurationModel,
        duration_evidence: Evidence,
    ) -> (MemoryModel, Evidence) {
        let evidence = |source, sigma| Evidence { source, sigma };
        if let Some(memory) = by_name(&self.measured_memory, subject) {
            return (*memory, evidence(Source::Measured, 0.1));
        }
        if let Some(prior) = priors::memory_of(subject) {
            let source = Source::Prior {
                source: prior.source,
            };
            return (prior.memory, evidence(source, 0.4));
        }
        let known = !matches!(duration_evidence.source, Source::Unknown | Source::Tier(_));
        let of_length = match duration.single_thread {
            time if time < Self::SHORT => Some(SHORT_BUILD),
            time if time < Self::MEDIUM => Some(MEDIUM_BUILD),
            _ => None,
        };
        if let Some(memory) = of_length.filter(|_| known) {
            return (memory, evidence(Source::BuildTime, 0.6));
        }
        if usize::from(tier.0) < self.tiers.len() {
            let tier_of = &self.tiers[tier];
            let memory = split(tier_of.memory, tier_of.cores);
            return (memory, evidence(Source::Tier(tier), 0.8));
        }
        (SHORT_BUILD, evidence(Source::Unknown, 1.0))
    }
}

/// Memory of a short build: a configure script, then a compiler of C for each thread.
const SHORT_BUILD: MemoryModel = MemoryModel {
    base: Bytes(200 * Bytes::MB.0),
    per_thread: Bytes(200 * Bytes::MB.0),
};

/// Memory of a build of several minutes: a larger link, and a compiler of C++ for each thread.
const MEDIUM_BUILD: MemoryModel = MemoryModel {
    base: Bytes(500 * Bytes::MB.0),
    per_thread: Bytes(400 * Bytes::MB.0),
};

/// A tier's memory per job as a model that gives that much at the tier's cores: a quarter
/// whatever the threads, for the link, the rest by thread.
fn split(memory: Bytes, cores: Cores) -> MemoryModel {
    let per_thread = memory.0 / 4 * 3 / u64::from(cores.0.max(1));
    MemoryModel {
        base: Bytes(memory.0 - per_thread * u64::from(cores.0.max(1))),
        per_thread: Bytes(per_thread),
    }
}

/// T(1) in seconds of a build of which only its tier's memory is known. Who gives a job 1 GB
/// thinks of a minute, who gives it 12 GB of twenty: a power law through these. It is low for the
/// giants, which the priors know by name, and high for what an ample pattern takes in.
///
/// The exponent is 5/4 because IEEE 754 fixes every bit of a square root and none of a power: the
/// same plan must come out on every machine.
fn tier_seconds(memory: Bytes) -> f64 {
    let gb = memory.as_gb().clamp(0.1, 64.0);
    60.0 * gb * gb.sqrt().sqrt()
}

/// What a package of the language usually takes, in SBU on one thread. Judgements.
fn usual_sbu(language: Language) -> f64 {
    match language {
        Language::Perl | Language::Lua => 0.05,
        Language::Ruby | Language::Rust => 0.08,
        Language::Python => 0.1,
        Language::Ocaml => 0.2,
    }
}

/// What a program built with such a tool usually takes, in SBU on one thread: it compiles its
/// dependencies with it. Judgements.
fn usual_with(tools: BuildSystems) -> Option<(&'static str, f64)> {
    let usual = [
        (BuildSystems::CARGO, "cargo", 3.0),
        (BuildSystems::GO, "go", 1.5),
    ];
    let found = usual.into_iter().find(|(tool, ..)| tools.has(*tool));
    found.map(|(_, name, sbu)| (name, sbu))
}

/// Fetches and trivia are alike, and their names say nothing: every other fetch is a `source`,
/// and in a history firefox is both a build and its wrapper. So their class decides alone.
fn class_estimate(class: JobClass) -> Estimate {
    let (duration, memory) = match class {
        JobClass::Fetch => (DurationModel::download(Millis(3_000)), 64),
        _ => (DurationModel::serial(Millis(1_000)), 64),
    };
    let evidence = |sigma| Evidence {
        source: Source::Class(class),
        sigma,
    };
    Estimate {
        duration,
        duration_evidence: evidence(1.0),
        adjustment: Adjustment::default(),
        memory: MemoryModel {
            base: Bytes(memory * Bytes::MB.0),
            per_thread: Bytes(0),
        },
        memory_evidence: evidence(0.6),
        max_threads: Some(Cores(1)),
        tool_threads: None,
        configured_cores: None,
    }
}

/// Whether a build uses more than one thread: nixpkgs runs make with `-j` only where a package
/// sets `enableParallelBuilding`, but some build systems do not ask.
fn runs_parallel(subject: &Subject<'_>) -> bool {
    subject.parallel_building
        || subject.build_systems.parallel()
        || priors::is_parallel_by_itself(subject.bare_pname())
}

/// The entry of a subject: by its attribute, its `pname`, its bare name, or as an attribute of
/// nixpkgs would name its version (`python313` for `python3` at 3.13).
fn by_name<'m, T>(map: &'m BTreeMap<String, T>, subject: &Subject<'_>) -> Option<&'m T> {
    if map.is_empty() {
        return None;
    }
    let attribute = subject.attribute.and_then(|attribute| map.get(attribute));
    let (stem, own) = subject.stem();
    attribute
        .or_else(|| map.get(subject.pname))
        .or_else(|| map.get(subject.bare_pname()))
        .or_else(|| {
            let from_stem = (Bound::Included(stem), Bound::Unbounded);
            map.range::<str, _>(from_stem)
                .map_while(|(name, entry)| Some((name.strip_prefix(stem)?, entry)))
                .find(|(digits, _)| is_version(digits, own, subject.version))
                .map(|(_, entry)| entry)
        })
}
