//! Quantities of a machine: bytes of memory and numbers of threads.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// An amount of memory in bytes.
///
/// `Display` writes decimal gigabytes the way people speak of memory sizes (`10.5 GB`), where
/// 1 GB is 2³⁰ bytes: a "16 GB" machine has 16 · 2³⁰ bytes of RAM, and the profiles, the tiers
/// and `nix.conf` of this field all count that way.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// One gigabyte as memory is sold: 2³⁰ bytes.
    pub const GB: Self = Self(1 << 30);
    /// One megabyte as memory is sold: 2²⁰ bytes.
    pub const MB: Self = Self(1 << 20);

    /// This amount in units of 2³⁰ bytes.
    pub fn as_gb(self) -> f64 {
        self.0 as f64 / Self::GB.0 as f64
    }

    /// `gb` · 2³⁰ bytes, rounded to the nearest byte; negative and NaN give zero.
    pub fn from_gb(gb: f64) -> Self {
        Self((gb * Self::GB.0 as f64).round() as u64)
    }

    /// `self − other`, or zero where that would be negative.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self · n`, at most [`u64::MAX`] bytes.
    #[must_use]
    pub fn saturating_mul(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

impl Add for Bytes {
    type Output = Self;
    /// Saturates at [`u64::MAX`] bytes: sums of estimates must not wrap.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Bytes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), Add::add)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= Self::GB.0 {
            write!(f, "{:.1} GB", self.as_gb())
        } else {
            write!(f, "{:.0} MB", self.0 as f64 / Self::MB.0 as f64)
        }
    }
}

/// A number of hardware threads: what Nix calls `cores` and the kernel calls CPUs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Cores(pub u32);

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
