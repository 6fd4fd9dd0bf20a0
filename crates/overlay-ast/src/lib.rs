//! Reading of existing `.nix` files.
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
//! # Invariants
//!
//! - What Nix rejects is rejected here too, with a byte span. The parser beneath accepts more
//!   than Nix does, so a strict pass of this crate's own goes before and after it.
//! - What is accepted means what Nix means by it: strings are decoded as Nix decodes them, and
//!   split definitions of one attribute are merged as Nix merges them.
//! - No input panics or overflows the stack. Reading takes time linear in the text, but for the
//!   logarithm of the number of attributes in one set.
//! - No type of the parser beneath appears in a public signature.
//!
//! # Limits
//!
//! - Nothing is evaluated: a function, variable, operator, `let`, `with`, `rec`, `inherit` or
//!   interpolation is a diagnostic. `-5` counts as a number, and parentheses are allowed.
//! - Nesting deeper than [`literal::MAX_DEPTH`] is refused before parsing.

mod diagnostic;
mod error;
pub mod literal;
mod path;
mod span;
mod strict;

pub use diagnostic::{Code, Diagnostic, Label};
pub use error::Error;
pub use path::{AttrPath, Segment};
pub use span::Span;
