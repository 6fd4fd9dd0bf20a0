//! The recorded machines of `tests/fixtures/machines`.

#![allow(clippy::disallowed_methods, reason = "tests read their own recordings")]

use std::fs;
use std::path::{Path, PathBuf};

use hw_profile::detect::Snapshot;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/machines")
}

/// The processors, by the names of their files, in the order of these.
pub(crate) fn processors() -> Vec<(String, Snapshot)> {
    let entries = fs::read_dir(fixtures().join("archspec")).expect("the recordings are there");
    let mut all: Vec<(String, Snapshot)> = entries
        .map(|entry| {
            let path = entry.expect("it can be listed").path();
            let name = path.file_name().expect("it has one").to_string_lossy();
            let content = fs::read(&path).expect("it can be read");
            (name.to_string(), processor(&name, content))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// A recording whose name begins with the system it was made on.
fn processor(name: &str, content: Vec<u8>) -> Snapshot {
    let file = match name.split('-').next() {
        Some("darwin") => Snapshot::SYSCTL,
        Some("windows") => Snapshot::CPUID,
        _ => "proc/cpuinfo",
    };
    let mut snapshot = Snapshot::new();
    snapshot.insert(file, content);
    // The text of a POWER processor is the same in both orders of bytes; the machine's name is not.
    if name.ends_with("le") && name.contains("power") {
        snapshot.insert("proc/sys/kernel/arch", "ppc64le\n");
    }
    snapshot
}

/// A virtual machine.
pub(crate) fn guest() -> Snapshot {
    let root = fixtures().join("kvm-guest");
    let mut snapshot = Snapshot::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the recording is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("it is below it");
                let content = fs::read(&path).expect("it can be read");
                snapshot.insert(&name.to_string_lossy(), content);
            }
        }
    }
    snapshot
}
