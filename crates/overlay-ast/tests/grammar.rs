//! Which texts are Nix: `fixtures/grammar/accepted.txt` and `refused.txt`, an expression a line,
//! held to what the installed Nix says.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests read fixtures and ask Nix"
)]

mod oracle;

use std::fs;
use std::path::Path;
use std::process::Command;

use overlay_ast::{Document, Expression};

fn check(file: &str, accepted: bool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grammar");
    let text = fs::read_to_string(folder.join(file)).expect("the fixture is there");
    let with_nix = oracle::nix_is_there(file);
    let state = tempfile::tempdir().expect("a temporary folder");
    for line in text.lines() {
        let (_, problems) = Document::parse(line);
        assert_eq!(problems.is_empty(), accepted, "{line}: {problems:?}");
        if !accepted {
            assert!(line.parse::<Expression>().is_err(), "{line}");
        }
        if with_nix {
            // Names that nothing binds are no matter of the grammar.
            let nix = Command::new("nix-instantiate")
                .args(["--parse", "--expr", &format!("with {{ }}; {line}")])
                .env("NIX_STATE_DIR", state.path())
                .env("NIX_STORE_DIR", state.path().join("store"))
                .env("HOME", state.path())
                .output()
                .expect("nix-instantiate runs");
            assert_eq!(nix.status.success(), accepted, "Nix: {line}");
        }
    }
}

#[test]
fn what_nix_reads_is_read() {
    check("accepted.txt", true);
}

#[test]
fn what_nix_refuses_is_refused() {
    check("refused.txt", false);
}
