//! `hmtool.cache-simulation`: what policies would have missed of a trace.
//!
//! Sizes are in bytes and times in milliseconds; shares are from 0 to 1. `runs` is flat, one row
//! for each policy and capacity, so that it can be plotted as it is.

use serde::Serialize;

use super::SchemaId;

/// The committed JSON Schema, as `hmtool schema cache-simulation` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.cache-simulation.v1.schema.json");

/// What policies would have missed of a trace.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheSimulation {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// What was asked for.
    pub(crate) trace: Trace,
    /// What no policy does better than, by capacity.
    pub(crate) bounds: Vec<Bound>,
    /// What each policy did, by policy, then capacity.
    pub(crate) runs: Vec<Run>,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Trace {
    /// The file, as it was named.
    pub(crate) file: String,
    /// Requests.
    pub(crate) requests: u64,
    /// Different objects.
    pub(crate) objects: u64,
    /// Bytes of all requests.
    pub(crate) requested_bytes: u64,
    /// Bytes of all objects, each once.
    pub(crate) unique_bytes: u64,
    /// From the first request to the last.
    pub(crate) length_ms: u64,
    /// What is known of the objects; null when nothing but sizes is.
    pub(crate) metadata: Option<Metadata>,
}

/// What is known of the objects beyond their sizes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    /// The file, as it was named.
    pub(crate) file: String,
    /// Build time of all requests, each time anew.
    pub(crate) rebuild_ms: u64,
    /// Objects of the trace that the file says nothing about.
    pub(crate) unknown_objects: u64,
}

/// What no policy does better than at a capacity: PFOO-L (Berger et al. 2018). Each figure is a
/// bound of its own.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bound {
    /// The capacity.
    pub(crate) capacity_bytes: u64,
    /// Requests missed.
    pub(crate) misses: u64,
    /// Share of the requests.
    pub(crate) miss_ratio: f64,
    /// Bytes missed.
    pub(crate) missed_bytes: u64,
    /// Share of the requested bytes.
    pub(crate) byte_miss_ratio: f64,
    /// Build time missed, and its share; null without metadata.
    pub(crate) rebuild: Option<RebuildBound>,
}

/// How much must be built at least.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct RebuildBound {
    /// Build time missed.
    pub(crate) missed_ms: u64,
    /// Share of the requested build time.
    pub(crate) miss_ratio: f64,
}

/// What a policy did at a capacity.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// Its name.
    pub(crate) policy: &'static str,
    /// Whether it knows the future, so that no real cache can do the same.
    pub(crate) offline: bool,
    /// The capacity.
    pub(crate) capacity_bytes: u64,
    /// Requests for what was not held.
    pub(crate) misses: u64,
    /// Their share of the requests.
    pub(crate) miss_ratio: f64,
    /// Their bytes.
    pub(crate) missed_bytes: u64,
    /// Share of the requested bytes.
    pub(crate) byte_miss_ratio: f64,
    /// Misses after which the object was not held either.
    pub(crate) passed_by: u64,
    /// Evictions.
    pub(crate) evictions: u64,
    /// Bytes evicted.
    pub(crate) evicted_bytes: u64,
    /// The most that was held.
    pub(crate) peak_bytes: u64,
    /// What closures, build times and tiers make of it; null without metadata.
    pub(crate) paths: Option<Paths>,
}

/// What closures, build times and tiers make of a run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Paths {
    /// Requests for what was not held with its whole closure, and so not served.
    pub(crate) effective_misses: u64,
    /// Their share of the requests.
    pub(crate) effective_miss_ratio: f64,
    /// Build time of what was not held.
    pub(crate) rebuild_missed_ms: u64,
    /// Its share of the requested build time.
    pub(crate) rebuild_miss_ratio: f64,
    /// Build time of what was not served.
    pub(crate) effective_rebuild_missed_ms: u64,
    /// Its share of the requested build time.
    pub(crate) effective_rebuild_miss_ratio: f64,
    /// Evictions of tier 1, 2 and 3.
    pub(crate) evictions_by_tier: [u64; 3],
    /// Bytes evicted of tier 1, 2 and 3.
    pub(crate) evicted_bytes_by_tier: [u64; 3],
}

impl CacheSimulation {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.cache-simulation",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<CacheSimulation>(&CacheSimulation::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.cache-simulation.v1.schema.json"]
            .assert_eq(&text);
    }
}
