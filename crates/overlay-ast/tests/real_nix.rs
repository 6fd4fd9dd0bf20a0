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

mod oracle;

use std::fs;
use std::path::{Path, PathBuf};

use oracle::{evaluate, nix_is_there, same};
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
