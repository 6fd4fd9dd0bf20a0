//! A machine of any files: something is detected or not, never a panic; what is detected keeps its
//! promises.
#![no_main]

use hw_profile::detect::{Snapshot, detect};
use libfuzzer_sys::fuzz_target;

/// Files one after another, each below a line `=== PATH`.
fn snapshot(input: &[u8]) -> Snapshot {
    let mut snapshot = Snapshot::new();
    let mut path = String::new();
    let mut content = Vec::new();
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        if let Some(next) = line.strip_prefix(b"=== ") {
            snapshot.insert(&path, std::mem::take(&mut content));
            path = String::from_utf8_lossy(next).trim().to_owned();
        } else {
            content.extend(line);
        }
    }
    snapshot.insert(&path, content);
    snapshot
}

fuzz_target!(|input: &[u8]| {
    let snapshot = snapshot(input);
    for wanted in snapshot.wanted_next() {
        assert!(Snapshot::is_wanted(&wanted.pattern));
    }
    let found = detect(&snapshot);
    let topology = &found.processor.topology;
    assert_eq!(topology.cores.is_some(), topology.threads.is_some());
    if let (Some(cores), Some(threads)) = (&topology.cores, &topology.threads) {
        assert!(cores.value <= threads.value);
    }
    if let Some(total) = &found.memory.total {
        let available = found.memory.available().expect("there is memory");
        assert!(available.value <= total.value);
    }
    if let Some(runnable) = &found.processor.runnable {
        assert!((runnable.value.features & runnable.value.masked).is_empty());
    }
    assert_eq!(found.differences(&found.to_profile().profile), []);
});
