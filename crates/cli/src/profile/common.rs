//! `hmtool profile common`: what machines can share.

use std::path::PathBuf;

use clap::Args;
use hw_profile::arch::{
    Feature, FeatureSet, Microarchitecture, Policy, RunsOn, Toolchain, common_arch,
};

use super::target::{Target, called};
use crate::dto::common_arch as dto;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::output::Outcome;
use crate::render::common_arch;

/// Which machines.
#[derive(Args, Debug)]
pub(crate) struct CommonArgs {
    /// Machines of hmtool.toml, profiles, or architectures such as skylake
    #[arg(value_name = "MACHINE | FILE | ARCH", required = true, num_args = 2..)]
    targets: Vec<PathBuf>,

    #[command(flatten)]
    format: FormatArgs,
}

/// Prints what they share; that they share nothing is a finding.
pub(super) fn run(args: &CommonArgs) -> Result<Outcome, Failure> {
    let targets = args.targets.iter().map(|it| Target::of(it));
    let targets: Vec<Target> = targets.collect::<Result<_, _>>()?;
    let document = document(&targets);
    args.format.print(&document, common_arch::render)?;
    Ok(if document.targets.is_empty() {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}

fn document(targets: &[Target]) -> dto::CommonArch {
    let common = common_arch(targets.iter().map(|it| it.features));
    let choose = |policy| common.as_ref().and_then(|common| common.choose(policy));
    let share = choose(Policy::Shareable);
    let beyond = match (&common, share) {
        (Some(common), Some(share)) => common.beyond(share),
        _ => FeatureSet::default(),
    };
    let flags = share.and_then(|share| {
        let flags = share.flags(None, FeatureSet::default(), &Toolchain::default());
        flags.ok().map(Into::into)
    });
    let mut told: Vec<&Microarchitecture> = Vec::new();
    let mut runs = Vec::new();
    for target in targets {
        if !told.contains(&target.architecture) {
            told.push(target.architecture);
            runs.extend(targets.iter().map(|on| runs_on(target.architecture, on)));
        }
    }
    dto::CommonArch {
        schema: dto::CommonArch::SCHEMA_ID,
        machines: targets
            .iter()
            .map(|target| dto::Machine {
                name: target.name.clone(),
                file: target.file.clone(),
                march: called(target.architecture),
            })
            .collect(),
        share: share.map(called),
        most_features: choose(Policy::MostFeatures).map(called),
        exact: choose(Policy::Exact).map(called),
        targets: common
            .iter()
            .flat_map(|common| common.targets.iter().map(|it| called(it)))
            .collect(),
        beyond: names(beyond),
        beyond_options: beyond.iter().filter_map(Feature::gcc_option).collect(),
        runs,
        flags,
    }
}

fn runs_on(target: &'static Microarchitecture, on: &Target) -> dto::Runs {
    let (verdict, missing) = match target.runs_on(on.features) {
        RunsOn::Yes => (dto::Verdict::Yes, FeatureSet::default()),
        RunsOn::Soft { missing } => (dto::Verdict::Soft, missing),
        RunsOn::No { missing } => (dto::Verdict::No, missing),
        _ => (dto::Verdict::Unknown, FeatureSet::default()),
    };
    dto::Runs {
        target: called(target),
        on: on.name.clone(),
        verdict,
        missing: names(missing),
    }
}

fn names(features: FeatureSet) -> Vec<&'static str> {
    features.iter().map(Feature::name).collect()
}
