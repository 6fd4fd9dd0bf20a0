//! `hmtool profile show`: a profile as it is understood.

use std::path::PathBuf;

use clap::Args;
use hw_profile::arch::{Microarchitecture, Policy, common_arch};
use hw_profile::{Budget, CheckOptions, Profile, TierDemand};

use super::check;
use super::subject::{self, Subject};
use super::target::called;
use crate::dto::profile as dto;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::input;
use crate::output::Outcome;
use crate::render::profile;

/// Which profile.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// A machine of hmtool.toml, or a profile
    #[arg(value_name = "MACHINE | FILE")]
    subject: PathBuf,

    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the profile.
pub(super) fn run(args: &ShowArgs) -> Result<Outcome, Failure> {
    let config = subject::config()?;
    let subject = Subject::of(&args.subject, config.as_ref())?;
    let profile = input::profile::read(&subject.file)?;
    let options = check::options(&subject, &profile, config.as_ref());
    let document = document(&subject, &profile, &options)?;
    args.format.print(&document, profile::render)?;
    Ok(Outcome::Clean)
}

fn document(
    subject: &Subject,
    profile: &Profile,
    options: &CheckOptions,
) -> Result<dto::ProfileShown, Failure> {
    let (budget, _) = profile.budget(&options.budget);
    let diagnostics = profile.check_all(options).into_iter();
    Ok(dto::ProfileShown {
        schema: dto::ProfileShown::SCHEMA_ID,
        name: subject.name.clone(),
        file: subject.file.display().to_string(),
        profile: serde_json::to_value(profile).map_err(|error| Failure::Output(error.into()))?,
        derived: derived(profile),
        tiers: options.tiers.iter().map(|it| tier(&budget, it)).collect(),
        diagnostics: diagnostics
            .map(|found| dto::Diagnostic {
                rule: found.id,
                severity: check::severity(found.severity),
                path: found.path,
                message: found.message,
                hint: found.hint,
            })
            .collect(),
        budget: dto::Budget {
            threads: budget.threads.0,
            ratio: budget.memory.ratio,
            effective_bytes: budget.memory.effective.0,
            hot_bytes: budget.memory.hot.0,
            reserve_bytes: budget.memory.reserve.0,
            build_bytes: budget.memory.for_builds.0,
            hot_build_bytes: budget.memory.hot_for_builds().0,
        },
    })
}

fn derived(profile: &Profile) -> dto::Derived {
    let features = Some(profile.features()).filter(|features| !features.is_empty());
    let common = common_arch(features);
    let level = common.and_then(|common| common.choose(Policy::Shareable));
    dto::Derived {
        hostname: profile.hostname().map(str::to_owned),
        kind: profile.system.kind.clone(),
        uarch: profile.microarchitecture().map(Microarchitecture::name),
        march: profile.march().map(str::to_owned),
        mtune: profile.mtune().map(str::to_owned),
        level: level.map(called),
        cores: profile.cores().map(|cores| cores.0),
        threads: profile.threads().map(|threads| threads.0),
        ram_bytes: profile.ram().map(|bytes| bytes.0),
        zram_bytes: profile.zram_disksize().0,
        gpu: profile.has_gpu(),
        cuda: profile.cuda_support(),
        max_jobs: profile.max_jobs(),
        max_cores: profile.max_cores().map(|cores| cores.0),
        packages: profile.packages.keys().cloned().collect(),
    }
}

fn tier(budget: &Budget, demand: &TierDemand) -> dto::Tier {
    let (jobs, problem) = match budget.tier(demand) {
        Ok(tier) => (Some(tier.jobs), None),
        Err(error) => (None, Some(error.to_string())),
    };
    dto::Tier {
        name: demand.name.clone(),
        asked: demand.jobs,
        cores: demand.cores.0,
        job_bytes: demand.memory.0,
        jobs,
        problem,
    }
}
