//! What starts when, on small instances; and that every broken law is found.

use expect_test::{Expect, expect};
use tier_planner::bounds::{LowerBounds, Rule};
use tier_planner::budget::Budget;
use tier_planner::cost::{DurationModel, MemoryModel};
use tier_planner::dispatch::{Dispatch, Dispatcher, Orders};
use tier_planner::job::{Job, JobGraph, JobId};
use tier_planner::nix_today::{NixSettings, NixToday};
use tier_planner::schedule::{Placement, Schedule};
use tier_planner::simulate::simulate;
use tier_planner::tier::{BuildTier, TierId, TierSet};
use tier_planner::verify::{Violation, verify};
use tier_planner::{Bytes, Cores, Millis};

/// Heavy (1 × 6), medium (3 × 4) and light (12 × 2).
fn tiers() -> TierSet {
    let tier = |name: &str, jobs, cores, gb| BuildTier {
        name: name.to_owned(),
        max_jobs: Some(jobs),
        cores: Cores(cores),
        memory: Bytes::from_gb(gb),
    };
    TierSet::new(vec![
        tier("heavy", 1, 6, 12.0),
        tier("medium", 3, 4, 6.0),
        tier("light", 12, 2, 1.0),
    ])
}

/// `name tier seconds threads GB [> input …]` per line. A job that may use more than one thread
/// runs in parallel altogether.
fn instance(text: &str) -> (JobGraph, Vec<&str>) {
    let mut names = Vec::new();
    let mut jobs = Vec::new();
    let mut edges = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (job, inputs) = line.split_once('>').unwrap_or((line, ""));
        let [name, tier, seconds, threads, gb] = job
            .split_whitespace()
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        let single_thread = Millis::from_secs(seconds.parse().unwrap());
        let threads: u32 = threads.parse().unwrap();
        for input in inputs.split_whitespace() {
            let input = names.iter().position(|&name| name == input).unwrap();
            edges.push((JobId(input as u32), JobId(names.len() as u32)));
        }
        names.push(name);
        jobs.push(Job {
            tier: tiers().find(tier).unwrap(),
            max_threads: Cores(threads),
            usable_threads: if threads > 1 {
                Job::UNLIMITED
            } else {
                Cores(1)
            },
            duration: DurationModel::parallel(single_thread, f64::from(u8::from(threads > 1))),
            memory: MemoryModel {
                base: Bytes::from_gb(gb.parse().unwrap()),
                per_thread: Bytes(0),
            },
        });
    }
    (JobGraph::new(jobs, edges).unwrap(), names)
}

fn show(schedule: &Schedule, names: &[&str]) -> String {
    schedule
        .placements()
        .iter()
        .map(|placed| {
            let [start, end] = [placed.start, placed.end].map(Millis::as_secs);
            let name = names[placed.job.0 as usize];
            format!("{name}: {start} – {end} s ×{}\n", placed.threads)
        })
        .collect()
}

fn check(text: &str, threads: u32, gb: f64, expect: Expect) {
    let (jobs, names) = instance(text);
    let tiers = tiers();
    let budget = Budget::new(Cores(threads), Bytes::from_gb(gb));
    let mut dispatcher = Dispatcher::new(&jobs, &tiers, budget);
    let schedule = simulate(&jobs, budget.threads, &mut dispatcher);
    assert_eq!(verify(&schedule, &jobs, &tiers, &budget), []);
    expect.assert_eq(&show(&schedule, &names));
}

