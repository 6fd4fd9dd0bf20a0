//! What classification and estimation look at: a derivation's names, kind and build system.

use drv_graph::{Derivation, DerivationGraph, DrvId, split_name};

pub use crate::build_signs::{BuildSigns, ENV_KEYS};

/// What a derivation does, as far as its cost is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Builds something from sources.
    #[default]
    Build,
    /// Fetches a fixed output.
    Fetch,
    /// Says `preferLocalBuild`: nixpkgs marks with it what is quicker to build than to copy.
    Local,
    /// Wraps one of its inputs, which has its name, and has no sources of its own.
    Wrapper,
    /// A hook, wrapper script, `stdenv`, `*-env` or desktop file, by its name.
    Glue,
}

impl Kind {
    /// The class whose limits such a derivation falls under.
    pub fn class(self) -> JobClass {
        match self {
            Self::Build => JobClass::Build,
            Self::Fetch => JobClass::Fetch,
            Self::Local | Self::Wrapper | Self::Glue => JobClass::Trivial,
        }
    }
}

/// The three classes of jobs: only [`Build`](Self::Build) is subject to rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobClass {
    /// Compiles; its tier is found by rules.
    Build,
    /// Waits for the network.
    Fetch,
    /// Takes about a second.
    Trivial,
}

/// The build systems, found among a derivation's inputs, that use all the cores they are given
/// whether or not the package says `enableParallelBuilding`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BuildSystems(u16);

impl BuildSystems {
    /// `ninja`: nixpkgs' hook passes `-j$NIX_BUILD_CORES`, ninja alone takes every core.
    pub const NINJA: Self = Self(1);
    /// `meson`: its hook builds with ninja, or turns `enableParallelBuilding` on.
    pub const MESON: Self = Self(1 << 1);
    /// `cmake` from 3.14 on, whose hook turns `enableParallelBuilding` on.
    pub const CMAKE: Self = Self(1 << 2);
    /// `cargo` and `rustc`: `-j$NIX_BUILD_CORES`, and code generation units.
    pub const CARGO: Self = Self(1 << 3);
    /// `go`: `GOMAXPROCS` packages at a time.
    pub const GO: Self = Self(1 << 4);
    /// `bazel`: `--jobs` from the cores.
    pub const BAZEL: Self = Self(1 << 5);
    /// NVIDIA's compiler: it is not a build system, but each of its threads takes gigabytes.
    pub const CUDA: Self = Self(1 << 6);

    /// What an input of that name, e.g. `cmake-3.31.3`, brings.
    pub fn of_input(name: &str) -> Self {
        let (pname, version) = split_name(name);
        match pname {
            "ninja" | "samurai" => Self::NINJA,
            "meson" => Self::MESON,
            "cmake" | "cmake-minimal" if at_least(version, [3, 14]) => Self::CMAKE,
            "cargo" | "rustc" | "rustc-wrapper" | "auditable-cargo" | "cargo-auditable" => {
                Self::CARGO
            }
            "go" => Self::GO,
            "bazel" => Self::BAZEL,
            "cuda_nvcc" | "cudatoolkit" | "cuda-merged" => Self::CUDA,
            _ => Self::default(),
        }
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every build system of `other` is among these.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one of them runs in parallel by itself.
    pub const fn parallel(self) -> bool {
        self.0 & !Self::CUDA.0 != 0
    }
}

/// A derivation as rules and estimates see it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Subject<'a> {
    /// The derivation's name, e.g. `python3-3.13.1`.
    pub name: &'a str,
    /// Its `pname`, or else the name without its version: `python3`.
    pub pname: &'a str,
    /// Its version: what follows the name, or empty.
    pub version: &'a str,
    /// Its attribute path, e.g. `python313`, where that is known.
    pub attribute: Option<&'a str>,
    /// What it does.
    pub kind: Kind,
    /// Whether it sets `enableParallelBuilding`.
    pub parallel_building: bool,
    /// What its direct inputs say of its build system.
    pub build_systems: BuildSystems,
    /// What its environment says of PGO, LTO and tests.
    pub signs: BuildSigns,
}

