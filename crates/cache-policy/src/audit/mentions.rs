//! Which store paths a NAR names.
//!
//! Nix takes for a reference of what was built whichever of its inputs has a hash part that stands
//! in it (`src/libstore/references.cc`). A cache cannot know the inputs; of the paths that it does
//! know, it can say which of them a NAR names.

use std::collections::{BTreeMap, BTreeSet};

use drv_graph::StorePath;

use super::Listing;

/// Characters of a hash part.
const LENGTH: usize = 32;

/// Paths by their hash parts.
#[derive(Debug, Default)]
pub struct KnownPaths {
    by_hash_part: BTreeMap<[u8; LENGTH], StorePath>,
}

impl KnownPaths {
    /// Those that the narinfos of a directory are about, and those that they refer to.
    pub fn of(listing: &Listing) -> Self {
        let about = listing.readable().map(|(_, info)| &info.info);
        let all = about.flat_map(|info| std::iter::once(&info.path).chain(&info.references));
        let by_hash_part = all.filter_map(|path| {
            let part = <[u8; LENGTH]>::try_from(path.hash_part().as_bytes()).ok()?;
            Some((part, path.clone()))
        });
        Self {
            by_hash_part: by_hash_part.collect(),
        }
    }
}

/// A search for known paths in bytes that come piece by piece.
#[derive(Debug)]
pub struct Search<'a> {
    known: &'a KnownPaths,
    /// The end of what came before, in which a hash part may begin.
    tail: Vec<u8>,
    found: BTreeSet<&'a StorePath>,
}

impl<'a> Search<'a> {
    /// For all of them.
    pub fn new(known: &'a KnownPaths) -> Self {
        Self {
            known,
            tail: Vec::new(),
            found: BTreeSet::new(),
        }
    }

    /// Looks at the next bytes. About n / 32 steps where little of it looks like a hash part.
    pub fn look_at(&mut self, bytes: &[u8]) {
        let seam = bytes.len().min(LENGTH - 1);
        self.tail.extend(&bytes[..seam]);
        let tail = std::mem::take(&mut self.tail);
        self.search(&tail);
        self.search(bytes);
        // Of a short piece the end begins before it.
        let end = if bytes.len() < LENGTH { &tail } else { bytes };
        self.tail
            .extend(&end[end.len().saturating_sub(LENGTH - 1)..]);
    }

    /// Those that were found.
    pub fn found(self) -> BTreeSet<StorePath> {
        self.found.into_iter().cloned().collect()
    }

    fn search(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while let Some(window) = bytes.get(at..at + LENGTH) {
            // Whatever begins before a character that is in no hash part is none.
            if let Some(other) = window.iter().rposition(|&byte| !is_of_hash_part(byte)) {
                at += other + 1;
                continue;
            }
            let part: Option<&[u8; LENGTH]> = window.try_into().ok();
            if let Some(path) = part.and_then(|part| self.known.by_hash_part.get(part)) {
                self.found.insert(path);
            }
            at += 1;
        }
    }
}

/// Nix's base 32 leaves out e, o, t and u.
fn is_of_hash_part(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !matches!(byte, b'e' | b'o' | b't' | b'u')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(letters: &[char]) -> KnownPaths {
        let paths = letters.iter().map(|letter| {
            let part = letter.to_string().repeat(LENGTH - 1) + "0";
            let path = StorePath::parse(&format!("/nix/store/{part}-x")).expect("a path");
            let bytes = part.as_bytes().try_into().expect("its length is right");
            (bytes, path)
        });
        KnownPaths {
            by_hash_part: paths.collect(),
        }
    }

    fn found(known: &KnownPaths, pieces: &[&[u8]]) -> Vec<String> {
        let mut search = Search::new(known);
        for piece in pieces {
            search.look_at(piece);
        }
        let found = search.found().into_iter();
        found.map(|path| path.hash_part().to_owned()).collect()
    }

    proptest! {
        /// However it comes, what stands in it is found, and nothing else.
        #[test]
        fn pieces_are_as_the_whole(
            text in proptest::collection::vec(
                prop_oneof![
                    3 => Just("a".repeat(31) + "0"),
                    3 => Just("b".repeat(31) + "0"),
                    2 => Just("a".repeat(20)),
                    2 => Just("e/".to_owned()),
                    1 => Just("0".to_owned()),
                ],
                0..12,
            ),
            cuts in proptest::collection::vec(0_usize..400, 0..20),
        ) {
            let known = known(&['a', 'b', 'c']);
            let text = text.concat();
            let expected: Vec<String> = ['a', 'b', 'c']
                .map(|letter| letter.to_string().repeat(31) + "0")
                .into_iter()
                .filter(|part| text.contains(part))
                .collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, more) = rest.split_at(cut - (text.len() - rest.len()));
                pieces.push(piece);
                rest = more;
            }
            pieces.push(rest);
            prop_assert_eq!(found(&known, &[text.as_bytes()]), expected.clone());
            prop_assert_eq!(found(&known, &pieces), expected);
        }
    }
}
