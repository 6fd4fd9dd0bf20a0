//! The Nix of this machine, whichever it is, says of our derivations what the fixtures say.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use drv_graph::{Format, KeepEnv, ReadOptions, derivation_json, dry_run, narinfo, path_info};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/nix");

/// Whether there is a Nix; says so where there is none, and fails where there must be one.
fn has_nix(test: &str) -> bool {
    if Command::new("nix").arg("--version").output().is_ok() {
        return true;
    }
    assert!(
        std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
        "{test} needs Nix (apt-get install nix-bin)"
    );
    // Not `eprintln!`, which the test harness would swallow.
    let line = format!("left out: {test}: needs Nix (apt-get install nix-bin)\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    false
}

fn contents(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_fixtures_are_what_this_nix_prints() {
    if !has_nix("the_fixtures_are_what_this_nix_prints") {
        return;
    }
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed-nix");
    let drvs = scratch.join("drvs");
    std::fs::create_dir_all(&scratch).unwrap();
    let captured = Command::new(format!("{FIXTURES}/capture.sh"))
        .arg(&scratch)
        .env("DRVS", &drvs)
        .output()
        .unwrap();
    assert!(
        captured.status.success(),
        "{}",
        String::from_utf8_lossy(&captured.stderr)
    );

    let options = ReadOptions {
        keep_env: KeepEnv::All,
        ..ReadOptions::default()
    };
    for name in ["graph.json", "content-addressed.json"] {
        let printed = contents(&scratch.join(name));
        assert_eq!(Format::detect(&printed), Some(Format::DerivationJson));
        let printed = derivation_json::read(&printed, &options).unwrap();
        let fixture = contents(&Path::new(FIXTURES).join("2.8").join(name));
        assert!(
            printed == derivation_json::read(&fixture, &options).unwrap(),
            "{name}"
        );
    }
    for file in std::fs::read_dir(&drvs).unwrap() {
        let file = file.unwrap();
        let fixture = Path::new(FIXTURES).join("drvs").join(file.file_name());
        assert!(contents(&file.path()) == contents(&fixture), "{fixture:?}");
    }

    let fixtures = Path::new(FIXTURES).join("2.8");
    let read = |dir: &Path, name: &str| path_info::read(&contents(&dir.join(name))).unwrap();
    for name in [
        "path-info-default.json",
        "path-info-default-cache.json",
        "path-info-default-absent.json",
    ] {
        let (printed, expected) = (read(&scratch, name), read(&fixtures, name));
        // Compressors differ from build to build; what is compressed does not.
        assert_eq!(printed.invalid, expected.invalid, "{name}");
        for (printed, expected) in printed.valid.iter().zip(&expected.valid) {
            assert_eq!(printed.path, expected.path);
            assert_eq!(printed.nar_hash, expected.nar_hash);
            assert_eq!(printed.references, expected.references);
            assert_eq!(printed.closure_size, expected.closure_size);
        }
        assert_eq!(printed.valid.len(), expected.valid.len(), "{name}");
    }
    narinfo::read(&contents(&scratch.join("zlib.drv.narinfo"))).unwrap();
    let run = dry_run::read(&contents(&scratch.join("dry-run.txt"))).unwrap();
    assert_eq!((run.build.len(), run.unknown.len()), (10, 1));
}
