//! What `nix derivation show` (once `nix show-derivation`) prints, in every shape it has had.
//!
//! | Nix | what changed |
//! |---|---|
//! | up to 2.14 | path → derivation, with `inputDrvs`, `inputSrcs`, `hashAlgo: "r:sha256"` |
//! | 2.15 | `name` |
//! | 2.18 | an input is `{dynamicOutputs, outputs}` |
//! | 2.23 | `method` beside `hashAlgo` |
//! | 2.30 | `structuredAttrs` in place of `env.__json` |
//! | 2.32 | `version: 3`; paths without store directory; fixed outputs without path |
//! | 2.33 | `{version: 4, derivations}`, `inputs: {srcs, drvs}`, `{hash, method}` |
//!
//! Each field is read as it stands, so that the shapes need not be told apart, and what lies
//! between two of them reads too. Versions above 4 are refused.

mod derivation;
mod pieces;
mod walk;

pub use pieces::PieceReader;

use crate::{DerivationGraph, DerivationGraphBuilder, Error, ReadOptions};

/// Reads a graph; every input of every derivation must be in it (`-r`).
///
/// O(n) in the length of `input`, which is borrowed: besides it and the graph, memory is needed
/// for one derivation. Where nothing is kept of environments, a graph takes about 1.5 kB for
/// each derivation and 400 MB of text take less than a second. A text of that size need not be
/// in memory as a whole: see [`PieceReader`].
///
/// # Errors
/// The first fault of the text, with its position, or all that is wrong with the graph.
pub fn read(input: &[u8], options: &ReadOptions) -> Result<DerivationGraph, Error> {
    let mut builder = DerivationGraphBuilder::new();
    read_into(&mut builder, input, options)?;
    builder.finish()
}

/// Adds derivations to those of other inputs.
///
/// # Errors
/// The first fault of the text, with its position. The builder then has what came before it.
pub fn read_into(
    builder: &mut DerivationGraphBuilder,
    input: &[u8],
    options: &ReadOptions,
) -> Result<(), Error> {
    PieceReader::new(options)
        .read(builder, input, true)
        .map(drop)
}
