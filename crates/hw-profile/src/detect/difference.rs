//! Where a profile says otherwise than its machine.

use std::collections::BTreeMap;

use super::{Detected, Fact};
use crate::arch::{FeatureSet, Microarchitecture, RunsOn};
use crate::{Profile, Quantity, Scalar, Spelled, Value};

/// An attribute of a profile that is not what was detected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The attribute's path, such as `cpu.cores`.
    pub path: &'static str,
    /// What the profile says; none where it says nothing and a plan needs it.
    pub said: Option<Value>,
    /// What was detected, in the spelling of a new profile.
    pub found: Fact<Value>,
    /// Why it matters, where it is not plain.
    pub reason: Option<String>,
}

/// The kernel and the firmware keep some of the RAM to themselves, and profiles have the number on
/// the box: this much less than it is no difference.
const KEPT_OF_RAM: f64 = 0.08;
/// Half a GB more of it on small machines, in GB.
const KEPT_AT_LEAST: f64 = 0.5;

/// Frequencies are rounded, and turbo differs with the cores that are at work.
const FREQUENCY_TOLERANCE: f64 = 0.05;

/// A percentage is of what the kernel counts as RAM; this much is no difference.
const PERCENTAGE_TOLERANCE: f64 = 3.0;

impl Detected {
    /// Where `profile` says otherwise than what was detected, in the order of its sections.
    ///
    /// What its owner may decide, such as how much is built at once, is no difference; an
    /// architecture to compile for is one only if its code does not run here. Names are compared
    /// as people write them (`i7-6700K` for `Intel(R) Core(TM) i7-6700K CPU @ 4.00GHz`), sizes of
    /// memory with a tolerance for what the kernel keeps.
    pub fn differences(&self, profile: &Profile) -> Vec<Difference> {
        let draft = self.to_profile();
        let new = &draft.profile;
        let (cpu, memory) = (&profile.cpu, &profile.memory);
        let mut out = Differences {
            origins: &draft.origins,
            found: Vec::new(),
        };
        let hostname = (&profile.system.hostname, &new.system.hostname);
        out.text("system.hostname", hostname, str::eq_ignore_ascii_case);
        let vendor = (&cpu.vendor, &new.cpu.vendor);
        out.text("cpu.vendor", vendor, str::eq_ignore_ascii_case);
        out.text("cpu.model", (&cpu.model, &new.cpu.model), is_model);
        out.text("cpu.family", (&cpu.family, &new.cpu.family), |a, b| {
            a.eq_ignore_ascii_case(b) || is_same_architecture(a, b)
        });
        self.march("cpu.march", (&cpu.march, &new.cpu.march), &mut out);
        out.number("cpu.cores", (&cpu.cores, &new.cpu.cores), true, |a, b| {
            a == b
        });
        out.number(
            "cpu.threads",
            (&cpu.threads, &new.cpu.threads),
            true,
            |a, b| a == b,
        );
        let base = (&cpu.base_frequency, &new.cpu.base_frequency);
        out.frequency("cpu.baseFrequency", base);
        let turbo = (&cpu.turbo_frequency, &new.cpu.turbo_frequency);
        out.frequency("cpu.turboFrequency", turbo);
        self.instruction_sets(profile, new, &mut out);
        out.gpu(profile, new);
        let total = (&memory.total, &new.memory.total);
        out.number("memory.total", total, true, |said, found| {
            let (said, found) = (said.as_gb(), found.as_gb());
            let kept = (found * KEPT_OF_RAM).max(KEPT_AT_LEAST);
            found - 0.1 <= said && said <= found + kept
        });
        let enabled = (&memory.zram_enabled, &new.memory.zram_enabled);
        out.number("memory.zramEnabled", enabled, false, |a, b| a == b);
        let percentage = (&memory.zram_percentage, &new.memory.zram_percentage);
        out.number("memory.zramPercentage", percentage, false, |a, b| {
            (a - b).abs() <= PERCENTAGE_TOLERANCE
        });
        let march = (&profile.build.compiler.march, &new.build.compiler.march);
        self.march("build.compiler.march", march, &mut out);
        out.found
    }

    fn features(&self) -> FeatureSet {
        let runnable = self.processor.runnable.as_ref();
        runnable.map_or_else(FeatureSet::default, |it| it.value.features)
    }

    /// A march that was decided on is a difference if it cannot run.
    fn march(
        &self,
        path: &'static str,
        (said, found): (&Option<String>, &Option<String>),
        out: &mut Differences<'_>,
    ) {
        let (Some(said), Some(found)) = (said, found) else {
            if path == "cpu.march" {
                out.text_or_missing(path, said.as_ref(), found.as_ref());
            }
            return;
        };
        let Some(architecture) = Microarchitecture::by_name(said) else {
            return;
        };
        if let RunsOn::No { missing } = architecture.runs_on(self.features()) {
            out.push(
                path,
                Some(Value::Text(said.clone())),
                Value::Text(found.clone()),
                Some(format!("this machine lacks {missing}")),
            );
        }
    }

