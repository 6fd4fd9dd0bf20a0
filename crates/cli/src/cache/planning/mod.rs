//! What a cache is planned from, for the verbs that show a plan and carry it out.

mod args;
mod candidates;
mod contents;
pub(crate) mod document;
mod held;
pub(crate) mod lost;
pub(crate) mod recorded;
pub(crate) mod situation;
mod tiers;

use std::collections::BTreeSet;
use std::path::PathBuf;

use cache_policy::model::{Model, ModelErrors};
use cache_policy::plan::{Budget, Plan, PlanError, Request, plan};
use cache_policy::{Compression, Holdings};
use drv_graph::StorePath;

use super::args as machines;
use super::pins;
use super::side::Side;
use crate::caches::Asking;
use crate::config::{CacheKind, OwnCache, budget};
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;
use crate::quantity::size;
pub(crate) use args::PlanningArgs;
pub(crate) use candidates::Candidates;
use recorded::Recorded;
use situation::Situation;

/// Which cache is planned for, how large it is, who fills it and who takes from it.
pub(crate) struct Planning<'a> {
    pub(crate) args: &'a PlanningArgs,
    /// `[cache]` of `hmtool.toml`.
    own: Option<OwnCache>,
    pub(crate) name: String,
    pub(crate) kind: CacheKind,
    pub(crate) compression: Compression,
    /// Where it stands what is pinned: `--pins`, else in the cache's directory, or beside `hmtool.toml`
    /// for a cache at Cachix. There may be no such file yet.
    pub(crate) pins_file: Option<PathBuf>,
    pub(crate) budget: Budget,
    pub(crate) producers: Vec<Side>,
    pub(crate) consumers: Vec<Side>,
}

impl<'a> Planning<'a> {
    /// Reads the configuration and the graphs.
    pub(crate) fn new(args: &'a PlanningArgs, progress: &Progress) -> Result<Self, Failure> {
        let sharing = &args.sharing;
        let config = sharing.config()?;
        let config = config.as_ref();
        let own = config.and_then(|config| config.cache.clone());
        let capacity = args
            .capacity
            .or_else(|| own.as_ref().and_then(|own| own.capacity));
        let capacity = capacity.ok_or_else(|| Failure::Usage {
            message: "nothing says how large the cache is".to_owned(),
            hint: "give --capacity SIZE, or `capacity` in [cache] of hmtool.toml".to_owned(),
        })?;
        // A buffer is a part of the capacity that it was given with.
        let configured = own.as_ref().filter(|_| args.capacity.is_none());
        let buffer = args.buffer.or_else(|| configured?.buffer);
        let producers = machines::producers(&args.producers, config)?;
        let consumers = machines::consumers(&args.consumers, &producers, config)?;
        let sides = |names: &[String], roots| {
            let side = |name: &String| Side::new(sharing, config, name, roots, progress);
            names.iter().map(side).collect::<Result<Vec<_>, _>>()
        };
        let kind = own
            .as_ref()
            .map_or(CacheKind::Cachix, |own| own.kind.clone());
        let folder = match &kind {
            CacheKind::File(dir) => Some(dir.as_path()),
            CacheKind::Cachix => config.and_then(|config| config.file.parent()),
        };
        let pins_file = folder.map(|folder| folder.join(pins::FILE_NAME));
        Ok(Self {
            args,
            name: own
                .as_ref()
                .map_or_else(|| "cache".to_owned(), |own| own.name.clone()),
            kind,
            pins_file: args.pins.clone().or(pins_file),
            compression: own
                .as_ref()
                .map_or(Compression::CACHIX, |own| own.compression),
            budget: budget(capacity, buffer),
            producers: sides(&producers, &args.roots)?,
            consumers: sides(&consumers, &args.consumer_roots)?,
            own,
        })
    }

    /// `[cache]` of `hmtool.toml`.
    pub(crate) fn own(&self) -> Option<&OwnCache> {
        self.own.as_ref()
    }

    /// What the producers make.
    pub(crate) fn candidates(&self) -> Candidates<'_> {
        Candidates::new(&self.producers, self.own.as_ref())
    }

    /// The caches and stores of each consumer, none of them asked yet.
    pub(crate) fn caches(&self, progress: &Progress) -> Result<Vec<Asking>, Failure> {
        let caches = |side: &Side| side.caches(&self.args.sharing, progress);
        self.consumers.iter().map(caches).collect()
    }

    /// What is known of paths from when they were pushed; nothing of a cache that is not a
    /// directory.
    pub(crate) fn recorded(&self, progress: &Progress) -> Result<Recorded, Failure> {
        match &self.kind {
            CacheKind::File(dir) => Recorded::read(dir, self.compression, progress),
            CacheKind::Cachix => Ok(Recorded::default()),
        }
    }

    /// All that is known now. `told` is what others know of paths besides what the arguments name.
    pub(crate) fn situation(
        &self,
        candidates: &Candidates<'_>,
        told: &Holdings,
        caches: &mut [Asking],
        progress: &Progress,
    ) -> Result<Situation, Failure> {
        Situation::new(self, candidates, told, caches, progress)
    }

    /// What the planner is asked, where nobody has `lost` any more.
    pub(crate) fn request<'s>(
        &self,
        situation: &'s Situation,
        model: &'s Model<StorePath>,
        lost: &'s BTreeSet<StorePath>,
    ) -> Request<'s, StorePath> {
        Request {
            model,
            budget: self.budget,
            pins: &situation.pins,
            revisions: self.own.as_ref().map_or(1, |own| own.generations),
            state: &situation.state,
            lost,
            compression: self.compression,
        }
    }
}

/// The paths and savings as the planner takes them.
pub(crate) fn model(situation: &Situation) -> Result<Model<StorePath>, Failure> {
    situation.model().map_err(|errors| bad_model(&errors))
}

/// Plans.
pub(crate) fn made(
    request: &Request<'_, StorePath>,
    progress: &Progress,
) -> Result<Plan<StorePath>, Failure> {
    let _waiting = progress.waiting("planning");
    plan(request).map_err(|error| no_plan(&error))
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
