//! `hmtool cache plan`: what a cache should hold, and the steps that get it there.

mod contents;
mod document;
mod forecast;
mod situation;
mod tiers;

use std::path::PathBuf;

use cache_policy::model::ModelErrors;
use cache_policy::plan::{PlanError, Request, plan};
use clap::Args;
use drv_graph::{Bytes, StorePath};

use super::args::{self, SharingArgs};
use super::side::Side;
use crate::config::budget;
use crate::dto::gate::Gate;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::quantity::{parse_share, parse_size, size};
use crate::render;
use situation::Situation;

/// The cache, who fills it and who takes from it.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    sharing: SharingArgs,

    /// Who builds and pushes: a machine of hmtool.toml, or a file that `nix derivation show -r`
    /// printed; may be given several times
    #[arg(
        long = "graph",
        visible_alias = "producer",
        value_name = "MACHINE | GRAPH",
        help_heading = "Machines"
    )]
    producers: Vec<String>,

    /// Read the derivations that the producers' graphs are asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    roots: Vec<PathBuf>,

    /// Who takes from the cache; may be given several times
    #[arg(
        long = "consumer",
        value_name = "MACHINE | GRAPH",
        help_heading = "Machines"
    )]
    consumers: Vec<String>,

    /// Read the derivations that the consumers' graphs are asked for from FILE
    #[arg(long, value_name = "FILE", help_heading = "Machines")]
    consumer_roots: Vec<PathBuf>,

    /// What the cache has room for, e.g. 5GB
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "The cache")]
    capacity: Option<Bytes>,

    /// What of that stays free [default: a tenth, or what hmtool.toml says of its capacity]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "The cache")]
    buffer: Option<Bytes>,

    /// What the cache holds now: file://DIR, a directory of narinfos, a file as for --available, or
    /// its URL, which is asked [default: the directory of [cache]; of one at Cachix nothing, or with
    /// --online what it answers]
    #[arg(long, value_name = "URL | PATH", help_heading = "The cache")]
    held: Vec<String>,

    /// What is pinned now: a JSON object of lists of store paths, the newest first [default:
    /// hmtool-pins.json in the directory of [cache]]
    #[arg(long, value_name = "FILE", help_heading = "The cache")]
    pins: Option<PathBuf>,

    /// Read sizes and references of what was built from FILE: `nix path-info --json -r`, narinfos
    #[arg(long, value_name = "FILE", help_heading = "The cache")]
    path_info: Vec<PathBuf>,

    #[command(flatten)]
    format: FormatArgs,

    /// Show this many rows of each list; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    top: usize,

    /// Exit with 1 when of what the consumers need less comes from this cache, e.g. 0.8 or 80%
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Gates")]
    min_hit_rate: Option<f64>,

    /// Exit with 1 when there is something to do
    #[arg(long, help_heading = "Gates")]
    check: bool,
}

/// Plans and prints.
pub(super) fn run(args: &PlanArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let sharing = &args.sharing;
    let config = sharing.config()?;
    let config = config.as_ref();
    let own = config.and_then(|config| config.cache.as_ref());
    let capacity = args.capacity.or_else(|| own?.capacity);
    let capacity = capacity.ok_or_else(|| Failure::Usage {
        message: "nothing says how large the cache is".to_owned(),
        hint: "give --capacity SIZE, or `capacity` in [cache] of hmtool.toml".to_owned(),
    })?;
    // A buffer is a part of the capacity that it was given with.
    let configured = own.filter(|_| args.capacity.is_none());
    let buffer = args.buffer.or_else(|| configured?.buffer);
    let producer_names = args::producers(&args.producers, config)?;
    let consumer_names = args::consumers(&args.consumers, &producer_names, config)?;
    let sides = |names: &[String], roots: &[PathBuf]| {
        let side = |name: &String| Side::new(sharing, config, name, roots, &progress);
        names.iter().map(side).collect::<Result<Vec<_>, _>>()
    };
    let producers = sides(&producer_names, &args.roots)?;
    let consumers = sides(&consumer_names, &args.consumer_roots)?;
    let situation = Situation::new(args, own, &producers, &consumers, &progress)?;
    let model = situation.model().map_err(|errors| bad_model(&errors))?;
    let request = Request {
        model: &model,
        budget: budget(capacity, buffer),
        pins: &situation.pins,
        revisions: own.map_or(1, |own| own.generations),
        state: &situation.state,
        compression: situation.compression,
    };
    let waiting = progress.waiting("planning");
    let plan = plan(&request).map_err(|error| no_plan(&error))?;
    drop(waiting);
    let mut document = document::document(&situation, &request, &plan);
    let kept = forecast::kept(&situation, &model, &plan);
    for (number, consumer) in consumers.iter().enumerate() {
        let found = forecast::of(consumer, number, &situation, &kept, sharing, &progress)?;
        document.consumers.push(found);
    }
    if let Some(limit) = args.min_hit_rate {
        let sum = |of: &dyn Fn(&crate::dto::cache_plan::Consumer) -> u64| -> u64 {
            document.consumers.iter().map(of).sum()
        };
        let needed = sum(&|consumer| consumer.needed.derivations);
        let hit = sum(&|consumer| consumer.hit.derivations);
        // Where nothing is needed nothing is missing.
        let value = if needed == 0 {
            1.0
        } else {
            hit as f64 / needed as f64
        };
        document.gates.push(Gate {
            name: "min-hit-rate".to_owned(),
            limit,
            value,
            passed: value >= limit,
        });
    }
    if args.check {
        document.gates.push(Gate {
            name: "check".to_owned(),
            limit: 0.0,
            value: document.steps.len() as f64,
            passed: document.steps.is_empty(),
        });
    }
    args.format.print(&document, |document, screen| {
        render::cache_plan::render(document, args.top, screen)
    })?;
    let failed = document.gates.iter().filter(|gate| !gate.passed);
    let mut outcome = Outcome::Clean;
    for gate in failed {
        output::complain(&render::cache_plan::gate_text(gate));
        outcome = Outcome::Finding;
    }
    Ok(outcome)
}

fn bad_model(errors: &ModelErrors<StorePath>) -> Failure {
    let first = errors.0.first();
    Failure::Data {
        file: "what is known of the paths".to_owned(),
        place: None,
        code: first.map_or("bad-model", |error| error.code()),
        message: errors.to_string(),
        hint: first.map(|error| error.hint().to_owned()),
    }
}

/// Why there is no plan; of a tier 1 that does not fit, all of it first.
fn no_plan(error: &PlanError<StorePath>) -> Failure {
    if let PlanError::TierOne { closure, .. } = error {
        for part in closure {
            let why = if part.is_tier_one {
                "tier 1"
            } else {
                "needed by tier 1"
            };
            let size = size(part.bytes.0);
            output::complain(&format!("{size:>9}  {}, {why}", part.key));
        }
    }
    Failure::Data {
        file: "the cache".to_owned(),
        place: None,
        code: error.code(),
        message: error.to_string(),
        hint: Some(error.hint().to_owned()),
    }
}
