//! From what was detected to the document that says it.

use std::path::Path;

use hw_profile::arch::{Feature, FeatureSet, Microarchitecture};
use hw_profile::detect::{
    Confidence, Detected, DetectedGpu, DiskKind, Fact, Layer, MaxJobs, Smt, SwapKind,
};

use crate::dto::machine as dto;
use crate::failure::Failure;

/// The document about what was detected below `root`.
pub(super) fn document(found: &Detected, root: Option<&Path>) -> Result<dto::Machine, Failure> {
    let profile = serde_json::to_value(found.to_profile().profile)
        .map_err(|error| Failure::Output(error.into()))?;
    Ok(dto::Machine {
        schema: dto::Machine::SCHEMA_ID,
        root: root.map(|root| root.display().to_string()),
        host: host(found),
        layers: found.layers.iter().map(|it| fact(it, layer)).collect(),
        processor: processor(found),
        memory: memory(found),
        gpus: found.gpus.iter().map(gpu).collect(),
        nix: dto::Nix {
            max_jobs: some(found.nix.max_jobs.as_ref(), |jobs| match jobs {
                MaxJobs::Number(number) => number.to_string(),
                MaxJobs::Auto => "auto".to_owned(),
            }),
            cores: some(found.nix.cores.as_ref(), |cores| *cores),
        },
        profile,
    })
}

fn fact<T, U>(found: &Fact<T>, value: impl FnOnce(&T) -> U) -> dto::Fact<U> {
    dto::Fact {
        value: value(&found.value),
        file: found.file.clone(),
        rule: found.rule,
        confidence: match found.confidence {
            Confidence::Certain => dto::Confidence::Certain,
            Confidence::Likely => dto::Confidence::Likely,
            Confidence::Guess => dto::Confidence::Guess,
        },
    }
}

fn some<T, U>(found: Option<&Fact<T>>, value: impl FnOnce(&T) -> U) -> Option<dto::Fact<U>> {
    found.map(|found| fact(found, value))
}

fn host(found: &Detected) -> dto::Host {
    let host = &found.host;
    dto::Host {
        hostname: some(host.hostname.as_ref(), Clone::clone),
        system: some(host.system.as_ref(), Clone::clone),
        kernel: some(host.kernel.as_ref(), Clone::clone),
        kind: some(found.kind().as_ref(), |kind| *kind),
        disks: host
            .disks
            .iter()
            .map(|disk| {
                fact(disk, |disk| dto::Disk {
                    name: disk.name.clone(),
                    kind: match disk.kind {
                        DiskKind::Flash => "flash",
                        DiskKind::Rotating => "rotating",
                        _ => "virtual",
                    },
                    bytes: disk.size.map(|size| size.0),
                })
            })
            .collect(),
    }
}

fn layer(layer: &Layer) -> dto::Layer {
    let (kind, by) = match layer {
        Layer::VirtualMachine { by } => ("virtual-machine", by.clone()),
        Layer::Wsl1 => ("wsl1", None),
        Layer::Wsl2 => ("wsl2", None),
        Layer::Container { by } => ("container", Some(by.clone())),
        _ => ("bare-metal", None),
    };
    dto::Layer { kind, by }
}

fn names(features: FeatureSet) -> Vec<&'static str> {
    features.iter().map(Feature::name).collect()
}

