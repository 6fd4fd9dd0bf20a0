//! What is compressed, unpacked as a stream in bounded memory: inputs, and the NARs of caches.
//!
//! Nix packs NARs with xz where nothing else is asked for, and with zstd, bzip2 (which a narinfo means
//! that says nothing), gzip and brotli where that is; Cachix and attic use zstd, xz and brotli. Of what
//! else libarchive can do for Nix (lz4, lzip, lzma, compress, lzop …) no caches are known.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::rc::Rc;

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// What xz may take, in KiB: a dictionary of 128 MiB, which is all that zstd's decoder takes by
/// itself, and twice what the highest level of xz asks for. The other methods need less.
const XZ_MEMORY: u32 = 256 << 10;
/// Bytes that are read at once.
const BUFFER: usize = 1 << 16;

/// What comes out of `file` when it is unpacked; `None` for a method that is not known here.
///
/// A reader that would take too much memory fails with [`ErrorKind::OutOfMemory`]. What else may
/// be behind an error is for `watch` to tell: the libraries have words of their own for it.
pub(crate) fn reader<'a>(
    file: impl Read + 'a,
    compression: &str,
    watch: &Watch,
) -> Option<Box<dyn Read + 'a>> {
    let file = Watched {
        file: BufReader::with_capacity(BUFFER, file),
        watch: watch.clone(),
    };
    // Of several streams one after another each method but brotli makes one.
    Some(match compression {
        "none" => Box::new(file),
        "xz" => Box::new(XzReader::new_mem_limit(file, true, XZ_MEMORY)),
        "zstd" => Box::new(Zstd::new(file)),
        "bzip2" => Box::new(MultiBzDecoder::new(file)),
        "gzip" => Box::new(MultiGzDecoder::new(file)),
        "br" => {
            let mut decoder = Decompressor::new(file, BUFFER);
            // Windows of up to 1 GiB, of which no RFC and no Nix knows.
            let large_window = BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW;
            decoder.set_parameter(large_window, 0);
            Box::new(decoder)
        }
        _ => return None,
    })
}

/// What happened to a file while it was unpacked.
#[derive(Clone, Default)]
pub(crate) struct Watch(Rc<Seen>);

#[derive(Default)]
struct Seen {
    is_at_end: Cell<bool>,
    unreadable: Cell<Option<io::Error>>,
}

impl Watch {
    /// Whether more was asked for than the file has.
    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_at_end.get()
    }

    /// Why the file itself could not be read, where that is so.
    pub(crate) fn unreadable(&self) -> Option<io::Error> {
        self.0.unreadable.take()
    }

    fn saw<T>(&self, read: io::Result<T>, is_at_end: impl FnOnce(&T) -> bool) -> io::Result<T> {
        match &read {
            Ok(read) => self.0.is_at_end.set(is_at_end(read)),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let kind = error.kind();
                return read.map_err(|error| {
                    self.0.unreadable.set(Some(error));
                    kind.into()
                });
            }
        }
        read
    }
}

/// A file that is watched.
struct Watched<R> {
    file: BufReader<R>,
    watch: Watch,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        self.watch.saw(read, |&n| n == 0 && !buffer.is_empty())
    }
}

impl<R: Read> BufRead for Watched<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.watch
            .saw(self.file.fill_buf(), |bytes| bytes.is_empty())
    }

    fn consume(&mut self, n: usize) {
        self.file.consume(n);
    }
}

/// Zstandard frames one after another, skippable ones (RFC 8878, 3.1.2) among them.
struct Zstd<R> {
    file: R,
    decoder: FrameDecoder,
    is_within_frame: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(file: R) -> Self {
        Self {
            file,
            decoder: FrameDecoder::new(),
            is_within_frame: false,
        }
    }

