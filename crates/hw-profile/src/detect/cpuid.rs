//! The leaves of CPUID (Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E).

use std::collections::{BTreeMap, BTreeSet};

use super::Snapshot;
use super::cpu_info::{CpuInfo, Signature, Thread};
use crate::arch::Family;

/// `leaf, subleaf, register, bits`; its head says how.
const FLAGS: &str = include_str!("../../data/cpuid-flags.txt");

/// The registers in the order of a line.
const REGISTERS: [&str; 4] = ["eax", "ebx", "ecx", "edx"];

/// Flags that can only be used where the system saves the wide registers, which it says by
/// OSXSAVE; Linux leaves them out of `/proc/cpuinfo` otherwise.
const NEED_OSXSAVE: [&str; 6] = ["avx", "avx2", "fma", "fma4", "xop", "f16c"];

/// The brand's 48 bytes are in these.
const BRAND: [u32; 3] = [0x8000_0002, 0x8000_0003, 0x8000_0004];

type Leaves = BTreeMap<(u32, u32), [u32; 4]>;

/// A line of the table, and one of its bits.
struct Flag {
    leaf: u32,
    subleaf: u32,
    register: usize,
    bit: u32,
    name: &'static str,
}

fn known_flags() -> impl Iterator<Item = Flag> {
    let lines = FLAGS.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| {
        let mut words = line.split(' ');
        let leaf = u32::from_str_radix(words.next()?, 16).ok()?;
        let subleaf = words.next()?.parse().ok()?;
        let register = words.next()?;
        let register = REGISTERS.iter().position(|it| *it == register)?;
        Some(words.filter_map(move |word| {
            let (bit, name) = word.split_once(':')?;
            Some(Flag {
                leaf,
                subleaf,
                register,
                bit: bit.parse().ok().filter(|&bit| bit < 32)?,
                name,
            })
        }))
    });
    rows.flatten()
}

fn leaves(text: &str) -> Leaves {
    let lines = text.lines().filter_map(|line| {
        let mut numbers = line.split(',').map(super::cpu_info::number);
        let mut next = || numbers.next().flatten();
        Some(((next()?, next()?), [next()?, next()?, next()?, next()?]))
    });
    lines.collect()
}

fn text_of(registers: impl IntoIterator<Item = u32>) -> String {
    let bytes: Vec<u8> = registers.into_iter().flat_map(u32::to_le_bytes).collect();
    let text = String::from_utf8_lossy(&bytes);
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace())
        .to_owned()
}

/// What they say of the processor that they were read on; none without leaf 1.
pub(super) fn processors(text: &str) -> Option<CpuInfo> {
    let leaves = leaves(text);
    let [_, ebx, ecx, edx] = *leaves.get(&(0, 0))?;
    let [signature, _, features, _] = *leaves.get(&(1, 0))?;
    let vendor = text_of([ebx, edx, ecx]);
    let is_set = |flag: &Flag| {
        let registers = leaves.get(&(flag.leaf, flag.subleaf));
        registers.is_some_and(|it| it[flag.register] >> flag.bit & 1 == 1)
    };
    let mut flags: BTreeSet<String> = known_flags()
        .filter(is_set)
        .map(|flag| flag.name.to_owned())
        .collect();
    let saves_wide_registers = features >> 27 & 1 == 1;
    if !saves_wide_registers {
        flags.retain(|flag| !NEED_OSXSAVE.contains(&flag.as_str()) && !flag.starts_with("avx"));
    }
    let brand = BRAND.into_iter().filter_map(|leaf| leaves.get(&(leaf, 0)));
    let brand = text_of(brand.flatten().copied());
    let (family, model) = family_and_model(signature);
    let code = if flags.contains("lm") {
        Family::X86_64
    } else {
        Family::X86
    };
    Some(CpuInfo {
        file: Snapshot::CPUID,
        family: Some(code),
        name: (!brand.is_empty()).then_some(brand),
        flags,
        threads: vec![Thread {
            signature: Some(Signature::X86 {
                vendor,
                family,
                model,
                stepping: Some(signature & 0xf),
            }),
            ..Thread::default()
        }],
        siblings: None,
        cores_per_package: None,
        cache_size: None,
        is_translated: false,
        is_virtual_apple: false,
    })
}

/// The extended fields count for some families only (Intel SDM volume 2A, CPUID, figure 3-6).
fn family_and_model(signature: u32) -> (u32, u32) {
    let (family, model) = (signature >> 8 & 0xf, signature >> 4 & 0xf);
    let full_family = if family == 0xf {
        family + (signature >> 20 & 0xff)
    } else {
        family
    };
    let full_model = if matches!(family, 6 | 0xf) {
        (signature >> 16 & 0xf) << 4 | model
    } else {
        model
    };
    (full_family, full_model)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_the_table_is_read() {
        let lines = FLAGS.lines().filter(|line| !line.starts_with('#'));
        let bits: usize = lines.map(|line| line.matches(':').count()).sum();
        assert_eq!(known_flags().count(), bits);
    }

    #[test]
    fn family_and_model_have_extensions() {
        for (signature, expected) in [
            (0x0003_06D4, (6, 0x3d)),
            (0x0008_06EC, (6, 0x8e)),
            (0x00A0_0F11, (0x19, 1)),
            (0x0000_0543, (5, 4)),
        ] {
            assert_eq!(family_and_model(signature), expected, "{signature:x}");
        }
    }

    #[test]
    fn avx_needs_a_system_that_saves_it() {
        let lines = |ecx: u32| {
            format!(
                "0,0,7,1970169159,1818588270,1231384169\n1,0,0x306d4,0,{ecx},0\n7,0,0,0x10020,0,0"
            )
        };
        let with = processors(&lines(1 << 28 | 1 << 27)).expect("leaf 1");
        assert!(with.flags.contains("avx") && with.flags.contains("avx512f"));
        let without = processors(&lines(1 << 28)).expect("leaf 1");
        assert!(without.flags.is_empty(), "{:?}", without.flags);
    }

    #[test]
    fn what_is_no_leaf_is_passed_over() {
        assert!(processors("").is_none());
        assert!(processors("0, 0\n1,0,x,0,0,0").is_none());
    }
}
