//! What a plan is made with: flags before `HMTOOL_*` before `hmtool.toml`.

use std::path::{Path, PathBuf};

use cache_policy::{Holdings, Source};
use hw_profile::{BudgetOptions, Bytes, Cores, Profile};
use tier_planner::budget::Budget;
use tier_planner::classify::Classifier;
use tier_planner::nix_today::NixSettings;
use tier_planner::rule::{self, Field, Rule};
use tier_planner::tier::{BuildTier, TierId, TierSet};

use super::machine::machine;
use crate::args::PlanArgs;
use crate::caches::{NarinfoSource, Store};
use crate::config::{self, CacheSource, Config};
use crate::dto::plan as dto;
use crate::failure::{BadValue, Failure};
use crate::input;
use crate::progress::Progress;

/// Where the derivations come from.
#[derive(Debug)]
pub(super) enum GraphSource {
    /// Files.
    Files {
        graphs: Vec<PathBuf>,
        roots: Vec<PathBuf>,
        attributes: Option<PathBuf>,
    },
    /// What Nix evaluates, as seen from a directory.
    Installable { dir: PathBuf, installable: String },
    /// The `default.nix` of a directory.
    DefaultNix { dir: PathBuf },
}

/// Everything a plan is made with.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) config: Option<Config>,
    /// The machine's name, as it is shown.
    pub(super) machine: Option<String>,
    pub(super) graph: GraphSource,
    pub(super) profile: Profile,
    pub(super) budget: Budget,
    pub(super) memory: hw_profile::MemoryBudget,
    /// Whether the memory for builds was given outright.
    pub(super) memory_given: bool,
    pub(super) builds_only: Option<Vec<String>>,
    pub(super) nix_today: NixSettings,
    /// Whether nobody says how Nix is set today, so that its defaults are taken.
    pub(super) nix_is_default: bool,
    pub(super) classifier: Classifier,
    /// What is wrong with the profile and the budget.
    pub(super) diagnostics: Vec<dto::Diagnostic>,
}

impl Settings {
    /// Everything but the graph and the caches, which take time to read.
    pub(super) fn new(args: &PlanArgs, progress: &Progress) -> Result<Self, Failure> {
        let cwd = PathBuf::from(".");
        let target = args.target.as_deref();
        let target_dir = target.map(Path::new).filter(|path| path.is_dir());
        let found = (!args.no_config).then(|| Config::find(target_dir.unwrap_or(&cwd)));
        let config = found
            .flatten()
            .map(|file| Config::read(&file))
            .transpose()?;
        if let (Some(target), None) = (target, target_dir)
            && !target.contains(['#', ':'])
        {
            return Err(Failure::Usage {
                message: format!("{target} is neither a directory nor an installable"),
                hint: "an installable has a #, e.g. `.#shoshin`; files are given with --graph"
                    .to_owned(),
            });
        }

        let installable = target.filter(|_| target_dir.is_none());
        let (name, machine) = machine(args, installable, config.as_ref())?;
        let graph = graph_source(args, config.as_ref(), &machine, target_dir)?;
        let profile_file = args.profile.as_ref().or(machine.profile.as_ref());
        let profile = match profile_file {
            Some(file) => read_profile(file, progress)?,
            None => Profile::default(),
        };
        let own_name = || {
            let stem = profile_file.and_then(|file| file.file_stem());
            let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
            let hostname = profile.hostname().map(str::to_owned);
            hostname.or(stem.filter(|_| args.profile.is_some()))
        };
        let threads = args.cores.or(machine.threads).map(Cores);
        if profile_file.is_none() && (threads.is_none() || args.mem.is_none()) {
            return Err(Failure::Usage {
                message: "nothing says how many threads and how much memory there are".to_owned(),
                hint: "give --profile FILE, or --cores N and --mem SIZE, or run in a directory with hmtool.toml"
                    .to_owned(),
            });
        }
        let (budget, found) = profile.budget(&BudgetOptions {
            threads,
            memory: args.mem,
            reserve: if args.mem.is_some() {
                Some(Bytes(0))
            } else {
                machine.reserve
            },
            ..BudgetOptions::default()
        });
        let found: Vec<hw_profile::Diagnostic> = profile.check().into_iter().chain(found).collect();
        if let Some(failure) = unusable(args, config.as_ref(), profile_file, &machine, &found) {
            return Err(failure);
        }
        let mut diagnostics: Vec<dto::Diagnostic> = found.into_iter().map(of_profile).collect();
        diagnostics.dedup_by(|a, b| a.message == b.message);
        let oversubscription = args
            .oversubscription
            .or(config.as_ref().and_then(|c| c.oversubscription))
            .unwrap_or(Budget::OVERSUBSCRIPTION);
        let classifier = classifier(config.as_ref(), budget.threads, budget.memory.for_builds);
        let (nix_today, nix_is_default) =
            nix_today(args, config.as_ref(), &profile, budget.threads);
        Ok(Self {
            machine: name.or_else(own_name),
            graph,
            budget: Budget {
                threads: budget.threads,
                memory: budget.memory.for_builds,
                oversubscription,
            },
            memory: budget.memory,
            memory_given: args.mem.is_some(),
            builds_only: machine.builds,
            nix_today,
            nix_is_default,
            classifier,
            profile,
            config,
            diagnostics,
        })
    }

