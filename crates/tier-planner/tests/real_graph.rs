//! Classes and estimates of the derivations of a real nixpkgs.
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
#![allow(
    clippy::disallowed_methods,
    reason = "the data is in files, and where they are is in the environment"
)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use drv_graph::{DerivationGraph, KeepEnv, ReadOptions, derivation_json};
use expect_test::{Expect, expect};
use tier_planner::Cores;
use tier_planner::classify::Classifier;
use tier_planner::estimate::{Estimate, Estimator, Source};
use tier_planner::rule;
use tier_planner::subject::{BuildSigns, ENV_KEYS, JobClass, Subject, subjects};
use tier_planner::tier::TierSet;

/// The graph of that name, or `None`, loudly, where the data is not there and not required.
fn graph(name: &str, test: &str) -> Option<DerivationGraph> {
    let data = std::env::var_os("HMTOOL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = data.join("graphs").join(name);
    let file = match std::fs::read(&path) {
        Ok(file) => file,
        Err(error) => {
            let required = std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_some_and(|v| v == "1");
            assert!(!required, "{}: {error}", path.display());
            // Straight to stderr: the test harness hides what passing tests print.
            let path = path.display();
            let _ = writeln!(
                std::io::stderr(),
                "left out: {test}: needs {path} (set HMTOOL_DATA)"
            );
            return None;
        }
    };
    Some(read(&file))
}

fn read(file: &[u8]) -> DerivationGraph {
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut json)
        .expect("gzipped data");
    let options = ReadOptions {
        keep_env: KeepEnv::Named(ENV_KEYS.map(str::to_owned).to_vec()),
        ..ReadOptions::default()
    };
    derivation_json::read(&json, &options).expect("a graph that Nix printed")
}

type Row<'g> = (Subject<'g>, JobClass, Estimate);

fn plan(graph: &DerivationGraph) -> Vec<Row<'_>> {
    let tiers = TierSet::standard();
    let light = tiers.find("light").expect("a standard tier");
    let rules = rule::standard(&tiers);
    let classifier = Classifier::new(tiers, rules, light);
    let subjects = subjects(graph, |_| None);
    let (classes, _) = classifier.classify_all(&subjects);
    let estimator = Estimator::new(classifier.tiers().clone(), light);
    subjects
        .into_iter()
        .zip(classes)
        .map(|(subject, class)| {
            (
                subject,
                class.class,
                estimator.estimate(&subject, class.tier),
            )
        })
        .collect()
}

fn check(text: &str, expected: &Expect) {
    expected.assert_eq(text);
}

