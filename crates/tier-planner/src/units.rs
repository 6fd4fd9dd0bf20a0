//! Time as the planner counts it.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A duration, or an instant since the start of a plan, in milliseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// `seconds` rounded to the nearest millisecond; negative and NaN give zero.
    pub fn from_secs(seconds: f64) -> Self {
        Self((seconds * 1e3).round() as u64)
    }

    /// This duration in seconds.
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// This duration in hours.
    pub fn as_hours(self) -> f64 {
        self.0 as f64 / 3.6e6
    }

    /// `self − other`, or zero where that would be negative.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Add for Millis {
    type Output = Self;
    /// Saturates: a sum of estimates must not wrap.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Millis {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Millis {
    /// `2 d 3 h`, `1 h 05 min`, `4 min 07 s`, `12.3 s`, `480 ms`: two units at the most.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0;
        let s = (ms + 500) / 1000;
        match ms {
            0..1_000 => write!(f, "{ms} ms"),
            1_000..59_950 => write!(f, "{}.{} s", (ms + 50) / 1000, (ms + 50) % 1000 / 100),
            _ if s < 3600 => write!(f, "{} min {:02} s", s / 60, s % 60),
            _ if s < 86_400 => write!(f, "{} h {:02} min", s / 3600, s % 3600 / 60),
            _ => write!(f, "{} d {:02} h", s / 86_400, s % 86_400 / 3600),
        }
    }
}
