//! What a derivation itself says of how it is built: with PGO, with LTO, with its tests.
//!
//! A profile only tells what is wanted. Whether an overlay passes it on, or is applied at all,
//! shows in the derivation's environment and nowhere else.

use std::sync::LazyLock;

use drv_graph::Derivation;
use regex::bytes::Regex;

use crate::subject::Language;

/// The attributes that are read, for [`drv_graph::KeepEnv::Named`]. Without them no derivation
/// shows anything, and every build counts as one without PGO, LTO and tests.
pub const ENV_KEYS: [&str; 14] = [
    "pgoLevel",
    "enablePGO",
    "enableLTO",
    "configureFlags",
    "mesonFlags",
    "cmakeFlags",
    "NIX_CFLAGS_COMPILE",
    "NIX_CFLAGS_LINK",
    "RUSTFLAGS",
    "CARGO_PROFILE_RELEASE_LTO",
    "profilingPhase",
    "doCheck",
    "doInstallCheck",
    "installCheckPhase",
];

/// Attributes that hold words for a tool.
const FLAGS: [&str; 6] = [
    "configureFlags",
    "mesonFlags",
    "cmakeFlags",
    "NIX_CFLAGS_COMPILE",
    "NIX_CFLAGS_LINK",
    "RUSTFLAGS",
];

/// How a derivation is built, as far as its environment shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BuildSigns {
    /// Profile-guided optimisation with a training run in the build.
    pub pgo: bool,
    /// Link-time optimisation.
    pub lto: bool,
    /// The tests run.
    pub tests: bool,
}

impl BuildSigns {
    /// What `derivation` shows; `bare_pname` is its name without its language's prefix. Only kept
    /// attributes are seen, see [`ENV_KEYS`].
    pub fn of(derivation: &Derivation, bare_pname: &str, language: Option<Language>) -> Self {
        Self::read(|key| derivation.env(key), bare_pname, language)
    }

    fn read<'d>(
        env: impl Fn(&str) -> Option<&'d str>,
        bare_pname: &str,
        language: Option<Language>,
    ) -> Self {
        let text = |key| env(key).unwrap_or_default();
        let is_on = |key| matches!(text(key), "1" | "true");
        let telling = || {
            FLAGS
                .iter()
                .map(|key| text(key))
                .filter(|text| may_ask(text))
        };
        let flags = || telling().flat_map(words);
        let is_python = language.is_none() && bare_pname.starts_with("python");
        // To gcc and binutils the flag is a feature of what they compile later.
        let is_tool_chain = ["gcc", "binutils"].iter().any(|tool| {
            let rest = bare_pname.strip_suffix(tool);
            rest.is_some_and(|cross| cross.is_empty() || cross.ends_with('-'))
        });
        // LIGHT is short of training, by the convention of those who set it.
        let level = text("pgoLevel");
        let has_level = !matches!(
            level.to_ascii_uppercase().as_str(),
            "" | "NONE" | "LIGHT" | "0"
        );
        // Firefox trains in a phase of its own.
        let trains = !text("profilingPhase").trim().is_empty();
        let cargo = text("CARGO_PROFILE_RELEASE_LTO");
        let checks_when_installed = is_on("doInstallCheck")
            && (language == Some(Language::Python) || is_test(text("installCheckPhase")));
        Self {
            pgo: has_level
                || trains
                || is_on("enablePGO")
                || flags().any(|word| asks_for_pgo(word, is_python)),
            lto: is_on("enableLTO")
                || (!cargo.is_empty() && !is_off(cargo))
                || (!is_tool_chain && flags().any(asks_for_lto)),
            tests: is_on("doCheck") || checks_when_installed,
        }
    }
}

/// Whether any word of these flags can ask for LTO or PGO: nearly no text does, and a graph has
/// hundreds of bytes of flags for each derivation.
fn may_ask(flags: &str) -> bool {
    static TELLING: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new("lto|LTO|INTERPROCEDURAL_OPTIMIZATION|pgo|profile|enable-optimizations").ok()
    });
    let telling = TELLING.as_ref();
    telling.is_none_or(|telling| telling.is_match(flags.as_bytes()))
}

/// The words of flags: separated by space in an environment, a list of JSON with structured
/// attributes.
fn words(flags: &str) -> impl Iterator<Item = &str> {
    let is_between = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '[' | ']' | ',');
    flags.split(is_between).filter(|word| !word.is_empty())
}

fn is_off(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    // rustc's own default is called thin-local.
    matches!(
        value.as_str(),
        "no" | "off" | "false" | "0" | "n" | "thin-local"
    )
}

fn asks_for_lto(word: &str) -> bool {
    let word = word.strip_prefix("--set=").unwrap_or(word);
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    let is_lto = matches!(
        name,
        "--with-lto"
            | "--enable-lto"
            | "-flto"
            | "rust.lto"
            | "-Db_lto"
            | "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION"
            | "-DLLVM_ENABLE_LTO"
            | "-Clto"
            | "lto"
    );
    is_lto && !is_off(value)
}

