//! Every mistake is reported, at its place.

use std::path::Path;

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expected: &Expect) {
    let shown = match Config::parse(Path::new("hmtool.toml"), text) {
        Ok(config) => format!("{config:#?}"),
        Err(failure) => anstream::adapter::strip_str(&failure.render()).to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn the_example_is_read() {
    let text = include_str!("../../../../examples/modular-workspace/hmtool.toml");
    let config = Config::parse(Path::new("/repo/hmtool.toml"), text).expect("the example is right");
    assert_eq!(config.default_machine.as_deref(), Some("shoshin"));
    let machine = &config.machines["gyakusatsu"];
    assert_eq!(machine.builds.as_deref(), Some(&["light".to_owned()][..]));
    assert_eq!(machine.reserve, Some(Bytes(2 << 30)));
    assert_eq!(
        machine.graph.as_deref(),
        Some(Path::new("/repo/graphs/gyakusatsu.json.gz"))
    );
    let names: Vec<&str> = config.tiers.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["heavy", "medium", "light"]);
}

#[test]
fn unknown_keys_are_errors_with_a_suggestion() {
    check(
        "default-machine = \"shoshin\"\n[machines.shoshin]\nprofil = \"a.nix\"\nthreads = 7\ncolour = 1\n\n[[tiers]]\nname = \"heavy\"\nmem = \"12 GB\"\n",
        &expect![[r#"
            error: unknown key `profil` in [machines.shoshin]
             --> hmtool.toml:3:1
              |
            3 | profil = "a.nix"
              | ^^^^^^ did you mean `profile`?
            error: unknown key `colour` in [machines.shoshin]
             --> hmtool.toml:5:1
              |
            5 | colour = 1
              | ^^^^^^
              |
              = help: known here: profile, graph, roots, attributes, installable, threads, reserve, builds
            error: unknown key `mem` in [[tiers]]
             --> hmtool.toml:9:1
              |
            9 | mem = "12 GB"
              | ^^^
              |
              = help: known here: name, jobs, cores, memory, packages, patterns, regexes, default
        "#]],
    );
}

#[test]
fn values_of_another_type_are_errors() {
    check(
        "[machines.a]\nthreads = \"7\"\nreserve = \"6\"\nbuilds = \"light\"\n[nix]\nmax-jobs = 0\n[plan]\nthread-oversubscription = 0.5\n",
        &expect![[r#"
            error: `threads` in [machines.a] is not a whole number from 1 to 65535
             --> hmtool.toml:2:11
              |
            2 | threads = "7"
              |           ^^^ this is a string
            error: `reserve` in [machines.a]: `6` has no unit; write `6 GB`
             --> hmtool.toml:3:11
              |
            3 | reserve = "6"
              |           ^^^
            error: `builds` in [machines.a] is not "all" or a list of strings
             --> hmtool.toml:4:10
              |
            4 | builds = "light"
              |          ^^^^^^^ this is a string
            error: `max-jobs` in [nix] is not a whole number from 1 to 65535
             --> hmtool.toml:6:12
              |
            6 | max-jobs = 0
              |            ^ too small
            error: `thread-oversubscription` in [plan] is not a number from 1 to 64
             --> hmtool.toml:8:27
              |
            8 | thread-oversubscription = 0.5
              |                           ^^^ this is a float
        "#]],
    );
}

#[test]
fn what_does_not_fit_together_is_an_error() {
    check(
        "default-machine = \"shoshim\"\n[machines.shoshin]\nbuilds = [\"ligth\"]\n[[tiers]]\nname = \"light\"\ndefault = true\n[[tiers]]\nname = \"light\"\ndefault = true\n[[caches]]\nname = \"c\"\n[[caches]]\nname = \"d\"\nlist = \"l\"\ndir = \"d\"\n[[caches]]\nname = \"e\"\nurl = \"s3://bucket\"\n",
        &expect![[r#"
            error: there is no machine `shoshim`
             --> hmtool.toml:1:19
              |
            1 | default-machine = "shoshim"
              |                   ^^^^^^^^^ did you mean `shoshin`?
            error: there is no tier `ligth`
             --> hmtool.toml:3:11
              |
            3 | builds = ["ligth"]
              |           ^^^^^^^ did you mean `light`?
            error: there are two tiers `light`
             --> hmtool.toml:8:8
              |
            8 | name = "light"
              |        ^^^^^^^
              |
              = help: merge them or rename one
            error: tier `light` is the default already
             --> hmtool.toml:9:11
              |
            9 | default = true
              |           ^^^^
              |
              = help: only one tier can be the default
            error: nothing says what cache `c` holds
              --> hmtool.toml:11:8
               |
            11 | name = "c"
               |        ^^^
               |
               = help: give exactly one of url, dir, path-info, list
            error: cache `d` has more than one source
              --> hmtool.toml:14:8
               |
            14 | list = "l"
               |        ^^^
               |
               = help: give exactly one of url, dir, path-info, list
            error: `s3://bucket` is not a cache's address
              --> hmtool.toml:18:7
               |
            18 | url = "s3://bucket"
               |       ^^^^^^^^^^^^^
               |
               = help: https://, http:// and file:// are understood
        "#]],
    );
}

#[test]
fn broken_toml_is_an_error_with_its_place() {
    check(
        "[machines.a\nthreads = \n",
        &expect![[r#"
        error: unclosed table, expected `]`
         --> hmtool.toml:1:12
          |
        1 | [machines.a
          |            ^
    "#]],
    );
}
