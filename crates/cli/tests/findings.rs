//! `hmtool overlay check`, `overlay fix` and `explain`: what they print, what they write, how they
//! end.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::expect;
use serde_json::Value;

const MODULE: &str = "\
{ pkgs, ... }:
let
  unused = 1;
in
{
  home.packages = [ pkgs.git ];
  home.sessionPath = [ \"${config.home.homeDirectory}/bin\" ];
}
";

fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env("COLUMNS", "100")
        .output()
        .expect("hmtool runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("it prints UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("it prints UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in the folder")).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// The rules and files of the findings, in the order of the document.
fn found(output: &Output) -> Vec<(String, String)> {
    let document = json(output);
    let findings = document["findings"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    findings
        .map(|finding| (text(&finding["rule"]), text(&finding["place"]["file"])))
        .collect()
}

#[test]
fn findings_are_shown_with_their_lines_and_their_fix() {
    let folder = folder(&[("home.nix", MODULE.as_bytes())]);
    let output = hmtool(folder.path(), &["overlay", "check", "home.nix"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    expect![[r#"
        warning[unused-let]: `unused` is bound and not used
         --> home.nix:3:3
          |
        3 |   unused = 1;
          |   ^^^^^^
        fix: remove the `let`
        2 - let
        3 -   unused = 1;
        4 - in

        error[not-in-scope]: `config` is not in scope
         --> home.nix:7:27
          |
        7 |   home.sessionPath = [ "${config.home.homeDirectory}/bin" ];
          |                           ^^^^^^
          |
          = help: add `config` to the arguments of the file
        fix: add the argument `config`
        1 - { pkgs, ... }:
        1 + { pkgs, config, ... }:

        1 error, 1 warning in 1 file; 2 with a fix
    "#]]
    .assert_eq(&stdout(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn the_severity_that_counts_and_the_rules_in_force_can_be_chosen() {
    let unused = "{ pkgs, lib, ... }: { a = pkgs.git; }";
    let folder = folder(&[("a.nix", unused.as_bytes()), ("b.nix", MODULE.as_bytes())]);
    let code = |args: &[&str]| {
        let output = hmtool(folder.path(), &[&["overlay", "check"], args].concat());
        output.status.code()
    };
    assert_eq!(code(&["a.nix"]), Some(0), "a note does not count");
    assert_eq!(code(&["a.nix", "--fail-on", "note"]), Some(1));
    assert_eq!(code(&["b.nix", "--fail-on", "error"]), Some(1));
    assert_eq!(code(&["b.nix", "--rule", "unused-let"]), Some(1));
    let error = ["b.nix", "--rule", "unused-let", "--fail-on", "error"];
    assert_eq!(code(&error), Some(0));
    let ignored = [
        "b.nix",
        "--ignore",
        "unused-let",
        "--ignore",
        "not-in-scope",
    ];
    assert_eq!(code(&ignored), Some(0));

    fs::write(
        folder.path().join("hmtool.toml"),
        "[rules]\nunused-let = \"off\"\nnot-in-scope = \"note\"\nunused-formal = \"error\"\n",
    )
    .unwrap();
    assert_eq!(code(&["b.nix"]), Some(0));
    assert_eq!(code(&["b.nix", "--no-config"]), Some(1));
    assert_eq!(code(&["b.nix", "--rule", "unused-let"]), Some(1));
    assert_eq!(code(&["a.nix"]), Some(1));

    let output = hmtool(
        folder.path(),
        &["overlay", "check", "a.nix", "--rule", "unused-lets"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `unused-let`?"));
    fs::write(
        folder.path().join("hmtool.toml"),
        "[rules]\nunused-lets = \"off\"\nnot-in-scope = \"loud\"\n",
    )
    .unwrap();
    let output = hmtool(folder.path(), &["overlay", "check", "a.nix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `unused-let`?"));
    assert!(stderr(&output).contains("levels: off, error, warning, note"));
}

#[test]
fn a_directory_is_its_nix_files_in_order() {
    let unused: &[u8] = b"let a = 1; in 2";
    let folder = folder(&[
        ("z.nix", unused),
        ("a/b.nix", unused),
        ("a-c.nix", unused),
        (".config/d.nix", unused),
        ("a/no.txt", unused),
        ("result/x.nix", unused),
        (".gitignore", b"result\n"),
        (".git/hooks.nix", unused),
    ]);
    let check = ["overlay", "check", "--format", "json"];
    let output = hmtool(folder.path(), &[&check[..], &["."]].concat());
    let files: Vec<String> = found(&output).into_iter().map(|(_, file)| file).collect();
    assert_eq!(files, [".config/d.nix", "a-c.nix", "a/b.nix", "z.nix"]);
    let whole = folder.path().to_str().expect("UTF-8");
    let again = hmtool(
        folder.path(),
        &[&check[..], &["z.nix", "./a", whole, "a-c.nix"]].concat(),
    );
    assert_eq!(
        stdout(&again),
        stdout(&output),
        "each file once, by its name"
    );
    let named = hmtool(folder.path(), &[&check[..], &["result/x.nix"]].concat());
    assert_eq!(found(&named).len(), 1, "a file that is named is meant");
}

#[test]
fn what_cannot_be_checked_does_not_end_the_run() {
    let asserts = format!("{}true", "assert a; ".repeat(600));
    let folder = folder(&[
        ("asserts.nix", asserts.as_bytes()),
        ("broken.nix", b"[ ./a.nix "),
        ("fine.nix", b"let a = 1; in 2"),
        ("latin.nix", b"# \xe9t\xe9\n1"),
        ("locked.nix", b"\0GITCRYPT\0\xff\xfe"),
    ]);
    let args = ["overlay", "check", ".", "missing.nix", "--format", "json"];
    let output = hmtool(folder.path(), &args);
    assert_eq!(output.status.code(), Some(2));
    let expected = [
        ("over-limit", "asserts.nix"),
        ("syntax-error", "broken.nix"),
        ("unused-let", "fine.nix"),
        ("not-utf8", "latin.nix"),
        ("encrypted-file", "locked.nix"),
        ("unreadable-file", "missing.nix"),
    ];
    assert_eq!(
        found(&output),
        expected.map(|(rule, file)| (rule.to_owned(), file.to_owned()))
    );
    let summary = json(&output)["summary"].clone();
    assert_eq!(summary["files"], 6);
    assert_eq!(summary["uncheckedFiles"], 5);
    let output = hmtool(folder.path(), &["overlay", "check", "locked.nix"]);
    assert_eq!(output.status.code(), Some(0), "that is as it should be");
    let output = hmtool(folder.path(), &["overlay", "check", "asserts.nix"]);
    assert_eq!(output.status.code(), Some(0), "Nix reads it");
}

#[test]
fn documents_follow_the_schema_and_are_the_same_every_time() {
    let schema = json(&hmtool(Path::new("."), &["schema", "findings"]));
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("findings.json", schema)
        .expect("it is a schema");
    let schema = compiler
        .compile("findings.json", &mut schemas)
        .expect("it is a schema");
    let folder = folder(&[
        ("a.nix", MODULE.as_bytes()),
        ("b.nix", b"\xef\xbb\xbflet a = 1; in 2"),
        ("c.nix", b"{"),
        ("d.nix", b""),
    ]);
    let args = ["overlay", "check", ".", "--format", "json"];
    let output = hmtool(folder.path(), &args);
    let document = json(&output);
    if let Err(error) = schemas.validate(&document, schema) {
        panic!("{error:#}");
    }
    for key in ["schema", "rules", "findings", "summary"] {
        let mut wrong = document.clone();
        wrong[key] = serde_json::json!([{}]);
        assert!(schemas.validate(&wrong, schema).is_err(), "{key}");
    }
    assert_eq!(stdout(&hmtool(folder.path(), &args)), stdout(&output));
    let region = &document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|finding| finding["place"]["file"] == "b.nix")
        .expect("it is unused")["place"]["region"];
    assert_eq!(region["startByte"], 7, "the byte order mark counts");
    assert_eq!(region["startColumn"], 5, "it is no column");
}

#[test]
fn sarif_names_rules_places_and_fixes() {
    let folder = folder(&[("a b.nix", MODULE.as_bytes())]);
    let output = hmtool(
        folder.path(),
        &["overlay", "check", ".", "--format", "sarif"],
    );
    assert_eq!(output.status.code(), Some(1));
    let log = json(&output);
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("a list");
    let of = |rule: &str| {
        let mut results = results.iter();
        results
            .find(|result| result["ruleId"] == rule)
            .expect("it was found")
    };
    let result = of("not-in-scope");
    let index = result["ruleIndex"].as_u64().expect("a number") as usize;
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "not-in-scope");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.nix");
    assert_eq!(place["region"]["startLine"], 7);
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "a%20b.nix");
    assert_eq!(change["replacements"][0]["deletedRegion"]["startLine"], 1);
    assert!(
        change["replacements"][0]["insertedContent"]["text"]
            .as_str()
            .is_some_and(|text| text.contains("config"))
    );
}

#[cfg(unix)]
#[test]
fn a_hostile_name_breaks_out_of_nothing() {
    let name = "a,b:c%\n::error::\u{1b}[31m.nix";
    let folder = folder(&[(name, MODULE.as_bytes())]);
    let output = hmtool(
        folder.path(),
        &["overlay", "check", ".", "--format", "github"],
    );
    let lines = stdout(&output);
    assert_eq!(lines.lines().count(), 2, "{lines}");
    for line in lines.lines() {
        let file = "file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3A\\u{1b}[31m.nix,line=";
        assert!(line.contains(file), "{line}");
        assert!(!line.contains('\u{1b}'));
    }
    let output = hmtool(folder.path(), &["overlay", "check", "."]);
    assert!(stdout(&output).contains("a,b:c%\\n::error::\\u{1b}[31m.nix"));
    assert!(!stdout(&output).contains('\u{1b}'));
}

#[test]
fn what_is_fixed_is_found_no_more() {
    let twice = "{ pkgs, ... }: { home.a = lib.id config.x pkgs; } # kept\n";
    let folder = folder(&[
        ("a.nix", MODULE.as_bytes()),
        ("b.nix", twice.as_bytes()),
        ("c.nix", b"{"),
    ]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let fix = |args: &[&str]| hmtool(folder.path(), &[&["overlay", "fix", "."], args].concat());

    let shown = fix(&[]);
    assert_eq!(shown.status.code(), Some(2), "one file is broken");
    assert!(stderr(&shown).contains("syntax-error"));
    assert!(stderr(&shown).contains("nothing is written without --write"));
    assert!(stdout(&shown).contains("--- a.nix\n+++ a.nix\n"));
    assert!(stdout(&shown).contains("--- b.nix\n"));
    assert_eq!(
        (read("a.nix"), read("b.nix")),
        (MODULE.to_owned(), twice.to_owned())
    );
    fs::remove_file(folder.path().join("c.nix")).unwrap();

    assert_eq!(fix(&["--check"]).status.code(), Some(1));
    assert_eq!(
        fix(&["--check", "--rule", "allow-comment"]).status.code(),
        Some(0)
    );
    let written = fix(&["--write"]);
    assert_eq!(written.status.code(), Some(0), "{}", stderr(&written));
    assert_eq!(stdout(&written), stdout(&shown));
    assert_eq!(stderr(&written), "2 files changed\n");
    assert!(read("b.nix").ends_with("# kept\n"));

    let again = fix(&["--check"]);
    assert_eq!(again.status.code(), Some(0));
    assert_eq!(stderr(&again), "2 files: nothing to fix\n");
    let output = hmtool(
        folder.path(),
        &["overlay", "check", ".", "--format", "json"],
    );
    let left = found(&output);
    assert!(
        left.iter().all(|(rule, _)| rule != "not-in-scope"),
        "{left:?}"
    );
}

#[test]
fn a_baseline_takes_what_was_there_before() {
    let folder = folder(&[("a.nix", MODULE.as_bytes())]);
    let check = ["overlay", "check", "a.nix", "--format", "json"];
    let before = stdout(&hmtool(folder.path(), &check));
    fs::write(folder.path().join("before.json"), &before).unwrap();
    let moved = format!(
        "# a comment above\n\n{}",
        MODULE.replace("in\n", "  new = 2;\nin\n")
    );
    fs::write(folder.path().join("a.nix"), moved).unwrap();
    let with = [&check[..], &["--baseline", "before.json"]].concat();
    let output = hmtool(folder.path(), &with);
    assert_eq!(output.status.code(), Some(1));
    let document = json(&output);
    let counted: Vec<&Value> = document["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|finding| finding["suppressedBy"].is_null())
        .collect();
    assert_eq!(counted.len(), 1);
    assert!(counted[0]["message"].as_str().unwrap().contains("new"));
    fs::write(folder.path().join("before.json"), "{}").unwrap();
    let output = hmtool(folder.path(), &with);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("before.json"));
}

#[test]
fn rules_are_explained() {
    let here = Path::new(".");
    let list = stdout(&hmtool(here, &["explain"]));
    let ids: Vec<&str> = list
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(ids.contains(&"not-in-scope") && ids.contains(&"syntax-error"));
    assert!(ids.is_sorted());
    for id in ids {
        let output = hmtool(here, &["explain", id]);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).starts_with(&format!("{id} (")));
        assert!(!stdout(&output).contains("```"), "{id}");
    }
    let output = hmtool(here, &["explain", "not-in-scop"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `not-in-scope`?"));
}
