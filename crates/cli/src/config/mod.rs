//! `hmtool.toml`: the machines, caches and tiers of a repository.

mod own_cache;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hw_profile::Bytes;
use tier_planner::classify::Classifier;
use tier_planner::rule::{Field, Pattern, Severity as RuleSeverity};
use tier_planner::tier::{TierId, TierSet};
use toml::de::DeTable;

use crate::dto::severity::Severity;
use crate::failure::{Failure, Problem};
use crate::findings::Level;
use crate::input::content;
use crate::rules;
pub(crate) use own_cache::{CacheKind, OwnCache, budget};
pub(crate) use table::nearest;
use table::{At, Table};

/// Name of the file, looked for in a directory and all above it.
pub(crate) const FILE_NAME: &str = "hmtool.toml";

/// What `hmtool.toml` says; every path already joined to the file's directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// The file itself.
    pub(crate) file: PathBuf,
    /// Its text.
    pub(crate) text: String,
    /// The machine that is meant when none is named.
    pub(crate) default_machine: Option<String>,
    /// The machines by name.
    pub(crate) machines: BTreeMap<String, Machine>,
    /// The caches in the order in which they are asked.
    pub(crate) caches: Vec<Cache>,
    /// The cache that is filled from here.
    pub(crate) cache: Option<OwnCache>,
    /// The tiers in the order in which their rules are asked.
    pub(crate) tiers: Vec<Tier>,
    /// Nix's `max-jobs` today.
    pub(crate) max_jobs: Option<u32>,
    /// Nix's `cores` today.
    pub(crate) cores: Option<u32>,
    /// Threads promised to running builds together, as a multiple of the machine's.
    pub(crate) oversubscription: Option<f64>,
    /// Speed of the machine that estimates are read at.
    pub(crate) seconds_per_sbu: Option<f64>,
    /// What was measured of packages, by pname or attribute.
    pub(crate) packages: BTreeMap<String, Package>,
    /// From which share of its builds on an override is a mass rebuild.
    pub(crate) mass_rebuild: Option<f64>,
    /// Levels of rules, by id.
    pub(crate) rules: BTreeMap<String, Level>,
}

/// A `[packages.NAME]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// The most it held, built with the cores of its tier.
    pub(crate) memory: Bytes,
    /// Of that, what does not grow with the number of threads.
    pub(crate) base: Option<Bytes>,
}

/// A `[machines.NAME]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Machine {
    /// Hardware profile.
    pub(crate) profile: Option<PathBuf>,
    /// Captured graph.
    pub(crate) graph: Option<PathBuf>,
    /// Derivations asked for.
    pub(crate) roots: Option<PathBuf>,
    /// Names by which the package set knows its derivations.
    pub(crate) attributes: Option<PathBuf>,
    /// The graph as it is without what the repository changes of the package set.
    pub(crate) upstream_graph: Option<PathBuf>,
    /// Derivations asked for in that.
    pub(crate) upstream_roots: Option<PathBuf>,
    /// What to evaluate, e.g. `.#shoshin`.
    pub(crate) installable: Option<String>,
    /// Threads for builds.
    pub(crate) threads: Option<u32>,
    /// Memory kept free.
    pub(crate) reserve: Option<Bytes>,
    /// Names of the tiers it may build; all when `None`.
    pub(crate) builds: Option<Vec<String>>,
    /// Where its name stands, in bytes of the file.
    pub(crate) span: Range<usize>,
}

/// A `[[caches]]`.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    /// Its name.
    pub(crate) name: String,
    /// How to learn what it holds.
    pub(crate) source: CacheSource,
}

/// How to learn what a cache holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CacheSource {
    /// Ask a server for narinfos.
    Url(String),
    /// Read the narinfos of a directory, what `nix copy --to file://DIR` writes.
    Dir(PathBuf),
    /// What `nix path-info --json` printed.
    PathInfo(PathBuf),
    /// Store paths, one per line, or what `nix build --dry-run` printed.
    List(PathBuf),
}

/// A `[[tiers]]`.
#[derive(Clone, Debug)]
pub(crate) struct Tier {
    /// Its name.
    pub(crate) name: String,
    /// Jobs at once.
    pub(crate) jobs: Option<u32>,
    /// Threads of each job; all of the machine's when `None`.
    pub(crate) cores: Option<u32>,
    /// Memory of a job of which nothing better is known.
    pub(crate) memory: Option<Bytes>,
    /// Its rules in the file's order: packages, then patterns, then regexes.
    pub(crate) rules: Vec<Rule>,
    /// Whether it takes what no rule names.
    pub(crate) default: bool,
    /// Where its name stands, in bytes of the file.
    pub(crate) span: Range<usize>,
}

