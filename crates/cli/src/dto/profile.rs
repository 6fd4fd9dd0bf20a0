//! `hmtool.profile`: a hardware profile as it is understood.
//!
//! Bytes are integers, an unknown is `null`.

use serde::Serialize;

use super::SchemaId;
use super::severity::Severity;

/// The committed JSON Schema, as `hmtool schema profile` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.profile.v1.schema.json");

/// A profile as it is understood.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileShown {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// What the machine was called.
    pub(crate) name: String,
    /// The profile's file.
    pub(crate) file: String,
    /// The profile as it is written, unknown keys included.
    pub(crate) profile: serde_json::Value,
    /// What is read out of it.
    pub(crate) derived: Derived,
    /// What builds may use of the machine.
    pub(crate) budget: Budget,
    /// What the build tiers of `hmtool.toml` get of that, each alone on the machine.
    pub(crate) tiers: Vec<Tier>,
    /// What speaks against the profile, in the order of its sections.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What is read out of a profile.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Derived {
    /// The machine's name.
    pub(crate) hostname: Option<String>,
    /// Its kind.
    pub(crate) kind: Option<String>,
    /// The processor's microarchitecture, as the table of architectures calls it.
    pub(crate) uarch: Option<&'static str>,
    /// What builds are compiled for, as the profile says it.
    pub(crate) march: Option<String>,
    /// What they are scheduled for, as the profile says it.
    pub(crate) mtune: Option<String>,
    /// The highest level whose code the processor runs.
    pub(crate) level: Option<&'static str>,
    /// Physical cores.
    pub(crate) cores: Option<u32>,
    /// Hardware threads.
    pub(crate) threads: Option<u32>,
    /// RAM.
    pub(crate) ram_bytes: Option<u64>,
    /// The disksize of the zram swap; 0 where there is none.
    pub(crate) zram_bytes: u64,
    /// Whether there is a GPU.
    pub(crate) gpu: bool,
    /// Whether CUDA is used.
    pub(crate) cuda: bool,
    /// Nix's `max-jobs` today.
    pub(crate) max_jobs: Option<u32>,
    /// Nix's `cores` today.
    pub(crate) max_cores: Option<u32>,
    /// Packages with settings of their own.
    pub(crate) packages: Vec<String>,
}

/// What builds may use of a machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Budget {
    /// Threads for all builds together.
    pub(crate) threads: u32,
    /// How many times smaller zram is taken to keep a page.
    pub(crate) ratio: f64,
    /// How much data RAM and zram hold together.
    pub(crate) effective_bytes: u64,
    /// How much of that can be in use at once while the swap is full.
    pub(crate) hot_bytes: u64,
    /// What stays free.
    pub(crate) reserve_bytes: u64,
    /// What all builds together may use.
    pub(crate) build_bytes: u64,
    /// What of that can be in use at once while the swap is full.
    pub(crate) hot_build_bytes: u64,
}

/// What a build tier gets.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tier {
    /// Its name.
    pub(crate) name: String,
    /// Jobs that it asks for; null where only memory and threads limit them.
    pub(crate) asked: Option<u32>,
    /// Threads of each job.
    pub(crate) cores: u32,
    /// Memory of each job.
    pub(crate) job_bytes: u64,
    /// Jobs that run at once without swapping back and forth, however full zram is; null where not
    /// even one does.
    pub(crate) jobs: Option<u32>,
    /// Why not even one does.
    pub(crate) problem: Option<String>,
}

/// Something that speaks against a profile.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diagnostic {
    /// The rule's id; `hmtool explain` has its page.
    pub(crate) rule: &'static str,
    /// How serious it is.
    pub(crate) severity: Severity,
    /// The attribute it is about.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) message: String,
    /// The way out.
    pub(crate) hint: Option<String>,
}

impl ProfileShown {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.profile",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<ProfileShown>(&ProfileShown::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.profile.v1.schema.json"]
            .assert_eq(&text);
    }
}