/// Only what makes an instrumented build and trains it: to use a profile that came with the
/// sources costs nothing.
fn asks_for_pgo(word: &str, is_python: bool) -> bool {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let is_pgo = match name {
        // Other packages call the compiler's -O so (ffmpeg, libvpx).
        "--enable-optimizations" => is_python,
        "--enable-pgo"
        | "--enable-pgo-generate"
        | "--enable-profile-generate"
        | "-fprofile-generate"
        | "-fprofile-instr-generate"
        | "-Cprofile-generate"
        | "profile-generate" => true,
        "-Db_pgo" => value == "generate",
        _ => false,
    };
    is_pgo && !is_off(value)
}

/// Whether a phase runs tests: most run the program once, to see whether it starts.
fn is_test(phase: &str) -> bool {
    phase
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_ascii_whitespace)
        .any(|word| matches!(word, "test" | "tests" | "check") || word.ends_with("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(env: &[(&str, &str)], pname: &str) -> String {
        let subject = crate::subject::Subject::named(pname);
        let of = |key: &str| env.iter().find(|(k, _)| *k == key).map(|(_, value)| *value);
        assert!(env.iter().all(|(key, _)| ENV_KEYS.contains(key)));
        let signs = BuildSigns::read(of, subject.bare_pname(), subject.language());
        let named = [
            (signs.pgo, "pgo"),
            (signs.lto, "lto"),
            (signs.tests, "tests"),
        ];
        let found: Vec<&str> = named.iter().filter(|s| s.0).map(|s| s.1).collect();
        found.join(" ")
    }

    #[test]
    fn flags_are_read_with_what_they_mean_to_the_package() {
        for (pname, key, value, expected) in [
            (
                "python3",
                "configureFlags",
                "--enable-optimizations --with-lto",
                "pgo lto",
            ),
            (
                "python3-minimal",
                "configureFlags",
                "--without-lto --with-lto=no",
                "",
            ),
            (
                "python3",
                "configureFlags",
                r#"["--enable-optimizations","--with-lto"]"#,
                "pgo lto",
            ),
            ("ffmpeg", "configureFlags", "--enable-optimizations", ""),
            ("gcc", "configureFlags", "--enable-lto", ""),
            (
                "aarch64-linux-gnu-gcc",
                "configureFlags",
                "--enable-lto",
                "",
            ),
            (
                "firefox-unwrapped",
                "configureFlags",
                "--enable-lto=cross,full",
                "lto",
            ),
            (
                "firefox-unwrapped",
                "profilingPhase",
                "./mach package",
                "pgo",
            ),
            (
                "nodejs",
                "configureFlags",
                "--ninja --enable-pgo-generate --enable-lto",
                "pgo lto",
            ),
            (
                "rustc",
                "configureFlags",
                "--set=rust.lto=thin --set=rust.jemalloc",
                "lto",
            ),
            ("rustc", "configureFlags", "--set=rust.lto=thin-local", ""),
            ("x", "NIX_CFLAGS_COMPILE", "-O3 -flto=auto", "lto"),
            ("x", "NIX_CFLAGS_COMPILE", "-O3 -fno-lto -fprofile-use", ""),
            ("x", "NIX_CFLAGS_COMPILE", "-fprofile-generate=/tmp", "pgo"),
            ("x", "mesonFlags", "-Db_lto=true -Db_pgo=use", "lto"),
            ("x", "cmakeFlags", "-DLLVM_ENABLE_LTO:STRING=OFF", ""),
            (
                "x",
                "cmakeFlags",
                "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION:BOOL=ON",
                "lto",
            ),
            ("x", "RUSTFLAGS", "-C lto=fat -C target-cpu=x", "lto"),
            ("x", "CARGO_PROFILE_RELEASE_LTO", "off", ""),
            ("x", "CARGO_PROFILE_RELEASE_LTO", "fat", "lto"),
            ("x", "pgoLevel", "FULL", "pgo"),
            ("x", "pgoLevel", "NONE", ""),
            ("x", "pgoLevel", "LIGHT", ""),
            ("x", "enablePGO", "1", "pgo"),
            ("x", "enablePGO", "", ""),
            ("x", "enableLTO", "1", "lto"),
        ] {
            assert_eq!(signs(&[(key, value)], pname), expected, "{pname} {value}");
        }
    }

    #[test]
    fn tests_are_told_from_a_first_start() {
        assert_eq!(signs(&[("doCheck", "1")], "coreutils"), "tests");
        assert_eq!(signs(&[("doCheck", "")], "coreutils"), "");
        let installed = |phase, pname| {
            signs(
                &[("doInstallCheck", "1"), ("installCheckPhase", phase)],
                pname,
            )
        };
        assert_eq!(installed("$out/bin/jq --help", "jq"), "");
        assert_eq!(
            installed("# Some basic testing\nfirefox --version", "firefox"),
            ""
        );
        assert_eq!(installed("python nix_run_setup test", "meson"), "tests");
        assert_eq!(installed("", "python3.13-requests"), "tests");
    }
}
