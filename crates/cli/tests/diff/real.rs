//! The bundled example, graphs of a real nixpkgs, and files of a real store.

use std::path::Path;

use serde_json::{Value, json};

use crate::example::EXAMPLE;
use crate::nix::{Nix, packages};
use crate::run::hmtool;
use crate::schema;
use crate::shared_data;
use crate::{document, list, names, shown};

/// Two machines of the example: the counts are those of `hmtool impact`.
#[test]
fn machines_of_the_example_are_compared() {
    let folder = Path::new(EXAMPLE);
    let machines = document(folder, &["gyakusatsu", "shoshin"]);
    assert_eq!(machines["verdict"], "other-outputs");
    let args = [
        ["impact", "--before", "graphs/gyakusatsu.json.gz"],
        ["--before-roots", "graphs/gyakusatsu.roots", "--after"],
        ["graphs/shoshin.json.gz", "--roots", "graphs/shoshin.roots"],
    ];
    let output = hmtool(
        folder,
        &[&args.concat()[..], &["--format", "json", "--no-config"]].concat(),
    );
    let impact = schema::document(&output);
    for key in ["changed", "causes", "cascade", "added", "gone", "unchanged"] {
        assert_eq!(machines["summary"][key], impact["summary"][key], "{key}");
    }
    // Every cause is a step, with the attributes that impact names.
    let mut expected: Vec<(String, Value)> = Vec::new();
    for cause in list(&impact["causes"]) {
        let id = cause["change"].as_u64().expect("a number") as usize;
        let drv = impact["changes"][id]["after"]["drv"]
            .as_str()
            .expect("a path");
        let attributes = list(&cause["differences"]).iter();
        let attributes: Vec<&Value> = attributes.map(|one| &one["attribute"]).collect();
        expected.push((drv.to_owned(), json!([attributes, cause["drags"]])));
    }
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found: Vec<(String, Value)> = Vec::new();
    for step in list(&machines["steps"]) {
        if step["kind"] == "cause" {
            let drv = step["after"]["drv"].as_str().expect("a path");
            let attributes = list(&step["differences"]).iter();
            let attributes: Vec<&Value> = attributes.map(|one| &one["attribute"]).collect();
            found.push((drv.to_owned(), json!([attributes, step["drags"]])));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected);
    // A name is looked up in one machine's graph, or in both.
    let args = ["jq", "ripgrep", "--machine", "shoshin"];
    let names = document(folder, &args);
    assert_eq!(names["before"]["derivation"]["pname"], "jq");
    assert_eq!(names["after"]["derivation"]["pname"], "ripgrep");
    assert!(!list(&list(&names["steps"])[0]["differences"]).is_empty());
}

#[test]
fn an_overlay_of_flags_is_all_that_differs() {
    let Some(data) = shared_data::with_graph(
        "an_overlay_of_flags_is_all_that_differs",
        "home-skylake.json.gz",
    ) else {
        return;
    };
    let graphs = data.join("graphs");
    let both = [
        "--before",
        "home-stock.json.gz",
        "--after",
        "home-skylake.json.gz",
    ];
    let flags = json!(["-march=skylake", "-mtune=skylake", "-O3"]);
    let vim = document(&graphs, &[&["vim"], &both[..]].concat());
    assert_eq!(vim["summary"]["changed"], 68);
    assert_eq!(
        (&vim["summary"]["causes"], &vim["summary"]["cascade"]),
        (&7.into(), &61.into())
    );
    for name in ["vim", "nodejs", "gcc"] {
        let document = document(&graphs, &[&[name], &both[..]].concat());
        for step in list(&document["steps"]) {
            let differences = list(&step["differences"]);
            if step["kind"] == "cascade" {
                assert!(differences.is_empty(), "{step}");
                continue;
            }
            let [only] = differences else {
                panic!("{name}: {step}");
            };
            assert_eq!(only["attribute"], "NIX_CFLAGS_COMPILE");
            assert_eq!((&only["added"], &only["removed"]), (&flags, &json!([])));
            assert!(list(&step["inputs"]).is_empty() && list(&step["sources"]).is_empty());
        }
    }
    // The same again is the same, byte for byte.
    let args = [&["vim", "--all", "--top", "0"], &both[..]].concat();
    assert_eq!(shown(&graphs, &args), shown(&graphs, &args));
}

/// Two generations that differ in a deep input, as the real Nix writes them: as files of a store
/// directory, and by their paths through Nix.
#[test]
fn files_of_a_real_store_are_compared() {
    let Some(nix) = Nix::evaluating("files_of_a_real_store_are_compared") else {
        return;
    };
    let expression = |flags: &str| {
        format!(
            r#"let
                 drv = name: args: derivation ({{
                   inherit name; system = "x86_64-linux"; builder = "/bin/sh";
                 }} // args);
                 script = builtins.toFile "script.sh" "cd src\nmake{flags} all\n";
                 base = drv "base-1.0" {{ inherit script; flags = "-O2{flags}"; }};
                 lib = drv "lib-1.0" {{ inherit base; text = "one\ntwo\n"; }};
               in drv "app-1.0" {{
                 inherit lib; __structuredAttrs = true; list = [ "a" "b{flags}" "c" ];
               }}"#
        )
    };
    let instantiate = |flags: &str| {
        let drv = nix.run("nix-instantiate", &["--expr", &expression(flags)]);
        drv.trim().to_owned()
    };
    let (a, b) = (instantiate(""), instantiate(" -march=skylake"));
    let store = nix.root().join("root");
    let file = |drv: &str| {
        let file = store.join(drv.trim_start_matches('/'));
        file.to_str().expect("it is a text").to_owned()
    };
    let folder = nix.folder();
    let by_files = document(folder, &[&file(&a), &file(&b), "--no-config"]);
    let steps = list(&by_files["steps"]);
    assert_eq!(names(steps, "after"), ["app-1.0", "lib-1.0", "base-1.0"]);
    let [script] = list(&steps[2]["sources"]) else {
        panic!("one source: {}", steps[2]);
    };
    assert_eq!(script["name"], "script.sh");
    let line = &list(&script["lines"])[1];
    assert_eq!(
        (&line["edit"], &line["words"][1]["text"]),
        (&json!("changed"), &json!(" -march=skylake"))
    );
    let of = |step: &Value| {
        let differences = list(&step["differences"]).iter();
        let words = differences.map(|one| json!([one["attribute"], one["removed"], one["added"]]));
        words.collect::<Vec<_>>()
    };
    assert_eq!(of(&steps[1]), Vec::<Value>::new());
    let of_base = of(&steps[2]);
    assert_eq!(of_base[0], json!(["flags", [], ["-march=skylake"]]));
    assert_eq!(of_base[1][0], "script");
    let [list_of_app] = list(&steps[0]["differences"]) else {
        panic!("one difference: {}", steps[0]);
    };
    assert_eq!(list_of_app["attribute"], "list");
    let words = &list(&list_of_app["lines"])[0]["words"];
    assert_eq!(words[0]["text"], "[\"a\",");
    assert_eq!(words[1]["text"], "\"b\",");

    let output = nix
        .command(env!("CARGO_BIN_EXE_hmtool"))
        .args(["diff", &a, &b, "--no-config", "--format", "json"])
        .current_dir(folder)
        .output()
        .expect("hmtool runs");
    let by_paths = schema::document(&output);
    let by_paths_steps = list(&by_paths["steps"]);
    assert_eq!(by_paths_steps[..2], steps[..2]);
    // Of the sources only the paths are known then.
    assert_eq!(by_paths_steps[2]["differences"], steps[2]["differences"]);
    assert_eq!(list(&by_paths_steps[2]["sources"])[0]["lines"], json!([]));
    assert_eq!(by_paths["before"]["sources"], json!([a]));
    // The files lie elsewhere than where this store says to be, which is what counts.
    for end in ["before", "after"] {
        assert_eq!(by_paths[end]["derivation"], by_files[end]["derivation"]);
    }
    let folder_of_files = Path::new(&file(&a)).parent().expect("a folder").to_owned();
    let all = folder_of_files.to_str().expect("a text");
    let plan = |args: &[&str]| {
        let machine = [
            "--mem",
            "8G",
            "--cores",
            "4",
            "--no-config",
            "--format",
            "json",
        ];
        schema::document(&hmtool(folder, &[&["plan"], args, &machine].concat()))
    };
    let of_all = plan(&["--graph", all]);
    let drvs: Vec<&str> = list(&of_all["builds"])
        .iter()
        .map(|one| one["drv"].as_str().expect("a path"))
        .collect();
    assert!(
        drvs.contains(&&*a) && drvs.contains(&&*b) && drvs.len() == 6,
        "{drvs:?}"
    );
    // A file and one that it needs are one graph.
    let base = drvs
        .iter()
        .find(|drv| drv.ends_with("-base-1.0.drv"))
        .expect("it is needed");
    let both = plan(&["--graph", &file(&a), "--graph", &file(base)]);
    assert_eq!(both["input"]["derivations"], 3, "{}", both["input"]);
}

/// A link to what was built stands for its derivation, in a store of its own folder and in one that
/// is mounted elsewhere, where the link leads to nothing that is there.
#[test]
fn links_to_what_was_built_stand_for_its_derivation() {
    let test = "links_to_what_was_built_stand_for_its_derivation";
    let (Some(elsewhere), Some(own)) = (Nix::evaluating(test), Nix::building(test)) else {
        return;
    };
    let package = |flags: &str| {
        let app = format!(r#"make {{ name = "app-1.0"; flags = "{flags}"; }} "echo > $out""#);
        packages(&app)
    };
    for (nix, is_built) in [(elsewhere, false), (own, true)] {
        let folder = nix.root();
        let mut drvs = Vec::new();
        for (link, flags) in [("result", "-O2"), ("result-new", "-O3")] {
            let drv = nix.run("nix-instantiate", &["--expr", &package(flags)]);
            let drv = drv.trim().to_owned();
            let out = nix.run("nix-store", &["--query", "--outputs", &drv]);
            if is_built {
                nix.run("nix-store", &["--realise", &drv]);
            }
            std::os::unix::fs::symlink(out.trim(), folder.join(link)).expect("it is ours");
            drvs.push(drv);
        }
        let [a, b] = [0, 1].map(|at| format!("{}^out", drvs[at]));
        for ends in [["result", "./result-new"], [&a, &b]] {
            let output = nix
                .command(env!("CARGO_BIN_EXE_hmtool"))
                .args([&["diff", "--no-config", "--format", "json"], &ends[..]].concat())
                .current_dir(&folder)
                .output()
                .expect("hmtool runs");
            let diff = schema::document(&output);
            for (end, drv) in ["before", "after"].into_iter().zip(&drvs) {
                assert_eq!(diff[end]["derivation"]["drv"], **drv, "{ends:?}");
            }
            let [step] = list(&diff["steps"]) else {
                panic!("one step: {diff}");
            };
            assert_eq!(step["differences"][0]["attribute"], "flags");
        }
    }
}
