//! What one common `-march` is worth: the edit is made with `hmtool`, evaluated with the real Nix,
//! and the cache is asked again.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::nix::{Nix, example};
use crate::{MACHINES, instantiate_in};

fn hmtool(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(args)
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .env_remove("HMTOOL_HISTORY")
        .env_remove("RUST_LOG")
        .output()
        .expect("hmtool runs")
}

fn hits(folder: &Path) -> (Option<i32>, Value) {
    let output = hmtool(folder, &["cache", "hits", "--format", "json"]);
    let document = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), document)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is ours");
    for entry in fs::read_dir(from).expect("the example can be read") {
        let entry = entry.expect("the example can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

#[test]
fn with_one_march_four_fifths_come_from_a_cache() {
    let Some(nix) = Nix::evaluating("with_one_march_four_fifths_come_from_a_cache") else {
        return;
    };
    let folder = nix.folder().join("workspace");
    copy(&example(), &folder);
    let (code, before) = hits(&folder);
    assert_eq!(code, Some(1), "the example asks for 80 %");
    assert_eq!(before["fromProducer"]["derivations"], 0);
    assert_eq!(before["differingWords"][0]["producer"], "-march=skylake");
    assert_eq!(before["differingWords"][0]["consumer"], "-march=znver3");

    for machine in MACHINES {
        for (key, value) in [("march", "x86-64-v3"), ("mtune", "generic")] {
            let key = format!("build.compiler.{key}");
            let output = hmtool(
                &folder,
                &["profile", "set", machine, &key, value, "--write"],
            );
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let root = instantiate_in(&folder, &nix, &["--argstr", "machine", machine]);
        let graphs = folder.join("graphs");
        fs::write(graphs.join(format!("{machine}.json.gz")), nix.show(&root)).expect("a graph");
        fs::write(graphs.join(format!("{machine}.roots")), root).expect("a root");
    }
    let (code, after) = hits(&folder);
    let rate = |document: &Value, key: &str| document[key].as_f64().expect("a share");
    assert!(rate(&after, "hitRate") >= 0.8, "{}", after["hitRate"]);
    assert_eq!(code, Some(0));
    for key in ["hitRate", "hitRateByBytes", "hitRateByTime"] {
        assert!(rate(&after, key) > rate(&before, key), "{key}");
    }
    let march = |word: &Value| word["consumer"].as_str() == Some("-march=x86-64-v3");
    let words = after["differingWords"].as_array().expect("a list");
    assert!(!words.iter().any(march), "the flags are the same now");
    // What is left is that one machine builds Python with PGO and the other does not.
    assert_eq!(after["causes"][0]["name"], "python313");
}
