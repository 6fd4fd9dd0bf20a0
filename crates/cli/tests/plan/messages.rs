//! What is said in words: the true cause, the true place, and a way out.

use crate::workspace::{Run, Workspace, path};

#[test]
fn files_without_content_are_called_empty() {
    let workspace = Workspace::new();
    for text in ["", " \n\n"] {
        workspace.write("blank.json", text);
        workspace
            .plan(&["--graph", "blank.json"])
            .fails_saying(&["blank.json", "the file is empty"]);
    }
    for text in ["[]", &"[".repeat(200_000)] {
        workspace.write("list.json", text);
        let run = workspace.plan(&["--graph", "list.json"]);
        run.fails_saying(&["list.json"]);
        assert!(!run.stderr.contains("this is path-info"), "{}", run.stderr);
    }
}

#[test]
fn a_value_is_blamed_on_where_it_stands() {
    let workspace = Workspace::new();
    let run = Run::of(workspace.command().arg("plan").env("HMTOOL_MEM", "garbage"));
    run.fails_saying(&[
        "environment variable HMTOOL_MEM",
        "garbage",
        "write e.g. `6 GB`",
    ]);
    assert!(!run.stderr.contains("--mem"), "{}", run.stderr);
    let run = Run::of(
        workspace
            .command()
            .args(["plan", "--mem", "rubbish"])
            .env("HMTOOL_MEM", "8G"),
    );
    run.fails_saying(&["'--mem <SIZE>'", "rubbish"]);
    workspace
        .plan(&["--mem", "-5G"])
        .fails_saying(&["`-5G` is not an amount of memory"]);
}

#[test]
fn files_of_another_kind_are_told_apart() {
    let workspace = Workspace::new();
    workspace.write("desk.yaml", "cpu:\n  threads: 8\n");
    workspace
        .plan(&["--profile", "desk.yaml"])
        .fails_saying(&["desk.yaml is YAML", ".nix, .toml or .json"]);
    workspace.write("hmtool.toml", "[nix]\ncores = 1\ncores = 2\n");
    workspace
        .plan(&[])
        .fails_saying(&["hmtool.toml:3:1", "remove one of the two"]);
    std::fs::write(workspace.path().join("hmtool.toml"), b"[nix]\n# \xff\n").expect("ours");
    workspace
        .plan(&[])
        .fails_saying(&["hmtool.toml, line 2, column 3", "UTF-8"]);
}

/// What went wrong before shows at the beginning of a file, mostly.
#[test]
fn a_file_of_no_known_kind_is_shown_as_it_begins() {
    let workspace = Workspace::new();
    let page = "<!doctype html>\n<title>404</title>";
    workspace.write("page.json", page);
    workspace.plan(&["--graph", "page.json"]).fails_saying(&[
        "page.json",
        "begins with \"<!doctype html>\"",
        "give what",
    ]);
    let said = "warning: Git tree '/x' is dirty\n{}";
    workspace.write("said.json", said);
    workspace
        .plan(&["--graph", "said.json"])
        .fails_saying(&["\"warning: Git tree", "on standard error"]);
    let graph = std::fs::read_to_string(workspace.path().join("graph.json")).expect("a text");
    workspace.write("marked.json", &format!("\u{feff}{graph}"));
    workspace
        .plan(&["--graph", "marked.json"])
        .fails_saying(&["without a byte order mark"]);
    let mut archive = tar::Builder::new(Vec::new());
    archive
        .append_path_with_name(workspace.path().join("roots"), "roots")
        .expect("memory takes it");
    let archive = archive.into_inner().expect("memory takes it");
    std::fs::write(workspace.path().join("store.tar"), archive).expect("the folder is ours");
    workspace
        .plan(&["--graph", "store.tar"])
        .fails_saying(&["store.tar", "unpack it"]);
}

