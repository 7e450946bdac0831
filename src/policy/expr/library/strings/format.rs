//! `'%s is %d'.format([name, age])`, version 2 of cel-go's (`ext/formatting.go`): numbers after
//! `%f` are grouped as in English.

use std::fmt::Write as _;

use super::super::super::Failure;
use super::super::super::fuel::Fuel;
use super::super::super::value::{List, Map, Outcome, Value};
use super::super::core::double_text;
use super::super::mismatch;
use super::quote;

/// More digits than any double has.
const MAX_PRECISION: usize = 100;

/// A clause of a format.
enum Clause<'t> {
    Text(&'t str),
    Value { verb: char, precision: usize },
}

pub(super) fn format<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::List(values)] = args else { return mismatch() };
    fuel.spend_bytes(text.len())?;
    let mut values = values.iter();
    let mut out = String::new();
    for clause in clauses(text)? {
        fuel.spend(1)?;
        match clause {
            Clause::Text(text) => out.push_str(text),
            Clause::Value { verb, precision } => {
                // The digits of a large double are many, and each is computed.
                fuel.spend(if verb == 'f' { 200 + precision } else { 10 })?;
                let value = values.next().ok_or(Failure::Other)?;
                write(fuel, &mut out, &value, verb, precision)?;
            }
        }
    }
    Ok(Value::text(out))
}

/// What a format is made of.
fn clauses(mut text: &str) -> Result<Vec<Clause<'_>>, Failure> {
    let mut clauses = Vec::new();
    while let Some((before, rest)) = text.split_once('%') {
        clauses.push(Clause::Text(before));
        if let Some(rest) = rest.strip_prefix('%') {
            clauses.push(Clause::Text("%"));
            text = rest;
            continue;
        }
        let (precision, rest) = precision(rest)?;
        let mut verbs = rest.chars();
        let verb = verbs.next().ok_or(Failure::Other)?;
        clauses.push(Clause::Value { verb, precision });
        text = verbs.as_str();
    }
    clauses.push(Clause::Text(text));
    Ok(clauses)
}

fn precision(text: &str) -> Result<(usize, &str), Failure> {
    let Some(text) = text.strip_prefix('.') else { return Ok((6, text)) };
    let end = text.find(|c: char| !c.is_ascii_digit()).ok_or(Failure::Other)?;
    let (digits, rest) = text.split_at(end);
    let precision = digits.parse().ok().filter(|precision| *precision <= MAX_PRECISION);
    Ok((precision.ok_or(Failure::Other)?, rest))
}

fn write(
    fuel: &mut Fuel,
    out: &mut String,
    value: &Value<'_>,
    verb: char,
    precision: usize,
) -> Result<(), Failure> {
    let text = match (verb, value) {
        ('s', value) => return plain(fuel, out, value),
        ('d', Value::Int(number)) => number.to_string(),
        ('d', Value::Uint(number)) => number.to_string(),
        ('f', Value::Double(number)) => grouped(*number, precision),
        ('b', Value::Bool(truth)) => i32::from(*truth).to_string(),
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            let sign = if *number < 0 { "-" } else { "" };
            format!("{sign}{}", in_radix(number.unsigned_abs(), verb))
        }
        ('b' | 'o' | 'x' | 'X', Value::Uint(number)) => in_radix(*number, verb),
        ('x' | 'X', Value::String(text)) => {
            fuel.spend_bytes(text.len() * 2)?;
            hexadecimal(text.as_bytes(), verb)
        }
        ('x' | 'X', Value::Bytes(bytes)) => {
            fuel.spend_bytes(bytes.len() * 2)?;
            hexadecimal(bytes, verb)
        }
        _ => return Err(Failure::Other),
    };
    out.push_str(&text);
    Ok(())
}

fn in_radix(number: u64, verb: char) -> String {
    match verb {
        'b' => format!("{number:b}"),
        'o' => format!("{number:o}"),
        'x' => format!("{number:x}"),
        _ => format!("{number:X}"),
    }
}

