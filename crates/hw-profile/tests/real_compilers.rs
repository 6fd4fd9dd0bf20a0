//! The table and the flags against the compilers on this machine.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests ask the compilers"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::Command;

use hw_profile::arch::{
    Compiler, Family, Feature, FeatureSet, Microarchitecture, Toolchain, Version,
};

/// What gcc does not enable and LLVM does.
const LLVM_ONLY: [(&str, &str); 3] = [
    ("k8", "3dnowprefetch"),
    ("mic_knl", "aes"),
    ("mic_knm", "aes"),
];

/// What LLVM does not enable and gcc does.
const GCC_ONLY: [(&str, &str); 1] = [("bobcat", "xsave")];

/// What `program` prints; none where it is not there, which is said, or fails if it is required.
fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        assert!(
            std::env::var_os("HMTOOL_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "{program} is needed, and HMTOOL_REQUIRE_ORACLES=1"
        );
        let _ = writeln!(std::io::stderr(), "left out: what needs {program}");
        return None;
    };
    Some(String::from_utf8(output.stdout).expect("text"))
}

/// The version of a gcc for x86-64.
fn gcc() -> Option<Version> {
    let machine = ask("gcc", &["-dumpmachine"])?;
    if !machine.starts_with("x86_64") {
        let _ = writeln!(std::io::stderr(), "left out: gcc is for {}", machine.trim());
        return None;
    }
    ask("gcc", &["-dumpfullversion"])?.parse().ok()
}

/// The version of rustc's LLVM.
fn rustc_llvm() -> Option<Version> {
    let about = ask("rustc", &["-vV"])?;
    about
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?
        .parse()
        .ok()
}

fn x86_64() -> impl Iterator<Item = &'static Microarchitecture> {
    Microarchitecture::all()
        .iter()
        .filter(|it| it.family() == Family::X86_64 && it.compiler_name().is_some())
}

