//! `hmtool cache verify`: whether a binary cache in a directory keeps what it promises.

mod content_address;
mod signatures;
mod subject;

use std::collections::{BTreeMap, BTreeSet};

use cache_policy::audit::{File, Flaw, Listing, Unpacked, Weight, audit};
use cache_policy::plan::Budget;
use clap::Args;
use drv_graph::{Bytes, StorePath};
use tier_planner::Millis;

use super::directory::Directory;
use crate::caches::NarinfoSource;
use crate::config::{Cache, CacheSource};
use crate::dto::cache_verification::{CacheVerification, Finding, NotUnpacked, Summary};
use crate::dto::severity::Severity;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::input;
use crate::output::{self, Outcome};
use crate::progress::Progress;
use crate::public_key::PublicKeys;
use crate::quantity::{parse_duration, parse_size};
use crate::render::cache_verification;
use crate::render::untrusted::for_terminal;
use crate::workspace::stores::cache_source;
use subject::Subject;

/// What to verify, and how to show it.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// The cache: a directory, or file:// and a directory [default, as for a directory with
    /// hmtool.toml: the directory of its [cache], with capacity and buffer, beside its [[caches]]]
    #[arg(value_name = "DIR | file://DIR")]
    cache: Option<String>,

    /// What it does not have itself may come from this cache: URL, file://DIR, a directory of
    /// narinfos, path-info JSON or a list of store paths; may be given several times
    #[arg(long, value_name = "URL | PATH")]
    upstream: Vec<String>,

    /// Ask the http caches of hmtool.toml for it too
    #[arg(long, env = "HMTOOL_ONLINE", value_parser = clap::builder::BoolishValueParser::new())]
    online: bool,

    /// Give an upstream cache at most this long to answer one question
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "15s")]
    cache_timeout: Millis,

    /// It has room for so much, e.g. 5GB
    #[arg(short, long, value_name = "SIZE", value_parser = parse_size)]
    capacity: Option<Bytes>,

    /// So much of that should stay free [default: nothing, or of a cache of hmtool.toml a tenth]
    #[arg(short, long, value_name = "SIZE", value_parser = parse_size)]
    buffer: Option<Bytes>,

    /// Check that each path is signed by one of these keys, as Nix does where it requires signatures:
    /// NAME:KEY, may be given several times; else no signature is checked [default, of a cache of
    /// hmtool.toml: its trusted-public-keys]
    #[arg(long, value_name = "KEY")]
    trusted_public_keys: Vec<String>,

    /// Look at names, sizes and signatures only: read no NAR
    #[arg(long)]
    fast: bool,

    #[command(flatten)]
    format: FormatArgs,
}