    /// Whether the tiers and their rules are the built-in ones.
    pub(super) fn has_standard_tiers(&self) -> bool {
        self.config.as_ref().is_none_or(|c| c.tiers.is_empty())
    }

    /// Whether a builder of that name is this machine. The machine that wrote the list has none.
    pub(super) fn goes_by(&self, host: &str) -> bool {
        host.is_empty()
            || self.machine.as_deref() == Some(host)
            || self.profile.hostname() == Some(host)
    }

    /// The local store and the caches, local first, then `--cache`, then those of `hmtool.toml`.
    pub(super) fn stores(
        &self,
        args: &PlanArgs,
        progress: &Progress,
    ) -> Result<Vec<Store>, Failure> {
        let mut stores = Vec::new();
        for file in &args.available {
            stores.push(Store {
                source: Source::local(input::content::shown(file)),
                holdings: input::holdings::read(file, progress)?,
                ask: None,
            });
        }
        let evaluated = !matches!(self.graph, GraphSource::Files { .. });
        let flags = args
            .cache
            .iter()
            .map(|text| Ok((text.clone(), flag_source(text)?, true)))
            .collect::<Result<Vec<_>, Failure>>()?;
        let configured = self.config.iter().flat_map(|config| &config.caches);
        let configured = configured.map(|cache| {
            (
                cache.name.clone(),
                cache.source.clone(),
                args.online || evaluated,
            )
        });
        for (name, source, ask_servers) in flags.into_iter().chain(configured) {
            let (holdings, ask) = match source {
                CacheSource::Url(url) if ask_servers => (
                    Holdings::default(),
                    Some(NarinfoSource::http(&url, args.cache_timeout)),
                ),
                CacheSource::Url(url) => {
                    tracing::info!(url, "not asked: give --online");
                    continue;
                }
                CacheSource::Dir(dir) => (Holdings::default(), Some(NarinfoSource::Dir(dir))),
                CacheSource::PathInfo(file) | CacheSource::List(file) => {
                    (input::holdings::read(&file, progress)?, None)
                }
            };
            stores.push(Store {
                source: Source::cache(name),
                holdings,
                ask,
            });
        }
        Ok(stores)
    }
}

fn graph_source(
    args: &PlanArgs,
    config: Option<&Config>,
    machine: &config::Machine,
    target_dir: Option<&Path>,
) -> Result<GraphSource, Failure> {
    let config_dir = || {
        let dir = config
            .and_then(|c| c.file.parent())
            .unwrap_or(Path::new(""));
        if dir.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            dir.to_owned()
        }
    };
    if !args.graph.is_empty() {
        return Ok(GraphSource::Files {
            graphs: args.graph.clone(),
            roots: args.roots.clone(),
            attributes: args.attributes.clone(),
        });
    }
    if let (Some(target), None) = (&args.target, target_dir) {
        return Ok(GraphSource::Installable {
            dir: PathBuf::from("."),
            installable: target.clone(),
        });
    }
    if args.evaluate
        && let Some(installable) = &machine.installable
    {
        return Ok(GraphSource::Installable {
            dir: config_dir(),
            installable: installable.clone(),
        });
    }
    if let (Some(graph), false) = (&machine.graph, args.evaluate) {
        let roots = if args.roots.is_empty() {
            machine.roots.iter().cloned().collect()
        } else {
            args.roots.clone()
        };
        return Ok(GraphSource::Files {
            graphs: vec![graph.clone()],
            roots,
            attributes: args
                .attributes
                .clone()
                .or_else(|| machine.attributes.clone()),
        });
    }
    let dir = target_dir.map_or_else(config_dir, Path::to_owned);
    if dir.join("flake.nix").is_file() {
        return Ok(GraphSource::Installable {
            dir,
            installable: ".".to_owned(),
        });
    }
    if dir.join("default.nix").is_file() {
        return Ok(GraphSource::DefaultNix { dir });
    }
    Err(Failure::Usage {
        message: "there is nothing to plan".to_owned(),
        hint: format!(
            "give a directory with hmtool.toml, flake.nix or default.nix ({} has none), an installable, or --graph FILE",
            dir.display()
        ),
    })
}

fn read_profile(file: &Path, progress: &Progress) -> Result<Profile, Failure> {
    let bytes = input::content::read(file, progress)?;
    let text = input::content::as_text(&bytes, file)?;
    input::profile::parse(file, text)
}

fn flag_source(text: &str) -> Result<CacheSource, Failure> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(CacheSource::Url(text.to_owned()));
    }
    if let Some(path) = text.strip_prefix("file://") {
        return Ok(CacheSource::Dir(PathBuf::from(path)));
    }
    let path = PathBuf::from(text);
    if path.is_dir() {
        return Ok(CacheSource::Dir(path));
    }
    if let Some((scheme, _)) = text.split_once("://")
        && !path.exists()
    {
        return Err(Failure::Usage {
            message: format!("--cache {text}: {scheme}:// is not understood"),
            hint: "https://, http:// and file:// are, and directories and files".to_owned(),
        });
    }
    Ok(CacheSource::PathInfo(path))
}

