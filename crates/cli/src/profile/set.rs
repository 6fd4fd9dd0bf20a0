//! `hmtool profile set`.

use std::path::Path;

use hw_profile::{Profile, Severity};
use overlay_ast::{Document, KeyPath, Patch, literal};

use super::spelling;
use crate::failure::{Failure, Problem};
use crate::input;
use crate::nix_file::{self, WriteArgs, failure};
use crate::output::{self, Outcome};

/// Gives the key `path` of the profile `file` the value `value`.
pub(super) fn run(
    file: &Path,
    path: &KeyPath,
    value: &str,
    write: &WriteArgs,
) -> Result<Outcome, Failure> {
    if !input::profile::is_nix(file) {
        return Err(Failure::Usage {
            message: format!("{} is not edited", file.display()),
            hint: "a profile in Nix is; change this one with an editor".to_owned(),
        });
    }
    let document = nix_file::read(file)?;
    let patch = patch(file, &document, path, value)?;
    let (edited, _) = document
        .apply(&patch)
        .map_err(|error| failure(file, &document, &error))?;
    complain_about(file, &document, &edited, path)?;
    nix_file::carry_out(file, write, &document, &patch)
}

/// What gives the key `path` of a profile the value `value`, spelled as its author would.
pub(super) fn patch(
    file: &Path,
    document: &Document,
    path: &KeyPath,
    value: &str,
) -> Result<Patch, Failure> {
    let (profile, _) = literal::parse(document.text());
    let expression =
        spelling::expression(value, path, profile.as_ref()).map_err(|found| match found {
            spelling::Problem::Section(span) => Failure::Text {
                path: file.to_owned(),
                text: document.text().to_owned(),
                problems: vec![
                    Problem::new(span.into(), format!("`{path}` is a set of keys"))
                        .hinted(format!("name the key: {path}.KEY")),
                ],
            },
            spelling::Problem::Value(error) => failure(file, document, &error),
        })?;
    match expression {
        Some(expression) => document
            .set(path, &expression)
            .map_err(|error| failure(file, document, &error)),
        None => Ok(Patch::default()),
    }
}

/// Says what is wrong with the new value; refuses it if there is no profile with it, but was one.
fn complain_about(
    file: &Path,
    before: &Document,
    after: &Document,
    path: &KeyPath,
) -> Result<(), Failure> {
    let profile = match input::profile::parse(file, after.text()) {
        Ok(profile) => profile,
        Err(failure) => {
            return match literal::from_str::<Profile>(before.text()) {
                Ok(_) => Err(failure),
                Err(_) => Ok(()),
            };
        }
    };
    let path = path.to_string();
    let found = profile.check();
    // How it is spelled is the author's matter, so notes are left out.
    let matters =
        |found: &&hw_profile::Diagnostic| found.path == path && found.severity > Severity::Note;
    for found in found.iter().filter(matters) {
        let hint = found.hint.as_ref().map(|hint| format!("; {hint}"));
        output::complain(&format!(
            "{}: {found}{}",
            found.severity,
            hint.unwrap_or_default()
        ));
    }
    Ok(())
}
