//! A [`serde::Serializer`] that writes literal Nix.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::ser::{self, Serialize, Serializer};

use super::name::Name;
use super::{number, string};
use crate::{AttrPath, Error, Key, Segment, strict};

/// Writes a value as literal Nix.
///
/// Sets and lists of more than one element are written over several lines, two blanks deeper each
/// level; there is no line end after the value. Names are quoted where Nix would not read them
/// otherwise.
///
/// | serde | Nix |
/// |---|---|
/// | unit, `None`, a unit struct | `null` |
/// | bool, integers, floats | `true`, `-3`, `1.5` |
/// | string, char, a unit variant | `"a"` |
/// | sequence, tuple, bytes | `[ 1 2 ]` |
/// | map, struct | `{ a = 1; }` |
/// | a variant with content | `{ Variant = …; }` |
///
/// [`from_str`](super::from_str) reads back what this writes, and so does Nix. Takes time linear
/// in the value, but for the logarithm of the number of attributes in one set.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let machine = BTreeMap::from([("cpu", vec!["avx2"]), ("in", vec!["${x}", "\t"])]);
/// assert_eq!(overlay_ast::literal::to_string(&machine)?, r#"{
///   cpu = [ "avx2" ];
///   "in" = [
///     "\${x}"
///     "\t"
///   ];
/// }"#);
/// assert!(overlay_ast::literal::to_string(&f64::NAN).is_err());
/// # Ok::<(), overlay_ast::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Unwritable`] for what has no literal: NaN, infinities and floats too small for a
/// normal one; integers beyond 64 bits, and the least one of 64 bits; a string with a NUL byte;
/// a map whose keys are no strings, or has one of them twice; more than
/// [`MAX_DEPTH`](super::MAX_DEPTH) levels.
pub fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut writer = Writer::default();
    value.serialize(&mut writer)?;
    // What a level is to a reader, the reader knows.
    match strict::check(&writer.out).into_iter().next() {
        None => Ok(writer.out),
        Some(found) => Err(unwritable(found.message)),
    }
}

/// A text as a Nix string between `"`.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    string::escape(text, &mut out);
    out.push('"');
    out
}

pub(super) fn unwritable(message: impl Into<String>) -> Error {
    Error::Unwritable {
        message: message.into(),
        path: AttrPath::default(),
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    depth: usize,
    /// What is written is an element of a list, where a minus needs parentheses.
    element: bool,
}

impl Writer {
    fn line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn deeper(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > strict::MAX_DEPTH {
            let most = strict::MAX_DEPTH;
            return Err(unwritable(format!("nested more than {most} levels deep")));
        }
        Ok(())
    }

    fn number(&mut self, text: &str) {
        if self.element && text.starts_with('-') {
            self.out.push('(');
            self.out.push_str(text);
            self.out.push(')');
        } else {
            self.out.push_str(text);
        }
    }

    fn list(&mut self) -> Result<List<'_>, Error> {
        let start = self.out.len();
        self.out.push('[');
        self.deeper()?;
        Ok(List {
            writer: self,
            start,
            length: 0,
            variant: None,
        })
    }

    fn set(&mut self) -> Result<Set<'_>, Error> {
        self.out.push('{');
        self.deeper()?;
        Ok(Set {
            writer: self,
            names: BTreeSet::new(),
            current: String::new(),
            variant: None,
        })
    }

    /// `{ variant = `, for what belongs to it.
    fn variant(&mut self, variant: &str) -> Result<(), Error> {
        self.out.push('{');
        self.deeper()?;
        self.line();
        self.name(variant)?;
        self.element = false;
        Ok(())
    }

    fn end_of_variant(&mut self) {
        self.out.push(';');
        self.depth -= 1;
        self.line();
        self.out.push('}');
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        no_nul(name)?;
        self.out.push_str(&Key::Static(name.to_owned()).to_string());
        self.out.push_str(" = ");
        Ok(())
    }
}

fn no_nul(text: &str) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(unwritable("a string of Nix holds no NUL byte"));
    }
    Ok(())
}

fn too_large(value: impl Display) -> Error {
    unwritable(format!("{value} does not fit 64 bits"))
}

