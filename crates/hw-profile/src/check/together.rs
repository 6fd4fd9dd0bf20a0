//! What machines that share a cache have to agree on.

use crate::arch::{self, FeatureSet, Microarchitecture, Policy};
use crate::rule;
use crate::{Compiler, Diagnostic, Package, Profile};

/// What keeps machines that share a binary cache from sharing what is in it: other architectures,
/// and other settings of packages. Each finding with the index of the profile that it is about, in
/// the order of the profiles; they are compared with the first.
///
/// Each of these settings enters derivations, so outputs differ from there on, and the cache holds
/// what the other machine cannot use.
pub fn check_together(profiles: &[&Profile]) -> Vec<(usize, Diagnostic)> {
    let Some((first, others)) = profiles.split_first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (index, other) in others.iter().enumerate() {
        let mut said = Vec::new();
        march_differs(first, other, profiles, &mut said);
        compiler_differs(first, other, &mut said);
        for (name, package) in &other.packages {
            if let Some(theirs) = first.package(name) {
                package_differs(first, name, package, theirs, &mut said);
            }
        }
        found.extend(said.into_iter().map(|diagnostic| (index + 1, diagnostic)));
    }
    found
}

fn name(profile: &Profile) -> &str {
    profile.hostname().unwrap_or("the first machine")
}

fn march_differs(first: &Profile, other: &Profile, all: &[&Profile], found: &mut Vec<Diagnostic>) {
    let (Some(theirs), Some(march)) = (first.march(), other.march()) else {
        return;
    };
    let same = match (first.target(), other.target()) {
        (Some(Ok(theirs)), Some(Ok(ours))) => theirs == ours,
        _ => theirs == march,
    };
    if same {
        return;
    }
    let path = other.march_path();
    let message = format!(
        "builds for {march}, and {} for {theirs}: hardly any output is the same",
        name(first)
    );
    let mut diagnostic = Diagnostic::new(&rule::MARCH_DIFFERS, path, message);
    if let Some(hint) = what_to_share(all) {
        diagnostic = diagnostic.hint(hint);
    }
    found.push(diagnostic);
}

/// The level that all machines run, and what else is known of sharing.
fn what_to_share(all: &[&Profile]) -> Option<String> {
    let features: Vec<FeatureSet> = all.iter().map(|profile| profile.features()).collect();
    if features.iter().any(|features| features.is_empty()) {
        return None;
    }
    let common = arch::common_arch(features.iter().copied())?;
    let called = |it: &'static Microarchitecture| it.compiler_name().unwrap_or(it.name());
    let level = common.choose(Policy::Shareable)?;
    let mut parts = vec![format!(
        "share {}, which runs on all of them",
        called(level)
    )];
    let mut told: Vec<&str> = Vec::new();
    for target in all.iter().filter_map(|profile| profile.target()?.ok()) {
        if target == level || told.contains(&target.name()) {
            continue;
        }
        told.push(target.name());
        let fails_on: Vec<_> = all
            .iter()
            .zip(&features)
            .filter(|&(_, &features)| !target.runs_on(features).is_yes())
            .map(|(profile, _)| profile.hostname().unwrap_or("one"))
            .collect();
        parts.push(if fails_on.is_empty() {
            format!("code for {} does too", called(target))
        } else {
            format!(
                "code for {} does not run on {}",
                called(target),
                fails_on.join(" and ")
            )
        });
    }
    Some(parts.join("; "))
}

fn compiler_differs(first: &Profile, other: &Profile, found: &mut Vec<Diagnostic>) {
    let settings = |compiler: &Compiler| {
        let text = |scalar: Option<&crate::Scalar>| scalar.map(ToString::to_string);
        [
            (
                "optimizationLevel",
                text(compiler.optimization_level.as_ref()),
            ),
            ("lto", text(compiler.lto.as_ref())),
            ("preferredLinker", compiler.preferred_linker.clone()),
        ]
    };
    let theirs = settings(&first.build.compiler);
    differing(
        first,
        "build.compiler",
        settings(&other.build.compiler),
        theirs,
        found,
    );
}

fn package_differs(
    first: &Profile,
    package: &str,
    ours: &Package,
    theirs: &Package,
    found: &mut Vec<Diagnostic>,
) {
    let settings = |it: &Package| {
        let truth = |value: Option<&crate::Spelled<bool>>| value?.value().map(ToString::to_string);
        [
            ("pgoLevel", it.pgo_level.clone()),
            ("enablePGO", truth(it.enable_pgo.as_ref())),
            ("enableLTO", truth(it.enable_lto.as_ref())),
            ("cudaSupport", truth(it.cuda_support.as_ref())),
        ]
    };
    // A package that is not built in a way of its own is upstream's, which the cache has.
    if !ours.overlay_enabled() {
        return;
    }
    let path = super::numbers::package_path(package);
    differing(first, &path, settings(ours), settings(theirs), found);
}

/// One finding for all settings of `path` that both say and that differ.
fn differing<const N: usize>(
    first: &Profile,
    path: &str,
    ours: [(&'static str, Option<String>); N],
    theirs: [(&'static str, Option<String>); N],
    found: &mut Vec<Diagnostic>,
) {
    let differences: Vec<_> = ours
        .into_iter()
        .zip(theirs)
        .filter_map(|((key, ours), (_, theirs))| Some((key, ours?, theirs?)))
        .filter(|(_, ours, theirs)| ours != theirs)
        .collect();
    let Some((key, _, _)) = differences.first() else {
        return;
    };
    let said: Vec<_> = differences
        .iter()
        .map(|(key, ours, theirs)| format!("{key} is {ours} here and {theirs} on {}", name(first)))
        .collect();
    found.push(
        Diagnostic::new(
            &rule::SETTINGS_DIFFER,
            format!("{path}.{key}"),
            format!(
                "{}: two derivations, of which the cache has one",
                said.join(", ")
            ),
        )
        .hint("what is to come from the cache has to have the settings of the machine that pushes"),
    );
}
