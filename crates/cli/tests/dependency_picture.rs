//! The workspace's crates depend on each other exactly as ARCHITECTURE.md draws it.

use std::collections::BTreeSet;
use std::process::Command;

/// `crate → crates of the workspace that it uses`, in the library's and the program's own code.
const PICTURE: [(&str, &[&str]); 6] = [
    ("cache-policy", &["drv-graph"]),
    ("drv-graph", &[]),
    (
        "hmtool",
        &[
            "cache-policy",
            "drv-graph",
            "hw-profile",
            "overlay-ast",
            "tier-planner",
        ],
    ),
    ("hw-profile", &[]),
    ("overlay-ast", &[]),
    ("tier-planner", &["drv-graph", "hw-profile"]),
];

/// What only the program may use: the libraries are pure.
const ONLY_THE_PROGRAM: [&str; 9] = [
    "anstream",
    "anyhow",
    "clap",
    "indicatif",
    "reqwest",
    "terminal_size",
    "tokio",
    "tracing-subscriber",
    "ureq",
];

fn metadata() -> serde_json::Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

/// Name of each package, and what it depends on outside of tests and build scripts.
fn dependencies() -> Vec<(String, BTreeSet<String>)> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let text = |value: &serde_json::Value| value.as_str().expect("a name").to_owned();
    let dependencies = packages.iter().map(|package| {
        let all = package["dependencies"]
            .as_array()
            .expect("a list of dependencies");
        let used = all.iter().filter(|d| d["kind"].is_null());
        (
            text(&package["name"]),
            used.map(|d| text(&d["name"])).collect(),
        )
    });
    dependencies.collect()
}

#[test]
fn crates_depend_on_each_other_as_drawn() {
    let all = dependencies();
    for (name, drawn) in PICTURE {
        let (_, used) = all
            .iter()
            .find(|(found, _)| found == name)
            .unwrap_or_else(|| panic!("{name} is drawn and not in the workspace"));
        let inside = |other: &&str| PICTURE.iter().any(|(name, _)| name == other);
        let used: BTreeSet<&str> = used.iter().map(String::as_str).filter(inside).collect();
        let drawn: BTreeSet<&str> = drawn.iter().copied().collect();
        let extra: Vec<_> = used.difference(&drawn).collect();
        assert!(extra.is_empty(), "{name} → {extra:?}: not in the picture");
        let missing: Vec<_> = drawn.difference(&used).collect();
        assert!(
            missing.is_empty(),
            "{name} → {missing:?}: in the picture and not in Cargo.toml"
        );
    }
    for (name, used) in &all {
        let drawn = PICTURE.iter().any(|(drawn, _)| drawn == name);
        let uses_ours = used
            .iter()
            .any(|other| PICTURE.iter().any(|(drawn, _)| drawn == other));
        // What measures or fuzzes the crates stands beside the picture, as long as nothing uses it.
        let used_by = all.iter().find(|(_, used)| used.contains(name));
        assert!(
            drawn || used_by.is_none(),
            "{} → {name} is not in the picture (it uses ours: {uses_ours})",
            used_by.map_or("", |(user, _)| user)
        );
    }
}

#[test]
fn libraries_are_pure() {
    for (name, used) in dependencies() {
        if PICTURE.iter().any(|(drawn, _)| *drawn == name) && name != "hmtool" {
            for impure in ONLY_THE_PROGRAM {
                assert!(
                    !used.contains(impure),
                    "{name} → {impure}: only hmtool does IO"
                );
            }
        }
    }
}
