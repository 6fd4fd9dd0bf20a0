//! What caches have of what was changed, and of what it is now no longer.

use std::collections::BTreeMap;

use cache_policy::Found;

use super::comparison::Compared;
use crate::dto::impact::Lost;

/// By cache, in the order of their names: what each has of derivations that are built now.
pub(super) fn by_cache(compared: &Compared) -> Vec<Lost> {
    let mut lost: BTreeMap<&str, Lost> = BTreeMap::new();
    for change in compared.comparison.changes() {
        if !compared.built.contains(&change.after) {
            continue;
        }
        let outputs = compared.before.graph[change.before].outputs();
        let found: Option<Vec<Found<'_>>> = outputs
            .iter()
            .map(|output| compared.held_before.find(output.path.as_ref()?))
            .collect();
        let Some(found) = found.filter(|all| all.iter().all(|found| !found.source.local)) else {
            continue;
        };
        let Some(first) = found.first() else { continue };
        let name = first.source.name.as_str();
        let of_cache = lost.entry(name).or_insert_with(|| Lost {
            cache: name.to_owned(),
            derivations: 0,
            paths: 0,
            download_bytes: None,
            nar_bytes: None,
            unknown_sizes: 0,
        });
        of_cache.derivations += 1;
        for found in &found {
            let (file, nar) = (found.holding.file_size, found.holding.nar_size);
            of_cache.paths += 1;
            of_cache.unknown_sizes += u64::from(file.is_none() && nar.is_none());
            let add = |sum: &mut Option<u64>, bytes: Option<drv_graph::Bytes>| {
                if let Some(bytes) = bytes {
                    *sum = Some(sum.unwrap_or(0).saturating_add(bytes.0));
                }
            };
            add(&mut of_cache.download_bytes, file);
            add(&mut of_cache.nar_bytes, nar);
        }
    }
    lost.into_values().collect()
}
