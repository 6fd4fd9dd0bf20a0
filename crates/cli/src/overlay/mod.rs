//! `hmtool overlay`: shows and edits `.nix` files.

mod args;
mod difference;
mod replace;
mod show;

use std::path::Path;

use overlay_ast::{Document, Error, Found, KeyPath, Patch};

pub(crate) use args::OverlayVerb;
use args::WriteArgs;

use crate::failure::{Failure, Problem};
use crate::output::{self, Outcome};

/// Runs one verb.
pub(crate) fn run(verb: &OverlayVerb) -> Result<Outcome, Failure> {
    match verb {
        OverlayVerb::Show { path, file } => {
            let document = read(&file.file)?;
            let shown = show::lists(&document, path.as_ref())
                .map_err(|error| failure(&file.file, &document, &error))?;
            output::write(&shown)?;
            Ok(Outcome::Clean)
        }
        OverlayVerb::Get { path, file } => get(path, &file.file),
        OverlayVerb::Set { path, value, write } => {
            edit(write, |document| document.set(path, value))
        }
        OverlayVerb::Unset { path, write } => edit(write, |document| document.remove(path)),
        OverlayVerb::Enable(args) => edit(&args.write, |document| {
            document.enable(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Disable(args) => edit(&args.write, |document| {
            document.disable(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Remove(args) => edit(&args.write, |document| {
            document.remove_element(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Insert {
            element,
            list,
            place,
            comment,
            write,
        } => edit(write, |document| {
            document.insert(list.as_ref(), element, &place.place(), comment.as_deref())
        }),
        OverlayVerb::Move {
            element,
            list,
            place,
            write,
        } => edit(write, |document| {
            document.move_element(list.as_ref(), element, &place.place())
        }),
    }
}

fn read(path: &Path) -> Result<Document, Failure> {
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

fn get(path: &KeyPath, file: &Path) -> Result<Outcome, Failure> {
    let document = read(file)?;
    let found = document
        .get(path)
        .map_err(|error| failure(file, &document, &error))?;
    let spans = match found {
        Found::Value { value, .. } => vec![value],
        Found::Inherited { definition, .. } => vec![definition],
        Found::Merged { definitions } => definitions,
        _ => Vec::new(),
    };
    let texts: Vec<&str> = spans
        .iter()
        .map(|span| span.text(document.text()))
        .collect();
    output::write_plain(&format!("{}\n", texts.join("\n")))?;
    Ok(Outcome::Clean)
}

/// Shows what `change` would do to the file, and does it if it is asked to.
fn edit(
    args: &WriteArgs,
    change: impl FnOnce(&Document) -> Result<Patch, Error>,
) -> Result<Outcome, Failure> {
    let path = &args.file.file;
    let document = read(path)?;
    let edited = change(&document).and_then(|patch| {
        if patch.is_empty() {
            Ok(None)
        } else {
            document.apply(&patch).map(|(edited, _)| Some(edited))
        }
    });
    let Some(edited) = edited.map_err(|error| failure(path, &document, &error))? else {
        output::complain(&format!("{}: unchanged", path.display()));
        return Ok(Outcome::Clean);
    };
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

fn failure(path: &Path, document: &Document, error: &Error) -> Failure {
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
            Error::NotFound { .. } => Some("`hmtool overlay show` lists what there is"),
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
