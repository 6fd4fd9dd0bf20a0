//! The table of microarchitectures.

use std::fmt;
use std::sync::LazyLock;

use super::{Compiler, Family, Feature, FeatureSet, Version, VersionRange};

/// What some versions of a compiler have to be told to compile for a microarchitecture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Support {
    /// The compiler.
    pub compiler: Compiler,
    /// Its versions.
    pub versions: VersionRange,
    /// The options for it.
    pub options: &'static str,
}

impl Support {
    /// The processor that the options name, if they add no instructions to it.
    fn name(&self) -> Option<&'static str> {
        let mut options = self.options.split(' ');
        let first = options.next()?;
        let name = first
            .strip_prefix("-march=")
            .or(first.strip_prefix("-mcpu="))?;
        let is_tuning = |option: &str| {
            let tuned = option.strip_prefix("-mtune=");
            tuned == Some("generic")
                || tuned == Some(name)
                || option.starts_with("-msve-vector-bits=")
        };
        let plain = !name.contains(['+', '_']) && options.all(is_tuning);
        plain.then_some(name)
    }
}

/// A microarchitecture, or a generic level such as `x86_64_v3`: what its processors can do.
///
/// Two are equal if they are the same entry of the table.
pub struct Microarchitecture {
    name: &'static str,
    family: Family,
    vendor: &'static str,
    parents: Vec<&'static str>,
    features: FeatureSet,
    /// What compilers enable for its name beyond `features`, and what of them they do not.
    beyond: FeatureSet,
    unused: FeatureSet,
    nixpkgs: bool,
    generation: Option<u32>,
    part: Option<u32>,
    support: Vec<Support>,
}

static TABLE: LazyLock<Vec<Microarchitecture>> =
    LazyLock::new(|| read(include_str!("../../data/microarchitectures.txt")));

