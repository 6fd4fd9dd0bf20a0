//! Carrying out plans on a cache in a directory, one after another, until there is nothing to do.
//!
//! A plan is made with sizes that are partly estimates, and what is packed may turn out larger or
//! smaller. So each size that is found out is recorded; where a path does not fit after all, or
//! once a plan is carried out, there is another plan. Every plan but the last finds out a size, so
//! there is a last one. What all of a plan depends on is packed before anything of it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cache_policy::model::{Model, PathId};
use cache_policy::plan::{CacheState, Plan, Step};
use cache_policy::{CacheTier, Holdings};
use drv_graph::{Bytes, StorePath, path_info, split_name};
use tier_planner::Millis;

use super::own_directory::{OwnDirectory, Staged};
use super::packing::{self, Packing};
use super::restoring::{Restorable, restorable};
use crate::cache::pins;
use crate::cache::planning::lost::{self, LostGeneration};
use crate::cache::planning::recorded::{self, Recorded};
use crate::cache::planning::situation::Situation;
use crate::cache::planning::{self, Planning};
use crate::failure::Failure;
use crate::input::holdings::holding;
use crate::nix;
use crate::output;
use crate::progress::Progress;
use crate::quantity::size;

/// Paths that one Nix packs at once, and how large they may be together by the estimates: it packs
/// them in parallel, and what is packed lies on the disk beside the cache.
const BATCH_PATHS: usize = 32;
const BATCH_BYTES: u64 = 256 << 20;

/// How plans are carried out.
pub(super) struct Rules {
    /// One call of Nix may take so long.
    pub(super) limit: Millis,
    /// Whether to end before anything is deleted that cannot be had again.
    pub(super) only_restorable: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Plans that had anything to do.
    pub(super) rounds: u32,
    /// What was done, in order, with the sizes that turned out.
    pub(super) steps: Vec<Step<StorePath>>,
    /// From where each evicted path can be had again.
    pub(super) evicted: Vec<(StorePath, Bytes, Restorable)>,
    /// What was held before.
    pub(super) before: Bytes,
    /// What is held now.
    pub(super) after: Bytes,
    /// Older generations that the plans give up, since nobody has something they refer to; those whose
    /// pins are dropped in `steps` are.
    pub(super) lost: BTreeSet<LostGeneration>,
    /// Why the rest was not done.
    pub(super) refusal: Option<Refusal>,
}

/// Why a plan was not carried out.
#[derive(Debug)]
pub(super) enum Refusal {
    /// These paths, and the derivations that make them, are not built.
    Unbuilt(Vec<(StorePath, Option<StorePath>)>),
    /// These would be deleted and cannot be had again.
    Unrestorable(Vec<StorePath>),
}

/// How a round ended.
enum Ended {
    /// Everything of the plan was done.
    Done,
    /// A size turned out to be another, and the rest does not fit.
    Replan,
    Refused(Refusal),
}

