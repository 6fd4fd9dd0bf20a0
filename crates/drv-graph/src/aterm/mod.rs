//! `.drv` files, byte for byte.
//!
//! A `.drv` file is one ATerm: `Derive(outputs,inputs,sources,system,builder,args,env)`, or the
//! same behind `DrvWithVersion("xp-dyn-drv",` where inputs may be outputs of derivations that
//! are themselves built (the experimental feature `dynamic-derivations`). Strings are bytes, not
//! text; the derivation's name is not in the file.
//!
//! [`Aterm::parse`] and [`Aterm::print`] are inverse on what Nix writes. On other spellings of
//! the same (`\x` for `x`) printing gives Nix's own, which reads as the same value.

mod parse;
mod print;

use std::borrow::Cow;

use crate::StorePath;

/// Bytes of a `.drv` file, borrowed from it unless they had to be unescaped.
pub type ByteStr<'a> = Cow<'a, [u8]>;

/// A `.drv` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aterm<'a> {
    /// Whether it is written as `DrvWithVersion("xp-dyn-drv",`.
    pub dynamic: bool,
    /// What it makes.
    pub outputs: Vec<AtermOutput<'a>>,
    /// Paths of derivations, and what is wanted of each.
    pub input_derivations: Vec<(ByteStr<'a>, Wanted<'a>)>,
    /// Paths of sources.
    pub input_sources: Vec<ByteStr<'a>>,
    /// `x86_64-linux`.
    pub system: ByteStr<'a>,
    /// The program that builds.
    pub builder: ByteStr<'a>,
    /// Its arguments.
    pub args: Vec<ByteStr<'a>>,
    /// Its environment, in the order written.
    pub env: Vec<(ByteStr<'a>, ByteStr<'a>)>,
}

impl Aterm<'_> {
    /// The store that the file is of, such as `/nix/store`: where what it makes and what it needs
    /// is. `None` where it makes only what is not known before it is built, and needs nothing.
    ///
    /// That is not where the file lies when the store is mounted elsewhere, as by `nix --store DIR`,
    /// or when the file was copied out of it.
    ///
    /// ```
    /// use drv_graph::aterm::Aterm;
    ///
    /// let file = br#"Derive([("out","/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-zlib-1.3","","")],[],[],"x86_64-linux","/bin/sh",[],[])"#;
    /// assert_eq!(Aterm::parse(file)?.store_dir().as_deref(), Some("/nix/store"));
    /// # Ok::<(), drv_graph::Error>(())
    /// ```
    pub fn store_dir(&self) -> Option<String> {
        let outputs = self.outputs.iter().map(|output| &output.path);
        let inputs = self.input_derivations.iter().map(|(path, _)| path);
        let paths = outputs.chain(inputs).chain(&self.input_sources);
        let mut paths = paths.filter_map(|path| {
            let text = std::str::from_utf8(path).ok()?;
            StorePath::parse(text).ok()
        });
        paths.next().map(|path| path.store_dir().to_owned())
    }
}

/// One output of a `.drv` file; all but the name may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtermOutput<'a> {
    /// `out`, `dev`.
    pub name: ByteStr<'a>,
    /// A store path.
    pub path: ByteStr<'a>,
    /// `sha256`, `r:sha256`.
    pub hash_algo: ByteStr<'a>,
    /// In base 16, or `impure`.
    pub hash: ByteStr<'a>,
}

/// What is wanted of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Names of its outputs.
    pub outputs: Vec<ByteStr<'a>>,
    /// Of outputs that are derivations: what is wanted of those. Only in a dynamic file.
    pub of_outputs: Vec<(ByteStr<'a>, Wanted<'a>)>,
}