impl<'a> Subject<'a> {
    /// A subject of which only the name is known; [`Kind::Glue`] where the name shows that.
    ///
    /// ```
    /// use tier_planner::subject::Subject;
    ///
    /// let subject = Subject::named("gcc-wrapper-13.3.0");
    /// assert_eq!((subject.pname, subject.version), ("gcc-wrapper", "13.3.0"));
    /// ```
    pub fn named(name: &'a str) -> Self {
        let (pname, version) = split_name(name);
        Self {
            name,
            pname,
            version,
            kind: if is_glue(name) {
                Kind::Glue
            } else {
                Kind::Build
            },
            ..Self::default()
        }
    }

    /// What a derivation says of itself, as far as [its attributes](ENV_KEYS) were kept. Its
    /// inputs and attribute are left out: [`subjects`] knows them.
    pub fn of(derivation: &'a Derivation) -> Self {
        let mut subject = Self::named(derivation.name()).with_pname(Some(derivation.pname()));
        subject.version = derivation.version();
        subject.parallel_building = derivation.enable_parallel_building() == Some(true);
        if derivation.is_fixed_output() {
            subject.kind = Kind::Fetch;
        } else if derivation.prefer_local_build() == Some(true) {
            subject.kind = Kind::Local;
        }
        subject.signs = BuildSigns::of(derivation, subject.bare_pname(), subject.language());
        subject
    }

    /// With its declared `pname`, which nixpkgs has had for most packages since 2019.
    #[must_use]
    pub fn with_pname(mut self, pname: Option<&'a str>) -> Self {
        if let Some(pname) = pname.filter(|pname| !pname.is_empty()) {
            self.pname = pname;
            let rest = self.name.strip_prefix(pname);
            if let Some(version) = rest.and_then(|rest| rest.strip_prefix('-')) {
                self.version = version;
            }
            if self.kind == Kind::Build && is_glue(pname) {
                self.kind = Kind::Glue;
            }
        }
        self
    }

    /// The `pname` without the prefix that nixpkgs gives to the packages of a language
    /// (`python3.13-requests`, `perl5.40.0-URI`, `ruby3.3-mustache`, `rust_libc`) and without the
    /// `-unwrapped` of what a wrapper wraps.
    pub fn bare_pname(&self) -> &'a str {
        let pname = self.pname.strip_suffix("-unwrapped").unwrap_or(self.pname);
        Language::of(pname).map_or(pname, |(_, bare)| bare)
    }

    /// The name before the digits of a version, and such digits: `python` and `3` of `python3`.
    pub(crate) fn stem(&self) -> (&'a str, &'a str) {
        let package = self.pname.strip_suffix("-unwrapped").unwrap_or(self.pname);
        let stem = package.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        package.split_at(stem.len())
    }

    /// Whether an attribute of that name would stand for it in nixpkgs: the name before the digits,
    /// and the beginning of the version, as `python313` for `python3` at 3.13 or `nodejs_22`.
    ///
    /// ```
    /// use tier_planner::subject::Subject;
    ///
    /// assert!(Subject::named("python3-3.13.1").is_attribute_like("python313"));
    /// assert!(!Subject::named("python3-3.13.1").is_attribute_like("python312"));
    /// ```
    pub fn is_attribute_like(&self, attribute: &str) -> bool {
        let (stem, own) = self.stem();
        let digits = attribute.strip_prefix(stem);
        digits.is_some_and(|digits| !digits.is_empty() && is_version(digits, own, self.version))
    }

    /// The language whose package set this is from, by the prefix of its name.
    pub fn language(&self) -> Option<Language> {
        Language::of(self.pname)
            .or_else(|| Language::of(self.name))
            .map(|(language, _)| language)
    }
}

