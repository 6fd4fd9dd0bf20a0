//! `hmtool profile flags`: what to tell compilers and Nix to build for a machine.

use std::path::PathBuf;

use clap::Args;
use hw_profile::arch::{FeatureSet, gccarch_features};

use super::target::{Target, called};
use super::toolchain::CompilerArgs;
use crate::dto::flags as dto;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::output::Outcome;
use crate::render::flags;

/// For what, and for which compilers.
#[derive(Args, Debug)]
pub(crate) struct FlagsArgs {
    /// A machine of hmtool.toml, a profile, or an architecture such as x86-64-v3
    #[arg(value_name = "MACHINE | FILE | ARCH")]
    target: PathBuf,

    #[command(flatten)]
    compilers: CompilerArgs,

    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the flags; a compiler that does not know the architecture is a finding.
pub(super) fn run(args: &FlagsArgs) -> Result<Outcome, Failure> {
    let target = Target::of(&args.target)?;
    let toolchain = args.compilers.toolchain();
    let flags = match target.profile.flags(&toolchain) {
        Some(flags) => flags,
        None => target
            .architecture
            .flags(None, FeatureSet::default(), &toolchain),
    };
    let (flags, refused) = match flags {
        Ok(flags) => (Some(flags.into()), None),
        Err(error) => {
            let refusal = dto::Refusal {
                code: error.code(),
                message: error.to_string(),
                hint: error.hint(),
            };
            (None, Some(refusal))
        }
    };
    let is_refused = refused.is_some();
    let document = dto::FlagsOf {
        schema: dto::FlagsOf::SCHEMA_ID,
        name: target.name,
        file: target.file,
        march: called(target.architecture),
        flags,
        refused,
        builder_features: gccarch_features(target.features),
    };
    args.format.print(&document, flags::render)?;
    Ok(if is_refused {
        Outcome::Finding
    } else {
        Outcome::Clean
    })
}
