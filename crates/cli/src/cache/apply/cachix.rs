//! Carrying out a plan at Cachix, as far as its client can: pushing and pinning.
//!
//! The client cannot delete a path or a pin (cachix 1.11). A pin's oldest revisions go when a new
//! one is pinned with `--keep-revisions`; one between others, and other pins, go on Cachix's own
//! pages; and what nothing pins is evicted by Cachix, the longest not asked for first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cache_policy::Compression;
use cache_policy::plan::{CacheState, Plan, Step};
use drv_graph::{Bytes, StorePath};
use tier_planner::Millis;

use crate::cache::pins;
use crate::cache::planning::lost::{self, LostGeneration};
use crate::cache::planning::situation::Situation;
use crate::cache::planning::{self, Planning};
use crate::durable;
use crate::failure::Failure;
use crate::nix;
use crate::output;
use crate::process::Call;
use crate::progress::Progress;
use crate::render::untrusted::for_terminal;

/// Paths given to one call: far below what the kernel allows as arguments.
const BATCH: usize = 500;

/// What there is to do.
pub(super) struct Orders {
    /// Commands, in order.
    pub(super) commands: Vec<Order>,
    /// Steps that no command does.
    pub(super) left: Vec<Step<StorePath>>,
    /// What has to be built first, each with the derivation that makes it; empty when nobody asked.
    pub(super) unbuilt: Vec<(StorePath, Option<StorePath>)>,
    /// Older generations that the plan gives up, since nobody has something that they refer to.
    pub(super) lost: BTreeSet<LostGeneration>,
    pub(super) plan: Plan<StorePath>,
    pub(super) before: Bytes,
    /// What Cachix has pinned before.
    pins: Pins,
}

/// Of each pin its revisions, the newest first.
type Pins = BTreeMap<String, Vec<StorePath>>;

/// What was done of it.
#[derive(Default)]
pub(super) struct Done {
    /// How many commands ended well, from the first on.
    pub(super) commands: usize,
    /// Their steps.
    pub(super) steps: Vec<Step<StorePath>>,
}

/// A command, and the steps that are done once it has ended well.
pub(super) struct Order {
    pub(super) argv: Vec<String>,
    steps: Vec<Step<StorePath>>,
    /// The name that it pins under, and the revisions that Cachix has of it then.
    revisions: Option<(String, Vec<StorePath>)>,
}

impl Order {
    /// Whether a revision that was pinned under a name is pinned no longer once this is done.
    fn drops(&self, name: &str, path: &StorePath) -> bool {
        let pinned = self.revisions.as_ref();
        pinned.is_some_and(|(it, revisions)| it == name && !revisions.contains(path))
    }
}

