//! `hmtool diff`: two derivations, and what their difference comes from.

mod comparing;
#[path = "../example/mod.rs"]
#[allow(dead_code)]
mod example;
mod made_up;
mod naming;
#[path = "../nix/mod.rs"]
#[allow(dead_code)]
mod nix;
mod real;
#[path = "../run/mod.rs"]
mod run;
#[path = "../schema/mod.rs"]
mod schema;
mod screen;
#[path = "../shared_data/mod.rs"]
mod shared_data;

use std::path::Path;
use std::process::Output;

use run::{hmtool, text};
use serde_json::Value;

fn diff(folder: &Path, args: &[&str]) -> Output {
    hmtool(folder, &[&["diff"], args].concat())
}

#[track_caller]
fn shown(folder: &Path, args: &[&str]) -> String {
    let output = diff(folder, args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn document(folder: &Path, args: &[&str]) -> Value {
    let output = diff(folder, &[args, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    schema::document(&output)
}

#[track_caller]
fn fails_saying(folder: &Path, args: &[&str], words: &[&str]) {
    let output = diff(folder, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(output.stdout.is_empty());
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn names<'a>(steps: &'a [Value], key: &str) -> Vec<&'a str> {
    let name = |step: &'a Value| step[key]["name"].as_str().expect("a name");
    steps.iter().map(name).collect()
}
