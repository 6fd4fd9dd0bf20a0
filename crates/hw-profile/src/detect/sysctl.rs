//! What `sysctl` says on macOS.

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use super::cpu_info::{CpuInfo, Signature, Thread};
use crate::Bytes;
use crate::arch::Family;

/// What Linux calls the flags of `machdep.cpu.features` and its sisters, where it calls them
/// otherwise in more than case.
const X86_NAMES: [(&str, &str); 9] = [
    ("sse3", "pni"),
    ("sse4.1", "sse4_1"),
    ("sse4.2", "sse4_2"),
    ("avx1.0", "avx"),
    ("lahf", "lahf_lm"),
    ("lzcnt", "abm"),
    ("clfsopt", "clflushopt"),
    ("rdwrfsgs", "fsgsbase"),
    ("em64t", "lm"),
];

/// What Linux calls the features below `hw.optional`.
const ARM_NAMES: [(&str, &[&str]); 38] = [
    ("AdvSIMD", &["asimd"]),
    ("neon", &["asimd"]),
    ("floatingpoint", &["fp"]),
    ("armv8_crc32", &["crc32"]),
    ("armv8_1_atomics", &["atomics"]),
    ("armv8_2_fhm", &["asimdfhm"]),
    ("armv8_2_sha512", &["sha512"]),
    ("armv8_2_sha3", &["sha3"]),
    ("armv8_3_compnum", &["fcma"]),
    ("neon_fp16", &["fphp", "asimdhp"]),
    ("arm.FEAT_AES", &["aes"]),
    ("arm.FEAT_AFP", &["afp"]),
    ("arm.FEAT_BF16", &["bf16"]),
    ("arm.FEAT_BTI", &["bti"]),
    ("arm.FEAT_CRC32", &["crc32"]),
    ("arm.FEAT_DIT", &["dit"]),
    ("arm.FEAT_DPB", &["dcpop"]),
    ("arm.FEAT_DPB2", &["dcpodp"]),
    ("arm.FEAT_DotProd", &["asimddp"]),
    ("arm.FEAT_ECV", &["ecv"]),
    ("arm.FEAT_FCMA", &["fcma"]),
    ("arm.FEAT_FHM", &["asimdfhm"]),
    ("arm.FEAT_FP16", &["fphp", "asimdhp"]),
    ("arm.FEAT_FRINTTS", &["frint"]),
    ("arm.FEAT_FlagM", &["flagm"]),
    ("arm.FEAT_FlagM2", &["flagm2"]),
    ("arm.FEAT_I8MM", &["i8mm"]),
    ("arm.FEAT_JSCVT", &["jscvt"]),
    ("arm.FEAT_LRCPC", &["lrcpc"]),
    ("arm.FEAT_LRCPC2", &["ilrcpc"]),
    ("arm.FEAT_LSE", &["atomics"]),
    ("arm.FEAT_LSE2", &["uscat"]),
    ("arm.FEAT_PAuth", &["paca", "pacg"]),
    ("arm.FEAT_PMULL", &["pmull"]),
    ("arm.FEAT_RDM", &["asimdrdm"]),
    ("arm.FEAT_SB", &["sb"]),
    ("arm.FEAT_SSBS", &["ssbs"]),
    ("arm.FEAT_WFxT", &["wfxt"]),
];

/// Features whose name below `arm.FEAT_` is this one in capitals.
const ARM_CAPITALS: [&str; 5] = ["sha1", "sha3", "sha512", "sme", "sme2"];

/// More than any machine of Apple's has.
const MOST_THREADS: u32 = 1024;

fn values(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect()
}

