//! Reading a text that comes in pieces.

use rustc_hash::FxHashSet;

use super::derivation::{Common, Reader};
use super::walk::Walk;
use crate::json::{Fault, Scanner};
use crate::{DerivationGraphBuilder, Error, Format, Position, ReadOptions};

/// Reads derivations as their text comes in, so that a large one need never be in memory as a
/// whole: pieces that fit into a processor's cache are also read sooner than one of 400 MB.
///
/// However the text is cut, the graph is the same, and so is the fault that is found.
///
/// ```
/// use drv_graph::derivation_json::PieceReader;
/// use drv_graph::{DerivationGraphBuilder, ReadOptions};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let text = br#"{"/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-a.drv":{"outputs":{},
/// #     "inputSrcs":[],"inputDrvs":{},"system":"x","builder":"y","args":[],"env":{}}}"#;
/// let options = ReadOptions::default();
/// let mut builder = DerivationGraphBuilder::new();
/// let mut reader = PieceReader::new(&options);
/// let mut left = Vec::new();
/// for (n, piece) in (1..).zip(text.chunks(100)) {
///     left.extend_from_slice(piece);
///     let is_last = n == text.len().div_ceil(100);
///     let done = reader.read(&mut builder, &left, is_last)?;
///     left.drain(..done);
/// }
/// assert_eq!(builder.finish()?.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct PieceReader<'o> {
    options: &'o ReadOptions,
    common: Common,
    walk: Walk,
    /// Where the next piece starts in the whole text.
    start: Position,
    /// Numbers of the derivations that the text has had.
    seen: FxHashSet<u32>,
    /// What could not be read. From there on only a version is looked for that would explain it.
    fault: Option<Fault>,
}

impl<'o> PieceReader<'o> {
    /// At the start of a text.
    pub fn new(options: &'o ReadOptions) -> Self {
        Self {
            options,
            common: Common::new(options),
            walk: Walk::default(),
            start: Position::START,
            seen: FxHashSet::default(),
            fault: None,
        }
    }

    /// Reads the derivations that are whole in `piece` into `builder`, the same one each time;
    /// gives the number of bytes that are done with. The next piece starts behind those: with what
    /// is left of this one and more, unless this one is the last.
    ///
    /// # Errors
    /// The first fault of the text, with its position in all of it; a fault that a version of
    /// tomorrow explains may come out pieces later. After an error the reader is of no more use.
    pub fn read(
        &mut self,
        builder: &mut DerivationGraphBuilder,
        piece: &[u8],
        is_last: bool,
    ) -> Result<usize, Error> {
        if self.options.recipes {
            builder.keep_recipes();
        }
        let (text, is_broken) = valid_start(piece, is_last);
        let goes_on = is_broken || !is_last;
        let mut scanner = Scanner::over(text, Format::DerivationJson).starting_at(self.start);
        loop {
            let here = (scanner.offset(), self.walk);
            match self.step(builder, &mut scanner, goes_on) {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) if goes_on && fault.is_truncation() => {
                    (self.start, self.walk) = (scanner.position(here.0), here.1);
                    return match self.fault.take() {
                        Some(fault) if is_broken => Err(*fault),
                        None if is_broken => Err(Error::NotUtf8 {
                            position: scanner.position(text.len()),
                        }),
                        fault => {
                            self.fault = fault;
                            Ok(here.0)
                        }
                    };
                }
                Err(fault) if matches!(*fault, Error::UnknownVersion { .. }) => return Err(*fault),
                Err(fault) => {
                    if let Some(first) = self.fault.replace(fault) {
                        return Err(*first);
                    }
                    scanner.rewind(here.0);
                    self.walk = here.1;
                }
            }
        }
        if is_broken {
            return Err(Error::NotUtf8 {
                position: scanner.position(text.len()),
            });
        }
        self.start = scanner.position(text.len());
        match self.fault.take() {
            Some(fault) => Err(*fault),
            None => Ok(text.len()),
        }
    }

    /// Reads up to the next key and what stands behind it; false at the end of the text.
    fn step(
        &mut self,
        builder: &mut DerivationGraphBuilder,
        scanner: &mut Scanner<'_>,
        goes_on: bool,
    ) -> Result<bool, Fault> {
        let here = (scanner.offset(), self.walk);
        let Some(key) = self.walk.next(scanner)? else {
            return Ok(false);
        };
        if self.fault.is_some() {
            self.walk.look_for_version(scanner, key)?;
        } else if self.walk.is_about_all(key) {
            self.walk.pass(scanner, key)?;
        } else {
            let mut reader = Reader {
                builder,
                options: self.options,
                common: &mut self.common,
                here,
                goes_on,
            };
            let number = reader.number(scanner, key)?;
            if self.seen.contains(&number) {
                return Err(scanner.duplicate(key));
            }
            reader.derivation(scanner, key, number)?;
            self.seen.insert(number);
            return Ok(true);
        }
        // A number may go on where the piece is cut.
        if goes_on && scanner.is_spent() {
            return Err(scanner.expected("what follows a value"));
        }
        Ok(true)
    }
}

/// What of a piece is UTF-8 from its start, and whether what is behind that is not: a character
/// that a cut has parted is whole in the next piece.
fn valid_start(piece: &[u8], is_last: bool) -> (&str, bool) {
    match std::str::from_utf8(piece) {
        Ok(text) => (text, false),
        Err(error) => (
            std::str::from_utf8(&piece[..error.valid_up_to()]).unwrap_or_default(),
            is_last || error.error_len().is_some(),
        ),
    }
}