/// Every refusal of a graph has a place and a way out.
#[test]
fn what_no_nix_writes_is_told_with_a_way_out() {
    let workspace = Workspace::new();
    let graph = std::fs::read_to_string(workspace.path().join("graph.json")).expect("a text");
    for (from, to, words) in [
        ("\"env\": {", "\"env\": {\"x\": 5, ", "\"env\" is a number"),
        ("\"env\"", "\"args\": [], \"env\"", "stands twice"),
        ("\"inputDrvs\": {}", "\"inputDrvs\": 5", "line 1, column"),
        ("/nix/store/a", "/nix/store/", "is not a store path"),
        ("\"builder\": ", "\"builder\": ?", "line 1, column"),
    ] {
        assert!(graph.contains(from), "{from}");
        workspace.write("bad.json", &graph.replacen(from, to, 1));
        workspace.plan(&["--graph", "bad.json"]).fails_saying(&[
            "bad.json: ",
            words,
            "help: no Nix writes that",
        ]);
    }
    workspace
        .plan(&["--graph", "graph.json", "--roots", "."])
        .fails_saying(&["cannot read .: is a directory", "give a file in it"]);
    workspace
        .plan(&["--cores", "-1"])
        .fails_saying(&["invalid value '-1' for '--cores <N>'"]);
    workspace.write("number.json", "{\"cpu\": 5}");
    let run = workspace.plan(&["--profile", "number.json"]);
    run.fails_saying(&["number.json:1:9", "expected keys with values"]);
    let job = format!("{{\"attr\":\"a\",\"drvPath\":{:?}}}", path('a', "a.drv"));
    workspace.write("jobs", &job);
    workspace.plan(&["--graph", "jobs"]).fails_saying(&[
        "jobs, job a",
        "a.drv is not there",
        "nix derivation show -r",
    ]);
}

#[test]
fn more_threads_than_there_are_is_said_at_once() {
    let workspace = Workspace::new();
    let run = workspace.plan(&["--cores", "200"]);
    assert!(
        run.stdout
            .starts_with("desk  200 threads, more than the 8 there are, "),
        "{}",
        run.stdout
    );
}

#[test]
fn a_machine_that_builds_a_part_has_no_length_of_its_own() {
    let workspace = Workspace::new();
    workspace.configure(
        "builds = [\"light\"]\n\
         [[tiers]]\nname = \"heavy\"\nmemory = \"4 GB\"\npackages = [\"lib\"]\n\
         [[tiers]]\nname = \"light\"\ndefault = true\n",
    );
    let run = workspace.plan(&[]);
    assert!(
        run.stdout
            .contains("Schedule  if all were built here; by itself it may build 1 of 3\n"),
        "{}",
        run.stdout
    );
    let plan = workspace.plan(&["--format", "json"]).json(1);
    assert_eq!(plan["machine"]["buildable"], 1);
}

#[test]
fn a_packages_own_limit_is_not_put_on_its_tier() {
    let workspace = Workspace::new();
    workspace.write(
        "desk.toml",
        "[cpu]\nthreads = 8\n[memory]\ntotal = 16\n[packages.lib]\nninjaJobs = 3\n",
    );
    workspace.configure(
        "[[tiers]]\nname = \"heavy\"\ncores = 6\nmemory = \"12 GB\"\npackages = [\"lib\"]\n\
         [[tiers]]\nname = \"light\"\ncores = 2\nmemory = \"1 GB\"\ndefault = true\n",
    );
    let plan = workspace.plan(&["--mem", "7G", "--format", "json"]).json(0);
    let all = plan["diagnostics"].as_array().expect("a list");
    let found = all
        .iter()
        .find(|d| d["code"] == "fits-at-fewer-cores")
        .expect("it is there");
    assert_eq!(
        found["message"],
        "lib-2.0 needs 7.5 GB at 3 cores, as the profile sets them, and fits at 2 (6.0 GB)"
    );
    assert_eq!(
        found["hint"],
        "fewer cores in the profile let others run beside them"
    );
    let shown = workspace.plan(&["--explain", "lib"]).stdout;
    assert!(
        shown.contains("threads     at most 3 by its package's settings in the profile"),
        "{shown}"
    );
}
