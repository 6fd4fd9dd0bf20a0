//! Findings as a log in the Static Analysis Results Interchange Format, SARIF 2.1.0 (OASIS).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::human::cost;
use crate::dto::findings::{
    Applicability, Edit, Finding, Fix, Place, Region, Report, Rule, SuppressedBy,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative paths are relative to: the root of the sources, wherever that is.
const ROOT: &str = "%SRCROOT%";
/// Our name for the fingerprint, with a version of its own.
const FINGERPRINT: &str = "hmtoolFinding/v1";

/// The log: one run, with all rules in force and all findings, suppressed ones marked as such.
pub(crate) fn log(document: &Report) -> Value {
    let results: Vec<Value> = document
        .findings
        .iter()
        .map(|found| result(found, &document.rules))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "hmtool",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": document.rules.iter().map(rule).collect::<Vec<Value>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.summary },
        "help": { "text": rule.explanation, "markdown": rule.explanation },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

fn result(found: &Finding, rules: &[Rule]) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    put("ruleId", json!(found.rule));
    if let Some(index) = rules.iter().position(|rule| rule.id == found.rule) {
        put("ruleIndex", json!(index));
    }
    put("level", json!(found.severity.as_str()));
    put("message", json!({ "text": message(found) }));
    if let Some(place) = &found.place {
        put(
            "locations",
            json!([{ "physicalLocation": physical(place) }]),
        );
    }
    if !found.related.is_empty() {
        let related: Vec<Value> = found
            .related
            .iter()
            .zip(0..)
            .map(|(related, id)| {
                json!({
                    "id": id,
                    "physicalLocation": physical(&related.place),
                    "message": { "text": related.message },
                })
            })
            .collect();
        put("relatedLocations", json!(related));
    }
    if let (Some(place), Some(fix)) = (&found.place, &found.fix) {
        put("fixes", json!([self::fix(place, fix)]));
    }
    put(
        "partialFingerprints",
        json!({ FINGERPRINT: found.fingerprint }),
    );
    match found.suppressed_by {
        Some(SuppressedBy::Baseline) => put("suppressions", json!([{ "kind": "external" }])),
        None => None,
    };
    if let Some(cost) = &found.cost {
        put("properties", json!({ "cost": cost }));
    }
    Value::Object(out)
}

fn message(found: &Finding) -> String {
    let mut text = match &found.subject {
        Some(subject) => format!("{subject}: {}", found.message),
        None => found.message.clone(),
    };
    let cost = found.cost.as_ref().map(cost).unwrap_or_default();
    if !cost.is_empty() {
        text = format!("{text}; costs {cost}");
    }
    match &found.hint {
        Some(hint) => format!("{text}. {hint}"),
        None => text,
    }
}

fn physical(place: &Place) -> Value {
    let mut out = json!({ "artifactLocation": artifact(&place.file) });
    if let Some(region) = &place.region {
        out["region"] = self::region(region);
    }
    out
}

fn region(region: &Region) -> Value {
    json!({
        "startLine": region.start_line,
        "startColumn": region.start_column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

fn artifact(file: &str) -> Value {
    if file.starts_with('/') {
        json!({ "uri": format!("file://{}", uri(file)) })
    } else {
        json!({ "uri": uri(file), "uriBaseId": ROOT })
    }
}

/// A path as a URI reference (RFC 3986): what is not unreserved is percent-encoded, so that a
/// colon in the first name is no scheme.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn fix(place: &Place, fix: &Fix) -> Value {
    let text = match fix.applicability {
        Applicability::Safe => fix.title.clone(),
        Applicability::Unsafe => format!("{} (unsafe: needs a look)", fix.title),
    };
    let replacements: Vec<Value> = fix
        .edits
        .iter()
        .map(|Edit { region, insert }| {
            let mut out = json!({ "deletedRegion": self::region(region) });
            if !insert.is_empty() {
                out["insertedContent"] = json!({ "text": insert });
            }
            out
        })
        .collect();
    json!({
        "description": { "text": text },
        "artifactChanges": [{
            "artifactLocation": artifact(&place.file),
            "replacements": replacements,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::findings::sample;

    /// What the schema of SARIF 2.1.0 demands of the parts that are written, and what it cannot
    /// say: indices point at the rule of that id, ids and URIs are what they must be.
    #[test]
    fn the_log_is_as_the_standard_demands() {
        let document = sample::document();
        let log = log(&document);
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "hmtool");
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[text]["text"].is_string());
            }
            assert!(is_level(&rule["defaultConfiguration"]["level"]));
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), document.findings.len());
        for result in results {
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            assert!(is_level(&result["level"]));
            if let Some(index) = result["ruleIndex"].as_u64() {
                assert_eq!(rules[index as usize]["id"], result["ruleId"]);
            }
            for location in list(&result["locations"]).chain(list(&result["relatedLocations"])) {
                check_physical(&location["physicalLocation"]);
            }
            for fix in list(&result["fixes"]) {
                let changes = fix["artifactChanges"].as_array().unwrap();
                assert!(!changes.is_empty());
                for change in changes {
                    check_uri(&change["artifactLocation"]);
                    let replacements = change["replacements"].as_array().unwrap();
                    assert!(!replacements.is_empty());
                    for replacement in replacements {
                        check_region(&replacement["deletedRegion"]);
                    }
                }
            }
        }
        let with_fix = results.iter().find(|result| result["fixes"].is_array());
        let replacement = &with_fix.unwrap()["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(replacement["deletedRegion"]["startLine"], 4);
        assert_eq!(replacement["insertedContent"]["text"], "y = 2;");
        let suppressed: Vec<&Value> = results
            .iter()
            .filter_map(|result| result["suppressions"].get(0))
            .collect();
        assert_eq!(suppressed, [&json!({ "kind": "external" })]);
    }

    #[test]
    fn odd_names_are_uris() {
        assert_eq!(artifact("a b:c/ü%.nix")["uri"], "a%20b%3Ac/%C3%BC%25.nix");
        assert_eq!(artifact("/etc/x.nix")["uri"], "file:///etc/x.nix");
        assert_eq!(artifact("/etc/x.nix")["uriBaseId"], Value::Null);
    }

    fn list(value: &Value) -> impl Iterator<Item = &Value> {
        value.as_array().into_iter().flatten()
    }

    fn is_level(value: &Value) -> bool {
        ["note", "warning", "error"]
            .iter()
            .any(|level| value == level)
    }

    fn check_physical(location: &Value) {
        check_uri(&location["artifactLocation"]);
        if !location["region"].is_null() {
            check_region(&location["region"]);
        }
    }

    fn check_uri(location: &Value) {
        let uri = location["uri"].as_str().unwrap();
        assert!(uri.is_ascii() && !uri.contains([' ', '\\', '\n', '\u{1b}']));
        let is_absolute = uri.starts_with("file:///");
        assert_eq!(location["uriBaseId"].is_null(), is_absolute);
    }

    fn check_region(region: &Value) {
        let place = |line: &str, column: &str| {
            let at = |key: &str| region[key].as_u64().expect("a number");
            (at(line), at(column))
        };
        let (start, end) = (
            place("startLine", "startColumn"),
            place("endLine", "endColumn"),
        );
        assert!(start.0 >= 1 && start.1 >= 1 && start <= end);
    }
}