/// Every derivation of a graph as a subject, in the order of the graph; `attribute` gives the
/// attribute path of those for which it is known. O(n + e).
pub fn subjects<'g>(
    graph: &'g DerivationGraph,
    attribute: impl Fn(DrvId) -> Option<&'g str>,
) -> Vec<Subject<'g>> {
    let as_inputs: Vec<AsInput<'_>> = graph
        .iter()
        .map(|(_, derivation)| AsInput::of(derivation))
        .collect();
    graph
        .iter()
        .map(|(id, derivation)| {
            let mut subject = Subject::of(derivation);
            subject.attribute = attribute(id);
            subject.build_systems = graph
                .inputs(id)
                .map(|input| as_inputs[input.id.index()].brings)
                .fold(BuildSystems::default(), BuildSystems::and);
            let inputs = || graph.inputs(id).map(|input| &as_inputs[input.id.index()]);
            if subject.kind == Kind::Build && is_wrapper(derivation, &subject, inputs) {
                subject.kind = Kind::Wrapper;
            }
            subject
        })
        .collect()
}

/// What a derivation is to those that need it; there are many times more edges than derivations.
struct AsInput<'g> {
    name: &'g str,
    /// What it is the `…-unwrapped` of.
    unwrapped: Option<&'g str>,
    is_fixed_output: bool,
    brings: BuildSystems,
}

impl<'g> AsInput<'g> {
    fn of(derivation: &'g Derivation) -> Self {
        let name = derivation.name();
        Self {
            name,
            unwrapped: derivation.pname().strip_suffix("-unwrapped"),
            is_fixed_output: derivation.is_fixed_output(),
            brings: BuildSystems::of_input(name),
        }
    }
}

/// Whether a derivation has no sources of its own, fetched or from the evaluation's files, and has
/// the name of one of its inputs: in nixpkgs chromium wraps `chromium-…`, and firefox and neovim
/// wrap `…-unwrapped`. Without sources alone is not enough: a small package set may write its
/// sources into the derivation.
fn is_wrapper<'i, 'g: 'i, I: Iterator<Item = &'i AsInput<'g>>>(
    derivation: &Derivation,
    subject: &Subject<'_>,
    inputs: impl Fn() -> I,
) -> bool {
    let is_small = |name: &str| {
        let ends = [
            ".sh", ".patch", ".diff", ".py", ".pl", ".nix", ".conf", ".desktop", "-hook",
        ];
        ends.iter().any(|end| name.ends_with(end))
    };
    let wraps =
        |input: &AsInput<'_>| input.name == subject.name || input.unwrapped == Some(subject.pname);
    inputs().any(|input| !input.is_fixed_output && wraps(input))
        && inputs().all(|input| !input.is_fixed_output || is_small(input.name))
        && derivation
            .input_sources()
            .iter()
            .all(|source| is_small(source.name()))
}

/// A language whose packages nixpkgs names with a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// `python3.13-…`, `python2.7-…`.
    Python,
    /// `perl5.40.0-…`, `perl-…`.
    Perl,
    /// `ruby3.3-…`.
    Ruby,
    /// `rust_…`: one crate, as carnix and crate2nix build them.
    Rust,
    /// `lua5.2-…`, `luajit2.1-…`.
    Lua,
    /// `ocaml4.14-…`, `ocaml5.2.1-…`.
    Ocaml,
}

impl Language {
    /// In lower case, as in origins and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Perl => "perl",
            Self::Ruby => "ruby",
            Self::Rust => "rust",
            Self::Lua => "lua",
            Self::Ocaml => "ocaml",
        }
    }

    fn of(pname: &str) -> Option<(Self, &str)> {
        if let Some(bare) = pname.strip_prefix("rust_") {
            return Some((Self::Rust, bare));
        }
        let (prefix, bare) = pname.split_once('-')?;
        if !bare.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        // The dot tells a module for an interpreter (`python3.13-…`) from a variant of the
        // interpreter itself (`python3-minimal`).
        let is_versioned = prefix.contains('.');
        let language = match prefix.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "python" | "pypy" if is_versioned => Self::Python,
            "perl" if is_versioned || prefix == "perl" => Self::Perl,
            "ruby" if is_versioned => Self::Ruby,
            "lua" | "luajit" if is_versioned => Self::Lua,
            "ocaml" if is_versioned => Self::Ocaml,
            _ => return None,
        };
        Some((language, bare))
    }
}

