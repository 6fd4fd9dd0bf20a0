//! `hmtool cache verify`: whether a binary cache in a directory keeps what it promises.

use std::collections::BTreeSet;

use cache_policy::audit::{Flaw, Listing, audit};
use cache_policy::plan::Budget;
use clap::Args;
use drv_graph::{Bytes, StorePath};
use tier_planner::Millis;

use super::directory::Directory;
use crate::caches::NarinfoSource;
use crate::config::CacheSource;
use crate::dto::cache_verification::{CacheVerification, Finding, Summary};
use crate::dto::severity::Severity;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::input;
use crate::output::Outcome;
use crate::progress::Progress;
use crate::quantity::{parse_duration, parse_size};
use crate::render::cache_verification;
use crate::workspace::stores::cache_source;

/// What to verify, and how to show it.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The cache: a directory, or file:// and a directory
    #[arg(value_name = "DIR | file://DIR")]
    cache: String,

    /// What it does not have itself may come from this cache: URL, file://DIR, a directory of
    /// narinfos, path-info JSON or a list of store paths; may be given several times
    #[arg(long, value_name = "URL | PATH")]
    upstream: Vec<String>,

    /// Give an upstream cache at most this long to answer one question
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15s")]
    cache_timeout: Millis,

    /// It has room for so much, e.g. 5GB
    #[arg(short, long, value_name = "SIZE", value_parser = parse_size)]
    capacity: Option<Bytes>,

    /// So much of that should stay free
    #[arg(short, long, value_name = "SIZE", value_parser = parse_size, requires = "capacity")]
    buffer: Option<Bytes>,

    /// Look at names and sizes only: read no NAR
    #[arg(long)]
    fast: bool,

    #[command(flatten)]
    format: FormatArgs,
}

/// Reads a cache and says what is wrong with it.
pub(super) fn run(args: &VerifyArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let directory = Directory::named(&args.cache)?;
    let budget = budget(args)?;
    let reading = progress.waiting("reading the cache");
    let mut listing = directory.list()?;
    if !args.fast {
        directory.read_nars(&mut listing)?;
    }
    drop(reading);
    let absent: Vec<StorePath> = listing.absent().into_keys().cloned().collect();
    let upstream = upstream(args, &absent, &progress)?;
    let flaws = audit(&listing, |path| upstream.contains(path), budget);
    let document = document(
        &directory,
        &listing,
        &flaws,
        budget,
        absent.len(),
        upstream.len(),
    );
    args.format.print(&document, cache_verification::render)?;
    Ok(if flaws.iter().any(Flaw::is_violation) {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}

fn budget(args: &VerifyArgs) -> Result<Option<Budget>, Failure> {
    let Some(capacity) = args.capacity else {
        return Ok(None);
    };
    let buffer = args.buffer.unwrap_or_default();
    if buffer > capacity {
        return Err(Failure::Usage {
            message: format!("a buffer of {buffer} is more than the capacity of {capacity}"),
            hint: "lower --buffer, or raise --capacity".to_owned(),
        });
    }
    Ok(Some(Budget { capacity, buffer }))
}

/// Which of the paths that the cache does not have another one has.
fn upstream(
    args: &VerifyArgs,
    absent: &[StorePath],
    progress: &Progress,
) -> Result<BTreeSet<StorePath>, Failure> {
    let mut found = BTreeSet::new();
    for text in &args.upstream {
        let source = match cache_source("--upstream", text)? {
            CacheSource::Url(url) => NarinfoSource::http(&url, args.cache_timeout),
            CacheSource::Dir(dir) => NarinfoSource::Dir(dir),
            CacheSource::PathInfo(file) | CacheSource::List(file) => {
                let holdings = input::holdings::read(&file, progress)?;
                let held = absent.iter().filter(|path| holdings.get(path).is_some());
                found.extend(held.cloned());
                continue;
            }
        };
        let open = absent.iter().filter(|path| !found.contains(*path));
        let open: Vec<StorePath> = open.cloned().collect();
        let infos = source.ask(&open, progress)?;
        found.extend(infos.into_iter().map(|info| info.path));
    }
    Ok(found)
}

fn document(
    directory: &Directory,
    listing: &Listing,
    flaws: &[Flaw],
    budget: Option<Budget>,
    absent: usize,
    upstream: usize,
) -> CacheVerification {
    let read = |what: fn(&cache_policy::audit::File) -> bool| {
        listing.files.values().filter(|file| what(file)).count() as u64
    };
    let violations = flaws.iter().filter(|flaw| flaw.is_violation()).count() as u64;
    CacheVerification {
        schema: CacheVerification::SCHEMA_ID,
        cache: directory.to_string(),
        summary: Summary {
            paths: listing.narinfos.len() as u64,
            occupied_bytes: listing.occupied().0,
            capacity_bytes: budget.map(|budget| budget.capacity.0),
            buffer_bytes: budget.map(|budget| budget.buffer.0),
            hashed_files: read(|file| file.hash.is_some()),
            unpacked_files: read(|file| file.nar.is_some()),
            absent_references: absent as u64,
            upstream_references: upstream as u64,
            violations,
            wastes: flaws.len() as u64 - violations,
        },
        findings: flaws.iter().map(finding).collect(),
    }
}

fn finding(flaw: &Flaw) -> Finding {
    Finding {
        code: flaw.code().to_owned(),
        severity: if flaw.is_violation() {
            Severity::Error
        } else {
            Severity::Warning
        },
        path: flaw.path().map(ToString::to_string),
        file: flaw.file().map(str::to_owned),
        message: flaw.to_string(),
        hidden_paths: flaw.hidden().map(|n| n as u64),
        cost_bytes: flaw.bytes().map(|bytes| bytes.0),
        referrers: match flaw {
            Flaw::MissingReference { referrers, .. } => {
                referrers.iter().map(ToString::to_string).collect()
            }
            _ => Vec::new(),
        },
        hint: flaw.hint().to_owned(),
    }
}
