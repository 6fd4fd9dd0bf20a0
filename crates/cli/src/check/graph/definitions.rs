//! What overlays define, beside the builds that come of it.

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
/// An overlay is in force if its file is what is built, or another file names it.
pub(super) fn in_force(files: &Files) -> Vec<Definition<'_>> {
    let used = files.files.iter().filter(|file| file.in_force);
    let definitions = used.flat_map(|file| {
        let overriding = |package: &&Package| !package.overrides.is_empty();
        let packages = file.packages.iter().filter(overriding);
        packages.map(move |package| Definition { file, package })
    });
    definitions.collect()
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
