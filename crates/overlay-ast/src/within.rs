//! Attributes of one part of a file.

use crate::look::{Look, Place};
use crate::overrides::{Layer, Overrides};
use crate::scope;
use crate::{Document, Error, Expression, Flags, Found, KeyPath, Patch};

/// The part of a file that an attribute is looked for in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// The set that the file is, through functions (`{ pkgs, ... }:`), `let`, `with`, `assert`,
    /// parentheses, `if`, `//`, `lib.mkIf`, `lib.mkMerge` and the like; for what is not there, the
    /// `let`s of the file.
    #[default]
    File,
    /// The `let`s of the file alone: those around what the file is in the end, and for what is not
    /// there, all others.
    Let,
    /// What `overrideAttrs` is given for this package: the attributes of its derivation.
    OverrideAttrs(KeyPath),
    /// What `override` is given for this package: the arguments of the function that makes it.
    Override(KeyPath),
}

impl Document {
    /// The attributes of one part of the file, to ask for and to edit.
    ///
    /// With [`Scope::OverrideAttrs`] and [`Scope::Override`] that is the set in
    /// `NAME = (prev.NAME.override { … }).overrideAttrs (old: { … })`, whatever the function looks
    /// like: `finalAttrs: prevAttrs:`, `_:`, a pattern, none; through `let`, `with`, `rec`, `//`,
    /// `lib.optionalAttrs`, the branches of an `if`, and functions and values of the file's `let`s
    /// as long as nothing else uses them too. Such an override need not be there yet: it is made
    /// by the first edit, and so is the package in the overlay.
    ///
    /// Takes time linear in the file.
    ///
    /// ```
    /// use overlay_ast::{Document, Scope};
    ///
    /// let (file, _) = Document::parse("final: prev: {\n  go = prev.go;\n}\n");
    /// let go = Scope::OverrideAttrs("go".parse()?);
    /// let patch = file.within(&go)?.set(&"GOAMD64".parse()?, &"\"v3\"".parse()?)?;
    /// let (file, _) = file.apply(&patch)?;
    /// assert_eq!(file.text(), "\
    /// final: prev: {
    ///   go = prev.go.overrideAttrs (_old: {
    ///     GOAMD64 = \"v3\";
    ///   });
    /// }
    /// ");
    /// let patch = file.within(&go)?.append(&"CGO_CFLAGS".parse()?, &"-O3".parse()?)?;
    /// assert_eq!(file.apply(&patch)?.0.text(), "\
    /// final: prev: {
    ///   go = prev.go.overrideAttrs (old: {
    ///     GOAMD64 = \"v3\";
    ///     CGO_CFLAGS = toString [
    ///       (old.CGO_CFLAGS or \"\")
    ///       \"-O3\"
    ///     ];
    ///   });
    /// }
    /// ");
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every definition of a package that has several;
    /// [`Error::Conflict`] if it is a set rather than a package; [`Error::Unreadable`].
    pub fn within(&self, scope: &Scope) -> Result<Within<'_>, Error> {
        let root = self.root()?;
        let part = match scope {
            Scope::File => Part::Plain(Look::new(Place::File(root))),
            Scope::Let => Part::Plain(Look::new(Place::Lets(root))),
            Scope::OverrideAttrs(package) => {
                Part::Override(Overrides::of(self, root, package, Layer::Attributes)?)
            }
            Scope::Override(package) => {
                Part::Override(Overrides::of(self, root, package, Layer::Arguments)?)
            }
        };
        Ok(Within {
            document: self,
            part,
        })
    }

    /// How the attribute `path` is defined: as by [`Within::get`] in [`Scope::File`]; if it is
    /// not there, among all definitions of the file whose path ends with it.
    ///
    /// ```
    /// use overlay_ast::{Document, Found};
    ///
    /// let (file, _) = Document::parse("{ lib, ... }: lib.mkIf true { a.\"b\" = [ 1 ]; }");
    /// let Found::Value { value, .. } = file.get(&"a.b".parse()?)? else { panic!() };
    /// assert_eq!(value.text(file.text()), "[ 1 ]");
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Within::get`]; [`Error::Unreadable`].
    pub fn get(&self, path: &KeyPath) -> Result<Found, Error> {
        let root = self.root()?;
        // As `set` looks for it, and then further.
        let mut hits = Look::new(Place::File(root.clone())).hits(path.keys());
        if hits.is_empty() {
            hits = scope::anywhere(&root, path.keys());
        }
        self.found(path, &hits)
    }

    /// Defines the attribute `path` as `value`: [`Within::set`] in [`Scope::File`].
    ///
    /// ```
    /// let (file, _) = overlay_ast::Document::parse("{\n  programs.git.enable = true;\n}");
    /// let patch = file.set(&"programs.git.lfs.enable".parse()?, &"true".parse()?)?;
    /// assert_eq!(
    ///     file.apply(&patch)?.0.text(),
    ///     "{\n  programs.git.enable = true;\n  programs.git.lfs.enable = true;\n}"
    /// );
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Within::set`]; [`Error::Unreadable`].
    pub fn set(&self, path: &KeyPath, value: &Expression) -> Result<Patch, Error> {
        self.within(&Scope::File)?.set(path, value)
    }

    /// Renames the attribute `path`: [`Within::rename`] in [`Scope::File`].
    ///
    /// # Errors
    ///
    /// As for [`Within::rename`]; [`Error::Unreadable`].
    pub fn rename(&self, path: &KeyPath, name: &str) -> Result<Patch, Error> {
        self.within(&Scope::File)?.rename(path, name)
    }

    /// Removes the attribute `path`: [`Within::remove`] in [`Scope::File`].
    ///
    /// # Errors
    ///
    /// As for [`Within::remove`]; [`Error::Unreadable`].
    pub fn remove(&self, path: &KeyPath) -> Result<Patch, Error> {
        self.within(&Scope::File)?.remove(path)
    }
}

/// The attributes of one part of a [`Document`]; see [`Document::within`].
///
/// The part is found and its sets are read once: in [`Scope::File`] and [`Scope::Let`], asking for
/// and setting many attributes takes time linear in the file and in what is asked for, however many
/// of them are new. In the other scopes each question costs the time to look through the override.
#[derive(Debug)]
pub struct Within<'a> {
    document: &'a Document,
    part: Part<'a>,
}

#[derive(Debug)]
enum Part<'a> {
    Plain(Look),
    Override(Overrides<'a>),
}

impl Within<'_> {
    /// How the attribute `path` is defined. Of overrides of overrides, the outermost that defines
    /// it counts.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Ambiguous`] with every definition if there are several that
    /// do not merge.
    pub fn get(&self, path: &KeyPath) -> Result<Found, Error> {
        let hits = match &self.part {
            Part::Override(overrides) => overrides.hits(path),
            Part::Plain(look) => look.hits(path.keys()),
        };
        self.document.found(path, &hits)
    }

    /// Defines the attribute `path` as `value`.
    ///
    /// What defines it already gets the value; a name that is inherited is taken out of the
    /// `inherit`. What is missing is added to the innermost set of the path that is written out,
    /// after its siblings. The patch is empty if it is so already.
    ///
    /// In [`Scope::OverrideAttrs`], a variable of the environment (a name of capitals and `_`) is
    /// looked for and put into `env` where the file uses `env` for the package; `env.NAME` puts it
    /// there in any case. Where the package is not overridden, or by a function that other
    /// packages share, an override is put around it. `old` in the value is what was before.
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every definition, or every set that it could be added to;
    /// [`Error::Conflict`] if it is defined in parts, or a part of its path is a value that is not
    /// written out as a set; [`Error::NotFound`] if there is nothing to add it to.
    pub fn set(&self, path: &KeyPath, value: &Expression) -> Result<Patch, Error> {
        Patch::new(match &self.part {
            Part::Override(overrides) => overrides.set(path, value)?,
            Part::Plain(look) => self.document.define(look, path, value)?,
        })
    }

    /// Appends `flags` to the attribute `path`, which holds options for a program: those that are
    /// there already are left out, and the patch is empty if all are.
    ///
    /// What is written out is extended: a string, also as the last operand of `+`; a list, also as
    /// the argument of `toString` or an operand of `++`. Whatever else it is, such as a variable,
    /// goes into a list with them, of which `toString` makes one string; or, where the name of the
    /// attribute says that it is a list, such as `configureFlags`, `lib.toList` is put before it.
    ///
    /// In [`Scope::OverrideAttrs`] and [`Scope::Override`], what is not defined in the file yet is
    /// taken from before in the same way, so that the value is right whether it is a string, a
    /// list or absent there. Variables of the environment go to `env` as for [`Within::set`].
    ///
    /// # Errors
    ///
    /// As for [`Within::set`]; [`Error::Conflict`] if the file defines it as what cannot be
    /// extended.
    pub fn append(&self, path: &KeyPath, flags: &Flags) -> Result<Patch, Error> {
        Patch::new(match &self.part {
            Part::Override(overrides) => overrides.append(path, flags)?,
            Part::Plain(look) => self.document.append(look, path, flags)?,
        })
    }

    /// Gives the attribute `path` the name `name` in the place of its last one, in every part that
    /// defines it, and where the file refers to it.
    ///
    /// A name that a `let` or a `rec` set binds is followed to what refers to it, past functions
    /// and `let`s that bind the same name again; `inherit x;` becomes `x = NAME;`, and what is
    /// itself inherited, `inherit (set) x;`, becomes `NAME = set.x;`. An attribute of a set that
    /// such a name stands for is followed to where it is selected, `set.x`, and one that an overlay
    /// gives to where the overlay itself selects it of all packages, `final.x` or `final.pkgs.x`. What
    /// other files and other overlays say of it is left as it is, and `prev.x` is another. The patch is
    /// empty if there is no `path`, but the renamed one.
    ///
    /// ```
    /// use overlay_ast::{Document, Scope};
    ///
    /// let (file, _) = Document::parse("let x = 1; in { inherit x; y = a: x + a; }");
    /// let patch = file.within(&Scope::Let)?.rename(&"x".parse()?, "z")?;
    /// assert_eq!(file.apply(&patch)?.0.text(), "let z = 1; in { x = z; y = a: z + a; }");
    ///
    /// let captured = file.within(&Scope::Let)?.rename(&"x".parse()?, "a").unwrap_err();
    /// assert_eq!(captured.span().unwrap().text(file.text()), "x");
    /// # Ok::<(), overlay_ast::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Ambiguous`] with every definition if there are several that
    /// do not merge; [`Error::Conflict`] with the place if the new name is defined already, if a
    /// reference would come to mean something else, or if what refers to an attribute cannot be told:
    /// where the set, or the overlay's `final`, is used as a whole, where a `with` or a computed name
    /// may mean it, where it is selected of packages for another machine or stage of a build, such as
    /// `final.buildPackages`, `final.pkgsStatic` and `final.pkgsCross.riscv64`, where `callPackage` may
    /// fill it in for a function that is written out in the file, or for an expression that may be
    /// such a function; [`Error::Invalid`] if there are references and it is no name that can be
    /// referred to.
    pub fn rename(&self, path: &KeyPath, name: &str) -> Result<Patch, Error> {
        let new = path.renamed(name);
        if new == *path {
            return Ok(Patch::default());
        }
        Patch::new(match &self.part {
            Part::Override(overrides) => overrides.rename(path, name)?,
            Part::Plain(look) => {
                // Where the one is looked for, the other counts too.
                let (hits, new_hits) = look.hits_of_either(path.keys(), new.keys());
                self.document.rename_hits(path, name, &hits, &new_hits)?
            }
        })
    }

    /// Removes the definition of the attribute `path`, with the comments that belong to it: those
    /// on the lines directly above it, and the one behind it on its line. The patch is empty if
    /// there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Ambiguous`] with every definition; [`Error::Conflict`] if it is defined in parts,
    /// or in an override that other packages share.
    pub fn remove(&self, path: &KeyPath) -> Result<Patch, Error> {
        let document = self.document;
        Patch::new(match &self.part {
            Part::Override(overrides) => overrides.remove(path)?,
            Part::Plain(look) => {
                let hit = document.one(path, look.hits(path.keys()))?;
                document.undefine(hit.as_ref(), path)?
            }
        })
    }
}