/// Reads a cache and says what is wrong with it.
pub(super) fn run(args: &VerifyArgs) -> Result<Outcome, Failure> {
    let progress = Progress::new();
    let Subject {
        directory,
        budget,
        others,
        keys,
    } = Subject::new(args)?;
    let reading = progress.waiting("reading the cache");
    let mut listing = directory.list()?;
    if !args.fast {
        directory.read_nars(&mut listing)?;
    }
    if !keys.is_empty() {
        listing.distrusted = signatures::distrusted(&listing, &keys);
    }
    drop(reading);
    let absent: Vec<StorePath> = listing.absent().into_keys().cloned().collect();
    let upstream = upstream(args, &others, &absent, &progress)?;
    let flaws = audit(&listing, |path| upstream.contains(path), budget);
    let document = document(
        &directory,
        &listing,
        &flaws,
        budget,
        &keys,
        absent.len(),
        upstream.len(),
    );
    args.format.print(&document, cache_verification::render)?;
    let is_missing = |flaw: &Flaw| matches!(flaw, Flaw::MissingReference { .. });
    if !args.online && flaws.iter().any(is_missing) {
        say_who_was_not_asked(&others);
    }
    Ok(if flaws.iter().any(Flaw::is_violation) {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}

/// Which of the paths that the cache does not have another one has.
fn upstream(
    args: &VerifyArgs,
    others: &[Cache],
    absent: &[StorePath],
    progress: &Progress,
) -> Result<BTreeSet<StorePath>, Failure> {
    let named = args.upstream.iter();
    let named = named.map(|text| cache_source("--upstream", text));
    let mut sources = named.collect::<Result<Vec<_>, _>>()?;
    sources.extend(others.iter().map(|cache| cache.source.clone()));
    let is_asked = |source: &CacheSource| args.online || !is_server(source);
    let (named, configured) = sources.split_at(args.upstream.len());
    let configured = configured.iter().filter(|source| is_asked(source));
    let mut found = BTreeSet::new();
    for source in named.iter().chain(configured) {
        let source = match source {
            CacheSource::Url(url) => NarinfoSource::http(url, args.cache_timeout),
            CacheSource::Dir(dir) => NarinfoSource::Dir(dir.clone()),
            CacheSource::PathInfo(file) | CacheSource::List(file) => {
                let holdings = input::holdings::read(file, progress)?;
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

fn is_server(source: &CacheSource) -> bool {
    matches!(source, CacheSource::Url(_))
}

fn say_who_was_not_asked(others: &[Cache]) {
    let servers = others.iter().filter(|cache| is_server(&cache.source));
    let names: Vec<&str> = servers.map(|cache| cache.name.as_str()).collect();
    if !names.is_empty() {
        let names = for_terminal(&names.join(", ")).into_owned();
        output::complain(&format!(
            "not asked for what is missing: {names}; give --online"
        ));
    }
}

fn document(
    directory: &Directory,
    listing: &Listing,
    flaws: &[Flaw],
    budget: Option<Budget>,
    keys: &PublicKeys,
    absent: usize,
    upstream: usize,
) -> CacheVerification {
    let read =
        |what: fn(&File) -> bool| listing.files.values().filter(|file| what(file)).count() as u64;
    let weigh = |weight: Weight| {
        let all = flaws.iter().filter(|flaw| flaw.weight() == weight);
        all.count() as u64
    };
    CacheVerification {
        schema: CacheVerification::SCHEMA_ID,
        cache: directory.to_string(),
        summary: Summary {
            paths: listing.narinfos.len() as u64,
            occupied_bytes: listing.occupied().0,
            capacity_bytes: budget.map(|budget| budget.capacity.0),
            buffer_bytes: budget.map(|budget| budget.buffer.0),
            hashed_files: read(|file| file.hash.is_some()),
            unpacked_files: read(|file| file.unpacked.values().any(is_nar)),
            not_unpacked: not_unpacked(listing),
            trusted_keys: keys.names().map(str::to_owned).collect(),
            trusted_paths: (!keys.is_empty()).then(|| {
                let readable = listing.readable().count();
                readable.saturating_sub(listing.distrusted.len()) as u64
            }),
            absent_references: absent as u64,
            upstream_references: upstream as u64,
            violations: weigh(Weight::Violation),
            doubts: weigh(Weight::Doubt),
            wastes: weigh(Weight::Waste),
        },
        findings: flaws.iter().map(finding).collect(),
    }
}

fn is_nar(unpacked: &Unpacked) -> bool {
    matches!(unpacked, Unpacked::Nar(_))
}

fn not_unpacked(listing: &Listing) -> Vec<NotUnpacked> {
    let mut counts: BTreeMap<(&str, &'static str), u64> = BTreeMap::new();
    for (compression, unpacked) in listing.files.values().flat_map(|file| &file.unpacked) {
        let why = match unpacked {
            Unpacked::UnknownMethod => NotUnpacked::UNKNOWN_METHOD,
            Unpacked::TooMuchMemory => NotUnpacked::MEMORY,
            _ => continue,
        };
        *counts.entry((compression, why)).or_default() += 1;
    }
    let row = |((compression, why), files): ((&str, &'static str), u64)| NotUnpacked {
        compression: compression.to_owned(),
        why,
        files,
    };
    counts.into_iter().map(row).collect()
}

fn finding(flaw: &Flaw) -> Finding {
    Finding {
        code: flaw.code().to_owned(),
        severity: match flaw.weight() {
            Weight::Violation => Severity::Error,
            Weight::Doubt | Weight::Waste => Severity::Warning,
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
