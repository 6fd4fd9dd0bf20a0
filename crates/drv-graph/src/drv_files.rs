//! A graph from `.drv` files, wherever they are.
//!
//! The reader asks for paths and is given bytes, so that a store directory, an archive and a
//! remote store are read by the same code:
//!
//! ```
//! use drv_graph::{DrvFiles, ReadOptions, StorePath};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = StorePath::parse("/nix/store/00rl60x00pkff58mdw66qcxigrgw2yq0-a.drv")?;
//! let mut files = DrvFiles::new(ReadOptions::default());
//! files.want(&root);
//! while let Some(path) = files.next_wanted() {
//!     // An ordinary program reads `path` here.
//!     let bytes = br#"Derive([("out","","","")],[],[],"x86_64-linux","/bin/sh",[],[])"#;
//!     files.give(&path, bytes)?;
//! }
//! assert_eq!(files.finish()?.len(), 1);
//! # Ok(()) }
//! ```

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::aterm::{Aterm, AtermOutput};
use crate::attributes::{Attribute, Attributes, Keeper};
use crate::interner::Interner;
use crate::recipe::Line;
use crate::{
    ContentHash, Derivation, DerivationGraph, DerivationGraphBuilder, DerivationParts, Error,
    Format, HashMethod, Output, OutputKind, Position, ReadOptions, StorePath,
};

/// Reads `.drv` files into a graph, from roots down.
#[derive(Debug, Default)]
pub struct DrvFiles {
    options: ReadOptions,
    builder: DerivationGraphBuilder,
    interner: Interner,
    /// What has been mentioned, in the order of mention; asked for from `next` on.
    mentioned: Vec<StorePath>,
    next: usize,
    known: FxHashSet<StorePath>,
}

impl DrvFiles {
    /// Nothing wanted yet.
    pub fn new(options: ReadOptions) -> Self {
        let mut builder = DerivationGraphBuilder::new();
        if options.recipes {
            builder.keep_recipes();
        }
        Self {
            options,
            builder,
            ..Self::default()
        }
    }

    /// Asks for a derivation, and later for all it needs.
    pub fn want(&mut self, path: &StorePath) {
        if self.known.insert(path.clone()) {
            self.mentioned.push(path.clone());
        }
    }

    /// A path whose file is needed next; each is named once. `None` when there is no more to
    /// ask for, unless more is [given](Self::give) or [wanted](Self::want).
    pub fn next_wanted(&mut self) -> Option<StorePath> {
        while let Some(path) = self.mentioned.get(self.next) {
            self.next += 1;
            if !self.builder.contains(path) {
                return Some(path.clone());
            }
        }
        None
    }

    /// Takes the contents of a file, asked for or not.
    ///
    /// # Errors
    /// The fault in the file, as [`Error::InDerivation`].
    pub fn give(&mut self, path: &StorePath, bytes: &[u8]) -> Result<(), Error> {
        self.add(path, bytes).map_err(|source| Error::InDerivation {
            path: path.clone(),
            source: Box::new(source),
        })
    }

    /// The graph of what was given. What was [wanted](Self::want) and never given is not in it,
    /// unless something needs it.
    ///
    /// # Errors
    /// What is wrong with it: a file that another needs and that was never given is a dangling
    /// input.
    pub fn finish(self) -> Result<DerivationGraph, Error> {
        self.builder.finish()
    }

    fn add(&mut self, path: &StorePath, bytes: &[u8]) -> Result<(), Error> {
        let file = Aterm::parse(bytes)?;
        let mut inputs = Vec::with_capacity(file.input_derivations.len());
        for (input, wanted) in &file.input_derivations {
            let input = store_path(bytes, input)?;
            let outputs = wanted
                .outputs
                .iter()
                .chain(wanted.of_outputs.iter().map(|(name, _)| name))
                .map(|name| utf8(bytes, name))
                .collect::<Result<Vec<_>, _>>()?;
            inputs.push((input, outputs));
        }
        let (derivation, variables) = self.derivation(path, bytes, &file)?;
        for (input, _) in &inputs {
            self.want(input);
        }
        let inputs = inputs.iter().map(|(path, names)| (path, &names[..]));
        self.builder
            .insert_with(derivation, inputs, Some(variables));
        Ok(())
    }

