//! The real Nix, asked what a text evaluates to.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    unreachable_pub,
    reason = "tests ask Nix, each in its way"
)]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Whether Nix is there; says so, or fails where it is required.
pub fn nix_is_there(test: &str) -> bool {
    let there = Command::new("nix-instantiate")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        assert!(
            std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "{test} needs Nix (apt-get install nix-bin), and HMTOOL_REQUIRE_ORACLES=1"
        );
        // Straight to stderr: the test harness hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "left out: {test}: needs Nix (apt-get install nix-bin)"
        );
    }
    there
}

/// What Nix evaluates `file` to, or what it says.
pub fn evaluate(file: &Path) -> Result<Value, String> {
    let state = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json"])
        .arg(file)
        .env("NIX_STATE_DIR", state.path())
        .env("NIX_STORE_DIR", state.path().join("store"))
        .env("HOME", state.path())
        .output()
        .expect("nix-instantiate runs");
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).expect("Nix prints JSON"))
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Whether Nix parses all of the files, or what it says of the first that it does not. One call
/// for many files is much faster than many calls.
pub fn parse(files: &[impl AsRef<Path>]) -> Result<(), String> {
    let state = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new("nix-instantiate")
        .arg("--parse")
        .args(files.iter().map(AsRef::as_ref))
        .env("NIX_STATE_DIR", state.path())
        .env("NIX_STORE_DIR", state.path().join("store"))
        .output()
        .expect("nix-instantiate runs");
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Equal but for floats, of which older Nix prints six digits and no point.
pub fn same(ours: &Value, nix: &Value) -> bool {
    match (ours, nix) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= a.abs() * 1e-5
        }
        _ => ours == nix,
    }
}