/// Plans, and says by which commands the plan is carried out. Whether everything is built is asked
/// where the commands shall be `run`.
pub(super) fn orders(
    planning: &Planning<'_>,
    run: bool,
    progress: &Progress,
) -> Result<Orders, Failure> {
    let pins_file = planning.pins_file.as_deref();
    let is_pins_known = pins_file.is_some_and(Path::exists);
    if let Some(file) = pins_file.filter(|_| run && !is_pins_known) {
        write(file, "{}\n")?;
    }
    let candidates = planning.candidates();
    let mut caches = planning.caches(progress)?;
    let nothing = cache_policy::Holdings::default();
    let situation = planning.situation(&candidates, &nothing, &mut caches, progress)?;
    situation.say_what_is_misnamed();
    let model = planning::model(&situation)?;
    let mut lost = BTreeSet::new();
    let (plan, unbuilt) = loop {
        let request = planning.request(&situation, &model, &lost);
        let plan = planning::made(&request, progress)?;
        let unbuilt = if run {
            unbuilt(planning, &situation, &plan, progress)?
        } else {
            Vec::new()
        };
        // Without what needs these there may be a plan.
        let known = lost.len();
        lost.extend(lost::nobody_has(&unbuilt));
        if lost.len() == known {
            break (plan, unbuilt);
        }
    };
    let flags = flags(planning.compression);
    no_option(
        &planning.name,
        "name another cache in [cache] of hmtool.toml",
    )?;
    for step in &plan.steps {
        if let Step::Pin { name, .. } = step {
            no_option(name, "leave it out of `pins` in [cache] of hmtool.toml")?;
        }
    }
    let generations = planning.own().map_or(1, |own| own.generations);
    let pins = |step: &Step<StorePath>| matches!(step, Step::Pin { .. });
    if !is_pins_known && generations > 1 && plan.steps.iter().any(pins) {
        output::complain(&format!(
            "nothing says what is pinned now, so no older revision stays pinned: {} has it once \
             --write was given",
            pins_file.unwrap_or(Path::new(pins::FILE_NAME)).display()
        ));
    }
    for step in &plan.steps {
        if let Step::Unpin {
            name,
            path,
            is_early: true,
        } = step
        {
            output::complain(&format!(
                "there is no room for another revision of {} beside {path}: remove that pin first, at \
                 https://app.cachix.org/cache/{}, since its client cannot",
                for_terminal(name),
                for_terminal(&planning.name)
            ));
        }
    }
    let (commands, left) = commands(&planning.name, &flags, &plan.steps, &situation.state);
    let held = situation.state.held.iter();
    Ok(Orders {
        commands,
        left,
        unbuilt,
        lost: lost::generations(&model, &plan).collect(),
        before: held.map(|path| situation.size(path).bytes).sum(),
        pins: situation.state.pins.clone(),
        plan,
    })
}

/// What a plan takes from the store and is not there, each with the derivation that makes it.
fn unbuilt(
    planning: &Planning<'_>,
    situation: &Situation,
    plan: &Plan<StorePath>,
    progress: &Progress,
) -> Result<Vec<(StorePath, Option<StorePath>)>, Failure> {
    let needed: BTreeSet<StorePath> = plan.steps.iter().filter_map(needed_here).collect();
    let needed: Vec<StorePath> = needed.into_iter().collect();
    let limit = planning.args.sharing.evaluation.nix_timeout;
    let valid = nix::valid(&needed, limit, progress)?;
    let valid: BTreeSet<StorePath> = valid.into_iter().collect();
    let missing = needed.into_iter().filter(|path| !valid.contains(path));
    let made_by = |path: &StorePath| situation.paths[path].drv.clone();
    Ok(missing.map(|path| (path.clone(), made_by(&path))).collect())
}

