//! A file's bytes, unpacked: gzip and zstd are told by their first bytes, not by a name.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::progress::{Progress, Underway};

/// The name that stands for standard input.
const STDIN: &str = "-";

/// How a file is called in messages and in the plan.
pub(crate) fn shown(path: &Path) -> String {
    if path == Path::new(STDIN) {
        "standard input".to_owned()
    } else {
        path.to_string_lossy().into_owned()
    }
}

/// Reads a file, or standard input for `-`, and unpacks it.
///
/// A plain file is read into one buffer of its size: there is never a second copy of it.
pub(crate) fn read(path: &Path, progress: &Progress) -> Result<Vec<u8>, Failure> {
    Pieces::open(path, progress)?.into_whole()
}

/// The bytes of a file, or of standard input for `-`, a piece at a time.
///
/// What is packed is unpacked as a whole, and one piece.
pub(crate) struct Pieces<'p> {
    path: PathBuf,
    /// What is still to be read, with its size where that is known.
    source: Option<(Box<dyn Read + 'p>, Option<u64>)>,
    buffer: Vec<u8>,
    /// The piece at hand is `buffer[start..end]`.
    start: usize,
    end: usize,
    _reading: Underway<'p>,
}

impl<'p> Pieces<'p> {
    /// Small enough for the piece to stay in the processor's cache until it has been looked at:
    /// half the time of reading a large file goes into memory that is touched for the first time.
    const SIZE: usize = 1 << 18;

    /// Opens a file, and reads its first piece.
    pub(crate) fn open(path: &Path, progress: &'p Progress) -> Result<Self, Failure> {
        let is_stdin = path == Path::new(STDIN);
        let (source, size): (Box<dyn Read + 'p>, _) = if is_stdin {
            (Box::new(progress.wrap(io::stdin().lock())), None)
        } else {
            let failed = |e| Failure::reading(path, e);
            let file = File::open(path).map_err(failed)?;
            let metadata = file.metadata().map_err(failed)?;
            if metadata.is_dir() {
                return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
            }
            (Box::new(progress.wrap(file)), Some(metadata.len()))
        };
        let mut pieces = Self {
            path: path.to_owned(),
            source: Some((source, size)),
            buffer: vec![0; Self::SIZE],
            start: 0,
            end: 0,
            _reading: progress.reading(&shown(path), size),
        };
        pieces.fill()?;
        if packing(pieces.piece()).is_some() {
            let unpacked = unpack(pieces.read_rest()?, path)?;
            pieces.end = unpacked.len();
            pieces.buffer = unpacked;
        }
        Ok(pieces)
    }

    /// The piece at hand; empty where all has been consumed.
    pub(crate) fn piece(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether nothing comes behind the piece at hand.
    pub(crate) fn is_last(&self) -> bool {
        self.source.is_none()
    }

    /// Goes on to what is left of the piece behind its first `done` bytes, and more.
    pub(crate) fn advance(&mut self, done: usize) -> Result<(), Failure> {
        self.start += done;
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        self.fill()
    }

    fn fill(&mut self) -> Result<(), Failure> {
        while let Some((source, _)) = &mut self.source
            && self.end < self.buffer.len()
        {
            match source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.source = None,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Failure::reading(Path::new(&shown(&self.path)), e)),
            }
        }
        Ok(())
    }

    /// All that has not been consumed.
    pub(crate) fn into_whole(mut self) -> Result<Vec<u8>, Failure> {
        self.read_rest()
    }

    fn read_rest(&mut self) -> Result<Vec<u8>, Failure> {
        let failed = |e| Failure::reading(Path::new(&shown(&self.path)), e);
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.truncate(self.end);
        bytes.drain(..self.start);
        if let Some((mut source, size)) = self.source.take() {
            // Room for some more than its size, so that the read that finds the end grows nothing.
            let size = size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
            bytes
                .try_reserve_exact(size.saturating_sub(bytes.len()).saturating_add(64))
                .map_err(|_| failed(io::Error::from(io::ErrorKind::OutOfMemory)))?;
            source.read_to_end(&mut bytes).map_err(failed)?;
        }
        Ok(bytes)
    }
}

#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

fn packing(bytes: &[u8]) -> Option<Packing> {
    match bytes {
        [0x1f, 0x8b, ..] => Some(Packing::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Packing::Zstd),
        _ => None,
    }
}

