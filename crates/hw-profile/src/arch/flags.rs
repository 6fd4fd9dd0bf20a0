//! What to tell compilers and Nix, so that code runs where it should.

use super::{Compiler, Family, Feature, FeatureSet, Microarchitecture, Version};

/// The versions of the compilers that flags are for. One that is not said is taken to be new
/// enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Toolchain {
    /// gcc's version: `gcc -dumpfullversion`.
    pub gcc: Option<Version>,
    /// clang's version.
    pub clang: Option<Version>,
    /// The version of the LLVM in rustc: `LLVM version` of `rustc -vV`.
    pub rustc_llvm: Option<Version>,
    /// Go's version: `go env GOVERSION` without `go`.
    pub go: Option<Version>,
}

/// A compiler that has to know a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tool {
    /// GNU's compilers.
    Gcc,
    /// clang.
    Clang,
    /// rustc, with the version of its LLVM.
    Rustc,
    /// Go.
    Go,
}

impl std::fmt::Display for Tool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
            Self::Rustc => "rustc on LLVM",
            Self::Go => "go",
        })
    }
}

/// Why there are no flags.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FlagsError {
    /// No architecture has this name.
    #[error("`{name}` is no architecture that is known here")]
    UnknownArchitecture {
        /// The name.
        name: String,
    },
    /// `native`: another architecture on every machine.
    #[error("`native` is another architecture on every machine")]
    Native,
    /// It is in the table, and no compiler has a name for it.
    #[error("no compiler has a name for `{target}`")]
    NoCompiler {
        /// The microarchitecture.
        target: &'static str,
    },
    /// The compiler is too old.
    #[error("{tool} {version} does not know `{name}`{}", known_since(*.since))]
    NotKnown {
        /// What it does not know.
        name: &'static str,
        /// The compiler.
        tool: Tool,
        /// Its version.
        version: Version,
        /// The first version that knows it; none where none does.
        since: Option<Version>,
        /// What that version may be told instead, to come near.
        instead: Option<&'static str>,
    },
}

fn known_since(since: Option<Version>) -> String {
    since.map_or_else(String::new, |since| format!("; {since} does"))
}

impl FlagsError {
    /// The stable name of the problem, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownArchitecture { .. } => "unknown-architecture",
            Self::Native => "native-architecture",
            Self::NoCompiler { .. } => "no-compiler",
            Self::NotKnown { .. } => "architecture-not-known",
        }
    }

    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownArchitecture { .. } => {
                "use a name of gcc's -march, such as `x86-64-v3` or `znver3`".to_owned()
            }
            Self::Native => {
                "name the architecture: what is built for `native` cannot be shared, and Nix' sandbox may build it elsewhere".to_owned()
            }
            Self::NoCompiler { .. } => "use the generic level of its family".to_owned(),
            Self::NotKnown { instead, .. } => match instead {
                Some(options) => format!("use a newer compiler, or `{options}`"),
                None => "use a newer compiler, or an older architecture".to_owned(),
            },
        }
    }
}

/// What to tell compilers and Nix to compile for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flags {
    /// `CFLAGS` and `CXXFLAGS`, for gcc and clang.
    pub cflags: Vec<String>,
    /// `RUSTFLAGS`.
    pub rustflags: Vec<String>,
    /// `GOAMD64`; none for other families.
    pub goamd64: Option<&'static str>,
    /// nixpkgs' `hostPlatform.gcc.arch`; none where nixpkgs does not know the target.
    pub gcc_arch: Option<&'static str>,
    /// nixpkgs' `hostPlatform.gcc.tune`; none where `gcc_arch` is.
    pub gcc_tune: Option<&'static str>,
    /// The system feature that nixpkgs then asks of every builder, `gccarch-…`.
    pub system_feature: Option<String>,
}

