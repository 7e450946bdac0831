//! Optional values (`cel/library.go` of cel-go).

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("optional.none() -> optional(T)", |_, _| Ok(Value::NONE)),
    ("optional.of(T) -> optional(T)", of),
    ("optional.ofNonZeroValue(T) -> optional(T)", of_non_zero),
    ("optional(T).hasValue() -> bool", has_value),
    ("optional(T).or(optional(T)) -> optional(T)", or),
    ("optional(T).orValue(T) -> T", or_value),
    ("optional(T).value() -> T", value),
    ("list(T).first() -> optional(T)", |_, args| at_end(args, |_| 0)),
    ("list(T).last() -> optional(T)", |_, args| at_end(args, |length| length.wrapping_sub(1))),
    ("optional.unwrap(list(optional(T))) -> list(T)", unwrap),
    ("list(optional(T)).unwrapOpt() -> list(T)", unwrap),
];

fn of<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [value] = args else { return mismatch() };
    Ok(Value::some(value.clone()))
}

fn of_non_zero<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [value] = args else { return mismatch() };
    Ok(if value.is_zero() { Value::NONE } else { Value::some(value.clone()) })
}

fn has_value<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Optional(inner)] = args else { return mismatch() };
    Ok(Value::Bool(inner.is_some()))
}

fn or<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Optional(inner), other] = args else { return mismatch() };
    Ok(if inner.is_some() { Value::Optional(inner.clone()) } else { other.clone() })
}

fn or_value<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Optional(inner), other] = args else { return mismatch() };
    Ok(inner.as_deref().unwrap_or(other).clone())
}

fn value<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Optional(inner)] = args else { return mismatch() };
    inner.as_deref().cloned().ok_or(Failure::NoSuchField)
}

fn unwrap<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut values = Vec::new();
    for item in list.to_vec(fuel)? {
        match item {
            Value::Optional(Some(inner)) => values.push((*inner).clone()),
            Value::Optional(None) => {}
            _ => return mismatch(),
        }
    }
    Ok(Value::list(values))
}

/// The item at a place, if there are any.
fn at_end<'a>(args: &[Value<'a>], place: fn(usize) -> usize) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    Ok(list.at(place(list.len())).map_or(Value::NONE, Value::some))
}
