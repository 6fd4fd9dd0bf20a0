//! What the processor is, and what of it may be used here.

use super::cpu_info::{CpuInfo, Signature};
use super::identity::{self, Identity};
use super::topology::{self, Topology};
use super::{Fact, Snapshot};
use crate::arch::{Family, FeatureSet, Microarchitecture, Policy, common_arch};

/// The processor: two answers to "which one", and how its threads are arranged.
///
/// [`uarch`](Self::uarch) goes by the model and says what it is. [`runnable`](Self::runnable) goes
/// by the flags and says what may be used here; a hypervisor or the firmware may hide some.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Processor {
    /// Who made it, as profiles have it: `intel`, `amd`, `arm`, `apple` …
    pub vendor: Option<Fact<String>>,
    /// The brand.
    pub name: Option<Fact<String>>,
    /// What code it runs by itself.
    pub family: Option<Fact<Family>>,
    /// What code runs here by translation (Rosetta), where it is not the processor's own.
    pub translated: Option<Fact<Family>>,
    /// The numbers it is known by; those of its fastest cores where there are several kinds.
    pub signature: Option<Fact<Signature>>,
    /// What it is, by its model.
    pub uarch: Option<Fact<Identity>>,
    /// What may be used here, by its flags.
    pub runnable: Option<Fact<Runnable>>,
    /// The frequency that is promised, in MHz.
    pub base_frequency: Option<Fact<u32>>,
    /// The highest frequency, in MHz.
    pub turbo_frequency: Option<Fact<u32>>,
    /// How its threads are arranged.
    pub topology: Topology,
}

/// What code may use on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Runnable {
    /// The features that every thread has and shows.
    pub features: FeatureSet,
    /// Of the features that processors of its microarchitecture have, those that are hidden here.
    pub masked: FeatureSet,
    /// The highest level that vendors agree on, such as `x86_64_v3`.
    pub level: Option<&'static Microarchitecture>,
    /// The microarchitectures whose code runs here, without those whose code is part of another's:
    /// see [`common_arch`]. Code counts as running if all that is missing is never used without
    /// asking (see [`Softness`](crate::arch::Softness)).
    pub architectures: Vec<&'static Microarchitecture>,
}

impl Processor {
    /// The microarchitecture to compile for, so that the code runs here: its own if nothing is
    /// hidden that code needs, else the most capable that is left of its vendor's or of the levels
    /// that vendors agree on.
    pub fn target(&self) -> Option<&'static Microarchitecture> {
        let runnable = &self.runnable.as_ref()?.value;
        let own = self.uarch.as_ref().map(|it| it.value.architecture);
        let runs = |own: &Microarchitecture| {
            runnable.architectures.contains(&own) || own.runs_on(runnable.features).is_yes()
        };
        if let Some(own) = own
            && self.translated.is_none()
            && runs(own)
        {
            return Some(own);
        }
        let is_ours = |it: &Microarchitecture| {
            it.is_generic() || own.is_none_or(|own| own.vendor() == it.vendor())
        };
        let left = runnable.architectures.iter().copied();
        left.filter(|it| is_ours(it))
            .max_by_key(|it| it.features().len())
            .or(runnable.level)
    }
}

pub(super) fn read(snapshot: &Snapshot, info: Option<&CpuInfo>) -> Processor {
    let base_frequency = topology::base_frequency(snapshot, info);
    let turbo_frequency = topology::turbo(snapshot);
    let topology = topology::read(snapshot, info);
    let Some(info) = info else {
        return Processor {
            base_frequency,
            turbo_frequency,
            topology,
            ..Processor::default()
        };
    };
    let signature = signature(info, &topology);
    let family = info.family.map(|family| {
        if info.is_virtual_apple {
            let rule = "Apple's processors are Arm's, whatever code asks";
            Fact::certain(Family::Aarch64, info.file, rule)
        } else {
            Fact::certain(family, info.file, "its flags")
        }
    });
    let features: FeatureSet = info
        .flags
        .iter()
        .filter_map(|flag| crate::arch::Feature::from_name(flag))
        .collect();
    let uarch = uarch(info, signature.as_ref(), features);
    Processor {
        vendor: signature.as_ref().and_then(|it| {
            let vendor = vendor(&it.value)?;
            Some(Fact::certain(vendor.to_owned(), it.file.clone(), it.rule))
        }),
        name: info
            .name
            .clone()
            .map(|name| Fact::certain(name, info.file, "")),
        translated: (info.is_virtual_apple || info.is_translated)
            .then(|| Fact::certain(Family::X86_64, info.file, "Rosetta answers")),
        runnable: runnable(info, features, uarch.as_ref()),
        family,
        uarch,
        signature,
        base_frequency,
        turbo_frequency,
        topology,
    }
}

