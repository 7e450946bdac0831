//! JSON in which nothing can be read two ways: a key that an object repeats is an error.
//!
//! The API server merges two `data` objects of one Secret and only warns; most other parsers keep
//! the last. What is decided on here is re-serialised from this one tree, so both see the same.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// More values than any object in etcd has. A tree takes up to forty times the memory of its
/// text (`[0,0,…`), so the size of the text alone is no limit.
const MAX_VALUES: usize = 250_000;

/// Parses a whole text. Nesting deeper than 128 is an error, as in serde_json, and so are more
/// than 250 000 values.
///
/// The error says where the text went wrong and never what stands there.
pub fn parse(text: &[u8]) -> Result<Value, Invalid> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    value.map_err(|error| Invalid { line: error.line(), column: error.column() })
}

/// Reads a tree under the same rules out of another format.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Strict(&Cell::new(MAX_VALUES)).deserialize(deserializer)
}

/// Where a text stops being JSON without repeated keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the body is not valid JSON, repeats a key or is too large, at line {line}, column {column}"
)]
pub struct Invalid {
    line: usize,
    column: usize,
}

/// Reads one value, and counts it.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Cell<usize>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.ok_or_else(|| serde::de::Error::custom("too many values"))?);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<Key>()? {
            let value = entries.next_value_seed(self)?;
            if object.insert(key.0, value).is_some() {
                return Err(serde::de::Error::custom("repeated key"));
            }
        }
        Ok(Value::Object(object))
    }
}

struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_repeated_key_is_refused_at_any_depth() {
        for text in [
            r#"{"data":{"a":"1"},"data":{"b":"2"}}"#,
            r#"[{"a":1,"a":1}]"#,
            r#"{"x":{"a":null,"\u0061":null}}"#,
            "{} {}",
            "{",
            "",
            "\u{feff}{}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        let wide = format!("[{}0]", "0,".repeat(MAX_VALUES - 2));
        assert!(parse(wide.as_bytes()).is_ok());
        let wider = format!("[{}0]", "0,".repeat(MAX_VALUES - 1));
        assert!(parse(wider.as_bytes()).is_err());
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn an_error_never_shows_the_text() {
        let error = parse(br#"{"password":"hunter2","password":"hunter2"}"#).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    proptest! {
        #[test]
        fn without_repeated_keys_it_is_serde_json(text in r#"[\[\]{}",:0-9a-e.\\ -]{0,40}"#) {
            let ours = parse(text.as_bytes());
            if let Ok(value) = &ours {
                prop_assert_eq!(value, &serde_json::from_str::<Value>(&text).unwrap());
            }
        }

        /// What is sent is read as what was decided on.
        #[test]
        fn what_is_sent_is_what_was_read(
            text in r#"\{("[a-d]":("([ !#-\[\]-~]|\\n|\\u00e9|\\/){0,6}"|-?[0-9]{1,20}(\.[0-9]{1,4})?(e-?[0-9]{1,2})?|true|null|\[0,\{\}\]),){0,3}"e":1\}"#,
        ) {
            if let Ok(value) = parse(text.as_bytes()) {
                prop_assert_eq!(parse(value.to_string().as_bytes()), Ok(value));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
        }
    }
}
