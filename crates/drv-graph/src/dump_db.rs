//! `nix-store --dump-db`: everything a store knows of its paths, as lines.
//!
//! For each path: itself, the hash of its NAR, the size of its NAR, its deriver or an empty line,
//! the number of its references, and one reference a line. `closureInfo` of nixpkgs writes the
//! same as `registration`. Nix writes the hash in base 16 without its algorithm, `closureInfo` with
//! it; every spelling is read.

use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;

use crate::{Bytes, ContentHash, Error, Format, HashAlgo, PathInfo, Position, StorePath};

/// Whether a text starts with a store path and the hash of a NAR. Two store paths are a plain list.
pub(crate) fn looks_like(input: &[u8]) -> bool {
    let mut lines = input.split(|&c| c == b'\n').map(std::str::from_utf8);
    matches!(
        (lines.next(), lines.next()),
        (Some(Ok(path)), Some(Ok(digest)))
            if StorePath::parse(path.trim_end()).is_ok() && hash(digest.trim_end()).is_some()
    )
}

fn hash(text: &str) -> Option<ContentHash> {
    ContentHash::parse(text, None).or_else(|| ContentHash::parse(text, Some(HashAlgo::Sha256)))
}

/// Reads what `nix-store --dump-db` wrote: the paths with what is known of them, ascending.
///
/// A path that stands there twice is fine where both say the same: dumps are joined with `cat`.
///
/// # Errors
/// The first line that is not what its place asks for, an end amid an entry, or a path of which
/// two entries differ.
pub fn read(input: &[u8]) -> Result<Vec<PathInfo>, Error> {
    let text = std::str::from_utf8(input).map_err(|error| Error::NotUtf8 {
        position: Position::of(input, error.valid_up_to()),
    })?;
    let mut lines = Lines { text, at: 0 };
    let mut infos: Vec<PathInfo> = Vec::new();
    let mut places: FxHashMap<StorePath, usize> = FxHashMap::default();
    while let Some(start) = lines.next_entry() {
        let info = entry(&mut lines)?;
        match places.entry(info.path.clone()) {
            Entry::Vacant(place) => {
                place.insert(infos.len());
                infos.push(info);
            }
            Entry::Occupied(place) if infos[*place.get()] == info => {}
            Entry::Occupied(_) => {
                return Err(Error::DuplicateKey {
                    key: info.path.to_string(),
                    position: Position::of(input, start),
                });
            }
        }
    }
    infos.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(infos)
}

fn entry(lines: &mut Lines<'_>) -> Result<PathInfo, Error> {
    let path = lines.path("a store path")?;
    let digest = lines.line("the hash of a NAR")?;
    let nar_hash = hash(digest.text).ok_or_else(|| lines.bad(&digest, "the hash of a NAR"))?;
    let nar_size = lines.number("the size of a NAR")?;
    let deriver = lines.line("a deriver, or an empty line")?;
    let deriver = match deriver.text {
        "" => None,
        _ => Some(lines.parse_path(&deriver)?),
    };
    let mut references = Vec::new();
    for _ in 0..lines.number("a number of references")? {
        references.push(lines.path("a reference")?);
    }
    Ok(PathInfo {
        nar_hash: Some(nar_hash),
        references,
        deriver,
        ..PathInfo::new(path, Bytes(nar_size))
    })
}

struct Line<'a> {
    text: &'a str,
    at: usize,
}

struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    /// Goes to the next line that is not blank, and gives its place.
    fn next_entry(&mut self) -> Option<usize> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        (self.at < self.text.len()).then_some(self.at)
    }

    fn line(&mut self, expected: &'static str) -> Result<Line<'a>, Error> {
        let rest = &self.text[self.at..];
        // A line without an end may be half of one: even an empty deriver has its line feed.
        let Some((line, _)) = rest.split_once('\n') else {
            return Err(Error::Truncated {
                format: Format::DumpDb,
                expected,
                position: self.position(self.text.len()),
            });
        };
        let at = self.at;
        self.at += line.len() + 1;
        Ok(Line {
            text: line.trim_end_matches('\r'),
            at,
        })
    }

    fn path(&mut self, expected: &'static str) -> Result<StorePath, Error> {
        let line = self.line(expected)?;
        self.parse_path(&line)
    }

    fn parse_path(&self, line: &Line<'_>) -> Result<StorePath, Error> {
        StorePath::parse(line.text).map_err(|source| Error::StorePath {
            text: line.text.to_owned(),
            source,
            position: self.position(line.at),
        })
    }

    fn number(&mut self, expected: &'static str) -> Result<u64, Error> {
        let line = self.line(expected)?;
        let is_number = !line.text.is_empty() && line.text.bytes().all(|c| c.is_ascii_digit());
        match line.text.parse() {
            Ok(number) if is_number => Ok(number),
            _ if is_number => Err(Error::NumberOverflow {
                position: self.position(line.at),
            }),
            _ => Err(self.bad(&line, expected)),
        }
    }

    fn bad(&self, line: &Line<'_>, expected: &'static str) -> Error {
        Error::BadValue {
            field: line.text.to_owned(),
            expected,
            position: self.position(line.at),
        }
    }

    fn position(&self, at: usize) -> Position {
        Position::of(self.text.as_bytes(), at)
    }
}
