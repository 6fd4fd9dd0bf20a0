//! Which tier a derivation lands in, why, and what is said about the rules.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use tier_planner::classify::{Classification, Classifier, Reason};
use tier_planner::rule::{self, Rule};
use tier_planner::subject::{Kind, Subject};
use tier_planner::tier::{TierId, TierSet};

/// Rules as `tier: word word …` lines over the standard tiers.
fn classifier(rules: &str) -> Classifier {
    let tiers = TierSet::standard();
    let rules = rules
        .lines()
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(tier, words)| {
            let tier = tiers.find(tier.trim()).expect("a standard tier");
            words
                .split_whitespace()
                .map(move |word| Rule::parse(tier, word))
        })
        .collect();
    let light = tiers.find("light").expect("a standard tier");
    Classifier::new(tiers, rules, light)
}

fn explain(classifier: &Classifier, class: &Classification) -> String {
    let rule = |id| classifier.rule(id).expect("a rule of this set").to_string();
    let by = match class.by {
        Reason::Rule(id) => rule(id),
        Reason::DefaultTier => "default".into(),
        Reason::Fetch => "fetch".into(),
        Reason::Trivial(kind) => format!("{kind:?}"),
    };
    let mut text = format!("{} by {by}", classifier.tiers()[class.tier].name);
    for id in &class.also_matched {
        write!(text, ", also {}", rule(*id)).unwrap();
    }
    text
}

/// Subjects as `name` or `name pname` or `name pname attribute` lines; a name that ends in
/// `.tar.gz` is fetched.
fn subjects(lines: &str) -> Vec<Subject<'_>> {
    lines
        .lines()
        .map(str::split_whitespace)
        .filter_map(|mut words| {
            let name = words.next()?;
            let mut subject = Subject::named(name).with_pname(words.next().filter(|p| *p != "-"));
            subject.attribute = words.next();
            if name.ends_with(".tar.gz") {
                subject.kind = Kind::Fetch;
            }
            Some(subject)
        })
        .collect()
}

fn check(rules: &str, derivations: &str, expected: &Expect) {
    let classifier = classifier(rules);
    let subjects = subjects(derivations);
    let (classes, problems) = classifier.classify_all(&subjects);
    let mut text = String::new();
    for (subject, class) in subjects.iter().zip(&classes) {
        writeln!(text, "{}: {}", subject.name, explain(&classifier, class)).unwrap();
    }
    for problem in problems {
        let at = problem
            .span()
            .map(|span| format!(" at {span:?}"))
            .unwrap_or_default();
        writeln!(
            text,
            "{:?} {}{at}: {problem} ({})",
            problem.severity(),
            problem.code(),
            problem.hint()
        )
        .unwrap();
    }
    expected.assert_eq(&text);
}

