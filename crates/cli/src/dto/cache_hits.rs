//! `hmtool.cache-hits`: what of one machine's builds another machine can use.
//!
//! Bytes and milliseconds are integers, an unknown is `null`. Every list has an order that does not
//! depend on the run.

use serde::Serialize;

use super::SchemaId;
use super::gate::Gate;

/// The committed JSON Schema, as `hmtool schema cache-hits` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.cache-hits.v1.schema.json");

/// What a consumer needs, and where it comes from when the producer's cache holds all it builds.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheHits {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The machine, or the file of the graph, that fills the cache.
    pub(crate) producer: String,
    /// The one that takes from it.
    pub(crate) consumer: String,
    /// What the consumer needs: the derivations of its roots' closure, without downloads of sources
    /// and without those that forbid substitutes, which no cache serves.
    pub(crate) required: Amount,
    /// Of these, what other caches have, or what is not needed because of that.
    pub(crate) upstream: Amount,
    /// Of these, what the producer's cache adds to that.
    pub(crate) from_producer: Amount,
    /// Of these, what has to be built all the same.
    pub(crate) missed: Amount,
    /// Derivations that forbid substitutes: each machine makes them.
    pub(crate) made_everywhere: Amount,
    /// Share of `required` that is not missed, by number, 0 to 1; null when nothing is required.
    pub(crate) hit_rate: Option<f64>,
    /// The same by bytes.
    pub(crate) hit_rate_by_bytes: Option<f64>,
    /// The same by the time that building takes on the consumer.
    pub(crate) hit_rate_by_time: Option<f64>,
    /// What the producer builds.
    pub(crate) pushed: Amount,
    /// Of that, what the consumer has no use for.
    pub(crate) never_demanded: Amount,
    /// The largest of these, at most `SHOWN` of them.
    pub(crate) largest_never_demanded: Vec<NeverDemanded>,
    /// Words that differ between the machines, by what they cost.
    pub(crate) differing_words: Vec<DifferingWord>,
    /// The derivations that differ themselves, by what they cost.
    pub(crate) causes: Vec<Cause>,
    /// What is missed, the longest first.
    pub(crate) misses: Vec<Miss>,
    /// The limits that were asked for, each with its outcome.
    pub(crate) gates: Vec<Gate>,
}

/// A number of derivations, and what they amount to.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Amount {
    /// How many.
    pub(crate) derivations: u64,
    /// Size of their outputs' NARs, known or assumed.
    pub(crate) nar_bytes: u64,
    /// Of that, what is assumed by others of the name.
    pub(crate) assumed_bytes: u64,
    /// How long they take one after another, each with the threads of its tier; of what the producer
    /// builds on the producer, of all else on the consumer.
    pub(crate) build_ms: u64,
}

/// Something that is pushed and of no use.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct NeverDemanded {
    /// Store path of the output.
    pub(crate) path: String,
    /// Size of its NAR, known or assumed.
    pub(crate) nar_bytes: u64,
}

/// A word, such as `-march=…`, that one machine has where the other has another.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct DifferingWord {
    /// The producer's; null where the consumer has one more.
    pub(crate) producer: Option<String>,
    /// The consumer's; null where the producer has one more.
    pub(crate) consumer: Option<String>,
    /// In how many derivations that differ themselves.
    pub(crate) causes: u64,
    /// What is missed because of these, with them; what other causes have a share in is counted
    /// for each.
    pub(crate) misses: u64,
    /// How long that takes.
    pub(crate) build_ms: u64,
}

/// A derivation that differs itself.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cause {
    /// Its attribute or name.
    pub(crate) name: String,
    /// The consumer's derivation.
    pub(crate) drv: String,
    /// The producer's in its place; null where it has none.
    pub(crate) producer_drv: Option<String>,
    /// In what the two differ; nothing where the producer has none.
    pub(crate) differences: Vec<Difference>,
    /// What is missed because of it, itself included where it is.
    pub(crate) misses: u64,
    /// How long that takes; what has several causes is counted for each.
    pub(crate) build_ms: u64,
    /// Of that, what has no other cause.
    pub(crate) build_alone_ms: u64,
}

/// In what two derivations differ.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Difference {
    /// The variable, or the part of the derivation.
    pub(crate) attribute: String,
    /// Words that only the producer has.
    pub(crate) producer: Vec<String>,
    /// Words that only the consumer has.
    pub(crate) consumer: Vec<String>,
}

/// A derivation that has to be built.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Miss {
    /// Its attribute or name.
    pub(crate) name: String,
    /// The derivation.
    pub(crate) drv: String,
    /// How long it takes.
    pub(crate) build_ms: u64,
    /// Places in `causes` of the nearest that it is missed because of, ascending: itself, or those
    /// below it with no other between.
    pub(crate) causes: Vec<u32>,
}

impl CacheHits {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.cache-hits",
        version: 1,
    };

    /// How many paths that nobody asks for are listed.
    pub(crate) const SHOWN: usize = 20;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = crate::dto::schema_text::<CacheHits>(&CacheHits::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.cache-hits.v1.schema.json"]
            .assert_eq(&text);
    }
}
