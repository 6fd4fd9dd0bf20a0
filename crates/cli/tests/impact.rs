//! `hmtool impact`: what it finds on real graphs, what it prints, how it ends.

mod run;
mod schema;
mod shared_data;

use std::fs;
use std::path::Path;
use std::process::Output;

use expect_test::expect;
use run::{hmtool, text};
use serde_json::Value;

const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/modular-workspace"
);

fn impact(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["impact"], args].concat())
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    schema::document(output)
}

/// The causes' names, ascending, and the words that were added.
fn causes(document: &Value) -> Vec<(String, String)> {
    let causes = document["causes"].as_array().expect("a list");
    let mut causes: Vec<(String, String)> = causes
        .iter()
        .map(|cause| {
            let id = cause["change"].as_u64().expect("a number") as usize;
            let name = &document["changes"][id]["after"]["pname"];
            let differences = cause["differences"].as_array().expect("a list");
            let differences = differences.iter().map(|difference| {
                let words = |key: &str| difference[key].as_array().expect("a list").clone();
                let signed = |sign: &str, key: &str| -> Vec<String> {
                    let words = words(key);
                    let words = words.iter().map(|word| word.as_str().expect("a word"));
                    words.map(|word| format!("{sign}{word}")).collect()
                };
                let words = [signed("- ", "removed"), signed("+ ", "added")].concat();
                let attribute = difference["attribute"].as_str().expect("a name");
                format!("{attribute}: {}", words.join(", "))
            });
            let differences: Vec<String> = differences.collect();
            let name = name.as_str().expect("a name").to_owned();
            (name, differences.join("; "))
        })
        .collect();
    causes.sort();
    causes
}

#[test]
fn fourteen_libraries_drag_all_else_along() {
    let Some(data) = shared_data::with_graph(
        "fourteen_libraries_drag_all_else_along",
        "home-stock.json.gz",
    ) else {
        return;
    };
    let graphs = data.join("graphs");
    let compare = |before: &str, after: &str| {
        let file = |name: &str, end: &str| format!("home-{name}.{end}");
        let (roots_before, roots_after) = (file(before, "roots"), file(after, "roots"));
        let (before, after) = (file(before, "json.gz"), file(after, "json.gz"));
        let args = [
            "--before",
            &before,
            "--before-roots",
            &roots_before,
            "--after",
            &after,
            "--roots",
            &roots_after,
            "--no-config",
            "--format",
            "json",
        ];
        json(&impact(&graphs, &args))
    };
    let libraries = [
        "bzip2",
        "expat",
        "libffi",
        "libgcrypt",
        "libxml2",
        "libxslt",
        "ncurses",
        "openssl",
        "readline",
        "sqlite",
        "xz",
        "xz",
        "zlib",
        "zlib",
    ];
    let expected = |words: &str| {
        let of = |name: &&str| ((*name).to_owned(), format!("NIX_CFLAGS_COMPILE: {words}"));
        libraries.iter().map(of).collect::<Vec<_>>()
    };
    let added = compare("stock", "skylake");
    assert_eq!(
        causes(&added),
        expected("+ -march=skylake, + -mtune=skylake, + -O3")
    );
    assert_eq!(added["summary"]["cascade"], 614);
    assert_eq!(added["summary"]["rebuilds"], 628);
    let other = compare("skylake", "znver1");
    assert_eq!(
        causes(&other),
        expected("- -march=skylake, - -mtune=skylake, + -march=znver1, + -mtune=znver1")
    );
    assert_eq!(other["summary"]["cascade"], 614);
    let nothing = compare("stock", "stock");
    assert_eq!(nothing["summary"]["changed"], 0);
    assert_eq!(nothing["summary"]["unchanged"], 1306);
}

/// Seen with the real Nix: overriding zlib changes 628 of the 639 builds, overriding python36 46.
#[test]
fn an_override_is_bounded_without_evaluating() {
    let Some(data) = shared_data::with_graph(
        "an_override_is_bounded_without_evaluating",
        "home-stock.json.gz",
    ) else {
        return;
    };
    let graphs = data.join("graphs");
    let graph = [
        "--graph",
        "home-stock.json.gz",
        "--roots",
        "home-stock.roots",
        "--no-config",
        "--format",
        "json",
    ];
    let asked = json(&impact(
        &graphs,
        &[&["--override", "zlib,python36"], &graph[..]].concat(),
    ));
    assert_eq!(asked["builds"], 639);
    let rebuilds = |at: usize| asked["packages"][at]["rebuild"]["rebuilds"].clone();
    assert_eq!((rebuilds(0), rebuilds(1)), (628.into(), 46.into()));
    assert_eq!(asked["together"]["rebuilds"], 628);

    let ranking = json(&impact(&graphs, &[&["--rank"], &graph[..]].concat()));
    let packages = ranking["packages"].as_array().expect("a list");
    let time = |package: &Value| package["rebuild"]["buildMs"].as_u64().expect("a number");
    assert!(packages.is_sorted_by(|a, b| time(a) >= time(b)));
    let zlib = packages.iter().find(|package| package["name"] == "zlib");
    assert_eq!(
        zlib.expect("it is there")["rebuild"],
        asked["packages"][0]["rebuild"]
    );
}

