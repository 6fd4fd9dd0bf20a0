//! Which microarchitecture a signature is.

use super::cpu_info::Signature;
use crate::arch::{Family, Microarchitecture};

/// `vendor, family, models, steppings, architecture, code name`; its head says how.
const TABLE: &str = include_str!("../../data/processors.tsv");

/// What a processor is, whatever it lets programs use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The microarchitecture: its own, or the nearest one that compilers know.
    pub architecture: &'static Microarchitecture,
    /// What its maker calls it; several architectures of makers can be one to a compiler.
    pub code_name: String,
}

/// Where a name in words begins with one of these, it is one of theirs.
const NAMES: [(&str, &str, &str); 11] = [
    // The `uarch` that the kernel takes from a RISC-V device tree, and the model's name.
    ("sifive,u74", "u74mc", "U74"),
    ("sifive,bullet0", "u74mc", "U74"),
    ("spacemit,x60", "x60", "X60"),
    ("Spacemit(R) X60", "x60", "X60"),
    // macOS. What came before 2021 calls itself only this, and was an M1.
    ("Apple processor", "m1", "M1"),
    ("Apple M1", "m1", "M1"),
    ("Apple M2", "m2", "M2"),
    ("Apple M3", "m3", "M3"),
    ("Apple M4", "m4", "M4"),
    ("Apple M5", "m4", "M5"),
    ("Apple", "m1", "Apple silicon"),
];

/// The table's answer for a signature; none if it is not in it.
pub(super) fn identify(signature: &Signature, family: Option<Family>) -> Option<Identity> {
    match signature {
        Signature::X86 {
            vendor,
            family,
            model,
            stepping,
        } => look_up(vendor, *family, *model, *stepping),
        Signature::Arm {
            implementer,
            part,
            variant,
        } => look_up("arm", *implementer, *part, *variant),
        Signature::Name(name) => power(name, family).or_else(|| {
            let (_, architecture, code_name) = NAMES
                .into_iter()
                .find(|(start, ..)| name.starts_with(start))?;
            identity(architecture, code_name)
        }),
    }
}

fn identity(architecture: &str, code_name: &str) -> Option<Identity> {
    Some(Identity {
        architecture: Microarchitecture::by_name(architecture)?,
        code_name: code_name.to_owned(),
    })
}

/// `POWER9 (raw), altivec supported`, where the kernel does not tell the order of bytes.
fn power(name: &str, family: Option<Family>) -> Option<Identity> {
    let rest = name.strip_prefix("POWER")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let generation = rest[..digits].parse::<u32>().ok()?;
    let known = (7..=10).contains(&generation);
    let order = if family == Some(Family::Ppc64le) {
        "le"
    } else {
        ""
    };
    known.then(|| {
        identity(
            &format!("power{generation}{order}"),
            &format!("POWER{generation}"),
        )
    })?
}

fn look_up(vendor: &str, family: u32, model: u32, stepping: Option<u32>) -> Option<Identity> {
    let found = rows().find(|row| {
        row.vendor == vendor
            && is_among(family, row.family)
            && is_among(model, row.models)
            && match stepping {
                Some(stepping) => is_among(stepping, row.steppings),
                None => true,
            }
    })?;
    identity(found.architecture, found.code_name)
}

struct Row<'a> {
    vendor: &'a str,
    family: &'a str,
    models: &'a str,
    steppings: &'a str,
    architecture: &'a str,
    code_name: &'a str,
}

fn rows() -> impl Iterator<Item = Row<'static>> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Row {
            vendor: columns.next()?,
            family: columns.next()?,
            models: columns.next()?,
            steppings: columns.next()?,
            architecture: columns.next()?,
            code_name: columns.next()?,
        })
    })
}

/// Whether a number is in a list such as `0-f,20-5f`.
fn is_among(number: u32, list: &str) -> bool {
    let hexadecimal = |text: &str| u32::from_str_radix(text, 16).ok();
    list == "*"
        || list.split(',').any(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            match (hexadecimal(first), hexadecimal(last)) {
                (Some(first), Some(last)) => (first..=last).contains(&number),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(rows().count(), lines.count());
        for (_, architecture, code_name) in NAMES {
            assert!(
                identity(architecture, code_name).is_some(),
                "{architecture}"
            );
        }
        for row in rows() {
            for list in [row.family, row.models, row.steppings] {
                let numbers = list.split([',', '-']);
                let is_list = list == "*"
                    || numbers
                        .map(|text| u32::from_str_radix(text, 16))
                        .all(|number| number.is_ok());
                assert!(is_list, "{list}");
            }
            let known = identity(row.architecture, row.code_name);
            assert!(known.is_some(), "there is no {}", row.architecture);
        }
    }

    #[test]
    fn no_line_hides_another() {
        for (at, row) in rows().enumerate() {
            let first = |list: &str| {
                let first = list.split([',', '-']).next().unwrap_or_default();
                u32::from_str_radix(first, 16).unwrap_or(0)
            };
            let found = rows().position(|other| {
                other.vendor == row.vendor
                    && is_among(first(row.family), other.family)
                    && is_among(first(row.models), other.models)
                    && is_among(first(row.steppings), other.steppings)
            });
            assert_eq!(found, Some(at), "{} {}", row.code_name, row.models);
        }
    }

    #[test]
    fn one_number_for_three_generations() {
        for (stepping, expected) in [
            (4, "skylake_avx512"),
            (7, "cascadelake"),
            (11, "cooperlake"),
        ] {
            let found = look_up("GenuineIntel", 6, 0x55, Some(stepping));
            assert_eq!(found.map(|it| it.architecture.name()), Some(expected));
        }
    }

    #[test]
    fn power_by_its_name() {
        let of = |name: &str, family| {
            let signature = Signature::Name(name.to_owned());
            identify(&signature, Some(family)).map(|it| it.architecture.name())
        };
        assert_eq!(of("POWER8NVL (raw)", Family::Ppc64le), Some("power8le"));
        assert_eq!(of("POWER10, altivec", Family::Ppc64), Some("power10"));
        assert_eq!(of("POWER6", Family::Ppc64), None);
        assert_eq!(of("POWER99999999999", Family::Ppc64), None);
    }
}
