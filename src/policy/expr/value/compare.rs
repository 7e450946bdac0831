//! Equality and order, numbers across their types.

use std::cmp::Ordering;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::{List, Map, Value};

/// Whether `a == b`. Values of different types are different.
pub(in super::super) fn equal(
    fuel: &mut Fuel,
    a: &Value<'_>,
    b: &Value<'_>,
) -> Result<bool, Failure> {
    fuel.spend(1)?;
    Ok(match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::String(a), Value::String(b)) => {
            fuel.spend_bytes(a.len().min(b.len()))?;
            **a == **b
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            fuel.spend_bytes(a.len().min(b.len()))?;
            a == b
        }
        (Value::List(a), Value::List(b)) => equal_lists(fuel, a, b)?,
        (Value::Map(a), Value::Map(b)) => equal_maps(fuel, a, b)?,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => equal(fuel, a, b)?,
        (Value::Optional(a), Value::Optional(b)) => a.is_none() && b.is_none(),
        (Value::Cidr(a), Value::Cidr(b)) => a == b,
        (Value::Format(a), Value::Format(b)) => a.name() == b.name(),
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Quantity(a), Value::Quantity(b)) => a.nanos() == b.nanos(),
        (Value::Semver(a), Value::Semver(b)) => a.precedence(b).is_eq(),
        (Value::Url(a), Value::Url(b)) => a.to_string() == b.to_string(),
        _ => numbers(a, b).is_some_and(Ordering::is_eq),
    })
}

fn equal_lists(fuel: &mut Fuel, a: &List<'_>, b: &List<'_>) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b.iter()) {
        if !equal(fuel, &a, &b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(fuel: &mut Fuel, a: &Map<'_>, b: &Map<'_>) -> Result<bool, Failure> {
    if a.len() != b.len() {
        return Ok(false);
    }
    fuel.spend(a.len())?;
    for key in a.keys() {
        fuel.spend_bytes(key.len())?;
        let key = key.into_value();
        match (a.find(&key), b.find(&key)) {
            (Some(a), Some(b)) if equal(fuel, &a, &b)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// How `a` and `b` are ordered; none for a NaN, which is no error.
pub(in super::super) fn order(
    fuel: &mut Fuel,
    a: &Value<'_>,
    b: &Value<'_>,
) -> Result<Option<Ordering>, Failure> {
    Ok(Some(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => {
            fuel.spend_bytes(a.len().min(b.len()))?;
            (**a).cmp(&**b)
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            fuel.spend_bytes(a.len().min(b.len()))?;
            a.cmp(b)
        }
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        _ if is_number(a) && is_number(b) => return Ok(numbers(a, b)),
        _ => return Err(Failure::MismatchedTypes),
    }))
}

const fn is_number(value: &Value<'_>) -> bool {
    matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_))
}

fn numbers(a: &Value<'_>, b: &Value<'_>) -> Option<Ordering> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), _) => whole(b).and_then(|b| with_double(b, *a)).map(Ordering::reverse),
        (_, Value::Double(b)) => whole(a).and_then(|a| with_double(a, *b)),
        _ => Some(whole(a)?.cmp(&whole(b)?)),
    }
}

fn whole(value: &Value<'_>) -> Option<i128> {
    match value {
        Value::Int(number) => Some(i128::from(*number)),
        Value::Uint(number) => Some(i128::from(*number)),
        _ => None,
    }
}

/// The order of a whole number and a double: by the double that is nearest to it, as in cel-go.
#[expect(clippy::cast_precision_loss, reason = "cel-go compares the rounded number too")]
fn with_double(a: i128, b: f64) -> Option<Ordering> {
    (a as f64).partial_cmp(&b)
}
