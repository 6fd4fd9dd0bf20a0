//! One copy of each text.

use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

/// Texts by number, each once, in one allocation: a large graph has a million of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct TextPool {
    texts: String,
    /// Where each text ends.
    ends: Vec<usize>,
    /// The latest text of each hash.
    latest: FxHashMap<u64, u32>,
    /// For each text its hash, and the one of the same hash before it.
    hashes: Vec<(u64, Option<u32>)>,
}

impl TextPool {
    /// The number of `text`, which is new where it is not known yet.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        let hash = hash_of(text);
        if let Some(number) = self.find_hashed(text, hash) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.texts.push_str(text);
        self.ends.push(self.texts.len());
        self.hashes.push((hash, self.latest.insert(hash, number)));
        number
    }

    /// The number of `text`, if it is known.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.find_hashed(text, hash_of(text))
    }

    /// The number of the text that has `number` in `other`.
    pub(crate) fn find_of(&self, other: &Self, number: u32) -> Option<u32> {
        self.find_hashed(other.get(number), other.hashes[number as usize].0)
    }

    fn find_hashed(&self, text: &str, hash: u64) -> Option<u32> {
        let mut next = self.latest.get(&hash).copied();
        while let Some(number) = next {
            if self.get(number) == text {
                return Some(number);
            }
            next = self.hashes[number as usize].1;
        }
        None
    }

    /// The text of a number.
    pub(crate) fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[at]]
    }

    /// How many texts there are: numbers count from 0.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_number() {
        let mut pool = TextPool::default();
        let texts = ["", "a", "ab", "b", "a"];
        let numbers: Vec<u32> = texts.iter().map(|text| pool.number(text)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 1]);
        assert_eq!(pool.len(), 4);
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(pool.get(number), *text);
            assert_eq!(pool.find(text), Some(number));
        }
        assert_eq!(pool.find("c"), None);
    }
}
