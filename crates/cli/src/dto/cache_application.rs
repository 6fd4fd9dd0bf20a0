//! `hmtool.cache-application`: what was done to a cache to bring it to what it should hold.
//!
//! Bytes are integers, an unknown is `null`.

use serde::Serialize;

use super::SchemaId;
use super::cache_plan::{Cache, Step};

/// The committed JSON Schema, as `hmtool schema cache-application` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.cache-application.v1.schema.json");

/// What was done to a cache, or what would be.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheApplication {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The cache.
    pub(crate) cache: Cache,
    /// Whether the steps are done, and with them all there is to do. Of a cache at Cachix they are
    /// only with `--write`; with anything in `unbuilt` or `unrestorable`, or a `failure`, the rest is
    /// not.
    pub(crate) is_carried_out: bool,
    /// Plans that had anything to do: after a size turned out to be another than estimated there is
    /// another one.
    pub(crate) rounds: u32,
    /// What may be held.
    pub(crate) limit_bytes: u64,
    /// What was held before.
    pub(crate) occupied_before_bytes: u64,
    /// What is held now, or would be.
    pub(crate) occupied_bytes: u64,
    /// What was done, in order, with the sizes that turned out; of a cache at Cachix, what is to be
    /// done, with those that are estimated. With a `failure`, what was done before it.
    pub(crate) steps: Vec<Step>,
    /// What was deleted, in order.
    pub(crate) evicted: Vec<Evicted>,
    /// The commands for a cache at Cachix, in order; with a `failure` those before the one that failed.
    pub(crate) commands: Vec<Command>,
    /// Steps that Cachix's client cannot do, whether the commands were run or not.
    pub(crate) left: Vec<Step>,
    /// Older generations that are given up, or would be, since nobody has something that they refer to;
    /// by name and age.
    pub(crate) lost_generations: Vec<LostGeneration>,
    /// What would be pushed and is not in the store: nothing of that plan was done.
    pub(crate) unbuilt: Vec<Unbuilt>,
    /// With `--only-restorable`, what would be deleted and cannot be had again: nothing of that
    /// plan was done.
    pub(crate) unrestorable: Vec<String>,
    /// What came in between after some steps were done, which stay done: a further run goes on from
    /// there. Null where nothing did.
    pub(crate) failure: Option<Stopped>,
}

/// What keeps a command from going on.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stopped {
    /// A stable name of the kind, the one that standard error shows.
    pub(crate) code: String,
    /// What happened.
    pub(crate) message: String,
}

/// An older revision of a pin that can never be whole again.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct LostGeneration {
    /// The pin's name.
    pub(crate) pin: String,
    /// How many revisions ago it was pinned, from 1.
    pub(crate) age: u32,
    /// The store path that was pinned.
    pub(crate) path: String,
    /// What it refers to, directly or not, and neither this cache, another one nor the store has, nor
    /// any graph says how to build.
    pub(crate) missing: Vec<String>,
    /// Whether its pin was dropped. Else it is still pinned: nothing was run, something came in
    /// between, or it is among `left`.
    pub(crate) is_given_up: bool,
}

/// A path that was deleted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Evicted {
    /// The store path.
    pub(crate) path: String,
    /// What that freed.
    pub(crate) bytes: u64,
    /// From where it can be had again: `upstream`, another cache; `store`, where it is valid now;
    /// `build`, a derivation of a producer's graph; null where nothing that is known has it.
    pub(crate) restored_from: Option<&'static str>,
}

/// A command.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Command {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
}

/// A path that is not built.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Unbuilt {
    /// The store path.
    pub(crate) path: String,
    /// The derivation that makes it; null where no graph has it.
    pub(crate) drv: Option<String>,
}

impl CacheApplication {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.cache-application",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = crate::dto::schema_text::<CacheApplication>(&CacheApplication::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.cache-application.v1.schema.json"]
            .assert_eq(&text);
    }
}