/// What of the profile and of the machine's own numbers makes a plan impossible or meaningless.
/// What a flag gives instead may be wrong there.
fn unusable(
    args: &PlanArgs,
    config: Option<&Config>,
    profile_file: Option<&PathBuf>,
    machine: &config::Machine,
    found: &[hw_profile::Diagnostic],
) -> Option<Failure> {
    let replaced = |path: &str| {
        (path.starts_with("memory.") && args.mem.is_some())
            || (path.starts_with("cpu.") && args.cores.is_some())
    };
    let errors: Vec<&hw_profile::Diagnostic> = found
        .iter()
        .filter(|found| found.severity == hw_profile::Severity::Error && !replaced(&found.path))
        .collect();
    // A value that cannot be read is the cause of there being none.
    let caused = |found: &hw_profile::Diagnostic| {
        matches!(found.id, "memory-unknown" | "threads-unknown")
            && errors
                .iter()
                .any(|other| other.path == found.path && other.id != found.id)
    };
    let reserve_is_ours = |id| id == "no-memory-left" && machine.reserve.is_some();
    let mut blamed = profile_file.cloned().unwrap_or_default();
    let mut problems = Vec::new();
    for error in &errors {
        if caused(error) {
            continue;
        }
        let mut hint = error.hint.clone().unwrap_or_default();
        let instead = match error.path.split('.').next() {
            Some("memory") => "give --mem SIZE",
            Some("cpu") => "give --cores N",
            _ => "",
        };
        if !instead.is_empty() {
            let or = if hint.is_empty() { "" } else { ", or " };
            hint = format!("{hint}{or}{instead}");
        }
        let mut key = error.path.clone();
        if reserve_is_ours(error.id) {
            if let Some(config) = config {
                blamed.clone_from(&config.file);
            }
            "reserve".clone_into(&mut key);
            hint = format!("lower reserve, or {instead}");
        }
        problems.push(BadValue {
            code: error.id,
            key,
            message: error.message.clone(),
            hint: (!hint.is_empty()).then_some(hint),
        });
    }
    (!problems.is_empty()).then_some(Failure::Values {
        path: blamed,
        problems,
    })
}

/// The tiers of the configuration with their rules, or the standard ones.
fn classifier(config: Option<&Config>, threads: Cores, memory: Bytes) -> Classifier {
    let Some(config) = config.filter(|c| !c.tiers.is_empty()) else {
        let tiers = TierSet::standard();
        let rules = rule::standard(&tiers);
        let last = TierId((tiers.len() - 1) as u16);
        return Classifier::new(tiers, rules, last);
    };
    let mut tiers = Vec::new();
    let mut rules = Vec::new();
    let mut default = config.tiers.len() - 1;
    for (i, tier) in config.tiers.iter().enumerate() {
        let cores = tier.cores.map_or(threads, Cores);
        // Where nothing is said, as many as can run at once share what there is.
        let at_once = tier.jobs.unwrap_or((threads.0 / cores.0.max(1)).max(1));
        tiers.push(BuildTier {
            name: tier.name.clone(),
            max_jobs: tier.jobs,
            cores,
            memory: tier.memory.unwrap_or(Bytes(memory.0 / u64::from(at_once))),
        });
        rules.extend(tier.rules.iter().map(|rule| Rule {
            tier: TierId(i as u16),
            field: Field::Any,
            pattern: rule.pattern(),
        }));
        if tier.default {
            default = i;
        }
    }
    Classifier::new(TierSet::new(tiers), rules, TierId(default as u16))
}

/// Nix's settings today: flags, configuration, profile, and at last Nix's own defaults; and
/// whether it came to these.
fn nix_today(
    args: &PlanArgs,
    config: Option<&Config>,
    profile: &Profile,
    threads: Cores,
) -> (NixSettings, bool) {
    let max_jobs = args
        .nix_max_jobs
        .or(config.and_then(|c| c.max_jobs))
        .or(profile.max_jobs());
    let cores = args
        .nix_cores
        .or(config.and_then(|c| c.cores))
        .or(profile.max_cores().map(|c| c.0));
    let settings = NixSettings {
        max_jobs: max_jobs.unwrap_or(1),
        // 0 means all of the machine's to Nix.
        cores: match cores.unwrap_or(0) {
            0 => profile.threads().unwrap_or(threads),
            cores => Cores(cores),
        },
    };
    (settings, max_jobs.is_none() && cores.is_none())
}

fn of_profile(found: hw_profile::Diagnostic) -> dto::Diagnostic {
    dto::Diagnostic {
        severity: match found.severity {
            // What would make the plan wrong has ended it before; the rest a flag replaces.
            hw_profile::Severity::Error | hw_profile::Severity::Warning => dto::Severity::Warning,
            hw_profile::Severity::Note => dto::Severity::Note,
        },
        code: found.id.to_owned(),
        message: found.to_string(),
        hint: found.hint,
        cost_ms: None,
        cost_bytes: None,
    }
}
