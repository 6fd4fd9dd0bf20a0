//! Whether the stated CUDA supports the GPU.

use crate::arch::Version;
use crate::rule;
use crate::{ComputeCapability, Diagnostic, Gpu, Profile, Value};

impl Profile {
    pub(super) fn cuda(&self, found: &mut Vec<Diagnostic>) {
        self.cuda_without_gpu(found);
        let gpu = self.gpu.as_ref();
        let capabilities = self.capabilities();
        let mut versions = Vec::new();
        if let Some(written) = gpu.and_then(|gpu| gpu.max_cuda_version.as_ref()) {
            versions.push(("gpu.maxCudaVersion", written.to_string()));
        }
        if let Some(Value::Text(version)) = self.build.cuda.extra.get("version") {
            versions.push(("build.cuda.version", version.clone()));
        } else if let Some(Value::Float(version)) = self.build.cuda.extra.get("version") {
            versions.push(("build.cuda.version", format!("{version:?}")));
        }
        for (path, written) in versions {
            let Ok(version) = written.parse::<Version>() else {
                continue;
            };
            for capability in &capabilities {
                if !capability.cuda.contains(version) {
                    found.push(unsupported(path, &written, *capability));
                }
            }
        }
    }

    /// The capabilities that the profile names, each once.
    fn capabilities(&self) -> Vec<ComputeCapability> {
        let mut numbers = Vec::new();
        if let Some(written) = self
            .gpu
            .as_ref()
            .and_then(|gpu| gpu.compute_capability.as_ref())
        {
            numbers.push(written.to_string());
        }
        if let Some(Value::List(list)) = self.build.cuda.extra.get("capabilities") {
            numbers.extend(list.iter().filter_map(|it| match it {
                Value::Text(number) => Some(number.clone()),
                Value::Float(number) => Some(format!("{number:?}")),
                _ => None,
            }));
        }
        let mut capabilities: Vec<ComputeCapability> = Vec::new();
        for number in numbers {
            if let Some(capability) = ComputeCapability::from_number(&number)
                && !capabilities.contains(&capability)
            {
                capabilities.push(capability);
            }
        }
        capabilities
    }

    fn cuda_without_gpu(&self, found: &mut Vec<Diagnostic>) {
        let nvidia = self
            .gpu
            .as_ref()
            .filter(|_| self.has_gpu())
            .is_some_and(is_nvidia);
        if nvidia || self.gpu.is_none() && self.packages.is_empty() {
            return;
        }
        let asked =
            |value: Option<&crate::Spelled<bool>>| value.and_then(|it| it.value()) == Some(&true);
        let gpu = self.gpu.as_ref().and_then(|gpu| gpu.cuda_support.as_ref());
        let packages = self
            .packages
            .iter()
            .filter(|(_, package)| {
                asked(package.cuda_support.as_ref()) && package.overlay_enabled()
            })
            .map(|(name, _)| format!("{}.cudaSupport", super::numbers::package_path(name)));
        let paths = asked(gpu)
            .then(|| "gpu.cudaSupport".to_owned())
            .into_iter()
            .chain(packages);
        for path in paths {
            found.push(
                Diagnostic::new(
                    &rule::CUDA_WITHOUT_GPU,
                    path,
                    "CUDA is asked for, and the profile names no GPU of NVIDIA",
                )
                .hint("set it to false, or say gpu.vendor = \"nvidia\""),
            );
        }
    }
}

fn is_nvidia(gpu: &Gpu) -> bool {
    gpu.vendor
        .as_deref()
        .is_none_or(|vendor| vendor.eq_ignore_ascii_case("nvidia"))
}

fn unsupported(path: &str, written: &str, capability: ComputeCapability) -> Diagnostic {
    let ComputeCapability {
        number,
        architecture,
        cuda,
        last_cuda,
    } = capability;
    let range = match last_cuda {
        Some(last) => format!("CUDA {} to {last}", dotted(cuda.from())),
        None => format!("CUDA {} and later", dotted(cuda.from())),
    };
    Diagnostic::new(
        &rule::CUDA_CAPABILITY,
        path,
        format!(
            "CUDA {written} does not compile for capability {number} ({architecture}): {range} do"
        ),
    )
    .hint(match last_cuda {
        Some(last) => format!("stay with CUDA {last} as long as this GPU is used"),
        None => "use a newer CUDA".to_owned(),
    })
}

/// With its minor number, as CUDA is spoken of.
fn dotted(version: Version) -> String {
    format!("{}.{}", version.major, version.minor)
}
