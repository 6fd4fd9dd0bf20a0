//! `hmtool cache hits`: what it says of the example's two machines, and what it refuses.

mod run;
mod schema;
mod shared_data;

use std::path::Path;
use std::process::Output;

use expect_test::{Expect, expect};
use run::{hmtool, text};
use serde_json::Value;

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn hits(args: &[&str]) -> Output {
    hmtool(Path::new(EXAMPLE), &[&["cache", "hits"], args].concat())
}

fn document(args: &[&str]) -> Value {
    let output = hits(&[args, &["--format", "json"]].concat());
    schema::document(&output)
}

fn check_failure(args: &[&str], expect: &Expect) {
    let output = hits(args);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
    expect.assert_eq(&text(&output.stderr));
}

#[test]
fn the_example_shows_what_its_flags_cost() {
    let output = hits(&["--top", "3"]);
    assert_eq!(output.status.code(), Some(1));
    expect![[r#"
        gyakusatsu finds 78.2 % of what it requires, 40.6 % of the building time, 76.1 % of the bytes in
        caches that shoshin fills or others have

        Required  by derivation; time and size are of building and of the outputs
                           count        time      size
          required           138  8 h 48 min  ~45.9 kB  derivations, sources and what every machine makes
                                                        aside
            upstream         108  3 h 35 min   35.0 kB  other caches have them, or what needs them
            from producer      0         0 s       0 B  its cache has them, or what needs them
            missed            30  5 h 13 min  ~11.0 kB  built on the consumer
          made everywhere     12        12 s   ~5.2 kB  forbid substitutes: no cache serves them

        Words that differ  what is missed because of each; shares overlap
                time  missed  in  shoshin                 gyakusatsu
          5 h 13 min      30   3  -march=skylake          -march=znver3
          4 h 57 min      21   1  -                       55
          4 h 57 min      21   1  --enable-optimizations  -
          and 19 more: --top 0, or --format json

        Root causes  derivations that differ themselves, and what that costs
                           time  alone  missed  differs in
          python313  4 h 57 min    0 s      21  NIX_CFLAGS_COMPILE, configureFlags, makeFlags, pgoLevel, wo…
          llvm       4 h 57 min    0 s      21  NIX_CFLAGS_COMPILE
          mesa       3 h 06 min    0 s       7  nativeBuildInputs, inputDrvs
          and 9 more: --top 0, or --format json

        Pushed and never demanded  67 of 67 derivations that shoshin builds, ~24.3 kB
          1.1 kB  /nix/store/b97b7cyfq254rgy4jq34rl241qpz7iy9-python3-3.13.9
    "#]].assert_eq(&text(&output.stdout));
    expect![[r#"
        exceeded: --min-hit-rate 80.0 %, and 78.2 % of what is required comes from a cache
    "#]]
    .assert_eq(&text(&output.stderr));
}

#[test]
fn all_that_is_required_is_somewhere() {
    let document = document(&[]);
    let count = |key: &str, of: &str| document[key][of].as_u64().expect("a whole number");
    for of in ["derivations", "buildMs", "narBytes"] {
        let parts = ["upstream", "fromProducer", "missed"].map(|key| count(key, of));
        // An output that two derivations make counts for each, so bytes add up too.
        assert_eq!(parts.iter().sum::<u64>(), count("required", of), "{of}");
    }
    let misses = document["misses"].as_array().expect("a list");
    assert_eq!(misses.len() as u64, count("missed", "derivations"));
    let causes = document["causes"].as_array().expect("a list").len() as u64;
    for miss in misses {
        let of = miss["causes"].as_array().expect("a list");
        assert!(!of.is_empty(), "{miss} is missed for no reason");
        assert!(
            of.iter()
                .all(|at| at.as_u64().is_some_and(|at| at < causes))
        );
    }
}

#[test]
fn a_machine_has_all_that_it_pushes_itself() {
    for args in [
        ["--producer", "shoshin", "--consumer", "shoshin"],
        // The same as files.
        [
            "--producer",
            "graphs/shoshin.json.gz",
            "--consumer",
            "graphs/shoshin.json.gz",
        ],
    ] {
        let document = document(&args);
        assert_eq!(document["hitRate"], 1.0);
        assert_eq!(document["missed"]["derivations"], 0);
        assert_eq!(document["neverDemanded"]["derivations"], 0);
        assert_eq!(document["causes"].as_array().map(Vec::len), Some(0));
    }
}

#[test]
fn the_limit_is_the_flags_before_the_files() {
    let lower = hits(&["--min-hit-rate", "0.7"]);
    assert_eq!(lower.status.code(), Some(0));
    let none = hits(&["--producer", "shoshin", "--consumer", "gyakusatsu"]);
    assert_eq!(none.status.code(), Some(1), "hmtool.toml asks for 80 %");
}

#[test]
fn what_does_not_say_enough_is_an_error() {
    check_failure(
        &["--consumer", "shoshim"],
        &expect![[r#"
        error[usage]: shoshim is neither a machine nor a file with a graph
         |
         = help: machines of hmtool.toml: gyakusatsu, shoshin
    "#]],
    );
    check_failure(
        &["--no-config", "--producer", "graphs/shoshin.json.gz"],
        &expect![[r#"
            error[usage]: nothing says which machine takes from the cache
             |
             = help: give --consumer GRAPH, or `consumers` in [cache] of hmtool.toml
        "#]],
    );
    check_failure(
        &["graphs/nowhere"],
        &expect![[r#"
        error[usage]: graphs/nowhere is no directory
         |
         = help: give the directory of hmtool.toml, or leave it out
    "#]],
    );
}

/// What two graphs of nixpkgs share was counted by their outputs when they were captured: 11
/// derivations that are built.
#[test]
fn flags_of_two_machines_share_what_was_counted() {
    let Some(data) = shared_data::with_graph(
        "flags_of_two_machines_share_what_was_counted",
        "home-stock.json.gz",
    ) else {
        return;
    };
    let graphs = data.join("graphs");
    let file = |name: &str| graphs.join(name).display().to_string();
    let document = document(&[
        "--no-config",
        "--producer",
        &file("home-skylake.json.gz"),
        "--producer-roots",
        &file("home-skylake.roots"),
        "--consumer",
        &file("home-znver1.json.gz"),
        "--consumer-roots",
        &file("home-znver1.roots"),
    ]);
    assert_eq!(document["fromProducer"]["derivations"], 11);
    assert_eq!(document["upstream"]["derivations"], 0);
    let words = document["differingWords"].as_array().expect("a list");
    let pair = |word: &Value| (word["producer"].clone(), word["consumer"].clone());
    let pairs: Vec<_> = words.iter().map(pair).collect();
    assert_eq!(
        pairs,
        [
            ("-march=skylake".into(), "-march=znver1".into()),
            ("-mtune=skylake".into(), "-mtune=znver1".into()),
        ]
    );
    for word in words {
        assert_eq!(word["misses"], document["missed"]["derivations"]);
    }
}
