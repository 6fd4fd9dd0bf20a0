//! `hmtool cache apply`: carries out what `hmtool cache plan` shows.

mod cachix;
mod document;
mod own_directory;
mod packing;
mod restoring;
mod rounds;

use cache_policy::plan::Step;
use clap::Args;
use drv_graph::StorePath;
use tier_planner::Millis;

use super::planning::{Planning, PlanningArgs};
use crate::config::CacheKind;
use crate::failure::Failure;
use crate::format::{DocumentFormat, FormatArgs};
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::quantity::parse_duration;
use crate::render::cache_application;

/// The cache, who fills it and who takes from it, and how far to go.
#[derive(Args, Debug)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    planning: PlanningArgs,

    /// Run the commands for a cache at Cachix, instead of printing them
    #[arg(long, help_heading = "Carrying out")]
    write: bool,

    /// Do nothing when something would be deleted that no other cache, nor the store, has, and no
    /// graph says how to build; for a cache in a directory
    #[arg(long, help_heading = "Carrying out")]
    only_restorable: bool,

    /// Give each call of nix or cachix at most this long
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "12h", help_heading = "Carrying out")]
    step_timeout: Millis,

    #[command(flatten)]
    format: FormatArgs,

    /// Show this many rows of each list; 0 is all
    #[arg(long, value_name = "N", default_value_t = 15, help_heading = "Output")]
    top: usize,
}

/// Plans, and carries it out.
pub(super) fn run(args: &ApplyArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let planning = Planning::new(&args.planning, &progress)?;
    let (mut document, failure) = match &planning.kind {
        CacheKind::File(dir) => {
            says_itself(&args.planning)?;
            let rules = rounds::Rules {
                limit: args.step_timeout,
                only_restorable: args.only_restorable,
            };
            let mut done = rounds::Done::default();
            let ended = rounds::run(&planning, dir, &rules, &mut done, &progress);
            let failure = unless_nothing_was_done(ended, &done.steps)?;
            (document::of_directory(&planning, &done), failure)
        }
        CacheKind::Cachix => {
            deletes_nothing(args)?;
            let orders = cachix::orders(&planning, args.write, &progress)?;
            let is_script = !args.write && matches!(args.format.format, DocumentFormat::Human);
            let mut done = cachix::Done::default();
            let mut failure = None;
            if args.write && orders.unbuilt.is_empty() {
                let ended = orders.run(&planning, args.step_timeout, &mut done, &progress);
                failure = unless_nothing_was_done(ended, &done.steps)?;
            }
            let document = if failure.is_some() {
                document::of_cachix_as_far_as(&planning, &orders, &done)
            } else {
                document::of_cachix(&planning, &orders, args.write, &done)
            };
            if is_script {
                output::write_plain(&cache_application::script(&document))?;
                return Ok(Outcome::Clean);
            }
            (document, failure)
        }
    };
    if let Some(failure) = &failure {
        document.is_carried_out = false;
        document.failure = Some(document::failure(failure));
    }
    let printed = args.format.print(&document, |document, screen| {
        cache_application::render(document, args.top, screen)
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    printed?;
    let is_refused = !document.unbuilt.is_empty() || !document.unrestorable.is_empty();
    Ok(if is_refused {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}

/// Why it ended before its end, where some steps were done that are to be shown.
///
/// # Errors
/// It ended before its end, and nothing was done.
fn unless_nothing_was_done(
    ended: Result<(), Failure>,
    steps: &[Step<StorePath>],
) -> Result<Option<Failure>, Failure> {
    match ended {
        Err(failure) if steps.is_empty() => Err(failure),
        ended => Ok(ended.err()),
    }
}

/// # Errors
/// Something is asked of what `hmtool` deletes, which is nothing at Cachix.
fn deletes_nothing(args: &ApplyArgs) -> Result<(), Failure> {
    if !args.only_restorable {
        return Ok(());
    }
    Err(Failure::Usage {
        message: "--only-restorable is for a cache in a directory: at Cachix, Cachix evicts"
            .to_owned(),
        hint: "leave it out; the steps show which pins are dropped".to_owned(),
    })
}

/// # Errors
/// The arguments say what the cache holds or has pinned, which its directory says itself.
fn says_itself(args: &PlanningArgs) -> Result<(), Failure> {
    let flag = match (args.held.first(), &args.pins) {
        (Some(_), _) => "--held",
        (_, Some(_)) => "--pins",
        _ => return Ok(()),
    };
    Err(Failure::Usage {
        message: format!("{flag} says of a cache in a directory what the directory says itself"),
        hint: format!("leave {flag} out; `hmtool cache plan` takes it, to see what would be"),
    })
}
