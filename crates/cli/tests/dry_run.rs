//! `hmtool dry-run` without Nix: a captured graph and what a cache is known to hold. That it says what
//! the real Nix says is in `plan/dry_run_of_nix.rs`.

mod run;
mod schema;

use std::path::Path;
use std::process::Output;

use expect_test::expect;
use run::{hmtool, text};
use serde_json::Value;

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn on_example(args: &[&str]) -> Output {
    hmtool(Path::new(EXAMPLE), args)
}

fn json(args: &[&str], code: i32) -> Value {
    let output = on_example(&[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
    schema::document(&output)
}

#[test]
fn the_work_is_that_of_the_plan() {
    for machine in ["shoshin", "gyakusatsu"] {
        let dry_run = json(&["dry-run", "--machine", machine], 0);
        let output = on_example(&["plan", "--machine", machine, "--format", "json"]);
        let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(dry_run["work"], plan["work"], "{machine}");
        assert_eq!(dry_run["fetches"], plan["fetches"], "{machine}");
        let list = |key: &str| dry_run[key].as_array().expect("a list").clone();
        let work = |key: &str| dry_run["work"][key].as_u64().expect("a number") as usize;
        assert_eq!(list("builds").len(), work("build"), "{machine}");
        assert_eq!(list("present").len(), work("present"), "{machine}");
        let times = list("builds");
        let times = times
            .iter()
            .map(|build| build["durationMs"].as_u64().expect("a time"));
        assert_eq!(dry_run["buildMs"], times.sum::<u64>(), "{machine}");
        assert!(dry_run["longestChainMs"].as_u64() <= dry_run["buildMs"].as_u64());
    }
}

#[test]
fn the_screen_has_counts_bytes_and_hours() {
    let output = on_example(&["dry-run", "--machine", "shoshin", "--top", "3"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        302 derivations from graphs/shoshin.json.gz

        83 derivations to build  10 h 16 min one after the other on shoshin, 5 h 12 min at least
          of these 4 downloads of sources
          chromium-unwrapped-142.0.7444.175  2 h 27 min
          rustc-1.91.1                       2 h 06 min
          onnxruntime-1.22.2                 1 h 28 min
          and 80 more: --top 0 shows all

        175 paths to fetch  40.8 kB to download, 44.9 kB unpacked
          cache.nixos.org  175 paths  40.8 kB to download, 44.9 kB unpacked

        There or not needed  102 derivations
          in the store                                 0
          not needed, as what needs it is available  102
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn what_is_there_is_neither_built_nor_fetched() {
    let all = [
        "dry-run",
        "--no-config",
        "--graph",
        "graphs/shoshin.json.gz",
    ];
    let roots = ["--roots", "graphs/shoshin.roots"];
    let nothing = json(&[&all[..], &roots[..]].concat(), 0);
    assert_eq!(nothing["work"]["fetch"], 0);
    assert_eq!(nothing["work"]["build"], nothing["graph"]["closure"]);
    let held = ["--available", "graphs/cache.path-info.json.gz"];
    let there = json(&[&all[..], &roots[..], &held[..]].concat(), 0);
    assert_eq!(there["work"]["fetch"], 0);
    assert!(there["work"]["present"].as_u64() > Some(0));
    assert!(there["work"]["build"].as_u64() < nothing["work"]["build"].as_u64());
    let output = on_example(&["dry-run", "--no-config", "--graph", "no-such.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no-such.json"));
}
