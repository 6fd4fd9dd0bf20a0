//! The lists of a file, and its packages, for people.

use std::fmt::Write as _;

use overlay_ast::{Document, Error, KeyPath, List};

use crate::render::untrusted::{for_terminal, width};

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

/// The packages that the overlays of the file define.
pub(super) fn packages(document: &Document) -> Result<String, Error> {
    let rows: Vec<[String; 3]> = document
        .packages()?
        .into_iter()
        .map(|package| {
            let (line, _) = package.definition.line_column(document.text());
            let mut how = package.overrides.join(", ");
            if how.is_empty() {
                how.push_str("plain");
            }
            if package.conditional {
                how.push_str(", under a condition");
            }
            let name = package.path.to_string();
            [
                for_terminal(&name).into_owned(),
                format!("line {line}"),
                how,
            ]
        })
        .collect();
    let wide = |column: usize| {
        rows.iter()
            .map(|row| width(&row[column]))
            .max()
            .unwrap_or(0)
    };
    let (names, lines) = (wide(0), wide(1));
    let mut out = String::new();
    for [name, line, how] in &rows {
        let gap = " ".repeat(names - width(name));
        let _ = writeln!(out, "{name}{gap}  {line:lines$}  {how}");
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