impl Orders {
    /// Runs the commands, one after another, and keeps the file of pins as Cachix has them.
    ///
    /// # Errors
    /// The first command that fails; those before it are `done`, and a further run goes on from there.
    pub(super) fn run(
        &self,
        planning: &Planning<'_>,
        limit: Millis,
        done: &mut Done,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let mut pins = self.pins.clone();
        for order in &self.commands {
            let [program, args @ ..] = &order.argv[..] else {
                continue;
            };
            let doing = format!("cachix {}", args.first().map_or("", String::as_str));
            let call = Call {
                tool: "cachix",
                program,
                dir: Path::new("."),
                env: &[],
                limit,
                doing: &doing,
                when_missing: "get it from https://docs.cachix.org/installation, or leave --write \
                               out and run what is printed where it is",
                when_slow: Some("give it more time with --step-timeout"),
            };
            call.run(args, progress)?;
            done.commands += 1;
            done.steps.extend(order.steps.iter().cloned());
            if let Some((name, revisions)) = &order.revisions {
                pins.insert(name.clone(), revisions.clone());
                if let Some(file) = planning.pins_file.as_deref() {
                    write(file, &pins::text(&pins)?)?;
                }
            }
        }
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let folder = file.parent().filter(|it| *it != Path::new(""));
    durable::write(file, text, folder.unwrap_or(Path::new(".")))
}

/// # Errors
/// Its client would take the name for one of its options.
fn no_option(name: &str, hint: &str) -> Result<(), Failure> {
    if !name.starts_with('-') {
        return Ok(());
    }
    Err(Failure::Usage {
        message: format!("cachix would take the name {name} for an option"),
        hint: hint.to_owned(),
    })
}

/// How its client is told to compress; `[cache]` says nothing that it cannot.
fn flags(compression: Compression) -> Vec<String> {
    let mut flags = vec!["-m".to_owned(), compression.method().to_owned()];
    if let Some(level) = compression.level() {
        flags.extend(["-l".to_owned(), level.to_string()]);
    }
    flags
}

/// The commands that do the steps, in their order, and the steps that none does.
fn commands(
    cache: &str,
    flags: &[String],
    steps: &[Step<StorePath>],
    before: &CacheState<StorePath>,
) -> (Vec<Order>, Vec<Step<StorePath>>) {
    let after = after(before, steps);
    let mut orders: Vec<Order> = Vec::new();
    let mut is_pushing = false;
    for step in steps {
        let was_pushing = std::mem::replace(&mut is_pushing, false);
        match step {
            Step::Push { path, .. } => {
                is_pushing = true;
                let open = orders
                    .last_mut()
                    .filter(|order| was_pushing && order.steps.len() < BATCH);
                if let Some(order) = open {
                    order.argv.push(path.to_string());
                    order.steps.push(step.clone());
                } else {
                    let mut argv = vec!["cachix".to_owned(), "push".to_owned()];
                    argv.extend(flags.iter().cloned());
                    argv.extend([cache.to_owned(), path.to_string()]);
                    orders.push(Order {
                        argv,
                        steps: vec![step.clone()],
                        revisions: None,
                    });
                }
            }
            Step::Pin { name, path, .. } => {
                let now = before.pins.get(name).map_or(&[][..], Vec::as_slice);
                let stays = after.get(name).map_or(&[][..], Vec::as_slice);
                let revisions = revisions_at_cachix(path, now, stays);
                let keep = revisions.len().to_string();
                let path = path.as_str();
                let argv = [
                    "cachix",
                    "pin",
                    cache,
                    name,
                    path,
                    "--keep-revisions",
                    &keep,
                ];
                orders.push(Order {
                    argv: argv.map(str::to_owned).to_vec(),
                    steps: vec![step.clone()],
                    revisions: Some((name.clone(), revisions)),
                });
            }
            _ => {}
        }
    }
    let mut left = Vec::new();
    for step in steps {
        match step {
            Step::Push { .. } | Step::Pin { .. } => {}
            // Pinning the next revision takes the oldest along, even where the plan would have them
            // go before.
            Step::Unpin { name, path, .. } => {
                let order = orders.iter_mut().find(|order| order.drops(name, path));
                match order {
                    Some(order) => order.steps.push(step.clone()),
                    None => left.push(step.clone()),
                }
            }
            _ => left.push(step.clone()),
        }
    }
    (orders, left)
}

/// What is pinned and held once all of a plan is done.
fn after(before: &CacheState<StorePath>, steps: &[Step<StorePath>]) -> Pins {
    let mut state = before.clone();
    for revisions in state.pins.values_mut() {
        revisions.retain(|path| before.held.contains(path));
    }
    for step in steps {
        state.apply(step);
    }
    state.pins
}

/// What Cachix has of a pin, the newest revision first, once `path` is pinned beside what is there
/// `now`. It keeps the newest ones up to a number: so many that all that `stays` is among them, and
/// with it what stands between.
fn revisions_at_cachix(path: &StorePath, now: &[StorePath], stays: &[StorePath]) -> Vec<StorePath> {
    let older = now.iter().filter(|it| *it != path);
    let mut revisions: Vec<StorePath> = [path].into_iter().chain(older).cloned().collect();
    let oldest = revisions.iter().rposition(|it| stays.contains(it));
    revisions.truncate(oldest.unwrap_or(0) + 1);
    revisions
}

/// The path that its client takes from the store: it pins only what is valid there, too.
fn needed_here(step: &Step<StorePath>) -> Option<StorePath> {
    match step {
        Step::Push { path, .. } | Step::Pin { path, .. } => Some(path.clone()),
        _ => None,
    }
}
