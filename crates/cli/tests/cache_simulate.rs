//! `hmtool cache simulate`: what it prints, as tables, JSON and CSV, and what it refuses.

mod schema;

use std::path::Path;
use std::process::{Command, Output};

use expect_test::{Expect, expect};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cache");

fn simulate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(["cache", "simulate"])
        .args(args)
        .current_dir(Path::new(FIXTURES))
        .env_remove("CLICOLOR_FORCE")
        .env_remove("RUST_LOG")
        .env("COLUMNS", "100")
        .output()
        .expect("hmtool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints UTF-8")
}

fn check(args: &[&str], expect: &Expect) {
    let output = simulate(args);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    expect.assert_eq(&text(&output.stdout));
}

fn check_failure(args: &[&str], expect: &Expect) {
    let output = simulate(args);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
    expect.assert_eq(&text(&output.stderr));
}

#[test]
fn figures_stand_side_by_side_at_one_capacity() {
    check(
        &["trace.csv", "--metadata", "paths.json", "-c", "130MB"],
        &expect![[r#"
            trace.csv: 3,413 requests for 101 objects in 66 d 13 h, 3.8 GB asked for, 250.8 MB each once
            paths.json: 5 d 02 h of building asked for

            At 130.0 MB  what was not held, then build time of what was not held with its closure, and evictions
                                    requests   bytes  build time  effective  tier 1  tier 2  tier 3  passed by
              fifo                    30.4 %  53.4 %      60.5 %     63.8 %     147      47     784          0
              lru                     25.6 %  47.9 %      52.7 %     54.1 %     142      38     632          0
              clock                   20.2 %  44.0 %      51.1 %     54.1 %      89      30     511          0
              lfu                     11.5 %  32.6 %      35.3 %     35.9 %      51      17     250          0
              slru                    15.1 %  35.3 %      39.3 %     44.4 %      43       7     392         14
              2q                       5.6 %  19.2 %      13.1 %     22.8 %      14       3      75         14
              arc                     25.2 %  49.6 %      55.3 %     55.9 %     139      38     622          0
              gdsf                     4.2 %  31.5 %      35.5 %     43.4 %      33      13       1          0
              s3-fifo                  4.7 %  41.6 %      57.6 %     65.6 %       0       0       0         65
              sieve                   14.9 %  40.4 %      49.0 %     49.7 %      57      18     367          0
              w-tinylfu               18.1 %  85.0 %      83.6 %     99.3 %       0       0       0        545
              closure-lru             10.7 %  28.4 %      34.5 %     35.7 %      29      23     236          0
              tiered-closure           3.7 %  18.3 %      12.5 %     20.5 %       6       0      18         16
              belady, offline          8.4 %  20.9 %      27.7 %     38.0 %      26      11     190          0
              belady-size, offline     3.9 %  23.9 %      30.4 %     42.9 %      37      14      78          4
              no policy below          3.1 %   8.9 %       8.5 %
        "#]],
    );
}

#[test]
fn capacities_stand_side_by_side() {
    check(
        &[
            "trace.csv",
            "--metadata",
            "paths.json",
            "-p",
            "lru,tiered-closure,belady",
        ],
        &expect![[r#"
            trace.csv: 3,413 requests for 101 objects in 66 d 13 h, 3.8 GB asked for, 250.8 MB each once
            paths.json: 5 d 02 h of building asked for

            Build time missed  of what could not be served: not held, or not with its closure
                               12.0 MB  25.0 MB  50.0 MB  100.0 MB  200.0 MB
              lru               96.2 %   90.5 %   85.9 %    73.9 %    10.5 %
              tiered-closure    88.3 %   81.6 %   60.5 %    35.2 %     8.7 %
              belady, offline   94.1 %   86.8 %   77.9 %    53.5 %     8.2 %
              no policy below   73.5 %   50.9 %   28.8 %    10.9 %     8.2 %

            Requests missed  of what was not held
                               12.0 MB  25.0 MB  50.0 MB  100.0 MB  200.0 MB
              lru               86.2 %   64.9 %   52.1 %    33.7 %     3.8 %
              tiered-closure    43.1 %   42.4 %   45.2 %    29.3 %     3.5 %
              belady, offline   68.0 %   50.2 %   28.2 %    13.8 %     3.0 %
              no policy below   16.0 %    9.1 %    5.3 %     3.5 %     3.0 %

            Bytes missed  of what was not held
                               12.0 MB  25.0 MB  50.0 MB  100.0 MB  200.0 MB
              lru               93.6 %   83.9 %   75.8 %    59.9 %     7.9 %
              tiered-closure    80.8 %   68.1 %   53.2 %    32.8 %     7.8 %
              belady, offline   88.1 %   76.9 %   60.2 %    33.4 %     6.6 %
              no policy below   70.9 %   56.0 %   38.0 %    15.9 %     6.6 %
        "#]],
    );
}

#[test]
fn sizes_alone_are_enough() {
    check(
        &["trace.csv", "-c", "50MB", "-p", "sieve", "-p", "s3-fifo"],
        &expect![[r#"
            trace.csv: 3,413 requests for 101 objects in 66 d 13 h, 3.8 GB asked for, 250.8 MB each once

            At 50.0 MB  what was not held, and evictions
                               requests   bytes  evicted  passed by
              s3-fifo             7.9 %  63.6 %       22        160
              sieve              41.8 %  71.3 %    1,374          0
              no policy below     5.3 %  38.0 %
        "#]],
    );
}

#[test]
fn rows_can_be_plotted() {
    check(
        &[
            "trace.csv",
            "--metadata",
            "paths.json",
            "-c",
            "50MB,130MB",
            "-p",
            "lru,tiered-closure",
            "--format",
            "csv",
        ],
        &expect![[r#"
            policy,capacity_bytes,misses,miss_ratio,missed_bytes,byte_miss_ratio,effective_miss_ratio,rebuild_miss_ratio,effective_rebuild_miss_ratio,evictions
            lru,50000000,1779,0.521242,2860828047,0.758217,0.521828,0.852541,0.858735,1727
            lru,130000000,873,0.255787,1805541334,0.478530,0.256666,0.527461,0.540591,812
            tiered-closure,50000000,1544,0.452388,2007253812,0.531991,0.474949,0.521008,0.604636,135
            tiered-closure,130000000,125,0.036625,690952532,0.183126,0.040434,0.125401,0.205327,24
            pfoo-l,50000000,182,0.053326,1432541884,0.379672,,0.287572,,
            pfoo-l,130000000,105,0.030765,336126481,0.089085,,0.085459,,
        "#]],
    );
}

#[test]
fn the_document_keeps_to_its_schema() {
    for args in [
        &["trace.csv", "--metadata", "paths.json"][..],
        &["trace.csv"],
        &["trace.csv", "-c", "1 GB"],
    ] {
        let args = [args, &["--format", "json"]].concat();
        let output = simulate(&args);
        let document = schema::document(&output);
        let length = |list: &str| document[list].as_array().expect("a list").len();
        assert_eq!(length("runs"), 15 * length("bounds"));
        // The same again, whatever ran first on which core.
        assert_eq!(simulate(&args).stdout, output.stdout);
    }
}

#[test]
fn a_log_is_a_trace_with_the_sizes_of_the_metadata() {
    check(
        &[
            "access.log",
            "--metadata",
            "hashes.json",
            "-c",
            "1GB",
            "-p",
            "lru",
        ],
        &expect![[r#"
            access.log: 3 requests for 2 objects in 24 h 00 min, 18.1 MB asked for, 9.1 MB each once
            hashes.json: 20 min of building asked for

            At 1.0 GB  what was not held, then build time of what was not held with its closure, and evictions
                               requests   bytes  build time  effective  tier 1  tier 2  tier 3  passed by
              lru                66.7 %  50.2 %      50.5 %     50.5 %       0       0       0          0
              no policy below    66.7 %  50.2 %      50.5 %
        "#]],
    );
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let metadata = "--metadata";
    check_failure(
        &["bad.csv"],
        &expect![[r#"
        error[trace-number]: bad.csv: size is not a whole number below 2^64, at line 3, column 8 (byte 28)
         |
         = help: times are whole seconds and sizes whole bytes
    "#]],
    );
    check_failure(
        &["trace.csv", metadata, "bad.json"],
        &expect![[r#"
        error[metadata-json]: bad.json: invalid value: floating point `-1.0`, expected a number of seconds from 0 to 2^64, at line 2, column 71
         |
         = help: each path has `id`, `name`, `fileSize`, `refs`, `cost` in seconds, and may have `pkg` and `tier`
    "#]],
    );
    check_failure(
        &["access.log"],
        &expect![[r#"
        error[usage]: access.log is a log of a cache, which says nothing of sizes
         |
         = help: give --metadata FILE with the sizes, references and build times of the paths
    "#]],
    );
    check_failure(
        &["access.log", metadata, "paths.json"],
        &expect![[r#"
            warning: access.log: left out 3 requests for paths that the metadata does not have
            error[trace-empty]: access.log: of 3 requests for narinfos none is for a path of the metadata
             |
             = help: is this the right file?
        "#]],
    );
    check_failure(
        &["README.md", metadata, "paths.json"],
        &expect![[r#"
        error[trace-header]: README.md, line 1: this is neither a trace in CSV nor a log in the combined log format
         |
         = help: a trace starts with `time,key,size`
    "#]],
    );
    check_failure(
        &["paths.json"],
        &expect![[r#"
        error[trace-header]: paths.json: the header at line 1, column 1 (byte 0) is not `time,key,size`
         |
         = help: a trace is CSV with the header `time,key,size`: seconds, any name, bytes
    "#]],
    );
    check_failure(
        &["trace.csv", "-c", "5"],
        &expect![[r#"
        error: invalid value '5' for '--capacity <SIZE>': `5` has no unit; write e.g. `5 GB`

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn what_is_left_out_is_said() {
    let output = simulate(&[
        "trace.csv",
        "--metadata",
        "hashes.json",
        "-c",
        "1GB",
        "-p",
        "lru",
    ]);
    expect![[r#"
        warning: hashes.json says nothing about 101 of 101 objects: they count as of tier 2, without references, and as costing nothing to build
    "#]].assert_eq(&text(&output.stderr));
}
