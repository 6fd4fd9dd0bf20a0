//! CUDA where there is none to use it.

use drv_graph::{DrvId, chain};

use super::machine::Machine;
use super::{Context, profile_place};
use crate::dto::findings::{Finding, Severity};
use crate::findings::finding;
use crate::quantity::{count, duration};

/// What the names of CUDA's packages begin with, as in nixpkgs' `cudaPackages`.
const BEGINNINGS: [&str; 10] = [
    "cuda-",
    "cuda_",
    "cudatoolkit",
    "cudnn",
    "libcublas",
    "libcufft",
    "libcurand",
    "libcusolver",
    "libcusparse",
    "libnpp",
];

/// `cuda-on-cpu-host`: CUDA in the graph of a machine whose profile says that it has none.
pub(super) fn on_cpu_host(machine: &Machine, context: &Context<'_>) -> Option<Finding> {
    if machine.profile.gpu.is_none() || machine.profile.cuda_support() {
        return None;
    }
    let graph = &machine.input.graph;
    let is_cuda = |id: &DrvId| {
        let name = graph[*id].name();
        machine.is_build(*id) && BEGINNINGS.iter().any(|it| name.starts_with(it))
    };
    let cuda: Vec<DrvId> = graph.ids().filter(is_cuda).collect();
    let roots = machine.input.root_derivations();
    let path = chain::shortest(graph, &cuda, &roots, |_| true)?;
    let path: Vec<String> = path.iter().map(|&id| machine.label(id)).collect();
    // What is built with it directly is another build because of it.
    let users = cuda.iter().flat_map(|&id| graph.dependents(id));
    let mut built: Vec<DrvId> = users
        .chain(cuda.iter().copied())
        .filter(|&id| machine.is_build(id))
        .collect();
    built.sort_unstable();
    built.dedup();
    let ms = machine.sum_ms(&built);
    Some(Finding {
        place: profile_place(machine, context, "gpu.cudaSupport"),
        hint: Some(
            "let what needs it ask the profile (`cudaSupport`), or leave it out here".to_owned(),
        ),
        cost: super::time(ms),
        ..finding(
            "cuda-on-cpu-host",
            Severity::Warning,
            format!(
                "{} has no CUDA and needs {} packages of it, {} to build: {}",
                machine.shown(),
                count(cuda.len() as u64),
                duration(ms),
                path.join(" → ")
            ),
        )
    })
}
