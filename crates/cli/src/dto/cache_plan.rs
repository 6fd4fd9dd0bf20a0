//! `hmtool.cache-plan`: what a cache should hold, and the steps that get it there.
//!
//! Bytes and milliseconds are integers, an unknown is `null`. `steps` are to be carried out in
//! their order; every other list is sorted by path or name.

use serde::Serialize;

use super::SchemaId;
use super::gate::Gate;

/// The committed JSON Schema, as `hmtool schema cache-plan` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.cache-plan.v1.schema.json");

/// What a cache should hold, and how it gets there.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CachePlan {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The cache that is planned for.
    pub(crate) cache: Cache,
    /// The machines, or files of their graphs, that fill it.
    pub(crate) producers: Vec<String>,
    /// What each machine that takes from it finds, by the order in which they were given.
    pub(crate) consumers: Vec<Consumer>,
    /// What it has room for.
    pub(crate) capacity_bytes: u64,
    /// What of that stays free.
    pub(crate) buffer_bytes: u64,
    /// What may be held: `capacityBytes` without `bufferBytes`.
    pub(crate) limit_bytes: u64,
    /// Whether anything told what is held now; else the cache is taken for empty.
    pub(crate) is_held_known: bool,
    /// What is held now.
    pub(crate) occupied_before_bytes: u64,
    /// What is held after the last step.
    pub(crate) occupied_bytes: u64,
    /// The most that is held at any step; above `limitBytes` only where it is so to begin with.
    pub(crate) peak_bytes: u64,
    /// What the consumers save by what is held, in milliseconds of building.
    pub(crate) saved_ms: u64,
    /// No choice saves more.
    pub(crate) bound_ms: u64,
    /// By how much the choice may fall short of the best, as a share of the bound, 0 to 1.
    pub(crate) gap: f64,
    /// How what is pushed is compressed.
    pub(crate) compression: Compression,
    /// What is held after the last step, by cache tier 1 to 3.
    pub(crate) tiers: Vec<HeldOfTier>,
    /// Older generations, the newest first, down to the first that does not fit.
    pub(crate) generations: Vec<Generation>,
    /// What has to be done, in order. Carried out one by one they fit at every step, and nothing is
    /// there without what it refers to. Empty when the cache holds what it should.
    pub(crate) steps: Vec<Step>,
    /// What is to be pinned in the end, by name.
    pub(crate) pins: Vec<PinGoal>,
    /// Every path that is held now or afterwards, or was considered, with all these refer to as far
    /// as it is not upstream, and the first that is.
    pub(crate) paths: Vec<KnownPath>,
    /// The limits that were asked for, each with its outcome.
    pub(crate) gates: Vec<Gate>,
}

/// Where a cache is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cache {
    /// Its name.
    pub(crate) name: String,
    /// `cachix` or `file`.
    pub(crate) kind: &'static str,
    /// Its directory, absolute; null for one at Cachix.
    pub(crate) dir: Option<String>,
}

/// How a NAR is compressed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Compression {
    /// `none`, `zstd` or `xz`.
    pub(crate) method: &'static str,
    /// Level of the method; null where it has none.
    pub(crate) level: Option<u8>,
}

/// What a machine finds when the plan is carried out.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consumer {
    /// Its name, or the file of its graph.
    pub(crate) name: String,
    /// What it would have to build without this cache, as far as a cache may serve it.
    pub(crate) needed: Amount,
    /// Of that, what it does not build with this cache.
    pub(crate) hit: Amount,
    /// Of that, what it builds all the same.
    pub(crate) rebuilt: Amount,
    /// Derivations that it builds in all, with those that forbid substitutes, and downloads of
    /// sources.
    pub(crate) builds: u64,
    /// Paths that it fetches in all, from this cache and others.
    pub(crate) fetches: u64,
}

/// A number of derivations, and what they amount to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amount {
    /// How many.
    pub(crate) derivations: u64,
    /// Their outputs that are wanted.
    pub(crate) paths: u64,
    /// What these take up in a cache, known or estimated.
    pub(crate) bytes: u64,
    /// How long building takes on the consumer, one after another.
    pub(crate) build_ms: u64,
}

