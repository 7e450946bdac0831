//! Conversions between texts and bytes, and their sizes.

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("bytes(bytes) -> bytes", to_bytes),
    ("bytes(string) -> bytes", to_bytes),
    ("string(bytes) -> string", to_string),
    ("size(string) -> int", size),
    ("size(bytes) -> int", size),
    ("size(list(T)) -> int", size),
    ("size(map(K, V)) -> int", size),
    ("string.size() -> int", size),
    ("bytes.size() -> int", size),
    ("list(T).size() -> int", size),
    ("map(K, V).size() -> int", size),
];

fn to_bytes<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [bytes @ Value::Bytes(_)] => Ok(bytes.clone()),
        [Value::String(text)] => {
            fuel.spend_bytes(text.len())?;
            Ok(Value::Bytes(text.as_bytes().into()))
        }
        _ => mismatch(),
    }
}

fn to_string<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Bytes(bytes)] = args else { return mismatch() };
    fuel.spend_bytes(bytes.len())?;
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::Other)?;
    Ok(Value::text(text.to_owned()))
}

/// Of a text in characters.
fn size<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::count(match args {
        [Value::String(text)] => {
            fuel.spend_bytes(text.len())?;
            text.chars().count()
        }
        [Value::Bytes(bytes)] => bytes.len(),
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return mismatch(),
    }))
}