#[test]
fn the_longest_chain_goes_first() {
    check(
        "short light 9 1 1\nlong light 5 1 1\nlast light 5 1 1 > long\nother light 3 1 1",
        1,
        2.0,
        expect![[r#"
            long: 0 – 5 s ×1
            short: 5 – 14 s ×1
            last: 14 – 19 s ×1
            other: 19 – 22 s ×1
        "#]],
    );
}

#[test]
fn a_shared_processor_slows_everybody_alike() {
    check(
        "a medium 60 4 1\nb medium 60 4 1",
        6,
        8.0,
        expect![[r#"
            a: 0 – 20 s ×4
            b: 0 – 20 s ×4
        "#]],
    );
}

#[test]
fn a_tier_holds_its_jobs_back() {
    check(
        "gcc heavy 60 6 4\nllvm heavy 30 6 4\njq light 7 1 1",
        7,
        16.0,
        expect![[r#"
            gcc: 0 – 10 s ×6
            jq: 0 – 7 s ×1
            llvm: 10 – 15 s ×6
        "#]],
    );
}

/// Without holding a place for it, the big job would wait for all the small ones: one of them is
/// always running, and its memory is always missing.
#[test]
fn a_blocked_heavy_job_is_not_starved_by_light_ones() {
    let small: String = (0..12)
        .map(|i| format!("small{i:02} light {} 1 3\n", 10 + i))
        .collect();
    let text =
        format!("{small}first light 5 1 3\nbig heavy 9 1 14 > first\nlast light 90 1 1 > big");
    check(
        &text,
        7,
        16.0,
        expect![[r#"
            small08: 0 – 18 s ×1
            small09: 0 – 19 s ×1
            small10: 0 – 20 s ×1
            small11: 0 – 21 s ×1
            first: 0 – 5 s ×1
            small07: 5 – 22 s ×1
            big: 22 – 31 s ×1
            small02: 31 – 43 s ×1
            small03: 31 – 44 s ×1
            small04: 31 – 45 s ×1
            small05: 31 – 46 s ×1
            small06: 31 – 47 s ×1
            last: 31 – 121 s ×1
            small01: 43 – 54 s ×1
            small00: 44 – 54 s ×1
        "#]],
    );
}

#[test]
fn what_can_never_fit_is_abandoned_with_its_dependents() {
    let (jobs, _) = instance("big heavy 9 6 20\nuser light 1 1 1 > big\nfree light 1 1 1");
    let budget = Budget::new(Cores(4), Bytes::from_gb(8.0));
    let dispatcher = Dispatcher::new(&jobs, &tiers(), budget);
    let abandoned: Vec<JobId> = dispatcher.abandoned().collect();
    assert_eq!(abandoned, [JobId(0), JobId(1)]);
}

#[test]
fn a_failed_job_takes_its_dependents_and_nothing_else() {
    let (jobs, names) = instance("bad light 1 1 1\nuser light 1 1 1 > bad\nfree light 1 1 1");
    let budget = Budget::new(Cores(4), Bytes::from_gb(8.0));
    let mut dispatcher = Dispatcher::new(&jobs, &tiers(), budget);
    let mut started = Vec::new();
    while let Some(start) = dispatcher.next() {
        started.push(names[start.job.0 as usize]);
    }
    assert_eq!(started, ["bad", "free"]);
    assert_eq!(dispatcher.failed(JobId(0)), [JobId(0), JobId(1)]);
    dispatcher.finished(JobId(2));
    assert!(dispatcher.is_done());
}

#[test]
fn nix_today_goes_by_name_and_knows_no_memory() {
    let (jobs, names) = instance(
        "zlib light 10 1 1\nllvm heavy 60 6 12\ngcc heavy 60 6 12\nfirefox heavy 60 6 12 > zlib",
    );
    let settings = NixSettings {
        max_jobs: 2,
        cores: Cores(6),
    };
    let mut nix = NixToday::new(&jobs, settings, |job| names[job.0 as usize]);
    let schedule = simulate(&jobs, Cores(6), &mut nix);
    assert_eq!(
        schedule.peak_memory(&jobs),
        (Bytes::from_gb(24.0), Millis(0))
    );
    expect![[r#"
        llvm: 0 – 20 s ×6
        gcc: 0 – 20 s ×6
        zlib: 20 – 30 s ×1
    "#]]
    .assert_eq(
        &show(&schedule, &names)
            .lines()
            .take(3)
            .map(|line| format!("{line}\n"))
            .collect::<String>(),
    );
}

/// A correct schedule of two jobs, spoiled by `spoil`, breaks the expected laws.
fn check_violations(spoil: impl Fn(&mut Vec<Placement>), expect: Expect) {
    let (jobs, _) = instance("lib heavy 60 6 10\napp heavy 60 6 10 > lib\nother light 20 1 5");
    let budget = Budget {
        threads: Cores(6),
        memory: Bytes::from_gb(15.0),
        oversubscription: 1.2, // 7 threads
    };
    let tiers = tiers();
    let place = |job, start, end, threads, gb| Placement {
        job: JobId(job),
        start: Millis::from_secs(start),
        end: Millis::from_secs(end),
        threads: Cores(threads),
        memory: Bytes::from_gb(gb),
    };
    let mut placements = vec![
        place(0, 0.0, 12.0, 6, 10.0),
        place(1, 20.0, 31.0, 6, 10.0),
        place(2, 0.0, 24.0, 1, 5.0),
    ];
    let sound = Schedule::new(placements.clone());
    assert_eq!(verify(&sound, &jobs, &tiers, &budget), []);
    spoil(&mut placements);
    let violations = verify(&Schedule::new(placements), &jobs, &tiers, &budget);
    let lines: String = violations.iter().map(|v| format!("{v}\n")).collect();
    expect.assert_eq(&lines);
}

#[test]
fn a_missing_a_double_and_an_unknown_job_are_found() {
    check_violations(
        |p| p.truncate(2),
        expect![[r#"
        job 2 is not scheduled
    "#]],
    );
    check_violations(
        |p| p.push(p[0]),
        expect![[r#"
        job 0 is scheduled twice
    "#]],
    );
    check_violations(
        |p| p[2].job = JobId(9),
        expect![[r#"
        job 9 is not in the graph
    "#]],
    );
}

#[test]
fn a_start_before_an_input_ends_is_found() {
    check_violations(
        |p| p[1].start = Millis(11_000),
        expect![[r#"
            job 1 starts before its input 0 ends
            at 11.0 s, 25.0 GB of memory is in use
            at 11.0 s, 13 threads are in use
            at 11.0 s, 2 jobs of tier 0 run
            job 0 ends with 106 ms of its work undone
        "#]],
    );
}

#[test]
fn memory_threads_and_tier_jobs_in_excess_are_found() {
    check_violations(
        |p| p[0].memory = Bytes::from_gb(10.5),
        expect![[r#"
        at 0 ms, 15.5 GB of memory is in use
    "#]],
    );
    check_violations(
        |p| p[0].memory = Bytes::from_gb(9.0),
        expect![[r#"
        job 0 needs 10.0 GB, but 9.0 GB is reserved
    "#]],
    );
    check_violations(
        |p| p[2].threads = Cores(4),
        expect![[r#"
        job 2 cannot be started with 4 threads
        at 0 ms, 10 threads are in use
        at 20.0 s, 10 threads are in use
    "#]],
    );
    check_violations(
        |p| p[0].threads = Cores(0),
        expect![[r#"
            job 0 cannot be started with 0 threads
            job 0 ends with 48.0 s of its work undone
        "#]],
    );
}

#[test]
fn what_makes_no_sense_at_all_is_found() {
    check_violations(
        |p| p[1].end = Millis(1),
        expect![[r#"
        job 1 ends before it starts
    "#]],
    );
    let (mut jobs, _) = instance("a light 1 1 1");
    let placed = Placement {
        job: JobId(0),
        start: Millis(0),
        end: Millis(1000),
        threads: Cores(1),
        memory: Bytes::GB,
    };
    let budget = Budget::new(Cores(1), Bytes::GB);
    let none = TierSet::new(Vec::new());
    let violations = verify(&Schedule::new(vec![placed]), &jobs, &none, &budget);
    assert_eq!(violations, [Violation::UnknownTier(JobId(0))]);
    // Many jobs that end at one instant are no excuse for one that ends too soon.
    let text: String = (0..500).map(|i| format!("none{i} light 0 1 0\n")).collect();
    (jobs, _) = instance(&format!("real light 5 1 0\n{text}"));
    let placements = jobs.ids().map(|job| Placement {
        job,
        start: Millis(0),
        end: Millis(10),
        memory: Bytes(0),
        ..placed
    });
    let unlimited = Budget::new(Cores(600), Bytes::GB);
    let tiers = TierSet::new(
        tiers()
            .iter()
            .map(|(_, tier)| BuildTier {
                max_jobs: None,
                ..tier.clone()
            })
            .collect(),
    );
    let violations = verify(
        &Schedule::new(placements.collect()),
        &jobs,
        &tiers,
        &unlimited,
    );
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["job 0 ends with 5.0 s of its work undone"]);
}

#[test]
fn a_bound_names_memory_where_memory_slows_a_job() {
    let job = Job {
        tier: TierId(0),
        max_threads: Cores(4),
        usable_threads: Job::UNLIMITED,
        duration: DurationModel::parallel(Millis(100_000), 1.0),
        memory: MemoryModel {
            base: Bytes(0),
            per_thread: Bytes::GB,
        },
    };
    let jobs = JobGraph::new(vec![job], []).unwrap();
    let best = |gb, without: Rule| {
        let budget = Budget::new(Cores(4), Bytes::from_gb(gb));
        let bounds = LowerBounds::new(&jobs, &tiers(), &budget);
        let best = bounds.best_under(|rule| rule != without);
        best.map(|bound| bound.value)
    };
    assert_eq!(best(4.0, Rule::JobMemory), Some(Millis(25_000)));
    assert_eq!(best(1.0, Rule::JobMemory), None);
    assert_eq!(best(1.0, Rule::Memory), Some(Millis(100_000)));
}

/// A job that would keep the processor busy for hours does not start beside one that waits for a
/// few seconds of memory.
#[test]
fn a_job_that_waits_for_memory_is_not_starved_by_a_busy_processor() {
    let (jobs, names) = instance("first light 10 1 9\nbig heavy 500 1 8\nwide medium 40000 4 1");
    let budget = Budget::new(Cores(2), Bytes::from_gb(10.0));
    let mut orders = Orders::new(&jobs, &budget);
    orders.priority = [3, 2, 1].map(Millis).to_vec();
    let tiers = tiers();
    let mut dispatcher = Dispatcher::with_orders(&jobs, &tiers, budget, &orders);
    let schedule = simulate(&jobs, budget.threads, &mut dispatcher);
    expect![[r#"
        first: 0 – 10 s ×1
        big: 10 – 760 s ×1
        wide: 10 – 20260 s ×2
    "#]]
    .assert_eq(&show(&schedule, &names));
}

#[test]
fn with_less_memory_a_job_starts_with_fewer_threads() {
    let job = Job {
        tier: TierId(0),
        max_threads: Cores(4),
        usable_threads: Job::UNLIMITED,
        duration: DurationModel::parallel(Millis(100_000), 1.0),
        memory: MemoryModel {
            base: Bytes(0),
            per_thread: Bytes::GB,
        },
    };
    let jobs = JobGraph::new(vec![job], []).unwrap();
    let start = |first: f64, then: f64| {
        let budget = Budget::new(Cores(4), Bytes::from_gb(first));
        let tiers = tiers();
        let mut dispatcher = Dispatcher::new(&jobs, &tiers, budget);
        dispatcher.set_memory(Bytes::from_gb(then));
        dispatcher.next().map(|start| start.threads)
    };
    assert_eq!(start(8.0, 2.0), Some(Cores(2)));
    assert_eq!(start(2.0, 8.0), Some(Cores(4)));
    assert_eq!(start(8.0, 0.5), Some(Cores(1)));
}

#[test]
fn an_event_that_comes_twice_counts_once() {
    let (jobs, _) = instance("a light 1 1 1\nb light 1 1 1\nc light 1 1 1 > a b");
    let tiers = tiers();
    let budget = Budget::new(Cores(4), Bytes::from_gb(8.0));
    let mut dispatcher = Dispatcher::new(&jobs, &tiers, budget);
    while dispatcher.next().is_some() {}
    dispatcher.finished(JobId(0));
    dispatcher.finished(JobId(0));
    assert_eq!(dispatcher.next(), None);
    dispatcher.finished(JobId(1));
    assert_eq!(dispatcher.next().map(|start| start.job), Some(JobId(2)));
}

#[test]
fn a_budget_of_nothing_still_ends_one_job_after_the_other() {
    let (jobs, _) = instance("a light 1 1 0\nb light 1 1 0");
    let budget = Budget {
        threads: Cores(0),
        memory: Bytes(0),
        oversubscription: f64::NAN,
    };
    let tiers = tiers();
    let mut orders = Orders::new(&jobs, &budget);
    orders.saturation = f64::NAN;
    let mut dispatcher = Dispatcher::with_orders(&jobs, &tiers, budget, &orders);
    assert_eq!(
        simulate(&jobs, budget.threads, &mut dispatcher)
            .placements()
            .len(),
        2
    );
}

#[test]
fn a_job_faster_than_its_work_is_found() {
    check_violations(
        |p| p[0].end = Millis(9_000),
        expect![[r#"
            job 0 ends with 2.3 s of its work undone
        "#]],
    );
    check_violations(
        |p| p[2].end = Millis(20_000),
        expect![[r#"
            job 2 ends with 1.7 s of its work undone
        "#]],
    );
}
