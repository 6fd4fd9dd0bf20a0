//! `hmtool.plan`: what will be built, when, and whether it fits.
//!
//! Bytes and milliseconds are integers, an unknown is `null`, lists are flat: `builds` are the
//! nodes and `edges` joins them by their `id`. Every list has an order that does not depend on
//! the run.

use serde::Serialize;

use super::SchemaId;
pub(crate) use super::gate::Gate;
pub(crate) use super::severity::Severity;

/// The committed JSON Schema, as `hmtool schema plan` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.plan.v1.schema.json");

/// The plan of one build run on one machine.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The machine the plan is for.
    pub(crate) machine: Machine,
    /// What the plan was made from.
    pub(crate) input: Input,
    /// What is to do, before any order.
    pub(crate) work: Work,
    /// The build tiers in the order in which their rules are asked.
    pub(crate) tiers: Vec<Tier>,
    /// The planned run.
    pub(crate) schedule: Schedule,
    /// The same builds under Nix's own scheduling, in the same simulator.
    pub(crate) today: Today,
    /// The same under the fastest of Nix's settings, as far as tried, that stays within memory;
    /// null where today's setting does, or none.
    pub(crate) today_fitting: Option<Today>,
    /// Ids of the builds of the longest chain by planned time, first to last.
    pub(crate) critical_path: Vec<u32>,
    /// Every derivation to build, by id.
    pub(crate) builds: Vec<Build>,
    /// Which build waits for which: `to` needs `from`; ordered by `from`, then `to`.
    pub(crate) edges: Vec<Edge>,
    /// Every store path to fetch, ordered by path.
    pub(crate) fetches: Vec<Fetch>,
    /// What is wrong, costly or doubtful, most serious first.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The limits that were asked for, each with its outcome.
    pub(crate) gates: Vec<Gate>,
}

/// A machine and what of it builds may use.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// Its name in the configuration or profile; null when only numbers were given.
    pub(crate) name: Option<String>,
    /// Hardware threads of the machine; null when the profile does not say.
    pub(crate) threads: Option<u32>,
    /// Threads that builds may use.
    pub(crate) build_threads: u32,
    /// Threads that may be promised to running builds together, `buildThreads` times the oversubscription.
    pub(crate) thread_limit: u32,
    /// Memory installed; null when the profile does not say.
    pub(crate) memory_bytes: Option<u64>,
    /// What compressed swap in memory adds at most; null when there is none.
    pub(crate) zram_gain_bytes: Option<u64>,
    /// Memory kept free for everything else; null when the budget was given outright.
    pub(crate) reserve_bytes: Option<u64>,
    /// Memory that builds may use together.
    pub(crate) build_memory_bytes: u64,
    /// Tiers this machine may build; null when all.
    pub(crate) builds_only: Option<Vec<String>>,
    /// Builds of these tiers, downloads and trivia, that need no build of another tier: what the
    /// machine can do by itself; null when it may build all.
    pub(crate) buildable: Option<u64>,
}

/// What the plan was made from.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// The graphs, as they were named.
    pub(crate) graphs: Vec<String>,
    /// The `hmtool.toml` that was heeded; null when none was.
    pub(crate) config: Option<String>,
    /// Derivations in the graphs.
    pub(crate) derivations: u64,
    /// Dependencies between them.
    pub(crate) dependencies: u64,
    /// Derivations asked for.
    pub(crate) roots: u64,
}

/// What is to do, before any order.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Work {
    /// Derivations to build.
    pub(crate) build: u64,
    /// Of these, the fixed-output ones: downloads of sources.
    pub(crate) build_fixed_output: u64,
    /// Store paths to fetch.
    pub(crate) fetch: u64,
    /// Derivations whose wanted outputs are valid already.
    pub(crate) present: u64,
    /// Derivations that nothing needs, because what they lead to is available.
    pub(crate) untouched: u64,
    /// Derivations of the roots' closure, downloads of sources left out.
    pub(crate) wanted: u64,
    /// Of these, the ones that are not built.
    pub(crate) wanted_without_build: u64,
    /// Share of the roots' closure of derivations, downloads of sources left out, that need no
    /// build, 0 to 1; null when nothing is wanted.
    pub(crate) hit_rate: Option<f64>,
    /// What each source contributes, in the order in which they are asked.
    pub(crate) sources: Vec<Source>,
}