/// Carries out plans until one has nothing to do.
///
/// # Errors
/// What came in between; `done` says what was done until then, and stays done.
pub(super) fn run(
    planning: &Planning<'_>,
    dir: &Path,
    rules: &Rules,
    done: &mut Done,
    progress: &Progress,
) -> Result<(), Failure> {
    packing::can_be_named(dir)?;
    let candidates = planning.candidates();
    // A graph is of one store; without any path there is nothing to push.
    let first = candidates.paths.first();
    let store_dir = first.map_or(drv_graph::DEFAULT_STORE_DIR, |path| path.store_dir());
    let mut own = OwnDirectory::open(dir, store_dir)?;
    let told = told(planning, &candidates.paths, rules.limit, progress)?;
    let mut recorded = planning.recorded(progress)?;
    // What is not built is taken for as large as its namesakes, those that were evicted among them.
    let unbuilt = candidates
        .paths
        .iter()
        .filter(|path| told.get(path).is_none());
    let unbuilt: BTreeSet<&str> = unbuilt.map(|path| split_name(path.name()).0).collect();
    recorded.retain(|path| {
        let is_told = told.get(path).is_some() || candidates.paths.contains(path);
        let is_namesake = || unbuilt.contains(split_name(path.name()).0);
        is_told || own.narinfo(path).is_some() || is_namesake()
    });
    recorded.add(&told);
    recorded.add_held(&own.holdings());
    let mut caches = planning.caches(progress)?;
    let mut round = Round {
        planning,
        rules,
        progress,
        told,
        dir,
        staged: BTreeMap::new(),
        has_learnt: true,
        own: &mut own,
        recorded: &mut recorded,
        lost: BTreeSet::new(),
        done,
    };
    loop {
        round.own.look_again()?;
        let known = round.recorded.holdings();
        let situation = planning.situation(&candidates, &known, &mut caches, progress)?;
        let held = situation.state.held.iter();
        let occupied: Bytes = held.map(|path| situation.size(path).bytes).sum();
        if round.done.rounds == 0 {
            round.done.before = occupied;
            situation.say_what_is_misnamed();
        }
        round.done.after = occupied;
        let model = planning::model(&situation)?;
        let lost = round.lost.clone();
        let plan = planning::made(&planning.request(&situation, &model, &lost), progress)?;
        if plan.steps.is_empty() {
            round.record()?;
            return say_what_is_unnamed(round.own);
        }
        if !std::mem::replace(&mut round.has_learnt, false) {
            return Err(Failure::Usage {
                message: "the cache does not stay as it was left".to_owned(),
                hint: "somebody else changes it at the same time: run the command again".to_owned(),
            });
        }
        round.done.rounds += 1;
        match round.carry_out(&situation, &model, &plan, occupied)? {
            Ended::Done | Ended::Replan => {}
            Ended::Refused(refusal) => {
                round.record()?;
                round.done.refusal = Some(refusal);
                return Ok(());
            }
        }
    }
}

/// NARs that nothing names take up room which no plan can free, and somebody may be about to name
/// them.
fn say_what_is_unnamed(own: &OwnDirectory) -> Result<(), Failure> {
    let unnamed = own.unnamed()?;
    if unnamed > Bytes(0) {
        output::complain(&format!(
            "NARs that no narinfo names take up {} besides: `hmtool cache verify` lists them, and \
             they can be deleted unless somebody is pushing",
            size(unnamed.0)
        ));
    }
    Ok(())
}

/// What the store says of those of some paths that it has, and of all that they refer to.
fn told(
    planning: &Planning<'_>,
    paths: &BTreeSet<StorePath>,
    limit: Millis,
    progress: &Progress,
) -> Result<Holdings, Failure> {
    let paths: Vec<StorePath> = paths.iter().cloned().collect();
    let built = nix::valid(
        &paths,
        planning.args.sharing.evaluation.nix_timeout,
        progress,
    )?;
    let mut told = Holdings::default();
    for text in nix::path_infos(&built, limit, progress)? {
        let infos = path_info::read(&text).map_err(|error| Failure::Tool {
            tool: "nix",
            message: format!("what nix path-info printed cannot be read: {error}"),
            stderr: String::new(),
            hint: None,
        })?;
        for info in infos.valid {
            let (path, mut holding) = holding(info);
            // A store knows nothing of files in caches.
            holding.file_size = None;
            told.insert(path, holding);
        }
    }
    Ok(told)
}

struct Round<'a> {
    planning: &'a Planning<'a>,
    rules: &'a Rules,
    progress: &'a Progress,
    told: Holdings,
    dir: &'a Path,
    /// What was packed and is not published.
    staged: BTreeMap<StorePath, Staged>,
    /// Whether a size was found out since the last plan.
    has_learnt: bool,
    own: &'a mut OwnDirectory,
    recorded: &'a mut Recorded,
    /// What a plan would push, and neither the store has nor any graph says how to build.
    lost: BTreeSet<StorePath>,
    done: &'a mut Done,
}

