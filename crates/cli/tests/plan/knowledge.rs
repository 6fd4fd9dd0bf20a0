//! What the user knows better: histories, measured memory, rules, and which file says so.

use serde_json::Value;

use crate::workspace::{Run, Workspace};

const HEAD: &str = "hostname,derivation name,utc time,build seconds\n";

/// Where each build's time comes from, by name.
fn sources(plan: &Value) -> Vec<String> {
    let builds = plan["builds"].as_array().expect("a list");
    let text = |b: &Value| format!("{}: {}", b["pname"], b["durationSource"]).replace('"', "");
    builds.iter().map(text).collect()
}

fn diagnostic(plan: &Value, code: &str) -> Option<String> {
    let all = plan["diagnostics"].as_array().expect("a list");
    let found = all.iter().find(|d| d["code"] == code)?;
    Some(found["message"].as_str().expect("a text").to_owned())
}

fn json(workspace: &Workspace, args: &[&str]) -> Value {
    workspace
        .plan(&[&["--format", "json"], args].concat())
        .json(0)
}

const GB: u64 = 1 << 30;

#[test]
fn histories_are_read_one_by_one() {
    let workspace = Workspace::new();
    workspace.write("empty.csv", "");
    workspace.write(
        "a.csv",
        &format!("{HEAD},base-1.0,2026-01-01 00:00:00,600\n"),
    );
    // Another order of columns, and a row that is none.
    workspace.write(
        "b.csv",
        "build seconds,derivation name,hostname,utc time\nsoon,app-3.0,,2026-01-01 00:00:00\n1200,lib-2.0,,2026-01-01 00:00:00\n",
    );
    let files = ["empty.csv", "a.csv", "b.csv"].map(|file| ["--history", file]);
    let plan = json(&workspace, files.as_flattened());
    assert_eq!(
        sources(&plan)[..2],
        [
            "base: one build on this machine",
            "lib: one build on this machine"
        ]
    );
    assert_eq!(
        diagnostic(&plan, "history-empty").as_deref(),
        Some("empty.csv: no build is in it, so nothing is learnt")
    );
    assert_eq!(
        diagnostic(&plan, "history-not-seconds").as_deref(),
        Some("b.csv: line 2: \"soon\" is not a number of seconds")
    );
}

#[test]
fn rows_of_one_package_in_several_files_are_one_history() {
    let workspace = Workspace::new();
    for (file, seconds) in [("a.csv", 100), ("b.csv", 300)] {
        workspace.write(
            file,
            &format!("{HEAD},base-1.0,2026-01-01 00:00:00,{seconds}\n"),
        );
    }
    let plan = json(&workspace, &["--history", "a.csv", "--history", "b.csv"]);
    assert_eq!(
        sources(&plan)[0],
        "base: median of 2 builds on this machine"
    );
}

#[test]
fn rows_of_other_machines_are_counted() {
    let workspace = Workspace::new();
    workspace.write(
        "desk.csv",
        &format!(
            "{HEAD}desk,base-1.0,2026-01-01 00:00:00,600\nfarm,lib-2.0,2026-01-01 00:00:00,6\n"
        ),
    );
    let plan = json(&workspace, &["--history", "desk.csv"]);
    assert_eq!(sources(&plan)[0], "base: one build on this machine");
    assert_eq!(
        diagnostic(&plan, "history-other-machines").as_deref(),
        Some("desk.csv: 1 of 2 rows used, the others are of farm")
    );
    workspace.write(
        "farm.csv",
        &format!("{HEAD}farm,base-1.0,2026-01-01 00:00:00,600\n"),
    );
    let run = workspace.plan(&["--history", "farm.csv"]);
    assert!(
        run.stdout
            .contains("warning: farm.csv: 0 of 1 rows used, the others are of farm"),
        "{}",
        run.stdout
    );
}

