//! A hardware profile: literal Nix, TOML or JSON.

use std::path::Path;

use hw_profile::Profile;

use super::content;
use crate::failure::{Failure, Problem};
use crate::progress::Progress;

/// Whether the name of `file` says that it is Nix, or says nothing.
pub(crate) fn is_nix(file: &Path) -> bool {
    let extension = file.extension().and_then(|it| it.to_str());
    !matches!(extension, Some("toml" | "json" | "yaml" | "yml"))
}

/// Reads the profile in a file, or on standard input for `-`.
pub(crate) fn read(file: &Path) -> Result<Profile, Failure> {
    let bytes = content::read(file, &Progress::new())?;
    parse(file, content::as_text(&bytes, file)?)
}

/// Reads the text of `file`, whose name tells the language; what it tells not is Nix.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Profile, Failure> {
    let extension = file
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    let problems = match extension {
        "yaml" | "yml" => {
            return Err(Failure::Usage {
                message: format!("{} is YAML, which is not understood", file.display()),
                hint: "write the profile as .nix, .toml or .json".to_owned(),
            });
        }
        "toml" => match toml::from_str(text) {
            Ok(profile) => return Ok(profile),
            Err(error) => {
                let span = error.span().unwrap_or(0..0);
                vec![Problem::new(span, error.message())]
            }
        },
        "json" => match serde_json::from_str(text) {
            Ok(profile) => return Ok(profile),
            Err(error) => {
                let at = offset(text, error.line(), error.column());
                vec![Problem::new(at..at, error.to_string())]
            }
        },
        _ => match overlay_ast::literal::from_str(text) {
            Ok(profile) => return Ok(profile),
            Err(error) => nix_problems(&error),
        },
    };
    Err(Failure::Text {
        path: file.to_owned(),
        text: text.to_owned(),
        problems,
    })
}

fn nix_problems(error: &overlay_ast::Error) -> Vec<Problem> {
    let with_hint = |problem: Problem, hint: Option<&str>| match hint {
        Some(hint) => problem.hinted(hint),
        None => problem,
    };
    if error.diagnostics().is_empty() {
        let span = error.span().map_or(0..0, |span| span.start..span.end);
        return vec![with_hint(
            Problem::new(span, error.to_string()),
            error.hint(),
        )];
    }
    let problems = error.diagnostics().iter().map(|found| {
        let problem = Problem::new(found.span.start..found.span.end, found.to_string());
        with_hint(problem, found.hint.as_deref())
    });
    problems.collect()
}

/// The byte at which a line and column, both from 1, begin.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}
