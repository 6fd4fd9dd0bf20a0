//! The cache that is filled from here: `[cache]`.

use std::path::{Path, PathBuf};

use cache_policy::plan::Budget;
use cache_policy::{CacheTier, Compression};
use drv_graph::Bytes;

use super::table::{At, Table};
use super::{Rule, read_rules};
use crate::failure::Problem;
use crate::public_key::PublicKeys;

/// `[cache]`.
#[derive(Clone, Debug)]
pub(crate) struct OwnCache {
    /// Its name.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) kind: CacheKind,
    /// What it has room for.
    pub(crate) capacity: Option<Bytes>,
    /// What of that stays free; a tenth when `None`.
    pub(crate) buffer: Option<Bytes>,
    /// Revisions of each pin that are kept where they fit, the newest included; at least 1.
    pub(crate) generations: u32,
    /// How what is pushed is compressed.
    pub(crate) compression: Compression,
    /// The key by which what is pushed is signed, of a cache in a directory.
    pub(crate) secret_key: Option<PathBuf>,
    /// Whose signatures are taken of what a cache in a directory serves; none are checked where there is
    /// no key.
    pub(crate) trusted_public_keys: PublicKeys,
    /// The share of what a consumer needs that is to come from caches, 0 to 1.
    pub(crate) min_hit_rate: Option<f64>,
    /// The machines that fill it; the default machine when `None`.
    pub(crate) producers: Option<Vec<String>>,
    /// The machines that take from it; all others when `None`.
    pub(crate) consumers: Option<Vec<String>>,
    /// Packages that are pinned under their names; those of tier 1 when `None`.
    pub(crate) pins: Option<Vec<String>>,
    /// Files that say how large what is built is, and what it refers to.
    pub(crate) path_info: Vec<PathBuf>,
    /// The rules of the cache tiers, in the file's order.
    pub(crate) tiers: Vec<CacheTierRules>,
}

/// Where a cache is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CacheKind {
    /// At Cachix, under its name.
    Cachix,
    /// In a directory, which belongs to `hmtool`.
    File(PathBuf),
}

/// A `[[cache.tiers]]`.
#[derive(Clone, Debug)]
pub(crate) struct CacheTierRules {
    /// The tier.
    pub(crate) tier: CacheTier,
    /// What is in it.
    pub(crate) rules: Vec<Rule>,
}

impl OwnCache {
    /// Revisions that are kept when nothing is said.
    const GENERATIONS: u32 = 3;
    /// The highest level that the client of Cachix takes.
    const CACHIX_LEVEL: u8 = 16;
}

/// What stays free of a cache when nothing is said: a tenth.
pub(crate) fn budget(capacity: Bytes, buffer: Option<Bytes>) -> Budget {
    Budget {
        capacity,
        buffer: buffer.unwrap_or(Bytes(capacity.0 / 10)),
    }
}

/// Reads `[cache]`; machines that it names go to `mentions`.
pub(super) fn read(
    mut table: Table<'_, '_>,
    text: &str,
    dir: &Path,
    mentions: &mut Vec<At<String>>,
) -> Option<OwnCache> {
    let span = table.span.clone();
    let name = table.string("name");
    let kind = read_kind(&mut table, dir);
    let capacity = table.size("capacity").map(|size| size.value);
    let buffer = table.size("buffer");
    if let (Some(capacity), Some(buffer)) = (capacity, &buffer)
        && buffer.value > capacity
    {
        let problem = Problem::new(buffer.span.clone(), "`buffer` is more than `capacity`");
        table.problem(problem.hinted("it is the part of it that stays free"));
    }
    let generations = table.number("generations", 1).map(|number| number.value);
    let compression = table.string("compression");
    let compression =
        compression.and_then(|word| read_compression(&word, kind.as_ref(), &mut table));
    let secret_key = table.string("secret-key");
    if let (Some(key), Some(CacheKind::Cachix)) = (&secret_key, &kind) {
        let problem = Problem::new(
            key.span.clone(),
            "`secret-key` is for a cache in a directory",
        );
        table.problem(problem.hinted("for one at Cachix, set CACHIX_SIGNING_KEY"));
    }
    let trusted_public_keys = read_keys(kind.as_ref(), &mut table);
    let min_hit_rate = table.decimal("min-hit-rate", 0.0, 1.0);
    let mut machines = |key| {
        let names = table.has(key).then(|| table.strings(key))?;
        let values = names.iter().map(|name| name.value.clone()).collect();
        mentions.extend(names);
        Some(values)
    };
    let producers = machines("producers");
    let consumers = machines("consumers");
    let mut strings = |key| {
        let values = table.strings(key).into_iter();
        values.map(|at| at.value).collect::<Vec<String>>()
    };
    let pins = strings("pins");
    let path_info = strings("path-info");
    let pins = table.has("pins").then_some(pins);
    let mut tiers = Vec::new();
    table.each("tiers", |table| tiers.extend(read_tier(table, text)));
    if !table.has("name") {
        let problem = Problem::new(span, "the cache has no name");
        table.problem(problem.hinted("add `name = \"…\"`"));
    }
    table.finish();
    let kind = kind?;
    Some(OwnCache {
        name: name?.value,
        capacity,
        buffer: buffer.map(|buffer| buffer.value),
        generations: generations.unwrap_or(OwnCache::GENERATIONS),
        compression: compression.unwrap_or(match kind {
            CacheKind::Cachix => Compression::CACHIX,
            CacheKind::File(_) => Compression::NIX,
        }),
        kind,
        secret_key: secret_key.map(|file| dir.join(file.value)),
        trusted_public_keys,
        min_hit_rate,
        producers,
        consumers,
        pins,
        path_info: path_info.iter().map(|file| dir.join(file)).collect(),
        tiers,
    })
}

