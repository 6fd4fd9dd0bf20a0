//! Laws of what runs where and of what machines share.

use hw_profile::arch::{
    Compiler, Family, Feature, FeatureSet, Microarchitecture, Policy, RunsOn, common_arch,
};
use proptest::prelude::*;

fn at(name: &str) -> &'static Microarchitecture {
    Microarchitecture::by_name(name).unwrap_or_else(|| panic!("{name}"))
}

fn targets() -> impl Iterator<Item = &'static Microarchitecture> {
    Microarchitecture::all()
        .iter()
        .filter(|it| !it.compiled().is_empty())
}

fn names(targets: &[&Microarchitecture]) -> Vec<&'static str> {
    targets.iter().map(|it| it.name()).collect()
}

/// A processor: one of the table, often with features hidden or added as hypervisors and steppings
/// do, now and then anything.
fn processor() -> impl Strategy<Value = FeatureSet> {
    let real = (
        0..Microarchitecture::all().len(),
        any::<[u64; 4]>(),
        any::<[u64; 4]>(),
        0..4_u8,
    );
    real.prop_map(|(index, hidden, added, kind)| {
        let pick = |bits: [u64; 4]| -> FeatureSet {
            let chosen = |position: usize| bits[position / 64] >> (position % 64) & 1 == 1;
            Feature::all()
                .enumerate()
                .filter(|&(at, _)| chosen(at))
                .map(|(_, it)| it)
                .collect()
        };
        let features = Microarchitecture::all()[index].features();
        match kind {
            0 | 1 => features,
            2 => features - (pick(hidden) & pick(added)),
            _ => (features - pick(hidden)) | pick(added),
        }
    })
}

fn target() -> impl Strategy<Value = &'static Microarchitecture> {
    (0..targets().count()).prop_map(|index| targets().nth(index).unwrap())
}

proptest! {
    #[test]
    fn runs_on_is_reflexive(target in target()) {
        prop_assert_eq!(target.runs_on(target.compiled()), RunsOn::Yes);
    }

    #[test]
    fn runs_on_is_transitive(a in target(), b in target(), features in processor()) {
        if a.runs_on(b.compiled()).is_yes() && b.runs_on(features).is_yes() {
            prop_assert!(a.runs_on(features).is_yes(), "{a} {b}");
        }
    }

    #[test]
    fn runs_on_is_monotone(target in target(), few in processor(), more in processor()) {
        if target.runs_on(few).is_yes() {
            prop_assert!(target.runs_on(few | more).is_yes());
        }
        let exactly = target.runs_on(few) == RunsOn::Yes;
        prop_assert!(!exactly || target.runs_on(few | more) == RunsOn::Yes);
    }

    #[test]
    fn the_missing_features_are_what_is_missing(target in target(), features in processor()) {
        match target.runs_on(features) {
            RunsOn::Yes => prop_assert!(target.compiled().is_subset(features)),
            RunsOn::Soft { missing } => {
                prop_assert!(!missing.is_empty() && missing.hard().is_empty());
                prop_assert_eq!(target.runs_on(features | missing), RunsOn::Yes);
            }
            RunsOn::No { missing } => {
                prop_assert!(!missing.is_empty() && missing.soft().is_empty());
                prop_assert!((missing & features).is_empty());
                prop_assert!(target.runs_on(features | missing).is_yes());
            }
            other => prop_assert!(features.is_empty(), "{other:?}"),
        }
    }

    #[test]
    fn common_arch_is_commutative_associative_and_idempotent(
        a in processor(), b in processor(), c in processor(),
    ) {
        let of = |sets: &[FeatureSet]| common_arch(sets.iter().copied()).unwrap();
        prop_assert_eq!(of(&[a, b]), of(&[b, a]));
        let left = of(&[of(&[a, b]).features, c]);
        let right = of(&[a, of(&[b, c]).features]);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &of(&[a, b, c]));
        prop_assert_eq!(of(&[a, a]), of(&[a]));
    }

    #[test]
    fn common_arch_is_an_antichain_of_what_runs_on_all(
        machines in prop::collection::vec(processor(), 1..4),
    ) {
        let common = common_arch(machines.iter().copied()).unwrap();
        for &it in &common.targets {
            prop_assert!(machines.iter().all(|&features| it.runs_on(features).is_yes()), "{it}");
            for &other in &common.targets {
                let part = it.compiled().hard().is_subset(other.compiled().hard());
                prop_assert!(it == other || !part, "{it} is part of {other}");
            }
        }
        // Nothing is forgotten: what runs on all is part of one of them.
        for it in targets() {
            if machines.iter().all(|&features| it.runs_on(features).is_yes()) {
                let covered = common.targets.iter().any(|more| it.runs_on(more.compiled()).is_yes());
                prop_assert!(covered, "{it}");
            }
        }
    }

    #[test]
    fn common_arch_is_monotone(few in processor(), more in processor(), other in processor()) {
        let small = common_arch([few, other]).unwrap();
        let large = common_arch([few | more, other]).unwrap();
        for it in small.targets {
            prop_assert!(large.targets.iter().any(|more| it.runs_on(more.compiled()).is_yes()));
        }
    }

    #[test]
    fn what_is_chosen_runs_on_all(machines in prop::collection::vec(processor(), 1..4)) {
        let common = common_arch(machines.iter().copied()).unwrap();
        for policy in [Policy::Shareable, Policy::Exact, Policy::MostFeatures] {
            if let Some(it) = common.choose(policy) {
                prop_assert!(machines.iter().all(|&features| it.runs_on(features).is_yes()));
                let beyond = common.beyond(it);
                prop_assert!(machines.iter().all(|&features| beyond.is_subset(features)));
                prop_assert!((beyond & it.compiled()).is_empty());
            }
        }
    }
}

