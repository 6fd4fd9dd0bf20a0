//! Which tier a build belongs to.

use hw_profile::{Bytes, Cores};
use tier_planner::classify::Classifier;
use tier_planner::rule::{self, Field, Rule};
use tier_planner::tier::{BuildTier, TierId, TierSet};

use crate::config::Config;

/// The tiers of the configuration with their rules, or the standard ones.
pub(crate) fn classifier(config: Option<&Config>, threads: Cores, memory: Bytes) -> Classifier {
    let Some(config) = config.filter(|c| !c.tiers.is_empty()) else {
        let tiers = TierSet::standard();
        let rules = rule::standard(&tiers);
        let last = TierId((tiers.len() - 1) as u16);
        return Classifier::new(tiers, rules, last);
    };
    let mut tiers = Vec::new();
    let mut rules = Vec::new();
    let mut default = config.tiers.len() - 1;
    for (i, tier) in config.tiers.iter().enumerate() {
        let cores = tier.cores.map_or(threads, Cores);
        // Where nothing is said, as many as can run at once share what there is.
        let at_once = tier.jobs.unwrap_or((threads.0 / cores.0.max(1)).max(1));
        tiers.push(BuildTier {
            name: tier.name.clone(),
            max_jobs: tier.jobs,
            cores,
            memory: tier.memory.unwrap_or(Bytes(memory.0 / u64::from(at_once))),
        });
        rules.extend(tier.rules.iter().map(|rule| Rule {
            tier: TierId(i as u16),
            field: Field::Any,
            pattern: rule.pattern(),
        }));
        if tier.default {
            default = i;
        }
    }
    Classifier::new(TierSet::new(tiers), rules, TierId(default as u16))
}