/// What it says of the processors; none where the text is about something else.
pub(super) fn processors(text: &str) -> Option<CpuInfo> {
    let values = values(text);
    let number = |key: &str| values.get(key).and_then(|text| text.parse::<u32>().ok());
    let brand = values.get("machdep.cpu.brand_string").copied();
    let is_apple = brand.is_some_and(|brand| brand.contains("Apple"));
    let vendor = values.get("machdep.cpu.vendor").copied();
    if !is_apple && vendor.is_none() {
        return None;
    }
    let is_translated = number("sysctl.proc_translated") == Some(1);
    let signature = match (
        vendor,
        number("machdep.cpu.family"),
        number("machdep.cpu.model"),
    ) {
        _ if is_apple => brand.map(|brand| Signature::Name(brand.to_owned())),
        // Every 64-bit Intel processor that Apple sold is of family 6.
        (Some(vendor), family, Some(model)) => Some(Signature::X86 {
            vendor: vendor.to_owned(),
            family: family.unwrap_or(6),
            model,
            stepping: number("machdep.cpu.stepping"),
        }),
        _ => None,
    };
    let threads = number("hw.logicalcpu").or_else(|| number("hw.activecpu"));
    let threads = threads.or_else(|| number("machdep.cpu.thread_count"));
    let cores = number("hw.physicalcpu").or_else(|| number("machdep.cpu.core_count"));
    let listed = threads.map(|threads| {
        let count = threads.clamp(1, MOST_THREADS);
        let per_core = count / cores.unwrap_or(count).clamp(1, count);
        (0..count).map(move |number| (number, number / per_core))
    });
    let listed: Vec<Thread> = match listed {
        Some(listed) => listed
            .map(|(number, core)| Thread {
                number: Some(number),
                package: Some(0),
                core: Some(core),
                signature: signature.clone(),
            })
            .collect(),
        None => vec![Thread {
            signature,
            ..Thread::default()
        }],
    };
    Some(CpuInfo {
        file: Snapshot::SYSCTL,
        family: Some(if is_apple {
            Family::Aarch64
        } else {
            Family::X86_64
        }),
        name: brand.map(str::to_owned),
        flags: if is_apple {
            arm_flags(&values)
        } else {
            x86_flags(&values)
        },
        threads: listed,
        siblings: None,
        cores_per_package: None,
        cache_size: None,
        is_translated,
        is_virtual_apple: false,
    })
}

fn x86_flags(values: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    for key in ["features", "leaf7_features", "extfeatures"] {
        let listed = values.get(format!("machdep.cpu.{key}").as_str());
        for name in listed.copied().unwrap_or_default().split_whitespace() {
            let name = name.to_ascii_lowercase();
            let linux = X86_NAMES.iter().find(|(macos, _)| *macos == name);
            flags.insert(linux.map_or(name, |(_, linux)| (*linux).to_owned()));
        }
    }
    // Leaf 13 is not shown. XSAVEOPT came with AVX, XSAVEC and XSAVES with CLFLUSHOPT in Skylake.
    let saves = flags.contains("xsave");
    if saves && flags.contains("avx") {
        flags.insert("xsaveopt".to_owned());
    }
    if saves && flags.contains("clflushopt") {
        flags.extend(["xsavec", "xsaves"].map(str::to_owned));
    }
    // Leaf 0x80000001 shows PREFETCHW only since Broadwell, which brought ADX.
    if flags.contains("adx") {
        flags.insert("3dnowprefetch".to_owned());
    }
    flags
}

fn arm_flags(values: &BTreeMap<&str, &str>) -> BTreeSet<String> {
    let is_on = |name: &str| values.get(format!("hw.optional.{name}").as_str()) == Some(&"1");
    let mut flags = BTreeSet::new();
    for (macos, linux) in ARM_NAMES {
        if is_on(macos) {
            flags.extend(linux.iter().map(|&name| name.to_owned()));
        }
    }
    for name in ARM_CAPITALS {
        if is_on(&format!("arm.FEAT_{}", name.to_ascii_uppercase())) {
            flags.insert(name.to_owned());
        }
    }
    if is_on("arm.FEAT_SHA256") {
        flags.insert("sha2".to_owned());
    }
    flags
}

/// The RAM.
pub(super) fn memory(text: &str) -> Option<Bytes> {
    values(text).get("hw.memsize")?.parse().ok().map(Bytes)
}

/// The kinds of core, fastest first, each with its number of threads.
pub(super) fn kinds(text: &str) -> Vec<(String, u32)> {
    let values = values(text);
    let level = |level: u32| {
        let key = |name: &str| format!("hw.perflevel{level}.{name}");
        let threads = values.get(key("logicalcpu").as_str())?.parse().ok()?;
        let name = values.get(key("name").as_str()).copied();
        let usual = ["Performance", "Efficiency"].get(level as usize).copied();
        let name = name.or(usual).unwrap_or("other").to_lowercase();
        Some((name, threads))
    };
    let kinds: Vec<_> = (0..4).map_while(level).collect();
    if kinds.len() > 1 { kinds } else { Vec::new() }
}
