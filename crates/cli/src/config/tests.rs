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
    let cache = config.cache.expect("it has a [cache]");
    assert_eq!(cache.kind, CacheKind::Cachix);
    assert_eq!(cache.capacity, Some(drv_graph::Bytes(5_000_000_000)));
    assert_eq!(
        cache.producers.as_deref(),
        Some(&["shoshin".to_owned()][..])
    );
    let tiers: Vec<u8> = cache.tiers.iter().map(|t| t.tier.number()).collect();
    assert_eq!(tiers, [1, 2, 3]);
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
              = help: known here: profile, graph, roots, attributes, upstream-graph, upstream-roots, installable, threads, reserve, builds
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

#[test]
fn a_cache_without_a_name_or_a_kind_is_an_error() {
    check(
        "[cache]\ncapacity = \"5\"\n",
        &expect![[r#"
        error: nothing says what kind of cache it is
         --> hmtool.toml:1:1
          |
        1 | [cache]
          | ^^^^^^^
          |
          = help: add `kind = "cachix"`, or `kind = "file"` and `dir`
        error: the cache has no name
         --> hmtool.toml:1:1
          |
        1 | [cache]
          | ^^^^^^^
          |
          = help: add `name = "…"`
        error: `capacity` in [cache]: `5` has no unit; write e.g. `5 GB`
         --> hmtool.toml:2:12
          |
        2 | capacity = "5"
          |            ^^^
    "#]],
    );
}

#[test]
fn a_cache_at_cachix_is_packed_as_its_client_can() {
    for compression in ["zstd 16", "xz 9", "xz", "zstd"] {
        let text =
            format!("[cache]\nname = \"c\"\nkind = \"cachix\"\ncompression = \"{compression}\"\n");
        Config::parse(Path::new("hmtool.toml"), &text).expect("its client can");
    }
    check(
        "[cache]\nname = \"c\"\nkind = \"cachix\"\ncompression = \"zstd 17\"\n",
        &expect![[r#"
            error: cachix push cannot compress as zstd 17
             --> hmtool.toml:4:15
              |
            4 | compression = "zstd 17"
              |               ^^^^^^^^^
              |
              = help: write `xz`, `xz 0` to `xz 9`, `zstd`, or `zstd 1` to `zstd 16`
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"cachix\"\ncompression = \"none\"\n",
        &expect![[r#"
            error: cachix push cannot compress as none
             --> hmtool.toml:4:15
              |
            4 | compression = "none"
              |               ^^^^^^
              |
              = help: write `xz`, `xz 0` to `xz 9`, `zstd`, or `zstd 1` to `zstd 16`
        "#]],
    );
}

#[test]
fn everything_of_a_cache_has_its_place() {
    check(
        "[machines.shoshin]\n[cache]\nname = \"c\"\nkind = \"file\"\ncapacity = \"1 GB\"\nbuffer = \"2 GB\"\ngenerations = 0\ncompression = \"xz 10\"\nmin-hit-rate = 80\nproducers = [\"shoshim\"]\n[[cache.tiers]]\ntier = 4\nregexes = [\"mcp-(\"]\n[[cache.tiers]]\npackage = [\"a\"]\n",
        &expect![[r#"
            error: nothing says in which directory it is
             --> hmtool.toml:4:8
              |
            4 | kind = "file"
              |        ^^^^^^
              |
              = help: add `dir = "…"`
            error: `buffer` is more than `capacity`
             --> hmtool.toml:6:10
              |
            6 | buffer = "2 GB"
              |          ^^^^^^
              |
              = help: it is the part of it that stays free
            error: `generations` in [cache] is not a whole number from 1 to 65535
             --> hmtool.toml:7:15
              |
            7 | generations = 0
              |               ^ too small
            error: `xz 10` is not a compression
             --> hmtool.toml:8:15
              |
            8 | compression = "xz 10"
              |               ^^^^^^^
              |
              = help: write `xz`, `xz 0` to `xz 9`, `zstd`, `zstd 1` to `zstd 22`, or `none`
            error: `min-hit-rate` in [cache] is not a number from 0 to 1
             --> hmtool.toml:9:16
              |
            9 | min-hit-rate = 80
              |                ^^ this is an integer
            error: there is no machine `shoshim`
              --> hmtool.toml:10:14
               |
            10 | producers = ["shoshim"]
               |              ^^^^^^^^^ did you mean `shoshin`?
            error: there is no cache tier 4
              --> hmtool.toml:12:8
               |
            12 | tier = 4
               |        ^
               |
               = help: 1 is always held, 2 when there is room, 3 only where something held needs it
            error: `mcp-(` is not a regular expression
              --> hmtool.toml:13:17
               |
            13 | regexes = ["mcp-("]
               |                 ^ unclosed group
            error: rules of no cache tier
              --> hmtool.toml:14:1
               |
            14 | [[cache.tiers]]
               | ^^^^^^^^^^^^^^^
               |
               = help: add `tier = 1`, 2 or 3
            error: unknown key `package` in [[cache.tiers]]
              --> hmtool.toml:15:1
               |
            15 | package = ["a"]
               | ^^^^^^^ did you mean `packages`?
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"cachix\"\ndir = \"d\"\n",
        &expect![[r#"
            error: a cache at Cachix has no directory
             --> hmtool.toml:4:7
              |
            4 | dir = "d"
              |       ^^^
              |
              = help: leave `dir` out, or write `kind = "file"`
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"cachix\"\nsecret-key = \"k\"\n",
        &expect![[r#"
            error: `secret-key` is for a cache in a directory
             --> hmtool.toml:4:14
              |
            4 | secret-key = "k"
              |              ^^^
              |
              = help: for one at Cachix, set CACHIX_SIGNING_KEY
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"cachix\"\ntrusted-public-keys = [\"k\"]\n",
        &expect![[r#"
            error: `trusted-public-keys` is for a cache in a directory
             --> hmtool.toml:4:24
              |
            4 | trusted-public-keys = ["k"]
              |                        ^^^
              |
              = help: leave it out: `hmtool cache verify` reads it, which checks no cache at Cachix
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"file\"\ndir = \"d\"\ntrusted-public-keys = [\"k\"]\n",
        &expect![[r#"
            error: this is no public key: it is not NAME:KEY
             --> hmtool.toml:5:24
              |
            5 | trusted-public-keys = ["k"]
              |                        ^^^
              |
              = help: `nix key convert-secret-to-public` prints it
        "#]],
    );
    check(
        "[cache]\nname = \"c\"\nkind = \"s3\"\npins = \"all\"\n",
        &expect![[r#"
            error: `s3` is not a kind of cache
             --> hmtool.toml:3:8
              |
            3 | kind = "s3"
              |        ^^^^
              |
              = help: there are `cachix` and `file`
            error: `pins` in [cache] is not a list of strings
             --> hmtool.toml:4:8
              |
            4 | pins = "all"
              |        ^^^^^ this is a string
        "#]],
    );
}
