//! A profile of what was detected: a new file, or an old one brought up to date.

use std::fs;
use std::path::Path;

use hw_profile::Value;
use hw_profile::detect::{Confidence, Detected, Difference, Draft, Fact};
use overlay_ast::{Document, Found, KeyPath, Patch, TextEdit, literal};

use super::DetectArgs;
use crate::failure::Failure;
use crate::input;
use crate::nix_file::{self, WriteArgs, failure};
use crate::output::{self, Outcome};
use crate::profile::set;

/// What stands above a new profile.
const HEAD: &str = "\
# What `hmtool profile detect` found here; a comment tells where a value is from. Memory is in GB,
# frequencies are in GHz. What the machine is for, and how packages are built on it, is yours to add.
";

/// Shows the new profile, or what changes in the old one, and writes it if it is asked to.
pub(super) fn run(found: &Detected, file: &Path, args: &DetectArgs) -> Result<Outcome, Failure> {
    if !input::profile::is_nix(file) {
        return Err(Failure::Usage {
            message: format!("{} is not written", file.display()),
            hint: "a profile in Nix is: give a .nix file, or take `profile` of --format json"
                .to_owned(),
        });
    }
    let write = WriteArgs {
        write: args.write,
        check: args.check,
    };
    if fs::symlink_metadata(file).is_ok() {
        update(found, file, &write)
    } else {
        let text = new_file(&found.to_profile(), file)?;
        nix_file::create(file, &write, &text)
    }
}

/// The text of a new profile, with a comment at each value.
fn new_file(draft: &Draft, file: &Path) -> Result<String, Failure> {
    let wrong = |document: &Document, error| failure(file, document, &error);
    let text = literal::to_string(&draft.profile);
    let (nothing, _) = Document::parse("");
    let text = text.map_err(|error| wrong(&nothing, error))?;
    let (document, _) = Document::parse(&format!("{HEAD}{text}\n"));
    let mut edits = Vec::new();
    for (path, origin) in &draft.origins {
        let place = path.parse::<KeyPath>().and_then(|path| document.get(&path));
        if let Ok(Found::Value { value, .. }) = place {
            let rest = &document.text()[value.start..];
            let line_end = value.start + rest.find('\n').unwrap_or(rest.len());
            edits.push(TextEdit::insert(
                line_end,
                format!(" # {}", comment(origin)),
            ));
        }
    }
    let commented = Patch::new(edits)
        .and_then(|patch| document.apply(&patch))
        .map_err(|error| wrong(&document, error))?;
    Ok(commented.0.to_file())
}

fn comment(origin: &Fact<()>) -> String {
    let doubt = match origin.confidence {
        Confidence::Guess => "a guess, ",
        _ => "",
    };
    match origin.rule {
        "" => format!("{doubt}{}", origin.file),
        rule => format!("{doubt}{}: {rule}", origin.file),
    }
}

/// Brings an old profile up to date, in the spelling of its author.
fn update(found: &Detected, file: &Path, write: &WriteArgs) -> Result<Outcome, Failure> {
    let before = nix_file::read(file)?;
    let profile = input::profile::parse(file, before.text())?;
    let differences = found.differences(&profile);
    if let Some(name) = differences.iter().find(|it| it.path == "system.hostname") {
        let said = name.said.as_ref().map(shown).unwrap_or_default();
        return Err(Failure::Usage {
            message: format!(
                "{} is the profile of {said}, and this machine is {}",
                file.display(),
                shown(&name.found.value)
            ),
            hint: "give this machine's own profile, or a file that is not there yet".to_owned(),
        });
    }
    let mut patch = Patch::default();
    let mut document = before.clone();
    for difference in &differences {
        output::complain(&in_words(difference));
        let value = literal::to_string(&difference.found.value)
            .map_err(|error| failure(file, &document, &error))?;
        let path = difference
            .path
            .parse()
            .map_err(|error| failure(file, &document, &error))?;
        let next = set::patch(file, &document, &path, &value)?;
        let (edited, _) = document
            .apply(&next)
            .map_err(|error| failure(file, &document, &error))?;
        patch = patch
            .then(&next)
            .map_err(|error| failure(file, &document, &error))?;
        document = edited;
    }
    nix_file::carry_out(file, write, &before, &patch)
}

/// `cpu.cores: 6 in the profile, 4 detected (…)`
fn in_words(difference: &Difference) -> String {
    let said = match &difference.said {
        Some(said) => format!("{} in the profile", shown(said)),
        None => "not in the profile".to_owned(),
    };
    let reason = difference.reason.as_ref();
    let reason = reason.map_or(String::new(), |reason| format!("; {reason}"));
    format!(
        "{}: {said}, {} detected{reason} ({})",
        difference.path,
        shown(&difference.found.value),
        comment(&difference.found.clone().map(|_| ()))
    )
}

/// A value as Nix writes it, on one line.
fn shown(value: &Value) -> String {
    let text = literal::to_string(value).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
