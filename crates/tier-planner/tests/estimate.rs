//! What estimates say, and what they rest on.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tier_planner::cost::MemoryModel;
use tier_planner::estimate::{Estimator, Source};
use tier_planner::history::History;
use tier_planner::package_settings::PackageSettings;
use tier_planner::subject::{BuildSigns, BuildSystems, Kind, Subject};
use tier_planner::tier::{TierId, TierSet};
use tier_planner::{Bytes, Cores, Millis};

const HEAVY: TierId = TierId(0);
const MEDIUM: TierId = TierId(1);
const LIGHT: TierId = TierId(2);

fn estimator() -> Estimator {
    Estimator::new(TierSet::standard(), LIGHT)
}

fn history(rows: &[(&str, u32)]) -> History {
    let mut csv = "hostname,derivation name,utc time,build seconds\n".to_owned();
    for (name, seconds) in rows {
        writeln!(csv, ",{name},2026-01-01 00:00:00,{seconds}").unwrap();
    }
    History::parse(csv.as_bytes(), "").0
}

fn parallel(name: &str) -> Subject<'_> {
    Subject {
        parallel_building: true,
        ..Subject::named(name)
    }
}

fn check(estimator: &Estimator, subjects: &[(Subject<'_>, TierId)], expected: &Expect) {
    let mut text = String::new();
    for (subject, tier) in subjects {
        let estimate = estimator.estimate(subject, *tier);
        let [one, six] = [Cores(1), Cores(6)];
        writeln!(
            text,
            "{}: {} / {} (×÷{:.1}, {}); {} / {} (×÷{:.1}, {}); {:.2} busy of 6",
            subject.name,
            estimate.duration.at(one),
            estimate.duration.at(six),
            estimate.duration_evidence.factor(),
            estimate.duration_evidence.source,
            estimate.memory.at(one),
            estimate.memory.at(six),
            estimate.memory_evidence.factor(),
            estimate.memory_evidence.source,
            estimate.duration.cpu_demand(six),
        )
        .unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn sources_in_their_order() {
    let estimator = estimator().with_history(
        history(&[("gcc", 1500), ("gcc", 1700), ("gcc", 1600), ("zlib", 9)]),
        Cores(6),
    );
    check(
        &estimator,
        &[
            (parallel("gcc-13.3.0"), HEAVY),
            (Subject::named("zlib-1.3.1"), HEAVY),
            (parallel("llvm-19.1.5"), HEAVY),
            (Subject::named("python3.13-nobody-knows-1.0"), LIGHT),
            (Subject::named("perl5.40.0-Nobody-Knows-1.0"), LIGHT),
            (
                Subject {
                    build_systems: BuildSystems::GO,
                    ..Subject::named("mcp-grafana-1.0")
                },
                MEDIUM,
            ),
            (Subject::named("mcp-server-git-1.0"), MEDIUM),
            (Subject::named("nobody-knows-1.0"), LIGHT),
            (
                Subject {
                    kind: Kind::Fetch,
                    ..Subject::named("source")
                },
                TierId(3),
            ),
            (Subject::named("gcc-wrapper-13.3.0"), TierId(4)),
        ],
        &expect![[r#"
            gcc-13.3.0: 1 h 40 min / 26 min 40 s (×÷1.1, median of 3 builds on this machine); 2.4 GB / 6.4 GB (×÷1.5, openSUSE packages/g/gcc13/_constraints: 8 GB at 8 jobs); 3.75 busy of 6
            zlib-1.3.1: 9.0 s / 9.0 s (×÷1.3, one build on this machine); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 1.00 busy of 6
            llvm-19.1.5: 1 h 01 min / 13 min 13 s (×÷2.0, BLFS general/prog/llvm.xml * 0.5); 1.5 GB / 6.5 GB (×÷1.5, rust-lang/rust PR 40277: more than 8 GB for 8 parallel links); 4.62 busy of 6
            python3.13-nobody-knows-1.0: 10.0 s / 10.0 s (×÷2.2, usual for python packages); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 1.00 busy of 6
            perl5.40.0-Nobody-Knows-1.0: 5.0 s / 5.0 s (×÷2.2, usual for perl packages); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 1.00 busy of 6
            mcp-grafana-1.0: 2 min 30 s / 55.0 s (×÷2.5, usual for what go builds); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 2.73 busy of 6
            mcp-server-git-1.0: 9 min 23 s / 9 min 23 s (×÷3.3, the tier's default); 2.6 GB / 8.2 GB (×÷2.2, the tier's default); 1.00 busy of 6
            nobody-knows-1.0: 40.0 s / 40.0 s (×÷3.3, nothing known, an ordinary package assumed); 640 MB / 2.5 GB (×÷2.2, the tier's default); 1.00 busy of 6
            source: 3.0 s / 3.0 s (×÷2.7, usual for a fetch); 64 MB / 64 MB (×÷1.8, usual for a fetch); 0.05 busy of 6
            gcc-wrapper-13.3.0: 1.0 s / 1.0 s (×÷2.7, usual for assembling finished parts); 64 MB / 64 MB (×÷1.8, usual for assembling finished parts); 1.00 busy of 6
        "#]],
    );
}

#[test]
fn threads_help_only_builds_that_use_them() {
    let ninja = Subject {
        build_systems: BuildSystems::NINJA,
        ..Subject::named("nobody-knows-1.0")
    };
    check(
        &estimator(),
        &[
            (Subject::named("openssl-3.4.0"), LIGHT),
            (parallel("openssl-3.4.0"), LIGHT),
            (Subject::named("firefox-unwrapped-128.0"), HEAVY),
            (ninja, LIGHT),
        ],
        &expect![[r#"
            openssl-3.4.0: 2 min 03 s / 2 min 03 s (×÷2.0, LFS packages.ent); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 1.00 busy of 6
            openssl-3.4.0: 2 min 03 s / 1 min 01 s (×÷2.0, LFS packages.ent); 400 MB / 1.4 GB (×÷1.8, usual for so short a build); 2.00 busy of 6
            firefox-unwrapped-128.0: 2 h 11 min / 28 min 29 s (×÷1.6, BLFS xsoft/graphweb/firefox.xml); 6.0 GB / 16.0 GB (×÷1.5, openSUSE packages/m/MozillaFirefox/_constraints: 16 GB, 2.0 GB per job); 4.62 busy of 6
            nobody-knows-1.0: 40.0 s / 20.0 s (×÷3.3, nothing known, an ordinary package assumed); 640 MB / 2.5 GB (×÷2.2, the tier's default); 2.00 busy of 6
        "#]],
    );
}

#[test]
fn settings_of_a_package() {
    let three = PackageSettings {
        cores: Some(Cores(3)),
        ..PackageSettings::default()
    };
    let estimator = estimator()
        .with_package("python313", three)
        .with_measured_memory(
            "onnxruntime",
            MemoryModel {
                base: Bytes::from_gb(0.3),
                per_thread: Bytes::from_gb(0.1),
            },
        );
    let python = parallel("python3-3.13.1").with_pname(Some("python3"));
    let older = parallel("python3-3.12.8").with_pname(Some("python3"));
    check(
        &estimator,
        &[
            (python, HEAVY),
            (older, HEAVY),
            (parallel("onnxruntime-1.20.1"), HEAVY),
        ],
        &expect![[r#"
            python3-3.13.1: 6 min 35 s / 2 min 25 s (×÷1.6, BLFS general/prog/python3.xml); 900 MB / 2.8 GB (×÷1.8, usual for so short a build); 2.73 busy of 6
            python3-3.12.8: 6 min 35 s / 2 min 25 s (×÷1.6, BLFS general/prog/python3.xml); 900 MB / 2.8 GB (×÷1.8, usual for so short a build); 2.73 busy of 6
            onnxruntime-1.20.1: 3 h 54 min / 50 min 52 s (×÷2.5, C++ with large generated kernels; several times that with CUDA); 410 MB / 922 MB (×÷1.1, measured); 4.62 busy of 6
        "#]],
    );
    assert_eq!(
        estimator.estimate(&python, HEAVY).max_threads,
        Some(Cores(3))
    );
    assert_eq!(estimator.estimate(&older, HEAVY).max_threads, None);
}

#[test]
fn settings_of_a_profile() {
    let profile: hw_profile::Profile = serde_json::from_str(
        r#"{ "packages": {
            "python313": { "pgoLevel": "FULL", "enableLTO": true, "nixBuildCores": "6" },
            "nodejs": { "pgoLevel": "FULL", "enableOverlay": false, "ninjaJobs": 4 },
            "codex": { "cargoBuildJobs": 2, "nixBuildCores": 3 }
        } }"#,
    )
    .expect("a profile");
    let estimator = estimator().with_profile(&profile);
    let of = |name| {
        let estimate = estimator.estimate(&parallel(name), MEDIUM);
        let number = |cores: Option<Cores>| cores.map_or(0, |cores| cores.0);
        format!(
            "{} with {} of {} and {}",
            estimate.duration.single_thread,
            number(estimate.max_threads),
            number(estimate.tool_threads),
            number(estimate.configured_cores),
        )
    };
    expect![[r#"
        6 min 35 s with 6 of 0 and 6
        54 min 44 s with 4 of 4 and 0
        49 min 45 s with 2 of 2 and 3"#]]
    .assert_eq(
        &[
            of("python3-3.13.1"),
            of("nodejs-22.11.0"),
            of("codex-0.63.0"),
        ]
        .join("\n"),
    );
}

#[test]
fn what_a_derivation_shows_multiplies() {
    let shows = |name, signs| Subject {
        signs,
        ..parallel(name)
    };
    let none = BuildSigns::default();
    let pgo = BuildSigns { pgo: true, ..none };
    let both = BuildSigns { lto: true, ..pgo };
    let tests = BuildSigns {
        tests: true,
        ..none
    };
    let estimator = estimator().with_history(history(&[("go", 500)]), Cores(6));
    let mut text = String::new();
    for subject in [
        shows("python3-3.13.9", none),
        shows("python3-3.13.9", pgo),
        shows("python3-3.13.9", both),
        shows("python3-3.13.9", tests),
        shows("firefox-unwrapped-59.0.2", tests),
        shows("coreutils-8.29", none),
        shows("coreutils-8.29", tests),
        shows("nobody-knows-1.0", both),
        shows("go-1.23", both),
    ] {
        let estimate = estimator.estimate(&subject, LIGHT);
        writeln!(
            text,
            "{}: {} / {} (×÷{:.1}) {}",
            subject.name,
            estimate.duration.at(Cores(1)),
            estimate.duration.at(Cores(6)),
            estimate.duration_evidence.factor(),
            estimate.adjustment,
        )
        .unwrap();
    }
    expect![[r#"
        python3-3.13.9: 6 min 35 s / 2 min 25 s (×÷1.6) 
        python3-3.13.9: 19 min 46 s / 11 min 25 s (×÷1.6) ×3.0 for PGO
        python3-3.13.9: 27 min 40 s / 15 min 59 s (×÷1.6) ×4.2 for PGO and LTO
        python3-3.13.9: 12 min 24 s / 4 min 33 s (×÷1.6) tests included
        firefox-unwrapped-59.0.2: 2 h 11 min / 28 min 29 s (×÷2.0) without its tests, which nobody measured
        coreutils-8.29: 54.5 s / 27.3 s (×÷1.6) 
        coreutils-8.29: 4 min 39 s / 1 min 42 s (×÷1.6) tests included
        nobody-knows-1.0: 2 min 48 s / 1 min 52 s (×÷3.3) ×4.2 for PGO and LTO
        go-1.23: 15 min 00 s / 8 min 20 s (×÷1.3) 
    "#]].assert_eq(&text);
}

#[test]
fn a_name_that_lost_a_part_is_not_taken_for_another_package() {
    let rows = [
        ("openssl", 500),
        ("firefox", 3),
        ("protobuf", 400),
        ("requests", 7),
        ("python3-3.13.9", 300),
        ("python3.13-numpy", 90),
    ];
    let estimator = estimator().with_history(history(&rows), Cores(1));
    let numpy = Subject::named("python3.13-numpy-2.3.4").with_pname(Some("numpy"));
    let crate_of_that_name = Subject::named("rust_openssl-0.9.20").with_pname(Some("openssl"));
    let mut text = String::new();
    for subject in [
        Subject::named("openssl-3.4.0"),
        Subject::named("rust_openssl-0.9.20"),
        crate_of_that_name,
        Subject::named("perl5.40.0-openssl-1.0"),
        Subject::named("firefox-unwrapped-128.0"),
        Subject::named("firefox-128.0"),
        Subject::named("python3.13-protobuf-5.28"),
        Subject::named("python3.13-requests-2.32.3"),
        numpy,
        Subject::named("python3-3.13.9"),
    ] {
        let estimate = estimator.estimate(&subject, LIGHT);
        writeln!(
            text,
            "{}: {} ({})",
            subject.name,
            estimate.duration.at(Cores(1)),
            estimate.duration_evidence.source,
        )
        .unwrap();
    }
    expect![[r#"
        openssl-3.4.0: 8 min 20 s (one build on this machine)
        rust_openssl-0.9.20: 8.0 s (usual for rust packages)
        rust_openssl-0.9.20: 8.0 s (usual for rust packages)
        perl5.40.0-openssl-1.0: 5.0 s (usual for perl packages)
        firefox-unwrapped-128.0: 2 h 11 min (BLFS xsoft/graphweb/firefox.xml)
        firefox-128.0: 3.0 s (one build on this machine)
        python3.13-protobuf-5.28: 10.0 s (usual for python packages)
        python3.13-requests-2.32.3: 7.0 s (one build on this machine)
        python3.13-numpy-2.3.4: 1 min 30 s (one build on this machine)
        python3-3.13.9: 5 min 00 s (one build on this machine)
    "#]]
    .assert_eq(&text);
}

#[test]
fn five_packages_in_both_set_the_speed() {
    let rows = [("bash", 40), ("gawk", 40), ("gnutar", 40), ("gcc", 3000)];
    let four = estimator().with_history(history(&rows), Cores(4));
    let difference = four.seconds_per_sbu() - Estimator::SECONDS_PER_SBU;
    assert!(difference.abs() < 1e-9, "{difference}");

    let slow = |percent: u32| {
        // LFS and BLFS: bash 0.2, coreutils 0.3, perl 0.6, vim 0.4 and boost 1.4 SBU on 4 threads.
        let sbu = [
            ("bash", 20),
            ("coreutils", 30),
            ("perl", 60),
            ("vim", 40),
            ("boost", 140),
        ];
        let rows = sbu.map(|(name, seconds)| (name, seconds * percent / 100));
        estimator()
            .with_history(history(&rows), Cores(4))
            .seconds_per_sbu()
    };
    assert!((slow(100) - 100.0).abs() < 1.0, "{}", slow(100));
    assert!((slow(200) - 200.0).abs() < 5.0, "{}", slow(200));
}

#[test]
fn history_is_brought_to_one_thread() {
    let estimator = estimator().with_history(history(&[("hello", 1000)]), Cores(6));
    let of = |subject: &Subject<'_>| estimator.estimate(subject, LIGHT).duration;
    let serial = of(&Subject::named("hello-2.12"));
    assert_eq!(serial.at(Cores(1)), Millis::from_secs(1000.0));
    let parallel = of(&parallel("hello-2.12"));
    assert_eq!(parallel.at(Cores(6)), Millis::from_secs(1000.0));
    // 1000 s / (0.24 + 0.76 / 6)
    assert_eq!(parallel.at(Cores(1)), Millis(2_727_273));
}

fn subject() -> impl Strategy<Value = Subject<'static>> {
    let name = prop::sample::select(vec![
        "gcc-13.3.0",
        "chromium-unwrapped-131.0",
        "python3.13-requests-2.32.3",
        "rust_libc-0.2.33",
        "zlib-1.3.1",
        "nobody-knows-1.0",
        "onnxruntime-1.20.1",
        "llvm-19.1.5",
    ]);
    let kind = prop::sample::select(vec![Kind::Build, Kind::Build, Kind::Fetch, Kind::Wrapper]);
    (name, kind, any::<bool>()).prop_map(|(name, kind, parallel_building)| Subject {
        kind,
        parallel_building,
        ..Subject::named(name)
    })
}

proptest! {
    #[test]
    fn more_threads_are_never_slower_and_never_need_less_memory(
        subject in subject(),
        tier in 0_u16..7,
        seconds in proptest::option::of(0_u32..100_000),
        cores in 0_u32..64,
        k in 1_u32..128,
    ) {
        let rows: Vec<_> = seconds.map(|seconds| (subject.pname, seconds)).into_iter().collect();
        let estimator = estimator().with_history(history(&rows), Cores(cores));
        let estimate = estimator.estimate(&subject, TierId(tier));
        let [few, more] = [Cores(k), Cores(k + 1)];
        prop_assert!(estimate.duration.at(few) >= estimate.duration.at(more));
        prop_assert!(estimate.memory.at(few) <= estimate.memory.at(more));
        prop_assert!(estimate.duration.single_thread > Millis(0));
        prop_assert!((0.0..=1.0).contains(&estimate.duration.parallel_share));
        prop_assert!(estimate.duration_evidence.factor() >= 1.0);
    }

    #[test]
    fn history_is_believed_at_the_cores_it_was_made_with(
        subject in subject(),
        seconds in 1_u32..100_000,
        cores in 1_u32..64,
    ) {
        prop_assume!(subject.kind == Kind::Build);
        let rows = [(subject.pname, seconds)];
        let estimator = estimator().with_history(history(&rows), Cores(cores));
        let estimate = estimator.estimate(&subject, HEAVY);
        prop_assert_eq!(estimate.duration_evidence.source, Source::History { rows: 1 });
        let error = estimate.duration.at(Cores(cores)).as_secs() - f64::from(seconds);
        prop_assert!(error.abs() <= 0.002 * f64::from(seconds), "{error}");
    }
}