impl Microarchitecture {
    /// The whole table: generic levels before those that have all of their features, relatives
    /// together from old to new.
    pub fn all() -> &'static [Self] {
        &TABLE
    }

    /// The microarchitecture called `name`: as in this table, after archspec (`zen3`,
    /// `skylake_avx512`, `x86_64_v3`), as the newest compilers call it (`znver3`,
    /// `skylake-avx512`, `x86-64-v3`), or as old ones do (`corei7-avx`). The name is taken as it
    /// stands, case included.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        let called = |find: &dyn Fn(&Self) -> bool| TABLE.iter().find(|it| find(it));
        called(&|it| it.name == name)
            .or_else(|| called(&|it| it.compiler_name() == Some(name)))
            .or_else(|| called(&|it| it.support.iter().any(|it| it.name() == Some(name))))
    }

    /// Its name, after archspec.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The family whose generic code it runs.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Who makes it: the `vendor_id` of x86 (`AuthenticAMD`), a company's name elsewhere, and
    /// `generic` for levels that no single vendor defines.
    pub fn vendor(&self) -> &'static str {
        self.vendor
    }

    /// Whether it is a level that processors of several vendors reach.
    pub fn is_generic(&self) -> bool {
        self.vendor == "generic"
    }

    /// Those that it has every feature of, without those in between.
    pub fn parents(&self) -> impl Iterator<Item = &'static Self> {
        self.parents.iter().filter_map(|name| Self::by_name(name))
    }

    /// Every microarchitecture that it has every feature of by descent, itself included, in the
    /// table's order. Cost: linear in the edges above it.
    pub fn ancestors(&'static self) -> Vec<&'static Self> {
        let mut names = vec![self.name];
        let mut next = 0;
        while let Some(name) = names.get(next) {
            next += 1;
            for parent in Self::by_name(name).into_iter().flat_map(Self::parents) {
                if !names.contains(&parent.name) {
                    names.push(parent.name);
                }
            }
        }
        TABLE.iter().filter(|it| names.contains(&it.name)).collect()
    }

    /// What its processors have when no hypervisor and no firmware hides anything, as far as it is
    /// in the vocabulary. Empty where the kernel does not tell features (POWER, RISC-V).
    ///
    /// To recognise a processor ask for the [`hard`](FeatureSet::hard) ones: soft ones are the
    /// first that hypervisors hide.
    pub fn features(&self) -> FeatureSet {
        self.features
    }

    /// What compilers may use in code for it: what gcc and LLVM enable for its
    /// [name](Self::compiler_name). Empty where that is not known (POWER, RISC-V), and where no
    /// compiler knows it.
    ///
    /// It is close to [`Self::features`] and not the same: gcc enables HLE for `skylake`, which
    /// microcode has taken from its processors since, and no AES for `haswell`.
    pub fn compiled(&self) -> FeatureSet {
        if self.compiler_name().is_none() {
            return FeatureSet::default();
        }
        (self.features | self.beyond) - self.unused
    }

    /// Its name as nixpkgs' `gcc.arch`, if nixpkgs knows it (`lib.systems.architectures`).
    pub fn nixpkgs_name(&self) -> Option<&'static str> {
        self.compiler_name().filter(|_| self.nixpkgs)
    }

    /// The generation of a POWER processor.
    pub fn generation(&self) -> Option<u32> {
        self.generation
    }

    /// The part number in the main id register of an aarch64 processor, `CPU part` in
    /// `/proc/cpuinfo`. Unique only together with the implementer.
    pub fn part(&self) -> Option<u32> {
        self.part
    }

    /// What compilers have to be told to compile for it, oldest first for each.
    pub fn support(&self) -> &[Support] {
        &self.support
    }

    /// The options that make `version` of `compiler` compile for it: those of the latest range that
    /// holds the version. None where that version cannot.
    pub fn options(&self, compiler: Compiler, version: Version) -> Option<&'static str> {
        self.support_in(compiler, version).map(|it| it.options)
    }

    /// What the newest compilers call it: the value of `-march`, or of `-mcpu` where that says both
    /// the instructions and the scheduling. None where none has a name of its own for it.
    pub fn compiler_name(&self) -> Option<&'static str> {
        let newest = |compiler| {
            self.support
                .iter()
                .filter(|it| it.compiler == compiler && it.versions.is_open())
                .max_by_key(|it| it.versions.from())?
                .name()
        };
        newest(Compiler::Gcc).or_else(|| newest(Compiler::Clang))
    }

    /// What `version` of `compiler` calls it; none where that version has no name of its own for it,
    /// even though it may be told by [`options`](Self::options) to come near.
    pub fn name_in(&self, compiler: Compiler, version: Version) -> Option<&'static str> {
        let name = self.support_in(compiler, version)?.name()?;
        let is_own = self.compiler_name() == Some(name) || Self::by_name(name) == Some(self);
        is_own.then_some(name)
    }

    /// The first version of `compiler` that has a name of its own for it.
    pub fn since(&self, compiler: Compiler) -> Option<Version> {
        self.support
            .iter()
            .filter(|it| it.compiler == compiler)
            .map(|it| it.versions.from())
            .filter(|&version| self.name_in(compiler, version).is_some())
            .min()
    }

    fn support_in(&self, compiler: Compiler, version: Version) -> Option<&Support> {
        self.support
            .iter()
            .filter(|it| it.compiler == compiler && it.versions.contains(version))
            .max_by_key(|it| it.versions.from())
    }
}

