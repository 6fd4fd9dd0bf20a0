//! A file's bytes, unpacked: gzip and zstd are told by their first bytes, not by a name.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::progress::{Progress, Underway};
use crate::unpacking::{self, Watch};

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

/// The bytes of a file, or of standard input for `-`, unpacked, a piece at a time.
pub(crate) struct Pieces<'p> {
    path: PathBuf,
    /// What is still to be read, with its size where that is known.
    source: Option<(Box<dyn Read + 'p>, Option<u64>)>,
    unpacking: Option<Unpacking>,
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
            unpacking: None,
            buffer: vec![0; Self::SIZE],
            start: 0,
            end: 0,
            _reading: progress.reading(&shown(path), size),
        };
        pieces.fill()?;
        if let Some(packing) = packing(pieces.piece()) {
            pieces.unpack(packing);
            pieces.fill()?;
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

    /// From here on the pieces are what the bytes at hand, and those behind them, unpack to.
    fn unpack(&mut self, packing: &'static str) {
        let head = io::Cursor::new(self.buffer[self.start..self.end].to_vec());
        let tail = self.source.take().map(|(source, _)| source);
        let packed = head.chain(tail.unwrap_or_else(|| Box::new(io::empty())));
        let watch = Watch::default();
        self.source = unpacking::reader(packed, packing, &watch).map(|source| (source, None));
        self.unpacking = Some(Unpacking {
            packing,
            done: 0,
            watch,
        });
        (self.start, self.end) = (0, 0);
    }

    fn fill(&mut self) -> Result<(), Failure> {
        while let Some((source, _)) = &mut self.source
            && self.end < self.buffer.len()
        {
            match source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.source = None,
                Ok(n) => {
                    self.end += n;
                    if let Some(unpacking) = &mut self.unpacking {
                        unpacking.done += n as u64;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.failed(e)),
            }
        }
        Ok(())
    }

    fn failed(&self, error: io::Error) -> Failure {
        match &self.unpacking {
            Some(unpacking) => unpacking.failed(error, &self.path),
            None => Failure::reading(Path::new(&shown(&self.path)), error),
        }
    }

    /// All that has not been consumed.
    pub(crate) fn into_whole(mut self) -> Result<Vec<u8>, Failure> {
        let mut bytes = std::mem::take(&mut self.buffer);
        bytes.truncate(self.end);
        bytes.drain(..self.start);
        if let Some((mut source, size)) = self.source.take() {
            // Room for some more than its size, so that the read that finds the end grows nothing.
            let size = size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
            bytes
                .try_reserve_exact(size.saturating_sub(bytes.len()).saturating_add(64))
                .map_err(|_| self.failed(io::Error::from(io::ErrorKind::OutOfMemory)))?;
            let had = bytes.len();
            let read = source.read_to_end(&mut bytes);
            if let Some(unpacking) = &mut self.unpacking {
                unpacking.done += (bytes.len() - had) as u64;
            }
            read.map_err(|error| self.failed(error))?;
        }
        Ok(bytes)
    }
}

/// How far unpacking has come.
struct Unpacking {
    packing: &'static str,
    /// Bytes that came out.
    done: u64,
    watch: Watch,
}

impl Unpacking {
    fn failed(&self, error: io::Error, path: &Path) -> Failure {
        if let Some(unreadable) = self.watch.unreadable() {
            return Failure::reading(Path::new(&shown(path)), unreadable);
        }
        let (what, hint) = match error.kind() {
            io::ErrorKind::OutOfMemory => (
                "takes too much memory to unpack",
                "pack it with a smaller window",
            ),
            // What flate2 says when a member is whole and what follows begins none; it has the
            // same kind for a member that is damaged.
            io::ErrorKind::InvalidInput
                if self.done > 0 && error.to_string() == "invalid gzip header" =>
            {
                (
                    "is followed by something else",
                    "the file was cut off or damaged; make it again",
                )
            }
            _ if self.watch.is_at_end() => {
                ("ends too early", "the file was cut off; make it again")
            }
            _ => (
                "is broken",
                "the file was cut off or damaged; make it again",
            ),
        };
        Failure::Data {
            file: shown(path),
            place: Some(format!("byte {} after unpacking", self.done)),
            code: "broken-archive",
            message: format!("the {} data {what}", self.packing),
            hint: Some(hint.to_owned()),
        }
    }
}

