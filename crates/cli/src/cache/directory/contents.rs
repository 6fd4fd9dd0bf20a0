//! What is in a NAR's file: its hash, and that of the NAR where it can be unpacked here.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use cache_policy::audit::{File, Nar};
use drv_graph::{Bytes, ContentHash, HashAlgo};
use sha2::{Digest, Sha256};

/// Reads the file. Of xz, bzip2 and brotli the NAR is not looked at: the file's hash says as much
/// about damage, and what packed it wrong would be the program that pushed it.
pub(super) fn read(path: &Path, compression: &str) -> io::Result<File> {
    let (bytes, hash) = digest(fs::File::open(path)?)?;
    let nar = match compression {
        "none" => Some(Ok(Nar {
            bytes,
            hash: hash.clone(),
        })),
        "zstd" => Some(unpacked(unzstd(BufReader::new(fs::File::open(path)?)))),
        "gzip" => {
            let file = BufReader::new(fs::File::open(path)?);
            Some(unpacked(digest(flate2::bufread::MultiGzDecoder::new(file))))
        }
        _ => None,
    };
    Ok(File {
        bytes,
        hash: Some(hash),
        nar,
    })
}

fn unpacked(read: io::Result<(Bytes, ContentHash)>) -> Result<Nar, String> {
    match read {
        Ok((bytes, hash)) => Ok(Nar { bytes, hash }),
        Err(error) => Err(error.to_string()),
    }
}

/// A zstd file may be several frames one after another; the decoder reads one.
fn unzstd(mut file: impl BufRead) -> io::Result<(Bytes, ContentHash)> {
    let mut hasher = Hasher::default();
    while !file.fill_buf()?.is_empty() {
        let frame = ruzstd::decoding::StreamingDecoder::new(&mut file).map_err(io::Error::other)?;
        hasher.read(frame)?;
    }
    Ok(hasher.finish())
}

fn digest(reader: impl Read) -> io::Result<(Bytes, ContentHash)> {
    let mut hasher = Hasher::default();
    hasher.read(reader)?;
    Ok(hasher.finish())
}

#[derive(Default)]
struct Hasher {
    sha256: Sha256,
    bytes: u64,
}

impl Hasher {
    fn read(&mut self, mut reader: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    self.sha256.update(&buffer[..n]);
                    self.bytes += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn finish(self) -> (Bytes, ContentHash) {
        let hash = ContentHash::new(HashAlgo::Sha256, &self.sha256.finalize());
        (
            Bytes(self.bytes),
            hash.unwrap_or_else(|| unreachable!("a digest of SHA-256 has its length")),
        )
    }
}
