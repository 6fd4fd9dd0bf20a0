//! The processor that a build is told to compile for.

use super::Microarchitecture;

/// Variables of a build's environment that can name a target, as nixpkgs and the compilers read
/// them; see [`named_targets`].
pub const TARGET_VARIABLES: [&str; 8] = [
    "NIX_CFLAGS_COMPILE",
    "NIX_CXXSTDLIB_COMPILE",
    "CFLAGS",
    "CXXFLAGS",
    "RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "NIX_RUSTFLAGS",
    "GOAMD64",
];

/// What code the environment variable `name` of that value makes compilers write: the last
/// `-march=` of C's flags, the last `target-cpu=` of rustc's, the level of `GOAMD64`. Names that
/// are not in the table, such as `native`, are left out. O(length).
///
/// ```
/// use hw_profile::arch::named_targets;
///
/// let names = |name, value| named_targets(name, value).iter().map(|it| it.name()).collect::<Vec<_>>();
/// assert_eq!(names("NIX_CFLAGS_COMPILE", "-O2 -march=znver3 -march=skylake"), ["skylake"]);
/// assert_eq!(names("RUSTFLAGS", "-C target-cpu=x86-64-v3"), ["x86_64_v3"]);
/// assert_eq!(names("GOAMD64", "v3"), ["x86_64_v3"]);
/// assert!(names("NIX_CFLAGS_COMPILE", "-mtune=skylake -march=native").is_empty());
/// ```
pub fn named_targets(name: &str, value: &str) -> Vec<&'static Microarchitecture> {
    if name == "GOAMD64" {
        let level = value
            .trim()
            .strip_prefix('v')
            .map(|n| format!("x86_64_v{n}"));
        let found = level.and_then(|level| Microarchitecture::by_name(&level));
        return found.into_iter().collect();
    }
    let words = || value.split([' ', '\t', '\n', '\u{1f}']);
    let after = |word: &'_ str, mark: &str| {
        let (_, name) = word.split_once(mark)?;
        Some(name.trim_matches(['"', '\'']).to_owned())
    };
    let last = |mark: &str| words().rev().find_map(|word| after(word, mark));
    let mut targets: Vec<&'static Microarchitecture> = Vec::new();
    for name in [last("-march="), last("target-cpu=")].into_iter().flatten() {
        if let Some(found) = Microarchitecture::by_name(&name)
            && !targets.contains(&found)
        {
            targets.push(found);
        }
    }
    targets
}
