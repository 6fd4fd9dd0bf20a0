//! Documents and their schemas.

use std::process::{Command, Output};

use serde_json::Value;

/// The document that was printed. Fails unless it follows the schema that `hmtool schema` prints for its
/// name, and unless that schema can fail.
#[track_caller]
pub(crate) fn document(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    let document: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    let name = document["schema"]["name"].as_str().expect("a name");
    let name = name.strip_prefix("hmtool.").expect("a name of ours");
    let printed = Command::new(env!("CARGO_BIN_EXE_hmtool"))
        .args(["schema", name])
        .output()
        .expect("hmtool runs");
    let schema = serde_json::from_slice(&printed.stdout).expect("a schema is JSON");
    let mut schemas = boon::Schemas::new();
    let mut compiler = boon::Compiler::new();
    compiler
        .add_resource("document.json", schema)
        .expect("it is a schema");
    let schema = compiler
        .compile("document.json", &mut schemas)
        .expect("it is a schema");
    if let Err(error) = schemas.validate(&document, schema) {
        panic!("{name}: {error:#}");
    }
    let mut other = document.clone();
    other["schema"]["version"] = 0.into();
    assert!(
        schemas.validate(&other, schema).is_err(),
        "{name} takes any version"
    );
    document
}
