//! What turns out larger than it was taken for, or alike to the last bit; and a Nix that fails.

use std::fs;

use crate::desk::{Desk, after, noise, number};
use crate::run::text;
use crate::schema;

#[test]
fn a_tier_one_that_turns_out_too_large_leaves_the_cache_as_it_was() {
    let test = "a_tier_one_that_turns_out_too_large_leaves_the_cache_as_it_was";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let (small, large) = (noise(5_000), noise(20_000));
    let packages = |version: u32, script: &str| {
        let names = ["a", "b", "c"].map(|it| format!("base-{it}-{version}"));
        let packages: Vec<(&str, &str)> = names.iter().map(|name| (&**name, script)).collect();
        desk.packages(&packages, |_| true);
    };
    packages(1, &small);
    desk.apply("45kB");
    let before = ["base-a-1", "base-b-1", "base-c-1"];
    assert_eq!(desk.held(), before);
    // By the estimate there is room for each beside what is there.
    packages(2, &large);
    let args = ["cache", "apply", "--capacity", "45kB", "--buffer", "0kB"];
    let output = desk.attempt(&args, None);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("tier 1 does not fit: 3 paths"), "{said}");
    assert_eq!(desk.held(), before);
    // What was found out is known the next time.
    let args = ["cache", "plan", "--capacity", "45kB", "--buffer", "0kB"];
    let output = desk.attempt(&args, None);
    assert!(text(&output.stderr).contains("tier 1 does not fit: 3 paths"));
    desk.apply("65kB");
    assert_eq!(desk.held(), ["base-a-2", "base-b-2", "base-c-2"]);
}

#[test]
fn packages_that_are_alike_are_pushed_together() {
    let Some(desk) = Desk::new("packages_that_are_alike_are_pushed_together") else {
        return;
    };
    let same = "echo hello > $out";
    desk.packages(
        &[("one-1", same), ("two-1", same), ("three-1", same)],
        |_| true,
    );
    desk.apply("1MB");
    assert_eq!(desk.held(), ["one-1", "three-1", "two-1"]);
    desk.hmtool(&["cache", "verify"]);
    desk.hmtool(&[
        "cache",
        "plan",
        "--check",
        "--capacity",
        "1MB",
        "--buffer",
        "0kB",
    ]);
}

/// What is not built, and does not fit by the size of its namesake, does not fit either once that is
/// evicted.
#[test]
fn what_is_evicted_still_says_how_large_its_namesakes_are() {
    let test = "what_is_evicted_still_says_how_large_its_namesakes_are";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let (large, small) = (noise(100_000), noise(8_000));
    let base = ("base-1", &*small);
    desk.packages(&[base, ("tool-1", &large)], |_| true);
    desk.apply("1MB");
    for is_recorded in [true, false] {
        desk.packages(&[base, ("tool-1", &large)], |_| true);
        desk.apply("1MB");
        // As `nix copy` leaves a cache.
        if !is_recorded {
            fs::remove_file(desk.folder.join("cache/.hmtool/paths.json")).expect("it was written");
        }
        desk.packages(&[base, ("tool-2", &large)], |name| name == "base-1");
        let done = desk.apply("20kB");
        assert_eq!(done["evicted"].as_array().map(Vec::len), Some(1), "{done}");
        assert_eq!(desk.held(), ["base-1"]);
        let args = [
            "cache",
            "plan",
            "--check",
            "--capacity",
            "20kB",
            "--buffer",
            "0kB",
        ];
        for _ in 0..2 {
            desk.hmtool(&args);
            assert_eq!(desk.apply("20kB")["rounds"], 0);
        }
    }
}

#[test]
fn whatever_call_of_nix_fails_a_further_run_goes_on() {
    let Some(desk) = Desk::new("whatever_call_of_nix_fails_a_further_run_goes_on") else {
        return;
    };
    let write = |name: &str, version: u32| {
        (
            format!("{name}-{version}"),
            format!("echo {name}{version} > $out"),
        )
    };
    let packages = |version: u32| {
        let all = ["base-a", "base-b", "tool"].map(|name| write(name, version));
        let all: Vec<(&str, &str)> = all.iter().map(|(name, text)| (&**name, &**text)).collect();
        desk.packages(&all, |_| true);
    };
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let json = [&args[..], &["--format", "json"]].concat();
    let (mut failed, mut begun) = (0, 0);
    for n in 1.. {
        let _ = fs::remove_dir_all(desk.folder.join("cache"));
        packages(1);
        desk.apply("1MB");
        packages(2);
        let output = desk.attempt(&json, Some(&desk.nix_that_fails_at(n)));
        desk.hmtool(&["cache", "verify"]);
        if output.status.success() {
            break;
        }
        failed += 1;
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("broken"), "{said}");
        let held = desk.held();
        if output.stdout.is_empty() {
            assert_eq!(held, ["base-a-1", "base-b-1", "tool-1"]);
        } else {
            begun += 1;
            let done = schema::document(&output);
            assert_eq!(done["isCarriedOut"], false);
            assert_eq!(done["failure"]["code"], "nix");
            assert_eq!(after(&done, &["base-a-1", "base-b-1", "tool-1"]), held);
            assert_eq!(number(&done, "occupiedBytes"), desk.nar_bytes());
            // On a screen, too.
            let _ = fs::remove_dir_all(desk.folder.join("cache"));
            packages(1);
            desk.apply("1MB");
            packages(2);
            let output = desk.attempt(&args, Some(&desk.nix_that_fails_at(n)));
            let screen = text(&output.stdout);
            assert_eq!(output.status.code(), Some(2), "{screen}");
            assert!(
                screen.contains("Done") && screen.contains("run the command again"),
                "{screen}"
            );
        }
        desk.apply("1MB");
        desk.hmtool(&["cache", "verify"]);
        assert_eq!(desk.held(), ["base-a-2", "base-b-2", "tool-2"]);
    }
    assert!(failed > 2 && begun > 0, "{begun} of {failed}");
}
