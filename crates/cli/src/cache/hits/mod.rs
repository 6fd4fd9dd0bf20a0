//! `hmtool cache hits`: what of one machine's builds another machine can use.

mod causes;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use cache_policy::{Holding, Holdings, Source};
use clap::Args;
use drv_graph::{DrvId, StorePath};

use super::args::{self, SharingArgs};
use super::outputs;
use super::side::Side;
use super::sizes::{NarSize, NarSizes};
use crate::config::Config;
use crate::dto::cache_hits::{Amount, CacheHits, NeverDemanded};
use crate::dto::gate::Gate;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::input;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::quantity::parse_share;
use crate::render;

/// Whose builds, and who wants them.
#[derive(Args, Debug)]
pub(crate) struct HitsArgs {
    #[command(flatten)]
    sharing: SharingArgs,

    /// Who builds and pushes: a machine of hmtool.toml, or a file that `nix derivation show -r`
    /// printed
    #[arg(long, value_name = "MACHINE | GRAPH", help_heading = "Machines")]
    producer: Option<String>,

    /// Read the derivations that the producer's graph is asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    producer_roots: Vec<PathBuf>,

    /// Who takes from the cache
    #[arg(long, value_name = "MACHINE | GRAPH", help_heading = "Machines")]
    consumer: Option<String>,

    /// Read the derivations that the consumer's graph is asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    consumer_roots: Vec<PathBuf>,

    #[command(flatten)]
    format: FormatArgs,

    /// Show this many rows of each list; 0 is all
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = "Output")]
    top: usize,

    /// Exit with 1 when less of what the consumer needs comes from a cache, e.g. 0.8 or 80%
    /// [default: what hmtool.toml says]
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Gates")]
    min_hit_rate: Option<f64>,
}

/// Compares and prints.
pub(super) fn run(args: &HitsArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let sharing = &args.sharing;
    let config = sharing.config()?;
    let config = config.as_ref();
    let producers = args::producers(args.producer.as_slice(), config)?;
    let consumers = args::consumers(args.consumer.as_slice(), &producers, config)?;
    let producer = only(&producers, "fill the cache", "--producer")?;
    let consumer = only(&consumers, "take from the cache", "--consumer")?;
    let side = |word: &str, roots: &[PathBuf]| Side::new(sharing, config, word, roots, &progress);
    let producer = side(producer, &args.producer_roots)?;
    let consumer = side(consumer, &args.consumer_roots)?;
    let meeting = Meeting::new(sharing, config, &producer, &consumer, &progress)?;
    let mut document = meeting.document();
    let own = config.and_then(|config| config.cache.as_ref());
    let limit = args.min_hit_rate.or_else(|| own?.min_hit_rate);
    if let Some(limit) = limit {
        // Where nothing is wanted nothing is missing.
        let value = document.hit_rate.unwrap_or(1.0);
        document.gates.push(Gate {
            name: "min-hit-rate".to_owned(),
            limit,
            value,
            passed: value >= limit,
        });
    }
    args.format.print(&document, |document, screen| {
        render::cache_hits::render(document, args.top, screen)
    })?;
    let mut outcome = Outcome::Clean;
    for gate in document.gates.iter().filter(|gate| !gate.passed) {
        output::complain(&render::cache_hits::gate_text(gate));
        outcome = Outcome::Finding;
    }
    Ok(outcome)
}

/// The one machine that is meant.
fn only<'a>(machines: &'a [String], what: &str, flag: &str) -> Result<&'a str, Failure> {
    match machines {
        [one] => Ok(one),
        several => Err(Failure::Usage {
            message: format!("several machines {what}"),
            hint: format!("choose one with {flag}: {}", several.join(", ")),
        }),
    }
}

/// What the consumer needs, by where it comes from.
struct Meeting<'a> {
    producer: &'a Side,
    consumer: &'a Side,
    sizes: NarSizes,
    /// What the producer builds and pushes: outputs by derivation.
    pushed: BTreeMap<DrvId, BTreeSet<StorePath>>,
    /// The outputs that the consumer's closure has a use for.
    wanted: BTreeMap<DrvId, BTreeSet<StorePath>>,
    /// Derivations that the consumer builds when it asks all other caches,
    builds_alone: HashSet<DrvId>,
    /// and those that it builds when it asks the producer's too.
    builds: HashSet<DrvId>,
}