impl PartialEq for Microarchitecture {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Microarchitecture {}

impl fmt::Display for Microarchitecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl fmt::Debug for Microarchitecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Reads the table. It is part of the crate and the tests read all of it, so a mistake in it is a
/// bug that does not get past them.
fn read(text: &'static str) -> Vec<Microarchitecture> {
    let mut table: Vec<Microarchitecture> = Vec::new();
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, rest) = line
            .trim_start()
            .split_once(' ')
            .unwrap_or((line.trim_start(), ""));
        if !line.starts_with(' ') {
            let (family, vendor) = rest.split_once(' ').expect("a family and a vendor");
            table.push(Microarchitecture {
                name: key,
                family: Family::from_name(family).expect("a family"),
                vendor,
                parents: Vec::new(),
                features: FeatureSet::default(),
                beyond: FeatureSet::default(),
                unused: FeatureSet::default(),
                nixpkgs: false,
                generation: None,
                part: None,
                support: Vec::new(),
            });
            continue;
        }
        let entry = table.last_mut().expect("a heading first");
        match key {
            "parents" => entry.parents = rest.split(' ').collect(),
            "features" => entry.features = rest.split(' ').map(feature).collect(),
            "compiled" => {
                for word in rest.split(' ') {
                    let (sign, name) = word.split_at(1);
                    match sign {
                        "+" => entry.beyond.extend([feature(name)]),
                        "-" => entry.unused.extend([feature(name)]),
                        _ => unreachable!("no sign: {word}"),
                    }
                }
            }
            "nixpkgs" => entry.nixpkgs = true,
            "generation" => entry.generation = Some(rest.parse().expect("a generation")),
            "part" => {
                let digits = rest.trim_start_matches("0x");
                entry.part = Some(u32::from_str_radix(digits, 16).expect("a part number"));
            }
            "gcc" | "clang" => {
                let (versions, options) = rest.split_once(' ').expect("a range and options");
                entry.support.push(Support {
                    compiler: if key == "gcc" {
                        Compiler::Gcc
                    } else {
                        Compiler::Clang
                    },
                    versions: versions.parse().expect("a range of versions"),
                    options,
                });
            }
            _ => unreachable!("no key: {key}"),
        }
    }
    inherit(&mut table);
    table
}

fn feature(name: &str) -> Feature {
    Feature::from_name(name).expect("a feature's name")
}

/// Adds to each entry the features of its ancestors: one round more than there are generations.
fn inherit(table: &mut [Microarchitecture]) {
    loop {
        let mut changed = false;
        for index in 0..table.len() {
            let inherited = table[index]
                .parents
                .iter()
                .map(|&parent| {
                    let parent = table.iter().find(|it| it.name == parent);
                    parent.expect("a parent in the table").features
                })
                .fold(table[index].features, |all, features| all | features);
            changed |= inherited != table[index].features;
            table[index].features = inherited;
        }
        if !changed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_edge_is_a_superset_within_a_family() {
        let mut edges = 0;
        for it in Microarchitecture::all() {
            assert_eq!(it.parents().count(), it.parents.len(), "{it}");
            for parent in it.parents() {
                edges += 1;
                assert!(parent.features.is_subset(it.features), "{it} < {parent}");
                assert_eq!(it.family, parent.family, "{it} < {parent}");
                assert!(!parent.ancestors().contains(&it), "{it} is above itself");
            }
        }
        assert!(edges >= 90, "{edges}");
    }

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = TABLE.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), TABLE.len());
        assert!(TABLE.len() >= 73);
    }

    #[test]
    fn lookup() {
        for (name, found) in [
            ("zen3", "zen3"),
            ("znver3", "zen3"),
            ("skylake-avx512", "skylake_avx512"),
            ("icelake-client", "icelake"),
            ("x86-64-v3", "x86_64_v3"),
            ("corei7-avx", "sandybridge"),
            ("atom", "bonnell"),
            ("apple-m1", "m1"),
            ("power9", "power9"),
        ] {
            assert_eq!(
                Microarchitecture::by_name(name).map(|it| it.name),
                Some(found),
                "{name}"
            );
        }
        assert_eq!(Microarchitecture::by_name("native"), None);
    }

    #[test]
    fn options_of_compilers() {
        let check = |name: &str, version: &str, expected: Option<&str>| {
            let it = Microarchitecture::by_name(name).unwrap();
            assert_eq!(
                it.options(Compiler::Gcc, version.parse().unwrap()),
                expected,
                "{name}"
            );
        };
        check("zen3", "12.2.0", Some("-march=znver3 -mtune=znver3"));
        check("zen3", "9.3", None);
        check("zen4", "12.3.0", Some("-march=znver4 -mtune=znver4"));
        check("m1", "15.1", Some("-mcpu=apple-m1"));
        let zen4 = Microarchitecture::by_name("zen4").unwrap();
        let fallback = zen4.options(Compiler::Gcc, Version::new(12, 2, 0)).unwrap();
        assert!(fallback.starts_with("-march=znver3 -mtune=znver3 -mavx512f"));
    }
}
