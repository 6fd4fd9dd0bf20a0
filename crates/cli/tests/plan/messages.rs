//! What is said in words: the true cause, the true place, and a way out.

use crate::workspace::{Run, Workspace};

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
    workspace.write(
        "hmtool.toml",
        "[machines.desk]\nprofile = \"desk.toml\"\ngraph = \"graph.json\"\nbuilds = [\"light\"]\n\
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
    workspace.write(
        "hmtool.toml",
        "[machines.desk]\nprofile = \"desk.toml\"\ngraph = \"graph.json\"\n\
         [[tiers]]\nname = \"heavy\"\ncores = 6\nmemory = \"12 GB\"\npackages = [\"lib\"]\n\
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
