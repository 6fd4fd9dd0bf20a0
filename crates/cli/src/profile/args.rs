//! The command line of `hmtool profile`.

use std::path::PathBuf;

use clap::Subcommand;
use overlay_ast::KeyPath;

use super::check::CheckArgs;
use super::common::CommonArgs;
use super::detect::DetectArgs;
use super::diff::DiffArgs;
use super::flags::FlagsArgs;
use super::show::ShowArgs;
use crate::nix_file::WriteArgs;

/// What to do with a hardware profile.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileVerb {
    /// Find out what a machine is, and make a profile of it or bring its profile up to date
    Detect(DetectArgs),
    /// Show a profile as it is understood: what builds may use, and what speaks against it
    Show(ShowArgs),
    /// Compare two profiles, or a profile and its machine; ends with 1 if they differ
    Diff(DiffArgs),
    /// Check profiles: each by itself, against its machine, and all that share a cache together
    Check(CheckArgs),
    /// Say what machines can share: whose code runs where, and what to compile for
    Common(CommonArgs),
    /// Print what to tell compilers and Nix to build for a machine
    Flags(FlagsArgs),
    /// Give a key of a profile another value, spelled as its author spells values
    Set {
        /// A machine of hmtool.toml, or a profile: a literal .nix file
        #[arg(value_name = "MACHINE | FILE")]
        profile: PathBuf,
        /// The key, e.g. memory.effectiveTotal
        #[arg(value_name = "PATH")]
        path: KeyPath,
        /// Its value, e.g. 28, znver3, true, "[ 5.2 ]"; in quotes of its own it is a string for sure
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
        #[command(flatten)]
        write: WriteArgs,
    },
}
