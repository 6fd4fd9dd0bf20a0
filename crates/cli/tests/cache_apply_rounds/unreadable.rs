//! A cache in which something is not as Nix leaves it.

use std::fs;

use crate::desk::{Desk, after, noise};
use crate::run::text;
use crate::schema;

/// A narinfo that says nothing keeps everything from being planned, and the way out is said.
#[test]
fn a_narinfo_that_cannot_be_read_is_named_with_a_way_out() {
    let test = "a_narinfo_that_cannot_be_read_is_named_with_a_way_out";
    let Some(desk) = Desk::new(test) else {
        return;
    };
    desk.packages(&[("base-1", "echo hello > $out")], |_| true);
    desk.apply("1MB");
    let file = desk.narinfo("base-1");
    let whole = fs::read(&file).expect("it is there");
    let long = [&whole[..], &b"Sig: k:c2ln\n".repeat(400_000)].concat();
    for (content, problem) in [
        (&b""[..], "the input ends at line 1, column 1"),
        (&whole[..70], "has no `URL`"),
        (&long, "too long for a narinfo: more than 4194304 bytes"),
    ] {
        fs::write(&file, content).expect("it is ours");
        for verb in ["apply", "plan"] {
            let output = desk.attempt(&["cache", verb], None);
            let said = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{said}");
            let name = file.file_name().expect("a name").to_string_lossy();
            for part in [&*name, problem, "hmtool cache verify", "delete it"] {
                assert!(said.contains(part), "{part}: {said}");
            }
        }
        let output = desk.attempt(&["cache", "verify", "--format", "json"], None);
        let document = schema::document(&output);
        assert_eq!(document["findings"][0]["code"], "narinfo", "{document}");
    }
    fs::remove_file(&file).expect("it is ours");
    desk.apply("1MB");
    desk.hmtool(&["cache", "verify"]);
}

/// Who asks for a path finds no narinfo under another name than its hash. So it is not there.
#[test]
fn a_narinfo_under_a_wrong_name_does_not_count() {
    let Some(desk) = Desk::new("a_narinfo_under_a_wrong_name_does_not_count") else {
        return;
    };
    let (base, tool) = ("echo hello > $out", noise(2_000));
    desk.packages(&[("base-1", base), ("tool-1", &tool)], |_| true);
    desk.apply("1MB");
    for name in ["base-1", "tool-1"] {
        let file = desk.narinfo(name);
        fs::rename(&file, file.with_file_name(format!("{name}.narinfo"))).expect("it is ours");
    }
    // What is wanted is pushed again, and what is not has nothing to be evicted.
    desk.packages(&[("base-1", base)], |_| true);
    let output = desk.hmtool(&["cache", "apply", "--format", "json"]);
    let done = schema::document(&output);
    assert_eq!(after(&done, &[]), ["base-1"]);
    let said = text(&output.stderr);
    for name in ["base-1", "tool-1"] {
        let named: Vec<&str> = said
            .lines()
            .filter(|line| line.contains(&format!("/{name}.narinfo is about ")))
            .collect();
        assert_eq!(named.len(), 1, "{said}");
        assert!(named[0].contains("rename it to"), "{said}");
        fs::remove_file(desk.folder.join(format!("cache/{name}.narinfo"))).expect("it is there");
    }
    assert_eq!(desk.held(), ["base-1"]);
    desk.hmtool(&["cache", "plan", "--check"]);
    desk.hmtool(&["cache", "verify"]);
}

/// Nobody but who pushed them knows whether they are still needed, so they stay.
#[test]
fn nars_that_nothing_names_are_said_to_take_up_room() {
    let Some(desk) = Desk::new("nars_that_nothing_names_are_said_to_take_up_room") else {
        return;
    };
    desk.packages(&[("base-1", "echo hello > $out")], |_| true);
    desk.apply("1MB");
    let said = || text(&desk.hmtool(&["cache", "apply"]).stderr);
    assert_eq!(said(), "");
    let orphan = desk.folder.join("cache/nar/orphan.nar.xz");
    fs::write(&orphan, [0; 5_000]).expect("it is ours");
    let said = said();
    assert!(
        said.starts_with("NARs that no narinfo names take up 5.0 kB besides"),
        "{said}"
    );
    assert!(orphan.exists());
}