#[test]
fn code_for_a_processor_runs_on_it_and_on_its_descendants() {
    for it in targets() {
        assert!(it.runs_on(it.features()).is_yes(), "{it}");
        for ancestor in it.ancestors() {
            assert!(
                ancestor.runs_on(it.features()).is_yes(),
                "{ancestor} on {it}"
            );
        }
    }
}

#[test]
fn nothing_is_known_without_features() {
    assert_eq!(
        at("power9").runs_on(at("skylake").features()),
        RunsOn::Unknown
    );
    assert_eq!(
        at("skylake").runs_on(FeatureSet::default()),
        RunsOn::Unknown
    );
    assert!(common_arch([]).is_none());
}

#[test]
fn skylake_with_zen3() {
    let (skylake, zen3) = (at("skylake"), at("znver3"));
    let missing = match skylake.runs_on(zen3.features()) {
        RunsOn::Soft { missing } => missing.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(missing, "hle sgx");
    assert!(!zen3.runs_on(skylake.features()).is_yes());

    let common = common_arch([skylake.features(), zen3.features()]).unwrap();
    assert_eq!(names(&common.targets), ["skylake"]);
    let level = common.choose(Policy::Shareable).unwrap();
    assert_eq!(level, at("x86-64-v3"));
    assert_eq!(
        common.beyond(level).to_string(),
        "aes pclmulqdq adx rdrand rdseed fsgsbase clflushopt xsaveopt xsavec"
    );
    assert!(
        common
            .beyond(common.choose(Policy::Exact).unwrap())
            .is_empty()
    );
}

#[test]
fn the_greatest_common_architecture_is_not_unique() {
    // No descent relates these two, and yet one runs the other's code.
    let common = common_arch([at("icelake-client").features(), at("znver4").features()]).unwrap();
    assert_eq!(names(&common.targets), ["icelake"]);
    let common = common_arch([at("alderlake").features(), at("znver4").features()]).unwrap();
    assert_eq!(names(&common.targets), ["tremont", "skylake"]);
    assert_eq!(common.choose(Policy::Exact), None);
    assert_eq!(common.choose(Policy::MostFeatures), Some(at("skylake")));
    assert_eq!(common.choose(Policy::Shareable), Some(at("x86_64_v3")));
}

#[test]
fn two_families_share_nothing() {
    let common = common_arch([at("skylake").features(), at("m1").features()]).unwrap();
    assert_eq!(names(&common.targets), Vec::<&str>::new());
    assert_eq!(common.choose(Policy::Shareable), None);
    let common = common_arch([at("neoverse_n1").features(), at("m1").features()]).unwrap();
    assert_eq!(common.choose(Policy::Shareable), Some(at("armv8.2a")));
}

#[test]
fn processors_that_hypervisors_mask_run_their_own_code() {
    // A KVM guest on a Zen 3 lacks what archspec needs to tell it from a Zen 2.
    let guest = at("zen3").features() - FeatureSet::from_flags("pku mwaitx wbnoinvd rdpid");
    assert!(matches!(at("znver3").runs_on(guest), RunsOn::Soft { .. }));
}

/// What nixpkgs' `lib.systems.architectures.inferiors` claims and feature sets refute.
#[test]
fn claims_of_nixpkgs_that_do_not_hold() {
    for (superior, inferior) in [("cascadelake", "cannonlake"), ("cooperlake", "cannonlake")] {
        assert!(
            !at(inferior).runs_on(at(superior).features()).is_yes(),
            "{superior} {inferior}"
        );
    }
    // Cannon Lake has no clwb.
    assert!(
        !at("skylake-avx512")
            .runs_on(at("cannonlake").features())
            .is_yes()
    );
    assert!(at("skylake").runs_on(at("znver1").features()).is_yes());
    assert!(at("x86-64-v3").runs_on(at("alderlake").features()).is_yes());
}

#[test]
fn every_target_of_the_large_families_is_known_to_a_compiler() {
    for it in targets().filter(|it| matches!(it.family(), Family::X86_64 | Family::Aarch64)) {
        let known = |compiler| it.since(compiler).is_some();
        assert!(known(Compiler::Gcc) || known(Compiler::Clang), "{it}");
    }
}
