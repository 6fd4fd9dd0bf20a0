//! What the real Nix says to the same texts.
//!
//! Fixtures are data: `tests/fixtures/literal/NAME.nix` must read as what Nix evaluates it to,
//! `tests/fixtures/rejected/NAME.nix` must be rejected by Nix and by us, and
//! `tests/fixtures/evaluated/NAME.nix` is fine with Nix but no literal.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "tests read fixtures and ask Nix"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use overlay_ast::literal::from_str;
use serde_json::Value;

fn fixtures(kind: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(kind);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of fixtures exists")
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    files.sort();
    assert!(files.len() >= 5, "too few fixtures in {}", folder.display());
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("fixtures are UTF-8");
            (path, text)
        })
        .collect()
}

/// Whether Nix is there; says so, or fails where it is required.
fn nix_is_there(test: &str) -> bool {
    let there = Command::new("nix-instantiate")
        .arg("--version")
        .output()
        .is_ok();
    if !there {
        assert!(
            std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "{test} needs Nix (apt-get install nix-bin), and HMTOOL_REQUIRE_ORACLES=1"
        );
        println!("left out: {test}: needs Nix (apt-get install nix-bin)");
    }
    there
}

/// What Nix evaluates `file` to, or what it says.
fn evaluate(file: &Path) -> Result<Value, String> {
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

/// Equal but for floats, of which older Nix prints six digits and no point.
fn same(ours: &Value, nix: &Value) -> bool {
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

#[test]
fn literal_files_read_as_nix_evaluates_them() {
    let with_nix = nix_is_there("literal_files_read_as_nix_evaluates_them");
    for (path, text) in fixtures("literal") {
        let ours: Value =
            from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if with_nix {
            let nix = evaluate(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(
                same(&ours, &nix),
                "{}:\nours {ours}\nNix  {nix}",
                path.display()
            );
        }
    }
}

#[test]
fn what_nix_rejects_is_rejected() {
    let with_nix = nix_is_there("what_nix_rejects_is_rejected");
    for (path, text) in fixtures("rejected") {
        assert!(
            from_str::<Value>(&text).is_err(),
            "{} is accepted",
            path.display()
        );
        if with_nix {
            assert!(evaluate(&path).is_err(), "Nix accepts {}", path.display());
        }
    }
}

#[test]
fn what_has_to_be_evaluated_is_refused() {
    let with_nix = nix_is_there("what_has_to_be_evaluated_is_refused");
    for (path, text) in fixtures("evaluated") {
        let error = from_str::<Value>(&text).expect_err("not a literal");
        assert_ne!(error.code(), "syntax", "{}: {error}", path.display());
        if with_nix {
            evaluate(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