/// One rule of a tier.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// How `text` is meant.
    pub(crate) kind: RuleKind,
    /// The name, glob or regular expression.
    pub(crate) text: String,
    /// Where it stands, in bytes of the file.
    pub(crate) span: Range<usize>,
}

/// How a rule's text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    /// Exactly a pname, name or attribute.
    Exact,
    /// A glob on these.
    Glob,
    /// A regular expression on these, anchored at both ends.
    Regex,
}

impl Rule {
    /// What the planner compares names with.
    pub(crate) fn pattern(&self) -> Pattern {
        let text = self.text.clone();
        match self.kind {
            RuleKind::Exact => Pattern::Exact(text),
            RuleKind::Glob => Pattern::Glob(text),
            RuleKind::Regex => Pattern::Regex(text),
        }
    }
}

impl Config {
    /// The `hmtool.toml` of `dir` or of the nearest directory above it.
    pub(crate) fn find(dir: &Path) -> Option<PathBuf> {
        let dir = dir.canonicalize().ok()?;
        dir.ancestors()
            .map(|dir| dir.join(FILE_NAME))
            .find(|file| file.is_file())
            .map(relative)
    }

    /// Reads a file.
    pub(crate) fn read(file: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(file).map_err(|e| Failure::reading(file, e))?;
        Self::parse(file, content::as_text(&bytes, file)?)
    }

    /// Reads the text of `file`; nothing is opened.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, Failure> {
        let (document, errors) = DeTable::parse_recoverable(text);
        let mut problems: Vec<Problem> = errors
            .iter()
            .map(|e| {
                let problem = Problem::new(e.span().unwrap_or(0..0), e.message());
                if e.message().starts_with("duplicate key") {
                    problem.hinted("it is there twice: remove one of the two")
                } else {
                    problem
                }
            })
            .collect();
        let mut config = Self {
            file: file.to_owned(),
            text: text.to_owned(),
            ..Self::default()
        };
        if problems.is_empty() {
            let root = Table::new(document.get_ref(), "hmtool.toml", 0..0, &mut problems);
            config.fill(root, text);
        }
        if problems.is_empty() {
            return Ok(config);
        }
        problems.sort_by_key(|p| p.span.start);
        Err(Failure::Text {
            path: file.to_owned(),
            text: text.to_owned(),
            problems,
        })
    }

    fn fill(&mut self, mut root: Table<'_, '_>, text: &str) {
        let dir = self.file.parent().unwrap_or(Path::new("")).to_owned();
        let default_machine = root.string("default-machine");
        let mut tier_mentions = Vec::new();
        root.named("machines", |name, table| {
            let machine = read_machine(table, &dir, &mut tier_mentions);
            self.machines.insert(name.to_owned(), machine);
        });
        root.named("packages", |name, table| {
            if let Some(package) = read_package(table) {
                self.packages.insert(name.to_owned(), package);
            }
        });
        root.each("caches", |table| {
            self.caches.extend(read_cache(table, &dir));
        });
        let mut machine_mentions = Vec::new();
        if let Some(table) = root.table("cache", "[cache]") {
            self.cache = own_cache::read(table, text, &dir, &mut machine_mentions);
        }
        root.each("tiers", |table| {
            let tier = read_tier(table, text, &self.tiers);
            self.tiers.extend(tier);
        });
        if let Some(mut nix) = root.table("nix", "[nix]") {
            self.max_jobs = nix.number("max-jobs", 1).map(|n| n.value);
            self.cores = nix.number("cores", 0).map(|n| n.value);
            nix.finish();
        }
        if let Some(mut plan) = root.table("plan", "[plan]") {
            self.oversubscription = plan.decimal("thread-oversubscription", 1.0, 64.0);
            self.seconds_per_sbu = plan.decimal("seconds-per-sbu", 1.0, 100_000.0);
            plan.finish();
        }
        if let Some(mut check) = root.table("check", "[check]") {
            self.mass_rebuild = check.decimal("mass-rebuild-share", 0.0, 1.0);
            check.finish();
        }
        let known = rules::all();
        let known: Vec<&str> = known.iter().map(|rule| &*rule.id).collect();
        for (id, level) in root.words("rules") {
            if !known.contains(&&*id.value) {
                root.problem(unknown_rule(&id, &known));
            } else if let Some(level) = read_level(&level, &mut root) {
                self.rules.insert(id.value, level);
            }
        }
        let tiers: Vec<&str> = self.tiers.iter().map(|t| t.name.as_str()).collect();
        for At { value, span } in tier_mentions {
            if !tiers.contains(&value.as_str()) {
                root.problem(unknown("tier", &value, span, &tiers));
            }
        }
        let machines: Vec<&str> = self.machines.keys().map(String::as_str).collect();
        for At { value, span } in machine_mentions {
            if !machines.contains(&value.as_str()) {
                root.problem(unknown("machine", &value, span, &machines));
            }
        }
        if let Some(At { value, span }) = default_machine {
            if !machines.contains(&value.as_str()) {
                root.problem(unknown("machine", &value, span, &machines));
            }
            self.default_machine = Some(value);
        }
        root.finish();
    }
}

