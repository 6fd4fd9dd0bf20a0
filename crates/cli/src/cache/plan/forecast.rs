//! What a consumer finds once a plan is carried out.

use std::collections::BTreeSet;

use cache_policy::model::Model;
use cache_policy::plan::Plan;
use cache_policy::{Holding, Holdings, Source};
use drv_graph::{DrvId, StorePath};

use crate::cache::planning::situation::{Demand, Situation};
use crate::cache::side::Side;
use crate::caches::Asking;
use crate::dto::cache_plan::{Amount, Consumer};
use crate::failure::Failure;
use crate::progress::Progress;

/// What `consumer`, whose demand is the `number`th of the situation, hits and builds.
pub(super) fn of(
    consumer: &Side,
    number: usize,
    situation: &Situation,
    kept: &(Source, Holdings),
    caches: &mut Asking,
    progress: &Progress,
) -> Result<Consumer, Failure> {
    let demand = &situation.demands[number];
    let work = consumer.work(caches, Some(kept), progress)?;
    let builds: BTreeSet<DrvId> = work.build.iter().copied().collect();
    let needed = demand.wanted.keys().copied();
    let (rebuilt, hit): (Vec<DrvId>, Vec<DrvId>) = needed.partition(|id| builds.contains(id));
    let all: Vec<DrvId> = demand.wanted.keys().copied().collect();
    let amount = |ids: &[DrvId]| amount(consumer, demand, situation, ids);
    Ok(Consumer {
        name: consumer.name.clone(),
        needed: amount(&all),
        hit: amount(&hit),
        rebuilt: amount(&rebuilt),
        builds: work.build.len() as u64,
        fetches: work.fetch.len() as u64,
    })
}

/// What is kept, as a cache that the consumer asks.
pub(super) fn kept(
    name: &str,
    model: &Model<StorePath>,
    plan: &Plan<StorePath>,
) -> (Source, Holdings) {
    let kept = plan.kept.iter().map(|kept| {
        let facts = model.facts(kept.id);
        let holding = Holding {
            references: Some(facts.references.clone()),
            nar_size: None,
            file_size: facts.size.map(|size| size.bytes),
        };
        (facts.key.clone(), holding)
    });
    (Source::cache(name), kept.collect())
}

fn amount(consumer: &Side, demand: &Demand, situation: &Situation, ids: &[DrvId]) -> Amount {
    let paths: BTreeSet<&StorePath> = ids
        .iter()
        .filter_map(|id| demand.wanted.get(id))
        .flatten()
        .collect();
    let bytes = paths.iter().map(|path| situation.size(path).bytes.0);
    Amount {
        derivations: ids.len() as u64,
        paths: paths.len() as u64,
        bytes: bytes.fold(0, u64::saturating_add),
        build_ms: consumer.time(ids.iter().copied()),
    }
}
