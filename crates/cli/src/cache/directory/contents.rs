//! What is in a NAR's file: its hash, and what it unpacks to.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use cache_policy::audit::{File, KnownPaths, Nar, Search, Unpacked};
use drv_graph::{Bytes, ContentHash, HashAlgo};
use sha2::{Digest, Sha256};

use crate::unpacking::{self, Watch};

/// What narinfos say that a file unpacks to: by the name of the compression, the largest NAR.
pub(super) type Promises = BTreeMap<String, Bytes>;

/// Reads the file, and unpacks it in each way that narinfos say, to as much as they say.
pub(super) fn read(path: &Path, promises: &Promises, known: &KnownPaths) -> io::Result<File> {
    let nothing = KnownPaths::default();
    let whole = digest(&mut fs::File::open(path)?, Bytes(u64::MAX), &nothing)?;
    let mut unpacked = BTreeMap::new();
    for (compression, &limit) in promises {
        let found = unpack(fs::File::open(path)?, compression, limit, known)?;
        unpacked.insert(compression.clone(), found);
    }
    Ok(File {
        bytes: whole.nar.bytes,
        hash: Some(whole.nar.hash),
        unpacked,
    })
}

fn unpack(
    file: fs::File,
    compression: &str,
    limit: Bytes,
    known: &KnownPaths,
) -> io::Result<Unpacked> {
    // A file that is said to be the NAR has whatever size it has.
    let limit = match compression {
        "none" => Bytes(u64::MAX),
        _ => limit,
    };
    let watch = Watch::default();
    let Some(mut reader) = unpacking::reader(file, compression, &watch) else {
        return Ok(Unpacked::UnknownMethod);
    };
    let problem = match digest(&mut reader, limit, known) {
        Ok(Digested { is_cut: true, .. }) => return Ok(Unpacked::TooLong),
        Ok(Digested { nar, .. }) => return Ok(Unpacked::Nar(nar)),
        Err(error) if error.kind() == ErrorKind::OutOfMemory => {
            return Ok(Unpacked::TooMuchMemory);
        }
        Err(_) => match watch.unreadable() {
            Some(error) => return Err(error),
            None if watch.is_at_end() => "ends too early",
            // Each library has words of its own for it, and none of them says more.
            None => "is broken",
        },
    };
    Ok(Unpacked::Broken(format!(
        "the {compression} data {problem}"
    )))
}

/// What came out of a reader.
struct Digested {
    nar: Nar,
    /// Whether there is more of it than was to be read.
    is_cut: bool,
}

/// Reads as much as `limit`, and one piece more where there is more.
fn digest(reader: &mut impl Read, limit: Bytes, known: &KnownPaths) -> io::Result<Digested> {
    let mut sha256 = Sha256::new();
    let mut search = Search::new(known);
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    while bytes <= limit.0 {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                sha256.update(&buffer[..n]);
                search.look_at(&buffer[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let hash = ContentHash::new(HashAlgo::Sha256, &sha256.finalize());
    Ok(Digested {
        nar: Nar {
            bytes: Bytes(bytes),
            hash: hash.unwrap_or_else(|| unreachable!("a digest of SHA-256 has its length")),
            mentions: search.found(),
        },
        is_cut: bytes > limit.0,
    })
}