    /// Whether there is another frame.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.file.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.file) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    let mut skipped = (&mut self.file).take(length);
                    if io::copy(&mut skipped, &mut io::sink())? < length {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error @ FrameDecoderError::WindowSizeTooBig { .. }) => {
                    return Err(io::Error::new(ErrorKind::OutOfMemory, error));
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.is_within_frame {
                let n = self.decoder.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                if !self.decoder.is_finished() {
                    let one = BlockDecodingStrategy::UptoBlocks(1);
                    let decoded = self.decoder.decode_blocks(&mut self.file, one);
                    decoded.map_err(io::Error::other)?;
                    continue;
                }
            }
            self.is_within_frame = self.begin()?;
            if !self.is_within_frame {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! packed {
        ($name:literal) => {
            include_bytes!(concat!("../tests/fixtures/packed/numbers", $name)).as_slice()
        };
    }

    const METHODS: [(&str, &[u8]); 5] = [
        ("xz", packed!(".xz")),
        ("zstd", packed!(".zst")),
        ("bzip2", packed!(".bz2")),
        ("gzip", packed!(".gz")),
        ("br", packed!(".br")),
    ];

    fn numbers() -> String {
        (1..=400).map(|n| format!("{n}\n")).collect()
    }

    /// What comes out, at most ten times what should; how it fails; whether it asks for more than
    /// there is.
    fn unpacked(bytes: &[u8], compression: &str) -> (Vec<u8>, Option<ErrorKind>, bool) {
        let watch = Watch::default();
        let reader = reader(bytes, compression, &watch).expect("a method");
        let mut out = Vec::new();
        let error = reader.take(20_000).read_to_end(&mut out).err();
        (out, error.map(|error| error.kind()), watch.is_at_end())
    }

    #[test]
    fn what_was_packed_comes_out() {
        for (compression, bytes) in METHODS {
            let (out, error, _) = unpacked(bytes, compression);
            assert_eq!(error, None, "{compression}");
            assert!(out == numbers().as_bytes(), "{compression}");
        }
        assert_eq!(unpacked(b"hello", "none"), (b"hello".to_vec(), None, true));
    }

    #[test]
    fn streams_one_after_another_are_joined() {
        let twice = numbers().repeat(2);
        for (compression, bytes) in METHODS.into_iter().filter(|(name, _)| *name != "br") {
            let (out, error, _) = unpacked(&bytes.repeat(2), compression);
            assert_eq!(error, None, "{compression}");
            assert!(out == twice.as_bytes(), "{compression}");
        }
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        let (_, zstd) = METHODS[1];
        let (out, error, _) = unpacked(&[zstd, &skippable, zstd].concat(), "zstd");
        assert_eq!((out == twice.as_bytes(), error), (true, None));
    }

    #[test]
    fn what_is_cut_off_ends_too_early() {
        for (compression, bytes) in METHODS {
            for length in 1..bytes.len() {
                let (out, error, is_at_end) = unpacked(&bytes[..length], compression);
                assert!(
                    error.is_some() && is_at_end,
                    "{compression}: {length} bytes give {} and {error:?}",
                    out.len()
                );
            }
        }
    }

    /// Brotli has no check of its own, and some bits of a header mean nothing: what is not an error
    /// is for the NAR's hash to find.
    #[test]
    fn what_is_damaged_fails_or_is_another_nar() {
        for (compression, bytes) in METHODS {
            let mut harmless = 0;
            for place in 0..bytes.len() {
                let mut bytes = bytes.to_vec();
                bytes[place] ^= 1 << (place % 8);
                let (out, error, _) = unpacked(&bytes, compression);
                harmless += usize::from(error.is_none() && out == numbers().as_bytes());
            }
            assert!(harmless < 10, "{compression}: {harmless}");
        }
    }

    #[test]
    fn what_is_no_packed_data_at_all_fails() {
        for (compression, _) in METHODS {
            for bytes in [&b"<html>welcome</html>"[..], &[0; 100], &[0xff; 100]] {
                let (_, error, _) = unpacked(bytes, compression);
                assert!(error.is_some(), "{compression}: {bytes:?}");
            }
        }
    }

    #[test]
    fn memory_has_a_limit() {
        for (compression, bytes) in [
            ("xz", packed!("-1g-dictionary.xz")),
            ("zstd", packed!("-1g-window.zst")),
        ] {
            let (_, error, _) = unpacked(bytes, compression);
            assert_eq!(error, Some(ErrorKind::OutOfMemory), "{compression}");
        }
    }

    #[test]
    fn why_a_file_cannot_be_read_is_kept() {
        struct Torn;
        impl Read for Torn {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is torn"))
            }
        }
        for (compression, bytes) in METHODS {
            let watch = Watch::default();
            let torn = bytes[..bytes.len() / 2].chain(Torn);
            let mut reader = reader(torn, compression, &watch).expect("a method");
            io::copy(&mut reader, &mut io::sink()).expect_err("torn");
            let why = watch.unreadable().map(|error| error.to_string());
            assert_eq!(why.as_deref(), Some("the disk is torn"), "{compression}");
        }
    }
}
