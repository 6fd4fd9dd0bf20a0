//! From a derivation graph to a plan: what is to do, in which tier, at what cost, when, and how
//! far that is from the best possible and from what Nix would do by itself.

use std::collections::BTreeMap;

use drv_graph::{DerivationGraph, DrvId};

use crate::bounds::LowerBounds;
use crate::budget::Budget;
use crate::classify::{Classification, Classifier};
use crate::dispatch::{Dispatcher, Orders, nominal_time};
use crate::estimate::{Estimate, Estimator, Source};
use crate::job::{Job, JobGraph, JobId};
use crate::nix_today::{NixSettings, NixToday};
use crate::outlook::{Doubt, Range, Worlds};
use crate::rule::RuleProblem;
use crate::schedule::Schedule;
use crate::search::{Effort, search};
use crate::simulate::simulate;
use crate::subject::{JobClass, Subject, subjects};
use crate::work::{Availability, Root, Work, work_for};
use crate::{Bytes, Cores, Millis};

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Every derivation that might have to be built.
    pub graph: &'a DerivationGraph,
    /// The derivations that are asked for, and what of them.
    pub roots: &'a [Root],
    /// Attribute paths of derivations, as far as they are known; rules may name them.
    pub attributes: &'a BTreeMap<DrvId, String>,
    /// What need not be built.
    pub availability: &'a dyn Availability,
    /// Tiers, and the rules that put derivations into them.
    pub classifier: &'a Classifier,
    /// What builds cost.
    pub estimator: &'a Estimator,
    /// What builds may use of the machine.
    pub budget: Budget,
    /// The settings that Nix has today, to compare with.
    pub nix_today: NixSettings,
    /// How hard to look for a short schedule: so many times [`Effort::quick`]. 0 schedules by
    /// bottom level alone.
    pub effort_factor: u32,
}

/// One derivation to be built.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedBuild {
    /// Which derivation.
    pub derivation: DrvId,
    /// Its tier, and the rule that put it there.
    pub classification: Classification,
    /// What it costs, and how that is known.
    pub estimate: Estimate,
}

/// A build that does not fit as its tier wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which build.
    pub job: JobId,
    /// The threads it would have.
    pub wanted: Cores,
    /// The memory it would hold with them.
    pub needs: Bytes,
    /// The most threads at which it fits; `None` when not even one does.
    pub fits_at: Option<Cores>,
    /// The memory it holds with one thread: the least budget in which it could run.
    pub least: Bytes,
}

/// What Nix would do by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// Under which settings.
    pub settings: NixSettings,
    /// In its own order; every job is in it, for Nix knows no memory.
    pub schedule: Schedule,
    /// The most memory it holds at once.
    pub peak_memory: Bytes,
    /// For how long it holds more than the budget has.
    pub over_budget: Millis,
}

/// What a plan and Nix's own scheduling come to in [worlds](outlook) in which the estimates are as
/// wrong as they say they may be.
///
/// The median of the lengths is mostly above the length planned, where many builds run side by
/// side: one that takes twice its time keeps others waiting for longer than one that takes half of
/// it saves them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Worlds that were tried.
    pub worlds: u32,
    /// The plan's length.
    pub planned: Range<Millis>,
    /// The plan's length as a share of that under today's settings, where nothing is left out.
    pub of_today: Option<Range<f64>>,
    /// The same of [`Plan::fitting`].
    pub of_fitting: Option<Range<f64>>,
}

impl Outlook {
    /// Jobs to simulate in all worlds together, for each unit of effort: some 15 ms of CPU.
    const JOBS: usize = 40_000;

    /// Worlds to try for `jobs` jobs: a multiple of twenty, for tenths at both ends of pairs; at
    /// most a hundred for each unit of effort, and 1,000.
    fn worlds(jobs: usize, effort_factor: u32) -> usize {
        let effort = effort_factor as usize;
        let affordable = Self::JOBS.saturating_mul(effort) / jobs.max(1);
        affordable.min(100 * effort.min(10)) / 20 * 20
    }
}

/// A plan. [`JobId`]s are positions in [`builds`](Self::builds).
#[derive(Clone, Debug)]
pub struct Plan {
    /// What has to be built and fetched.
    pub work: Work,
    /// Every build, in ascending order of derivation path.
    pub builds: Vec<PlannedBuild>,
    /// The builds as the scheduler sees them.
    pub jobs: JobGraph,
    /// When each runs. Builds that fit nowhere, and their dependents, are missing.
    pub schedule: Schedule,
    /// What makes a [`Dispatcher`] keep to that schedule.
    pub orders: Orders,
    /// Schedules that were tried to find it.
    pub evaluations: u32,
    /// Builds that fit nowhere and all that needs them, ascending.
    pub left_out: Vec<JobId>,
    /// Builds that do not fit with the threads of their tier, ascending.
    pub misfits: Vec<Misfit>,
    /// How short any schedule can be.
    pub bounds: LowerBounds,
    /// What Nix would do with today's settings.
    pub baseline: Baseline,
    /// What Nix would do with the fastest setting of no more cores than today's that stays within
    /// memory; `None` where today's does, or none does.
    pub fitting: Option<Baseline>,
    /// What this comes to if the estimates are wrong; `None` of more builds than the effort allows
    /// to try.
    pub outlook: Option<Outlook>,
    /// What is wrong with the tiers' rules, judged by the whole graph.
    pub rule_problems: Vec<RuleProblem>,
}