impl Microarchitecture {
    /// What to tell compilers and Nix to compile for this, scheduled for `tune` (by default for
    /// this), with `extra` features allowed beyond it.
    ///
    /// A generic level has no scheduling of its own, and compilers refuse its name there: it becomes
    /// `generic`. Of the extra features those are left out that `cflags` or `rustflags` have no
    /// option for.
    ///
    /// # Errors
    ///
    /// If a compiler of the `toolchain` does not know this or `tune` by name.
    pub fn flags(
        &'static self,
        tune: Option<&'static Self>,
        extra: FeatureSet,
        toolchain: &Toolchain,
    ) -> Result<Flags, FlagsError> {
        let name = self.compiler_name().ok_or(FlagsError::NoCompiler {
            target: self.name(),
        })?;
        let extra = extra - self.compiled();
        let gcc_arch = self.nixpkgs_name();
        Ok(Flags {
            cflags: self.cflags(tune, extra, toolchain)?,
            rustflags: self.rustflags(name, extra, toolchain.rustc_llvm)?,
            goamd64: self.goamd64(toolchain.go)?,
            gcc_arch,
            gcc_tune: gcc_arch.map(|_| tune.unwrap_or(self).tuning().unwrap_or("generic")),
            system_feature: gcc_arch.map(|arch| format!("gccarch-{arch}")),
        })
    }

    /// Its name for scheduling; none for a generic level.
    fn tuning(&self) -> Option<&'static str> {
        self.compiler_name().filter(|_| !self.is_generic())
    }

    fn cflags(
        &'static self,
        tune: Option<&'static Self>,
        extra: FeatureSet,
        toolchain: &Toolchain,
    ) -> Result<Vec<String>, FlagsError> {
        let mut options = None;
        let mut tuned = tune.map(|tune| tune.tuning().unwrap_or("generic"));
        for (compiler, tool, version) in [
            (Compiler::Clang, Tool::Clang, toolchain.clang),
            (Compiler::Gcc, Tool::Gcc, toolchain.gcc),
        ] {
            let Some(version) = version else { continue };
            self.known_to(compiler, tool, version)?;
            // Where both are there, gcc's spelling serves both: clang takes gcc's names.
            options = self.options(compiler, version);
            if let Some(tune) = tune.filter(|tune| tune.tuning().is_some()) {
                tuned = Some(tune.known_to(compiler, tool, version)?);
            }
        }
        let options = options
            .or_else(|| self.newest_options())
            .unwrap_or_default();
        let mut cflags: Vec<_> = options.split(' ').map(str::to_owned).collect();
        if let Some(tuned) = tuned {
            cflags.retain(|option| !option.starts_with("-mtune="));
            cflags.push(format!("-mtune={tuned}"));
        }
        if matches!(self.family(), Family::X86 | Family::X86_64) {
            let has = |feature: Feature| {
                toolchain
                    .gcc
                    .is_none_or(|version| feature.gcc_since() <= version)
            };
            cflags.extend(
                extra
                    .iter()
                    .filter(|&it| has(it))
                    .filter_map(Feature::gcc_option),
            );
        }
        Ok(cflags)
    }

    fn rustflags(
        &'static self,
        name: &str,
        extra: FeatureSet,
        llvm: Option<Version>,
    ) -> Result<Vec<String>, FlagsError> {
        if let Some(version) = llvm {
            self.known_to(Compiler::Clang, Tool::Rustc, version)?;
        }
        let mut rustflags = Vec::new();
        // rustc names processors; of the levels only those of x86-64 are among them.
        let mut features = extra;
        if self.is_generic() && self.family() != Family::X86_64 {
            features = features | self.features();
        } else {
            rustflags.push("-C".to_owned());
            rustflags.push(format!("target-cpu={name}"));
        }
        let names: Vec<_> = features
            .iter()
            .filter_map(|it| it.rust_name(self.family()))
            .map(|it| format!("+{it}"))
            .collect();
        if !names.is_empty() {
            rustflags.push("-C".to_owned());
            rustflags.push(format!("target-feature={}", names.join(",")));
        }
        Ok(rustflags)
    }

    /// The highest `GOAMD64` whose code is part of this one's. Go has them since 1.18.
    fn goamd64(&self, go: Option<Version>) -> Result<Option<&'static str>, FlagsError> {
        if self.family() != Family::X86_64 {
            return Ok(None);
        }
        let levels = [
            ("x86_64_v4", "v4"),
            ("x86_64_v3", "v3"),
            ("x86_64_v2", "v2"),
        ];
        let value = levels
            .into_iter()
            .find(|(level, _)| {
                let level = Self::by_name(level);
                level.is_some_and(|level| level.runs_on(self.compiled()).is_yes())
            })
            .map_or("v1", |(_, value)| value);
        let since = Version::new(1, 18, 0);
        match go {
            Some(version) if version < since && value != "v1" => Err(FlagsError::NotKnown {
                name: "GOAMD64",
                tool: Tool::Go,
                version,
                since: Some(since),
                instead: None,
            }),
            _ => Ok(Some(value)),
        }
    }

    /// What that version of a compiler calls it.
    fn known_to(
        &'static self,
        compiler: Compiler,
        tool: Tool,
        version: Version,
    ) -> Result<&'static str, FlagsError> {
        self.name_in(compiler, version)
            .ok_or_else(|| FlagsError::NotKnown {
                name: self.compiler_name().unwrap_or(self.name()),
                tool,
                version,
                since: self.since(compiler),
                instead: self.options(compiler, version),
            })
    }

    fn newest_options(&self) -> Option<&'static str> {
        let newest = Version::new(u32::MAX, u32::MAX, u32::MAX);
        let options = |compiler| {
            self.options(compiler, newest)
                .filter(|_| self.name_in(compiler, newest).is_some())
        };
        options(Compiler::Gcc).or_else(|| options(Compiler::Clang))
    }
}

