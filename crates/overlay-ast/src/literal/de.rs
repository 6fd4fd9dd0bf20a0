//! [`Literal`] as a [`serde::Deserializer`].

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::attrs::Attr;
use super::{Attrs, Literal, Value};
use crate::{Error, Segment};

impl<'de> Deserializer<'de> for &'de Literal {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(value) | Value::Path(value) => visitor.visit_borrowed_str(value),
            Value::List(elements) => visit_list(elements, visitor),
            Value::Attrs(attrs) => visit_attrs(attrs, visitor),
        }
        .map_err(|error| error.at(self.span))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
        .map_err(|error| error.at(self.span))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor
            .visit_newtype_struct(self)
            .map_err(|error| error.at(self.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match &self.value {
            Value::String(variant) => visitor.visit_enum(Variant {
                name: variant,
                content: None,
                at: self,
            }),
            Value::Attrs(attrs) => match attrs.iter().as_slice() {
                [attr] => visitor.visit_enum(Variant {
                    name: &attr.name,
                    content: Some(attr),
                    at: self,
                }),
                _ => Err(Error::invalid_length(
                    attrs.len(),
                    &"a set of one attribute",
                )),
            },
            _ => Err(Error::invalid_type(
                self.unexpected(),
                &"a string or a set of one attribute",
            )),
        }
        .map_err(|error| error.at(self.span))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl Literal {
    fn unexpected(&self) -> Unexpected<'_> {
        match &self.value {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Int(value) => Unexpected::Signed(*value),
            Value::Float(value) => Unexpected::Float(*value),
            Value::String(value) | Value::Path(value) => Unexpected::Str(value),
            Value::List(_) => Unexpected::Seq,
            Value::Attrs(_) => Unexpected::Map,
        }
    }
}

fn visit_list<'de, V: Visitor<'de>>(
    elements: &'de [Literal],
    visitor: V,
) -> Result<V::Value, Error> {
    let mut access = Elements {
        rest: elements,
        next: 0,
    };
    let value = visitor.visit_seq(&mut access)?;
    match access.rest.first() {
        None => Ok(value),
        Some(extra) => Err(Error::invalid_length(elements.len(), &"fewer elements")
            .at(extra.span)
            .inside(Segment::Index(access.next))),
    }
}

fn visit_attrs<'de, V: Visitor<'de>>(attrs: &'de Attrs, visitor: V) -> Result<V::Value, Error> {
    let mut access = Entries {
        rest: attrs.iter(),
        current: None,
    };
    visitor.visit_map(&mut access)
}

struct Elements<'de> {
    rest: &'de [Literal],
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some((first, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        let index = self.next;
        self.rest = rest;
        self.next += 1;
        seed.deserialize(first)
            .map(Some)
            .map_err(|error| error.at(first.span).inside(Segment::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, Attr>,
    current: Option<&'de Attr>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.current = self.rest.next();
        let Some(attr) = self.current else {
            return Ok(None);
        };
        seed.deserialize(StrDeserializer::<Error>::new(&attr.name))
            .map(Some)
            .map_err(|error| {
                error
                    .at(attr.name_span)
                    .inside(Segment::Name(attr.name.clone()))
            })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(attr) = self.current.take() else {
            return Err(Error::custom("a value was asked for before its name"));
        };
        seed.deserialize(&attr.value).map_err(|error| {
            error
                .at(attr.value.span)
                .inside(Segment::Name(attr.name.clone()))
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Variant<'de> {
    name: &'de str,
    content: Option<&'de Attr>,
    at: &'de Literal,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let span = self.content.map_or(self.at.span, |attr| attr.name_span);
        let variant = seed
            .deserialize(StrDeserializer::<Error>::new(self.name))
            .map_err(|error| error.at(span))?;
        Ok((variant, self))
    }
}

impl Variant<'_> {
    fn inside<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| match self.content {
            Some(attr) => error
                .at(attr.value.span)
                .inside(Segment::Name(attr.name.clone())),
            None => error,
        })
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None => Ok(()),
            Some(attr) => self.inside(de::Deserialize::deserialize(&attr.value)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        match self.content {
            Some(attr) => self.inside(seed.deserialize(&attr.value)),
            None => Err(Error::invalid_type(
                Unexpected::UnitVariant,
                &"a variant with a value",
            )),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Error> {
        match self.content {
            Some(attr) => self.inside(attr.value.deserialize_any(visitor)),
            None => Err(Error::invalid_type(Unexpected::UnitVariant, &visitor)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.tuple_variant(0, visitor)
    }
}
