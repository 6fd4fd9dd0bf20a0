//! Lints every `.nix` file below some folders, on one thread.
//!
//! ```sh
//! cargo run --release -p overlay-ast --example lint_tree -- [--count] FOLDER…
//! ```
//!
//! Each finding is a line `FILE:LINE:COLUMN: SEVERITY[RULE]: MESSAGE`; at the end, on stderr, come
//! the counts by rule. With `--count` there are only the counts.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "an example of a program around the library reads files and prints"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use overlay_ast::Document;
use overlay_ast::lint::{Options, rules};

fn main() {
    let (flags, folders): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|arg| arg.starts_with("--"));
    let only_count = flags.iter().any(|flag| flag == "--count");
    let mut files = Vec::new();
    for folder in &folders {
        collect(Path::new(folder), &mut files);
    }
    files.sort();

    let options = Options::default();
    let mut counts: BTreeMap<&str, usize> = rules().iter().map(|rule| (rule.id, 0)).collect();
    let (mut bytes, mut unread) = (0, 0);
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else {
            unread += 1;
            continue;
        };
        bytes += text.len();
        let (document, problems) = Document::parse(&text);
        unread += usize::from(!problems.is_empty());
        for finding in document.lint(&options) {
            *counts.entry(finding.rule.id).or_default() += 1;
            if !only_count {
                let (line, column) = finding.span.line_column(document.text());
                println!(
                    "{}:{line}:{column}: {}[{}]: {}",
                    file.display(),
                    finding.rule.severity.as_str(),
                    finding.rule.id,
                    finding.message
                );
            }
        }
    }
    eprintln!("{} files, {bytes} bytes, {unread} not read", files.len());
    for (rule, count) in counts {
        eprintln!("{count:8} {rule}");
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.extension().is_some_and(|extension| extension == "nix") && path.is_file() {
        files.push(path.to_owned());
    } else if path.is_dir()
        && !path.is_symlink()
        && let Ok(entries) = std::fs::read_dir(path)
    {
        for entry in entries.flatten() {
            collect(&entry.path(), files);
        }
    }
}