#[test]
fn an_exact_name_is_the_package_and_not_what_is_named_after_it() {
    check(
        "heavy: gcc python313 llvm\nmedium: nodejs_22 go",
        "gcc-13.3.0\n\
         gcc-13.3.0 gcc gcc13\n\
         gcc-wrapper-13.3.0\n\
         gcc-arm-embedded-13.2.0\n\
         python3-3.13.1 python3\n\
         python3-3.12.8 python3\n\
         python3.13-requests-2.32.3 requests\n\
         llvm-19.1.5 llvm\n\
         llvm-manpages-19.1.5\n\
         nodejs-22.11.0\n\
         nodejs-2.2.1\n\
         nodejs-slim-22.11.0\n\
         go-1.10.1\n\
         govers-20150109-3b5f175\n\
         go1.22.3.src.tar.gz",
        &expect![[r#"
            gcc-13.3.0: heavy by gcc
            gcc-13.3.0: heavy by gcc
            gcc-wrapper-13.3.0: trivial by Glue
            gcc-arm-embedded-13.2.0: light by default
            python3-3.13.1: heavy by python313
            python3-3.12.8: light by default
            python3.13-requests-2.32.3: light by default
            llvm-19.1.5: heavy by llvm
            llvm-manpages-19.1.5: light by default
            nodejs-22.11.0: medium by nodejs_22
            nodejs-2.2.1: light by default
            nodejs-slim-22.11.0: light by default
            go-1.10.1: medium by go
            govers-20150109-3b5f175: light by default
            go1.22.3.src.tar.gz: fetch by fetch
        "#]],
    );
}

#[test]
fn versions_of_attributes_are_major_or_major_and_minor() {
    check(
        "heavy: python36 python27 postgresql_16 go_1_23 x264",
        "python3-3.6.5\n\
         python-2.7.14\n\
         python3-3.61.0\n\
         postgresql-16.4\n\
         postgresql-1.6\n\
         go-1.23.4\n\
         go-1.2.3\n\
         x264-0-unstable-2023\n\
         x265-2.6\n\
         python3-3.6rc1",
        &expect![[r#"
            python3-3.6.5: heavy by python36
            python-2.7.14: heavy by python27
            python3-3.61.0: light by default
            postgresql-16.4: heavy by postgresql_16
            postgresql-1.6: light by default
            go-1.23.4: heavy by go_1_23
            go-1.2.3: light by default
            x264-0-unstable-2023: heavy by x264
            x265-2.6: light by default
            python3-3.6rc1: light by default
        "#]],
    );
}

#[test]
fn a_rule_names_the_package_that_a_wrapper_wraps() {
    check(
        "heavy: firefox",
        "firefox-unwrapped-128.0\nfirefox-128.0 firefox-wrapper\nfirefox.desktop",
        &expect![[r#"
            firefox-unwrapped-128.0: heavy by firefox
            firefox-128.0: trivial by Glue
            firefox.desktop: trivial by Glue
        "#]],
    );
}

#[test]
fn fields_and_patterns() {
    check(
        "heavy: glob:*-unwrapped name:glob:*-3.[0-9]* attr:linuxPackages.nvidia_x11\n\
         medium: regex:mcp-.* pname:regex:(?i)ELECTRON",
        "mcp-server-git-2.0\n\
         my-mcp-thing-1.0\n\
         electron-33.2.0\n\
         electron-3.2.0\n\
         nvidia-x11-565.77 nvidia-x11 linuxPackages.nvidia_x11\n\
         chromium-unwrapped-131.0",
        &expect![[r#"
            mcp-server-git-2.0: medium by regex:mcp-.*
            my-mcp-thing-1.0: light by default
            electron-33.2.0: medium by pname:regex:(?i)ELECTRON
            electron-3.2.0: heavy by name:glob:*-3.[0-9]*, also pname:regex:(?i)ELECTRON
            nvidia-x11-565.77: heavy by attr:linuxPackages.nvidia_x11
            chromium-unwrapped-131.0: heavy by glob:*-unwrapped
            Warning two-tiers: electron-3.2.0 is in tiers heavy ("name:glob:*-3.[0-9]*") and medium ("pname:regex:(?i)ELECTRON"); heavy comes first and holds (remove "pname:regex:(?i)ELECTRON" from medium, or "name:glob:*-3.[0-9]*" from heavy)
        "#]],
    );
}

#[test]
fn what_the_plan_got_wrong_is_said() {
    check(
        "heavy: gcc glibc\nmedium: gcc mcp-.* go* glob:[a regex:(x|y go-1.{2 regex:a{99999}",
        "gcc-13.3.0\nmcp-server-git-2.0\nglibc-2.40.tar.gz",
        &expect![[r#"
            gcc-13.3.0: heavy by gcc, also gcc
            mcp-server-git-2.0: light by default
            glibc-2.40.tar.gz: fetch by fetch, also glibc
            Note rule-matches-nothing: "glibc" matches no build, only 1 that are fetched or assembled, which have tiers of their own (the rule may be for another machine; `hmtool plan --explain NAME` shows a derivation's names)
            Warning two-tiers: gcc-13.3.0 is in tiers heavy ("gcc") and medium ("gcc"); heavy comes first and holds (remove "gcc" from medium, or "gcc" from heavy)
            Warning pattern-among-names: "mcp-.*" is compared literally, but reads like a pattern (make it a regular expression)
            Warning pattern-among-names: "go*" is compared literally, but reads like a pattern (make it a glob)
            Error invalid-pattern at 0..1: unclosed character class; missing ']' (without prefix, names are compared literally)
            Error invalid-pattern at 0..1: unclosed group (without prefix, names are compared literally)
            Warning pattern-among-names: "go-1.{2" is compared literally, but reads like a pattern (make it a glob)
            Error invalid-pattern at 0..8: Compiled regex exceeds size limit of 1048576 bytes. (without prefix, names are compared literally)
        "#]],
    );
}

#[test]
fn an_exception_before_a_pattern_is_only_noted() {
    check(
        "light: mcp-grafana\nmedium: glob:mcp-*",
        "mcp-grafana-0.2\nmcp-server-git-2.0\nmcp-fs-2.0",
        &expect![[r#"
            mcp-grafana-0.2: light by mcp-grafana, also glob:mcp-*
            mcp-server-git-2.0: medium by glob:mcp-*
            mcp-fs-2.0: medium by glob:mcp-*
            Note two-tiers: mcp-grafana-0.2 is in tiers light ("mcp-grafana") and medium ("glob:mcp-*"); light comes first and holds (remove "glob:mcp-*" from medium, or "mcp-grafana" from light)
        "#]],
    );
}

#[test]
fn without_tiers_everything_falls_back() {
    let none = Classifier::new(
        TierSet::new(Vec::new()),
        vec![Rule::parse(TierId(7), "gcc")],
        TierId(3),
    );
    let tier = |name| {
        let class = none.classify(&Subject::named(name));
        none.tiers()[class.tier].name.clone()
    };
    assert_eq!(tier("gcc-13.3.0"), "fallback");
    assert_eq!(tier("ripgrep-14.1.1"), "fallback");
    assert_eq!(tier("gcc-wrapper-13.3.0"), "trivial");
}

#[test]
fn a_configured_fetch_tier_is_used() {
    let mut tiers = TierSet::standard();
    let mut own = tiers[TierId(2)].clone();
    own.name = Classifier::FETCH.to_owned();
    let id = tiers.find_or_add(own);
    let classifier = Classifier::new(tiers, Vec::new(), TierId(2));
    let source = Subject {
        kind: Kind::Fetch,
        ..Subject::named("source")
    };
    assert_eq!(classifier.classify(&source).tier, id);
    assert_eq!(classifier.tiers().len(), 5);
}

#[test]
fn the_standard_rules_compile_and_agree() {
    let tiers = TierSet::standard();
    let rules = rule::standard(&tiers);
    let classifier = Classifier::new(tiers, rules, TierId(2));
    let (_, problems) = classifier.classify_all(&[]);
    assert!(
        problems
            .iter()
            .all(|problem| problem.code() == "rule-matches-nothing")
    );
}

/// Words that collide often enough: names, versioned names, globs, regular expressions.
fn rule_word() -> impl Strategy<Value = String> {
    let text = prop::sample::select(vec![
        "gcc",
        "gcc13",
        "python3",
        "python313",
        "glob:g*",
        "regex:.*3",
        "llvm",
        "glob:*",
        "regex:(",
        "attr:gcc13",
        "name:gcc-13.3.0",
        "pname:glob:{gcc,llvm}",
    ]);
    text.prop_map(str::to_owned)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    prop::collection::vec((0_u16..3, rule_word()), 0..8).prop_map(|rules| {
        let parse = |(tier, word): (u16, String)| Rule::parse(TierId(tier), &word);
        rules.into_iter().map(parse).collect()
    })
}

fn derivations() -> impl Strategy<Value = Vec<&'static str>> {
    let name = prop::sample::select(vec![
        "gcc-13.3.0",
        "python3-3.13.1",
        "llvm-19.1.5",
        "gcc-wrapper-13.3.0",
        "zlib-1.3",
        "hook",
    ]);
    prop::collection::vec(name, 0..12)
}

proptest! {
    #[test]
    fn the_first_rule_that_matches_wins(rules in rules(), names in derivations()) {
        let all = Classifier::new(TierSet::standard(), rules.clone(), TierId(2));
        for name in names {
            let subject = Subject::named(name);
            let class = all.classify(&subject);
            let alone = |rule: &Rule| {
                let one = Classifier::new(TierSet::standard(), vec![rule.clone()], TierId(2));
                let class = one.classify(&subject);
                matches!(class.by, Reason::Rule(_)) || !class.also_matched.is_empty()
            };
            let matching: Vec<usize> =
                (0..rules.len()).filter(|i| alone(&rules[*i])).collect();
            let mut found: Vec<usize> = class.also_matched.iter().map(|id| id.0 as usize).collect();
            if let Reason::Rule(id) = class.by {
                prop_assert_eq!(class.tier, rules[id.0 as usize].tier);
                found.insert(0, id.0 as usize);
            }
            prop_assert_eq!(found, matching);
        }
    }

    #[test]
    fn the_order_of_the_graph_does_not_matter(
        rules in rules(),
        (names, shuffled) in derivations()
            .prop_flat_map(|names| (Just(names.clone()), Just(names).prop_shuffle()))
    ) {
        let classifier = Classifier::new(TierSet::standard(), rules, TierId(2));
        let run = |names: &[&'static str]| {
            let subjects: Vec<_> = names.iter().map(|name| Subject::named(name)).collect();
            let (classes, problems) = classifier.classify_all(&subjects);
            let mut named: Vec<_> =
                names.iter().zip(classes).map(|(n, c)| (*n, c.tier, c.by)).collect();
            named.sort_unstable();
            (named, problems)
        };
        prop_assert_eq!(run(&names), run(&shuffled));
    }

    #[test]
    fn any_text_is_a_rule_and_any_name_has_a_tier(word in ".{0,20}", name in ".{0,30}") {
        let rules = ["", "glob:", "regex:"]
            .map(|kind| Rule::parse(TierId(0), &format!("{kind}{word}")))
            .to_vec();
        let classifier = Classifier::new(TierSet::standard(), rules, TierId(2));
        for problem in classifier.problems() {
            if let Some(span) = problem.span() {
                let rule = classifier.rule(problem.rule()).unwrap();
                prop_assert!(rule.pattern.text().get(span).is_some());
            }
        }
        let class = classifier.classify(&Subject::named(&name));
        prop_assert!(usize::from(class.tier.0) < classifier.tiers().len());
    }
}
