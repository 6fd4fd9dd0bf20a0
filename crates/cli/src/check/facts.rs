//! What is known of the machines and tells the rules of files more than a file alone.

use std::collections::BTreeMap;

use overlay_ast::Key;
use overlay_ast::lint::ValueType;
use overlay_ast::literal::{self, Literal, Value};

use super::files::Files;
use super::graph::Machine;
use crate::profile::check::Checked;

/// How many builds are done again when what an overlay defines changes, by its name: on the machine
/// where it is most.
pub(super) fn dependents(machines: &[Machine], files: &Files) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for package in files.files.iter().flat_map(|file| &file.packages) {
        let counts = machines.iter().map(|it| it.dependents(&package.path));
        if let (Some(most), Some(Key::Static(name))) = (counts.max(), package.path.keys().last()) {
            let known = all.entry(name.clone()).or_insert(most);
            *known = most.max(*known);
        }
    }
    all
}

/// The types of the values of profiles, by their paths. A value that is of one type here and of
/// another there is left out: a file that reads it may be right about either.
pub(super) fn values(profiles: &[Checked]) -> BTreeMap<String, ValueType> {
    let mut all: BTreeMap<String, Option<ValueType>> = BTreeMap::new();
    for profile in profiles {
        let Some((_, document)) = profile.file.nix() else {
            continue;
        };
        if let (Some(literal), _) = literal::parse(document.text()) {
            add(&literal, "", &mut all);
        }
    }
    let known = all.into_iter();
    known
        .filter_map(|(path, value)| Some((path, value?)))
        .collect()
}

fn add(literal: &Literal, path: &str, all: &mut BTreeMap<String, Option<ValueType>>) {
    let value = match &literal.value {
        Value::Attrs(attrs) => {
            for attr in attrs {
                let path = match path {
                    "" => attr.name.clone(),
                    path => format!("{path}.{}", attr.name),
                };
                add(&attr.value, &path, all);
            }
            ValueType::Set
        }
        Value::List(_) => ValueType::List,
        Value::Bool(_) => ValueType::Bool,
        Value::Int(_) | Value::Float(_) => ValueType::Number,
        Value::String(_) => ValueType::String,
        _ => return,
    };
    if path.is_empty() {
        return;
    }
    let known = all.entry(path.to_owned()).or_insert(Some(value));
    if *known != Some(value) {
        *known = None;
    }
}