/// Integers of which a wider kind has each.
macro_rules! integers {
    ($($method:ident($kind:ty) as $wider:ident;)*) => {$(
        fn $method(self, value: $kind) -> Result<(), Error> {
            self.$wider(value.into())
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Set<'a>;
    type SerializeStruct = Set<'a>;
    type SerializeStructVariant = Set<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    integers! {
        serialize_i8(i8) as serialize_i64;
        serialize_i16(i16) as serialize_i64;
        serialize_i32(i32) as serialize_i64;
        serialize_u8(u8) as serialize_i64;
        serialize_u16(u16) as serialize_i64;
        serialize_u32(u32) as serialize_i64;
        serialize_u64(u64) as serialize_i128;
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        // Nix reads a minus and a number, and this number is one too large.
        if value == i64::MIN {
            return Err(unwritable(format!("there is no literal for {value}")));
        }
        self.number(&value.to_string());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => Err(too_large(value)),
        }
    }

    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => Err(too_large(value)),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        match number::float_literal(value) {
            Some(text) => {
                self.number(&text);
                Ok(())
            }
            None => Err(unwritable(format!("there is no literal for {value:?}"))),
        }
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        no_nul(value)?;
        self.out.push_str(&quoted(value));
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant)?;
        value
            .serialize(&mut *self)
            .map_err(|error| error.inside(Segment::Name(variant.to_owned())))?;
        self.end_of_variant();
        Ok(())
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<List<'a>, Error> {
        self.list()
    }

    fn serialize_tuple(self, _length: usize) -> Result<List<'a>, Error> {
        self.list()
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _length: usize,
    ) -> Result<List<'a>, Error> {
        self.list()
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<List<'a>, Error> {
        self.variant(variant)?;
        let mut list = self.list()?;
        list.variant = Some(variant);
        Ok(list)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Set<'a>, Error> {
        self.set()
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Set<'a>, Error> {
        self.set()
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Set<'a>, Error> {
        self.variant(variant)?;
        let mut set = self.set()?;
        set.variant = Some(variant);
        Ok(set)
    }
}

/// A list that is being written.
struct List<'a> {
    writer: &'a mut Writer,
    /// Where its bracket is.
    start: usize,
    length: usize,
    variant: Option<&'static str>,
}

impl List<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.writer.line();
        self.writer.element = true;
        value.serialize(&mut *self.writer).map_err(|error| {
            let error = error.inside(Segment::Index(self.length));
            inside(self.variant, error)
        })?;
        self.length += 1;
        Ok(())
    }

    fn close(self) {
        let writer = self.writer;
        writer.depth -= 1;
        let only = self.start + "[".len() + "\n".len() + (writer.depth + 1) * "  ".len();
        if self.length == 0 {
            writer.out.push_str(" ]");
        } else if self.length == 1 && !writer.out[only..].contains('\n') {
            writer.out.replace_range(self.start..only, "[ ");
            writer.out.push_str(" ]");
        } else {
            writer.line();
            writer.out.push(']');
        }
        if self.variant.is_some() {
            writer.end_of_variant();
        }
    }
}

/// A set that is being written.
struct Set<'a> {
    writer: &'a mut Writer,
    names: BTreeSet<String>,
    current: String,
    variant: Option<&'static str>,
}

impl Set<'_> {
    fn name(&mut self, name: String) -> Result<(), Error> {
        if !self.names.insert(name.clone()) {
            let error = unwritable("the attribute is defined twice");
            return Err(inside(self.variant, error.inside(Segment::Name(name))));
        }
        self.current = name;
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let name = std::mem::take(&mut self.current);
        let writer = &mut *self.writer;
        writer.line();
        let written = writer.name(&name).and_then(|()| {
            writer.element = false;
            value.serialize(&mut *writer)
        });
        written.map_err(|error| inside(self.variant, error.inside(Segment::Name(name))))?;
        writer.out.push(';');
        Ok(())
    }

    fn close(self) {
        let writer = self.writer;
        writer.depth -= 1;
        if self.names.is_empty() {
            writer.out.push_str(" }");
        } else {
            writer.line();
            writer.out.push('}');
        }
        if self.variant.is_some() {
            writer.end_of_variant();
        }
    }
}

fn inside(variant: Option<&'static str>, error: Error) -> Error {
    match variant {
        Some(variant) => error.inside(Segment::Name(variant.to_owned())),
        None => error,
    }
}

/// serde asks for a trait for each kind of list; all of them are written alike.
macro_rules! lists {
    ($($kind:ident, $element:ident;)*) => {$(
        impl ser::$kind for List<'_> {
            type Ok = ();
            type Error = Error;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

lists! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

impl ser::SerializeMap for Set<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let name = key
            .serialize(Name)
            .map_err(|error| inside(self.variant, error))?;
        self.name(name)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

/// The same for each kind of set whose names are known.
macro_rules! sets {
    ($($kind:ident;)*) => {$(
        impl ser::$kind for Set<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.name(key.to_owned())?;
                self.value(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        }
    )*};
}

sets! {
    SerializeStruct;
    SerializeStructVariant;
}