impl Round<'_> {
    fn carry_out(
        &mut self,
        situation: &Situation,
        model: &Model<StorePath>,
        plan: &Plan<StorePath>,
        occupied: Bytes,
    ) -> Result<Ended, Failure> {
        let pushes: Vec<(StorePath, Bytes)> = plan.steps.iter().filter_map(push).collect();
        let unknown = pushes.iter().map(|(path, _)| path);
        let unknown = unknown.filter(|path| self.told.get(path).is_none());
        let unknown: BTreeSet<StorePath> = unknown.cloned().collect();
        if !unknown.is_empty() {
            return self.ask_for(&unknown, situation);
        }
        let evictions: Vec<StorePath> = plan.steps.iter().filter_map(eviction).collect();
        let limit = self.planning.args.sharing.evaluation.nix_timeout;
        let restorable = restorable(&evictions, situation, limit, self.progress)?;
        let lost = restorable
            .iter()
            .filter(|(_, from)| **from == Restorable::Nowhere);
        let lost: Vec<StorePath> = lost.map(|(path, _)| path.clone()).collect();
        if !lost.is_empty() && self.rules.only_restorable {
            return Ok(Ended::Refused(Refusal::Unrestorable(lost)));
        }
        let mut differs = false;
        for batch in batches(&decisive(&pushes, situation, model, plan)) {
            self.pack(batch)?;
            differs |= batch
                .iter()
                .any(|(path, bytes)| self.staged[path].bytes != *bytes);
        }
        if differs {
            return Ok(Ended::Replan);
        }
        self.done.lost.extend(lost::generations(model, plan));
        self.steps(situation, plan, occupied, &restorable)
    }

    /// Asks the store for what no producer's graph asks for, such as what an older generation refers
    /// to.
    fn ask_for(
        &mut self,
        unknown: &BTreeSet<StorePath>,
        situation: &Situation,
    ) -> Result<Ended, Failure> {
        let more = told(self.planning, unknown, self.rules.limit, self.progress)?;
        self.recorded.add(&more);
        for (path, holding) in more.iter() {
            self.told.insert(path.clone(), holding.clone());
        }
        let unbuilt = unknown.iter().filter(|path| more.get(path).is_none());
        let unbuilt: Vec<_> = unbuilt
            .map(|path| (path.clone(), situation.paths[path].drv.clone()))
            .collect();
        // Without what needs these there may be a plan. What is lost and wanted all the same is asked
        // for again.
        let lost = self.lost.len();
        self.lost.extend(lost::nobody_has(&unbuilt));
        if unbuilt.is_empty() || self.lost.len() > lost {
            self.has_learnt = true;
            return Ok(Ended::Replan);
        }
        Ok(Ended::Refused(Refusal::Unbuilt(unbuilt)))
    }

    fn steps(
        &mut self,
        situation: &Situation,
        plan: &Plan<StorePath>,
        mut occupied: Bytes,
        restorable: &BTreeMap<StorePath, Restorable>,
    ) -> Result<Ended, Failure> {
        let mut state = situation.state.clone();
        let mut steps = plan.steps.iter().peekable();
        while let Some(step) = steps.next() {
            match step {
                Step::Push { .. } => {
                    let mut pushes: Vec<(StorePath, Bytes)> = push(step).into_iter().collect();
                    while let Some(next) = steps.peek().and_then(|next| push(next)) {
                        pushes.push(next);
                        steps.next();
                    }
                    for batch in batches(&pushes) {
                        self.pack(batch)?;
                        for (path, _) in batch {
                            let bytes = self.staged[path].bytes;
                            if occupied.0.saturating_add(bytes.0) > plan.limit.0 {
                                return Ok(Ended::Replan);
                            }
                            self.publish(path, situation)?;
                            occupied = Bytes(occupied.0 + bytes.0);
                            self.done.after = occupied;
                            self.did(
                                &mut state,
                                Step::Push {
                                    path: path.clone(),
                                    bytes,
                                    compression: self.planning.compression,
                                },
                            );
                        }
                    }
                }
                Step::Pin { .. } | Step::Unpin { .. } => {
                    let mut next = state.clone();
                    next.apply(step);
                    self.write_pins(&next)?;
                    self.did(&mut state, step.clone());
                }
                Step::Evict { path, bytes, .. } => {
                    let from = restorable.get(path).copied();
                    let from = from.unwrap_or(Restorable::Nowhere);
                    if from == Restorable::Nowhere {
                        output::complain(&format!(
                            "deleting {path}, which no other cache and no store has, and no graph \
                             says how to build"
                        ));
                    }
                    self.own.evict(path)?;
                    occupied = Bytes(occupied.0.saturating_sub(bytes.0));
                    self.done.after = occupied;
                    self.done.evicted.push((path.clone(), *bytes, from));
                    self.did(&mut state, step.clone());
                }
                _ => unreachable!("{step:?}"),
            }
        }
        Ok(Ended::Done)
    }

    /// Packs what is not packed yet, and records how large it is.
    fn pack(&mut self, batch: &[(StorePath, Bytes)]) -> Result<(), Failure> {
        let is_packed = |path| {
            let staged = self.staged.get(path);
            staged.is_some_and(|staged| self.own.has_nar(staged))
        };
        let open = batch.iter().filter(|(path, _)| !is_packed(path));
        let open: Vec<StorePath> = open.map(|(path, _)| path.clone()).collect();
        if !open.is_empty() {
            let own = self.planning.own();
            let packing = Packing {
                compression: self.planning.compression,
                secret_key: own.and_then(|own| own.secret_key.as_deref()),
                limit: self.rules.limit,
                told: &self.told,
            };
            let packed = packing.pack(&open, self.own, self.progress)?;
            self.staged.extend(packed);
        }
        for (path, planned) in batch {
            let bytes = self.staged[path].bytes;
            self.has_learnt |= bytes != *planned;
            self.recorded.packed(path, bytes);
        }
        self.record()
    }

    fn publish(&mut self, path: &StorePath, situation: &Situation) -> Result<(), Failure> {
        let Some(staged) = self.staged.remove(path) else {
            unreachable!("{path} is packed")
        };
        let others = staged.info.info.references.iter().filter(|it| *it != path);
        let missing = others.filter(|it| {
            let known = situation.paths.get(*it);
            self.own.narinfo(it).is_none() && !known.is_some_and(|known| known.is_upstream)
        });
        let missing: BTreeSet<&StorePath> = missing.collect();
        if let Some(first) = missing.first() {
            return Err(Failure::Usage {
                message: format!("{path} refers to {first}, which the cache does not hold"),
                hint: "somebody else changes it at the same time: run the command again".to_owned(),
            });
        }
        self.own.publish(staged)
    }

    fn did(&mut self, state: &mut CacheState<StorePath>, step: Step<StorePath>) {
        state.apply(&step);
        tracing::info!(?step, "done");
        self.done.steps.push(step);
    }

    fn write_pins(&self, state: &CacheState<StorePath>) -> Result<(), Failure> {
        let file = self.dir.join(pins::FILE_NAME);
        self.own.write(&file, &pins::text(&state.pins)?)
    }

    fn record(&self) -> Result<(), Failure> {
        let text = self.recorded.text(self.planning.compression)?;
        self.own.write(&recorded::place(self.dir), &text)
    }
}

