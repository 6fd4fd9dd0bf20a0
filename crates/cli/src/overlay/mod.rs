//! `hmtool overlay`: shows and edits `.nix` files.

mod args;
pub(crate) mod check;
pub(crate) mod fix;
pub(crate) mod lint;
mod show;

use std::path::Path;

use overlay_ast::{Document, Error, Found, KeyPath, Patch, Scope};

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
        OverlayVerb::List { file, within } => {
            let file = file.as_deref().or(within.as_deref());
            list(file.unwrap_or(Path::new("")))
        }
        OverlayVerb::Get { path, scope, file } => get(path, &scope.scope(), &file.file),
        OverlayVerb::Set {
            path,
            value,
            scope,
            edit: args,
        } => edit(args, |document| {
            document.within(&scope.scope())?.set(path, value)
        }),
        OverlayVerb::Unset {
            path,
            scope,
            edit: args,
        } => edit(args, |document| {
            document.within(&scope.scope())?.remove(path)
        }),
        OverlayVerb::Rename {
            path,
            name,
            scope,
            edit: args,
        } => edit(args, |document| {
            document.within(&scope.scope())?.rename(path, name)
        }),
        OverlayVerb::Override {
            package,
            path,
            value,
            append,
            env,
            args,
            edit: edit_args,
        } => {
            let scope = if *args {
                Scope::Override(package.clone())
            } else {
                Scope::OverrideAttrs(package.clone())
            };
            edit(edit_args, |document| {
                let path = if *env {
                    format!("env.{path}").parse()?
                } else {
                    path.clone()
                };
                let part = document.within(&scope)?;
                if *append {
                    part.append(&path, &value.parse()?)
                } else {
                    part.set(&path, &value.parse()?)
                }
            })
        }
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

fn list(file: &Path) -> Result<Outcome, Failure> {
    let document = read(file)?;
    let shown = show::packages(&document).map_err(|error| failure(file, &document, &error))?;
    output::write(&shown)?;
    Ok(Outcome::Clean)
}

fn get(path: &KeyPath, scope: &Scope, file: &Path) -> Result<Outcome, Failure> {
    let document = read(file)?;
    let found = match scope {
        // Reading may look further than editing does.
        Scope::File => document.get(path),
        _ => document.within(scope).and_then(|part| part.get(path)),
    };
    let found = found.map_err(|error| failure(file, &document, &error))?;
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
