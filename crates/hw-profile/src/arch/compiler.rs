//! Compilers and their versions.

use std::fmt;
use std::str::FromStr;

/// A family of compilers that share their names for processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Compiler {
    /// GNU's compilers.
    Gcc,
    /// LLVM's: clang, and rustc with the version of the LLVM that it is built on.
    Clang,
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gcc => "gcc",
            Self::Clang => "clang",
        })
    }
}

/// The version of a compiler: up to three numbers, of which those left out are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third.
    pub patch: u32,
}

impl Version {
    /// The version of these numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }
}

impl FromStr for Version {
    type Err = NoVersion;

    /// Reads `12`, `12.2` or `12.2.0`; what a distribution appends (`12.2.0-14`) is left out.
    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let number = |part: Option<&str>| {
            part.map_or(Ok(0), |part| {
                let digits = part
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(part.len());
                part[..digits].parse().map_err(|_| NoVersion)
            })
        };
        let mut parts = text.trim().splitn(3, '.');
        Ok(Self::new(
            number(parts.next())?,
            number(parts.next())?,
            number(parts.next())?,
        ))
    }
}

/// A text that is no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version such as 12.2.0")]
pub struct NoVersion;

impl fmt::Display for Version {
    /// Without the zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.major)?;
        if self.minor > 0 || self.patch > 0 {
            write!(f, ".{}", self.minor)?;
        }
        if self.patch > 0 {
            write!(f, ".{}", self.patch)?;
        }
        Ok(())
    }
}

/// Versions from one on, up to another or without an end.
///
/// Written as archspec writes it, `10.3:12.2`, with both ends in and each with everything it is a
/// prefix of: 12.2.0 and 12.2.1 are in `:12.2`. archspec itself compares number by number, and has
/// neither option for gcc 12.2.0, where one range ends at 12.2 and the next begins at 12.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VersionRange {
    from: Version,
    /// The first version that is no longer in; none where there is no end.
    before: Option<Version>,
}

impl VersionRange {
    /// Whether `version` is in.
    pub fn contains(self, version: Version) -> bool {
        self.from <= version && self.before.is_none_or(|end| version < end)
    }

    /// The first version in it.
    pub fn from(self) -> Version {
        self.from
    }

    /// Whether later versions are in it for good.
    pub fn is_open(self) -> bool {
        self.before.is_none()
    }
}

impl FromStr for VersionRange {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (from, to) = text.split_once(':').ok_or(NoVersion)?;
        let from = if from.is_empty() {
            Version::default()
        } else {
            from.parse()?
        };
        let before = if to.is_empty() {
            None
        } else {
            Some(after(to)?)
        };
        Ok(Self { from, before })
    }
}

/// The first version behind all that `text` is a prefix of.
fn after(text: &str) -> Result<Version, NoVersion> {
    let Version {
        major,
        minor,
        patch,
    } = text.parse()?;
    Ok(match text.split('.').count() {
        1 => Version::new(major.saturating_add(1), 0, 0),
        2 => Version::new(major, minor.saturating_add(1), 0),
        _ => Version::new(major, minor, patch.saturating_add(1)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version, shown) in [
            ("12", Version::new(12, 0, 0), "12"),
            ("12.2", Version::new(12, 2, 0), "12.2"),
            (" 12.2.0-14 ", Version::new(12, 2, 0), "12.2"),
            ("4.0.4", Version::new(4, 0, 4), "4.0.4"),
            ("14.1.1 20240507", Version::new(14, 1, 1), "14.1.1"),
        ] {
            assert_eq!(text.parse(), Ok(version));
            assert_eq!(version.to_string(), shown);
        }
        for text in ["", "gcc", "12.x", "-1", "99999999999"] {
            assert_eq!(text.parse::<Version>(), Err(NoVersion), "{text}");
        }
    }

    #[test]
    fn ranges_hold_all_patch_levels_of_their_ends() {
        for (range, version, expected) in [
            ("10.3:12.2", "12.2.0", true),
            ("10.3:12.2", "12.2.1", true),
            ("10.3:12.2", "12.3", false),
            ("10.3:12.2", "10.2.9", false),
            (":4.1.2", "4.1.2", true),
            (":4.1.2", "4.2", false),
            ("9.4:9.9", "9.5", true),
            ("6:", "15.1", true),
            (":", "0", true),
        ] {
            let (range, version) = (range.parse(), version.parse::<Version>().unwrap());
            assert_eq!(
                range.map(|it: VersionRange| it.contains(version)),
                Ok(expected)
            );
        }
        assert_eq!("12".parse::<VersionRange>(), Err(NoVersion));
    }
}
