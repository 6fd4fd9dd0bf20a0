//! `hmtool profile check`: what speaks against profiles.

mod convert;
mod file;

use std::path::PathBuf;

use clap::Args;
use hw_profile::detect::Detected;
use hw_profile::{BudgetOptions, Bytes, CheckOptions, Cores, Profile, TierDemand, check_together};

use super::detect::RootArgs;
use super::subject::{self, Subject};
use super::toolchain::CompilerArgs;
use crate::config::Config;
use crate::dto::findings::Finding;
use crate::failure::Failure;
use crate::findings::{Collector, FindingArgs, print};
use crate::output::Outcome;
use crate::rules;
use convert::convert;
pub(crate) use convert::rules;
pub(super) use convert::severity;
pub(crate) use file::ProfileFile;

/// What to check, and what with.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Machines of hmtool.toml, or profiles; by default all machines with a profile
    #[arg(value_name = "MACHINE | FILE")]
    subjects: Vec<PathBuf>,

    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    compilers: CompilerArgs,

    #[command(flatten)]
    report: FindingArgs,
}

/// Checks the profiles and prints what was found.
pub(super) fn run(args: &CheckArgs) -> Result<Outcome, Failure> {
    let rules = rules::of_profiles();
    let levels = args.report.rules.levels(&rules)?;
    let config = subject::config()?;
    let subjects = Subject::all(&args.subjects, config.as_ref())?;
    let machine = match args.root.detect() {
        Ok(machine) => Some(machine),
        Err(failure) if args.root.root.is_some() => return Err(failure),
        // A profile can be checked where /proc is not mounted.
        Err(_) => None,
    };

    let mut collector = Collector::new(rules, levels);
    collector.looked_at(subjects.len());
    let adjust = |profile: &Profile, options: &mut CheckOptions| {
        options.toolchain = args.compilers.toolchain();
        options.machine = machine
            .clone()
            .filter(|machine| is_of(profile, machine, args));
    };
    let share = !args.subjects.is_empty();
    let (found, _) = check(&subjects, config.as_ref(), share, adjust);
    collector.extend(found);
    print(collector, &args.report)
}

/// A machine whose profile could be read.
pub(crate) struct Checked {
    /// The machine's name, or the file's.
    pub(crate) name: String,
    pub(crate) file: ProfileFile,
    pub(crate) profile: Profile,
}

/// What speaks against the profiles, each and, where they `share` something, together; and those
/// that could be read. `adjust` says what of the options the configuration does not.
pub(crate) fn check(
    subjects: &[Subject],
    config: Option<&Config>,
    share: bool,
    adjust: impl Fn(&Profile, &mut CheckOptions),
) -> (Vec<Finding>, Vec<Checked>) {
    let mut all = Vec::new();
    let mut checked: Vec<Checked> = Vec::new();
    for subject in subjects {
        let read = ProfileFile::read(subject).and_then(|file| {
            let profile = file.profile()?;
            Ok((file, profile))
        });
        let (file, profile) = match read {
            Ok(read) => read,
            Err(problems) => {
                all.extend(problems);
                continue;
            }
        };
        let mut options = options(subject, &profile, config);
        adjust(&profile, &mut options);
        let found = profile.check_all(&options);
        all.extend(found.into_iter().map(|found| convert(found, &file)));
        checked.push(Checked {
            name: subject.name.clone(),
            file,
            profile,
        });
    }
    // A configuration without a cache has nothing that its machines would have to share.
    if share || config.is_some_and(|config| !config.caches.is_empty()) {
        let profiles: Vec<&Profile> = checked.iter().map(|it| &it.profile).collect();
        let found = check_together(&profiles).into_iter();
        all.extend(found.map(|(index, found)| convert(found, &checked[index].file)));
    }
    (all, checked)
}

/// Whether a profile is said to be of the machine: by its name, or as the only one that is given
/// with a machine.
fn is_of(profile: &Profile, machine: &Detected, args: &CheckArgs) -> bool {
    let hostname = machine.host.hostname.as_ref();
    let is_named = hostname.is_some_and(|name| profile.hostname() == Some(&name.value));
    is_named || (args.root.root.is_some() && args.subjects.len() == 1)
}

/// What the configuration says of the machine.
pub(super) fn options(
    subject: &Subject,
    profile: &Profile,
    config: Option<&Config>,
) -> CheckOptions {
    let machine = &subject.machine;
    let budget = BudgetOptions {
        threads: machine.threads.map(Cores),
        reserve: machine.reserve,
        ..BudgetOptions::default()
    };
    CheckOptions {
        // A machine that may build some tiers only may be meant to build next to nothing.
        builds: match &machine.builds {
            None => config.is_some().then_some(true),
            Some(tiers) if tiers.is_empty() => Some(false),
            Some(_) => None,
        },
        tiers: tiers(subject, profile, &budget, config),
        budget,
        ..CheckOptions::default()
    }
}

/// The tiers that the machine builds, as far as they say their memory.
fn tiers(
    subject: &Subject,
    profile: &Profile,
    budget: &BudgetOptions,
    config: Option<&Config>,
) -> Vec<TierDemand> {
    let tiers = config.iter().flat_map(|config| &config.tiers);
    let is_built = |name: &String| {
        let built = subject.machine.builds.as_ref();
        built.is_none_or(|built| built.contains(name))
    };
    let all = || profile.budget(budget).0.threads;
    let demands = tiers
        .filter(|tier| is_built(&tier.name))
        .filter_map(|tier| {
            Some(TierDemand {
                name: tier.name.clone(),
                jobs: tier.jobs,
                cores: tier.cores.map_or_else(all, Cores),
                memory: tier.memory.filter(|memory| *memory > Bytes(0))?,
            })
        });
    demands.collect()
}
