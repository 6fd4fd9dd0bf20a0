//! The cache that `hmtool.toml` says.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use tempfile::TempDir;

use crate::by_hand::Cache;
use crate::run::{hmtool, text};
use crate::schema;

/// A workspace whose `[cache]` is a cache in the directory `cache`.
fn workspace(keys: &str, more: &str) -> (TempDir, Cache) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let cache = Cache::new();
    let config = format!(
        "[cache]\nname = \"ours\"\nkind = \"file\"\ndir = \"{}\"\n{keys}\n{more}",
        cache.path().display()
    );
    fs::write(folder.path().join("hmtool.toml"), config).expect("it is ours");
    (folder, cache)
}

#[track_caller]
fn check_workspace(folder: &TempDir, args: &[&str], codes: &[&str], room: [u64; 2]) {
    let below = folder.path().join("below");
    fs::create_dir_all(&below).expect("it is ours");
    let all = |dir: &Path, named: &[&str]| {
        hmtool(
            dir,
            &[&["cache", "verify"], named, args, &["--format", "json"]].concat(),
        )
    };
    let root = folder.path().to_str().expect("UTF-8");
    let output = all(folder.path(), &[]);
    // From below it, and by its name, too.
    assert_eq!(all(&below, &[]).status, output.status);
    assert_eq!(all(&below, &[root]).status, output.status);
    let document = schema::document(&output);
    let findings = document["findings"].as_array().expect("a list").iter();
    let found: Vec<&str> = findings
        .map(|it| it["code"].as_str().expect("a text"))
        .collect();
    assert_eq!(found, codes, "{}", text(&output.stderr));
    let summary = &document["summary"];
    assert_eq!([&summary["capacityBytes"], &summary["bufferBytes"]], room);
}

#[test]
fn without_a_name_it_is_the_cache_of_the_configuration() {
    let (folder, _cache) = workspace("capacity = \"20 kB\"", "");
    // A tenth stays free, as for a plan.
    check_workspace(&folder, &[], &[], [20_000, 2_000]);
    check_workspace(&folder, &["--buffer", "1kB"], &[], [20_000, 1_000]);
    let less = ["--capacity", "12kB"];
    check_workspace(&folder, &less, &["over-capacity"], [12_000, 1_200]);
    let (folder, _cache) = workspace("capacity = \"13 kB\"\nbuffer = \"1 kB\"", "");
    check_workspace(&folder, &[], &["into-buffer"], [13_000, 1_000]);
    // What was said of another capacity is not meant.
    check_workspace(&folder, &["--capacity", "14kB"], &[], [14_000, 1_400]);
}

#[test]
fn caches_of_the_configuration_are_beside_it() {
    let libc = "3333333333333333333333333333333a";
    let spoil = |it: &Cache| {
        it.remove(&format!("{libc}.narinfo"));
        it.remove("nar/libc.nar");
    };
    let room = "capacity = \"20 kB\"";
    let other = Cache::new();
    let beside = format!(
        "[[caches]]\nname = \"other\"\ndir = \"{}\"\n",
        other.path().display()
    );
    let (folder, cache) = workspace(room, &beside);
    spoil(&cache);
    check_workspace(&folder, &[], &[], [20_000, 2_000]);
    // The list says what it holds; the server is asked only where that is wanted.
    let server = "[[caches]]\nname = \"far\\u001B[31m\"\nurl = \"http://127.0.0.1:1\"\n";
    let (folder, cache) = workspace(room, server);
    spoil(&cache);
    check_workspace(&folder, &[], &["missing-reference"], [20_000, 2_000]);
    let output = hmtool(folder.path(), &["cache", "verify"]);
    assert_eq!(
        text(&output.stderr),
        "not asked for what is missing: far\\u{1b}[31m; give --online\n"
    );
    let output = hmtool(folder.path(), &["cache", "verify", "--online"]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("cannot ask http://127.0.0.1:1/3333"),
        "{said}"
    );
}

#[test]
fn what_no_configuration_says_is_an_error() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let check = |args: &[&str], expect: &Expect| {
        let output = hmtool(folder.path(), &[&["cache", "verify"], args].concat());
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(text(&output.stdout), "");
        expect.assert_eq(&text(&output.stderr));
    };
    let write =
        |text: &str| fs::write(folder.path().join("hmtool.toml"), text).expect("it is ours");
    check(
        &[],
        &expect![[r#"
        error[usage]: nothing says which cache is meant
         |
         = help: give its directory, or `kind = "file"` and `dir` in [cache] of hmtool.toml
    "#]],
    );
    write("");
    check(
        &[],
        &expect![[r#"
        error[usage]: hmtool.toml has no [cache]
         |
         = help: give its directory, or `kind = "file"` and `dir` in [cache] of hmtool.toml
    "#]],
    );
    write("[cache]\nname = \"me\\u001B[31m\"\nkind = \"cachix\"\ncapacity = \"5 GB\"\n");
    check(
        &[],
        &expect![[r#"
        error[usage]: hmtool.toml: the cache me\u{1b}[31m is at Cachix, which nobody can ask for all that it holds
         |
         = help: name a directory that is a cache; `hmtool cache plan --online` asks Cachix for what the machines need
    "#]],
    );
    write("[cache]\nname = \"me\"\nkind = \"file\"\ndir = \"cache\"\n");
    check(
        &[],
        &expect![[r#"
        error[file]: cannot read cache: No such file or directory (os error 2)
         |
         = help: check the path; paths in hmtool.toml are relative to that file
    "#]],
    );
    check(
        &["--buffer", "1GB"],
        &expect![[r#"
        error[usage]: a buffer is a part of a capacity, and nothing says how large the cache is
         |
         = help: give --capacity SIZE too
    "#]],
    );
    check(
        &["--capacity", "1GB", "--buffer", "2GB"],
        &expect![[r#"
        error[usage]: a buffer of 2.0 GB is more than the capacity of 1.0 GB
         |
         = help: lower --buffer, or raise --capacity
    "#]],
    );
}
