//! The lists of a file, for people.

use std::fmt::Write as _;

use overlay_ast::{Document, Error, KeyPath, List};

use crate::render::untrusted::for_terminal;

/// The lists that `path` is made of, or all of the file that have a name or are the file.
pub(super) fn lists(document: &Document, path: Option<&KeyPath>) -> Result<String, Error> {
    let mut out = String::new();
    match path {
        Some(path) => {
            for list in document.lists(Some(path))? {
                show(document, &path.to_string(), &list, &mut out);
            }
        }
        None => {
            for (name, list) in document.all_lists()? {
                show(document, &name, &list, &mut out);
            }
        }
    }
    Ok(out)
}

fn show(document: &Document, name: &str, list: &List, out: &mut String) {
    let (line, _) = list.span.line_column(document.text());
    let condition = if list.conditional {
        ", under a condition"
    } else {
        ""
    };
    let name = for_terminal(name);
    let _ = writeln!(out, "{name}  line {line}{condition}");
    for element in &list.elements {
        let mark = if element.enabled { ' ' } else { '#' };
        let words: Vec<&str> = element.text.split_whitespace().collect();
        let words = words.join(" ");
        let _ = writeln!(out, "  {mark} {}", for_terminal(&words));
    }
}
