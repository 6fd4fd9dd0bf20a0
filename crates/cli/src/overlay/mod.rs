//! `hmtool overlay`: shows and edits `.nix` files.

mod args;
mod check;
mod fix;
pub(crate) mod lint;
mod show;

use std::path::Path;

use overlay_ast::{Document, Error, Found, KeyPath, Patch};

use args::EditArgs;
pub(crate) use args::OverlayVerb;

use crate::failure::Failure;
use crate::nix_file::{self, failure, read};
use crate::output::{self, Outcome};

/// Runs one verb.
pub(crate) fn run(verb: &OverlayVerb) -> Result<Outcome, Failure> {
    match verb {
        OverlayVerb::Check(args) => check::run(args),
        OverlayVerb::Fix(args) => fix::run(args),
        OverlayVerb::Show { path, file } => {
            let document = read(&file.file)?;
            let shown = show::lists(&document, path.as_ref())
                .map_err(|error| failure(&file.file, &document, &error))?;
            output::write(&shown)?;
            Ok(Outcome::Clean)
        }
        OverlayVerb::Get { path, file } => get(path, &file.file),
        OverlayVerb::Set {
            path,
            value,
            edit: args,
        } => edit(args, |document| document.set(path, value)),
        OverlayVerb::Unset { path, edit: args } => edit(args, |document| document.remove(path)),
        OverlayVerb::Enable(args) => edit(&args.edit, |document| {
            document.enable(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Disable(args) => edit(&args.edit, |document| {
            document.disable(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Remove(args) => edit(&args.edit, |document| {
            document.remove_element(args.list.as_ref(), &args.element)
        }),
        OverlayVerb::Insert {
            element,
            list,
            place,
            comment,
            edit: args,
        } => edit(args, |document| {
            document.insert(list.as_ref(), element, &place.place(), comment.as_deref())
        }),
        OverlayVerb::Move {
            element,
            list,
            place,
            edit: args,
        } => edit(args, |document| {
            document.move_element(list.as_ref(), element, &place.place())
        }),
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

fn edit(
    args: &EditArgs,
    change: impl FnOnce(&Document) -> Result<Patch, Error>,
) -> Result<Outcome, Failure> {
    nix_file::edit(&args.file.file, &args.write, change)
}