#[test]
fn measured_memory_goes_before_every_estimate() {
    let workspace = Workspace::new();
    let tiers = "[[tiers]]\nname = \"heavy\"\ncores = 4\nmemory = \"2 GB\"\npackages = [\"lib\"]\n\
        [[tiers]]\nname = \"light\"\ncores = 2\nmemory = \"1 GB\"\ndefault = true\n";
    let memory = |more: &str| {
        workspace.configure(&format!("{tiers}{more}"));
        let plan = json(&workspace, &[]);
        let build = plan["builds"][1].clone();
        (
            build["memoryBytes"].as_u64(),
            build["memorySource"].clone(),
            plan,
        )
    };
    let (bytes, source, _) = memory("");
    assert_eq!((bytes, source), (Some(2 * GB), "the tier's default".into()));
    let (bytes, source, _) = memory("[packages.lib]\nmemory = \"9 GB\"\n");
    assert_eq!((bytes, source), (Some(9 * GB), "measured".into()));
    // At fewer cores than its tier's, what does not grow with them stays.
    let package = "[packages.lib]\nmemory = \"9 GB\"\nmemory-base = \"5 GB\"\n";
    workspace.configure(&format!("{tiers}{package}"));
    let plan = json(&workspace, &["--mem", "7G"]);
    assert_eq!(plan["builds"][1]["memoryBytes"], 7 * GB);
    assert_eq!(plan["builds"][1]["threads"], 2);
    let (_, _, plan) = memory("[packages.libb]\nmemory = \"9 GB\"\n");
    assert_eq!(
        diagnostic(&plan, "package-matches-nothing").as_deref(),
        Some("packages.libb of the configuration: no build is called that")
    );
}

#[test]
fn a_measured_speed_goes_before_the_usual_one() {
    let workspace = Workspace::new();
    let length = |seconds: u64| {
        workspace.configure(&format!("[plan]\nseconds-per-sbu = {seconds}\n"));
        json(&workspace, &[])["schedule"]["lengthMs"]
            .as_u64()
            .expect("a number")
    };
    assert_eq!(length(200), 2 * length(100));
}

#[test]
fn built_in_rules_are_nobodys_mistake() {
    let workspace = Workspace::new();
    let plan = json(&workspace, &[]);
    assert_eq!(diagnostic(&plan, "rule-matches-nothing"), None);
    workspace.configure("[[tiers]]\nname = \"a\"\npackages = [\"gcc\"]\n");
    let plan = json(&workspace, &[]);
    assert_eq!(
        diagnostic(&plan, "rule-matches-nothing").as_deref(),
        Some("\"gcc\" matches no derivation")
    );
}

#[test]
fn a_setting_that_nobody_made_is_called_the_default() {
    let workspace = Workspace::new();
    let screen = |args: &[&str]| workspace.plan(args).stdout;
    assert!(screen(&[]).contains("  Nix default "));
    for flag in ["--nix-max-jobs", "--max-jobs", "--nix-cores"] {
        assert!(screen(&[flag, "2"]).contains("  Nix today "), "{flag}");
    }
}

#[test]
fn a_configuration_found_upwards_is_named_and_can_be_left_out() {
    let workspace = Workspace::new();
    let below = workspace.path().join("below");
    std::fs::create_dir(&below).expect("the folder is ours");
    let plan = |args: &[&str]| {
        let mut command = workspace.command();
        command.current_dir(&below);
        Run::of(
            command
                .args(["plan", "--graph", "../graph.json", "--format", "json"])
                .args(args),
        )
    };
    let run = plan(&[]);
    assert!(
        run.stderr.starts_with("planned by ")
            && run
                .stderr
                .ends_with("/hmtool.toml; --no-config leaves it out\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.json(0)["machine"]["name"], "desk");
    let run = plan(&["--no-config", "--mem", "8G", "--cores", "4"]);
    assert_eq!(run.stderr, "");
    let plan = run.json(0);
    assert_eq!(plan["machine"]["name"], Value::Null);
    assert_eq!(plan["input"]["config"], Value::Null);
}

#[test]
fn more_than_stays_hot_is_a_warning() {
    let workspace = Workspace::new();
    workspace.write(
        "desk.toml",
        "[cpu]\nthreads = 8\n[memory]\ntotal = 16\nzramEnabled = true\nzramPercentage = 75\n",
    );
    workspace.configure("[packages.lib]\nmemory = \"14 GB\"\n");
    assert_eq!(
        diagnostic(&json(&workspace, &[]), "more-than-hot").as_deref(),
        Some(
            "the plan holds up to 14.0 GB beside 6.0 GB kept free, in 16.0 GB of RAM; with zram in \
             use only 10.0 GB stay uncompressed"
        )
    );
    let plan = json(&workspace, &["--mem", "10G"]);
    assert_eq!(diagnostic(&plan, "more-than-hot"), None);
}
