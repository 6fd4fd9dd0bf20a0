//! `.nix` files that commands read and edit: nothing is written unless it is asked for.

pub(crate) mod difference;
pub(crate) mod replace;

use std::path::Path;

use clap::Args;
use overlay_ast::{Document, Error, Patch};

use crate::failure::{Failure, Problem};
use crate::output::{self, Outcome};

/// Whether to write what an edit makes.
#[derive(Args, Debug)]
pub(crate) struct WriteArgs {
    /// Change the file; without it, only the difference is shown
    #[arg(short, long)]
    pub(crate) write: bool,

    /// Exit with 1 if the file would be changed
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
}

/// Reads a file that Nix reads too.
pub(crate) fn read(path: &Path) -> Result<Document, Failure> {
    let bytes = std::fs::read(path).map_err(|source| Failure::reading(path, source))?;
    let text = String::from_utf8(bytes).map_err(|error| Failure::Data {
        file: path.display().to_string(),
        place: Some(format!("byte {}", error.utf8_error().valid_up_to())),
        code: "not-utf8",
        message: "this is not a text in UTF-8".to_owned(),
        hint: Some("is the file encrypted or binary? it is left as it is".to_owned()),
    })?;
    let (document, problems) = Document::parse(&text);
    if problems.is_empty() {
        Ok(document)
    } else {
        let diagnostics = problems;
        Err(failure(path, &document, &Error::Unreadable { diagnostics }))
    }
}

/// Shows what `change` would do to the file, and does it if it is asked to.
pub(crate) fn edit(
    path: &Path,
    args: &WriteArgs,
    change: impl FnOnce(&Document) -> Result<Patch, Error>,
) -> Result<Outcome, Failure> {
    let document = read(path)?;
    let patch = change(&document).map_err(|error| failure(path, &document, &error))?;
    carry_out(path, args, &document, &patch)
}

/// Shows what `patch` does to the file that was read as `document`, and does it if it is asked to.
pub(crate) fn carry_out(
    path: &Path,
    args: &WriteArgs,
    document: &Document,
    patch: &Patch,
) -> Result<Outcome, Failure> {
    if patch.is_empty() {
        output::complain(&format!("{}: unchanged", path.display()));
        return Ok(Outcome::Clean);
    }
    let (edited, _) = document
        .apply(patch)
        .map_err(|error| failure(path, document, &error))?;
    output::write(&difference::unified(path, document.text(), edited.text()))?;
    if args.write {
        replace::file(path, &document.to_file(), &edited.to_file())?;
    } else if args.check {
        return Ok(Outcome::Finding);
    } else {
        output::complain("nothing is written without --write");
    }
    Ok(Outcome::Clean)
}

/// Shows a new file, and makes it if it is asked to.
pub(crate) fn create(path: &Path, args: &WriteArgs, text: &str) -> Result<Outcome, Failure> {
    output::write(&difference::unified(path, "", text))?;
    if args.write {
        replace::create(path, text)?;
    } else if args.check {
        return Ok(Outcome::Finding);
    } else {
        output::complain("nothing is written without --write");
    }
    Ok(Outcome::Clean)
}

/// What an error of the library is to who runs the command.
pub(crate) fn failure(path: &Path, document: &Document, error: &Error) -> Failure {
    let mut problems: Vec<Problem> = match error {
        Error::Unreadable { diagnostics } => diagnostics
            .iter()
            .map(|found| {
                let problem = Problem::new(found.span.into(), found.message.clone());
                match &found.hint {
                    Some(hint) => problem.hinted(hint),
                    None => problem,
                }
            })
            .collect(),
        Error::Ambiguous { candidates, .. } => candidates
            .iter()
            .enumerate()
            .map(|(at, found)| {
                let message = match at {
                    0 => format!("{error}: this"),
                    _ => "or this".to_owned(),
                };
                Problem::new(found.span.into(), message)
            })
            .collect(),
        Error::Conflict { span, .. } => vec![Problem::new((*span).into(), error.to_string())],
        _ => Vec::new(),
    };
    if problems.is_empty() {
        let hint = match error {
            Error::NotFound { hint: None, .. } => Some("`hmtool overlay show` lists what there is"),
            _ => error.hint(),
        };
        return Failure::Data {
            file: path.display().to_string(),
            place: None,
            code: error.code(),
            message: error.to_string(),
            hint: hint.map(str::to_owned),
        };
    }
    // Diagnostics bring their own.
    if error.diagnostics().is_empty()
        && let (Some(hint), Some(last)) = (error.hint(), problems.last_mut())
    {
        last.hint = Some(hint.to_owned());
    }
    Failure::Text {
        path: path.to_owned(),
        text: document.text().to_owned(),
        problems,
    }
}