fn read_keys(kind: Option<&CacheKind>, table: &mut Table<'_, '_>) -> PublicKeys {
    const KEY: &str = "trusted-public-keys";
    let mut keys = PublicKeys::default();
    for At { value, span } in table.strings(KEY) {
        if kind == Some(&CacheKind::Cachix) {
            let message = format!("`{KEY}` is for a cache in a directory");
            table.problem(Problem::new(span, message).hinted(
                "leave it out: `hmtool cache verify` reads it, which checks no cache at Cachix",
            ));
            break;
        }
        if let Err(message) = keys.add(&value) {
            let problem = Problem::new(span, format!("this is no public key: {message}"));
            table.problem(problem.hinted("`nix key convert-secret-to-public` prints it"));
        }
    }
    keys
}

fn read_kind(table: &mut Table<'_, '_>, dir: &Path) -> Option<CacheKind> {
    const CACHIX: &str = "cachix";
    const FILE: &str = "file";
    let kind = table.string("kind");
    let place = table.string("dir");
    let Some(kind) = kind else {
        if !table.has("kind") {
            let problem = Problem::new(table.span.clone(), "nothing says what kind of cache it is");
            table
                .problem(problem.hinted("add `kind = \"cachix\"`, or `kind = \"file\"` and `dir`"));
        }
        return None;
    };
    match (&*kind.value, place) {
        (CACHIX, None) => Some(CacheKind::Cachix),
        (CACHIX, Some(place)) => {
            let problem = Problem::new(place.span, "a cache at Cachix has no directory");
            table.problem(problem.hinted("leave `dir` out, or write `kind = \"file\"`"));
            None
        }
        (FILE, Some(place)) => Some(CacheKind::File(dir.join(place.value))),
        (FILE, None) => {
            if !table.has("dir") {
                let problem = Problem::new(kind.span, "nothing says in which directory it is");
                table.problem(problem.hinted("add `dir = \"…\"`"));
            }
            None
        }
        (other, _) => {
            let problem = Problem::new(kind.span, format!("`{other}` is not a kind of cache"));
            table.problem(problem.hinted("there are `cachix` and `file`"));
            None
        }
    }
}

/// `xz`, `zstd 16`. The client of Cachix (1.11) takes fewer than Nix does.
fn read_compression(
    word: &At<String>,
    kind: Option<&CacheKind>,
    table: &mut Table<'_, '_>,
) -> Option<Compression> {
    let mut parts = word.value.split_whitespace();
    let method = parts.next().unwrap_or_default();
    let level = parts.next().map(str::parse);
    let compression = match (level, parts.next()) {
        (None, None) => Compression::from_name(method, None),
        (Some(Ok(level)), None) => Compression::from_name(method, Some(level)),
        _ => None,
    };
    let Some(compression) = compression else {
        let message = format!("`{}` is not a compression", word.value);
        table.problem(
            Problem::new(word.span.clone(), message)
                .hinted("write `xz`, `xz 0` to `xz 9`, `zstd`, `zstd 1` to `zstd 22`, or `none`"),
        );
        return None;
    };
    let is_pushed = compression
        .level()
        .is_some_and(|level| level <= OwnCache::CACHIX_LEVEL);
    if kind == Some(&CacheKind::Cachix) && !is_pushed {
        let message = format!("cachix push cannot compress as {compression}");
        let highest = OwnCache::CACHIX_LEVEL;
        table.problem(Problem::new(word.span.clone(), message).hinted(format!(
            "write `xz`, `xz 0` to `xz 9`, `zstd`, or `zstd 1` to `zstd {highest}`"
        )));
        return None;
    }
    Some(compression)
}

fn read_tier(mut table: Table<'_, '_>, text: &str) -> Option<CacheTierRules> {
    let number = table.number("tier", 0);
    let rules = read_rules(&mut table, text);
    let tier = match &number {
        None => {
            if !table.has("tier") {
                let problem = Problem::new(table.span.clone(), "rules of no cache tier");
                table.problem(problem.hinted("add `tier = 1`, 2 or 3"));
            }
            None
        }
        Some(At { value, span }) => {
            let tier = CacheTier::from_number(u64::from(*value));
            if tier.is_none() {
                let problem = Problem::new(span.clone(), format!("there is no cache tier {value}"));
                table.problem(problem.hinted(
                    "1 is always held, 2 when there is room, 3 only where something held needs it",
                ));
            }
            tier
        }
    };
    table.finish();
    Some(CacheTierRules { tier: tier?, rules })
}
