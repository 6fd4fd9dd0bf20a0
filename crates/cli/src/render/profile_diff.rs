//! Where profiles differ, as a table.

use super::Screen;
use super::style::{self, paint};
use super::table::{self, Align};
use super::untrusted::for_terminal;
use crate::dto::profile_diff::ProfileDiff;
use crate::quantity::plural;

/// Attributes with both values side by side.
pub(crate) fn render(document: &ProfileDiff, screen: Screen) -> String {
    let (left, right) = (&document.left.name, &document.right.name);
    let count = document.differences.len() as u64;
    if count == 0 {
        return format!(
            "{} and {} say the same\n",
            for_terminal(left),
            for_terminal(right)
        );
    }
    let rows: Vec<[String; 4]> = document
        .differences
        .iter()
        .map(|it| {
            [
                it.path.clone(),
                shown(&it.left),
                shown(&it.right),
                it.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    let (head, lines) = table::set([Align::Left; 4], &["", left, right, ""], &rows, screen);
    let mut out = String::new();
    let mut line = |cells: &[String], style: anstyle::Style| {
        let text = cells.join("  ");
        out.push_str(&paint(style, text.trim_end()));
        out.push('\n');
    };
    if let Some(cells) = head {
        line(&cells, style::HEADING);
    }
    for cells in lines {
        line(&cells, anstyle::Style::new());
    }
    out + &plural(count, "difference") + "\n"
}

/// A value in few characters.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) => {
            let list: Vec<String> = list.iter().map(shown).collect();
            list.join(" ")
        }
        value => value.to_string(),
    }
}
