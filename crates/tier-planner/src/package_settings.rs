//! What a machine's profile says of how one package is built.

use hw_profile::{Package, Spelled};

use crate::Cores;

/// What of a package's settings (`packages.<name>` of a profile) bears on its cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PackageSettings {
    /// The most threads it is to be started with: `nixBuildCores`.
    pub cores: Option<Cores>,
    /// The most threads its own tool starts, whatever starts the build: the smallest of
    /// `makeJobs`, `ninjaJobs` and `cargoBuildJobs`.
    pub tool_threads: Option<Cores>,
    /// Profile-guided optimisation with training, as CPython's and nixpkgs' Node.js have it.
    pub pgo: bool,
    /// Link-time optimisation.
    pub lto: bool,
}

impl PackageSettings {
    /// How many times longer it takes with these settings: instrumented build, training and final
    /// build make PGO 3; generating code once more while linking makes LTO 1.4. Judgements.
    pub fn slowdown(self) -> f64 {
        let pgo = if self.pgo { 3.0 } else { 1.0 };
        let lto = if self.lto { 1.4 } else { 1.0 };
        pgo * lto
    }
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
        let overlay = package.overlay_enabled();
        let lto = package.enable_lto.as_ref().and_then(Spelled::value);
        Self {
            cores: package.cores(),
            tool_threads: tools.iter().filter_map(jobs).min(),
            pgo: overlay && package.has_pgo(),
            lto: overlay && lto == Some(&true),
        }
    }
}