/// Makes a plan. O((n + e) log n) for each schedule tried, and the bounds' cost; the benchmarks
/// tell what that is in seconds.
///
/// The same request gives the same plan on every machine.
pub fn plan(request: &Request<'_>) -> Plan {
    let Request {
        graph,
        roots,
        attributes,
        availability,
        classifier,
        estimator,
        budget,
        nix_today,
        effort_factor,
    } = *request;
    let work = work_for(graph, roots, availability);
    let subjects = subjects(graph, |id| attributes.get(&id).map(String::as_str));
    let (classes, rule_problems) = classifier.classify_all(&subjects);
    let builds: Vec<PlannedBuild> = work
        .build
        .iter()
        .map(|&derivation| {
            let classification = classes[derivation.index()].clone();
            let subject: &Subject<'_> = &subjects[derivation.index()];
            PlannedBuild {
                derivation,
                estimate: estimator.estimate(subject, classification.tier),
                classification,
            }
        })
        .collect();
    let jobs = job_graph(graph, classifier, &builds);
    let tiers = classifier.tiers();
    let left_out: Vec<JobId> = Dispatcher::new(&jobs, tiers, budget).abandoned().collect();
    let bounds = LowerBounds::new(&jobs, tiers, &budget);
    let effort = Effort::quick(jobs.len()).times(effort_factor);
    let found = search(&jobs, tiers, &budget, &bounds, effort);
    let nix = NixToday::new(&jobs, nix_today, |job| {
        let derivation = &graph[builds[job.index()].derivation];
        // As `NAME.drv$PATH` sorts: `$` comes before all that names have.
        (derivation.path().name(), derivation.path())
    });
    let baseline = baseline(&nix, &jobs, &budget, nix_today);
    let over = baseline.peak_memory > budget.memory;
    let fitting = over.then(|| fitting(&nix, &jobs, &budget, nix_today));
    let fitting = fitting.flatten();
    // A plan that leaves builds out is not to be compared.
    let compared = left_out.is_empty().then(|| Compared {
        today: nix.clone(),
        fitting: fitting.as_ref().map(|run| nix.under(run.settings)),
    });
    let planned = Dispatcher::with_orders(&jobs, tiers, budget, &found.orders);
    let outlook = outlook(request, &builds, &jobs, &planned, compared.as_ref());
    Plan {
        fitting,
        outlook,
        misfits: misfits(&jobs, &budget),
        bounds,
        work,
        builds,
        schedule: found.schedule,
        orders: found.orders,
        evaluations: found.evaluations,
        left_out,
        baseline,
        rule_problems,
        jobs,
    }
}

impl Plan {
    /// The job that builds `derivation`, if it is to be built.
    pub fn job(&self, derivation: DrvId) -> Option<JobId> {
        self.builds
            .binary_search_by_key(&derivation, |build| build.derivation)
            .ok()
            .map(|position| JobId(position as u32))
    }

    /// The longest chain of builds, first one first, each at its planned number of threads and
    /// with the machine to itself.
    pub fn critical_path(&self, budget: &Budget) -> Vec<JobId> {
        self.jobs
            .critical_path(|job| nominal_time(&self.jobs, job, budget))
    }
}

/// The builds as jobs, with the edges among them.
fn job_graph(
    graph: &DerivationGraph,
    classifier: &Classifier,
    builds: &[PlannedBuild],
) -> JobGraph {
    let mut job_of = vec![None; graph.len()];
    for (position, build) in builds.iter().enumerate() {
        job_of[build.derivation.index()] = Some(JobId(position as u32));
    }
    let jobs = builds
        .iter()
        .map(|build| {
            let tier = build.classification.tier;
            let parallel = build.estimate.duration.parallel_share > 0.0;
            let cores = classifier.tiers()[tier].cores;
            let most = build.estimate.max_threads.unwrap_or(cores);
            Job {
                tier,
                max_threads: most,
                usable_threads: match build.estimate.tool_threads {
                    _ if !parallel => Cores(1),
                    Some(threads) => threads,
                    None => Job::UNLIMITED,
                },
                duration: build.estimate.duration,
                memory: build.estimate.memory,
            }
        })
        .collect();
    let edges = builds.iter().enumerate().flat_map(|(position, build)| {
        let job_of = &job_of;
        graph
            .inputs(build.derivation)
            .filter_map(move |input| Some((job_of[input.id.index()]?, JobId(position as u32))))
    });
    match JobGraph::new(jobs, edges) {
        Ok(jobs) => jobs,
        // A derivation graph has no cycle, and only builds are numbered.
        Err(error) => unreachable!("{error}"),
    }
}

