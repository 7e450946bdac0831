//! Conversions between types (`common/types` and `common/stdlib` of cel-go).

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::time::{Duration, Timestamp};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("bool(bool) -> bool", to_bool),
    ("bool(string) -> bool", to_bool),
    ("double(double) -> double", to_double),
    ("double(int) -> double", to_double),
    ("double(string) -> double", to_double),
    ("double(uint) -> double", to_double),
    ("duration(duration) -> duration", to_duration),
    ("duration(int) -> duration", to_duration),
    ("duration(string) -> duration", to_duration),
    ("dyn(T) -> dyn", same),
    ("int(double) -> int", to_int),
    ("int(duration) -> int", to_int),
    ("int(int) -> int", to_int),
    ("int(string) -> int", to_int),
    ("int(timestamp) -> int", to_int),
    ("int(uint) -> int", to_int),
    ("string(bool) -> string", to_string),
    ("string(CIDR) -> string", to_string),
    ("string(double) -> string", to_string),
    ("string(duration) -> string", to_string),
    ("string(int) -> string", to_string),
    ("string(IP) -> string", to_string),
    ("string(string) -> string", to_string),
    ("string(timestamp) -> string", to_string),
    ("string(uint) -> string", to_string),
    ("timestamp(int) -> timestamp", to_timestamp),
    ("timestamp(string) -> timestamp", to_timestamp),
    ("timestamp(timestamp) -> timestamp", to_timestamp),
    ("type(T) -> type", type_of),
    ("uint(double) -> uint", to_uint),
    ("uint(int) -> uint", to_uint),
    ("uint(string) -> uint", to_uint),
    ("uint(uint) -> uint", to_uint),
];

fn same<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [value] = args else { return mismatch() };
    Ok(value.clone())
}

fn type_of<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [value] = args else { return mismatch() };
    Ok(Value::Type(value.type_name()))
}

/// Pays for reading a text as something else.
fn pay_for_text(fuel: &mut Fuel, args: &[Value<'_>]) -> Result<(), Failure> {
    match args {
        [Value::String(text)] => fuel.spend_bytes(text.len()),
        _ => Ok(()),
    }
}

/// What Go's `strconv.ParseBool` takes.
fn to_bool<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::Bool(truth)] => Ok(Value::Bool(*truth)),
        [Value::String(text)] => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
            _ => Err(Failure::Other),
        },
        _ => mismatch(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
fn to_double<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pay_for_text(fuel, args)?;
    Ok(Value::Double(match args {
        [Value::Double(number)] => *number,
        [Value::Int(number)] => *number as f64,
        [Value::Uint(number)] => *number as f64,
        [Value::String(text)] => {
            // Beyond the largest double Go fails, and Rust is infinite.
            let number: f64 = text.parse().map_err(|_| Failure::Other)?;
            let spelled = text.trim_start_matches(['+', '-']).starts_with(['i', 'I', 'n', 'N']);
            if number.is_finite() || spelled { number } else { return Err(Failure::Other) }
        }
        _ => return mismatch(),
    }))
}

/// Towards zero, if it is within the type.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked before the cast")]
fn whole(number: f64) -> Result<i128, Failure> {
    // cel-go leaves the outermost doubles out, as they are not exact.
    const EDGE: f64 = 18_446_744_073_709_551_616.0;
    if number.abs() < EDGE { Ok(number as i128) } else { Err(Failure::Other) }
}

fn to_int<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pay_for_text(fuel, args)?;
    Ok(Value::Int(match args {
        [Value::Int(number)] => *number,
        [Value::Uint(number)] => i64::try_from(*number).map_err(|_| Failure::Other)?,
        [Value::Double(number)] => {
            let int = i64::try_from(whole(*number)?).map_err(|_| Failure::Other)?;
            if int == i64::MIN {
                return Err(Failure::Other);
            }
            int
        }
        [Value::String(text)] => text.parse().map_err(|_| Failure::Other)?,
        [Value::Timestamp(time)] => time.seconds(),
        [Value::Duration(duration)] => duration.nanos(),
        _ => return mismatch(),
    }))
}

fn to_uint<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pay_for_text(fuel, args)?;
    Ok(Value::Uint(match args {
        [Value::Uint(number)] => *number,
        [Value::Int(number)] => u64::try_from(*number).map_err(|_| Failure::Other)?,
        [Value::Double(number)] if *number >= 0.0 => {
            u64::try_from(whole(*number)?).map_err(|_| Failure::Other)?
        }
        [Value::String(text)] if !text.starts_with('+') => {
            text.parse().map_err(|_| Failure::Other)?
        }
        [Value::Double(_) | Value::String(_)] => return Err(Failure::Other),
        _ => return mismatch(),
    }))
}

fn to_string<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [value] = args else { return mismatch() };
    Ok(Value::text(match value {
        Value::String(text) => return Ok(Value::String(text.clone())),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => double_text(*number),
        Value::Duration(duration) => duration.to_string(),
        Value::Timestamp(time) => time.to_string(),
        Value::Ip(ip) => ip.to_string(),
        Value::Cidr(cidr) => cidr.to_string(),
        _ => return mismatch(),
    }))
}

/// As Go's `%g`: with an exponent from a million on.
pub(in super::super) fn double_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => number.to_string(),
    }
}

fn to_duration<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    pay_for_text(fuel, args)?;
    Ok(Value::Duration(match args {
        [Value::Duration(duration)] => *duration,
        [Value::Int(nanos)] => Duration::of_nanos(*nanos),
        [Value::String(text)] => text.parse()?,
        _ => return mismatch(),
    }))
}

fn to_timestamp<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Timestamp(match args {
        [Value::Timestamp(time)] => *time,
        [Value::Int(seconds)] => Timestamp::of_seconds(*seconds)?,
        [Value::String(text)] => text.parse()?,
        _ => return mismatch(),
    }))
}
