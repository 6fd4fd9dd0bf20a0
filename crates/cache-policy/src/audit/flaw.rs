//! What can be wrong with a directory.

use drv_graph::{Bytes, ContentHash, StorePath};
use thiserror::Error;

/// Something that is wrong with a directory.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Flaw {
    /// There is no `nix-cache-info`.
    #[error("there is no nix-cache-info, by which Nix knows a binary cache")]
    NoCacheInfo,
    /// A line of `nix-cache-info` is not `Key: Value`.
    #[error("line {line} of nix-cache-info is not `Key: Value`")]
    CacheInfo {
        /// The line, from 1.
        line: usize,
    },
    /// A narinfo cannot be read.
    #[error("it is no narinfo: {error}")]
    Unreadable {
        /// Its file.
        file: String,
        /// Why.
        error: drv_graph::Error,
    },
    /// A narinfo is not called by the hash of its path, so that it is never found.
    #[error("it is about {path}, and is never found under this name")]
    Misnamed {
        /// Its file.
        file: String,
        /// What it is about.
        path: StorePath,
    },
    /// A narinfo is about a path of another store directory than the cache's.
    #[error("it is about {path}, and the cache is for {expected}")]
    StoreDir {
        /// Its file.
        file: String,
        /// What it is about.
        path: StorePath,
        /// The store directory that `nix-cache-info` names.
        expected: String,
    },
    /// Those who check signatures do not take a path.
    #[error("{why}")]
    Untrusted {
        /// The narinfo.
        file: String,
        /// Its path.
        path: StorePath,
        /// Why not.
        why: Distrust,
    },
    /// Nobody has something that narinfos refer to.
    #[error("{} to it, and neither this cache nor another has it", refer(referrers.len()))]
    MissingReference {
        /// What is missing.
        path: StorePath,
        /// What refers to it directly, ascending.
        referrers: Vec<StorePath>,
        /// Paths that cannot be had without it.
        hidden: usize,
        /// What these take up.
        bytes: Bytes,
    },
    /// A NAR does not lie in the directory.
    #[error("its NAR is said to be at {url}, which is not in this cache")]
    ForeignUrl {
        /// The narinfo.
        file: String,
        /// Its path.
        path: StorePath,
        /// Where the NAR is said to be.
        url: String,
    },
    /// A NAR is not there.
    #[error("its NAR {file} is not there")]
    MissingNar {
        /// The path.
        path: StorePath,
        /// Where the NAR should be.
        file: String,
        /// Paths that cannot be had without it, itself included.
        hidden: usize,
        /// What these take up.
        bytes: Bytes,
    },
    /// A NAR's file has another size.
    #[error("{file} has {} bytes, and its narinfo says {}", is.0, said.0)]
    FileSize {
        /// The path.
        path: StorePath,
        /// The file.
        file: String,
        /// What the narinfo says.
        said: Bytes,
        /// What is so.
        is: Bytes,
    },
    /// A NAR's file has another hash.
    #[error("{file} is {is}, and its narinfo says {said}")]
    FileHash {
        /// The path.
        path: StorePath,
        /// The file.
        file: String,
        /// Its size.
        bytes: Bytes,
        /// What the narinfo says.
        said: ContentHash,
        /// What is so.
        is: ContentHash,
    },
    /// A NAR's file cannot be unpacked.
    #[error("{file} cannot be unpacked: {problem}")]
    Packing {
        /// The path.
        path: StorePath,
        /// The file.
        file: String,
        /// Its size.
        bytes: Bytes,
        /// Why.
        problem: String,
    },
    /// A file unpacks to another NAR.
    #[error("{file} unpacks to another NAR than its narinfo says, {}", of_size(*is, *said))]
    Nar {
        /// The path.
        path: StorePath,
        /// The file.
        file: String,
        /// Its size.
        bytes: Bytes,
        /// The NAR's size that the narinfo says.
        said: Bytes,
        /// The NAR's size that is so; `None` where it is more and nobody counted.
        is: Option<Bytes>,
    },
    /// More is held than there is room for.
    #[error("{occupied} are held, and there is room for {capacity}")]
    OverCapacity {
        /// What is held.
        occupied: Bytes,
        /// What there is room for.
        capacity: Bytes,
    },
    /// What is held reaches into what should stay free.
    #[error("{occupied} are held, and what is beyond {limit} should stay free")]
    IntoBuffer {
        /// What is held.
        occupied: Bytes,
        /// Capacity without buffer.
        limit: Bytes,
    },
    /// A NAR names a path that its narinfo does not refer to.
    #[error("its NAR names {mention}, which is not among its references")]
    UnsaidReference {
        /// The path.
        path: StorePath,
        /// What it names.
        mention: StorePath,
    },
    /// A narinfo says a signature twice.
    #[error("it says a signature twice")]
    RepeatedSignature {
        /// The narinfo.
        file: String,
        /// Its path.
        path: StorePath,
    },
    /// A NAR that no narinfo names.
    #[error("no narinfo names it")]
    Orphan {
        /// The file.
        file: String,
        /// Its size.
        bytes: Bytes,
    },
    /// A file that was never finished.
    #[error("it was being written when its writer was ended")]
    Temporary {
        /// The file.
        file: String,
        /// Its size.
        bytes: Bytes,
    },
}