fn misfits(jobs: &JobGraph, budget: &Budget) -> Vec<Misfit> {
    jobs.ids()
        .filter_map(|id| {
            let job = &jobs[id];
            let wanted = job.most_threads().min(budget.threads).max(Cores(1));
            let fits_at = job.threads_within(budget.threads, budget.memory);
            (fits_at != Some(wanted)).then(|| Misfit {
                job: id,
                wanted,
                needs: job.memory.at(wanted),
                fits_at,
                least: job.memory.at(Cores(1)),
            })
        })
        .collect()
}

fn baseline(
    nix: &NixToday<'_>,
    jobs: &JobGraph,
    budget: &Budget,
    settings: NixSettings,
) -> Baseline {
    let schedule = simulate(jobs, budget.threads, &mut nix.under(settings));
    let peak_memory = schedule.peak_memory(jobs).0;
    let over_budget = if peak_memory > budget.memory {
        schedule.time_above(jobs, budget.memory)
    } else {
        Millis(0)
    };
    Baseline {
        settings,
        schedule,
        peak_memory,
        over_budget,
    }
}

/// The fastest setting that stays within the budget's memory, with today's cores or fewer.
///
/// Fewer cores leave room for more jobs: starting from one job with all cores, a job is added
/// where that fits and a core taken away where it does not, so that each simulation rules out a
/// row or a column of all settings.
fn fitting(
    nix: &NixToday<'_>,
    jobs: &JobGraph,
    budget: &Budget,
    today: NixSettings,
) -> Option<Baseline> {
    let mut settings = NixSettings {
        max_jobs: 1,
        cores: today.cores.max(Cores(1)),
    };
    let mut best: Option<Baseline> = None;
    while settings.cores.0 > 0 && settings.max_jobs <= budget.threads.0.max(1) {
        let baseline = baseline(nix, jobs, budget, settings);
        if baseline.over_budget > Millis(0) {
            settings.cores.0 -= 1;
            continue;
        }
        settings.max_jobs += 1;
        let length = |baseline: &Baseline| baseline.schedule.makespan();
        if best
            .as_ref()
            .is_none_or(|best| length(&baseline) < length(best))
        {
            best = Some(baseline);
        }
    }
    best
}

/// Nix's own scheduling, to compare a plan with.
struct Compared<'a> {
    today: NixToday<'a>,
    fitting: Option<NixToday<'a>>,
}

/// What `planned` comes to in worlds where the estimates are wrong, beside Nix.
fn outlook(
    request: &Request<'_>,
    builds: &[PlannedBuild],
    jobs: &JobGraph,
    planned: &Dispatcher<'_>,
    compared: Option<&Compared<'_>>,
) -> Option<Outlook> {
    let worlds = Outlook::worlds(jobs.len(), request.effort_factor);
    let threads = request.budget.threads;
    let doubts = doubts(request, builds);
    let mut lengths = Vec::with_capacity(worlds);
    let (mut of_today, mut of_fitting) = (Vec::new(), Vec::new());
    for world in Worlds::new(jobs, &doubts).take(worlds) {
        let length = world.length(jobs, threads, &mut planned.clone());
        let share = |nix: &NixToday<'_>| {
            let nix = world.length(jobs, threads, &mut nix.clone());
            (nix > Millis(0)).then(|| length.0 as f64 / nix.0 as f64)
        };
        of_today.extend(compared.and_then(|nix| share(&nix.today)));
        of_fitting.extend(compared.and_then(|nix| share(nix.fitting.as_ref()?)));
        lengths.push(length);
    }
    // Shares are positive, and positive numbers are ordered as their bits are.
    let shares = |values| Range::of(values, |share: &f64| share.to_bits());
    Some(Outlook {
        worlds: worlds as u32,
        planned: Range::of(lengths, |length| *length)?,
        of_today: shares(of_today),
        of_fitting: shares(of_fitting),
    })
}

/// How each estimate may be wrong: the builds of one package together, all downloads together, all
/// trivia together, and all that the machine's speed matters to.
fn doubts(request: &Request<'_>, builds: &[PlannedBuild]) -> Vec<Doubt> {
    let mut kin: BTreeMap<&str, u32> = BTreeMap::new();
    let speed = request.estimator.speed_sigma();
    let doubts = builds.iter().map(|build| {
        let evidence = build.estimate.duration_evidence;
        let name = match evidence.source {
            Source::Class(JobClass::Fetch) => " fetch",
            Source::Class(_) => " trivial",
            _ => request.graph[build.derivation].pname(),
        };
        let next = kin.len() as u32;
        let machine = if evidence.source.depends_on_speed() {
            speed.min(evidence.sigma)
        } else {
            0.0
        };
        Doubt {
            kin: *kin.entry(name).or_insert(next),
            // The two together are as far off as the estimate says.
            own: (evidence.sigma * evidence.sigma - machine * machine).sqrt(),
            machine,
        }
    });
    doubts.collect()
}
