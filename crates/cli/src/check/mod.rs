//! `hmtool check`: everything that the rules have to say about a repository, in one pass.

pub(crate) mod args;
mod facts;
mod files;
mod graph;
pub(crate) mod graph_rules;
mod naming;

use std::path::{Path, PathBuf};

use overlay_ast::lint::Applicability;

use crate::config::Config;
use crate::failure::Failure;
use crate::findings::{Collector, nix_files, print};
use crate::output::Outcome;
use crate::overlay::{fix, lint};
use crate::profile::check::check as check_profiles;
use crate::profile::subject::{Subject, machine_names};
use crate::progress::Progress;
use crate::rules;
use args::CheckArgs;
use files::Files;
use graph::Machine;

/// From which share of a machine's builds on an override is a mass rebuild, where nobody says.
const MASS_REBUILD: f64 = 0.1;

/// Checks, and prints what was found.
pub(crate) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let config = config(args)?;
    let dir = dir(args, config.as_ref());
    let rules = rules::all();
    let levels = args.report.rules.levels_of(&rules, config.as_ref())?;
    if args.fix {
        return fix::files(&[dir], levels, Applicability::Safe, &args.write);
    }
    if args.write.write || args.write.check {
        return Err(Failure::Usage {
            message: "there is nothing to write without --fix".to_owned(),
            hint: "add --fix, or leave --write out".to_owned(),
        });
    }
    let (nix_files, problems) = nix_files(std::slice::from_ref(&dir));
    let names = match &config {
        Some(config) => machine_names(&args.machines, config)?,
        None => Vec::new(),
    };
    let subjects: Vec<Subject> = names
        .iter()
        .filter_map(|name| Subject::of_machine(name, config.as_ref()?))
        .collect();
    let is_apart = |subject: &&Subject| !nix_files.iter().any(|file| file.path == subject.file);
    let mut collector = Collector::new(rules, levels.clone());
    collector.looked_at(nix_files.len() + subjects.iter().filter(is_apart).count());
    collector.extend(problems);

    let (found, profiles) = check_profiles(&subjects, config.as_ref(), false, |_, _| {});
    let files = Files::read(&nix_files, &dir);
    let allowances = files.allowances();
    collector.extend(found.into_iter().filter(|found| {
        // A profile that is no Nix at all is told of with the other files.
        !files.unchecked.contains(found) && !allowances.allow(found)
    }));
    let machines = machines(args, &dir, &names)?;
    let mut options = lint::options(&levels);
    options.facts.values = facts::values(&profiles);
    if graph::knows_changes(&machines) {
        // The graphs know it of every override, with its share and its hours.
        options.rules = options.rules.without("mass-rebuild");
    } else {
        options.facts.dependents = facts::dependents(&machines, &files);
    }
    collector.extend(files.lint(&options));
    let found = graph::findings(
        &machines,
        &graph::Context {
            files: &files,
            profiles: &profiles,
            mass_rebuild: args
                .mass_rebuild_share
                .or(config.and_then(|config| config.mass_rebuild))
                .unwrap_or(MASS_REBUILD),
        },
    );
    collector.extend(found.into_iter().filter(|found| !allowances.allow(found)));
    collector.extend(files.unchecked);
    print(collector, &args.report)
}

/// The machines whose graphs are known, in the order of their names; with `--graph` the one that
/// it is for.
fn machines(args: &CheckArgs, dir: &Path, names: &[String]) -> Result<Vec<Machine>, Failure> {
    let progress = Progress::new();
    let read = |name| Machine::read(args, dir, name, &progress);
    if args.graphs.graph.is_empty() {
        let read = names.iter().map(|name| read(Some(name)));
        return read.filter_map(Result::transpose).collect();
    }
    if args.machines.len() > 1 {
        return Err(Failure::Usage {
            message: "one graph is not that of several machines".to_owned(),
            hint: "give one --machine, or name the graphs in hmtool.toml".to_owned(),
        });
    }
    let machine = read(args.machines.first().map(String::as_str))?;
    Ok(machine.into_iter().collect())
}

/// The `hmtool.toml` of the directory that is checked, or of those above it.
fn config(args: &CheckArgs) -> Result<Option<Config>, Failure> {
    if let Some(dir) = &args.dir
        && !dir.is_dir()
    {
        return Err(Failure::Usage {
            message: format!("{} is not a directory", dir.display()),
            hint: "give the repository's; single files are checked by `hmtool overlay check` and `hmtool profile check`".to_owned(),
        });
    }
    let from = args.dir.as_deref().unwrap_or(Path::new("."));
    let file = args.report.rules.heeds_config().then(|| Config::find(from));
    let config = file.flatten().map(|file| Config::read(&file)).transpose()?;
    if let (None, Some(machine)) = (&config, args.machines.first()) {
        return Err(Failure::Usage {
            message: format!("nothing says what machine `{machine}` is"),
            hint: "run in a directory with hmtool.toml, or give it".to_owned(),
        });
    }
    Ok(config)
}

/// The directory that is checked.
fn dir(args: &CheckArgs, config: Option<&Config>) -> PathBuf {
    let of_config = || {
        let dir = config?.file.parent()?;
        (!dir.as_os_str().is_empty()).then(|| dir.to_owned())
    };
    let given = args.dir.clone().or_else(of_config);
    given.unwrap_or_else(|| PathBuf::from("."))
}
