//! Reading and editing of existing `.nix` files, as a careful person would.
//!
//! [`literal`] reads Nix values that are written out in full, such as a machine's hardware
//! profile, into any [`serde`] type, without evaluating Nix:
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! let text = r#"
//!   /* what this machine is */
//!   {
//!     memory.total = "16";
//!     memory = { channels = "2"; };
//!   }
//! "#;
//! let profile: BTreeMap<String, BTreeMap<String, String>> = overlay_ast::literal::from_str(text)?;
//! assert_eq!(profile["memory"]["channels"], "2");
//!
//! let wrong = overlay_ast::literal::from_str::<BTreeMap<String, u32>>("{ maxJobs = 2-3; }").unwrap_err();
//! assert_eq!(wrong.code(), "operator");
//! assert_eq!(wrong.path().unwrap().to_string(), "maxJobs");
//! assert!(wrong.to_string().contains("-1"));
//! # Ok::<(), overlay_ast::Error>(())
//! ```
//!
//! [`Document`] finds definitions, sets attributes and edits lists: elements are inserted,
//! removed, moved, commented out and in, and every byte elsewhere stays as it is:
//!
//! ```
//! use overlay_ast::{Document, Place};
//!
//! let (file, problems) = Document::parse("\
//! { hw }:
//! {
//!   overlays = [
//!     (import ./go.nix hw)
//!     ## (import ./nodejs.nix hw)
//!   ];
//! }
//! ");
//! assert!(problems.is_empty());
//! let (file, undo) = file.apply(&file.enable(None, "nodejs")?)?;
//! let overlays = "overlays".parse()?;
//! let libs = "import ./libs.nix hw".parse()?;
//! let patch = file.insert(Some(&overlays), &libs, &Place::First, Some("Phase 1"))?;
//! assert_eq!(file.apply(&patch)?.0.text(), "\
//! { hw }:
//! {
//!   overlays = [
//!     ## Phase 1
//!     (import ./libs.nix hw)
//!     (import ./go.nix hw)
//!     (import ./nodejs.nix hw)
//!   ];
//! }
//! ");
//! assert!(file.apply(&undo)?.0.text().contains("# (import ./nodejs.nix hw)"));
//! # Ok::<(), overlay_ast::Error>(())
//! ```
//!
//! [`Document::within`] does the same to the attributes of one part of a file, such as what
//! `overrideAttrs` is given for a package, and makes that part where it is missing:
//!
//! ```
//! use overlay_ast::{Document, Scope};
//!
//! let (file, _) = Document::parse("final: prev: { zlib = prev.zlib; }");
//! let zlib = file.within(&Scope::OverrideAttrs("zlib".parse()?))?;
//! let patch = zlib.append(&"NIX_CFLAGS_COMPILE".parse()?, &"-O3".parse()?)?;
//! assert_eq!(
//!     file.apply(&patch)?.0.text(),
//!     "final: prev: { zlib = prev.zlib.overrideAttrs (old: \
//!      { NIX_CFLAGS_COMPILE = toString [ (old.NIX_CFLAGS_COMPILE or \"\") \"-O3\" ]; }); }"
//! );
//! # Ok::<(), overlay_ast::Error>(())
//! ```
//!
//! # Invariants
//!
//! - What Nix rejects is rejected here too, with a byte span. The parser beneath accepts more
//!   than Nix does, so a strict pass of this crate's own goes before and after it.
//! - What is accepted means what Nix means by it: strings are decoded as Nix decodes them, and
//!   split definitions of one attribute are merged as Nix merges them.
//! - A file that Nix does not read is not edited, and [`Document::apply`] refuses an edit after
//!   which Nix would not read it. An edit changes the bytes of its [`Patch`] and no others, its
//!   inverse restores the file byte for byte, and the same edit again is an empty patch.
//! - Comments belong to an element if they stand on the lines directly above it or behind it on
//!   its line; they move and go with it. All others stay.
//! - No input panics or overflows the stack. Reading takes time linear in the text, but for the
//!   logarithm of the number of attributes in one set.
//! - No type of the parser beneath appears in a public signature.
//!
//! # Limits
//!
//! - Names that are not in scope are no error of reading, though Nix refuses them: [`lint`] finds
//!   them. `let { … }` is read as a whole file or value only, and `|>` always.
//! - An empty list `[]` becomes `[ ]` when an element is inserted and removed again.
//! - To [`literal`], nothing is evaluated: a function, variable, operator, `let`, `with`, `rec`, `inherit` or
//!   interpolation is a diagnostic. `-5` counts as a number, and parentheses are allowed.
//! - Nesting deeper than [`literal::MAX_DEPTH`] is refused before parsing.

mod attributes;
mod call_package;
mod definitions;
mod diagnostic;
mod document;
mod error;
mod expression;
mod flags;
mod grammar;
mod key_path;
mod layout;
pub mod lint;
mod list;
pub mod literal;
mod look;
mod named_paths;
mod names;
mod nesting;
mod overrides;
mod parse;
mod patch;
mod path;
mod rename;
mod reparse;
mod scope;
mod span;
mod strict;
mod table;
mod within;

pub use diagnostic::{Code, Diagnostic, Label};
pub use document::Document;
pub use error::Error;
pub use expression::Expression;
pub use flags::Flags;
pub use key_path::{Key, KeyPath};
pub use list::{Element, List, Place};
pub use named_paths::{NamedPath, PathBase};
pub use overrides::Package;
pub use patch::{Patch, TextEdit};
pub use path::{AttrPath, Segment};
pub use scope::Found;
pub use span::Span;
pub use within::{Scope, Within};
