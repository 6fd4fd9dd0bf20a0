//! Recorded machines: what each is, by its model and by its flags.

mod recorded;

use hw_profile::arch::{Microarchitecture, RunsOn};
use hw_profile::detect::{DiskKind, Layer, detect};

/// Where the name of a recording is not what the processor is: what it is, and why.
const OTHERWISE: [(&str, &str); 3] = [
    // A Core Ultra 9 285, family 6 model 198, under a kernel that does not know its new flags. By
    // model it is what `linux-ubuntu26.04-arrowlake_s` is, the same machine under a newer kernel.
    ("linux-ubuntu24.04-alderlake", "arrowlake_s"),
    // A Core i7-1185G7, family 6 model 140: Tiger Lake, for which archspec has no name of its own.
    ("windows-cpuid-icelake", "tigerlake"),
    // A Haswell whose firmware hides AES, made up to be named for what is left of archspec's one.
    ("linux-rhel7-x86_64_v3", "haswell"),
];

/// macOS 11 lists fewer features than an M1 has.
const TELLS_LITTLE: &str = "darwin-bigsur-m1";

#[test]
fn each_recording_is_what_its_name_says() {
    let recordings = recorded::processors();
    assert_eq!(recordings.len(), 52);
    let mut wrong = Vec::new();
    for (name, snapshot) in recordings {
        let named = name.rsplit('-').next().expect("a last field");
        let other = OTHERWISE.iter().find(|(other, _)| *other == name);
        let expected = other.map_or(named, |(_, uarch)| uarch);
        let processor = detect(&snapshot).processor;
        let uarch = processor.uarch.map(|it| it.value.architecture.name());
        if uarch != Some(expected) {
            wrong.push(format!("{name}: {uarch:?}"));
        }
        // What it is named for runs there in any case.
        let features = processor.runnable.map(|it| it.value.features);
        let named = Microarchitecture::by_name(named).expect("it is in the table");
        if name != TELLS_LITTLE
            && let RunsOn::No { missing } = named.runs_on(features.unwrap_or_default())
        {
            wrong.push(format!("{name}: lacks {missing}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_guest_with_masked_flags_is_still_what_it_is() {
    let found = detect(&recorded::guest());
    let uarch = found
        .processor
        .uarch
        .clone()
        .expect("the model is known")
        .value;
    assert_eq!(
        (uarch.architecture.name(), uarch.code_name.as_str()),
        ("zen3", "Zen 3")
    );
    let runnable = found
        .processor
        .runnable
        .clone()
        .expect("there are flags")
        .value;
    assert_eq!(runnable.masked.to_string(), "wbnoinvd mwaitx pku");
    assert!((runnable.masked & runnable.features).is_empty());
    assert_eq!(runnable.level.expect("it has one").name(), "x86_64_v3");
    let names: Vec<&str> = runnable.architectures.iter().map(|it| it.name()).collect();
    assert_eq!(names, ["zen3"]);
    assert_eq!(found.processor.target().expect("zen3").name(), "zen3");

    let threads = found.processor.topology.threads.expect("they are listed");
    let cores = found.processor.topology.cores.expect("they are listed");
    assert_eq!((threads.value.0, cores.value.0), (2, 2));

    let total = found.memory.total.clone().expect("it is told");
    assert_eq!(total.value.0 >> 10, 24_682_416);
    // The node was counted before memory was plugged in.
    let node = &found.processor.topology.nodes[0].value;
    assert_eq!(node.memory.0 >> 10, 12_149_316);
    assert_eq!(found.memory.cgroup, None);
    assert_eq!(found.memory.swap, []);
    let zram = &found.memory.zram[0].value;
    assert_eq!(
        (zram.name.as_str(), zram.disksize.0, zram.is_swap),
        ("zram0", 0, false)
    );
    assert_eq!(zram.algorithm.as_deref(), Some("lzo-rle"));

    let layers: Vec<_> = found.layers.iter().map(|it| &it.value).collect();
    assert_eq!(layers, [&Layer::VirtualMachine { by: None }]);
    let disk = &found.host.disks[0].value;
    assert_eq!((disk.name.as_str(), disk.kind), ("vda", DiskKind::Virtual));
    assert_eq!(found.gpus, []);
}
