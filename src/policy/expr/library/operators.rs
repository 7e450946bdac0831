//! Operators, and access to fields and items.

use std::cmp::Ordering;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::compare::{equal, order};
use super::super::value::key::Key;
use super::super::value::{List, Map, Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("_==_(T, T) -> bool", |fuel, args| pair(args, |a, b| Ok(Value::Bool(equal(fuel, a, b)?)))),
    ("_!=_(T, T) -> bool", |fuel, args| pair(args, |a, b| Ok(Value::Bool(!equal(fuel, a, b)?)))),
    ("_<_(bool, bool) -> bool", less),
    ("_<_(int, int) -> bool", less),
    ("_<_(int, uint) -> bool", less),
    ("_<_(int, double) -> bool", less),
    ("_<_(uint, uint) -> bool", less),
    ("_<_(uint, int) -> bool", less),
    ("_<_(uint, double) -> bool", less),
    ("_<_(double, double) -> bool", less),
    ("_<_(double, int) -> bool", less),
    ("_<_(double, uint) -> bool", less),
    ("_<_(string, string) -> bool", less),
    ("_<_(bytes, bytes) -> bool", less),
    ("_<_(timestamp, timestamp) -> bool", less),
    ("_<_(duration, duration) -> bool", less),
    ("_<=_(bool, bool) -> bool", at_most),
    ("_<=_(int, int) -> bool", at_most),
    ("_<=_(int, uint) -> bool", at_most),
    ("_<=_(int, double) -> bool", at_most),
    ("_<=_(uint, uint) -> bool", at_most),
    ("_<=_(uint, int) -> bool", at_most),
    ("_<=_(uint, double) -> bool", at_most),
    ("_<=_(double, double) -> bool", at_most),
    ("_<=_(double, int) -> bool", at_most),
    ("_<=_(double, uint) -> bool", at_most),
    ("_<=_(string, string) -> bool", at_most),
    ("_<=_(bytes, bytes) -> bool", at_most),
    ("_<=_(timestamp, timestamp) -> bool", at_most),
    ("_<=_(duration, duration) -> bool", at_most),
    ("_>_(bool, bool) -> bool", greater),
    ("_>_(int, int) -> bool", greater),
    ("_>_(int, uint) -> bool", greater),
    ("_>_(int, double) -> bool", greater),
    ("_>_(uint, uint) -> bool", greater),
    ("_>_(uint, int) -> bool", greater),
    ("_>_(uint, double) -> bool", greater),
    ("_>_(double, double) -> bool", greater),
    ("_>_(double, int) -> bool", greater),
    ("_>_(double, uint) -> bool", greater),
    ("_>_(string, string) -> bool", greater),
    ("_>_(bytes, bytes) -> bool", greater),
    ("_>_(timestamp, timestamp) -> bool", greater),
    ("_>_(duration, duration) -> bool", greater),
    ("_>=_(bool, bool) -> bool", at_least),
    ("_>=_(int, int) -> bool", at_least),
    ("_>=_(int, uint) -> bool", at_least),
    ("_>=_(int, double) -> bool", at_least),
    ("_>=_(uint, uint) -> bool", at_least),
    ("_>=_(uint, int) -> bool", at_least),
    ("_>=_(uint, double) -> bool", at_least),
    ("_>=_(double, double) -> bool", at_least),
    ("_>=_(double, int) -> bool", at_least),
    ("_>=_(double, uint) -> bool", at_least),
    ("_>=_(string, string) -> bool", at_least),
    ("_>=_(bytes, bytes) -> bool", at_least),
    ("_>=_(timestamp, timestamp) -> bool", at_least),
    ("_>=_(duration, duration) -> bool", at_least),
    ("_+_(int, int) -> int", add),
    ("_+_(uint, uint) -> uint", add),
    ("_+_(double, double) -> double", add),
    ("_+_(string, string) -> string", add),
    ("_+_(bytes, bytes) -> bytes", add),
    ("_+_(list(T), list(T)) -> list(T)", add),
    ("_+_(duration, duration) -> duration", add),
    ("_+_(timestamp, duration) -> timestamp", add),
    ("_+_(duration, timestamp) -> timestamp", add),
    ("_-_(int, int) -> int", subtract),
    ("_-_(uint, uint) -> uint", subtract),
    ("_-_(double, double) -> double", subtract),
    ("_-_(duration, duration) -> duration", subtract),
    ("_-_(timestamp, timestamp) -> duration", subtract),
    ("_-_(timestamp, duration) -> timestamp", subtract),
    ("_*_(int, int) -> int", multiply),
    ("_*_(uint, uint) -> uint", multiply),
    ("_*_(double, double) -> double", multiply),
    ("_/_(int, int) -> int", divide),
    ("_/_(uint, uint) -> uint", divide),
    ("_/_(double, double) -> double", divide),
    ("_%_(int, int) -> int", remainder),
    ("_%_(uint, uint) -> uint", remainder),
    ("-_(int) -> int", negate),
    ("-_(double) -> double", negate),
    ("!_(bool) -> bool", not),
    ("@in(T, list(T)) -> bool", is_in),
    ("@in(K, map(K, V)) -> bool", is_in),
];

fn pair<'a>(
    args: &[Value<'a>],
    run: impl FnOnce(&Value<'a>, &Value<'a>) -> Outcome<'a>,
) -> Outcome<'a> {
    let [a, b] = args else { return mismatch() };
    run(a, b)
}

fn compare<'a>(fuel: &mut Fuel, args: &[Value<'a>], accept: fn(Ordering) -> bool) -> Outcome<'a> {
    pair(args, |a, b| match order(fuel, a, b)? {
        Some(order) => Ok(Value::Bool(accept(order))),
        // cel-go: a comparison with NaN has no outcome.
        None => Err(Failure::Other),
    })
}

