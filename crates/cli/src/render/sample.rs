//! A small plan for the renderers' tests, made by hand so that no estimate changes it.

use crate::dto::plan::{
    Bound, Build, Diagnostic, Edge, Fetch, Gate, Input, Likely, LikelySaved, Machine, Misfit, Plan,
    Schedule, Severity, Source, Tier, Today, Work,
};

const GB: u64 = 1 << 30;
const MIN: u64 = 60_000;

/// Five builds in two tiers, one of which does not fit.
pub(super) fn plan() -> Plan {
    let build = |id, name: &str, tier: &str, start: u64, end: u64, threads, gb: u64| Build {
        id,
        drv: format!(
            "/nix/store/{}-{name}.drv",
            char::from(b'a' + id as u8).to_string().repeat(32)
        ),
        name: name.to_owned(),
        pname: name.split('-').next().unwrap_or_default().to_owned(),
        attribute: None,
        root: false,
        fixed_output: false,
        tier: tier.to_owned(),
        rule: "no rule, the default tier".to_owned(),
        start_ms: Some(start * MIN),
        end_ms: Some(end * MIN),
        threads,
        counted_threads: threads,
        memory_bytes: gb * GB,
        duration_ms: (end - start) * MIN,
        duration_source: "measured".to_owned(),
        duration_factor: 1.5,
        memory_source: "the tier's default".to_owned(),
        memory_factor: 2.23,
    };
    let mut builds = vec![
        build(0, "gcc-14.3.0", "heavy", 0, 60, 6, 6),
        build(1, "zlib-1.3", "light", 60, 62, 2, 1),
        build(2, "python3-3.13.1", "heavy", 62, 92, 6, 4),
        build(3, "ripgrep-15", "light", 60, 75, 2, 1),
        build(4, "chromium-142", "heavy", 0, 0, 6, 16),
    ];
    builds[4].start_ms = None;
    builds[4].end_ms = None;
    builds[4].duration_ms = 300 * MIN;
    let tier =
        |name: &str, max_jobs, cores, gb: u64, builds, minutes: u64, peak_jobs, largest: u64| {
            Tier {
                name: name.to_owned(),
                max_jobs: Some(max_jobs),
                cores,
                memory_bytes: gb * GB,
                builds,
                busy_ms: minutes * MIN,
                peak_jobs,
                largest_bytes: largest * GB,
            }
        };
    let edge = |from, to| Edge { from, to };
    Plan {
        schema: Plan::SCHEMA_ID,
        machine: Machine {
            name: Some("desk".to_owned()),
            threads: Some(8),
            build_threads: 7,
            thread_limit: 14,
            memory_bytes: Some(16 * GB),
            zram_gain_bytes: None,
            reserve_bytes: Some(6 * GB),
            build_memory_bytes: 10 * GB,
            builds_only: None,
            buildable: None,
        },
        input: Input {
            graphs: vec!["graph.json".to_owned()],
            config: Some("hmtool.toml".to_owned()),
            derivations: 12,
            dependencies: 20,
            roots: 1,
        },
        work: Work {
            build: 5,
            build_fixed_output: 0,
            fetch: 2,
            present: 1,
            untouched: 4,
            wanted: 12,
            wanted_without_build: 7,
            hit_rate: Some(7.0 / 12.0),
            sources: vec![Source {
                name: "cache.nixos.org".to_owned(),
                local: false,
                held: 100,
                not_servable: 0,
                used: 2,
                download_bytes: Some(12_300_000),
                nar_bytes: Some(50_000_000),
                unknown_sizes: 0,
            }],
        },
        tiers: vec![
            tier("heavy", 1, 6, 12, 3, 390, 1, 16),
            tier("light", 12, 2, 1, 2, 17, 2, 1),
        ],
        schedule: Schedule {
            length_ms: 92 * MIN,
            likely: Some(Likely {
                low_ms: 71 * MIN,
                median_ms: 99 * MIN,
                high_ms: 140 * MIN,
                worlds: 100,
            }),
            peak_memory_bytes: 6 * GB,
            peak_threads: 8,
            peak_jobs: 2,
            lower_bound_ms: 90 * MIN,
            gap: Some(92.0 / 90.0 - 1.0),
            bounds: vec![Bound {
                name: "tier heavy".to_owned(),
                length_ms: 90 * MIN,
                assumes: vec!["input order".to_owned(), "jobs of heavy at once".to_owned()],
            }],
            misfits: vec![Misfit {
                id: 4,
                cores: 6,
                memory_bytes: 16 * GB,
                fits_at_cores: None,
                memory_then_bytes: 12 * GB,
            }],
            left_out: vec![4],
        },
        today: Today {
            max_jobs: 2,
            cores: 6,
            is_default: false,
            length_ms: 110 * MIN,
            peak_memory_bytes: 20 * GB,
            over_memory_ms: 30 * MIN,
            first_over_memory_ms: Some(70 * MIN),
            saved: Some(0.163_636),
            likely_saved: Some(LikelySaved {
                low: 0.08,
                median: 0.16,
                high: 0.215,
            }),
        },
        today_fitting: Some(Today {
            max_jobs: 1,
            cores: 6,
            is_default: false,
            length_ms: 130 * MIN,
            peak_memory_bytes: 12 * GB,
            over_memory_ms: 0,
            first_over_memory_ms: None,
            saved: Some(0.292_308),
            likely_saved: Some(LikelySaved {
                low: 0.25,
                median: 0.29,
                high: 0.334,
            }),
        }),
        critical_path: vec![0, 1, 2],
        builds,
        edges: vec![edge(0, 1), edge(0, 3), edge(1, 2), edge(2, 4)],
        fetches: vec![Fetch {
            path: "/nix/store/00000000000000000000000000000000-glibc-2.40".to_owned(),
            source: "cache.nixos.org".to_owned(),
            download_bytes: Some(12_300_000),
            nar_bytes: Some(50_000_000),
        }],
        diagnostics: vec![Diagnostic {
            severity: Severity::Error,
            code: "does-not-fit".to_owned(),
            message: "chromium-142 does not fit: it needs 12.0 GB even at 1 core, and builds have 10.0 GB".to_owned(),
            hint: Some("fetch it from a cache, or build it on a larger machine".to_owned()),
            cost_ms: None,
            cost_bytes: Some(2 * GB),
        }],
        gates: vec![Gate {
            name: "max-builds".to_owned(),
            limit: 3.0,
            value: 5.0,
            passed: false,
        }],
    }
}