fn hexadecimal(bytes: &[u8], verb: char) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = if verb == 'x' { write!(text, "{byte:02x}") } else { write!(text, "{byte:02X}") };
        text
    })
}

fn grouped(number: f64, precision: usize) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "∞" } else { "-∞" }.to_owned();
    }
    let text = format!("{:.precision$}", number.abs());
    let (whole, fraction) =
        text.split_once('.').map_or((&*text, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::from(if number.is_sign_negative() { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// `%s`.
fn plain(fuel: &mut Fuel, out: &mut String, value: &Value<'_>) -> Result<(), Failure> {
    fuel.spend(1)?;
    let text = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => double_text(*number),
        Value::String(text) => {
            fuel.spend_bytes(text.len())?;
            out.push_str(text);
            return Ok(());
        }
        Value::Bytes(bytes) => {
            fuel.spend_bytes(bytes.len())?;
            std::str::from_utf8(bytes).map_err(|_| Failure::Other)?.to_owned()
        }
        Value::Duration(duration) => duration.to_string(),
        Value::Timestamp(time) => time.to_string(),
        Value::Type(name) => (*name).to_owned(),
        Value::List(list) => return write_list(fuel, out, list),
        Value::Map(map) => return write_map(fuel, out, map),
        _ => return Err(Failure::Other),
    };
    out.push_str(&text);
    Ok(())
}

/// A value within a list or map, as a literal.
fn literal(fuel: &mut Fuel, out: &mut String, value: &Value<'_>) -> Result<(), Failure> {
    match value {
        Value::String(text) => {
            fuel.spend_bytes(text.len() * 2)?;
            out.push_str(&quote(text));
        }
        Value::Bytes(_) => {
            let mut text = String::new();
            plain(fuel, &mut text, value)?;
            out.push('b');
            out.push_str(&quote(&text));
        }
        Value::Double(number) if number.is_finite() => {
            let _ = write!(out, "{number:.6}");
        }
        Value::Double(number) => {
            let _ = write!(out, "\"{}\"", double_text(*number));
        }
        Value::Duration(duration) => {
            let _ = write!(out, "duration(\"{duration}\")");
        }
        Value::Timestamp(time) => {
            let _ = write!(out, "timestamp(\"{time}\")");
        }
        _ => plain(fuel, out, value)?,
    }
    Ok(())
}

fn write_list(fuel: &mut Fuel, out: &mut String, list: &List<'_>) -> Result<(), Failure> {
    out.push('[');
    for (index, item) in list.to_vec(fuel)?.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        literal(fuel, out, item)?;
    }
    out.push(']');
    Ok(())
}

fn write_map(fuel: &mut Fuel, out: &mut String, map: &Map<'_>) -> Result<(), Failure> {
    fuel.spend(map.len())?;
    let mut entries = Vec::new();
    for key in map.keys() {
        let key = key.into_value();
        let mut name = String::new();
        literal(fuel, &mut name, &key)?;
        entries.push((name, map.find(&key).unwrap_or(Value::Null)));
    }
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    out.push('{');
    for (index, (name, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        out.push_str(name);
        out.push(':');
        literal(fuel, out, value)?;
    }
    out.push('}');
    Ok(())
}

/// The verbs of a format, one for each value that it takes, or what is wrong with it.
pub(in super::super::super) fn verbs(text: &str) -> Result<Vec<char>, &'static str> {
    let mut verbs = Vec::new();
    for clause in clauses(text).map_err(|_| "a clause of the format is not complete")? {
        match clause {
            Clause::Text(_) => {}
            Clause::Value { verb: 'e', .. } => return Err("`%e` is not to be had in kguard"),
            Clause::Value { verb, .. } if "bdfosxX".contains(verb) => verbs.push(verb),
            Clause::Value { .. } => return Err("a clause of the format is unknown"),
        }
    }
    Ok(verbs)
}
