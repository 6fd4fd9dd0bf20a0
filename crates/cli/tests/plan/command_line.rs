//! Flags, environment, configuration, exit codes.

use std::process::Stdio;

use snapbox::{assert_data_eq, str};

use crate::workspace::{Run, Workspace, path};

#[test]
fn a_directory_with_a_configuration_is_enough() {
    let run = Workspace::new().plan(&["--history", "history.csv"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_data_eq!(
        run.stdout,
        str![[r#"
desk  7 of 8 threads, 10.0 GB of memory for builds (16.0 GB, 6.0 GB kept free)
3 derivations, 2 dependencies, 1 root from graph.json

To do  0 % needs no build: 0 of 3 derivations wanted, sources aside
  build       3  derivations
  substitute  0  paths
  present     0  valid already
...
Critical path: 3 steps, [..]
  lib-2.0[..]
  base-1.0[..]
  app-3.0[..]
...
"#]]
    );
}

#[test]
fn flags_go_before_environment_before_configuration() {
    let workspace = Workspace::new();
    let threads = |run: &Run| run.json(0)["machine"]["buildThreads"].clone();
    let json = ["plan", "--format", "json"];
    assert_eq!(threads(&Run::of(workspace.command().args(json))), 7);
    let mut command = workspace.command();
    command.args(json).env("HMTOOL_CORES", "5");
    assert_eq!(threads(&Run::of(&mut command)), 5);
    assert_eq!(threads(&Run::of(command.args(["--cores", "3"]))), 3);
}

#[test]
fn numbers_are_enough_without_a_configuration() {
    let workspace = Workspace::new();
    std::fs::remove_file(workspace.path().join("hmtool.toml")).expect("it is there");
    let args = ["--graph", "graph.json", "--format", "json"];
    workspace
        .plan(&args)
        .fails_saying(&["how many threads", "--profile FILE"]);
    let run = workspace.plan(&[&args[..], &["--cores", "4", "--mem", "8G"]].concat());
    let plan = run.json(0);
    assert_eq!(plan["machine"]["buildMemoryBytes"], 8_u64 << 30);
    assert_eq!(plan["machine"]["name"], serde_json::Value::Null);
    assert_eq!(plan["input"]["roots"], 1);
}

#[test]
fn the_profile_is_read_from_every_language() {
    let workspace = Workspace::new();
    workspace.write("desk.nix", "{ cpu.threads = 4; memory.total = \"8\"; }");
    workspace.write(
        "desk.json",
        "{\"cpu\": {\"threads\": 4}, \"memory\": {\"total\": 8}}",
    );
    for file in ["desk.nix", "desk.json"] {
        let plan = workspace
            .plan(&["--profile", file, "--format", "json"])
            .json(0);
        assert_eq!(plan["machine"]["threads"], 4, "{file}");
        assert_eq!(plan["machine"]["memoryBytes"], 8_u64 << 30, "{file}");
    }
    workspace.write("bad.nix", "{ cpu.threads = f 4; }");
    workspace
        .plan(&["--profile", "bad.nix"])
        .fails_saying(&["bad.nix:1:17"]);
}

#[test]
fn gates_end_with_one_and_say_so() {
    let workspace = Workspace::new();
    let history = ["--history", "history.csv"];
    let plan = |args: &[&str]| workspace.plan(&[&history, args].concat());
    for (args, code) in [
        (["--max-builds", "3"], 0),
        (["--max-builds", "2"], 1),
        (["--max-build-time", "5h"], 0),
        (["--max-build-time", "1min"], 1),
        (["--min-hit-rate", "0"], 0),
        (["--min-hit-rate", "80%"], 1),
    ] {
        let run = plan(&args);
        assert_eq!(run.code, Some(code), "{args:?}: {run:?}");
        let word = if code == 0 { "kept: " } else { "exceeded: " };
        assert!(
            run.stdout.contains(&format!("{word}{}", args[0])),
            "{}",
            run.stdout
        );
    }
    let run = plan(&["--max-builds", "2", "--format", "json"]);
    assert_eq!(run.json(1)["gates"][0]["passed"], false);
    assert_eq!(run.stderr, "exceeded: --max-builds 2: 3 builds\n");
}

#[test]
fn what_does_not_fit_is_a_finding() {
    let workspace = Workspace::new();
    let run = workspace.plan(&["--mem", "64M", "--format", "json"]);
    let plan = run.json(1);
    assert_eq!(plan["schedule"]["leftOut"], serde_json::json!([0, 1, 2]));
    assert_eq!(plan["builds"][0]["startMs"], serde_json::Value::Null);
    let codes: Vec<&str> = plan["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|d| d["severity"] == "error")
        .map(|d| d["code"].as_str().expect("a text"))
        .collect();
    assert!(codes.contains(&"does-not-fit"), "{codes:?}");
}

#[test]
fn tiers_that_a_machine_does_not_build_are_a_finding() {
    let workspace = Workspace::new();
    workspace.configure(
        "builds = [\"light\"]\n\
         [[tiers]]\nname = \"heavy\"\njobs = 1\ncores = 4\nmemory = \"4 GB\"\npackages = [\"lib\"]\n\
         [[tiers]]\nname = \"light\"\ndefault = true\n",
    );
    let run = workspace.plan(&[]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stdout
            .contains("error: desk builds only light, and 1 of tier heavy"),
        "{}",
        run.stdout
    );
    let shown = workspace.plan(&["--explain", "lib"]);
    assert!(
        shown.stdout.contains("its rule \"lib\""),
        "{}",
        shown.stdout
    );
}

#[test]
fn usage_input_and_system_errors_end_with_two() {
    let workspace = Workspace::new();
    workspace
        .plan(&["--format", "yaml"])
        .fails_saying(&["yaml"]);
    workspace
        .plan(&["--mem", "8"])
        .fails_saying(&["write `8 GB`"]);
    workspace
        .plan(&["no-such-thing"])
        .fails_saying(&["neither a directory nor an installable"]);
    workspace
        .plan(&["-m", "desc"])
        .fails_saying(&["no machine `desc`", "did you mean `desk`?"]);
    workspace
        .plan(&["--graph", "none.json"])
        .fails_saying(&["cannot read none.json", "No such file"]);
    workspace
        .plan(&["--explain", "ap"])
        .fails_saying(&["called \"ap\"", "did you mean `app`?"]);
    workspace
        .plan(&["--roots", "desk.toml"])
        .fails_saying(&["desk.toml, line 2", "threads = 8"]);

    let whole = std::fs::read_to_string(workspace.path().join("graph.json")).expect("it is there");
    workspace.write("cut.json", &whole[..whole.len() - 30]);
    workspace.plan(&["--graph", "cut.json"]).fails_saying(&[
        "error[",
        "cut.json",
        "line 3, column",
    ]);
    workspace.write("other", &path('d', "other.drv"));
    workspace
        .plan(&["--roots", "other"])
        .fails_saying(&["not in the graph", "same evaluation"]);
    workspace.write("names", "app\nlibb # a typo\n");
    workspace
        .plan(&["--roots", "names"])
        .fails_saying(&["names, line 2", "did you mean `lib`?"]);
}

#[test]
fn a_wrong_configuration_is_never_passed_over() {
    let workspace = Workspace::new();
    workspace.write("hmtool.toml", "[machines.desk]\nprofil = \"desk.toml\"\n");
    let run = workspace.plan(&[]);
    assert_eq!(run.code, Some(2));
    assert_data_eq!(
        run.stderr,
        str![[r#"
error: unknown key `profil` in [machines.desk]
 --> hmtool.toml:2:1
  |
2 | profil = "desk.toml"
  | ^^^^^^ did you mean `profile`?

"#]]
    );
}

#[test]
fn names_of_files_and_machines_are_data() {
    let workspace = Workspace::new();
    let name = "\u{1b}]0;pwned\u{7}$(touch pwned)";
    workspace.write("hmtool.toml", "[machines.\"\\u001b]0;pwned\\u0007$(touch pwned)\"]\nprofile = \"desk.toml\"\ngraph = \"graph.json\"\n");
    workspace.write(
        name,
        &std::fs::read_to_string(workspace.path().join("graph.json")).expect("it is there"),
    );
    for args in [
        &["--graph", name][..],
        &["--sh"],
        &["--explain", "app"],
        &["--explain", name],
        &["-m", name],
        &["--available", name],
    ] {
        let run = workspace.plan(args);
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}']), "{args:?}: {text:?}");
        }
    }
    let plan = workspace.plan(&["--format", "json"]).json(0);
    assert_eq!(plan["machine"]["name"], name);
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let workspace = Workspace::new();
    let coloured = |command: &mut std::process::Command| Run::of(command).stdout.contains('\u{1b}');
    assert!(!coloured(workspace.command().arg("plan")));
    assert!(coloured(
        workspace.command().args(["plan", "--color", "always"])
    ));
    assert!(coloured(
        workspace.command().arg("plan").env("CLICOLOR_FORCE", "1")
    ));
    assert!(!coloured(
        workspace
            .command()
            .args(["plan", "--color", "never"])
            .env("CLICOLOR_FORCE", "1")
    ));
    for format in ["json", "dot"] {
        assert!(!coloured(
            workspace
                .command()
                .args(["plan", "--color", "always", "--format", format])
        ));
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let workspace = Workspace::new();
    for format in ["human", "json", "dot"] {
        let mut child = workspace
            .command()
            .args(["plan", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hmtool runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert!(output.stderr.is_empty(), "{format}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let workspace = Workspace::new();
    for args in [
        &["--format", "json"][..],
        &["--format", "dot"],
        &["--sh"],
        &[],
    ] {
        assert_eq!(workspace.plan(args).stdout, workspace.plan(args).stdout);
    }
}