/// The microarchitecture that `march` or `mtune` of a profile names.
///
/// # Errors
///
/// If the table has none of that name, and for `native`.
pub fn named(name: &str) -> Result<&'static Microarchitecture, FlagsError> {
    match name {
        "native" => Err(FlagsError::Native),
        _ => Microarchitecture::by_name(name).ok_or_else(|| FlagsError::UnknownArchitecture {
            name: name.to_owned(),
        }),
    }
}

/// The `gccarch-…` system features that a builder with `features` may claim: those of all targets of
/// nixpkgs whose code runs on it, in the table's order.
///
/// nixpkgs' own table of inferiors claims too much (a `cascadelake` for `cannonlake`, whose
/// `avx512ifma`, `avx512vbmi` and `sha` it lacks) and too little (nothing for `alderlake`).
pub fn gccarch_features(features: FeatureSet) -> Vec<String> {
    Microarchitecture::all()
        .iter()
        .filter(|it| it.runs_on(features).is_yes())
        .filter_map(Microarchitecture::nixpkgs_name)
        .map(|name| format!("gccarch-{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(name: &str) -> &'static Microarchitecture {
        named(name).unwrap()
    }

    fn versions(gcc: &str, llvm: &str) -> Toolchain {
        Toolchain {
            gcc: Some(gcc.parse().unwrap()),
            rustc_llvm: Some(llvm.parse().unwrap()),
            ..Toolchain::default()
        }
    }

    #[test]
    fn flags_of_a_processor_and_of_a_level() {
        let flags = at("skylake").flags(None, FeatureSet::default(), &versions("12.2.0", "22.1.2"));
        let flags = flags.unwrap();
        assert_eq!(flags.cflags, ["-march=skylake", "-mtune=skylake"]);
        assert_eq!(flags.rustflags, ["-C", "target-cpu=skylake"]);
        assert_eq!(flags.goamd64, Some("v3"));
        assert_eq!(
            (flags.gcc_arch, flags.gcc_tune),
            (Some("skylake"), Some("skylake"))
        );
        assert_eq!(flags.system_feature.as_deref(), Some("gccarch-skylake"));

        let extra = FeatureSet::from_flags("aes pclmulqdq avx2 hle");
        let flags =
            at("x86-64-v3").flags(Some(at("x86-64-v3")), extra.hard(), &Toolchain::default());
        let flags = flags.unwrap();
        assert_eq!(
            flags.cflags,
            ["-march=x86-64-v3", "-mtune=generic", "-maes", "-mpclmul"]
        );
        let rust = [
            "-C",
            "target-cpu=x86-64-v3",
            "-C",
            "target-feature=+aes,+pclmulqdq",
        ];
        assert_eq!(flags.rustflags, rust);
        assert_eq!(
            (flags.goamd64, flags.gcc_tune),
            (Some("v3"), Some("generic"))
        );

        let old = at("haswell").flags(
            Some(at("haswell")),
            FeatureSet::default(),
            &versions("4.8.4", "22"),
        );
        assert_eq!(
            old.unwrap().cflags,
            ["-march=core-avx2", "-mtune=core-avx2"]
        );
        let tuned = at("x86-64-v3").flags(
            Some(at("znver3")),
            FeatureSet::default(),
            &Toolchain::default(),
        );
        assert_eq!(tuned.unwrap().cflags, ["-march=x86-64-v3", "-mtune=znver3"]);
    }

    #[test]
    fn flags_for_arm() {
        let flags = |name| {
            at(name)
                .flags(None, FeatureSet::default(), &Toolchain::default())
                .unwrap()
        };
        assert_eq!(flags("neoverse-n1").cflags, ["-mcpu=neoverse-n1"]);
        assert_eq!(
            flags("neoverse-n1").rustflags,
            ["-C", "target-cpu=neoverse-n1"]
        );
        assert_eq!(flags("neoverse-n1").goamd64, None);
        assert_eq!(
            flags("armv8.1-a").cflags,
            ["-march=armv8.1-a", "-mtune=generic"]
        );
        assert_eq!(
            flags("armv8.1-a").rustflags,
            ["-C", "target-feature=+neon,+rdm,+crc,+lse"]
        );
        assert_eq!(flags("m4").cflags, ["-mcpu=apple-m4"]);
    }

    #[test]
    fn old_compilers_are_told_the_version_that_knows() {
        let check = |name: &str, toolchain: Toolchain, message: &str, hint: &str| {
            let error = at(name)
                .flags(None, FeatureSet::default(), &toolchain)
                .unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.hint().contains(hint), "{}", error.hint());
        };
        check(
            "znver4",
            versions("12.2.0", "22"),
            "gcc 12.2 does not know `znver4`; 12.3 does",
            "-march=znver3",
        );
        check(
            "znver3",
            versions("9.3.0", "22"),
            "gcc 9.3 does not know `znver3`; 10.3 does",
            "older architecture",
        );
        check(
            "znver5",
            versions("14.1.0", "18.1.0"),
            "rustc on LLVM 18.1 does not know `znver5`; 19.1 does",
            "newer",
        );
        let go = Toolchain {
            go: Some(Version::new(1, 17, 0)),
            ..Toolchain::default()
        };
        check(
            "skylake",
            go,
            "go 1.17 does not know `GOAMD64`; 1.18 does",
            "newer",
        );
        assert_eq!(named("native"), Err(FlagsError::Native));
        assert_eq!(
            named("i7-6700K").map_err(|error| error.code()),
            Err("unknown-architecture")
        );
        let error = at("prescott").flags(None, FeatureSet::default(), &Toolchain::default());
        assert_eq!(error.map_err(|error| error.code()), Err("no-compiler"));
    }

    #[test]
    fn builders_claim_what_they_run() {
        let claims = |name: &str| gccarch_features(at(name).features()).join(" ");
        assert!(claims("cascadelake").contains("gccarch-skylake-avx512"));
        assert!(!claims("cascadelake").contains("gccarch-cannonlake"));
        assert!(!claims("cooperlake").contains("gccarch-cannonlake"));
        assert!(claims("znver3").contains("gccarch-skylake "));
        assert!(claims("alderlake").contains("gccarch-x86-64-v3"));
    }
}