/// One source of store paths: the local store or a binary cache.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Source {
    /// Its name in the configuration, else the file or URL.
    pub(crate) name: String,
    /// Whether it is the local store: nothing is transferred from it.
    pub(crate) local: bool,
    /// Store paths it is known to hold.
    pub(crate) held: u64,
    /// Paths it holds but cannot serve because something they refer to is missing everywhere.
    pub(crate) not_servable: u64,
    /// Paths the plan takes from it.
    pub(crate) used: u64,
    /// Bytes to download for these; null when no size is known.
    pub(crate) download_bytes: Option<u64>,
    /// Bytes in the store after unpacking; null when no size is known.
    pub(crate) nar_bytes: Option<u64>,
    /// Of the used paths, those without a known download size.
    pub(crate) unknown_sizes: u64,
}

/// A build tier and its part in the plan.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tier {
    /// Its name.
    pub(crate) name: String,
    /// Jobs that may run at once; null when only threads and memory limit them.
    pub(crate) max_jobs: Option<u32>,
    /// Threads for each job at most.
    pub(crate) cores: u32,
    /// Memory assumed for a job of which nothing better is known.
    pub(crate) memory_bytes: u64,
    /// Builds in this plan.
    pub(crate) builds: u64,
    /// The sum of their planned times.
    pub(crate) busy_ms: u64,
    /// The most jobs of this tier that the plan runs at once.
    pub(crate) peak_jobs: u32,
    /// The most memory that one of its planned jobs needs.
    pub(crate) largest_bytes: u64,
}

/// The planned run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Schedule {
    /// From the first start to the last end of what is not left out.
    pub(crate) length_ms: u64,
    /// The length if the estimates are as wrong as they say they may be; null where the effort does
    /// not allow for twenty trials of so many builds.
    pub(crate) likely: Option<Likely>,
    /// The most memory in use at one time.
    pub(crate) peak_memory_bytes: u64,
    /// The most threads promised at one time.
    pub(crate) peak_threads: u32,
    /// The most builds at one time.
    pub(crate) peak_jobs: u32,
    /// The largest of `bounds`: no schedule under its rules is shorter.
    pub(crate) lower_bound_ms: u64,
    /// How far the schedule is above the bound, as a share of the bound; null when the bound is 0.
    pub(crate) gap: Option<f64>,
    /// Every lower bound, largest first.
    pub(crate) bounds: Vec<Bound>,
    /// Builds that do not fit in memory with the threads of their tier.
    pub(crate) misfits: Vec<Misfit>,
    /// Ids of the builds that fit with no number of threads, and of all that needs them.
    pub(crate) left_out: Vec<u32>,
}

/// Lengths of the plan in worlds where builds take other times than estimated, drawn by how sure
/// each estimate is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Likely {
    /// A tenth of the worlds are shorter.
    pub(crate) low_ms: u64,
    /// Half of the worlds are no shorter.
    pub(crate) median_ms: u64,
    /// A tenth of the worlds are longer.
    pub(crate) high_ms: u64,
    /// How many were tried.
    pub(crate) worlds: u32,
}

/// A lower bound on any schedule's length.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bound {
    /// Its name, e.g. `critical path`.
    pub(crate) name: String,
    /// Its value.
    pub(crate) length_ms: u64,
    /// The rules it takes for granted; a schedule that breaks one may be shorter.
    pub(crate) assumes: Vec<String>,
}

/// A build that does not fit in memory with the threads of its tier.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Misfit {
    /// The build.
    pub(crate) id: u32,
    /// Threads its tier gives it.
    pub(crate) cores: u32,
    /// Memory it needs with these.
    pub(crate) memory_bytes: u64,
    /// The most threads with which it fits, and which it gets; null when it does not fit at all.
    pub(crate) fits_at_cores: Option<u32>,
    /// Memory it needs then, or with one thread when it does not fit at all.
    pub(crate) memory_then_bytes: u64,
}