/// The path as seen from the working directory where it lies below that: shorter to read.
fn relative(file: PathBuf) -> PathBuf {
    let here = std::env::current_dir().and_then(|dir| dir.canonicalize());
    match here
        .ok()
        .and_then(|dir| Some(file.strip_prefix(dir).ok()?.to_owned()))
    {
        Some(shorter) => shorter,
        None => file,
    }
}

fn unknown(what: &str, name: &str, span: Range<usize>, known: &[&str]) -> Problem {
    let problem = Problem::new(span, format!("there is no {what} `{name}`"));
    match nearest(name, known) {
        Some(near) => problem.labelled(format!("did you mean `{near}`?")),
        None if known.is_empty() => problem.hinted(format!("this file has no {what}s")),
        None => problem.hinted(format!("{what}s of this file: {}", known.join(", "))),
    }
}

fn unknown_rule(id: &At<String>, known: &[&str]) -> Problem {
    let problem = Problem::new(id.span.clone(), format!("there is no rule `{}`", id.value));
    match nearest(&id.value, known) {
        Some(near) => problem.labelled(format!("did you mean `{near}`?")),
        None => problem.hinted("`hmtool explain` lists the rules"),
    }
}

fn read_level(word: &At<String>, root: &mut Table<'_, '_>) -> Option<Level> {
    const OFF: &str = "off";
    if word.value == OFF {
        return Some(Level::Off);
    }
    let severity = Severity::ALL
        .into_iter()
        .find(|severity| severity.as_str() == word.value);
    if severity.is_none() {
        let words: Vec<&str> = [OFF]
            .into_iter()
            .chain(Severity::ALL.map(Severity::as_str))
            .collect();
        let message = format!("`{}` is not a level", word.value);
        root.problem(
            Problem::new(word.span.clone(), message)
                .hinted(format!("levels: {}", words.join(", "))),
        );
    }
    severity.map(Level::At)
}

fn read_machine(
    mut table: Table<'_, '_>,
    dir: &Path,
    tier_mentions: &mut Vec<At<String>>,
) -> Machine {
    let mut path = |key| table.string(key).map(|path| dir.join(path.value));
    let mut machine = Machine {
        profile: path("profile"),
        graph: path("graph"),
        roots: path("roots"),
        attributes: path("attributes"),
        upstream_graph: path("upstream-graph"),
        upstream_roots: path("upstream-roots"),
        ..Machine::default()
    };
    machine.span = table.span.clone();
    machine.installable = table.string("installable").map(|s| s.value);
    machine.threads = table.number("threads", 1).map(|n| n.value);
    machine.reserve = table.bytes("reserve").map(|b| b.value);
    if let Some(tiers) = table.all_or_strings("builds") {
        machine.builds = Some(tiers.iter().map(|t| t.value.clone()).collect());
        tier_mentions.extend(tiers);
    }
    table.finish();
    machine
}

fn read_package(mut table: Table<'_, '_>) -> Option<Package> {
    let memory = table.bytes("memory");
    let base = table.bytes("memory-base");
    let has_memory = table.has("memory");
    if !has_memory {
        let problem = Problem::new(table.span.clone(), "nothing says how much memory it took");
        table.problem(problem.hinted("add `memory = \"… GB\"`, measured at the cores of its tier"));
    }
    if let (Some(all), Some(base)) = (&memory, &base)
        && base.value > all.value
    {
        let problem = Problem::new(base.span.clone(), "`memory-base` is more than `memory`");
        table.problem(problem.hinted("it is the part of it that does not grow with the threads"));
    }
    table.finish();
    Some(Package {
        memory: memory?.value,
        base: base.map(|base| base.value),
    })
}

