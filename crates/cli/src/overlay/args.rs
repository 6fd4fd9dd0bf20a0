//! The command line of `hmtool overlay`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use overlay_ast::{Expression, KeyPath, Place, Scope};

use crate::findings::{FindingArgs, RuleArgs};
use crate::nix_file::WriteArgs;

/// What to do with a file.
#[derive(Debug, Subcommand)]
pub(crate) enum OverlayVerb {
    /// List the packages that the overlays of a file define, and what overrides them
    List {
        /// The .nix file
        #[arg(value_name = "FILE", required_unless_present = "within")]
        file: Option<PathBuf>,
        /// The .nix file, as for the other verbs
        #[arg(
            short,
            long = "in",
            id = "within",
            value_name = "FILE",
            conflicts_with = "file"
        )]
        within: Option<PathBuf>,
    },
    /// Show the lists of a file and their elements, those commented out too
    Show {
        /// Only the list that is this attribute, e.g. home.packages
        #[arg(value_name = "PATH")]
        path: Option<KeyPath>,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Print the value of an attribute as it is written
    Get {
        /// The attribute, e.g. programs.git.enable
        #[arg(value_name = "PATH")]
        path: KeyPath,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        file: FileArgs,
    },
    /// Report what is wrong or doubtful in .nix files
    Check(CheckArgs),
    /// Mend what `check` reports, where there is a fix for it
    Fix(FixArgs),
    /// Define an attribute, or give it another value
    Set {
        /// The attribute, e.g. programs.git.enable
        #[arg(value_name = "PATH")]
        path: KeyPath,
        /// Its value, e.g. "lib.mkForce true"; a string has quotes of its own
        #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
        value: Expression,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Remove the definition of an attribute, with the comments that belong to it
    Unset {
        /// The attribute, e.g. programs.git.enable
        #[arg(value_name = "PATH")]
        path: KeyPath,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Rename an attribute or a name of a let, with what refers to it in the file
    Rename {
        /// The attribute, e.g. programs.git.enable
        #[arg(value_name = "PATH")]
        path: KeyPath,
        /// What its last name becomes, e.g. activate
        #[arg(value_name = "NAME")]
        name: String,
        #[command(flatten)]
        scope: ScopeArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Set an attribute of a package's derivation, or append flags to it
    ///
    /// What overrideAttrs is given for the package already gets it; without that, and for a
    /// package that the overlay does not have yet, it is written.
    Override {
        /// The package, e.g. zlib or llvmPackages_19.llvm
        #[arg(value_name = "PACKAGE")]
        package: KeyPath,
        /// The attribute, e.g. NIX_CFLAGS_COMPILE
        #[arg(value_name = "ATTRIBUTE")]
        path: KeyPath,
        /// Its value as an expression, where `old` is what was before; with --append, flags
        #[arg(value_name = "VALUE", allow_hyphen_values = true)]
        value: String,
        /// Append flags, e.g. "-O3 -pipe" or '"-march=${march}"', that are not there yet, whether
        /// the value is a string, a list or absent upstream
        #[arg(long)]
        append: bool,
        /// Put it into `env`, also where the package has none yet
        #[arg(long)]
        env: bool,
        /// Give it to `override` instead: it is an argument of the package's function
        #[arg(long, conflicts_with = "env")]
        args: bool,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Make an element of a list count that is commented out
    Enable(ElementArgs),
    /// Comment an element of a list out
    Disable(ElementArgs),
    /// Insert an element into a list
    Insert {
        /// The element, e.g. ./a.nix or "(import ./b.nix hw)"
        #[arg(value_name = "EXPRESSION", allow_hyphen_values = true)]
        element: Expression,
        /// The list, e.g. imports; without it, the one of the neighbour, or the file itself
        #[arg(short, long, value_name = "PATH")]
        list: Option<KeyPath>,
        #[command(flatten)]
        place: PlaceArgs,
        /// Put a comment above it
        #[arg(long, value_name = "TEXT")]
        comment: Option<String>,
        #[command(flatten)]
        edit: EditArgs,
    },
    /// Remove an element from a list, with the comments that belong to it
    Remove(ElementArgs),
    /// Move an element within its list, with the comments that belong to it
    Move {
        /// The element: all of it, its name, or a part of its name
        element: String,
        /// The list, e.g. imports; without it, all lists of the file
        #[arg(short, long, value_name = "PATH")]
        list: Option<KeyPath>,
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        edit: EditArgs,
    },
}

/// The part of a file that attributes are meant in.
#[derive(Args, Debug)]
pub(crate) struct ScopeArgs {
    /// In what `overrideAttrs` is given for this package
    #[arg(long, value_name = "PACKAGE", group = "scope")]
    override_attrs: Option<KeyPath>,
    /// In what `override` is given for this package
    #[arg(long = "override", value_name = "PACKAGE", group = "scope")]
    override_: Option<KeyPath>,
    /// Among the names of the file's `let`s
    #[arg(long = "let", group = "scope")]
    let_: bool,
}

impl ScopeArgs {
    /// The one that was given.
    pub(crate) fn scope(&self) -> Scope {
        match (&self.override_attrs, &self.override_) {
            (Some(package), _) => Scope::OverrideAttrs(package.clone()),
            (_, Some(package)) => Scope::Override(package.clone()),
            _ if self.let_ => Scope::Let,
            _ => Scope::File,
        }
    }
}

/// The file to read.
#[derive(Args, Debug)]
pub(crate) struct FileArgs {
    /// The .nix file
    #[arg(short, long = "in", value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// The file to edit, and whether to.
#[derive(Args, Debug)]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) file: FileArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// The files to check.
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// Files, and directories whose .nix files are meant, save those that a .gitignore names
    #[arg(value_name = "FILE | DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) report: FindingArgs,
}

/// The files to mend, and whether to.
#[derive(Args, Debug)]
pub(crate) struct FixArgs {
    /// Files, and directories whose .nix files are meant, save those that a .gitignore names
    #[arg(value_name = "FILE | DIR", required = true)]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) rules: RuleArgs,

    /// Make the fixes too that may change what a file means
    #[arg(long)]
    pub(crate) r#unsafe: bool,

    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// An element of a list, to edit.
#[derive(Args, Debug)]
pub(crate) struct ElementArgs {
    /// The element: all of it, its name (x for "(import ./x.nix pkgs)"), or a part of its name
    pub(crate) element: String,

    /// The list, e.g. home.packages; without it, all lists of the file
    #[arg(short, long, value_name = "PATH")]
    pub(crate) list: Option<KeyPath>,

    #[command(flatten)]
    pub(crate) edit: EditArgs,
}

/// Where in a list.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("place").required(true))]
pub(crate) struct PlaceArgs {
    /// Before all others
    #[arg(long, group = "place")]
    first: bool,
    /// After all others
    #[arg(long, group = "place")]
    last: bool,
    /// Before this element
    #[arg(long, value_name = "ELEMENT", group = "place")]
    before: Option<String>,
    /// After this element
    #[arg(long, value_name = "ELEMENT", group = "place")]
    after: Option<String>,
}

impl PlaceArgs {
    /// The one that was given.
    pub(crate) fn place(&self) -> Place {
        match (&self.before, &self.after) {
            (Some(name), _) => Place::Before(name.clone()),
            (_, Some(name)) => Place::After(name.clone()),
            _ if self.first => Place::First,
            _ => Place::Last,
        }
    }
}