fn processor(found: &Detected) -> dto::Processor {
    let processor = &found.processor;
    let topology = &processor.topology;
    let march = processor
        .target()
        .and_then(Microarchitecture::compiler_name);
    dto::Processor {
        vendor: some(processor.vendor.as_ref(), Clone::clone),
        name: some(processor.name.as_ref(), Clone::clone),
        family: some(processor.family.as_ref(), |family| family.name()),
        translated: some(processor.translated.as_ref(), |family| family.name()),
        signature: some(processor.signature.as_ref(), ToString::to_string),
        uarch: some(processor.uarch.as_ref(), |uarch| dto::Uarch {
            name: uarch.architecture.name(),
            code_name: uarch.code_name.clone(),
        }),
        runnable: some(processor.runnable.as_ref(), |runnable| dto::Runnable {
            march,
            level: runnable.level.map(Microarchitecture::name),
            architectures: runnable.architectures.iter().map(|it| it.name()).collect(),
            features: names(runnable.features),
            masked: names(runnable.masked),
        }),
        base_frequency: some(processor.base_frequency.as_ref(), |mhz| *mhz),
        turbo_frequency: some(processor.turbo_frequency.as_ref(), |mhz| *mhz),
        threads: some(topology.threads.as_ref(), |threads| threads.0),
        usable_threads: some(topology.usable.as_ref(), |threads| threads.0),
        cores: some(topology.cores.as_ref(), |cores| cores.0),
        packages: some(topology.packages.as_ref(), |packages| *packages),
        smt: some(topology.smt.as_ref(), |smt| match smt {
            Smt::On => "on",
            Smt::Off => "off",
            _ => "none",
        }),
        kinds: topology
            .kinds
            .iter()
            .map(|kind| {
                fact(kind, |kind| dto::CoreKind {
                    name: kind.name.clone(),
                    threads: kind.threads.0,
                })
            })
            .collect(),
        caches: topology
            .caches
            .iter()
            .map(|cache| {
                fact(cache, |cache| dto::Cache {
                    level: cache.level,
                    kind: cache.kind.to_lowercase(),
                    bytes: cache.size.0,
                    shared_by: cache.shared_by.map(|threads| threads.0),
                })
            })
            .collect(),
        nodes: topology
            .nodes
            .iter()
            .map(|node| {
                fact(node, |node| dto::Node {
                    number: node.number,
                    bytes: node.memory.0,
                    threads: node.threads.0,
                })
            })
            .collect(),
    }
}

fn memory(found: &Detected) -> dto::Memory {
    let memory = &found.memory;
    dto::Memory {
        total_bytes: some(memory.total.as_ref(), |bytes| bytes.0),
        available_bytes: some(memory.available().as_ref(), |bytes| bytes.0),
        huge_pages_bytes: some(memory.huge_pages.as_ref(), |bytes| bytes.0),
        cgroup: some(memory.cgroup.as_ref(), |cgroup| dto::Cgroup {
            limit_bytes: cgroup.limit.0,
            version: cgroup.version,
        }),
        wsl_limit_bytes: some(memory.wsl_limit.as_ref(), |bytes| bytes.0),
        swap: memory
            .swap
            .iter()
            .map(|swap| {
                fact(swap, |swap| dto::Swap {
                    name: swap.name.clone(),
                    kind: match swap.kind {
                        SwapKind::Zram => "zram",
                        SwapKind::File => "file",
                        _ => "partition",
                    },
                    bytes: swap.size.0,
                })
            })
            .collect(),
        zram: memory
            .zram
            .iter()
            .map(|zram| {
                fact(zram, |zram| dto::Zram {
                    name: zram.name.clone(),
                    disksize_bytes: zram.disksize.0,
                    limit_bytes: zram.limit.map(|bytes| bytes.0),
                    algorithm: zram.algorithm.clone(),
                    ratio: zram.ratio,
                    is_swap: zram.is_swap,
                })
            })
            .collect(),
    }
}

fn gpu(gpu: &DetectedGpu) -> dto::Gpu {
    dto::Gpu {
        vendor: some(gpu.vendor.as_ref(), Clone::clone),
        model: some(gpu.model.as_ref(), Clone::clone),
        slot: some(gpu.slot.as_ref(), Clone::clone),
        pci: some(gpu.pci.as_ref(), ToString::to_string),
        chip: some(gpu.chip.as_ref(), Clone::clone),
        architecture: some(gpu.architecture.as_ref(), Clone::clone),
        compute_capability: some(gpu.compute_capability.as_ref(), ToString::to_string),
        memory_bytes: some(gpu.memory.as_ref(), |bytes| bytes.0),
        driver: some(gpu.driver.as_ref(), Clone::clone),
    }
}