impl<'a> Meeting<'a> {
    fn new(
        sharing: &SharingArgs,
        config: Option<&Config>,
        producer: &'a Side,
        consumer: &'a Side,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let mut sizes = NarSizes::default();
        let own = config.and_then(|config| config.cache.as_ref());
        for file in own.iter().flat_map(|own| &own.path_info) {
            sizes.add(&input::holdings::read(file, progress)?);
        }
        let mut caches = producer.caches(sharing, progress)?;
        let built = producer.work(&mut caches, None, progress)?.build;
        let built: HashSet<DrvId> = built.into_iter().collect();
        let mut pushed = outputs::wanted(&producer.input, |id| built.contains(&id));
        pushed.retain(|&id, _| built.contains(&id) && producer.is_shareable(id));
        // What is pushed is pushed with its closure, as far as no other cache has that.
        let paths = pushed.values().flatten().cloned();
        let holdings: Holdings = paths.map(|path| (path, Holding::default())).collect();
        let name = format!("the cache of {}", producer.name);
        let cache = (Source::cache(name), holdings);
        let mut caches = consumer.caches(sharing, progress)?;
        let builds_alone = consumer.work(&mut caches, None, progress)?.build;
        let builds = consumer.work(&mut caches, Some(&cache), progress)?.build;
        for (_, holdings) in caches.known() {
            sizes.add(holdings);
        }
        Ok(Self {
            wanted: outputs::wanted(&consumer.input, |_| true),
            producer,
            consumer,
            sizes,
            pushed,
            builds_alone: builds_alone.into_iter().collect(),
            builds: builds.into_iter().collect(),
        })
    }

    fn document(&self) -> CacheHits {
        let graph = &self.consumer.input.graph;
        let roots = self.consumer.input.root_derivations();
        let closure = graph.closure(&roots).into_iter();
        let needed = closure.filter(|&id| !graph[id].is_fixed_output());
        let (required, made): (Vec<DrvId>, Vec<DrvId>) =
            needed.partition(|&id| graph[id].allow_substitutes());
        let (missed, had): (Vec<DrvId>, Vec<DrvId>) =
            required.iter().partition(|id| self.builds.contains(id));
        let (from_producer, upstream): (Vec<DrvId>, Vec<DrvId>) =
            had.iter().partition(|id| self.builds_alone.contains(id));

        let amount = |ids: &[DrvId]| amount(self.consumer, &self.wanted, ids, &self.sizes);
        let (all, lost) = (amount(&required), amount(&missed));
        let share =
            |part: u64, whole: u64| (whole > 0).then(|| (whole - part) as f64 / whole as f64);
        let asked_for: BTreeSet<&StorePath> = self.wanted.values().flatten().collect();
        let useless: BTreeMap<DrvId, BTreeSet<StorePath>> = self
            .pushed
            .iter()
            .map(|(id, paths)| {
                let useless = paths.iter().filter(|path| !asked_for.contains(path));
                (*id, useless.cloned().collect::<BTreeSet<_>>())
            })
            .filter(|(_, paths)| !paths.is_empty())
            .collect();
        let found = causes::Causes::new(self.producer, self.consumer, &missed);
        let pushed: Vec<DrvId> = self.pushed.keys().copied().collect();
        let never: Vec<DrvId> = useless.keys().copied().collect();
        CacheHits {
            schema: CacheHits::SCHEMA_ID,
            producer: self.producer.name.clone(),
            consumer: self.consumer.name.clone(),
            hit_rate: share(lost.derivations, all.derivations),
            hit_rate_by_bytes: share(lost.nar_bytes, all.nar_bytes),
            hit_rate_by_time: share(lost.build_ms, all.build_ms),
            required: all,
            upstream: amount(&upstream),
            from_producer: amount(&from_producer),
            missed: lost,
            made_everywhere: amount(&made),
            pushed: self::amount(self.producer, &self.pushed, &pushed, &self.sizes),
            never_demanded: self::amount(self.producer, &useless, &never, &self.sizes),
            largest_never_demanded: self.largest(&useless),
            differing_words: found.words(),
            misses: found.misses(),
            causes: found.listed(),
            gates: Vec::new(),
        }
    }

    fn largest(&self, useless: &BTreeMap<DrvId, BTreeSet<StorePath>>) -> Vec<NeverDemanded> {
        let paths: BTreeSet<&StorePath> = useless.values().flatten().collect();
        let mut all: Vec<NeverDemanded> = paths
            .into_iter()
            .map(|path| NeverDemanded {
                path: path.to_string(),
                nar_bytes: self.sizes.of(path).bytes().0,
            })
            .collect();
        // A stable sort: of one size those first whose path is smaller.
        all.sort_by_key(|it| std::cmp::Reverse(it.nar_bytes));
        all.truncate(CacheHits::SHOWN);
        all
    }
}

/// What some derivations amount to, by those of their outputs that are wanted.
fn amount(
    side: &Side,
    outputs: &BTreeMap<DrvId, BTreeSet<StorePath>>,
    ids: &[DrvId],
    sizes: &NarSizes,
) -> Amount {
    let mut amount = Amount {
        derivations: ids.len() as u64,
        build_ms: side.time(ids.iter().copied()),
        ..Amount::default()
    };
    for path in ids.iter().filter_map(|id| outputs.get(id)).flatten() {
        let size = sizes.of(path);
        amount.nar_bytes += size.bytes().0;
        if let NarSize::Assumed(bytes) = size {
            amount.assumed_bytes += bytes.0;
        }
    }
    amount
}