fn push(step: &Step<StorePath>) -> Option<(StorePath, Bytes)> {
    match step {
        Step::Push { path, bytes, .. } => Some((path.clone(), *bytes)),
        _ => None,
    }
}

fn eviction(step: &Step<StorePath>) -> Option<StorePath> {
    match step {
        Step::Evict { path, .. } => Some(path.clone()),
        _ => None,
    }
}

/// The pushes whose sizes have to be known before anything is done: those of tier 1, which is held
/// as a whole or not at all; and all of a plan that gives something up before its successor is
/// there, so that the successor is one that fits.
fn decisive(
    pushes: &[(StorePath, Bytes)],
    situation: &Situation,
    model: &Model<StorePath>,
    plan: &Plan<StorePath>,
) -> Vec<(StorePath, Bytes)> {
    let is_early =
        |step: &Step<StorePath>| matches!(step, Step::Unpin { is_early, .. } if *is_early);
    if plan.steps.iter().any(is_early) {
        return pushes.to_vec();
    }
    let is_tier_one = |id: &PathId| model.facts(*id).tier == CacheTier::Always;
    let tier_one = model.closure(model.ids().filter(is_tier_one));
    let open = pushes.iter().filter(|(path, _)| {
        let id = model.find(path);
        situation.size(path).is_estimate()
            && id.is_some_and(|id| tier_one.binary_search(&id).is_ok())
    });
    open.cloned().collect()
}

/// What is packed at once.
fn batches(mut pushes: &[(StorePath, Bytes)]) -> Vec<&[(StorePath, Bytes)]> {
    let mut batches = Vec::new();
    while !pushes.is_empty() {
        let mut sum = 0_u64;
        let fits = pushes.iter().take(BATCH_PATHS).take_while(|(_, bytes)| {
            sum = sum.saturating_add(bytes.0);
            sum <= BATCH_BYTES
        });
        // One that is too large goes by itself.
        let (batch, rest) = pushes.split_at(fits.count().max(1));
        batches.push(batch);
        pushes = rest;
    }
    batches
}
