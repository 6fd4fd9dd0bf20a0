//! `hmtool.common-arch`: what several machines can share.

use serde::Serialize;

use super::SchemaId;
use super::flags::Flags;

/// The committed JSON Schema, as `hmtool schema common-arch` prints it.
pub(crate) const SCHEMA: &str =
    include_str!("../../../../schemas/hmtool.common-arch.v1.schema.json");

/// What several machines have in common, and whose code runs where.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommonArch {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The machines, in the order in which they were given.
    pub(crate) machines: Vec<Machine>,
    /// The highest level that vendors agree on whose code runs on all of them, as compilers call
    /// it: what is best shared; null where there is none.
    pub(crate) share: Option<&'static str>,
    /// The target with the most features whose code runs on all of them; null where there is none.
    pub(crate) most_features: Option<&'static str>,
    /// The one target that all others whose code runs on all of them are part of; null where there
    /// are several or none.
    pub(crate) exact: Option<&'static str>,
    /// The targets whose code runs on all of them, without those whose code is part of another's.
    pub(crate) targets: Vec<&'static str>,
    /// What all of them have beyond `share`, as `/proc/cpuinfo` calls it.
    pub(crate) beyond: Vec<&'static str>,
    /// Whether code for one of the machines runs on another; ordered by `target`, then `on`.
    pub(crate) runs: Vec<Runs>,
    /// What to tell compilers and Nix to build for `share`; null where there is none.
    pub(crate) flags: Option<Flags>,
    /// gcc's options for what is in `beyond`.
    pub(crate) beyond_options: Vec<String>,
}

/// One of the machines.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Machine {
    /// What it was called.
    pub(crate) name: String,
    /// Its profile; null for an architecture.
    pub(crate) file: Option<String>,
    /// What builds for it are compiled for, as compilers call it.
    pub(crate) march: &'static str,
}

/// Whether code for one machine runs on another.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Runs {
    /// What it is compiled for, as compilers call it.
    pub(crate) target: &'static str,
    /// The machine that it would run on.
    pub(crate) on: String,
    /// Whether it does.
    pub(crate) verdict: Verdict,
    /// What the machine lacks of what compilers may use.
    pub(crate) missing: Vec<&'static str>,
}

/// Whether code runs on a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// The processor has everything that compilers may use.
    Yes,
    /// It lacks only what is never used without asking, or ignored where it is not there.
    Soft,
    /// An illegal instruction sooner or later.
    No,
    /// Nothing is known of the features of one of the two.
    Unknown,
}

impl CommonArch {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.common-arch",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<CommonArch>(&CommonArch::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.common-arch.v1.schema.json"]
            .assert_eq(&text);
    }
}
