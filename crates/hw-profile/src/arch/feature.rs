//! The vocabulary of instruction-set features.

use std::fmt;
use std::sync::LazyLock;

use super::{Family, FeatureSet, Version};

/// A feature of an instruction set, such as `avx2`, named as `/proc/cpuinfo` does.
///
/// The vocabulary is closed: flags that no compiler can make use of, such as `constant_tsc`, are
/// none of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feature(pub(super) u8);

/// Why code that was compiled for a processor with a feature runs on one without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Softness {
    /// Processors without it take its instructions for no-operations: hints such as `prefetchw`,
    /// and the prefixes of `hle`.
    Ignored,
    /// Only the kernel may use it, and the kernel asks the processor first.
    Privileged,
    /// No compiler uses it by itself, and programs that do ask the processor or the kernel at run
    /// time first.
    OnRequest,
}

/// One line of `data/features.txt`.
struct Row {
    name: &'static str,
    gcc: Option<(&'static str, Version)>,
    rust: Option<&'static str>,
    softness: Option<Softness>,
    aliases: Vec<&'static str>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let rows: Vec<_> = include_str!("../../data/features.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(row)
        .collect();
    assert!(rows.len() <= FeatureSet::CAPACITY, "too many features");
    rows
});

fn row(line: &'static str) -> Row {
    let mut columns = line.split_whitespace();
    let mut column = || columns.next().filter(|&text| text != "-");
    let name = column().expect("a feature has a name");
    let gcc = column().map(|text| match text.split_once('@') {
        Some((name, since)) => (name, since.parse().expect("a version")),
        None => (text, Version::default()),
    });
    Row {
        name,
        gcc,
        rust: column(),
        softness: column().map(|text| match text {
            "ignored" => Softness::Ignored,
            "kernel" => Softness::Privileged,
            "request" => Softness::OnRequest,
            _ => unreachable!("no kind of softness: {text}"),
        }),
        aliases: column().map_or_else(Vec::new, |text| text.split(',').collect()),
    }
}

impl Feature {
    /// Every feature of the vocabulary: x86 first, each family from old to new.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ROWS.len()).map(|index| Self(index as u8))
    }

    /// The feature that the kernel, gcc, rustc or common usage calls `name` (`sse4_2`, `sse4.2`,
    /// `SSE4.2`). The kernel's spelling wins where two of them clash.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let is = |spelling: &str| spells(spelling, name);
        let find = |matches: &dyn Fn(&Row) -> bool| ROWS.iter().position(matches);
        find(&|row| is(row.name))
            .or_else(|| find(&|row| row.gcc.is_some_and(|(gcc, _)| is(gcc))))
            .or_else(|| find(&|row| row.rust.is_some_and(is)))
            .or_else(|| find(&|row| row.aliases.iter().copied().any(is)))
            .map(|index| Self(index as u8))
    }

    /// Its name in `/proc/cpuinfo`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// gcc's and clang's option for it, as in `-msse4.2`; none where they have none of its own.
    pub fn gcc_option(self) -> Option<String> {
        self.row().gcc.map(|(name, _)| format!("-m{name}"))
    }

    /// The first gcc with that option where that is 8 or later, else zero.
    pub fn gcc_since(self) -> Version {
        self.row()
            .gcc
            .map_or(Version::default(), |(_, since)| since)
    }

    /// rustc's name for it on processors of a family, as in `-C target-feature=+sse4.2`; none where
    /// it has no stable one.
    pub fn rust_name(self, family: Family) -> Option<&'static str> {
        // On aarch64 they come with `sha3` and `sm4`.
        let implied = family == Family::Aarch64 && matches!(self.name(), "sha512" | "sm3");
        self.row().rust.filter(|_| !implied)
    }

    /// Why code compiled for it runs without it; none where it does not.
    pub fn softness(self) -> Option<Softness> {
        self.row().softness
    }

    fn row(self) -> &'static Row {
        &ROWS[usize::from(self.0)]
    }
}

/// Whether `spelling` and `name` differ at most in case and in `.`, `-` and `_`.
fn spells(spelling: &str, name: &str) -> bool {
    let plain = |byte: u8| match byte {
        b'.' | b'-' => b'_',
        _ => byte.to_ascii_lowercase(),
    };
    spelling.len() == name.len() && spelling.bytes().map(plain).eq(name.bytes().map(plain))
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_vocabulary_names_nothing_twice() {
        let names: BTreeSet<_> = Feature::all().map(Feature::name).collect();
        assert_eq!(names.len(), ROWS.len());
        for feature in Feature::all() {
            assert_eq!(Feature::from_name(feature.name()), Some(feature));
        }
    }

    #[test]
    fn spellings() {
        for (name, feature) in [
            ("sse3", "pni"),
            ("SSE4.2", "sse4_2"),
            ("AES-NI", "aes"),
            ("lzcnt", "abm"),
            ("avx512vnni", "avx512_vnni"),
            ("cmpxchg16b", "cx16"),
            ("neon", "asimd"),
            ("AVX1.0", "avx"),
        ] {
            let found = Feature::from_name(name).map(Feature::name);
            assert_eq!(found, Some(feature), "{name}");
        }
        assert_eq!(Feature::from_name("constant_tsc"), None);
        assert_eq!(Feature::from_name(""), None);
    }
}
