//! How values become the arguments of an event, and arguments become values.
//!
//! One rule both ways: a tuple is all the arguments, anything else is one.

use std::fmt;

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, SeqAccess, Visitor,
};
use serde::ser::{self, Impossible, Serialize, Serializer};

use super::binary::string_end;

/// Does `value` ask for a tuple at its top? It is not serialized further than to that answer.
pub(crate) fn is_tuple<T: Serialize + ?Sized>(value: &T) -> bool {
    matches!(value.serialize(Probe), Err(Answer(true)))
}

/// Reads `T` from arguments: JSON values with commas between them.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    T::deserialize(Args(text))
}

/// The arguments one by one, as JSON text.
pub(crate) struct Split<'a>(&'a [u8]);

impl<'a> Split<'a> {
    pub(crate) fn of(text: &'a [u8]) -> Self {
        Self(text)
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut depth, mut at) = (0usize, 0);
        while let Some(byte) = self.0.get(at) {
            match byte {
                b'"' => at = string_end(self.0, at) - 1,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => break,
                _ => {}
            }
            at += 1;
        }
        let at = at.min(self.0.len());
        let (value, rest) = self.0.split_at(at);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(value)
    }
}

/// Arguments as a source of one value.
struct Args<'de>(&'de [u8]);

macro_rules! from_the_first_argument {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.first()?.$method(visitor)
        }
    )*};
}

impl<'de> Args<'de> {
    /// Reads the first value only: what follows it is not looked at.
    fn first(self) -> Result<First<'de>, serde_json::Error> {
        if self.0.is_empty() {
            return Err(de::Error::custom("an argument is missing"));
        }
        Ok(First(serde_json::Deserializer::from_slice(self.0)))
    }
}

struct First<'de>(serde_json::Deserializer<serde_json::de::SliceRead<'de>>);

macro_rules! forwarded {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, serde_json::Error> {
            (&mut self.0).$method(visitor)
        }
    )*};
}

impl<'de> First<'de> {
    forwarded! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }
}

impl<'de> Deserializer<'de> for Args<'de> {
    type Error = serde_json::Error;

    from_the_first_argument! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_empty() { visitor.visit_none() } else { self.first()?.deserialize_option(visitor) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_unit()
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_seq(Elements { split: Split(self.0), left: len })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&mut self.first()?.0).deserialize_unit_struct(name, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&mut self.first()?.0).deserialize_newtype_struct(name, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&mut self.first()?.0).deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&mut self.first()?.0).deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        (&mut self.first()?.0).deserialize_enum(name, variants, visitor)
    }
}

/// The arguments as the elements of a tuple of `left` more. Those that are missing are read as nothing, which an `Option` takes.
struct Elements<'de> {
    split: Split<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = serde_json::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Self::Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        match self.split.next() {
            Some(text) => seed.deserialize(&mut serde_json::Deserializer::from_slice(text)).map(Some),
            None => seed
                .deserialize(().into_deserializer())
                .map(Some)
                .map_err(|_: de::value::Error| de::Error::custom("an argument is missing")),
        }
    }
}

/// Serializes nothing: answers whether it was asked for a tuple.
struct Probe;

#[derive(Debug)]
struct Answer(bool);

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Answer {}

impl ser::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(false)
    }
}

macro_rules! no {
    ($($method:ident($($type:ty),*);)*) => {$(
        fn $method(self, $(_: $type),*) -> Result<(), Answer> {
            Err(Answer(false))
        }
    )*};
}

type Never = Impossible<(), Answer>;

impl Serializer for Probe {
    type Ok = ();
    type Error = Answer;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    fn serialize_tuple(self, _: usize) -> Result<Never, Answer> {
        Err(Answer(true))
    }

    no! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64); serialize_i128(i128);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_u128(u128);
        serialize_f32(f32); serialize_f64(f64); serialize_char(char); serialize_str(&str); serialize_bytes(&[u8]);
        serialize_none(); serialize_unit(); serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Answer> {
        Err(Answer(false))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<(), Answer> {
        Err(Answer(false))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Answer> {
        Err(Answer(false))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Never, Answer> {
        Err(Answer(false))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Answer> {
        Err(Answer(false))
    }
}