/// What a tier holds.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeldOfTier {
    /// 1, 2 or 3.
    pub(crate) tier: u8,
    /// Paths held after the last step.
    pub(crate) paths: u64,
    /// What they take up.
    pub(crate) bytes: u64,
    /// Of that, what is estimated.
    pub(crate) estimated_bytes: u64,
}

/// An older generation of what is pinned.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Generation {
    /// How many revisions ago, from 1.
    pub(crate) age: u32,
    /// Whether all of it is kept.
    pub(crate) is_kept: bool,
    /// What it takes up beyond the generations after it.
    pub(crate) bytes: u64,
}

/// One thing to do.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Step {
    /// Upload a path, compressed as `compression` says. All it refers to is there.
    Push {
        /// The path.
        path: String,
        /// What it will take up.
        bytes: u64,
    },
    /// Protect a path, and all it refers to, under a name.
    Pin {
        /// The name.
        name: String,
        /// The path, which becomes the newest revision.
        path: String,
        /// Revisions that are kept, this one included.
        revisions: u32,
    },
    /// Protect a path under a name no longer.
    Unpin {
        /// The name.
        name: String,
        /// The path.
        path: String,
        /// Whether it goes before its successor is there, because there is no room for both.
        is_early: bool,
    },
    /// Delete a path. Nothing that is there refers to it.
    Evict {
        /// The path.
        path: String,
        /// What that frees.
        bytes: u64,
        /// `upstream` where another cache has it, else `not-wanted`.
        why: &'static str,
    },
}

/// A name under which a path is pinned in the end.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct PinGoal {
    /// The name.
    pub(crate) name: String,
    /// Its revisions, the newest first.
    pub(crate) revisions: Vec<String>,
}

/// A path that was considered.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownPath {
    /// The store path.
    pub(crate) path: String,
    /// The producer's derivation that makes it; null where none does.
    pub(crate) drv: Option<String>,
    /// Its cache tier, 1 to 3.
    pub(crate) tier: u8,
    /// What it takes up in this cache; 0 where it is upstream and nobody told.
    pub(crate) bytes: u64,
    /// How that is known: `told` by a cache, `compressed` from the size of its NAR, or `assumed` by
    /// others of its name.
    pub(crate) size_source: &'static str,
    /// What it refers to, ascending.
    pub(crate) references: Vec<String>,
    /// How that is known: `told` by somebody who has the path, or `assumed` by others of its name or
    /// by what it is built from.
    pub(crate) references_source: &'static str,
    /// Whether another cache serves it.
    pub(crate) is_upstream: bool,
    /// Whether this cache holds it now.
    pub(crate) is_held: bool,
    /// Whether it holds it after the last step.
    pub(crate) is_kept: bool,
    /// Why it is held afterwards, or not.
    pub(crate) why: Why,
}

/// Why a path is held afterwards, or not.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(
    tag = "reason",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Why {
    /// Held: it is of tier 1.
    TierOne,
    /// Held: having it saves the consumers so much, by itself or together with others.
    Saves {
        /// Milliseconds of building.
        ms: u64,
    },
    /// Held: it was pinned so many revisions ago.
    Generation {
        /// How many.
        age: u32,
    },
    /// Held: what is held refers to it.
    NeededBy {
        /// One that does.
        path: String,
    },
    /// Not held: another cache has it.
    Upstream,
    /// Not held: it is of tier 3, and nothing held refers to it.
    Local,
    /// Not held: no consumer asks for it.
    NotAskedFor,
    /// Not held: beside tier 1 it does not fit, whatever else is left out.
    TooLarge {
        /// What it takes up with all it refers to beyond tier 1.
        closure_bytes: u64,
        /// What there is beside tier 1.
        room_bytes: u64,
    },
    /// Not held: what is held instead saves more.
    WorthLess {
        /// What it would take up beyond what is held.
        closure_bytes: u64,
        /// What there is beside what is held.
        room_bytes: u64,
    },
}

impl CachePlan {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.cache-plan",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = crate::dto::schema_text::<CachePlan>(&CachePlan::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.cache-plan.v1.schema.json"]
            .assert_eq(&text);
    }
}
