//! `hmtool.findings`: what the rules have to say about files, profiles and graphs.
//!
//! Places are given in bytes of the file and in lines and columns; the source lines that a reader
//! has to see come along, so that whoever renders the document needs no other file.

use serde::Serialize;

use super::SchemaId;
pub(crate) use super::severity::Severity;

/// The committed JSON Schema, as `hmtool schema findings` prints it.
pub(crate) const SCHEMA: &str = include_str!("../../../../schemas/hmtool.findings.v1.schema.json");

/// What was found in one run.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// Name and version of this document's schema.
    pub(crate) schema: SchemaId,
    /// Every rule that was in force, ordered by id, whether it found something or not.
    pub(crate) rules: Vec<Rule>,
    /// What was found, ordered by file, place and rule; what is in no file comes last.
    pub(crate) findings: Vec<Finding>,
    /// The same in figures.
    pub(crate) summary: Summary,
}

/// Something that can be found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    /// Its stable name, e.g. `unused-binding`.
    pub(crate) id: String,
    /// How serious its findings are, unless a finding says otherwise.
    pub(crate) severity: Severity,
    /// What it looks for, in one line.
    pub(crate) summary: String,
    /// Markdown: what it finds, what that costs, what to do about it.
    pub(crate) explanation: String,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Finding {
    /// The rule's id.
    pub(crate) rule: String,
    /// How serious it is in this run.
    pub(crate) severity: Severity,
    /// Where it is; null when it is in no file.
    pub(crate) place: Option<Place>,
    /// What it is about where the place does not say it: an attribute, a derivation, a machine.
    pub(crate) subject: Option<String>,
    /// What is wrong, in lower case and without a full stop.
    pub(crate) message: String,
    /// Other places that belong to it.
    pub(crate) related: Vec<Related>,
    /// The way out; null when there is none to name.
    pub(crate) hint: Option<String>,
    /// What it costs; null when it costs nothing or nobody knows.
    pub(crate) cost: Option<Cost>,
    /// The change to the place's file that ends it; null when there is none.
    pub(crate) fix: Option<Fix>,
    /// What says that it does not count; null when it counts.
    pub(crate) suppressed_by: Option<SuppressedBy>,
    /// Names the finding across runs as long as its line, its rule and the name of its file stay;
    /// no two findings of a document share one.
    pub(crate) fingerprint: String,
}

/// What a finding costs as long as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    /// Time, in milliseconds; null when it costs none or nobody knows.
    pub(crate) ms: Option<u64>,
    /// Memory of the machine; null when it costs none or nobody knows.
    pub(crate) memory_bytes: Option<u64>,
    /// What has to be downloaded; null when nothing has to or nobody knows.
    pub(crate) download_bytes: Option<u64>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Place {
    /// The file, relative to the working directory where it is below that, with `/` between names.
    pub(crate) file: String,
    /// Where in the file; null for all of it.
    pub(crate) region: Option<Region>,
    /// The lines of the region; null where there is no region. Of a long region only the first.
    pub(crate) source: Option<Excerpt>,
}

/// A part of a file. Ends are exclusive; lines and columns count from 1, columns in characters
/// (Unicode scalar values), and a byte order mark is in the bytes but not in the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Region {
    /// Offset of its first byte.
    pub(crate) start_byte: u64,
    /// Offset behind its last byte.
    pub(crate) end_byte: u64,
    /// Line of its first character.
    pub(crate) start_line: u64,
    /// Column of its first character.
    pub(crate) start_column: u64,
    /// Line of the place behind its last character.
    pub(crate) end_line: u64,
    /// Column of the place behind its last character.
    pub(crate) end_column: u64,
}

/// Whole lines of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Excerpt {
    /// Number of its first line.
    pub(crate) line: u64,
    /// Offset of its first byte.
    pub(crate) byte: u64,
    /// The lines, without the end of the last.
    pub(crate) text: String,
}

/// A second place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Related {
    /// Where.
    pub(crate) place: Place,
    /// What is to be seen there.
    pub(crate) message: String,
}

/// A change to one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Fix {
    /// What it does, as an order: `remove the binding`.
    pub(crate) title: String,
    /// Whether it needs a person's judgement.
    pub(crate) applicability: Applicability,
    /// The changes, in the order of the file; they do not overlap.
    pub(crate) edits: Vec<Edit>,
    /// The lines that change; null where there are too many to show.
    pub(crate) source: Option<Excerpt>,
}

/// Whether a fix needs a person's judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Applicability {
    /// What the file means stays, or becomes what it is certain to be meant to.
    Safe,
    /// It may change what the file means.
    Unsafe,
}

/// Replaces a part of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Edit {
    /// What goes; empty where something is only inserted.
    pub(crate) region: Region,
    /// What comes in its place.
    pub(crate) insert: String,
}

/// What says that a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum SuppressedBy {
    /// It was there before: the baseline has it.
    Baseline,
}

/// Findings in figures. What is suppressed is counted as such and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Files that were looked at.
    pub(crate) files: u64,
    /// Of these, the ones that could not be checked, each with a finding that says why.
    pub(crate) unchecked_files: u64,
    /// Errors.
    pub(crate) errors: u64,
    /// Warnings.
    pub(crate) warnings: u64,
    /// Notes.
    pub(crate) notes: u64,
    /// Findings with a safe fix.
    pub(crate) safe_fixes: u64,
    /// Findings with an unsafe fix.
    pub(crate) unsafe_fixes: u64,
    /// Findings that do not count.
    pub(crate) suppressed: u64,
}

impl Report {
    /// Name of this document's schema.
    pub(crate) const SCHEMA_ID: SchemaId = SchemaId {
        name: "hmtool.findings",
        version: 1,
    };

    /// The findings that count.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.suppressed_by.is_none())
    }
}

impl Summary {
    /// How many findings are of that severity.
    pub(crate) fn of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
            Severity::Note => self.notes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed schema is what the types say. `UPDATE_EXPECT=1` writes it anew.
    #[test]
    fn the_committed_schema_is_current() {
        let text = super::super::schema_text::<Report>(&Report::SCHEMA_ID);
        expect_test::expect_file!["../../../../schemas/hmtool.findings.v1.schema.json"]
            .assert_eq(&text);
    }
}
