//! Whether a path is called by its content, as its `CA` says. Nix takes such a path from anybody: who
//! knows its name knows what is in it.
//!
//! How Nix names paths is specified in `protocols/store-path.md` of its manual.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use drv_graph::{ContentHash, HashAlgo, PathInfo, StorePath};
use sha2::{Digest, Sha256};

/// Bytes of a path's hash part.
const HASH_PART: usize = 20;

/// Whether the path is the one that its content address makes.
pub(super) fn is_content_addressed(info: &PathInfo) -> bool {
    hash_part(info).is_some_and(|hash| hash == info.path.hash_part())
}

/// The hash part that the content address makes. `None` where there is none that can be understood:
/// hashes of Git trees are experimental in Nix.
fn hash_part(info: &PathInfo) -> Option<String> {
    let (method, rest) = info.ca.as_deref()?.split_once(':')?;
    let refers_to_itself = info.references.contains(&info.path);
    let others: BTreeSet<&str> = info
        .references
        .iter()
        .filter(|path| **path != info.path)
        .map(StorePath::as_str)
        .collect();
    let references = |kind: &str| {
        let mut text = kind.to_owned();
        for path in &others {
            let _ = write!(text, ":{path}");
        }
        text
    };
    match (method, rest.strip_prefix("r:")) {
        ("text", None) => {
            let hash = ContentHash::parse(rest, None)?;
            let is_said_so = hash.algo() == HashAlgo::Sha256 && !refers_to_itself;
            is_said_so.then(|| path_hash(info, &references("text"), &hash))
        }
        ("fixed", recursive) => {
            let hash = ContentHash::parse(recursive.unwrap_or(rest), None)?;
            if recursive.is_some() && hash.algo() == HashAlgo::Sha256 {
                let itself = if refers_to_itself { ":self" } else { "" };
                return Some(path_hash(info, &(references("source") + itself), &hash));
            }
            let is_alone = others.is_empty() && !refers_to_itself;
            let prefix = if recursive.is_some() { "r:" } else { "" };
            let text = format!("fixed:out:{prefix}{}:", algorithm_and_digest(&hash));
            is_alone.then(|| path_hash(info, "output:out", &sha256(&text)))
        }
        _ => None,
    }
}

fn path_hash(info: &PathInfo, kind: &str, hash: &ContentHash) -> String {
    let (dir, name) = (info.path.store_dir(), info.path.name());
    let digest = sha256(&format!(
        "{kind}:{}:{dir}:{name}",
        algorithm_and_digest(hash)
    ));
    let mut folded = [0_u8; HASH_PART];
    for (n, byte) in digest.digest().iter().enumerate() {
        folded[n % HASH_PART] ^= byte;
    }
    let folded = ContentHash::new(HashAlgo::Sha1, &folded);
    // Written as a hash of that length.
    folded.map_or_else(String::new, |hash| hash.to_base32())
}

fn algorithm_and_digest(hash: &ContentHash) -> String {
    format!("{}:{}", hash.algo().as_str(), hash.to_base16())
}

fn sha256(text: &str) -> ContentHash {
    let digest = Sha256::digest(text.as_bytes());
    ContentHash::new(HashAlgo::Sha256, &digest)
        .unwrap_or_else(|| unreachable!("a digest of SHA-256 has its length"))
}