/// Compiles nothing with `options`; what gcc says where it refuses. It may warn: gcc 14 does of
/// what gcc 15 takes out.
fn gcc_says(options: &[String]) -> String {
    let output = Command::new("gcc")
        .args(options)
        .args(["-x", "c", "-S", "-o", "/dev/null", "/dev/null"])
        .output()
        .expect("gcc runs");
    if output.status.success() {
        return String::new();
    }
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn only(list: &[(&str, &str)], target: &Microarchitecture) -> FeatureSet {
    list.iter()
        .filter(|(name, _)| *name == target.name())
        .map(|(_, feature)| Feature::from_name(feature).expect("a feature"))
        .collect()
}

#[test]
fn gcc_enables_what_the_table_says() {
    let Some(version) = gcc() else { return };
    let options: BTreeMap<_, _> = Feature::all()
        .filter_map(|it| Some((it.gcc_option()?, it)))
        .collect();
    let mut compared = 0;
    for target in x86_64() {
        let Some(name) = target.name_in(Compiler::Gcc, version) else {
            continue;
        };
        let march = format!("-march={name}");
        let shown = ask("gcc", &[march.as_str(), "-Q", "--help=target"]).unwrap();
        let enabled: FeatureSet = shown
            .lines()
            .filter_map(|line| line.trim().strip_suffix("[enabled]"))
            .filter_map(|option| options.get(option.trim()).copied())
            .collect();
        let expected = target.compiled() - only(&LLVM_ONLY, target);
        assert_eq!(enabled.hard(), expected.hard(), "{name}");
        // Which privileged and intrinsic-only ones it lists differs between versions.
        if version.major == 12 {
            assert_eq!(enabled, expected, "{name}");
        }
        compared += 1;
    }
    assert!(compared >= 30, "{compared}");
}

#[test]
fn gcc_takes_the_flags_and_refuses_what_we_refuse() {
    let Some(version) = gcc() else { return };
    let toolchain = Toolchain {
        gcc: Some(version),
        ..Toolchain::default()
    };
    let mut refused = 0;
    for target in x86_64() {
        if let Ok(flags) = target.flags(None, FeatureSet::default(), &toolchain) {
            assert_eq!(gcc_says(&flags.cflags), "", "{target}");
        } else {
            refused += 1;
            // Distributions give old ones names of later versions.
            let march = format!("-march={}", target.compiler_name().unwrap());
            let known = gcc_says(&[march]).is_empty();
            assert!(!known || version.major <= 10, "{target}");
        }
        // What comes near has to be taken, too.
        if let Some(options) = target.options(Compiler::Gcc, version) {
            let options: Vec<_> = options.split(' ').map(str::to_owned).collect();
            assert_eq!(gcc_says(&options), "", "{target}");
        }
    }
    if version.major <= 12 {
        assert!(refused > 0);
    }
}

#[test]
fn gcc_takes_the_options_of_features() {
    let Some(version) = gcc() else { return };
    for feature in Feature::all() {
        let Some(option) = feature.gcc_option() else {
            continue;
        };
        let said = gcc_says(std::slice::from_ref(&option));
        if feature.gcc_since() <= version && !removed(feature, version) {
            assert_eq!(said, "", "{option}");
        } else {
            assert!(said.contains("unrecognized"), "{option}: {said}");
        }
    }
}

/// gcc 15 took out what only Knights Landing and Knights Mill have.
fn removed(feature: Feature, version: Version) -> bool {
    version.major >= 15
        && [
            "avx512er",
            "avx512pf",
            "avx512_4fmaps",
            "avx512_4vnniw",
            "prefetchwt1",
        ]
        .contains(&feature.name())
}

#[test]
fn generic_levels_are_not_scheduled_for() {
    let Some(version) = gcc() else { return };
    let toolchain = Toolchain {
        gcc: Some(version),
        ..Toolchain::default()
    };
    for level in ["x86-64-v2", "x86-64-v3", "x86-64-v4"] {
        let level = Microarchitecture::by_name(level).unwrap();
        for march in x86_64().filter(|it| it.name_in(Compiler::Gcc, version).is_some()) {
            let flags = march
                .flags(Some(level), FeatureSet::default(), &toolchain)
                .unwrap();
            assert!(
                flags.cflags.iter().any(|it| it == "-mtune=generic"),
                "{march}"
            );
        }
        assert!(
            gcc_says(&[format!("-mtune={}", level.compiler_name().unwrap())]).contains("bad value")
        );
    }
}

#[test]
fn rustc_knows_the_names_and_enables_what_the_table_says() {
    let Some(llvm) = rustc_llvm() else { return };
    let triple = "--target=x86_64-unknown-linux-gnu";
    let listed = ask("rustc", &["--print=target-cpus", triple]).unwrap();
    let listed: BTreeSet<_> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();

    let mut enabled = Vec::new();
    for target in x86_64() {
        let Some(name) = target.name_in(Compiler::Clang, llvm) else {
            continue;
        };
        assert!(listed.contains(name), "{name}");
        let cpu = format!("-Ctarget-cpu={name}");
        // Features that are not stable show with this only.
        let output = Command::new("rustc")
            .args(["--print=cfg", triple, &cpu])
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .expect("rustc runs");
        let shown = String::from_utf8(output.stdout).expect("text");
        let features: FeatureSet = shown
            .lines()
            .filter_map(|line| line.strip_prefix("target_feature=\"")?.strip_suffix('"'))
            .filter_map(Feature::from_name)
            .collect();
        enabled.push((target, features));
    }
    assert!(enabled.len() >= 50, "{}", enabled.len());
    // rustc does not show what it has no name for.
    let shown = enabled
        .iter()
        .fold(FeatureSet::default(), |all, &(_, it)| all | it);
    for (target, features) in enabled {
        let expected = (target.compiled() & shown) - only(&GCC_ONLY, target);
        assert_eq!(features.hard(), expected.hard(), "{target}");
    }
}

#[test]
fn rustc_takes_the_features() {
    let Some(llvm) = rustc_llvm() else { return };
    // Rust 1.89, on LLVM 20, made the youngest of them stable.
    if llvm < Version::new(21, 0, 0) {
        let _ = writeln!(
            std::io::stderr(),
            "left out: rustc is older than the features"
        );
        return;
    }
    for name in ["x86-64-v3", "armv9.2-a", "neoverse-n1"] {
        let target = Microarchitecture::by_name(name).unwrap();
        let family: FeatureSet = Microarchitecture::all()
            .iter()
            .filter(|it| it.family() == target.family())
            .fold(FeatureSet::default(), |all, it| all | it.features());
        let flags = target.flags(None, family, &Toolchain::default()).unwrap();
        let triple = format!("--target={}-unknown-linux-gnu", target.family());
        let output = Command::new("rustc")
            .args(["--print=cfg", &triple])
            .args(&flags.rustflags)
            .output()
            .expect("rustc runs");
        assert!(output.status.success(), "{name}");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "",
            "{:?}",
            flags.rustflags
        );
    }
}
