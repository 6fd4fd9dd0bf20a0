//! Whether a profile is that of the machine.

use crate::rule;
use crate::{Bytes, Diagnostic, Profile};

/// By how much memory may differ: firmware, graphics and the kernel keep some of what is sold, and
/// sizes are written in whole GB.
const TOLERANCE: f64 = 1.0 / 8.0;

impl Profile {
    /// What this profile says otherwise than `machine`, a profile of the machine as it was found.
    /// What one of them does not say is no difference.
    pub(super) fn differences(&self, machine: &Self, found: &mut Vec<Diagnostic>) {
        let mut differ = |path: &str, here: String, there: String| {
            let message = format!("the profile says {here}, the machine has {there}");
            found.push(
                Diagnostic::new(&rule::DIFFERS_FROM_MACHINE, path, message)
                    .hint("correct the profile, or check that it is this machine's"),
            );
        };
        if let (Some(here), Some(there)) = (&self.cpu.vendor, &machine.cpu.vendor)
            && !vendor(here).eq_ignore_ascii_case(vendor(there))
        {
            differ("cpu.vendor", here.clone(), there.clone());
        }
        if let (Some(here), Some(there)) = (&self.cpu.march, &machine.cpu.march) {
            let same = match (self.microarchitecture(), machine.microarchitecture()) {
                (Some(here), Some(there)) => here == there,
                _ => here == there,
            };
            if !same {
                differ("cpu.march", here.clone(), there.clone());
            }
        }
        for (path, here, there) in [
            ("cpu.cores", self.cores(), machine.cores()),
            ("cpu.threads", self.threads(), machine.threads()),
        ] {
            if let (Some(here), Some(there)) = (here, there)
                && here != there
            {
                differ(path, here.to_string(), there.to_string());
            }
        }
        if let (Some(here), Some(there)) = (self.ram(), machine.ram())
            && !near(here, there)
        {
            differ("memory.total", here.to_string(), there.to_string());
        }
        let zram = |profile: &Self| profile.memory.zram_enabled.as_ref()?.value().copied();
        if let (Some(here), Some(there)) = (zram(self), zram(machine))
            && here != there
        {
            let said = |there| if there { "zram" } else { "no zram" }.to_owned();
            differ("memory.zramEnabled", said(here), said(there));
        }
        let capability = |profile: &Self| {
            let gpu = profile.gpu.as_ref()?;
            Some(gpu.compute_capability.as_ref()?.to_string())
        };
        if let (Some(here), Some(there)) = (capability(self), capability(machine))
            && here != there
        {
            differ("gpu.computeCapability", here, there);
        }
    }
}

fn near(here: Bytes, there: Bytes) -> bool {
    let (low, high) = (here.min(there).as_gb(), here.max(there).as_gb());
    high - low <= high * TOLERANCE
}

/// A vendor of x86 as people call it.
fn vendor(name: &str) -> &str {
    match name {
        "GenuineIntel" => "intel",
        "AuthenticAMD" => "amd",
        _ => name,
    }
}
