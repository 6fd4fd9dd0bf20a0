//! What has to be done for what is asked for, as documents have it.

use cache_policy::Inventory;
use drv_graph::DrvId;
use tier_planner::work::{Fetch, Work};

use super::Input;
use crate::dto::plan as dto;

/// In figures, by source.
pub(crate) fn work(input: &Input, work: &Work, inventory: &Inventory) -> dto::Work {
    let graph = &input.graph;
    let fixed = |id: &&DrvId| graph[**id].is_fixed_output();
    let closure = graph.closure(&input.root_derivations());
    let wanted = closure.iter().filter(|id| !fixed(id)).count();
    let missing = work.build.iter().filter(|id| !fixed(id)).count();
    let unservable = inventory.unservable();
    let sources = inventory.sources().map(|(id, source, holdings)| {
        let used = |fetch: &&Fetch| u32::from(fetch.cache.0) == id.0;
        let fetched: Vec<_> = work.fetch.iter().filter(used).collect();
        let sum = |sizes: Vec<Option<u64>>| {
            let known: Vec<u64> = sizes.into_iter().flatten().collect();
            (!known.is_empty()).then(|| known.iter().sum())
        };
        let downloads: Vec<Option<u64>> = fetched.iter().map(|f| f.download.map(|b| b.0)).collect();
        dto::Source {
            name: source.name.clone(),
            local: source.local,
            held: holdings.len() as u64,
            not_servable: unservable.iter().filter(|u| u.id == id).count() as u64,
            used: if source.local {
                0
            } else {
                fetched.len() as u64
            },
            unknown_sizes: downloads.iter().filter(|size| size.is_none()).count() as u64,
            download_bytes: sum(downloads),
            nar_bytes: sum(fetched.iter().map(|f| f.unpacked.map(|b| b.0)).collect()),
        }
    });
    dto::Work {
        build: work.build.len() as u64,
        build_fixed_output: work.build.iter().filter(fixed).count() as u64,
        fetch: work.fetch.len() as u64,
        present: work.present.len() as u64,
        untouched: work.untouched as u64,
        wanted: wanted as u64,
        wanted_without_build: (wanted - missing) as u64,
        hit_rate: (wanted > 0).then(|| (wanted - missing) as f64 / wanted as f64),
        sources: sources.collect(),
    }
}

/// Every path that is fetched, and from where.
pub(crate) fn fetches(work: &Work, inventory: &Inventory) -> Vec<dto::Fetch> {
    let names: Vec<&str> = inventory
        .sources()
        .map(|(_, source, _)| source.name.as_str())
        .collect();
    let fetches = work.fetch.iter().map(|fetch| dto::Fetch {
        path: fetch.path.to_string(),
        source: names[usize::from(fetch.cache.0)].to_owned(),
        download_bytes: fetch.download.map(|b| b.0),
        nar_bytes: fetch.unpacked.map(|b| b.0),
    });
    fetches.collect()
}
