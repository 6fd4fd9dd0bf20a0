//! Findings that were there before: a document of an earlier run, whose findings do not count.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::dto::findings::{Finding, Report, SuppressedBy};
use crate::failure::Failure;

#[derive(Deserialize)]
struct Document {
    schema: Schema,
    findings: Vec<Before>,
}

#[derive(Deserialize)]
struct Schema {
    name: String,
    version: u32,
}

#[derive(Deserialize)]
struct Before {
    fingerprint: String,
}

/// The fingerprints of a document, as `--format json` printed it.
pub(super) fn read(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let bytes = std::fs::read(path).map_err(|source| Failure::reading(path, source))?;
    let wrong = |place, message| Failure::Data {
        file: path.display().to_string(),
        place,
        code: "baseline",
        message,
        hint: Some("write it anew with `--format json`".to_owned()),
    };
    let document: Document = serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        wrong(Some(place), "this is not a document of findings".to_owned())
    })?;
    let id = Report::SCHEMA_ID;
    if (&*document.schema.name, document.schema.version) != (id.name, id.version) {
        let found = format!("{} {}", document.schema.name, document.schema.version);
        let message = format!("this is {found}, not {} {}", id.name, id.version);
        return Err(wrong(None, message));
    }
    let fingerprints = document.findings.into_iter();
    Ok(fingerprints.map(|finding| finding.fingerprint).collect())
}

/// Marks the findings that were there before.
pub(super) fn suppress(findings: &mut [Finding], before: &BTreeSet<String>) {
    for finding in findings {
        if before.contains(&finding.fingerprint) {
            finding.suppressed_by = Some(SuppressedBy::Baseline);
        }
    }
}
