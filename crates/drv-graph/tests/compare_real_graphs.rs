//! Comparing real graphs: an overlay with flags for 14 system libraries, of which 12 are in the
//! closure, two of them as two builds each.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]

mod shared_data;

use std::path::Path;

use drv_graph::compare::{self, Attribute, Comparison, Fate, Side, Why};
use drv_graph::{DerivationGraph, DrvId, KeepEnv, ReadOptions, derivation_json, rebuild};

fn read(data: &Path, name: &str) -> DerivationGraph {
    let options = ReadOptions {
        recipes: true,
        ..ReadOptions::default()
    };
    read_as(data, name, &options)
}

fn read_as(data: &Path, name: &str, options: &ReadOptions) -> DerivationGraph {
    let input = shared_data::gunzip(&data.join(format!("graphs/{name}.json.gz")));
    derivation_json::read(&input, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn compare(before: &DerivationGraph, after: &DerivationGraph) -> Comparison {
    compare::compare(&Side::new(before), &Side::new(after))
}

/// What the overlay names, as often as it is built.
const CAUSES: [&str; 14] = [
    "bzip2-1.0.6.0.1",
    "expat-2.2.5",
    "libffi-3.2.1",
    "libgcrypt-1.8.2",
    "libxml2-2.9.7",
    "libxslt-1.1.32",
    "ncurses-6.0-20171125",
    "openssl-1.0.2o",
    "readline-6.3p08",
    "sqlite-3.21.0",
    "xz-5.2.3",
    "xz-5.2.3",
    "zlib-1.2.11",
    "zlib-1.2.11",
];

#[track_caller]
fn check_overlay(
    before: &DerivationGraph,
    after: &DerivationGraph,
    removed: &[&str],
    added: &[&str],
) {
    let comparison = compare(before, after);
    assert_eq!((comparison.added(), comparison.gone()), (&[][..], &[][..]));
    assert_eq!(comparison.changes().len(), 628);
    assert_eq!(comparison.unchanged(), 1_306 - 628);
    let cascade = comparison.changes().iter();
    assert_eq!(cascade.filter(|c| c.why == Why::Cascade).count(), 614);
    let causes = comparison.causes();
    let mut names: Vec<_> = causes
        .iter()
        .map(|c| after[c.change.after].name())
        .collect();
    names.sort_unstable();
    assert_eq!(names, CAUSES);
    for cause in causes {
        let name = after[cause.change.after].name();
        let [difference] = &cause.differences[..] else {
            panic!("{name}: {:?}", cause.differences);
        };
        let flags = Attribute::Env("NIX_CFLAGS_COMPILE".into());
        assert_eq!(difference.what, flags, "{name}");
        assert_eq!(
            (&difference.removed[..], &difference.added[..]),
            (
                &removed
                    .iter()
                    .map(|&word| word.to_owned())
                    .collect::<Vec<_>>()[..],
                &added
                    .iter()
                    .map(|&word| word.to_owned())
                    .collect::<Vec<_>>()[..],
            ),
            "{name}"
        );
        assert_eq!(before[cause.change.before].name(), name);
    }
    // Everything follows from the causes that follow from no other.
    let free: Vec<_> = causes.iter().filter(|c| !c.is_dragged).collect();
    let mut below: Vec<_> = free.iter().map(|c| c.change.after).collect();
    below.sort();
    let above = after.reverse_closure(&below);
    for change in comparison.changes() {
        assert!(above.contains(&change.after));
    }
    assert!(causes.iter().map(|c| !c.is_dragged).rev().is_sorted());
}

#[test]
fn flags_of_an_overlay_are_the_only_causes() {
    let Some(data) = shared_data::dir("flags_of_an_overlay_are_the_only_causes") else {
        return;
    };
    let [stock, skylake, znver1] =
        ["home-stock", "home-skylake", "home-znver1"].map(|name| read(&data, name));
    let flags = ["-march=skylake", "-mtune=skylake", "-O3"];
    check_overlay(&stock, &skylake, &[], &flags);
    check_overlay(&skylake, &stock, &flags, &[]);
    check_overlay(
        &skylake,
        &znver1,
        &["-march=skylake", "-mtune=skylake"],
        &["-march=znver1", "-mtune=znver1"],
    );
}

#[test]
fn what_was_kept_of_environments_does_as_well() {
    let Some(data) = shared_data::dir("what_was_kept_of_environments_does_as_well") else {
        return;
    };
    let kept = ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    };
    let by_recipes = compare(&read(&data, "home-stock"), &read(&data, "home-skylake"));
    let by_kept = compare(
        &read_as(&data, "home-stock", &kept),
        &read_as(&data, "home-skylake", &kept),
    );
    assert_eq!(by_recipes, by_kept);
}

#[test]
fn other_packages_are_added_and_gone() {
    let Some(data) = shared_data::dir("other_packages_are_added_and_gone") else {
        return;
    };
    let [home, heavy] = ["home-stock", "nixpkgs-18.03-heavy"].map(|name| read(&data, name));
    let there = compare(&home, &heavy);
    // One nixpkgs: nothing is changed, only other packages are wanted.
    assert_eq!(there.causes().len(), 0);
    assert_eq!(there.changes().len(), 0);
    assert_eq!(there.unchanged() + there.added().len(), heavy.len());
    let back = compare(&heavy, &home);
    assert_eq!((there.added(), there.gone()), (back.gone(), back.added()));
    for id in home.ids() {
        assert_eq!(
            there.fate_before(id) == Fate::Alone,
            heavy.id(home[id].path()).is_none()
        );
    }
}

#[test]
fn every_nix_writes_the_same_recipes() {
    let Some(data) = shared_data::dir("every_nix_writes_the_same_recipes") else {
        return;
    };
    let stock = read(&data, "home-stock");
    for name in ["home-stock.nix-2.26", "home-stock.nix-2.34"] {
        let other = read(&data, name);
        let skylake = read(&data, "home-skylake");
        assert_eq!(compare(&stock, &other).unchanged(), 1_306);
        assert_eq!(
            compare(&stock, &skylake),
            compare(&other, &skylake),
            "{name}"
        );
    }
}

#[test]
fn what_an_override_builds_again_is_known_beforehand() {
    let Some(data) = shared_data::dir("what_an_override_builds_again_is_known_beforehand") else {
        return;
    };
    let stock = read(&data, "home-stock");
    let named = |pname: &str| -> Vec<DrvId> {
        let named = stock
            .iter()
            .filter(|(_, drv)| drv.pname() == pname && !drv.is_fixed_output());
        named.map(|(id, _)| id).collect()
    };
    let fixed = stock
        .iter()
        .filter(|(_, drv)| drv.is_fixed_output())
        .count();
    assert_eq!(stock.len() - fixed, 639);
    let sets = [named("zlib"), named("python3")];
    assert_eq!(
        sets.each_ref().map(|set| rebuild::of(&stock, set).len()),
        [628, 46]
    );
    assert_eq!(rebuild::costs(&stock, &sets, |_| true, |_| 1), [628, 46]);
}
