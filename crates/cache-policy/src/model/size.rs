//! How large a path is in a cache, and how well that is known.

use drv_graph::Bytes;

use crate::Compression;

/// How large a path is in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSize {
    /// The size of the compressed file.
    pub bytes: Bytes,
    /// How that is known.
    pub source: SizeSource,
}

/// How a [`FileSize`] is known, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SizeSource {
    /// A cache that holds it told.
    Cache,
    /// The NAR's size is known, and what compression usually leaves of one.
    Compression(Compression),
    /// Nothing is known of this path; others of its name, or most others, are of that size.
    Assumption,
}

impl FileSize {
    /// A size that a cache told.
    pub fn told(bytes: Bytes) -> Self {
        Self {
            bytes,
            source: SizeSource::Cache,
        }
    }

    /// What is probably left of a NAR of that size.
    pub fn compressed(nar: Bytes, compression: Compression) -> Self {
        Self {
            bytes: compression.estimate(nar),
            source: SizeSource::Compression(compression),
        }
    }

    /// A guess.
    pub fn assumed(bytes: Bytes) -> Self {
        Self {
            bytes,
            source: SizeSource::Assumption,
        }
    }

    /// Whether it may turn out to be another.
    pub fn is_estimate(&self) -> bool {
        self.source != SizeSource::Cache
    }
}