fn unpack(bytes: Vec<u8>, path: &Path) -> Result<Vec<u8>, Failure> {
    let Some(packing) = packing(&bytes) else {
        return Ok(bytes);
    };
    let mut out = Vec::new();
    let (name, done) = match packing {
        // Both tools write one file as several members one after another.
        Packing::Gzip => (
            "gzip",
            flate2::bufread::MultiGzDecoder::new(&bytes[..]).read_to_end(&mut out),
        ),
        Packing::Zstd => ("zstd", unpack_zstd(&bytes, &mut out)),
    };
    match done {
        Ok(_) => Ok(out),
        Err(error) => {
            let is_cut = error.kind() == io::ErrorKind::UnexpectedEof;
            let what = if is_cut {
                "ends too early"
            } else if error.kind() == io::ErrorKind::InvalidInput && !out.is_empty() {
                // What flate2 says when a member is whole and what follows begins none.
                "is followed by something else"
            } else {
                "is broken"
            };
            Err(Failure::Data {
                file: shown(path),
                place: Some(format!("byte {} after unpacking", out.len())),
                code: "broken-archive",
                message: format!("the {name} data {what}"),
                hint: Some(if is_cut {
                    "the file was cut off; make it again".to_owned()
                } else {
                    "the file was cut off or damaged; make it again".to_owned()
                }),
            })
        }
    }
}

fn unpack_zstd(mut rest: &[u8], out: &mut Vec<u8>) -> io::Result<usize> {
    while !rest.is_empty() {
        // A skippable frame (RFC 8878, 3.1.2) has a magic number of its own and no content.
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, tail @ ..] = rest {
            let size = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            rest = tail.get(size..).ok_or(io::ErrorKind::UnexpectedEof)?;
            continue;
        }
        let mut frame =
            ruzstd::decoding::StreamingDecoder::new(&mut rest).map_err(io::Error::other)?;
        frame.read_to_end(out)?;
    }
    Ok(out.len())
}

/// Bytes as text, or the place of the first byte that is none.
pub(crate) fn as_text<'a>(bytes: &'a [u8], path: &Path) -> Result<&'a str, Failure> {
    std::str::from_utf8(bytes).map_err(|error| Failure::Data {
        file: shown(path),
        place: Some(drv_graph::Position::of(bytes, error.valid_up_to()).to_string()),
        code: "not-utf8",
        message: "not UTF-8".to_owned(),
        hint: Some("is this a text file? If so, save it as UTF-8".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    /// `printf hello | zstd`, with its checksum.
    const ZSTD_HELLO: [u8; 18] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x29, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0xa3,
        0x6d, 0x9f, 0x88,
    ];

    #[test]
    fn the_packing_is_told_by_content() {
        let path = Path::new("x.json");
        assert_eq!(unpack(b"hello".to_vec(), path).expect("plain"), b"hello");
        assert_eq!(unpack(gzip(b"hello"), path).expect("gzip"), b"hello");
        assert_eq!(unpack(ZSTD_HELLO.to_vec(), path).expect("zstd"), b"hello");
        assert_eq!(unpack(Vec::new(), path).expect("empty"), b"");
    }

    #[test]
    fn members_are_joined() {
        let path = Path::new("x.json");
        let members = [gzip(b"hel"), gzip(b"lo")].concat();
        assert_eq!(unpack(members, path).expect("gzip"), b"hello");
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        let members = [&ZSTD_HELLO[..], &skippable, &ZSTD_HELLO].concat();
        assert_eq!(unpack(members, path).expect("zstd"), b"hellohello");
    }

    #[test]
    fn what_is_wrong_with_an_archive_is_said_in_words() {
        let message = |bytes: Vec<u8>| {
            let failure = unpack(bytes, Path::new("g")).expect_err("broken");
            failure.to_string()
        };
        let whole = gzip(b"hello");
        assert_eq!(
            message([&whole[..], b"more than a header"].concat()),
            "the gzip data is followed by something else"
        );
        assert_eq!(
            message(whole[..12].to_vec()),
            "the gzip data ends too early"
        );
        for cut in 5..ZSTD_HELLO.len() - 4 {
            let text = message(ZSTD_HELLO[..cut].to_vec());
            assert!(!text.contains(['(', '{']), "{text}");
        }
    }

    #[test]
    fn a_broken_archive_is_an_error() {
        let whole = [gzip(b"hello"), ZSTD_HELLO.to_vec()];
        for bytes in whole {
            for cut in 5..bytes.len() - 4 {
                let failure = unpack(bytes[..cut].to_vec(), Path::new("g")).expect_err("cut off");
                assert_eq!(failure.code(), "broken-archive", "at {cut}");
            }
        }
    }
}
