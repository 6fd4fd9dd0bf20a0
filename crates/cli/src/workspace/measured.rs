//! Memory that the user measured: `[packages.NAME]` of `hmtool.toml`.

use std::collections::BTreeMap;

use hw_profile::Bytes;
use tier_planner::Cores;
use tier_planner::classify::Classifier;
use tier_planner::cost::MemoryModel;
use tier_planner::estimate::Estimator;
use tier_planner::subject::{JobClass, Subject, subjects};

use super::source::Input;
use crate::config::Package;

/// The estimator with every package's memory, each at the cores of the tier it is built in; and the
/// names that no build has.
pub(super) fn add(
    mut estimator: Estimator,
    packages: &BTreeMap<String, Package>,
    classifier: &Classifier,
    input: &Input,
) -> (Estimator, Vec<String>) {
    let mut unknown = Vec::new();
    if packages.is_empty() {
        return (estimator, unknown);
    }
    let attribute = |id| input.attributes.get(&id).map(String::as_str);
    let subjects = subjects(&input.graph, attribute);
    for (name, package) in packages {
        let goes_by = |subject: &&Subject<'_>| {
            let names = [subject.pname, subject.bare_pname()];
            let is_named = names.contains(&&**name) || subject.attribute == Some(name);
            is_named && subject.kind.class() == JobClass::Build
        };
        let Some(subject) = subjects.iter().find(goes_by) else {
            unknown.push(name.clone());
            continue;
        };
        let tier = classifier.classify(subject).tier;
        let model = model(*package, classifier.tiers()[tier].cores);
        estimator = estimator.with_measured_memory(name, model);
    }
    (estimator, unknown)
}

/// Memory at any number of threads, from that at `cores`. Without a base a quarter of it is
/// taken to be there whatever the threads, as of a tier's memory.
fn model(package: Package, cores: Cores) -> MemoryModel {
    let base = package.base.unwrap_or(Bytes(package.memory.0 / 4));
    let threads = u64::from(cores.0.max(1));
    let per_thread = package.memory.saturating_sub(base).0 / threads;
    MemoryModel {
        // What does not divide goes to the base: at these cores it is what was measured.
        base: Bytes(package.memory.0 - per_thread * threads),
        per_thread: Bytes(per_thread),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_tiers_cores_it_is_what_was_measured() {
        const GB: u64 = 1 << 30;
        for (memory, base, cores, at_cores, at_one) in [
            (9 * GB, None, 6, 9 * GB, 9 * GB / 4 + 9 * GB / 8),
            (9 * GB, Some(3 * GB), 6, 9 * GB, 4 * GB),
            (9 * GB, Some(9 * GB), 6, 9 * GB, 9 * GB),
            (7, Some(0), 3, 7, 3),
            (0, None, 1, 0, 0),
        ] {
            let package = Package {
                memory: Bytes(memory),
                base: base.map(Bytes),
            };
            let model = model(package, Cores(cores));
            assert_eq!(model.at(Cores(cores)), Bytes(at_cores));
            assert_eq!(model.at(Cores(1)), Bytes(at_one));
        }
    }
}