#[test]
fn priors_cover_most_of_nixpkgs_18_03() {
    let test = "priors_cover_most_of_nixpkgs_18_03";
    let Some(graph) = graph("nixpkgs-18.03-heavy.json.gz", test) else {
        return;
    };
    let rows = plan(&graph);
    let mut text = String::new();
    for class in [JobClass::Build, JobClass::Trivial, JobClass::Fetch] {
        let of_class = || rows.iter().filter(|row| row.1 == class);
        let hours: f64 = of_class()
            .map(|row| row.2.duration.cpu_time().as_hours())
            .sum();
        writeln!(
            text,
            "{class:?}: {}, {hours:.2} h on one thread",
            of_class().count()
        )
        .unwrap();
    }
    let builds = || rows.iter().filter(|row| row.1 == JobClass::Build);
    for (name, is_from) in [
        (
            "prior",
            (|s| matches!(s, Source::Prior { .. })) as fn(Source) -> bool,
        ),
        ("language", |s| matches!(s, Source::Language(_))),
        ("unknown", |s| s == Source::Unknown),
    ] {
        let from = || builds().filter(|row| is_from(row.2.duration_evidence.source));
        let hours: f64 = from()
            .map(|row| row.2.duration.single_thread.as_hours())
            .sum();
        writeln!(text, "time by {name}: {}, {hours:.2} h", from().count()).unwrap();
    }
    check(
        &text,
        &expect![[r#"
            Build: 605, 31.92 h on one thread
            Trivial: 47, 0.01 h on one thread
            Fetch: 675, 0.03 h on one thread
            time by prior: 371, 30.82 h
            time by language: 176, 0.39 h
            time by unknown: 56, 0.62 h
        "#]],
    );
}

#[test]
fn the_longest_builds_of_nixpkgs_18_03() {
    let test = "the_longest_builds_of_nixpkgs_18_03";
    let Some(graph) = graph("nixpkgs-18.03-heavy.json.gz", test) else {
        return;
    };
    let mut rows = plan(&graph);
    rows.sort_by_key(|(subject, _, estimate)| {
        (
            std::cmp::Reverse(estimate.duration.single_thread),
            subject.name,
        )
    });
    let mut text = String::new();
    for (subject, _, estimate) in rows.iter().take(45) {
        let six = Cores(6);
        writeln!(
            text,
            "{}: {} on 1, {} and {} on 6 ({}; {}; {})",
            subject.name,
            estimate.duration.single_thread,
            estimate.duration.at(six),
            estimate.memory.at(six),
            estimate.adjustment,
            estimate.duration_evidence.source,
            estimate.memory_evidence.source,
        )
        .unwrap();
    }
    check(
        &text,
        &expect![[r#"
            chromium-66.0.3359.139: 11 h 17 min on 1, 2 h 26 min and 15.6 GB on 6 (; BLFS-archive archive/chromium.xml; openSUSE Factory packages/c/chromium/_constraints: 2.6 GB per job, kept at six jobs (15.6 GB))
            llvm-5.0.1: 2 h 30 min on 1, 32 min 33 s and 6.5 GB on 6 (tests included; BLFS general/prog/llvm.xml * 0.5; rust-lang/rust PR 40277: more than 8 GB for 8 parallel links)
            llvm-6.0.0: 2 h 30 min on 1, 32 min 33 s and 6.5 GB on 6 (tests included; BLFS general/prog/llvm.xml * 0.5; rust-lang/rust PR 40277: more than 8 GB for 8 parallel links)
            rustc-1.24.0: 2 h 13 min on 1, 44 min 27 s and 9.5 GB on 6 (tests included; BLFS general/prog/rust.xml; openSUSE packages/r/rust/_constraints: 11 GB physical; split for 8 jobs)
            firefox-unwrapped-59.0.2: 2 h 11 min on 1, 28 min 29 s and 16.0 GB on 6 (; BLFS xsoft/graphweb/firefox.xml; openSUSE packages/m/MozillaFirefox/_constraints: 16 GB, 2.0 GB per job)
            gcc-7.3.0: 1 h 41 min on 1, 27 min 03 s and 6.4 GB on 6 (; BLFS general/prog/gcc.xml; openSUSE packages/g/gcc13/_constraints: 8 GB at 8 jobs)
            nodejs-6.14.1: 54 min 44 s on 1, 20 min 04 s and 8.0 GB on 6 (; BLFS general/genlib/nodejs.xml; openSUSE packages/n/nodejs20/_constraints: 10 GB physical; split for 8 jobs)
            nodejs-8.11.1: 54 min 44 s on 1, 20 min 04 s and 8.0 GB on 6 (; BLFS general/genlib/nodejs.xml; openSUSE packages/n/nodejs20/_constraints: 10 GB physical; split for 8 jobs)
            clang-5.0.1: 48 min 50 s on 1, 10 min 35 s and 6.5 GB on 6 (; BLFS general/prog/llvm.xml * 0.4; as llvm)
            guile-2.0.13: 17 min 27 s on 1, 6 min 24 s and 2.8 GB on 6 (; BLFS general/prog/guile.xml; usual for so short a build)
            kubectl-1.9.1: 15 min 30 s on 1, 5 min 41 s and 2.8 GB on 6 (; Go with the libraries of Kubernetes; usual for so short a build)
            mesa-noglu-17.3.6: 15 min 30 s on 1, 5 min 41 s and 2.8 GB on 6 (; as mesa, which it is; usual for so short a build)
            go-1.10.1: 12 min 30 s on 1, 4 min 10 s and 2.8 GB on 6 (; the compiler three times, then its tests; usual for so short a build)
            go-1.4-bootstrap-20161024: 12 min 30 s on 1, 4 min 10 s and 2.8 GB on 6 (; the compiler three times, then its tests; usual for so short a build)
            go-1.9.5: 12 min 30 s on 1, 4 min 10 s and 2.8 GB on 6 (; the compiler three times, then its tests; usual for so short a build)
            terraform-0.11.6: 11 min 38 s on 1, 4 min 16 s and 2.8 GB on 6 (; Go with many libraries; usual for so short a build)
            gnutls-3.6.1: 9 min 57 s on 1, 3 min 39 s and 2.8 GB on 6 (tests included; BLFS postlfs/security/gnutls.xml; usual for so short a build)
            bison-2.7: 8 min 08 s on 1, 8 min 08 s and 2.8 GB on 6 (tests included; LFS packages.ent; usual for so short a build)
            cmake-3.10.2: 7 min 45 s on 1, 2 min 51 s and 2.8 GB on 6 (; BLFS general/prog/cmake.xml; usual for so short a build)
            ruby-2.4.4: 7 min 22 s on 1, 2 min 42 s and 2.8 GB on 6 (; BLFS general/prog/ruby.xml; usual for so short a build)
            ruby-2.4.4: 7 min 22 s on 1, 2 min 42 s and 2.8 GB on 6 (; BLFS general/prog/ruby.xml; usual for so short a build)
            cargo-0.24.0: 6 min 59 s on 1, 2 min 33 s and 2.8 GB on 6 (; BLFS-archive archive/cargo.xml; usual for so short a build)
            python3-3.6.5: 6 min 35 s on 1, 2 min 25 s and 2.8 GB on 6 (; BLFS general/prog/python3.xml; usual for so short a build)
            subversion-1.9.7: 5 min 49 s on 1, 2 min 08 s and 2.8 GB on 6 (; BLFS general/prog/subversion.xml; usual for so short a build)
            gdb-8.1: 5 min 28 s on 1, 2 min 00 s and 2.8 GB on 6 (; BLFS general/prog/gdb.xml; usual for so short a build)
            glibc-2.26-131: 5 min 26 s on 1, 1 min 59 s and 2.4 GB on 6 (; LFS packages.ent; openSUSE packages/g/glibc/_constraints: 3 GB, for the test suite; split for 8 jobs)
            librsvg-2.42.2: 5 min 26 s on 1, 1 min 59 s and 2.8 GB on 6 (; BLFS general/graphlib/librsvg.xml; usual for so short a build)
            gettext-0.19.8: 5 min 02 s on 1, 1 min 51 s and 2.8 GB on 6 (; LFS packages.ent; usual for so short a build)
            gettext-0.19.8: 5 min 02 s on 1, 1 min 51 s and 2.8 GB on 6 (; LFS packages.ent; usual for so short a build)
            coreutils-8.29: 4 min 39 s on 1, 4 min 39 s and 1.4 GB on 6 (tests included; LFS packages.ent; usual for so short a build)
            ffmpeg-3.4.2: 4 min 39 s on 1, 1 min 42 s and 1.4 GB on 6 (; BLFS multimedia/videoutils/ffmpeg.xml; usual for so short a build)
            protobuf-3.4.0: 4 min 16 s on 1, 1 min 34 s and 1.4 GB on 6 (without its tests, which nobody measured; BLFS general/genlib/protobuf.xml; usual for so short a build)
            gtk+-2.24.32: 3 min 53 s on 1, 1 min 25 s and 1.4 GB on 6 (; BLFS-archive archive/gtk+2.xml; usual for so short a build)
            ripgrep-0.8.1: 3 min 53 s on 1, 1 min 25 s and 1.4 GB on 6 (without its tests, which nobody measured; some 40 crates; usual for so short a build)
            libunistring-0.9.9: 2 min 44 s on 1, 1 min 22 s and 1.4 GB on 6 (tests included; BLFS general/genlib/libunistring.xml; usual for so short a build)
            systemd-237: 2 min 32 s on 1, 1 min 16 s and 1.4 GB on 6 (; BLFS general/sysutils/systemd.xml; usual for so short a build)
            binutils-2.28.1: 2 min 30 s on 1, 55.0 s and 1.4 GB on 6 (; pass 1 is 1 SBU by definition; nixpkgs adds gold and shared libraries; usual for so short a build)
            binutils-2.28.1: 2 min 30 s on 1, 55.0 s and 1.4 GB on 6 (; pass 1 is 1 SBU by definition; nixpkgs adds gold and shared libraries; usual for so short a build)
            glibc-locales-2.26-131: 2 min 30 s on 1, 55.0 s and 1.4 GB on 6 (; localedef, one locale after the other; usual for so short a build)
            go-bindata-20151023-a0ff256: 2 min 30 s on 1, 55.0 s and 1.4 GB on 6 (; usual for what go builds; usual for so short a build)
            govers-20150109-3b5f175: 2 min 30 s on 1, 55.0 s and 1.4 GB on 6 (; usual for what go builds; usual for so short a build)
            xdg-utils-1.1.2: 2 min 30 s on 1, 2 min 30 s and 1.4 GB on 6 (; BLFS xsoft/other/xdg-utils.xml; usual for so short a build)
            fd-6.3.0: 2 min 25 s on 1, 1 min 13 s and 1.4 GB on 6 (without its tests, which nobody measured; some 60 crates; usual for so short a build)
            gtk+3-3.22.28: 2 min 25 s on 1, 1 min 13 s and 1.4 GB on 6 (; BLFS x/lib/gtk+3.xml; usual for so short a build)
            nss-3.35: 2 min 25 s on 1, 2 min 25 s and 1.4 GB on 6 (; BLFS postlfs/security/nss.xml; usual for so short a build)
        "#]],
    );
}

#[test]
fn what_is_trivial_in_nixpkgs_18_03() {
    let test = "what_is_trivial_in_nixpkgs_18_03";
    let Some(graph) = graph("nixpkgs-18.03-heavy.json.gz", test) else {
        return;
    };
    let mut names: Vec<String> = plan(&graph)
        .iter()
        .filter(|row| row.1 == JobClass::Trivial)
        .map(|row| format!("{} {:?}", row.0.name, row.0.kind))
        .collect();
    names.sort_unstable();
    names.dedup();
    check(
        &names.join("\n"),
        &expect![[r#"
        absolute_gir_path.patch Local
        absolute_shlib_path.patch Local
        binutils-wrapper-2.28.1 Local
        bootstrap-binutils-wrapper Local
        bootstrap-gcc-wrapper Local
        chromium-66.0.3359.139 Wrapper
        chromium-browser.desktop Glue
        clang-wrapper-5.0.1 Local
        config-compat.patch Local
        ensure-newer-sources-hook.sh Local
        firefox-59.0.2 Local
        firefox.desktop Glue
        gcc-wrapper-7.3.0 Local
        hook Glue
        libxml2+py-2.9.7 Local
        locales-setup-hook.sh Local
        mesa-17.3.6 Local
        mirrors-list Local
        python-setup-hook.sh Glue
        python3-3.6.5-env Local
        remove-references-to Local
        ronn-gems Local
        stdenv Glue
        stdenv-linux-boot Glue
        xlibs-wrapper Local"#]],
    );
}

/// The example's overlays set the signs, and the one for Node.js is not applied.
#[test]
fn what_the_example_shows_of_pgo_lto_and_tests() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/modular-workspace/graphs/shoshin.json.gz");
    let graph = read(&std::fs::read(path).expect("the example's graph"));
    let mut found: Vec<String> = subjects(&graph, |_| None)
        .iter()
        .filter(|subject| {
            subject.signs != BuildSigns::default()
                || matches!(subject.pname, "nodejs" | "rustc" | "python3" | "gcc")
        })
        .map(|subject| {
            let signs = subject.signs;
            let named = [
                (signs.pgo, " PGO"),
                (signs.lto, " LTO"),
                (signs.tests, " tests"),
            ];
            let shown: String = named.iter().filter(|sign| sign.0).map(|s| s.1).collect();
            format!("{}:{shown}", subject.pname)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    check(
        &found.join("\n"),
        &expect![[r#"
        gcc:
        nodejs:
        python3: PGO LTO
        rustc:
        rustc: PGO LTO"#]],
    );
}