/// Why those who check signatures do not take a path, which is not known by its content either.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Distrust {
    /// It has no signature.
    #[error("nobody signed it")]
    Unsigned,
    /// Only keys of these names signed it, in the narinfo's order.
    #[error("it is signed by {}, and by no key that is trusted", .0.join(", "))]
    Strangers(Vec<String>),
    /// Signatures by trusted keys of these names are not ones of what it says.
    #[error("its signature by {} does not fit what it says", .0.join(", "))]
    Spoiled(Vec<String>),
}

fn refer(n: usize) -> String {
    match n {
        1 => "a path refers".to_owned(),
        n => format!("{n} paths refer"),
    }
}

fn of_size(is: Option<Bytes>, said: Bytes) -> String {
    match is {
        None => format!("of more than {} bytes", said.0),
        Some(is) if is == said => "of the same size".to_owned(),
        Some(is) => format!("of {} bytes for {}", is.0, said.0),
    }
}

/// How much a flaw matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// A consumer may get less than the cache promises, or it holds more than it may.
    Violation,
    /// A consumer may get less, and the cache alone cannot tell.
    Doubt,
    /// Something only takes up room.
    Waste,
}

impl Flaw {
    /// A stable name of the kind, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoCacheInfo => "no-cache-info",
            Self::CacheInfo { .. } => "cache-info",
            Self::Unreadable { .. } => "narinfo",
            Self::Misnamed { .. } => "narinfo-name",
            Self::StoreDir { .. } => "store-dir",
            Self::Untrusted { why, .. } => match why {
                Distrust::Unsigned => "unsigned",
                Distrust::Strangers(_) => "untrusted-key",
                Distrust::Spoiled(_) => "bad-signature",
            },
            Self::MissingReference { .. } => "missing-reference",
            Self::ForeignUrl { .. } => "nar-elsewhere",
            Self::MissingNar { .. } => "missing-nar",
            Self::FileSize { .. } => "file-size",
            Self::FileHash { .. } => "file-hash",
            Self::Packing { .. } => "nar-packing",
            Self::Nar { .. } => "nar-content",
            Self::OverCapacity { .. } => "over-capacity",
            Self::IntoBuffer { .. } => "into-buffer",
            Self::UnsaidReference { .. } => "unsaid-reference",
            Self::RepeatedSignature { .. } => "repeated-signature",
            Self::Orphan { .. } => "orphan-nar",
            Self::Temporary { .. } => "leftover",
        }
    }

    /// How much it matters.
    pub fn weight(&self) -> Weight {
        match self {
            Self::UnsaidReference { .. } => Weight::Doubt,
            Self::IntoBuffer { .. }
            | Self::RepeatedSignature { .. }
            | Self::Orphan { .. }
            | Self::Temporary { .. } => Weight::Waste,
            _ => Weight::Violation,
        }
    }

    /// Whether a consumer may get less than the cache promises, or it holds more than it may.
    pub fn is_violation(&self) -> bool {
        self.weight() == Weight::Violation
    }

    /// The file at fault, where it is one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::NoCacheInfo | Self::CacheInfo { .. } => Some("nix-cache-info"),
            Self::Unreadable { file, .. }
            | Self::Misnamed { file, .. }
            | Self::StoreDir { file, .. }
            | Self::Untrusted { file, .. }
            | Self::ForeignUrl { file, .. }
            | Self::MissingNar { file, .. }
            | Self::FileSize { file, .. }
            | Self::FileHash { file, .. }
            | Self::Packing { file, .. }
            | Self::Nar { file, .. }
            | Self::RepeatedSignature { file, .. }
            | Self::Orphan { file, .. }
            | Self::Temporary { file, .. } => Some(file),
            Self::MissingReference { .. }
            | Self::UnsaidReference { .. }
            | Self::OverCapacity { .. }
            | Self::IntoBuffer { .. } => None,
        }
    }

    /// The store path that it is about, where it is one.
    pub fn path(&self) -> Option<&StorePath> {
        match self {
            Self::Misnamed { path, .. }
            | Self::StoreDir { path, .. }
            | Self::Untrusted { path, .. }
            | Self::MissingReference { path, .. }
            | Self::ForeignUrl { path, .. }
            | Self::MissingNar { path, .. }
            | Self::FileSize { path, .. }
            | Self::FileHash { path, .. }
            | Self::Packing { path, .. }
            | Self::Nar { path, .. }
            | Self::UnsaidReference { path, .. }
            | Self::RepeatedSignature { path, .. } => Some(path),
            _ => None,
        }
    }

    /// How many paths cannot be had because of it, where that is known.
    pub fn hidden(&self) -> Option<usize> {
        match self {
            Self::MissingReference { hidden, .. } | Self::MissingNar { hidden, .. } => {
                Some(*hidden)
            }
            _ => None,
        }
    }

    /// What takes up room in vain because of it, or is too much; `None` where nothing is.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::MissingReference { bytes, .. }
            | Self::MissingNar { bytes, .. }
            | Self::FileSize { is: bytes, .. }
            | Self::FileHash { bytes, .. }
            | Self::Packing { bytes, .. }
            | Self::Nar { bytes, .. }
            | Self::Orphan { bytes, .. }
            | Self::Temporary { bytes, .. } => Some(*bytes),
            Self::OverCapacity {
                occupied,
                capacity: room,
            }
            | Self::IntoBuffer {
                occupied,
                limit: room,
            } => Some(Bytes(occupied.0.saturating_sub(room.0))),
            _ => None,
        }
    }

    /// A way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoCacheInfo | Self::CacheInfo { .. } => {
                "write `StoreDir: /nix/store` into it, or the store directory that the cache is for"
            }
            Self::Unreadable { .. } => "delete it, and push its path again",
            Self::Misnamed { .. } => "rename it to the hash of its path",
            Self::StoreDir { .. } => "delete it: no store with that directory asks this cache",
            Self::Untrusted { why, .. } => match why {
                Distrust::Unsigned => {
                    "sign it, by pushing it again with a secret key or with `nix store sign`"
                }
                Distrust::Strangers(_) => {
                    "trust that key too, if it may be, or push the path again with another"
                }
                Distrust::Spoiled(_) => {
                    "the narinfo was changed after it was signed, or another key of that name signed \
                     it: delete it, and push the path again"
                }
            },
            Self::MissingReference { .. } => {
                "push it, name the cache that has it with --upstream, or delete what refers to it"
            }
            Self::ForeignUrl { .. } | Self::MissingNar { .. } => {
                "delete the narinfo, and push the path again"
            }
            Self::FileSize { .. }
            | Self::FileHash { .. }
            | Self::Packing { .. }
            | Self::Nar { .. } => "delete the narinfo and the file, and push the path again",
            Self::OverCapacity { .. } => "evict what is worth least: `hmtool cache plan` says what",
            Self::IntoBuffer { .. } => "make room before the next push, or lower the buffer",
            Self::UnsaidReference { .. } => {
                "push the path again, unless it only names the other and never opens it"
            }
            Self::RepeatedSignature { .. } => "delete all but one of the lines",
            Self::Orphan { .. } | Self::Temporary { .. } => {
                "delete it, unless something is being pushed right now"
            }
        }
    }
}