fn less<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    compare(fuel, args, Ordering::is_lt)
}

fn at_most<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    compare(fuel, args, Ordering::is_le)
}

fn greater<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    compare(fuel, args, Ordering::is_gt)
}

fn at_least<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    compare(fuel, args, Ordering::is_ge)
}

/// The sum of two values, which lists are summed with too.
pub(super) fn sum<'a>(fuel: &mut Fuel, a: &Value<'a>, b: &Value<'a>) -> Outcome<'a> {
    Ok(match (a, b) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_add(*b).ok_or(Failure::Other)?),
        (Value::Uint(a), Value::Uint(b)) => Value::Uint(a.checked_add(*b).ok_or(Failure::Other)?),
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::String(a), Value::String(b)) => {
            fuel.spend_bytes(a.len() + b.len())?;
            Value::text([&**a, &**b].concat())
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            fuel.spend_bytes(a.len() + b.len())?;
            Value::Bytes([&**a, &**b].concat().into())
        }
        (Value::List(a), Value::List(b)) => {
            let mut items = a.to_vec(fuel)?;
            items.extend(b.to_vec(fuel)?);
            Value::list(items)
        }
        (Value::Duration(a), Value::Duration(b)) => Value::Duration(a.plus(*b)?),
        (Value::Timestamp(time), Value::Duration(by))
        | (Value::Duration(by), Value::Timestamp(time)) => Value::Timestamp(time.plus(*by)?),
        _ => return mismatch(),
    })
}

fn add<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pair(args, |a, b| sum(fuel, a, b))
}

fn subtract<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pair(args, |a, b| {
        Ok(match (a, b) {
            (Value::Int(a), Value::Int(b)) => Value::Int(a.checked_sub(*b).ok_or(Failure::Other)?),
            (Value::Uint(a), Value::Uint(b)) => {
                Value::Uint(a.checked_sub(*b).ok_or(Failure::Other)?)
            }
            (Value::Double(a), Value::Double(b)) => Value::Double(a - b),
            (Value::Duration(a), Value::Duration(b)) => Value::Duration(a.minus(*b)?),
            (Value::Timestamp(a), Value::Timestamp(b)) => Value::Duration(a.since(*b)?),
            (Value::Timestamp(time), Value::Duration(by)) => Value::Timestamp(time.minus(*by)?),
            _ => return mismatch(),
        })
    })
}

fn multiply<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    arithmetic(args, i64::checked_mul, u64::checked_mul, |a, b| a * b)
}

fn divide<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    arithmetic(args, i64::checked_div, u64::checked_div, |a, b| a / b)
}

fn remainder<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    // Doubles have none: their overload is missing from the table.
    arithmetic(args, i64::checked_rem, u64::checked_rem, |a, b| a % b)
}

fn arithmetic<'a>(
    args: &[Value<'a>],
    ints: fn(i64, i64) -> Option<i64>,
    uints: fn(u64, u64) -> Option<u64>,
    doubles: fn(f64, f64) -> f64,
) -> Outcome<'a> {
    match args {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(ints(*a, *b).ok_or(Failure::Other)?)),
        [Value::Uint(a), Value::Uint(b)] => Ok(Value::Uint(uints(*a, *b).ok_or(Failure::Other)?)),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(doubles(*a, *b))),
        _ => mismatch(),
    }
}

fn negate<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Int(number)] => Ok(Value::Int(number.checked_neg().ok_or(Failure::Other)?)),
        [Value::Double(number)] => Ok(Value::Double(-number)),
        _ => mismatch(),
    }
}

fn not<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bool(truth)] => Ok(Value::Bool(!truth)),
        _ => mismatch(),
    }
}

fn is_in<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [item, Value::List(list)] => {
            for other in list.iter() {
                if equal(fuel, item, &other)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        [key, Value::Map(map)] => Ok(Value::Bool(item_of_map(fuel, map, key)?.is_some())),
        _ => mismatch(),
    }
}

/// `operand.field`; none if a map has no such field.
pub(in super::super) fn select<'a>(
    operand: &Value<'a>,
    field: &str,
) -> Result<Option<Value<'a>>, Failure> {
    match operand {
        Value::Map(map) => Ok(map.field(field)),
        _ => Err(Failure::MismatchedTypes),
    }
}

/// `operand[index]`; none if it has no such item.
pub(in super::super) fn index<'a>(
    fuel: &mut Fuel,
    operand: &Value<'a>,
    index: &Value<'a>,
) -> Result<Option<Value<'a>>, Failure> {
    match operand {
        Value::Map(map) => item_of_map(fuel, map, index),
        Value::List(list) => item_of_list(list, index),
        _ => Err(Failure::MismatchedTypes),
    }
}

fn item_of_map<'a>(
    fuel: &mut Fuel,
    map: &Map<'a>,
    key: &Value<'a>,
) -> Result<Option<Value<'a>>, Failure> {
    if let Value::String(name) = key {
        fuel.spend_bytes(name.len())?;
    }
    Ok(map.find(key))
}

fn item_of_list<'a>(list: &List<'a>, index: &Value<'a>) -> Result<Option<Value<'a>>, Failure> {
    match Key::to_look_up(index) {
        Some(Key::Int(index)) => Ok(usize::try_from(index).ok().and_then(|index| list.at(index))),
        Some(Key::Uint(index)) => Ok(usize::try_from(index).ok().and_then(|index| list.at(index))),
        _ => Err(Failure::MismatchedTypes),
    }
}
