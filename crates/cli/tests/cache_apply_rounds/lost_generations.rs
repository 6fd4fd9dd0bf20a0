//! Older generations of which something is missing.

use std::fs;

use crate::desk::{CONFIG, Desk};
use crate::run::text;
use crate::schema;

/// What only an older generation refers to is in no graph, and may be in the store all the same.
#[test]
fn an_older_generation_is_made_whole_from_the_store() {
    let Some(desk) = Desk::new("an_older_generation_is_made_whole_from_the_store") else {
        return;
    };
    let config = CONFIG.replace("generations = 1", "generations = 2");
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let library = "echo library $out > $out";
    let packages = |version: u32| {
        let library_name = format!("lib-{version}");
        let library = format!(
            "${{derivation {{ name = \"{library_name}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"{library}\" ]; }}}}"
        );
        let script = format!("echo {library} > $out");
        desk.packages(&[(&format!("base-{version}"), &script)], |_| true);
    };
    packages(1);
    desk.apply("1MB");
    packages(2);
    desk.apply("1MB");
    let whole = ["base-1", "base-2", "lib-1", "lib-2"];
    assert_eq!(desk.held(), whole);
    desk.lose("lib-1");
    desk.apply("1MB");
    assert_eq!(desk.held(), whole);
    desk.hmtool(&["cache", "verify"]);
}

/// A path that is held nowhere any more cannot be brought back: the generation that needs it goes, is
/// named, and everything else is done.
#[test]
fn an_older_generation_that_can_never_be_whole_is_given_up() {
    let test = "an_older_generation_that_can_never_be_whole_is_given_up";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let config = CONFIG.replace("generations = 1", "generations = 3");
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let packages = |version: u32| {
        let library = format!(
            "${{derivation {{ name = \"lib-{version}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"echo library > $out\" ]; }}}}"
        );
        let script = format!("echo {library} > $out");
        desk.packages(&[(&format!("base-{version}"), &script)], |_| true);
    };
    for version in 1..=2 {
        packages(version);
        desk.apply("1MB");
    }
    let user = fs::read_to_string(desk.narinfo("base-1")).expect("it is there");
    let user = user.lines().next().and_then(|line| line.split(' ').nth(1));
    let lost = desk.lose("lib-1");
    let delete = ["--delete", user.expect("a path"), &lost];
    desk.nix.run("nix-store", &delete);
    packages(3);
    let args = ["cache", "plan", "--capacity", "1MB", "--buffer", "0kB"];
    let said = text(&desk.hmtool(&args).stderr);
    let expected = format!("base, 2 revisions ago, needs {lost}, which the cache does not hold");
    assert!(said.contains(&expected), "{said}");

    desk.copy("cache", "before");
    let done = desk.apply("1MB");
    assert_eq!(done["isCarriedOut"], true);
    let given_up = &done["lostGenerations"];
    assert_eq!(given_up.as_array().map(Vec::len), Some(1), "{done}");
    assert_eq!(given_up[0]["pin"], "base");
    assert_eq!(given_up[0]["age"], 2);
    assert_eq!(given_up[0]["missing"], serde_json::json!([lost]));
    assert_eq!(given_up[0]["isGivenUp"], true);
    assert_eq!(desk.held(), ["base-2", "base-3", "lib-2", "lib-3"]);
    desk.hmtool(&["cache", "verify"]);
    let again = desk.apply("1MB");
    assert_eq!(again["rounds"], 0);
    assert_eq!(again["lostGenerations"], serde_json::json!([]));

    desk.copy("before", "cache");
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let screen = text(&desk.hmtool(&args).stdout);
    assert!(screen.contains("1 older generation lost"), "{screen}");
    assert!(screen.contains(&format!("needs {lost}")), "{screen}");
}

/// What stays pinned because something failed before its pin was dropped is not said to be gone.
#[test]
fn a_lost_generation_is_given_up_only_once_its_pin_is_dropped() {
    let test = "a_lost_generation_is_given_up_only_once_its_pin_is_dropped";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    let config = CONFIG.replace(
        "generations = 1",
        "generations = 3\npins = [\"base\", \"tool\"]",
    );
    fs::write(desk.folder.join("hmtool.toml"), config).expect("it is ours");
    let packages = |version: u32| {
        let library = format!(
            "${{derivation {{ name = \"lib-{version}\"; system = \"x86_64-linux\"; builder = \
             \"/bin/sh\"; args = [ \"-c\" \"echo library > $out\" ]; }}}}"
        );
        let (base, tool) = (format!("base-{version}"), format!("tool-{version}"));
        let script = format!("echo {library} > $out");
        let base_script = format!("echo {version} > $out");
        desk.packages(&[(&base, &base_script), (&tool, &script)], |_| true);
    };
    for version in 1..=2 {
        packages(version);
        desk.apply("1MB");
    }
    let user = fs::read_to_string(desk.narinfo("tool-1")).expect("it is there");
    let user = user.lines().next().and_then(|line| line.split(' ').nth(1));
    let user = user.expect("a path");
    let lost = desk.lose("lib-1");
    desk.nix.run("nix-store", &["--delete", user, &lost]);
    packages(3);
    desk.copy("cache", "before");
    let args = ["cache", "apply", "--capacity", "1MB", "--buffer", "0kB"];
    let json = [&args[..], &["--format", "json"]].concat();
    let mut still_pinned = 0;
    for n in 1.. {
        desk.copy("before", "cache");
        let output = desk.attempt(&json, Some(&desk.nix_that_fails_at(n)));
        let file = desk.folder.join("cache/hmtool-pins.json");
        let is_pinned = fs::read_to_string(file)
            .expect("it is there")
            .contains(user);
        if output.stdout.is_empty() {
            assert!(is_pinned);
            continue;
        }
        let done = schema::document(&output);
        for generation in done["lostGenerations"].as_array().expect("a list") {
            assert_eq!(generation["path"], user);
            assert_eq!(generation["isGivenUp"], !is_pinned, "{done}");
            still_pinned += u32::from(is_pinned);
        }
        if output.status.success() {
            assert!(!is_pinned);
            break;
        }
        desk.copy("before", "cache");
        let output = desk.attempt(&args, Some(&desk.nix_that_fails_at(n)));
        let screen = text(&output.stdout);
        assert_eq!(
            screen.contains("not held any longer"),
            !is_pinned,
            "{screen}"
        );
    }
    assert!(still_pinned > 0);
}
