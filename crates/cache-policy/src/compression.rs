//! How a cache packs what it holds, and how small that makes it.

use std::fmt;

use drv_graph::Bytes;

/// A way to compress NARs, with the level of its tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compression {
    /// As they are.
    None,
    /// Zstandard, levels 1 to 22.
    Zstd(u8),
    /// LZMA, levels 0 to 9.
    Xz(u8),
}

/// What is left of a NAR, by method and from which level on. Measured: 392 MB of programs in
/// `/usr/bin` (146.8 MB by zstd 2, 108.9 MB by xz 2) and 126 MB of GCC (46.2 MB by zstd 2, 36.1 MB
/// by xz 2, 37.9 MB by zstd 16, 18.5 MB by xz 9). Of two figures the larger, for a cache that turns
/// out smaller than planned does no harm. The last two levels were measured on GCC alone: zstd 16 is
/// raised as the others differ; xz 9, whose long window does GCC more good than most, is put halfway
/// to xz 2.
const RATIOS: [(Compression, f64); 5] = [
    (Compression::None, 1.0),
    (Compression::Zstd(0), 0.375),
    (Compression::Zstd(16), 0.307),
    (Compression::Xz(0), 0.287),
    (Compression::Xz(9), 0.217),
];

impl Compression {
    /// What Nix uses when nothing is said.
    pub const NIX: Self = Self::Xz(6);

    /// What Cachix uses when nothing is said.
    pub const CACHIX: Self = Self::Zstd(2);

    /// The name that Nix and Cachix have for the method.
    pub fn method(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Zstd(_) => "zstd",
            Self::Xz(_) => "xz",
        }
    }

    /// The level, where the method has levels.
    pub fn level(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Zstd(level) | Self::Xz(level) => Some(level),
        }
    }

    /// A method by its name, at a level, or the one that is usual for it; `None` for a name or a
    /// level that there is not.
    pub fn from_name(method: &str, level: Option<u8>) -> Option<Self> {
        match (method, level) {
            ("none", None) => Some(Self::None),
            ("zstd", level) => Some(Self::Zstd(level.unwrap_or(2)))
                .filter(|_| level.is_none_or(|level| (1..=22).contains(&level))),
            ("xz", level) => {
                Some(Self::Xz(level.unwrap_or(6))).filter(|_| level.is_none_or(|level| level <= 9))
            }
            _ => None,
        }
    }

    /// The share of a NAR that is left, as programs and libraries usually go, in 0 ..= 1.
    pub fn ratio(self) -> f64 {
        let mut same_method = RATIOS.iter().filter(|(known, _)| {
            std::mem::discriminant(known) == std::mem::discriminant(&self) && *known <= self
        });
        same_method.next_back().map_or(1.0, |(_, ratio)| *ratio)
    }

    /// What a NAR of that size will probably take, at least one byte.
    pub fn estimate(self, nar: Bytes) -> Bytes {
        if self == Self::None {
            return nar.max(Bytes(1));
        }
        Bytes(((nar.0 as f64 * self.ratio()).ceil() as u64).max(1))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level() {
            None => f.write_str(self.method()),
            Some(level) => write!(f, "{} {level}", self.method()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_level_never_leaves_more() {
        let shares = |all: &[Compression]| -> Vec<f64> { all.iter().map(|c| c.ratio()).collect() };
        let zstd: Vec<_> = (1..=22).map(Compression::Zstd).collect();
        let xz: Vec<_> = (0..=9).map(Compression::Xz).collect();
        for shares in [shares(&zstd), shares(&xz)] {
            assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
        }
        assert!(shares(&[Compression::None, zstd[0]]).is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn methods_go_by_their_names() {
        for (method, level, expected) in [
            ("xz", None, Some(Compression::Xz(6))),
            ("xz", Some(9), Some(Compression::Xz(9))),
            ("xz", Some(10), None),
            ("zstd", Some(0), None),
            ("none", None, Some(Compression::None)),
            ("none", Some(1), None),
            ("brotli", None, None),
        ] {
            assert_eq!(Compression::from_name(method, level), expected);
        }
        assert_eq!(Compression::Xz(9).to_string(), "xz 9");
    }

    #[test]
    fn estimates_stay_within_numbers() {
        assert_eq!(Compression::NIX.estimate(Bytes(1_000)), Bytes(287));
        assert_eq!(Compression::NIX.estimate(Bytes(0)), Bytes(1));
        assert_eq!(Compression::None.estimate(Bytes(u64::MAX)), Bytes(u64::MAX));
        assert!(Compression::CACHIX.estimate(Bytes(u64::MAX)) < Bytes(u64::MAX / 2));
    }
}
