//! What a plan is made with: flags before `HMTOOL_*` before `hmtool.toml`.

use std::path::PathBuf;

use hw_profile::{BudgetOptions, Bytes, Cores, Profile};
use tier_planner::budget::Budget;
use tier_planner::classify::Classifier;
use tier_planner::nix_today::NixSettings;

use crate::args::PlanArgs;
use crate::config::{self, Config};
use crate::dto::plan as dto;
use crate::failure::{BadValue, Failure};
use crate::progress::Progress;
use crate::workspace::{Source, Workspace, classifier};

/// Everything a plan is made with.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) workspace: Workspace,
    /// The machine's name, as it is shown.
    pub(super) machine: Option<String>,
    pub(super) source: Source,
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
        let workspace = Workspace::new(&args.source, &args.machine)?;
        let source = workspace.source(&args.source)?;
        let profile = workspace.read_profile(progress)?;
        let profile_file = workspace.profile_file.as_ref();
        let (config, machine) = (workspace.config.as_ref(), &workspace.machine);
        let own_name = || {
            let stem = profile_file.and_then(|file| file.file_stem());
            let stem = stem.map(|stem| stem.to_string_lossy().into_owned());
            let hostname = profile.hostname().map(str::to_owned);
            hostname.or(stem.filter(|_| args.machine.profile.is_some()))
        };
        let threads = args.machine.cores.or(machine.threads).map(Cores);
        if profile_file.is_none() && (threads.is_none() || args.machine.mem.is_none()) {
            return Err(Failure::Usage {
                message: "nothing says how many threads and how much memory there are".to_owned(),
                hint: "give --profile FILE, or --cores N and --mem SIZE, or run in a directory with hmtool.toml"
                    .to_owned(),
            });
        }
        let (budget, found) = profile.budget(&BudgetOptions {
            threads,
            memory: args.machine.mem,
            reserve: if args.machine.mem.is_some() {
                Some(Bytes(0))
            } else {
                machine.reserve
            },
            ..BudgetOptions::default()
        });
        let found: Vec<hw_profile::Diagnostic> = profile.check().into_iter().chain(found).collect();
        if let Some(failure) = unusable(args, config, profile_file, machine, &found) {
            return Err(failure);
        }
        let mut diagnostics: Vec<dto::Diagnostic> = found.into_iter().map(of_profile).collect();
        diagnostics.dedup_by(|a, b| a.message == b.message);
        let oversubscription = args
            .oversubscription
            .or(config.and_then(|c| c.oversubscription))
            .unwrap_or(Budget::OVERSUBSCRIPTION);
        let classifier = classifier(config, budget.threads, budget.memory.for_builds);
        let (nix_today, nix_is_default) = nix_today(args, config, &profile, budget.threads);
        Ok(Self {
            machine: workspace.machine_name.clone().or_else(own_name),
            source,
            budget: Budget {
                threads: budget.threads,
                memory: budget.memory.for_builds,
                oversubscription,
            },
            memory: budget.memory,
            memory_given: args.machine.mem.is_some(),
            builds_only: machine.builds.clone(),
            nix_today,
            nix_is_default,
            classifier,
            profile,
            diagnostics,
            workspace,
        })
    }

    /// The `hmtool.toml` that is heeded.
    pub(super) fn config(&self) -> Option<&Config> {
        self.workspace.config.as_ref()
    }

    /// Whether the tiers and their rules are the built-in ones.
    pub(super) fn has_standard_tiers(&self) -> bool {
        self.config().is_none_or(|c| c.tiers.is_empty())
    }
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
        (path.starts_with("memory.") && args.machine.mem.is_some())
            || (path.starts_with("cpu.") && args.machine.cores.is_some())
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
