//! Machines that Nix evaluates.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::nix::{Nix, example};
use crate::run::text;
use crate::steps;
use crate::workspace::Workspace;

/// What the captured graphs say is what Nix evaluates now.
#[test]
fn machines_are_evaluated_where_that_is_wanted() {
    let Some(nix) = Nix::evaluating("machines_are_evaluated_where_that_is_wanted") else {
        return;
    };
    let copy = nix.folder().join("workspace");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(example())
        .arg(&copy)
        .status();
    assert!(copied.expect("cp runs").success());
    // Without them it is evaluated, or nothing is read.
    fs::remove_dir_all(copy.join("graphs")).expect("it is ours");
    fs::create_dir(copy.join("graphs")).expect("it is ours");
    let upstream = "graphs/cache.path-info.json.gz";
    fs::copy(example().join(upstream), copy.join(upstream)).expect("the example has it");
    let copy = copy.to_str().expect("UTF-8");
    let example = example();
    for (verb, figures) in [
        (
            "hits",
            &["hitRate", "required", "missed", "upstream", "pushed"][..],
        ),
        ("plan", &["consumers", "tiers", "occupiedBytes", "savedMs"]),
    ] {
        let run = |dir: &str, args: &[&str]| -> Value {
            let run = [
                "-c",
                "\"$@\" || [ $? = 1 ]",
                "sh",
                env!("CARGO_BIN_EXE_hmtool"),
                "cache",
                verb,
                dir,
            ];
            let printed = nix.run("sh", &[&run[..], args, &["--format", "json"]].concat());
            serde_json::from_str(&printed).expect("JSON")
        };
        let captured = run(example.to_str().expect("UTF-8"), &[]);
        let evaluated = run(copy, &["--evaluate"]);
        for key in figures {
            assert_eq!(evaluated[key], captured[key], "{verb}: {key}");
        }
        if verb == "plan" {
            // Attributes, which pins go by, stand in a captured file; without it they go by names.
            let paths = |document: &Value| {
                let mut steps = steps(document);
                steps.sort();
                steps
            };
            assert_eq!(paths(&evaluated), paths(&captured));
        }
        let slow = nix.attempt(
            env!("CARGO_BIN_EXE_hmtool"),
            &["cache", verb, copy, "--evaluate", "--nix-timeout", "10ms"],
        );
        let said = slow.expect_err("it takes longer");
        assert!(said.contains("--nix-timeout"), "{said}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_said() {
    let workspace = Workspace::new();
    for verb in ["plan", "hits"] {
        let without = |path: &Path, more: &str| {
            workspace.configure("kind = \"cachix\"", more);
            let output = Command::new(env!("CARGO_BIN_EXE_hmtool"))
                .args(["cache", verb, "--evaluate"])
                .current_dir(workspace.0.path())
                .env("PATH", path)
                .output()
                .expect("hmtool runs");
            assert_eq!(output.status.code(), Some(2));
            text(&output.stderr)
        };
        // Nothing of the machine can be evaluated.
        let said = without(workspace.0.path(), "");
        assert!(
            said.contains("nothing says which derivations are meant"),
            "{said}"
        );
        workspace.write("default.nix", "{ }");
        let said = without(workspace.0.path(), "");
        assert!(
            said.contains("nix-instantiate is needed for this and is not in PATH"),
            "{said}"
        );
        fs::remove_file(workspace.at("default.nix")).expect("it is ours");
    }
}
