//! What is pinned.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::steps;
use crate::workspace::{BASE, LIB, Workspace, path};

#[test]
fn pins_are_read_from_a_file() {
    let workspace = Workspace::new();
    let cache = workspace.cache();
    let held = ["--held", cache.to_str().expect("UTF-8")];
    let pins = workspace.write("pins.json", &json!({ "old": [path(LIB)] }).to_string());
    let pins = ["--pins", pins.to_str().expect("UTF-8")];
    let document = workspace.document("plan", &[held, pins].concat());
    assert_eq!(
        steps(&document),
        ["unpin lib-2.0", "push app-3.0", "pin app-3.0"]
    );
    let document = workspace.document("plan", &held);
    assert_eq!(steps(&document), ["push app-3.0", "pin app-3.0"]);
    // The flag goes before what lies in the directory.
    workspace.configure("kind = \"file\"\ndir = \"cache\"", "");
    let beside = json!({ "beside": [path(BASE)] }).to_string();
    workspace.write("cache/hmtool-pins.json", &beside);
    let document = workspace.document("plan", &[]);
    assert_eq!(steps(&document)[0], "unpin base-1.0");
    let document = workspace.document("plan", &pins);
    assert_eq!(steps(&document)[0], "unpin lib-2.0");
}

#[test]
fn pins_that_are_none_are_said() {
    let workspace = Workspace::new();
    let fails = |text: &str, expect: &Expect| {
        workspace.write("pins.json", text);
        workspace.fails(&["--pins", "pins.json"], expect);
    };
    fails(
        "[]",
        &expect![[r#"
        error[bad-pins]: pins.json: invalid type: sequence, expected a map at line 1 column 0
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    fails(
        "{",
        &expect![[r#"
        error[bad-pins]: pins.json: EOF while parsing an object at line 1 column 1
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    fails(
        r#"{"a": ["/nix/store/short-a"]}"#,
        &expect![[r#"
        error[bad-pins]: pins.json: pin a: "/nix/store/short-a" is not a store path: a store path starts with 32 characters of hash and a dash
         |
         = help: it is a JSON object: to each name a list of store paths, the newest first
    "#]],
    );
    workspace.fails(
        &["--pins", "nowhere.json"],
        &expect![[r#"
        error[file]: cannot read nowhere.json: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
}
