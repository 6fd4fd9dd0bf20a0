//! Quantities that keep their author's spelling.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::value::integer;
use crate::{Bytes, Error};

/// A single value as it is written in a profile.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `true` or `false`
    Bool(bool),
    /// `28`
    Int(i64),
    /// `4.2`
    Float(f64),
    /// `"28"`
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Scalar {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar(PhantomData::<Self>))
    }
}

struct AnyScalar<T>(PhantomData<T>);

impl<T: From<Scalar>> Visitor<'_> for AnyScalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a boolean")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
        Ok(Scalar::Bool(value).into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        Ok(Scalar::Int(value).into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        Ok(Scalar::Int(integer(value)?).into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        if value.is_finite() {
            Ok(Scalar::Float(value).into())
        } else {
            Err(E::custom("an infinite number"))
        }
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<T, E> {
        Ok(Scalar::Text(value.to_owned()).into())
    }
}

/// What a [`Scalar`] can be read as.
pub trait Quantity: Sized {
    /// Reads a scalar as this quantity.
    ///
    /// # Errors
    ///
    /// If it is not one.
    fn read(scalar: &Scalar) -> Result<Self, Error>;
}

/// A size of memory: a bare number, as a number or as text, counts GB.
impl Quantity for Bytes {
    fn read(scalar: &Scalar) -> Result<Self, Error> {
        match scalar {
            Scalar::Int(value) => value.to_string().parse(),
            Scalar::Float(value) => value.to_string().parse(),
            Scalar::Text(text) => text.parse(),
            Scalar::Bool(value) => Err(Error::NotANumber {
                text: value.to_string(),
            }),
        }
    }
}

/// A whole number, with its sign: a negative one is for a check to find.
impl Quantity for i64 {
    fn read(scalar: &Scalar) -> Result<Self, Error> {
        let not_a_number = || Error::NotANumber {
            text: scalar.to_string(),
        };
        match scalar {
            Scalar::Int(value) => Ok(*value),
            // `2.0` is two; the cast is exact for whole numbers in range.
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => {
                Ok(*value as Self)
            }
            Scalar::Text(text) => text.trim().parse().map_err(|_| not_a_number()),
            _ => Err(not_a_number()),
        }
    }
}

/// A number, a percentage with or without its sign.
impl Quantity for f64 {
    fn read(scalar: &Scalar) -> Result<Self, Error> {
        let not_a_number = || Error::NotANumber {
            text: scalar.to_string(),
        };
        let value = match scalar {
            Scalar::Int(value) => *value as Self,
            Scalar::Float(value) => *value,
            Scalar::Text(text) => {
                let text = text.trim().trim_end_matches('%').trim_end();
                text.parse().map_err(|_| not_a_number())?
            }
            Scalar::Bool(_) => return Err(not_a_number()),
        };
        if value.is_finite() {
            Ok(value)
        } else {
            Err(not_a_number())
        }
    }
}

impl Quantity for bool {
    fn read(scalar: &Scalar) -> Result<Self, Error> {
        match scalar {
            Scalar::Bool(value) => Ok(*value),
            Scalar::Text(text) if text.trim() == "true" => Ok(true),
            Scalar::Text(text) if text.trim() == "false" => Ok(false),
            _ => Err(Error::NotANumber {
                text: scalar.to_string(),
            }),
        }
    }
}

/// A quantity that may be written as a number or as text, and is written back as it was.
///
/// What cannot be read as a `T` is kept all the same, without a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Spelled<T> {
    written: Scalar,
    value: Result<T, Error>,
}

impl<T> Spelled<T> {
    /// The quantity, unless it cannot be read as one.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }

    /// What is wrong with it, if it cannot be read.
    pub fn problem(&self) -> Option<&Error> {
        self.value.as_ref().err()
    }

    /// How it is written.
    pub fn written(&self) -> &Scalar {
        &self.written
    }
}

impl<T: Quantity> From<Scalar> for Spelled<T> {
    fn from(written: Scalar) -> Self {
        let value = T::read(&written);
        Self { written, value }
    }
}

impl<T> Serialize for Spelled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

impl<'de, T: Quantity> Deserialize<'de> for Spelled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar(PhantomData::<Self>))
    }
}
