//! What a machine's profile says of how one package is built.

use hw_profile::{Package, Spelled};

use crate::Cores;

/// What of a package's settings (`packages.<name>` of a profile) bears on its cost.
///
/// What it says of PGO and LTO does not: an overlay may pass that on or not, and the derivation
/// [shows](crate::build_signs) which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackageSettings {
    /// The most threads it is to be started with: `nixBuildCores`.
    pub cores: Option<Cores>,
    /// The most threads its own tool starts, whatever starts the build: the smallest of
    /// `makeJobs`, `ninjaJobs` and `cargoBuildJobs`.
    pub tool_threads: Option<Cores>,
}

impl From<&Package> for PackageSettings {
    fn from(package: &Package) -> Self {
        let tools = [
            &package.make_jobs,
            &package.ninja_jobs,
            &package.cargo_build_jobs,
        ];
        let jobs = |written: &&Option<Spelled<i64>>| {
            let jobs = u32::try_from(*written.as_ref()?.value()?).ok()?;
            (jobs > 0).then_some(Cores(jobs))
        };
        Self {
            cores: package.cores(),
            tool_threads: tools.iter().filter_map(jobs).min(),
        }
    }
}