    fn instruction_sets(&self, profile: &Profile, new: &Profile, out: &mut Differences<'_>) {
        let (Some(said), Some(found)) = (&profile.cpu.instruction_sets, &new.cpu.instruction_sets)
        else {
            return;
        };
        let features = self.features();
        let lacking: Vec<&str> = said
            .iter()
            .filter(|name| {
                let feature = crate::arch::Feature::from_name(name);
                feature.is_some_and(|it| !features.contains(it))
            })
            .map(String::as_str)
            .collect();
        if !lacking.is_empty() {
            out.push(
                "cpu.instructionSets",
                Some(list(said)),
                list(found),
                Some(format!("this machine lacks {}", lacking.join(" "))),
            );
        }
    }
}

struct Differences<'a> {
    origins: &'a BTreeMap<&'static str, Fact<()>>,
    found: Vec<Difference>,
}

impl Differences<'_> {
    fn push(
        &mut self,
        path: &'static str,
        said: Option<Value>,
        found: Value,
        reason: Option<String>,
    ) {
        if let Some(origin) = self.origins.get(path) {
            let found = origin.clone().map(|()| found);
            self.found.push(Difference {
                path,
                said,
                found,
                reason,
            });
        }
    }

    fn gpu(&mut self, profile: &Profile, new: &Profile) {
        let (Some(said), Some(found)) = (&profile.gpu, &new.gpu) else {
            return;
        };
        self.text(
            "gpu.vendor",
            (&said.vendor, &found.vendor),
            str::eq_ignore_ascii_case,
        );
        self.text("gpu.model", (&said.model, &found.model), is_model);
        let architecture = (&said.architecture, &found.architecture);
        self.text("gpu.architecture", architecture, str::eq_ignore_ascii_case);
        if let (Some(said), Some(found)) = (&said.compute_capability, &found.compute_capability)
            && number(said) != number(found)
        {
            let value = |it: &Scalar| Value::from(it.clone());
            self.push(
                "gpu.computeCapability",
                Some(value(said)),
                value(found),
                None,
            );
        }
        self.number("gpu.vram", (&said.vram, &found.vram), false, |a, b| {
            (a.as_gb() - b.as_gb()).abs() <= 0.1 * b.as_gb()
        });
    }

    fn text(
        &mut self,
        path: &'static str,
        (said, found): (&Option<String>, &Option<String>),
        is_same: impl Fn(&str, &str) -> bool,
    ) {
        if let (Some(said), Some(found)) = (said, found)
            && !is_same(said, found)
        {
            let (said, found) = (Value::Text(said.clone()), Value::Text(found.clone()));
            self.push(path, Some(said), found, None);
        }
    }

    fn text_or_missing(
        &mut self,
        path: &'static str,
        said: Option<&String>,
        found: Option<&String>,
    ) {
        if let (None, Some(found)) = (said, found) {
            self.push(path, None, Value::Text(found.clone()), None);
        }
    }

    fn number<T: Quantity>(
        &mut self,
        path: &'static str,
        (said, found): (&Option<Spelled<T>>, &Option<Spelled<T>>),
        is_needed: bool,
        is_same: impl Fn(&T, &T) -> bool,
    ) {
        let Some((value, found)) = found.as_ref().and_then(|it| Some((it.value()?, it))) else {
            return;
        };
        let found = Value::from(found.written().clone());
        match said {
            Some(said) if said.value().is_some_and(|said| is_same(said, value)) => {}
            Some(said) => self.push(path, Some(said.written().clone().into()), found, None),
            None if is_needed => self.push(path, None, found, None),
            None => {}
        }
    }

    fn frequency(&mut self, path: &'static str, (said, found): (&Option<Scalar>, &Option<Scalar>)) {
        if let (Some(said), Some(found)) = (said, found)
            && let (Some(a), Some(b)) = (number(said), number(found))
            && (a - b).abs() > FREQUENCY_TOLERANCE * b
        {
            self.push(path, Some(said.clone().into()), found.clone().into(), None);
        }
    }
}

/// A number, as a number or as text.
fn number(scalar: &Scalar) -> Option<f64> {
    f64::read(scalar).ok()
}

fn list(names: &[String]) -> Value {
    Value::List(names.iter().map(|it| Value::Text(it.clone())).collect())
}

/// Whether every word of what people call it is in its brand.
fn is_model(said: &str, brand: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','))
            .map(str::to_ascii_lowercase)
            .filter(|word| {
                !matches!(
                    &**word,
                    "" | "intel" | "amd" | "nvidia" | "r" | "tm" | "cpu" | "processor"
                )
            })
            .collect()
    };
    let brand = words(brand);
    words(said).iter().all(|word| brand.contains(word))
}

/// Whether two names are of one microarchitecture: `zen3`, `znver3`, `Zen 3`.
fn is_same_architecture(said: &str, found: &str) -> bool {
    let plain = said.to_ascii_lowercase().replace([' ', '-'], "_");
    let joined = plain.replace('_', "");
    let found = Microarchitecture::by_name(found);
    let names = [said, &plain, &joined];
    found.is_some()
        && names
            .into_iter()
            .any(|name| Microarchitecture::by_name(name) == found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_people_write_them() {
        let brand = "Core i7-6700K";
        assert!(is_model("i7-6700K", brand) && is_model("Intel Core i7-6700k", brand));
        assert!(!is_model("i7-6700", brand));
        for name in ["zen3", "znver3", "Zen 3", "Zen3"] {
            assert!(is_same_architecture(name, "zen3"), "{name}");
        }
        assert!(!is_same_architecture("zen2", "zen3"));
        assert!(!is_same_architecture("unheard of", "zen3"));
    }
}
