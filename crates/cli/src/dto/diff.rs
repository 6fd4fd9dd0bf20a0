//! `hmtool.diff`: why two derivations are not one.
//!
//! An unknown is `null`, lists have an order that does not depend on the run.

use serde::Serialize;

use super::SchemaId;
use super::difference::Difference;
use super::fates::Fates;
use super::graph::Derivation;

/// The committed JSON Schema, as `hmtool schema diff` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.diff.v1.schema.json");

/// Two derivations, and what their difference comes from.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Diff {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// The derivation before.
    pub(crate) before: End,
    /// The derivation after.
    pub(crate) after: End,
    /// `same-file` where the two are one `.drv` file, `same-outputs` where only the files differ, else
    /// `other-outputs`.
    pub(crate) verdict: String,
    /// All that the two need, in figures.
    pub(crate) summary: Summary,
    /// The two, and what their difference comes from: the nearest first, each pair once. These are
    /// pairs that say something else themselves, and those on the way to them; of two that make the
    /// same outputs also what makes the same outputs.
    pub(crate) steps: Vec<Step>,
    /// Derivations after whose place nothing had.
    pub(crate) added: Vec<Derivation>,
    /// Derivations before whose place nothing has.
    pub(crate) gone: Vec<Derivation>,
    /// Derivations after with another `.drv` file than the one whose place they took, and the same
    /// outputs.
    pub(crate) same_outputs: Vec<Derivation>,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct End {
    /// Where it was read from: files, an installable.
    pub(crate) sources: Vec<String>,
    /// The derivation.
    pub(crate) derivation: Derivation,
    /// How many derivations it needs, itself counted.
    pub(crate) closure: u64,
}

/// What became of all that the two need.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// By what became of them.
    #[serde(flatten)]
    pub(crate) fates: Fates,
    /// Of the unchanged, the ones with another `.drv` file.
    pub(crate) same_outputs: u64,
    /// Causes that the difference of the two comes from: not those that are only needed for what is
    /// fetched, or for what is new.
    pub(crate) reached_causes: u64,
    /// Pairs that differ themselves and are left out of `steps` because they are too far down.
    pub(crate) deeper: u64,
}

/// A pair of derivations, and in what they differ.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Step {
    /// The derivation before.
    pub(crate) before: Derivation,
    /// The derivation after.
    pub(crate) after: Derivation,
    /// How many inputs lie between the two that were asked about and these.
    pub(crate) depth: u64,
    /// The step whose inputs these are: its place in `steps`, from 0; null for the first.
    pub(crate) found_by: Option<u64>,
    /// Why the two are a pair: `path`, `outputs`, `attribute`, `root`, `name`, `recipe`, `place`,
    /// `likeness`, `package`.
    pub(crate) matched_by: String,
    /// `cause` where they say something else and make other outputs, `cascade` where these only
    /// follow, `same-outputs` where only the files differ.
    pub(crate) kind: String,
    /// Of a cause, how many other changes it drags along.
    pub(crate) drags: Option<u64>,
    /// Attributes that differ, variables first; with `--all` then those that differ by hashes only.
    pub(crate) differences: Vec<AttributeDifference>,
    /// Inputs that only one has, or of which other outputs are wanted; with `--all` also those with
    /// other files.
    pub(crate) inputs: Vec<InputDifference>,
    /// Sources that only one has, or that have other content.
    pub(crate) sources: Vec<SourceDifference>,
}

/// An attribute that differs, line by line.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttributeDifference {
    /// The attribute, in full.
    #[serde(flatten)]
    pub(crate) difference: Difference,
    /// Whether it differs by hashes only.
    pub(crate) only_hashes: bool,
    /// The edit, of an attribute that is a text; an argument and an output is a line each.
    pub(crate) lines: Vec<Line>,
}

/// A line of an edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// `same`, `removed`, `added`, `changed`, or `skipped` for same lines that are left out.
    pub(crate) edit: String,
    /// The line; null of a `changed` one and of lines that are left out.
    pub(crate) text: Option<String>,
    /// Of a `changed` line, its words.
    pub(crate) words: Vec<Words>,
    /// How many lines these are.
    pub(crate) count: u64,
}

/// Words of a line that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Words {
    /// `same`, `removed`, `added`, or `skipped` for same words that are left out.
    pub(crate) edit: String,
    /// The words with the white space before them; null where they are left out.
    pub(crate) text: Option<String>,
    /// How many words these are.
    pub(crate) count: u64,
}

/// An input that is not the same.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputDifference {
    /// The input before; null where nothing was in its place.
    pub(crate) before: Option<Derivation>,
    /// The input after; null where nothing is in its place.
    pub(crate) after: Option<Derivation>,
    /// Which of its outputs were wanted.
    pub(crate) outputs_before: Vec<String>,
    /// Which of its outputs are wanted.
    pub(crate) outputs_after: Vec<String>,
    /// Whether the files are others, and nothing else.
    pub(crate) only_hashes: bool,
}

/// A source that only one has, or that has other content.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SourceDifference {
    /// Its name, without the hash.
    pub(crate) name: String,
    /// Its path before; null where there was none.
    pub(crate) before: Option<String>,
    /// Its path after; null where there is none.
    pub(crate) after: Option<String>,
    /// How the one became the other, where both are texts and there: at their paths, or beside the
    /// `.drv` file that was given.
    pub(crate) lines: Vec<Line>,
}

impl Diff {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.diff",
        version: 1,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Diff>(&Diff::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.diff.v1.schema.json"]
            .assert_eq(&text);
    }
}