    fn derivation(
        &mut self,
        path: &StorePath,
        bytes: &[u8],
        file: &Aterm<'_>,
    ) -> Result<(Derivation, Vec<Line>), Error> {
        let mut parts = DerivationParts {
            system: self.interner.text(utf8(bytes, &file.system)?),
            builder: self.interner.text(&String::from_utf8_lossy(&file.builder)),
            args: file
                .args
                .iter()
                .map(|arg| self.interner.text(&String::from_utf8_lossy(arg)))
                .collect(),
            ..DerivationParts::new(path.clone())
        };
        let mut names = FxHashSet::default();
        for output in &file.outputs {
            let name = self.interner.text(utf8(bytes, &output.name)?);
            if !names.insert(&output.name) {
                return Err(Error::DuplicateKey {
                    key: name.to_string(),
                    position: position(bytes, &output.name),
                });
            }
            parts.outputs.push(Output {
                name,
                path: match &*output.path {
                    [] => None,
                    path => Some(store_path(bytes, path)?),
                },
                kind: output_kind(bytes, output)?,
            });
        }
        for source in &file.input_sources {
            let text = utf8(bytes, source)?;
            let path = self.interner.path(text);
            parts
                .input_sources
                .push(path.map_err(|error| not_a_store_path(bytes, source, error))?);
        }
        let variables = self.attributes(bytes, file, &mut parts)?;
        Ok((parts.into(), variables))
    }

    fn attributes(
        &mut self,
        bytes: &[u8],
        file: &Aterm<'_>,
        parts: &mut DerivationParts,
    ) -> Result<Vec<Line>, Error> {
        let mut keeper = Keeper {
            env: &self.options.keep_env,
            interner: &mut self.interner,
            recipes: self.builder.recipes_mut(),
        };
        let mut env = Attributes::default();
        let mut structured = None;
        for (key, value) in &file.env {
            let Ok(key) = std::str::from_utf8(key) else {
                continue;
            };
            if let Some(attribute) = Attribute::of(key) {
                let text = String::from_utf8_lossy(value);
                env.note(attribute, &text);
                if attribute == Attribute::Json {
                    let mut attributes = Attributes::default();
                    attributes
                        .read_json_text(&text, Format::ATerm, &mut keeper)
                        .map_err(|_| Error::BadValue {
                            field: "__json".into(),
                            expected: "a JSON object",
                            position: position(bytes, value),
                        })?;
                    structured = Some(attributes);
                }
            }
            env.keep(key, || String::from_utf8_lossy(value), &mut keeper);
        }
        Ok(env.fill(structured, parts))
    }
}

fn output_kind(bytes: &[u8], output: &AtermOutput<'_>) -> Result<OutputKind, Error> {
    let bad = |field: &str, expected, at: &Cow<'_, [u8]>| Error::BadValue {
        field: field.into(),
        expected,
        position: position(bytes, at),
    };
    if output.hash_algo.is_empty() {
        return match (output.hash.is_empty(), output.path.is_empty()) {
            (true, false) => Ok(OutputKind::InputAddressed),
            (true, true) => Ok(OutputKind::Deferred),
            (false, _) => Err(bad("hashAlgo", "a hash algorithm", &output.hash_algo)),
        };
    }
    let (method, algo) = std::str::from_utf8(&output.hash_algo)
        .ok()
        .and_then(HashMethod::split_algo)
        .ok_or_else(|| bad("hashAlgo", "a hash algorithm", &output.hash_algo))?;
    match &*output.hash {
        b"" => Ok(OutputKind::FloatingContentAddressed { method, algo }),
        b"impure" => Ok(OutputKind::Impure { method, algo }),
        hash => std::str::from_utf8(hash)
            .ok()
            .and_then(|hash| ContentHash::parse(hash, Some(algo)))
            .map(|hash| OutputKind::FixedOutput { method, hash })
            .ok_or_else(|| bad("hash", "a hash", &output.hash)),
    }
}

fn store_path(bytes: &[u8], text: &[u8]) -> Result<StorePath, Error> {
    StorePath::parse(utf8(bytes, text)?).map_err(|error| not_a_store_path(bytes, text, error))
}

fn not_a_store_path(bytes: &[u8], text: &[u8], source: crate::StorePathError) -> Error {
    Error::StorePath {
        text: String::from_utf8_lossy(text).into_owned(),
        source,
        position: position(bytes, text),
    }
}

fn utf8<'t>(bytes: &[u8], text: &'t [u8]) -> Result<&'t str, Error> {
    std::str::from_utf8(text).map_err(|_| Error::NotUtf8 {
        position: position(bytes, text),
    })
}

/// Where a string that was read from `bytes` stands in it. One that had escapes is a copy; its
/// place is found by searching for what it starts with.
fn position(bytes: &[u8], text: &[u8]) -> Position {
    let (start, at) = (bytes.as_ptr() as usize, text.as_ptr() as usize);
    let offset = if (start..=start + bytes.len()).contains(&at) {
        at - start
    } else {
        let plain = text
            .iter()
            .position(|c| matches!(c, b'"' | b'\\' | b'\n' | b'\r' | b'\t'))
            .unwrap_or(text.len());
        let needle = [b"\"", &text[..plain], b"\\"].concat();
        memchr::memmem::find(bytes, &needle).map_or(0, |at| at + 1)
    };
    Position::of(bytes, offset)
}
