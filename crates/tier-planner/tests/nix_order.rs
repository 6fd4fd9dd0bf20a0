//! The baseline starts builds in the order in which the real Nix does.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the test asks the real Nix; the library itself does no input and output"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use tier_planner::cost::{DurationModel, MemoryModel};
use tier_planner::dispatch::Dispatch;
use tier_planner::job::{Job, JobGraph, JobId};
use tier_planner::nix_today::{NixSettings, NixToday};
use tier_planner::tier::TierId;
use tier_planner::{Bytes, Cores, Millis};

/// `name: inputs` per line: names that sort differently with and without `.drv`, and goals that
/// become ready while others wait for the only slot.
const BUILDS: &str = "
    foo:
    foo-1:
    foo-1.2:
    foo+x:
    foo-bar:
    b1:
    c1:
    d1:
    a2: b1
    zz: a2
    e3: d1 c1
    root: foo foo-1 foo-1.2 foo+x foo-bar zz e3
";

fn builds() -> Vec<(&'static str, Vec<&'static str>)> {
    BUILDS
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .map(|(name, inputs)| (name, inputs.split_whitespace().collect()))
        .collect()
}

/// What `-j1` builds, in order, and the derivation paths by name.
fn real_nix(folder: &Path) -> (Vec<String>, Vec<String>) {
    // Attributes are numbered: Nix passes over those with a dot in their name.
    let number = |name: &str| builds().iter().position(|(build, _)| *build == name);
    let mut nix = String::from("let\n  self = {\n");
    for (i, (name, inputs)) in builds().iter().enumerate() {
        let inputs: String = inputs
            .iter()
            .filter_map(|input| Some(format!(" self.p{}", number(input)?)))
            .collect();
        let _ = writeln!(
            nix,
            "    p{i} = derivation {{ name = {name:?}; system = builtins.currentSystem; \
             builder = \"/bin/sh\"; args = [ \"-c\" \": > $out\" ]; inputs = [{inputs} ]; }};"
        );
    }
    nix += "  };\nin self\n";
    fs::write(folder.join("default.nix"), nix).expect("a file");
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .current_dir(folder)
            .env("NIX_STORE_DIR", folder.join("store"))
            .env("NIX_STATE_DIR", folder.join("state"))
            .env("NIX_LOG_DIR", folder.join("log"))
            .env("NIX_CONF_DIR", folder.join("conf"))
            .env("HOME", folder)
            .env_remove("NIX_REMOTE")
            .output()
            .expect("Nix runs");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{error}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), error)
    };
    let (paths, _) = run("nix-instantiate", &["default.nix"]);
    let paths: Vec<String> = paths
        .lines()
        .map(|path| path.trim_end_matches("!out").to_owned())
        .collect();
    let root = paths
        .iter()
        .find(|path| path.ends_with("-root.drv"))
        .expect("the root");
    let options = [
        "--option",
        "substitute",
        "false",
        "--option",
        "sandbox",
        "false",
        "--option",
        "build-users-group",
        "",
        "-j1",
    ];
    let (_, log) = run("nix-store", &[&["--realise", root][..], &options].concat());
    let order = log
        .lines()
        .filter_map(|line| line.strip_prefix("building '")?.split_once('\''))
        .filter_map(|(path, _)| Some(path.rsplit_once('/')?.1.get(33..)?.trim_end_matches(".drv")))
        .map(str::to_owned)
        .collect();
    (order, paths)
}

#[test]
fn one_slot_is_given_in_the_order_of_the_real_nix() {
    if Command::new("nix-store").arg("--version").output().is_err() {
        let required = std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_some_and(|v| v == "1");
        assert!(!required, "needs Nix (apt-get install nix-bin)");
        // Past the harness, which hides what passing tests print.
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            b"left out: one_slot_is_given_in_the_order_of_the_real_nix: needs Nix (apt-get install \
              nix-bin)\n"
        );
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (expected, paths) = real_nix(folder.path());
    let builds = builds();
    assert_eq!(expected.len(), builds.len());

    let number = |name: &str| builds.iter().position(|(build, _)| *build == name);
    let id = |name: &str| JobId(number(name).expect("a build") as u32);
    let job = Job {
        tier: TierId(0),
        max_threads: Cores(1),
        usable_threads: Cores(1),
        duration: DurationModel::serial(Millis(10)),
        memory: MemoryModel {
            base: Bytes(0),
            per_thread: Bytes(0),
        },
    };
    let edges = builds
        .iter()
        .flat_map(|(name, inputs)| inputs.iter().map(move |input| (*input, *name)));
    let edges: Vec<(JobId, JobId)> = edges.map(|(a, b)| (id(a), id(b))).collect();
    let jobs = JobGraph::new(vec![job; builds.len()], edges).expect("a graph");
    let settings = NixSettings {
        max_jobs: 1,
        cores: Cores(1),
    };
    let mut nix = NixToday::new(&jobs, settings, |job| {
        let name = builds[job.0 as usize].0;
        let path = paths
            .iter()
            .find(|path| path.ends_with(&format!("-{name}.drv")));
        format!(
            "{name}.drv${}",
            path.unwrap_or_else(|| panic!("no path of {name} among {paths:?}"))
        )
    });
    let mut order = Vec::new();
    while let Some(start) = nix.next() {
        order.push(builds[start.job.0 as usize].0);
        assert_eq!(nix.next(), None);
        nix.finished(start.job);
    }
    assert_eq!(order, expected);
}