/// How bytes that begin so are packed, as [`unpacking::reader`] calls it.
fn packing(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        _ => None,
    }
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

    /// The pieces of a file with these bytes, each as long as it gets and consumed but for its
    /// last three bytes.
    fn joined(bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let mut file = tempfile::NamedTempFile::new().expect("a place for temporary files");
        file.write_all(bytes).expect("room on the disk");
        let progress = Progress::new();
        let mut pieces = Pieces::open(file.path(), &progress)?;
        let mut out = Vec::new();
        while !pieces.is_last() {
            let done = pieces.piece().len().saturating_sub(3);
            out.extend_from_slice(&pieces.piece()[..done]);
            pieces.advance(done)?;
        }
        out.extend_from_slice(pieces.piece());
        assert_eq!(read(file.path(), &progress)?, out, "as a whole");
        Ok(out)
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn numbers(upto: u32) -> Vec<u8> {
        (0..upto)
            .flat_map(|n| format!("{n}\n").into_bytes())
            .collect()
    }

    #[test]
    fn pieces_are_the_file() {
        for upto in [0, 1, 1000, 300_000] {
            let text = numbers(upto);
            assert_eq!(joined(&text).expect("plain"), text);
            assert_eq!(joined(&gzip(&text)).expect("packed"), text);
        }
    }

    #[test]
    fn a_piece_that_nothing_is_consumed_of_grows() {
        let mut file = tempfile::NamedTempFile::new().expect("a place for temporary files");
        let text = numbers(200_000);
        file.write_all(&gzip(&text)).expect("room on the disk");
        let progress = Progress::new();
        let mut pieces = Pieces::open(file.path(), &progress).expect("a file");
        while !pieces.is_last() {
            pieces.advance(0).expect("a file");
        }
        assert_eq!(pieces.piece(), text);
    }

    /// `printf hello | zstd`, with its checksum.
    const ZSTD_HELLO: [u8; 18] = [
        0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x58, 0x29, 0x00, 0x00, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0xa3,
        0x6d, 0x9f, 0x88,
    ];

    #[test]
    fn the_packing_is_told_by_content() {
        assert_eq!(joined(b"hello").expect("plain"), b"hello");
        assert_eq!(joined(&gzip(b"hello")).expect("gzip"), b"hello");
        assert_eq!(joined(&ZSTD_HELLO).expect("zstd"), b"hello");
        assert_eq!(joined(b"").expect("empty"), b"");
    }

    #[test]
    fn members_are_joined() {
        let members = [gzip(b"hel"), gzip(b"lo")].concat();
        assert_eq!(joined(&members).expect("gzip"), b"hello");
        let members = [ZSTD_HELLO, ZSTD_HELLO].concat();
        assert_eq!(joined(&members).expect("zstd"), b"hellohello");
    }

    #[test]
    fn what_is_wrong_with_an_archive_is_said_in_words() {
        let message = |bytes: &[u8]| joined(bytes).expect_err("broken").to_string();
        let whole = gzip(b"hello");
        assert_eq!(
            message(&[&whole[..], b"more than a header"].concat()),
            "the gzip data is followed by something else"
        );
        assert_eq!(message(&whole[..12]), "the gzip data ends too early");
        let long = gzip(&numbers(300_000));
        for place in [long.len() / 3, long.len() / 2, long.len() - 6] {
            let mut damaged = long.clone();
            damaged[place] ^= 0x10;
            assert_eq!(message(&damaged), "the gzip data is broken", "at {place}");
        }
        for cut in 5..ZSTD_HELLO.len() - 4 {
            assert_eq!(message(&ZSTD_HELLO[..cut]), "the zstd data ends too early");
        }
        let window = include_bytes!("../../tests/fixtures/packed/numbers-1g-window.zst");
        assert_eq!(
            message(window),
            "the zstd data takes too much memory to unpack"
        );
    }

    #[test]
    fn a_broken_archive_is_an_error() {
        let whole = [gzip(b"hello"), ZSTD_HELLO.to_vec(), gzip(&numbers(300_000))];
        for bytes in whole {
            for cut in (5..bytes.len() - 4).step_by(bytes.len() / 16) {
                let failure = joined(&bytes[..cut]).expect_err("cut off");
                assert_eq!(failure.code(), "broken-archive", "at {cut}");
            }
        }
    }
}
