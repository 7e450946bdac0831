//! Lists: Kubernetes' own (`library/lists.go`) and version 3 of cel-go's (`ext/lists.go`).

use std::cmp::Ordering;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::library::time::Duration;
use super::super::value::compare::{equal, order};
use super::super::value::{List, Outcome, Value};
use super::operators::sum as add;
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("list(C).isSorted() -> bool", is_sorted),
    ("list(C).max() -> C", |fuel, args| extreme(fuel, args, Ordering::Greater)),
    ("list(C).min() -> C", |fuel, args| extreme(fuel, args, Ordering::Less)),
    ("list(int).sum() -> int", |fuel, args| sum(fuel, args, Value::Int(0))),
    ("list(uint).sum() -> uint", |fuel, args| sum(fuel, args, Value::Uint(0))),
    ("list(double).sum() -> double", |fuel, args| sum(fuel, args, Value::Double(0.0))),
    ("list(duration).sum() -> duration", |fuel, args| {
        sum(fuel, args, Value::Duration(Duration::ZERO))
    }),
    ("list(T).indexOf(T) -> int", index_of),
    ("list(T).lastIndexOf(T) -> int", last_index_of),
    ("list(T).distinct() -> list(T)", distinct),
    ("list(list(T)).flatten() -> list(T)", flatten),
    ("list(dyn).flatten(int) -> list(dyn)", flatten),
    ("list(T).reverse() -> list(T)", reverse),
    ("list(T).slice(int, int) -> list(T)", slice),
    ("list(C).sort() -> list(C)", sort),
    ("lists.range(int) -> list(int)", range),
];

fn is_sorted<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let items = list.to_vec(fuel)?;
    for pair in items.windows(2) {
        let [a, b] = pair else { continue };
        if order(fuel, a, b)? == Some(Ordering::Greater) {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

/// The first item that no other surpasses.
fn extreme<'a>(fuel: &mut Fuel, args: &[Value<'a>], better: Ordering) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut items = list.to_vec(fuel)?.into_iter();
    let mut best = items.next().ok_or(Failure::Other)?;
    for item in items {
        if order(fuel, &item, &best)? == Some(better) {
            best = item;
        }
    }
    Ok(best)
}

fn sum<'a>(fuel: &mut Fuel, args: &[Value<'a>], zero: Value<'a>) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    list.to_vec(fuel)?.into_iter().try_fold(zero, |sum, item| add(fuel, &sum, &item))
}

fn index_of<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), item] = args else { return mismatch() };
    position(fuel, list.iter().enumerate(), item)
}

fn last_index_of<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), item] = args else { return mismatch() };
    position(fuel, (0..list.len()).rev().filter_map(|index| Some((index, list.at(index)?))), item)
}

fn position<'a>(
    fuel: &mut Fuel,
    items: impl Iterator<Item = (usize, Value<'a>)>,
    wanted: &Value<'a>,
) -> Outcome<'a> {
    for (index, item) in items {
        if equal(fuel, &item, wanted)? {
            return Ok(Value::count(index));
        }
    }
    Ok(Value::Int(-1))
}

fn distinct<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut kept: Vec<Value<'a>> = Vec::new();
    'items: for item in list.to_vec(fuel)? {
        for other in &kept {
            if equal(fuel, &item, other)? {
                continue 'items;
            }
        }
        kept.push(item);
    }
    Ok(Value::list(kept))
}

fn flatten<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (list, depth) = match args {
        [Value::List(list)] => (list, 1),
        [Value::List(list), Value::Int(depth)] => (list, *depth),
        _ => return mismatch(),
    };
    let depth = u64::try_from(depth).map_err(|_| Failure::Other)?;
    let mut items = Vec::new();
    unfold(fuel, list, depth, &mut items)?;
    Ok(Value::list(items))
}

fn unfold<'a>(
    fuel: &mut Fuel,
    list: &List<'a>,
    depth: u64,
    into: &mut Vec<Value<'a>>,
) -> Result<(), Failure> {
    for item in list.to_vec(fuel)? {
        match item {
            Value::List(inner) if depth > 0 => unfold(fuel, &inner, depth - 1, into)?,
            item => into.push(item),
        }
    }
    Ok(())
}

fn reverse<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let mut items = list.to_vec(fuel)?;
    items.reverse();
    Ok(Value::list(items))
}

fn slice<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list), Value::Int(start), Value::Int(end)] = args else { return mismatch() };
    let place = |index: &i64| usize::try_from(*index).map_err(|_| Failure::Other);
    let (start, end) = (place(start)?, place(end)?);
    if start > end || end > list.len() {
        return Err(Failure::Other);
    }
    fuel.spend(end - start)?;
    Ok(Value::list((start..end).filter_map(|index| list.at(index)).collect()))
}

fn sort<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::List(list)] = args else { return mismatch() };
    let items = list.to_vec(fuel)?;
    sort_by(fuel, items.iter().cloned().zip(items.iter().cloned()).collect())
}

/// The second of each pair, in the order of the first.
pub(in super::super) fn sort_by<'a>(
    fuel: &mut Fuel,
    mut pairs: Vec<(Value<'a>, Value<'a>)>,
) -> Outcome<'a> {
    let kind = pairs.first().map(|(key, _)| key.type_name());
    if pairs.iter().any(|(key, _)| Some(key.type_name()) != kind) {
        return Err(Failure::MismatchedTypes);
    }
    if let Some((key, _)) = pairs.first() {
        // One key alone is compared to nothing, and has to have an order nevertheless.
        order(fuel, key, key)?;
    }
    let rounds = pairs.len().checked_ilog2().unwrap_or_default() as usize;
    fuel.spend_product(pairs.len(), rounds)?;
    let mut failed = None;
    pairs.sort_by(|(a, _), (b, _)| match order(fuel, a, b) {
        _ if failed.is_some() => Ordering::Equal,
        Ok(order) => order.unwrap_or(Ordering::Equal),
        Err(failure) => {
            failed = Some(failure);
            Ordering::Equal
        }
    });
    match failed {
        Some(failure) => Err(failure),
        None => Ok(Value::list(pairs.into_iter().map(|(_, item)| item).collect())),
    }
}

fn range<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Int(end)] = args else { return mismatch() };
    fuel.spend(usize::try_from((*end).max(0)).unwrap_or(usize::MAX))?;
    Ok(Value::list((0..*end).map(Value::Int).collect()))
}