/// The same builds under Nix's own scheduling.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Today {
    /// Nix's `max-jobs`.
    pub(crate) max_jobs: u32,
    /// Nix's `cores`.
    pub(crate) cores: u32,
    /// Whether these are Nix's defaults, taken because nothing says how it is set.
    pub(crate) is_default: bool,
    /// From the first start to the last end, as if memory had no end.
    pub(crate) length_ms: u64,
    /// The most memory in use at one time.
    pub(crate) peak_memory_bytes: u64,
    /// How long more memory is in use than there is for builds.
    pub(crate) over_memory_ms: u64,
    /// When that happens first; null when never.
    pub(crate) first_over_memory_ms: Option<u64>,
    /// The length saved by the plan, as a share of this one; negative when the plan is longer, null
    /// when this is 0 or the plan leaves builds out.
    pub(crate) saved: Option<f64>,
    /// The share saved in the same worlds as the schedule's `likely`; null where that or `saved` is.
    pub(crate) likely_saved: Option<LikelySaved>,
}

/// Shares of a length that the plan saves, in the worlds of [`Likely`].
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LikelySaved {
    /// In a tenth of the worlds less is saved.
    pub(crate) low: f64,
    /// In half of the worlds no more is saved.
    pub(crate) median: f64,
    /// In a tenth of the worlds more is saved.
    pub(crate) high: f64,
}

/// One derivation to build, with its place in the plan.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Build {
    /// Number of the build in this document.
    pub(crate) id: u32,
    /// Store path of the derivation.
    pub(crate) drv: String,
    /// Its name, e.g. `gcc-7.3.0`.
    pub(crate) name: String,
    /// Its name without the version.
    pub(crate) pname: String,
    /// The package set's name for it; null where that is not known.
    pub(crate) attribute: Option<String>,
    /// Whether it was asked for.
    pub(crate) root: bool,
    /// Whether its output's hash is given beforehand: a download, mostly.
    pub(crate) fixed_output: bool,
    /// Name of its tier.
    pub(crate) tier: String,
    /// The rule that put it there.
    pub(crate) rule: String,
    /// Start, since the start of the plan; null when it does not fit at all.
    pub(crate) start_ms: Option<u64>,
    /// End, since the start of the plan; null when it does not fit at all.
    pub(crate) end_ms: Option<u64>,
    /// Threads it is started with.
    pub(crate) threads: u32,
    /// Of these, the ones that count against the limit: none for a download.
    pub(crate) counted_threads: u32,
    /// Memory set aside for it.
    pub(crate) memory_bytes: u64,
    /// How long it takes with these threads when nothing else runs.
    pub(crate) duration_ms: u64,
    /// Where the duration comes from.
    pub(crate) duration_source: String,
    /// In two cases of three the true duration is within the estimate divided and multiplied by this.
    pub(crate) duration_factor: f64,
    /// Where the memory comes from.
    pub(crate) memory_source: String,
    /// The same for the memory.
    pub(crate) memory_factor: f64,
}

/// `to` needs `from`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Edge {
    /// Built first.
    pub(crate) from: u32,
    /// Built after it.
    pub(crate) to: u32,
}

/// One store path to fetch.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fetch {
    /// The store path.
    pub(crate) path: String,
    /// Name of the source.
    pub(crate) source: String,
    /// Bytes to download; null when unknown.
    pub(crate) download_bytes: Option<u64>,
    /// Bytes in the store after unpacking; null when unknown.
    pub(crate) nar_bytes: Option<u64>,
}

/// Something that is wrong, costly or doubtful.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diagnostic {
    /// How serious it is.
    pub(crate) severity: Severity,
    /// Stable name of the kind, e.g. `does-not-fit`.
    pub(crate) code: String,
    /// What is the matter, in one sentence.
    pub(crate) message: String,
    /// The way out; null when there is none to name.
    pub(crate) hint: Option<String>,
    /// What it costs in time; null when it costs none or nobody knows.
    pub(crate) cost_ms: Option<u64>,
    /// What it costs in memory; null when it costs none or nobody knows.
    pub(crate) cost_bytes: Option<u64>,
}

impl Plan {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.plan",
        version: 1,
    };

    /// The build's name; where another build has the same, with the start of its path's hash.
    pub(crate) fn label(&self, build: &Build) -> String {
        let is_other = |other: &&Build| other.name == build.name && other.id != build.id;
        let hash = build.drv.rsplit('/').next().and_then(|base| base.get(..4));
        match (self.builds.iter().find(is_other), hash) {
            (Some(_), Some(hash)) => format!("{} [{hash}]", build.name),
            _ => build.name.clone(),
        }
    }

    /// The build of that id. Ids are positions in `builds`.
    pub(crate) fn build(&self, id: u32) -> &Build {
        &self.builds[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Plan>(&Plan::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.plan.v1.schema.json"]
            .assert_eq(&text);
    }
}
