//! Which cache tier a derivation's outputs are of, and under which name they are pinned.

use std::collections::{BTreeMap, BTreeSet};

use cache_policy::CacheTier;
use cache_policy::plan::Pin;
use drv_graph::{DrvId, StorePath};
use hw_profile::{Bytes, Cores};
use tier_planner::classify::{Classifier, Reason};
use tier_planner::rule::{Field, Pattern, Rule};
use tier_planner::subject::{Subject, subjects};
use tier_planner::tier::{BuildTier, TierId, TierSet};

use crate::cache::side::Side;
use crate::config::OwnCache;

/// The cache tiers of all derivations of a graph, and whether each is pinned.
pub(super) struct Tiers {
    tiers: Vec<CacheTier>,
    is_pinned: Vec<bool>,
}

impl Tiers {
    /// By the rules of `[cache]`. Without it everything is of tier 2, and nothing is pinned.
    pub(super) fn new(side: &Side, own: Option<&OwnCache>) -> Self {
        let attribute = |id| side.input.attributes.get(&id).map(String::as_str);
        let subjects = subjects(&side.input.graph, attribute);
        let rules = own.iter().flat_map(|own| &own.tiers).flat_map(|tier| {
            let patterns = tier.rules.iter().map(crate::config::Rule::pattern);
            patterns.map(|pattern| (tier.tier, pattern))
        });
        let rules: Vec<(CacheTier, Pattern)> = rules.collect();
        let by_rule = Rules::new(rules);
        let tiers: Vec<CacheTier> = subjects.iter().map(|it| by_rule.tier(it)).collect();
        let pins = own.and_then(|own| own.pins.as_ref());
        let is_pinned = match pins {
            None => tiers
                .iter()
                .map(|tier| *tier == CacheTier::Always)
                .collect(),
            Some(names) => {
                let exact = |name: &String| (CacheTier::Always, Pattern::Exact(name.clone()));
                let named = Rules::new(names.iter().map(exact).collect());
                let is_named = |it: &Subject<'_>| named.tier(it) == CacheTier::Always;
                subjects.iter().map(is_named).collect()
            }
        };
        Self { tiers, is_pinned }
    }

    /// The tier of what a derivation makes.
    pub(super) fn of(&self, id: DrvId) -> CacheTier {
        self.tiers[id.index()]
    }

    /// Which of `names` no derivation goes by that makes some of `wanted`.
    pub(super) fn unknown<'n>(
        side: &Side,
        wanted: &BTreeMap<DrvId, BTreeSet<StorePath>>,
        names: &'n [String],
    ) -> BTreeSet<&'n str> {
        let attribute = |id| side.input.attributes.get(&id).map(String::as_str);
        let subjects = subjects(&side.input.graph, attribute);
        let is_unknown = |name: &&str| {
            let pattern = Pattern::Exact((*name).to_owned());
            let rule = Rules::new(vec![(CacheTier::Always, pattern)]);
            let mut wanted = wanted.keys().map(|id| &subjects[id.index()]);
            wanted.all(|subject| rule.tier(subject) != CacheTier::Always)
        };
        names
            .iter()
            .map(String::as_str)
            .filter(is_unknown)
            .collect()
    }

    /// The pins of those of `wanted` that are pinned: each output under the attribute or name of
    /// its derivation.
    pub(super) fn pins(
        &self,
        side: &Side,
        wanted: &BTreeMap<DrvId, BTreeSet<StorePath>>,
    ) -> Vec<Pin<StorePath>> {
        let mut pins = Vec::new();
        let mut taken: BTreeMap<String, u32> = BTreeMap::new();
        for (&id, paths) in wanted {
            if !self.is_pinned[id.index()] {
                continue;
            }
            let derivation = &side.input.graph[id];
            let attribute = side.input.attributes.get(&id).map(String::as_str);
            let name = attribute.unwrap_or(derivation.pname());
            // Two derivations of one name, such as a compiler and the one it is built with.
            let nth = taken.entry(name.to_owned()).or_default();
            *nth += 1;
            let name = match *nth {
                1 => name.to_owned(),
                nth => format!("{name}-{nth}"),
            };
            let outputs = derivation.outputs().iter();
            pins.extend(outputs.filter_map(|output| {
                let path = output.path.clone().filter(|path| paths.contains(path))?;
                let name = match &*output.name {
                    "out" => name.clone(),
                    other => format!("{name}-{other}"),
                };
                Some(Pin { name, path })
            }));
        }
        pins
    }
}

/// Rules on names, the first of which that matches decides.
struct Rules {
    classifier: Classifier,
    tiers: Vec<CacheTier>,
}

impl Rules {
    fn new(rules: Vec<(CacheTier, Pattern)>) -> Self {
        // What matches a name is the same for builds and for caches; what a tier of builds has
        // besides does not matter here.
        let tier = |tier: &CacheTier| BuildTier {
            name: format!("cache tier {}", tier.number()),
            max_jobs: None,
            cores: Cores(1),
            memory: Bytes(0),
        };
        let tiers = TierSet::new(CacheTier::ALL.iter().map(tier).collect());
        let (tiers_of_rules, rules): (Vec<CacheTier>, Vec<Rule>) = rules
            .into_iter()
            .map(|(tier, pattern)| {
                let rule = Rule {
                    tier: TierId(tier.index() as u16),
                    field: Field::Any,
                    pattern,
                };
                (tier, rule)
            })
            .unzip();
        let default = TierId(CacheTier::default().index() as u16);
        Self {
            classifier: Classifier::new(tiers, rules, default),
            tiers: tiers_of_rules,
        }
    }

    /// Wrappers and texts are named like anything else, though no build tier takes them.
    fn tier(&self, subject: &Subject<'_>) -> CacheTier {
        let found = self.classifier.classify(subject);
        let rule = match found.by {
            Reason::Rule(rule) => Some(rule),
            _ => found.also_matched.first().copied(),
        };
        rule.and_then(|rule| self.tiers.get(rule.0 as usize).copied())
            .unwrap_or_default()
    }
}