/// `app` needs `lib` needs `base`; `base` is built with other flags in the second.
fn small() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |hash: &str, name: &str| format!("/nix/store/{}-{name}", hash.repeat(32));
    let drv = |hash: &str, name: &str, input: Option<(&str, &str)>, flags: &str| {
        let inputs = input.map_or(String::new(), |(hash, name)| {
            format!("{:?}: [\"out\"]", path(hash, &format!("{name}.drv")))
        });
        let uses = input.map_or(String::new(), |(hash, name)| path(hash, name));
        format!(
            "{:?}: {{\"outputs\": {{\"out\": {{\"path\": {:?}}}}}, \"inputSrcs\": [], \
             \"inputDrvs\": {{{inputs}}}, \"system\": \"x86_64-linux\", \"builder\": \"/bin/sh\", \
             \"args\": [], \"env\": {{\"name\": {name:?}, \"uses\": {uses:?}, \"FLAGS\": {flags:?}}}}}",
            path(hash, &format!("{name}.drv")),
            path(hash, name),
        )
    };
    let graph = |hashes: [&str; 3], flags: &str| {
        let [base, lib, app] = hashes;
        let all = [
            drv(base, "base-1.0", None, flags),
            drv(lib, "lib-2.0", Some((base, "base-1.0")), "-O2"),
            drv(app, "app-3.0", Some((lib, "lib-2.0")), "-O2"),
        ];
        format!("{{{}}}", all.join(",\n"))
    };
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("before.json", &graph(["a", "b", "c"], "-O2"));
    write("after.json", &graph(["d", "f", "g"], "-O2 -march=skylake"));
    write(
        "history.csv",
        "hostname,derivation name,utc time,build seconds\n\
         ,base-1.0,2026-01-01 00:00:00,600\n\
         ,lib-2.0,2026-01-01 00:00:00,1200\n\
         ,app-3.0,2026-01-01 00:00:00,60\n",
    );
    folder
}

#[test]
fn the_screen_says_what_and_why() {
    let folder = small();
    let args = [
        "--before",
        "before.json",
        "--after",
        "after.json",
        "--history",
        "history.csv",
        "--no-config",
    ];
    let output = impact(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
          before  3 derivations from before.json
          after   3 derivations from after.json

        3 derivations to build again  31 min one after the other, 31 min at least
          changed  3  1 says something else, 2 follow from it, 100 % of all builds

        Causes  what says something else itself, the most dragged along first
          base-1.0  drags 2 along, alone, 31 min
              FLAGS  + -march=skylake
    "#]]
    .assert_eq(&text(&output.stdout));

    let same = [
        "--before",
        "before.json",
        "--after",
        "before.json",
        "--no-config",
    ];
    let output = impact(folder.path(), &same);
    expect![[r#"
          before  3 derivations from before.json
          after   3 derivations from before.json

        Nothing is built again
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn the_screen_of_an_override_says_which_builds() {
    let folder = small();
    let graph = [
        "--graph",
        "before.json",
        "--history",
        "history.csv",
        "--no-config",
    ];
    let args = [&["--override", "lib,base", "--top", "2"], &graph[..]].concat();
    let output = impact(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    expect![[r#"
        3 builds from before.json

        Built again  at most, when a package is overridden: all that needs it, one after the other
                        builds  of all    time
          lib                2    67 %  21 min
          base               3   100 %  31 min
          all together       3   100 %  31 min

        Of these  those that take longest first
          lib-2.0   20 min  overridden
          base-1.0  10 min  overridden
          and 1 more: --top 0 shows all
    "#]]
    .assert_eq(&text(&output.stdout));
}

#[test]
fn gates_end_with_one() {
    let folder = small();
    let graphs = [
        "--before",
        "before.json",
        "--after",
        "after.json",
        "--no-config",
    ];
    let ends = |gate: &[&str]| {
        let output = impact(folder.path(), &[&graphs[..], gate].concat());
        (output.status.code(), text(&output.stderr))
    };
    assert_eq!(ends(&["--max-rebuilds", "3"]), (Some(0), String::new()));
    let exceeded = "exceeded: --max-rebuilds 2, and there are 3\n".to_owned();
    assert_eq!(ends(&["--max-rebuilds", "2"]), (Some(1), exceeded));
    let by_time = ["--history", "history.csv", "--max-hours"];
    assert_eq!(ends(&[&by_time[..], &["1"]].concat()).0, Some(0));
    assert_eq!(ends(&[&by_time[..], &["0.5"]].concat()).0, Some(1));
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = small();
    let ends = |args: &[&str]| {
        let output = impact(folder.path(), args);
        (output.status.code(), text(&output.stderr))
    };
    let (code, said) = ends(&["--graph", "after.json", "--no-config"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("a captured graph has no revisions"), "{said}");
    let (code, said) = ends(&[
        "--graph",
        "after.json",
        "--override",
        "base2",
        "--no-config",
    ]);
    assert_eq!(code, Some(2));
    assert!(said.contains("is base meant?"), "{said}");
    let (code, _) = ends(&[
        "--before",
        "missing.json",
        "--after",
        "after.json",
        "--no-config",
    ]);
    assert_eq!(code, Some(2));
}

#[test]
fn the_example_s_machines_are_compared() {
    let args = [
        "--before",
        "graphs/shoshin.json.gz",
        "--before-roots",
        "graphs/shoshin.roots",
        "--before-attributes",
        "graphs/shoshin.attributes",
        "--machine",
        "gyakusatsu",
        "--format",
        "json",
    ];
    let document = json(&impact(Path::new(EXAMPLE), &args));
    let found = causes(&document);
    let words_of = |name: &str| {
        let found = found.iter().find(|(cause, _)| cause == name);
        found.map(|(_, words)| words.clone()).unwrap_or_default()
    };
    assert_eq!(
        words_of("jq"),
        "NIX_CFLAGS_COMPILE: - -march=skylake, + -march=znver3"
    );
    assert_eq!(document["lost"][0]["cache"], "cache.nixos.org");
}
