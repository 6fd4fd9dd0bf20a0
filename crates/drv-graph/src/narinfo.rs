//! `.narinfo`: what a binary cache says about one store path.
//!
//! Lines of `Key: Value`. Caches differ: `FileHash` is in base 32 from Nix and in base 16 from
//! Cachix, `Sig` may stand any number of times, a missing `Compression` means bzip2,
//! `References` are last components of paths and include the path itself where it refers to
//! itself, and `Deriver: unknown-deriver` is a way to say nothing.

use crate::{Bytes, ContentHash, Error, Format, PathInfo, Position, StorePath, StorePathError};

/// A `.narinfo` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NarInfo {
    /// What any store knows of the path; `download_size` and `url` are set.
    pub info: PathInfo,
    /// `xz`, `zstd`, `bzip2`, `none` …; bzip2 where the file does not say.
    pub compression: String,
    /// The hash of the compressed NAR.
    pub file_hash: Option<ContentHash>,
}

/// Whether a text starts as a narinfo does. `StorePath` comes first in what Nix writes; any of
/// its keys will do.
pub(crate) fn looks_like(input: &[u8]) -> bool {
    let line = input.split(|&c| c == b'\n').next().unwrap_or_default();
    ["StorePath:", "URL:", "Compression:", "NarHash:", "NarSize:"]
        .iter()
        .any(|key| line.starts_with(key.as_bytes()))
}

/// The most bytes that a `.narinfo` file may have. One with 10,000 references has 600 kB.
pub const LONGEST: usize = 4 << 20;

/// Reads a `.narinfo` file.
///
/// # Errors
/// More than [`LONGEST`] bytes, or none; the first line that is not `Key: Value`, stands twice or has a value that is none; or a
/// missing `StorePath`, `URL`, `NarHash` or `NarSize`, which Nix too insists on.
pub fn read(input: &[u8]) -> Result<NarInfo, Error> {
    if input.len() > LONGEST {
        return Err(Error::TooLong {
            format: Format::NarInfo,
            limit: LONGEST,
        });
    }
    let text = std::str::from_utf8(input).map_err(|error| Error::NotUtf8 {
        position: Position::of(input, error.valid_up_to()),
    })?;
    if text.trim().is_empty() {
        return Err(Error::Truncated {
            format: Format::NarInfo,
            expected: "`StorePath`",
            position: Position::of(input, input.len()),
        });
    }
    let mut fields = Fields::default();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.is_empty() {
            fields.read(&Line::split(text, at, content)?)?;
        }
        at += line.len();
    }
    fields.finish(text)
}

/// One `Key: Value`.
struct Line<'a> {
    text: &'a str,
    at: usize,
    key: &'a str,
    value: &'a str,
}

impl<'a> Line<'a> {
    fn split(text: &'a str, at: usize, line: &'a str) -> Result<Self, Error> {
        let Some((key, value)) = line.split_once(':') else {
            return Err(Error::Syntax {
                format: Format::NarInfo,
                expected: "`Key: Value`",
                position: Position::of(text.as_bytes(), at),
            });
        };
        Ok(Self {
            text,
            at,
            key,
            value: value.trim(),
        })
    }

    fn position(&self) -> Position {
        Position::of(self.text.as_bytes(), self.at)
    }

    fn bad(&self, expected: &'static str) -> Error {
        Error::BadValue {
            field: self.key.to_owned(),
            expected,
            position: self.position(),
        }
    }

    fn once<T>(&self, slot: &mut Option<T>, value: T) -> Result<(), Error> {
        if slot.replace(value).is_some() {
            return Err(Error::DuplicateKey {
                key: self.key.to_owned(),
                position: self.position(),
            });
        }
        Ok(())
    }