/// The same with hostile names wherever a name comes from outside.
pub(super) fn hostile(name: &str) -> Plan {
    let mut plan = plan();
    plan.machine.name = Some(name.to_owned());
    plan.input.graphs = vec![name.to_owned()];
    plan.machine.builds_only = Some(vec![name.to_owned()]);
    plan.tiers[0].name = name.to_owned();
    plan.work.sources[0].name = name.to_owned();
    plan.schedule.bounds[0].name = name.to_owned();
    plan.diagnostics[0].message = name.to_owned();
    plan.diagnostics[0].hint = Some(name.to_owned());
    for build in &mut plan.builds {
        build.drv = format!("/nix/store/{name}{}.drv", build.id);
        build.name = name.to_owned();
        build.pname = name.to_owned();
        build.tier = name.to_owned();
        build.rule = name.to_owned();
    }
    plan
}

/// Names that a terminal, a shell or a layout might trip over.
pub(super) const HOSTILE: [&str; 12] = [
    "$(touch pwned)",
    "`touch pwned`",
    "a'; touch pwned; '",
    "a\" ; touch pwned ; \"",
    "-rf",
    "line\nbreak; touch pwned",
    "\u{1b}]0;title\u{7}\u{1b}[31m",
    "\u{9b}31mred",
    "trojan\u{202e}gpj.exe",
    "日本語の長い名前のパッケージ日本語の長い名前のパッケージ日本語",
    "👩‍👩‍👧‍👦-emoji",
    "very-long-name-very-long-name-very-long-name-very-long-name-very-long-name-very-long-name-very-long-name",
];