fn read_cache(mut table: Table<'_, '_>, dir: &Path) -> Option<Cache> {
    let name = table.string("name");
    let mut sources = Vec::new();
    let url = table.string("url");
    sources.extend(url.map(|At { value, span }| {
        let source = match value.strip_prefix("file://") {
            Some(path) => CacheSource::Dir(dir.join(path)),
            None => CacheSource::Url(value),
        };
        (source, span)
    }));
    let mut file = |key, make: fn(PathBuf) -> CacheSource| {
        let path = table.string(key)?;
        Some((make(dir.join(path.value)), path.span))
    };
    sources.extend(file("dir", CacheSource::Dir));
    sources.extend(file("path-info", CacheSource::PathInfo));
    sources.extend(file("list", CacheSource::List));
    let wanted = "give exactly one of url, dir, path-info, list";
    let span = table.span.clone();
    let cache = match (name, sources.len()) {
        (None, _) => {
            table.problem(Problem::new(span, "a cache has no name").hinted("add `name = \"…\"`"));
            None
        }
        (Some(name), 1) => {
            let (source, span) = sources.swap_remove(0);
            if let CacheSource::Url(url) = &source
                && !(url.starts_with("https://") || url.starts_with("http://"))
            {
                let problem = Problem::new(span, format!("`{url}` is not a cache's address"));
                table.problem(problem.hinted("https://, http:// and file:// are understood"));
            }
            Some(Cache {
                name: name.value,
                source,
            })
        }
        (Some(name), 0) => {
            let message = format!("nothing says what cache `{}` holds", name.value);
            table.problem(Problem::new(name.span, message).hinted(wanted));
            None
        }
        (Some(name), _) => {
            let message = format!("cache `{}` has more than one source", name.value);
            let span = sources.swap_remove(1).1;
            table.problem(Problem::new(span, message).hinted(wanted));
            None
        }
    };
    table.finish();
    cache
}

/// A pattern that cannot be compiled, at the place of the fault where the text is as it is written.
fn broken(rule: &Rule, span: Range<usize>, text: &str) -> Vec<Problem> {
    let tiers = TierSet::standard();
    let one = tier_planner::rule::Rule {
        tier: TierId(0),
        field: Field::Any,
        pattern: rule.pattern(),
    };
    let classifier = Classifier::new(tiers, vec![one], TierId(0));
    let errors = classifier
        .problems()
        .iter()
        .filter(|problem| problem.severity() == RuleSeverity::Error);
    let is_verbatim = text.get(span.start + 1..span.end.saturating_sub(1)) == Some(&*rule.text);
    errors
        .map(|problem| {
            let at = match problem.span() {
                Some(within) if is_verbatim => {
                    span.start + 1 + within.start..span.start + 1 + within.end
                }
                _ => span.clone(),
            };
            let what = match rule.kind {
                RuleKind::Regex => "regular expression",
                RuleKind::Glob | RuleKind::Exact => "glob",
            };
            Problem::new(at, format!("`{}` is not a {what}", rule.text))
                .labelled(problem.to_string())
        })
        .collect()
}

/// Packages, then patterns, then regular expressions.
fn read_rules(table: &mut Table<'_, '_>, text: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (key, kind) in [
        ("packages", RuleKind::Exact),
        ("patterns", RuleKind::Glob),
        ("regexes", RuleKind::Regex),
    ] {
        for At { value, span } in table.strings(key) {
            let rule = Rule {
                kind,
                text: value,
                span: span.clone(),
            };
            for problem in broken(&rule, span, text) {
                table.problem(problem);
            }
            rules.push(rule);
        }
    }
    rules
}

fn read_tier(mut table: Table<'_, '_>, text: &str, before: &[Tier]) -> Option<Tier> {
    let name = table.string("name");
    let jobs = table.number("jobs", 1).map(|n| n.value);
    let cores = table.number("cores", 1).map(|n| n.value);
    let memory = table.bytes("memory").map(|b| b.value);
    let rules = read_rules(&mut table, text);
    let default = table.boolean("default");
    let span = table.span.clone();
    if let Some(At { value: true, span }) = &default
        && let Some(other) = before.iter().find(|t| t.default)
    {
        let message = format!("tier `{}` is the default already", other.name);
        table.problem(
            Problem::new(span.clone(), message).hinted("only one tier can be the default"),
        );
    }
    let tier = match name {
        None => {
            table.problem(Problem::new(span, "a tier has no name").hinted("add `name = \"…\"`"));
            None
        }
        Some(name) if before.iter().any(|t| t.name == name.value) => {
            let message = format!("there are two tiers `{}`", name.value);
            table.problem(Problem::new(name.span, message).hinted("merge them or rename one"));
            None
        }
        Some(name) => Some(Tier {
            name: name.value,
            jobs,
            cores,
            memory,
            rules,
            default: default.is_some_and(|d| d.value),
            span: name.span,
        }),
    };
    table.finish();
    tier
}

#[cfg(test)]
mod tests;
