//! `hmtool profile diff`: where profiles, or a profile and its machine, differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use hw_profile::detect::Detected;
use hw_profile::{Profile, Quantity, Scalar};
use serde_json::Value;

use super::detect::RootArgs;
use super::subject::{self, Subject};
use crate::config::Config;
use crate::dto::profile_diff as dto;
use crate::failure::Failure;
use crate::format::FormatArgs;
use crate::input;
use crate::output::Outcome;
use crate::render::profile_diff;

/// What to compare with what.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// A machine of hmtool.toml, or a profile
    #[arg(value_name = "A")]
    left: PathBuf,

    /// Another one; without it, what is detected of the machine
    #[arg(value_name = "B", conflicts_with = "root")]
    right: Option<PathBuf>,

    #[command(flatten)]
    root: RootArgs,

    #[command(flatten)]
    format: FormatArgs,
}

/// Prints the differences; that there are some is a finding.
pub(super) fn run(args: &DiffArgs) -> Result<Outcome, Failure> {
    let config = subject::config()?;
    let (left, profile) = side(&args.left, config.as_ref())?;
    let (right, differences) = if let Some(right) = &args.right {
        let (right, other) = side(right, config.as_ref())?;
        (right, between(&profile, &other)?)
    } else {
        let found = args.root.detect()?;
        let hostname = found.host.hostname.as_ref().map(|it| it.value.clone());
        let machine = dto::Side {
            name: hostname.unwrap_or_else(|| "this machine".to_owned()),
            file: None,
        };
        (machine, with_machine(&profile, &found)?)
    };
    let document = dto::ProfileDiff {
        schema: dto::ProfileDiff::SCHEMA_ID,
        left,
        right,
        differences,
    };
    args.format.print(&document, profile_diff::render)?;
    Ok(if document.differences.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Finding
    })
}

fn side(given: &Path, config: Option<&Config>) -> Result<(dto::Side, Profile), Failure> {
    let subject = Subject::of(given, config)?;
    let profile = input::profile::read(&subject.file)?;
    let side = dto::Side {
        name: subject.name,
        file: Some(subject.file.display().to_string()),
    };
    Ok((side, profile))
}

fn json(value: impl serde::Serialize) -> Result<Value, Failure> {
    serde_json::to_value(value).map_err(|error| Failure::Output(error.into()))
}

fn with_machine(profile: &Profile, found: &Detected) -> Result<Vec<dto::Difference>, Failure> {
    let differences = found.differences(profile).into_iter();
    differences
        .map(|it| {
            let from = match it.found.rule {
                "" => it.found.file,
                rule => format!("{}: {rule}", it.found.file),
            };
            Ok(dto::Difference {
                path: it.path.to_owned(),
                left: json(it.said)?,
                right: json(it.found.value)?,
                note: Some(match it.reason {
                    Some(reason) => format!("{reason}; {from}"),
                    None => from,
                }),
            })
        })
        .collect()
}

fn between(left: &Profile, right: &Profile) -> Result<Vec<dto::Difference>, Failure> {
    let (left, right) = (flat(&json(left)?), flat(&json(right)?));
    let paths: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    let value = |side: &BTreeMap<String, Value>, path| side.get(path).cloned().unwrap_or_default();
    Ok(paths
        .into_iter()
        .map(|path| (path, value(&left, path), value(&right, path)))
        .filter(|(_, left, right)| !is_same(left, right))
        .map(|(path, left, right)| dto::Difference {
            path: path.clone(),
            left,
            right,
            note: None,
        })
        .collect())
}

/// Every value that is no set, by its path.
fn flat(profile: &Value) -> BTreeMap<String, Value> {
    fn add(path: &str, value: &Value, out: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(attributes) => {
                for (name, value) in attributes {
                    let name = overlay_ast::Key::Static(name.clone()).to_string();
                    let path = match path {
                        "" => name,
                        path => format!("{path}.{name}"),
                    };
                    add(&path, value, out);
                }
            }
            value => {
                out.insert(path.to_owned(), value.clone());
            }
        }
    }
    let mut out = BTreeMap::new();
    add("", profile, &mut out);
    out
}

/// `"28"` and `28` are one number in two spellings.
fn is_same(left: &Value, right: &Value) -> bool {
    left == right
        || match (number(left), number(right)) {
            (Some(left), Some(right)) => left.to_bits() == right.to_bits(),
            _ => false,
        }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => f64::read(&Scalar::Text(text.clone())).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_no_difference() {
        let profile =
            |text: &str| overlay_ast::literal::from_str::<Profile>(text).expect("a profile");
        let left = profile(
            "{ memory.total = \"16\"; cpu.cores = 4; cpu.march = \"skylake\"; packages.\"a b\".x = true; }",
        );
        let right = profile("{ memory.total = 16; cpu.cores = 4.0; cpu.march = \"znver3\"; }");
        let found = between(&left, &right).expect("they can be compared");
        let found: Vec<(&str, &Value, &Value)> = found
            .iter()
            .map(|it| (it.path.as_str(), &it.left, &it.right))
            .collect();
        assert_eq!(
            found,
            [
                ("cpu.march", &Value::from("skylake"), &Value::from("znver3")),
                ("packages.\"a b\".x", &Value::from(true), &Value::Null),
            ]
        );
    }
}
