//! Paths directly below a Nix store directory.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// The store directory of an ordinary Nix.
pub const DEFAULT_STORE_DIR: &str = "/nix/store";

/// Characters of the hash part: 160 bits in Nix's base 32.
pub(crate) const HASH_LEN: usize = 32;
/// The longest name Nix accepts after the hash and the dash.
const MAX_NAME_LEN: usize = 211;
/// Digits and letters without `e`, `o`, `t` and `u`.
const BASE32: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

const HASH_CHAR: u8 = 1;
const NAME_CHAR: u8 = 2;

/// What each byte may be part of; a table, because a large graph names a million paths.
static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let c = byte as u8;
        if c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.' | b'_' | b'?' | b'=') {
            table[byte] |= NAME_CHAR;
        }
        byte += 1;
    }
    let mut digit = 0;
    while digit < BASE32.len() {
        table[BASE32[digit] as usize] |= HASH_CHAR;
        digit += 1;
    }
    table
}

/// Whether a hash part may have that byte: Nix's base 32 in ASCII.
pub(crate) fn is_hash_char(byte: u8) -> bool {
    CLASS[usize::from(byte)] & HASH_CHAR != 0
}

/// The path of one store object, such as
/// `/nix/store/8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook`.
///
/// Invariants: the store directory is absolute, not `/`, and has no empty, `.` or `..`
/// component and no control character; the hash part has 32 characters of Nix's base 32; the name has 1 to 211
/// characters of `a-zA-Z0-9+-._?=` and is not, and does not start as, a `.` or `..` component.
///
/// Order and equality are those of the full path as text. A clone shares the text.
#[derive(Clone)]
pub struct StorePath {
    text: Arc<str>,
    dir_len: u16,
}

impl StorePath {
    /// Reads a full path, in any store directory.
    ///
    /// # Errors
    /// The first rule that `path` breaks.
    pub fn parse(path: &str) -> Result<Self, StorePathError> {
        let dir_len = check_path(path)?;
        Ok(Self {
            text: path.into(),
            dir_len,
        })
    }

    /// The path of `base` (`hash-name`) in `store_dir`.
    ///
    /// # Errors
    /// The first rule that either part breaks.
    pub fn from_base_name(store_dir: &str, base: &str) -> Result<Self, StorePathError> {
        let dir_len = check_store_dir(store_dir)?;
        check_base_name(base)?;
        let text: String = [store_dir, "/", base].concat();
        Ok(Self {
            text: text.into(),
            dir_len,
        })
    }

    /// The full path.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The store directory, without a slash at its end.
    pub fn store_dir(&self) -> &str {
        &self.text[..usize::from(self.dir_len)]
    }

    /// `hash-name`: the last component.
    pub fn base_name(&self) -> &str {
        &self.text[usize::from(self.dir_len) + 1..]
    }

    /// The 32 characters that a cache files the path under.
    pub fn hash_part(&self) -> &str {
        &self.base_name()[..HASH_LEN]
    }

    /// What follows the hash: `hook`, `hook.drv`.
    pub fn name(&self) -> &str {
        &self.base_name()[HASH_LEN + 1..]
    }

    /// Whether the name ends in `.drv`, which Nix reserves for derivations.
    pub fn is_derivation(&self) -> bool {
        self.name().strip_suffix(".drv").is_some()
    }
}

/// Checks a full path; gives the length of its store directory.
fn check_path(path: &str) -> Result<u16, StorePathError> {
    let (dir, base) = path.rsplit_once('/').ok_or(StorePathError::NotAbsolute)?;
    let dir_len = check_store_dir(dir)?;
    check_base_name(base)?;
    Ok(dir_len)
}

pub(crate) fn check_store_dir(dir: &str) -> Result<u16, StorePathError> {
    if dir == DEFAULT_STORE_DIR {
        return Ok(DEFAULT_STORE_DIR.len() as u16);
    }
    let components = dir.strip_prefix('/').ok_or(StorePathError::NotAbsolute)?;
    let canonical = components
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !part.contains(char::is_control));
    match u16::try_from(dir.len()) {
        Ok(len) if canonical => Ok(len),
        _ => Err(StorePathError::StoreDir),
    }
}

pub(crate) fn check_base_name(base: &str) -> Result<(), StorePathError> {
    let bytes = base.as_bytes();
    if bytes.len() < HASH_LEN || bytes.get(HASH_LEN).is_some_and(|&c| c != b'-') {
        return Err(StorePathError::HashLength);
    }
    if let Some(at) = bytes[..HASH_LEN]
        .iter()
        .position(|&c| CLASS[usize::from(c)] & HASH_CHAR == 0)
    {
        return Err(StorePathError::HashCharacter {
            character: char_at(base, at),
        });
    }
    check_name(base.get(HASH_LEN + 1..).unwrap_or_default())
}

/// Whether a text has the form of [`StorePath::hash_part`].
pub(crate) fn is_hash_part(text: &str) -> bool {
    text.len() == HASH_LEN && text.bytes().all(|c| CLASS[usize::from(c)] & HASH_CHAR != 0)
}

/// Checks what may follow a hash part.
fn check_name(name: &str) -> Result<(), StorePathError> {
    if name.is_empty() {
        return Err(StorePathError::NameEmpty);
    }
    if name.len() > MAX_NAME_LEN {
        return Err(StorePathError::NameLength { length: name.len() });
    }
    if let Some(at) = name
        .bytes()
        .position(|c| CLASS[usize::from(c)] & NAME_CHAR == 0)
    {
        return Err(StorePathError::NameCharacter {
            character: char_at(name, at),
        });
    }
    // Since Nix 2.20 a leading dot is allowed, save where the name up to a dash would read as a
    // path component of its own: `hash-..-x`.
    if matches!(name.split('-').next(), Some("." | "..")) {
        return Err(StorePathError::NameDots);
    }
    Ok(())
}

