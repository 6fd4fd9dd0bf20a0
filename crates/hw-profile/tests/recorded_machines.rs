//! Recorded machines: what each is, by its model and by its flags.

mod recorded;

use hw_profile::detect::{DiskKind, Layer, detect};

/// Where the name of a recording is not what the processor is: what it is, and why.
const OTHERWISE: [(&str, &str, &str); 3] = [
    // A Core Ultra 9 285, family 6 model 198, under a kernel that does not know its new flags. By
    // model it is what `linux-ubuntu26.04-arrowlake_s` is, the same machine under a newer kernel.
    ("linux-ubuntu24.04-alderlake", "arrowlake_s", "alderlake"),
    // A Core i7-1185G7, family 6 model 140: Tiger Lake, for which archspec has no name of its own.
    ("windows-cpuid-icelake", "tigerlake", "tigerlake"),
    // A Haswell whose firmware hides AES, made up to be named for what is left.
    ("linux-rhel7-x86_64_v3", "haswell", "x86_64_v3"),
];

#[test]
fn each_recording_is_what_its_name_says() {
    let mut wrong = Vec::new();
    let recordings = recorded::processors();
    assert_eq!(recordings.len(), 52);
    for (name, snapshot) in recordings {
        let named = name.rsplit('-').next().expect("a last field");
        let found = detect(&snapshot);
        let Some(uarch) = found.processor.uarch else {
            wrong.push(format!("{name}: nothing found"));
            continue;
        };
        let uarch = uarch.value.architecture.name();
        let by_flags = found.processor.runnable.map(|it| it.value.architectures);
        let by_flags: Vec<&str> = by_flags.iter().flatten().map(|it| it.name()).collect();
        match OTHERWISE.iter().find(|(other, ..)| *other == name) {
            Some((_, is, runs)) => {
                if uarch != *is || !by_flags.contains(runs) {
                    wrong.push(format!("{name}: {uarch}, by flags {by_flags:?}"));
                }
            }
            None => {
                if uarch != named {
                    wrong.push(format!("{name}: {uarch}, by flags {by_flags:?}"));
                }
            }
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
