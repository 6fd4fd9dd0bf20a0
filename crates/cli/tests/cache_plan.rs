//! `hmtool cache plan`: what it says of the example, that its steps keep their promises, and what
//! it refuses.

mod run;
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use expect_test::{Expect, expect};
use run::{hmtool, text};
use serde_json::{Value, json};

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn plan(args: &[&str]) -> Output {
    hmtool(Path::new(EXAMPLE), &[&["cache", "plan"], args].concat())
}

fn document(args: &[&str]) -> Value {
    let output = plan(&[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    schema::document(&output)
}

fn check_failure(args: &[&str], expect: &Expect) {
    let output = plan(args);
    assert_eq!(text(&output.stdout), "");
    assert_eq!(output.status.code(), Some(2));
    expect.assert_eq(&text(&output.stderr));
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().expect("a list")
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().expect("a string")
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().expect("a whole number")
}

/// Carries out the steps and holds each to what the document promises; what is held and pinned
/// afterwards.
fn carry_out(document: &Value) -> (BTreeSet<String>, BTreeMap<String, Vec<String>>) {
    let paths: BTreeMap<&str, &Value> = list(document, "paths")
        .iter()
        .map(|path| (word(path, "path"), path))
        .collect();
    let is = |path: &str, key: &str| paths[path][key] == json!(true);
    let limit = number(document, "limitBytes");
    let mut held: BTreeSet<String> = paths
        .keys()
        .filter(|path| is(path, "isHeld"))
        .map(|path| (*path).to_owned())
        .collect();
    let mut pins: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let bytes = |held: &BTreeSet<String>| -> u64 {
        held.iter()
            .map(|path| number(paths[&**path], "bytes"))
            .sum()
    };
    for step in list(document, "steps") {
        let path = word(step, "path");
        match word(step, "action") {
            "push" => {
                for reference in list(paths[path], "references") {
                    let reference = reference.as_str().expect("a path");
                    let is_there = reference == path || held.contains(reference);
                    let is_upstream = paths
                        .get(reference)
                        .is_some_and(|it| it["isUpstream"] == true);
                    assert!(is_there || is_upstream, "{path} before {reference}");
                }
                assert!(held.insert(path.to_owned()), "{path} is pushed twice");
                assert!(bytes(&held) <= limit, "{path} is too much");
            }
            "evict" => {
                assert!(held.remove(path), "{path} is evicted and not there");
                for other in &held {
                    let references = list(paths[&**other], "references");
                    assert!(!references.contains(&json!(path)), "{other} needs {path}");
                }
            }
            "pin" => {
                assert!(held.contains(path), "{path} is pinned before it is there");
                let revisions = pins.entry(word(step, "name").to_owned()).or_default();
                revisions.insert(0, path.to_owned());
            }
            other => assert_eq!(other, "unpin"),
        }
    }
    let kept: BTreeSet<String> = paths
        .keys()
        .filter(|path| is(path, "isKept"))
        .map(|path| (*path).to_owned())
        .collect();
    assert_eq!(held, kept);
    assert_eq!(bytes(&held), number(document, "occupiedBytes"));
    (held, pins)
}

/// What `nix path-info --json` would say of a cache that holds these.
fn as_path_info(document: &Value, held: &BTreeSet<String>) -> String {
    let paths = list(document, "paths").iter();
    let held = paths.filter(|path| held.contains(word(path, "path")));
    let infos: Vec<Value> = held
        .map(|path| {
            json!({
                "path": path["path"],
                "narHash": "sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3",
                "narSize": number(path, "bytes") * 3,
                "downloadSize": path["bytes"],
                "references": path["references"],
            })
        })
        .collect();
    serde_json::to_string(&infos).expect("it is JSON")
}

/// A folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("cache-plan")
        .join(name);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn the_example_is_planned_on_one_screen() {
    let output = plan(&["--top", "4"]);
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    expect![[r#"
          cache      modular-workspace at cachix
          filled by  shoshin
          room       4.5 GB of 5.0 GB, 500.0 MB stay free
          holds now  nothing that is known; give --held, or ask it with --online
          will hold  2.5 kB, 2.5 kB at most on the way
          pushed as  zstd 2
          saves      0 s of building; no choice saves more than 0 s (gap 0.000 %)

        Tiers  what is held in the end; ~ is estimated
          tier 1  9 paths  ~2.0 kB  always held, with all it refers to
          tier 2  5 paths   ~480 B  as far as there is room, what saves the most first
          tier 3  0 paths      0 B  only what something held refers to

        What gyakusatsu finds  0.0 % of what other caches do not have
          needed   30 builds  30 paths  4.1 kB  5 h 13 min
          hit       0 builds   0 paths     0 B         0 s
          rebuilt  30 builds  30 paths  4.1 kB  5 h 13 min
          `hmtool cache hits` says why these are built again

        21 steps  push 14, pin 7, unpin 0, evict 0, leave 0
          push  ~219 B  llvm-19.1.7-lib, tier 1
          push  ~144 B  llvm-19.1.7-dev, tier 1
          pin           llvm-19.1.7-dev as llvm-2-dev, keep 1 revision
          push  ~219 B  llvm-19.1.7-lib, tier 1
          and 17 more: --top 0, or --format json

        Not held  16 paths, the largest first
          ~165 B  neovim-unwrapped-0.11.5, tier 3
          ~129 B  neovim-0.11.5, tier 3
          ~123 B  jq-1.8.1-bin, tier 3
          ~114 B  fzf-0.67.0, tier 3
          and 12 more: --top 0, or --format json
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn every_step_fits_and_a_second_plan_is_empty() {
    let folder = folder("second-plan");
    let first = document(&["--capacity", "3 kB"]);
    assert_eq!(first["schema"]["name"], "hmtool.cache-plan");
    assert!(!list(&first, "steps").is_empty());
    let (held, pins) = carry_out(&first);
    let goal: BTreeMap<String, Vec<String>> = serde_json::from_value(Value::Object(
        list(&first, "pins")
            .iter()
            .map(|pin| (word(pin, "name").to_owned(), pin["revisions"].clone()))
            .collect(),
    ))
    .expect("lists of paths");
    assert_eq!(pins, goal);

    let (held_file, pins_file) = (folder.join("held.json"), folder.join("pins.json"));
    fs::write(&held_file, as_path_info(&first, &held)).expect("a file");
    fs::write(&pins_file, serde_json::to_string(&pins).expect("JSON")).expect("a file");
    let paths = [held_file, pins_file].map(|path| path.display().to_string());
    let now = [
        "--capacity",
        "3 kB",
        "--held",
        &paths[0],
        "--pins",
        &paths[1],
    ];
    let second = document(&now);
    assert_eq!(list(&second, "steps"), &Vec::<Value>::new());
    assert_eq!(second["occupiedBeforeBytes"], first["occupiedBytes"]);
    let output = plan(&[&now[..], &["--check"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Nothing to do: the cache holds what it should."));
}

#[test]
fn what_is_not_wanted_goes_and_what_others_have_is_not_pushed() {
    let folder = folder("evict");
    let stale = "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-stale-1.0";
    let info = json!([{
        "path": stale, "narHash": "sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3",
        "narSize": 9000, "downloadSize": 2900, "references": [],
    }]);
    let file = folder.join("held.json");
    fs::write(&file, info.to_string()).expect("a file");
    let file = file.display().to_string();
    let document = document(&["--capacity", "3 kB", "--held", &file]);
    let first = &list(&document, "steps")[0];
    assert_eq!(
        (word(first, "action"), word(first, "path")),
        ("evict", stale)
    );
    carry_out(&document);
    let upstream = list(&document, "paths").iter();
    let mut upstream = upstream.filter(|path| path["isUpstream"] == true);
    assert!(upstream.all(|path| path["isKept"] == false));
    let output = plan(&["--capacity", "3 kB", "--held", &file, "--check"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("the cache does not hold what it should"));
    // Nobody can make Cachix do that; without it there is nothing to be said.
    let by_itself = "Cachix evicts by itself what no pin holds";
    assert!(text(&output.stdout).contains(by_itself));
    let output = plan(&["--capacity", "3 kB"]);
    assert!(!text(&output.stdout).contains(by_itself));
}

#[test]
fn what_a_machine_shares_with_itself_is_hit() {
    let document = document(&["--consumer", "shoshin"]);
    let consumer = &list(&document, "consumers")[0];
    let (needed, hit, rebuilt) = (&consumer["needed"], &consumer["hit"], &consumer["rebuilt"]);
    let sum = number(hit, "derivations") + number(rebuilt, "derivations");
    assert_eq!(number(needed, "derivations"), sum);
    assert!(number(&document, "savedMs") > 0);
    assert_eq!(document["gap"], json!(0.0));
    // Tools of tier 3 are built on each machine, and nothing else is.
    let tiers: Vec<u64> = list(&document, "tiers")
        .iter()
        .map(|t| number(t, "paths"))
        .collect();
    assert!(tiers[0] > 0 && tiers[1] > 0, "{tiers:?}");
    assert!(
        number(hit, "buildMs") > number(rebuilt, "buildMs"),
        "{consumer}"
    );
    let exceeded = plan(&["--min-hit-rate", "80%"]);
    assert_eq!(exceeded.status.code(), Some(1));
}

#[test]
fn a_tier_one_that_does_not_fit_is_an_error() {
    check_failure(
        &["--capacity", "2 kB"],
        &expect![[r#"
                429 B  /nix/store/b97b7cyfq254rgy4jq34rl241qpz7iy9-python3-3.13.9, tier 1
                246 B  /nix/store/587fvgi0c0zh20p0gjz07y0rnnsfa1bk-onnxruntime-1.22.2, tier 1
                219 B  /nix/store/gsgq9qvamv24vfx9gz7bai9fxgzdhydl-llvm-19.1.7-lib, tier 1
                219 B  /nix/store/lq031x5w5y2rdmkcx5mkslry3lmsdylq-llvm-19.1.7-lib, tier 1
                213 B  /nix/store/yjcqzxn3kl4fibqi7209vkg5y7qm4x3p-nodejs-22.21.1, tier 1
                210 B  /nix/store/8j9qlhmx16pnnb6yvjgvs6kwjvsp6g72-rustc-1.91.1, tier 1
                210 B  /nix/store/j3js3wr4ifjgw3xmznp6n59j0a3slas1-rustc-1.91.1, tier 1
                144 B  /nix/store/1aii2f591q67y1fclzmiq3dzi401514c-llvm-19.1.7-dev, tier 1
                144 B  /nix/store/lq2ikd4fxfvprdsqf5ysgw2zfng3q5xj-llvm-19.1.7-dev, tier 1
                129 B  /nix/store/bvigyffcdnfv8rrld9qqglr6908m3ha6-python3.13-numpy-2.3.4, needed by tier 1
                129 B  /nix/store/mj5n8ld5y0cq8k841vq8b8w97b98j8kj-protobuf-32.1, needed by tier 1
                 78 B  /nix/store/x7y0wkz27682czxchf0wkssciknbsxbj-abseil-cpp-20250814.1, needed by tier 1
                 75 B  /nix/store/pd30xss55rd07brmvzrls314hrhma2aw-flatbuffers-25.9.23, needed by tier 1
                 69 B  /nix/store/sxqk196yv7b208sv3aj2zi9p6g1h6jry-icu4c-76.1, needed by tier 1
            error[tier-one-does-not-fit]: the cache: tier 1 does not fit: 14 paths with all they refer to take up 2.5 kB, and at most 1.8 kB may be held; the largest are /nix/store/b97b7cyfq254rgy4jq34rl241qpz7iy9-python3-3.13.9 (429 B), /nix/store/587fvgi0c0zh20p0gjz07y0rnnsfa1bk-onnxruntime-1.22.2 (246 B), /nix/store/gsgq9qvamv24vfx9gz7bai9fxgzdhydl-llvm-19.1.7-lib (219 B), /nix/store/lq031x5w5y2rdmkcx5mkslry3lmsdylq-llvm-19.1.7-lib (219 B), /nix/store/yjcqzxn3kl4fibqi7209vkg5y7qm4x3p-nodejs-22.21.1 (213 B)
             |
             = help: put the largest into tier 2, compress them more, or get more room
        "#]],
    );
}

#[test]
fn what_does_not_say_enough_is_an_error() {
    check_failure(
        &["--no-config", "--graph", "graphs/shoshin.json.gz"],
        &expect![[r#"
            error[usage]: nothing says how large the cache is
             |
             = help: give --capacity SIZE, or `capacity` in [cache] of hmtool.toml
        "#]],
    );
    check_failure(
        &["--consumer", "gyakusatsi"],
        &expect![[r#"
        error[usage]: gyakusatsi is neither a machine nor a file with a graph
         |
         = help: machines of hmtool.toml: gyakusatsu, shoshin
    "#]],
    );
    check_failure(
        &["--buffer", "6 GB"],
        &expect![[r#"
        error[buffer-above-capacity]: the cache: a buffer of 6.0 GB is more than the capacity of 5.0 GB
         |
         = help: lower the buffer, or say how large the cache is
    "#]],
    );
    let file = folder("pins").join("pins.json");
    fs::write(&file, "{\"glibc\": [\"glibc-2.40\"]}").expect("a file");
    let output = plan(&["--pins", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(
        said.contains("pin glibc: \"glibc-2.40\" is not a store path"),
        "{said}"
    );
}

#[test]
fn a_directory_says_itself_what_it_holds_and_has_pinned() {
    let folder = folder("directory");
    let cache = folder.join("cache");
    fs::create_dir_all(&cache).expect("a folder");
    let config = format!(
        "[machines.shoshin]\ngraph = {graph:?}\nroots = {roots:?}\n\
         [cache]\nname = \"own\"\nkind = \"file\"\ndir = \"cache\"\ncapacity = \"1 MB\"\n\
         producers = [\"shoshin\"]\nconsumers = [\"shoshin\"]\npins = [\"jq\", \"jqq\"]\n",
        graph = format!("{EXAMPLE}/graphs/shoshin.json.gz"),
        roots = format!("{EXAMPLE}/graphs/shoshin.roots"),
    );
    fs::write(folder.join("hmtool.toml"), config).expect("a file");
    let stale = "/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-stale-1.0";
    let narinfo = format!(
        "StorePath: {stale}\nURL: nar/a.nar.xz\nCompression: xz\n\
         FileHash: sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3\nFileSize: 700\n\
         NarHash: sha256:1b9p07z77phvv2hf6gm9f28ckrdsf0nfd0xl6hpc1r4wwykmqbl3\nNarSize: 2000\n\
         References: \n"
    );
    fs::write(
        cache.join("8vh17lfiabqfl2bd2rasxrh94g9pf9dd.narinfo"),
        narinfo,
    )
    .expect("a file");
    fs::write(
        cache.join("hmtool-pins.json"),
        json!({ "stale": [stale] }).to_string(),
    )
    .expect("a file");
    let target = folder.display().to_string();
    assert_eq!(
        text(&plan(&[&target]).stderr),
        "no package is called jqq, which [cache] of hmtool.toml pins\n"
    );
    let document = document(&[&target]);
    assert_eq!(document["cache"]["kind"], "file");
    assert_eq!(document["compression"]["method"], "xz");
    assert_eq!(document["isHeldKnown"], true);
    assert_eq!(document["occupiedBeforeBytes"], 700);
    let steps = list(&document, "steps");
    assert_eq!(
        steps[0],
        json!({"action": "unpin", "name": "stale", "path": stale, "isEarly": false})
    );
    assert_eq!(
        steps[1],
        json!({"action": "evict", "path": stale, "bytes": 700, "why": "not-wanted"})
    );
    let pins = list(&document, "pins").iter().map(|pin| word(pin, "name"));
    // Nobody asks for another output of jq by itself; what this one refers to is protected with it.
    assert_eq!(pins.collect::<Vec<_>>(), ["jq-bin"]);
}
