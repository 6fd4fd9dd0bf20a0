//! What overlays define, beside the builds that come of it.

use std::path::Path;

use drv_graph::DrvId;
use overlay_ast::Package;

use super::machine::{self, Machine};
use crate::check::files::{File, Files};
use crate::dto::findings::{Place, Related};
use crate::workspace::Input;

/// A package that an overlay overrides, not merely adds.
#[derive(Clone, Copy)]
pub(super) struct Definition<'f> {
    pub(super) file: &'f File,
    pub(super) package: &'f Package,
}

impl Definition<'_> {
    pub(super) fn place(&self) -> Place {
        self.file.place(self.package.definition)
    }

    /// The name of the package.
    pub(super) fn name(&self) -> String {
        self.package.path.to_string()
    }
}

/// The overrides of overlays that are in force, in the order of the files.
///
/// An overlay is in force if its file defines something else too (a flake, a module), or another
/// file names it outside of a comment.
pub(super) fn in_force(files: &Files) -> Vec<Definition<'_>> {
    let all = files.files.iter().filter(|file| !file.packages.is_empty());
    let used = all.filter(|file| {
        let ends = ["flake.nix", "default.nix"];
        ends.iter().any(|end| *end == file.name) || is_named(files, file)
    });
    let definitions = used.flat_map(|file| {
        let overriding = |package: &&Package| !package.overrides.is_empty();
        let packages = file.packages.iter().filter(overriding);
        packages.map(move |package| Definition { file, package })
    });
    definitions.collect()
}

/// Whether a file names another, outside of a comment at the end of a line.
fn is_named(files: &Files, file: &File) -> bool {
    let path = Path::new(&file.name);
    let name = match path.file_name().and_then(|name| name.to_str()) {
        Some("default.nix") => path.parent().and_then(Path::file_name),
        _ => path.file_name(),
    };
    let Some(name) = name.and_then(|name| name.to_str()) else {
        return false;
    };
    let mut others = files.files.iter().filter(|other| other.name != file.name);
    others.any(|other| {
        let mut lines = other.document.text().lines();
        lines.any(|line| line.split('#').next().is_some_and(|code| names(code, name)))
    })
}

/// Whether a line has the file's name as the end of a path.
fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        let ends = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        before.is_none_or(|c| c == '/' || c == '"') && after.is_none_or(ends)
    })
}

/// The definition that a build comes of, if an overlay has one.
pub(super) fn of_build<'d, 'f>(
    definitions: &'d [Definition<'f>],
    input: &Input,
    id: DrvId,
) -> Option<&'d Definition<'f>> {
    let mut found = definitions.iter();
    found.find(|definition| machine::called(input, &definition.package.path).contains(&id))
}

/// The place of the first of these builds that an overlay defines, and those of the others.
pub(super) fn places(
    definitions: &[Definition<'_>],
    machine: &Machine,
    ids: &[DrvId],
) -> (Option<Place>, Vec<Related>) {
    const MOST: usize = 4;
    let mut places: Vec<Place> = Vec::new();
    for &id in ids {
        if places.len() > MOST {
            break;
        }
        if let Some(definition) = of_build(definitions, &machine.input, id) {
            let place = definition.place();
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    let mut places = places.into_iter();
    let first = places.next();
    let others = places.map(|place| Related {
        place,
        message: "and this".to_owned(),
    });
    (first, others.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_the_end_of_a_path() {
        for (code, expected) in [
            ("(import ./overlays/zlib.nix hw)", true),
            ("imports = [ ./zlib.nix ];", true),
            ("./overlays/my-zlib.nix", false),
            ("./zlib.nix.orig", false),
            ("pkgs.zlib", false),
        ] {
            assert_eq!(names(code, "zlib.nix"), expected, "{code}");
        }
    }
}