/// Whether `version` is at least `major.minor`; versions that are not numbers are not.
fn at_least(version: &str, minimum: [u32; 2]) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => [major, minor] >= minimum,
        (Some(Ok(major)), None) => [major, 0] >= minimum,
        _ => false,
    }
}

/// Names of what nixpkgs assembles from finished parts. The list is short on purpose: a build
/// taken for glue breaks a plan, glue taken for a build costs it a minute.
fn is_glue(name: &str) -> bool {
    let (pname, _) = split_name(name);
    let any = |ends: &[&str], of: &str| ends.iter().any(|end| of.ends_with(end));
    matches!(
        pname,
        "hook" | "stdenv" | "stdenv-linux" | "stdenv-linux-boot" | "stdenv-darwin"
    ) || any(&["-wrapper", "-hook", "-setup-hook"], pname)
        || any(
            &[
                "-env",
                ".desktop",
                ".patch",
                "-hook.sh",
                "-wrapper.sh",
                ".conf",
            ],
            name,
        )
}

/// Whether `digits`, from the end of an attribute's name, are the beginning of `version`: run
/// together as in `python313` (3 or 3.13) or apart as in `nodejs_22` and `go_1_23`. `own` are
/// digits at the end of the package's name (the 3 of `python3`), which the attribute has only once.
pub(crate) fn is_version(digits: &str, own: &str, version: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = version.split(['.', '-', '_', '+']);
    if let Some(apart) = digits.strip_prefix('_') {
        return own.is_empty()
            && apart
                .split('_')
                .all(|wanted| is_number(wanted) && parts.next() == Some(wanted));
    }
    let mut number = || parts.next().filter(|part| is_number(part));
    let Some(major) = number() else { return false };
    match digits.strip_prefix(major) {
        _ if !digits.starts_with(own) => false,
        Some("") => true,
        Some(rest) => number() == Some(rest),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glue_is_known_by_its_name() {
        for name in [
            "gcc-wrapper-13.3.0",
            "hook",
            "stdenv-linux",
            "python3-3.13.1-env",
            "firefox.desktop",
            "locales-setup-hook.sh",
            "auto-patchelf-hook",
        ] {
            assert_eq!(Subject::named(name).kind, Kind::Glue, "{name}");
        }
        for name in [
            "gcc-13.3.0",
            "firefox-unwrapped-128.0",
            "hooks-1.0",
            "direnv-2.35.0",
        ] {
            assert_eq!(Subject::named(name).kind, Kind::Build, "{name}");
        }
    }

    #[test]
    fn languages_are_known_by_their_prefix() {
        let of = |name| {
            let subject = Subject::named(name);
            (subject.language().map(Language::name), subject.bare_pname())
        };
        assert_eq!(
            of("python3.13-requests-2.32.3"),
            (Some("python"), "requests")
        );
        assert_eq!(of("perl-XML-Parser-2.41"), (Some("perl"), "XML-Parser"));
        assert_eq!(of("ruby2.4.4-hpricot-0.8.6"), (Some("ruby"), "hpricot"));
        assert_eq!(of("rust_libc-0.2.33"), (Some("rust"), "libc"));
        assert_eq!(of("firefox-unwrapped-59.0.2"), (None, "firefox"));
        assert_eq!(of("python3-3.6.5"), (None, "python3"));
        assert_eq!(of("python3-minimal-3.13.9"), (None, "python3-minimal"));
    }

    #[test]
    fn inputs_tell_the_build_system() {
        let cmake = |name| BuildSystems::of_input(name).parallel();
        assert!(cmake("cmake-3.31.3"));
        assert!(cmake("cmake-4.0"));
        assert!(!cmake("cmake-3.10.2"));
        assert!(!BuildSystems::of_input("cuda_nvcc-12.8.93").parallel());
        let both = BuildSystems::NINJA.and(BuildSystems::CUDA);
        assert!(both.has(BuildSystems::CUDA) && both.parallel());
    }
}
