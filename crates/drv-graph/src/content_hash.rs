//! The hash of a fixed output or of a NAR, however it is spelt.

use std::fmt;

use serde::{Serialize, Serializer};

/// A hash function that Nix knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HashAlgo {
    /// 16 bytes; only in very old fixed outputs.
    Md5,
    /// 20 bytes.
    Sha1,
    /// 32 bytes: what nearly everything uses.
    Sha256,
    /// 64 bytes.
    Sha512,
    /// 32 bytes; experimental since Nix 2.27.
    Blake3,
}

impl HashAlgo {
    /// The name Nix writes, as in `sha256-…`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Sha256,
            Self::Sha1,
            Self::Sha512,
            Self::Md5,
            Self::Blake3,
        ]
        .into_iter()
        .find(|algo| algo.as_str() == name)
    }

    /// Length of a digest in bytes.
    pub fn digest_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A digest with its algorithm.
///
/// Nix writes the same hash as base 16 (`.drv` files, `sha256:…`), base 32 (narinfo) or base
/// 64 (`sha256-…`); here they are equal. `Display` gives the last form, which is SRI.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash {
    algo: HashAlgo,
    digest: Box<[u8]>,
}

impl ContentHash {
    /// Reads `sha256:<digest>`, `sha256-<base 64>`, or a bare digest when `algo` is given. The
    /// base is told by the digest's length, as Nix does.
    ///
    /// `None` when the algorithm is unknown or missing, contradicts `algo`, or the digest has
    /// neither length or a wrong character.
    pub fn parse(text: &str, algo: Option<HashAlgo>) -> Option<Self> {
        let (named, digest) = match text.split_once([':', '-']) {
            Some((name, digest)) => (Some(HashAlgo::from_name(name)?), digest),
            None => (None, text),
        };
        let algo = match (named, algo) {
            (Some(a), Some(b)) if a != b => return None,
            (a, b) => a.or(b)?,
        };
        let len = algo.digest_len();
        let digest = match digest.len() {
            n if n == len * 2 => base16(digest),
            n if n == (len * 8).div_ceil(5) => base32(digest, len),
            n if n == len.div_ceil(3) * 4 => base64(digest, len),
            _ => None,
        }?;
        Some(Self {
            algo,
            digest: digest.into(),
        })
    }

    /// A digest as it is; `None` where it has not [`HashAlgo::digest_len`] bytes.
    pub fn new(algo: HashAlgo, digest: &[u8]) -> Option<Self> {
        (digest.len() == algo.digest_len()).then(|| Self {
            algo,
            digest: digest.into(),
        })
    }

    /// The algorithm.
    pub fn algo(&self) -> HashAlgo {
        self.algo
    }

    /// The digest's bytes, [`HashAlgo::digest_len`] of them.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// The digest in lower-case base 16, as a `.drv` file has it.
    pub fn to_base16(&self) -> String {
        let mut text = String::with_capacity(self.digest.len() * 2);
        for byte in &self.digest {
            for half in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
        }
        text
    }

    /// The digest in Nix's base 32, as a narinfo has it.
    pub fn to_base32(&self) -> String {
        let chars = (self.digest.len() * 8).div_ceil(5);
        let digit = |n: usize| {
            let (byte, shift) = (n * 5 / 8, n * 5 % 8);
            let next = self.digest.get(byte + 1).copied().unwrap_or(0);
            let bits = u16::from_le_bytes([self.digest[byte], next]) >> shift;
            char::from(BASE32[usize::from(bits & 31)])
        };
        (0..chars).rev().map(digit).collect()
    }
}

/// Nix's digits: no `e`, `o`, `t`, `u`.
const BASE32: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

fn base16(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(*pair.get(1)?).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        })
        .collect()
}

/// Nix's base 32 has its own digits and its own order: the *last* character holds the lowest
/// five bits of the first byte.
fn base32(text: &str, len: usize) -> Option<Vec<u8>> {
    let mut digest = vec![0u8; len];
    for (n, c) in text.bytes().rev().enumerate() {
        let digit = BASE32.iter().position(|&d| d == c)? as u16;
        let bits = digit << (n * 5 % 8);
        let byte = n * 5 / 8;
        digest[byte] |= bits as u8;
        match digest.get_mut(byte + 1) {
            Some(next) => *next |= (bits >> 8) as u8,
            None if bits >> 8 != 0 => return None,
            None => {}
        }
    }
    Some(digest)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(text: &str, len: usize) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    if text.len() - body.len() != (3 - len % 3) % 3 {
        return None;
    }
    let mut digest = Vec::with_capacity(len);
    let (mut bits, mut held) = (0u32, 0);
    for c in body.bytes() {
        bits = bits << 6 | BASE64.iter().position(|&d| d == c)? as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            digest.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    // Left-over bits that are not zero would make two texts of one hash.
    (bits == 0 && digest.len() == len).then_some(digest)
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.algo.as_str())?;
        let mut text = String::new();
        for group in self.digest.chunks(3) {
            let bytes = [
                group[0],
                group.get(1).copied().unwrap_or(0),
                group.get(2).copied().unwrap_or(0),
            ];
            let bits = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
            for n in 0..4 {
                text.push(if n <= group.len() {
                    char::from(BASE64[(bits >> (18 - 6 * n) & 63) as usize])
                } else {
                    '='
                });
            }
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ContentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of the empty string in the three spellings, from `nix hash to-base*`.
    const SPELLINGS: [&str; 4] = [
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ];

    #[test]
    fn one_hash_in_every_spelling() {
        for text in SPELLINGS {
            let hash = ContentHash::parse(text, None).unwrap();
            assert_eq!(hash.to_string(), SPELLINGS[2]);
            assert_eq!(format!("sha256:{}", hash.to_base16()), SPELLINGS[0]);
            assert_eq!(format!("sha256:{}", hash.to_base32()), SPELLINGS[1]);
            let (_, digest) = text.split_once([':', '-']).unwrap();
            assert_eq!(
                ContentHash::parse(digest, Some(HashAlgo::Sha256)).as_ref(),
                Some(&hash)
            );
        }
    }

    #[test]
    fn sri_of_every_length_reads_back() {
        for (algo, fill) in [
            (HashAlgo::Md5, 1),
            (HashAlgo::Sha1, 0xff),
            (HashAlgo::Sha256, 7),
            (HashAlgo::Sha512, 0x80),
            (HashAlgo::Blake3, 0),
        ] {
            let hash = ContentHash {
                algo,
                digest: vec![fill; algo.digest_len()].into(),
            };
            assert_eq!(ContentHash::parse(&hash.to_string(), None), Some(hash));
        }
    }

    #[test]
    fn what_is_not_a_hash() {
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256-e3b0",
            "sha999-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==",
            "sha256:zmdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
            "sha256:ééééééééééééééééééééééééééé",
        ] {
            assert_eq!(ContentHash::parse(text, None), None, "{text}");
        }
        assert_eq!(
            ContentHash::parse(SPELLINGS[0], Some(HashAlgo::Sha512)),
            None
        );
    }
}
