//! Sizes and counts from text, as a command line or a profile has them.

use std::str::FromStr;

use crate::{Bytes, Cores};

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no number in it.
    #[error("`{text}` is not a number")]
    NotANumber {
        /// The text.
        text: String,
    },
    /// There is something behind the number that is no unit of memory.
    #[error("`{unit}` is not a unit of memory")]
    UnknownUnit {
        /// What stands behind the number.
        unit: String,
    },
    /// It is below zero.
    #[error("`{text}` is negative")]
    Negative {
        /// The text.
        text: String,
    },
    /// It is more than can be counted.
    #[error("`{text}` is too large")]
    TooLarge {
        /// The text.
        text: String,
    },
}

impl Error {
    /// The stable name of the problem, in kebab case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotANumber { .. } => "not-a-number",
            Self::UnknownUnit { .. } => "unknown-unit",
            Self::Negative { .. } => "negative",
            Self::TooLarge { .. } => "too-large",
        }
    }

    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotANumber { .. } => "write a number such as `8` or, for memory, `512M`",
            Self::UnknownUnit { .. } => "units are K, M, G and T, with or without B or iB",
            Self::Negative { .. } => "write zero or more",
            Self::TooLarge { .. } => "write a smaller number",
        }
    }
}

/// A size such as `8G`, `8GB`, `8 GiB`, `512M`, `0.5 GB`, `4096B`.
///
/// A bare number counts GB, and all units are powers of 1024, as everywhere in this crate (see
/// [`Bytes::GB`]). Upper and lower case are the same.
impl FromStr for Bytes {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        let split = trimmed
            .find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+'))
            .unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(split);
        let not_a_number = || Error::NotANumber {
            text: text.to_owned(),
        };
        let value: f64 = number.parse().map_err(|_| not_a_number())?;
        if value < 0.0 {
            return Err(Error::Negative {
                text: text.to_owned(),
            });
        }
        let unit = unit.trim();
        let power = match unit.to_ascii_lowercase().as_str() {
            "b" => 0,
            "k" | "kb" | "ki" | "kib" => 1,
            "m" | "mb" | "mi" | "mib" => 2,
            "" | "g" | "gb" | "gi" | "gib" => 3,
            "t" | "tb" | "ti" | "tib" => 4,
            _ => {
                return Err(Error::UnknownUnit {
                    unit: unit.to_owned(),
                });
            }
        };
        let bytes = value * 1024_f64.powi(power);
        if bytes < u64::MAX as f64 {
            Ok(Self(bytes.round() as u64))
        } else {
            Err(Error::TooLarge {
                text: text.to_owned(),
            })
        }
    }
}

/// A number of threads such as `7`.
impl FromStr for Cores {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::NotANumber {
                text: text.to_owned(),
            });
        }
        if trimmed.starts_with('-') && digits.bytes().any(|b| b != b'0') {
            return Err(Error::Negative {
                text: text.to_owned(),
            });
        }
        digits.parse().map(Self).map_err(|_| Error::TooLarge {
            text: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("8", 8 << 30),
            ("8G", 8 << 30),
            ("8GB", 8 << 30),
            ("8GiB", 8 << 30),
            (" 8 gib ", 8 << 30),
            ("512M", 512 << 20),
            ("0.5 GB", 1 << 29),
            (".5", 1 << 29),
            ("1T", 1 << 40),
            ("64K", 64 << 10),
            ("4096B", 4096),
            ("0", 0),
        ] {
            assert_eq!(text.parse(), Ok(Bytes(bytes)), "{text}");
        }
        for (text, code) in [
            ("", "not-a-number"),
            ("GB", "not-a-number"),
            ("1.2.3", "not-a-number"),
            ("2-3", "not-a-number"),
            ("nan", "not-a-number"),
            ("inf", "not-a-number"),
            ("8 apples", "unknown-unit"),
            ("1e9", "unknown-unit"),
            ("-1G", "negative"),
            ("99999999999999 TB", "too-large"),
        ] {
            assert_eq!(
                text.parse::<Bytes>().map_err(|error| error.code()),
                Err(code),
                "{text}"
            );
        }
    }

    #[test]
    fn threads() {
        assert_eq!(" 7 ".parse(), Ok(Cores(7)));
        for (text, code) in [
            ("", "not-a-number"),
            ("7.5", "not-a-number"),
            ("-", "not-a-number"),
            ("-1", "negative"),
            ("4294967296", "too-large"),
        ] {
            assert_eq!(
                text.parse::<Cores>().map_err(|error| error.code()),
                Err(code),
                "{text}"
            );
        }
    }
}