    fn size(&self) -> Result<Bytes, Error> {
        if let Ok(size) = self.value.parse() {
            return Ok(Bytes(size));
        }
        if !self.value.is_empty() && self.value.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Error::NumberOverflow {
                position: self.position(),
            });
        }
        Err(self.bad("a size in bytes"))
    }

    fn hash(&self) -> Result<ContentHash, Error> {
        ContentHash::parse(self.value, None).ok_or_else(|| self.bad("a hash"))
    }

    fn not_a_path(&self, text: &str, source: StorePathError) -> Error {
        Error::StorePath {
            text: text.to_owned(),
            source,
            position: self.position(),
        }
    }
}

#[derive(Default)]
struct Fields<'a> {
    path: Option<StorePath>,
    url: Option<String>,
    compression: Option<String>,
    file_hash: Option<ContentHash>,
    file_size: Option<Bytes>,
    nar_hash: Option<ContentHash>,
    nar_size: Option<Bytes>,
    /// Their directory is that of `StorePath`, which may come later.
    references: Option<(Vec<&'a str>, usize)>,
    deriver: Option<(&'a str, usize)>,
    signatures: Vec<String>,
    ca: Option<String>,
}

impl<'a> Fields<'a> {
    fn read(&mut self, line: &Line<'a>) -> Result<(), Error> {
        let value = line.value;
        match line.key {
            "StorePath" => {
                let path = StorePath::parse(value).map_err(|error| line.not_a_path(value, error));
                line.once(&mut self.path, path?)
            }
            "URL" => line.once(&mut self.url, value.to_owned()),
            "Compression" => line.once(&mut self.compression, value.to_owned()),
            "FileHash" => line.once(&mut self.file_hash, line.hash()?),
            "FileSize" => line.once(&mut self.file_size, line.size()?),
            "NarHash" => line.once(&mut self.nar_hash, line.hash()?),
            "NarSize" => line.once(&mut self.nar_size, line.size()?),
            "References" => {
                let references = value.split_ascii_whitespace().collect();
                line.once(&mut self.references, (references, line.at))
            }
            "Deriver" => line.once(&mut self.deriver, (value, line.at)),
            "CA" => line.once(&mut self.ca, value.to_owned()),
            "Sig" => {
                self.signatures.push(value.to_owned());
                Ok(())
            }
            // Caches add keys of their own; Nix reads over them as well.
            _ => Ok(()),
        }
    }

    fn finish(self, text: &str) -> Result<NarInfo, Error> {
        let missing = |field| Error::MissingField {
            owner: match &self.path {
                Some(path) => path.to_string(),
                None => "the narinfo".into(),
            },
            field,
            position: Position::of(text.as_bytes(), 0),
        };
        let path = self.path.clone().ok_or_else(|| missing("StorePath"))?;
        let url = self.url.clone().filter(|url| !url.is_empty());
        let url = url.ok_or_else(|| missing("URL"))?;
        let nar_hash = self.nar_hash.clone().ok_or_else(|| missing("NarHash"))?;
        let nar_size = self.nar_size.ok_or_else(|| missing("NarSize"))?;

        let in_store = |base: &str, at| {
            StorePath::from_base_name(path.store_dir(), base).map_err(|source| Error::StorePath {
                text: base.to_owned(),
                source,
                position: Position::of(text.as_bytes(), at),
            })
        };
        let references = match self.references {
            Some((bases, at)) => bases.into_iter().map(|base| in_store(base, at)).collect(),
            None => Ok(Vec::new()),
        }?;
        let deriver = match self.deriver {
            None | Some(("" | "unknown-deriver", _)) => None,
            Some((base, at)) => Some(in_store(base, at)?),
        };
        let info = PathInfo {
            nar_hash: Some(nar_hash),
            references,
            deriver,
            ca: self.ca,
            // A cache that leaves FileSize out, or says 0, does not know it.
            download_size: self.file_size.filter(|size| size.0 > 0),
            url: Some(url),
            signatures: self.signatures,
            ..PathInfo::new(path.clone(), nar_size)
        };
        Ok(NarInfo {
            info,
            compression: self.compression.unwrap_or_else(|| "bzip2".into()),
            file_hash: self.file_hash,
        })
    }
}