/// Of a hybrid Arm processor, whose kinds of core have different numbers, the fastest kind's.
fn signature(info: &CpuInfo, topology: &Topology) -> Option<Fact<Signature>> {
    let fastest = topology.kinds.first().map(|kind| &kind.value.name);
    let all = || info.threads.iter().filter_map(|it| it.signature.as_ref());
    let is_fastest = |signature: &&Signature| {
        let found = identity::identify(signature, info.family);
        let name = found.map_or_else(|| signature.to_string(), |it| it.code_name);
        Some(&name) == fastest
    };
    let signature = all().find(is_fastest).or_else(|| all().next())?;
    Some(Fact::certain(signature.clone(), info.file, ""))
}

/// By model; a model that the table does not have is taken for the newest of its vendor's that its
/// flags allow.
fn uarch(
    info: &CpuInfo,
    signature: Option<&Fact<Signature>>,
    features: FeatureSet,
) -> Option<Fact<Identity>> {
    if info.is_virtual_apple {
        let apple = Signature::Name("Apple".to_owned());
        let found = identity::identify(&apple, Some(Family::Aarch64))?;
        return Some(Fact::guess(
            found,
            info.file,
            "Rosetta hides which one; none is older",
        ));
    }
    let signature = &signature?.value;
    if let Some(found) = identity::identify(signature, info.family) {
        return Some(Fact::likely(found, info.file, "the table of models"));
    }
    let Signature::X86 { vendor, .. } = signature else {
        return None;
    };
    let of_vendor = Microarchitecture::all().iter().filter(|it| {
        Some(it.family()) == info.family
            && it.vendor() == vendor
            && it.features().hard().is_subset(features)
    });
    let newest = of_vendor.max_by_key(|it| it.features().len())?;
    let found = Identity {
        architecture: newest,
        code_name: newest.name().to_owned(),
    };
    Some(Fact::guess(
        found,
        info.file,
        "an unknown model; the newest that its flags allow",
    ))
}

fn runnable(
    info: &CpuInfo,
    features: FeatureSet,
    uarch: Option<&Fact<Identity>>,
) -> Option<Fact<Runnable>> {
    let own = uarch
        .map(|it| it.value.architecture)
        .filter(|it| Some(it.family()) == info.family);
    if features.is_empty() {
        let own = own?;
        let value = Runnable {
            features,
            masked: features,
            level: own.ancestors().into_iter().rfind(|it| it.is_generic()),
            architectures: vec![own],
        };
        return Some(Fact::likely(
            value,
            info.file,
            "the model, for no flags are shown",
        ));
    }
    let common = common_arch([features])?;
    let value = Runnable {
        features,
        masked: own.map_or_else(FeatureSet::default, |own| own.features() - features),
        level: common.choose(Policy::Shareable),
        architectures: common.targets,
    };
    Some(Fact::certain(value, info.file, "flags of all processors"))
}

/// Who designed a core, as profiles have it.
fn vendor(signature: &Signature) -> Option<&'static str> {
    Some(match signature {
        Signature::X86 { vendor, .. } => match vendor.trim() {
            "GenuineIntel" => "intel",
            "AuthenticAMD" => "amd",
            "HygonGenuine" => "hygon",
            "CentaurHauls" => "via",
            "Shanghai" => "zhaoxin",
            "VirtualApple" => "apple",
            _ => return None,
        },
        Signature::Arm { implementer, .. } => match implementer {
            0x41 => "arm",
            0x42 => "broadcom",
            0x43 => "cavium",
            0x46 => "fujitsu",
            0x48 => "hisilicon",
            0x4e => "nvidia",
            0x50 => "apm",
            0x51 => "qualcomm",
            0x53 => "samsung",
            0x56 => "marvell",
            0x61 => "apple",
            0xc0 => "ampere",
            _ => return None,
        },
        Signature::Name(name) => {
            let name = name.to_ascii_lowercase();
            ["apple", "sifive", "spacemit"]
                .into_iter()
                .find(|start| name.starts_with(start))
                .or_else(|| name.starts_with("power").then_some("ibm"))?
        }
    })
}
