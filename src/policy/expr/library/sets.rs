//! Lists as sets (`ext/sets.go` of cel-go).

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::compare::equal;
use super::super::value::{List, Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("sets.contains(list(T), list(T)) -> bool", contains),
    ("sets.equivalent(list(T), list(T)) -> bool", equivalent),
    ("sets.intersects(list(T), list(T)) -> bool", intersects),
];

fn contains<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::List(part)] = args else { return mismatch() };
    Ok(Value::Bool(has_all(fuel, list, part)?))
}

fn equivalent<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(a), Value::List(b)] = args else { return mismatch() };
    Ok(Value::Bool(has_all(fuel, a, b)? && has_all(fuel, b, a)?))
}

fn intersects<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(a), Value::List(b)] = args else { return mismatch() };
    for item in b.iter() {
        if has(fuel, a, &item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn has_all(fuel: &mut Fuel, list: &List<'_>, part: &List<'_>) -> Result<bool, Failure> {
    for item in part.iter() {
        if !has(fuel, list, &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has(fuel: &mut Fuel, list: &List<'_>, item: &Value<'_>) -> Result<bool, Failure> {
    for other in list.iter() {
        if equal(fuel, &other, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}