fn char_at(text: &str, at: usize) -> char {
    text.get(at..)
        .and_then(|rest| rest.chars().next())
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl fmt::Display for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl PartialEq for StorePath {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for StorePath {}

impl PartialOrd for StorePath {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for StorePath {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for StorePath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Borrow<str> for StorePath {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl AsRef<str> for StorePath {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl FromStr for StorePath {
    type Err = StorePathError;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Self::parse(path)
    }
}

impl serde::Serialize for StorePath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> serde::Deserialize<'de> for StorePath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a [`StorePath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StorePathError {
    /// The path, or the store directory, does not start with `/`.
    #[error("a store path is absolute")]
    NotAbsolute,
    /// The store directory is `/`, too long, or has an empty, `.` or `..` component or a control
    /// character.
    #[error("the store directory is not a canonical path below `/`")]
    StoreDir,
    /// There are not exactly 32 characters before the first dash.
    #[error("a store path starts with 32 characters of hash and a dash")]
    HashLength,
    /// A character outside Nix's base 32.
    #[error("{character:?} is not a digit of a store path's hash")]
    HashCharacter {
        /// The first such character.
        character: char,
    },
    /// Nothing follows the hash.
    #[error("the name in a store path is empty")]
    NameEmpty,
    /// More than 211 characters.
    #[error("the name in a store path has {length} characters, at most 211 are allowed")]
    NameLength {
        /// The name's length.
        length: usize,
    },
    /// A character that Nix does not allow in names.
    #[error("{character:?} is not allowed in the name of a store path")]
    NameCharacter {
        /// The first such character.
        character: char,
    },
    /// The name is `.` or `..`, or starts with one of them and a dash.
    #[error("the name in a store path reads as a `.` or `..` component")]
    NameDots,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "8vh17lfiabqfl2bd2rasxrh94g9pf9dd-hook";

    #[test]
    fn parts_of_a_path() {
        for dir in ["/nix/store", "/gnu/store", "/tmp/a b/nix/store", "/s"] {
            let path = StorePath::from_base_name(dir, BASE).unwrap();
            assert_eq!(path.store_dir(), dir);
            assert_eq!(path.base_name(), BASE);
            assert_eq!(path.hash_part(), "8vh17lfiabqfl2bd2rasxrh94g9pf9dd");
            assert_eq!(path.name(), "hook");
            assert!(!path.is_derivation());
            assert_eq!(StorePath::parse(path.as_str()).unwrap(), path);
        }
    }

    #[test]
    fn derivations_are_told_by_their_name() {
        let drv = StorePath::from_base_name("/nix/store", &format!("{BASE}.drv")).unwrap();
        assert!(drv.is_derivation());
    }

    #[test]
    fn what_is_not_a_store_path() {
        use StorePathError::*;
        let hash = &BASE[..32];
        let long = "x".repeat(212);
        for (path, error) in [
            (String::new(), NotAbsolute),
            ("nix/store/x".into(), NotAbsolute),
            (BASE.into(), NotAbsolute),
            (format!("/{BASE}"), NotAbsolute),
            (format!("//{BASE}"), StoreDir),
            (format!("/nix//store/{BASE}"), StoreDir),
            (format!("/nix/./store/{BASE}"), StoreDir),
            (format!("/nix/\u{1b}[31m/{BASE}"), StoreDir),
            (format!("/nix/../store/{BASE}"), StoreDir),
            (format!("/{}/{BASE}", "d".repeat(70_000)), StoreDir),
            (format!("/nix/store/{BASE}/bin/sh"), HashLength),
            ("/nix/store/".into(), HashLength),
            ("/nix/store/hook".into(), HashLength),
            (format!("/nix/store/{hash}0-x"), HashLength),
            (
                format!("/nix/store/e{}-x", &hash[1..]),
                HashCharacter { character: 'e' },
            ),
            (format!("/nix/store/{hash}"), NameEmpty),
            (format!("/nix/store/{hash}-"), NameEmpty),
            (
                format!("/nix/store/{hash}-{long}"),
                NameLength { length: 212 },
            ),
            (
                format!("/nix/store/{hash}-a b"),
                NameCharacter { character: ' ' },
            ),
            (
                format!("/nix/store/{hash}-é"),
                NameCharacter { character: 'é' },
            ),
            (format!("/nix/store/{hash}-."), NameDots),
            (format!("/nix/store/{hash}-.."), NameDots),
            (format!("/nix/store/{hash}-..-x"), NameDots),
        ] {
            assert_eq!(StorePath::parse(&path), Err(error), "{path}");
        }
    }

    #[test]
    fn what_is_unusual_but_fine() {
        let hash = &BASE[..32];
        for name in [".hidden", "...", "a?b=c+d_e.f-g", &"x".repeat(211)] {
            StorePath::parse(&format!("/nix/store/{hash}-{name}")).unwrap();
        }
    }

    #[test]
    fn order_is_that_of_the_text() {
        let a = StorePath::from_base_name("/a", BASE).unwrap();
        let b = StorePath::from_base_name("/b", BASE).unwrap();
        assert!(a < b);
    }
}
