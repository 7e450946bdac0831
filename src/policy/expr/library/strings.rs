//! Texts: CEL's own functions and version 2 of cel-go's (`ext/strings.go`). Places are counted in
//! characters.

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

mod format;

pub(in super::super) use format::verbs as format_verbs;

pub(super) const TABLE: Table = &[
    ("string.charAt(int) -> string", char_at),
    ("string.contains(string) -> bool", |fuel, args| {
        test(fuel, args, |text, part| text.contains(part))
    }),
    ("string.endsWith(string) -> bool", |fuel, args| {
        test(fuel, args, |text, part| text.ends_with(part))
    }),
    ("string.startsWith(string) -> bool", |fuel, args| {
        test(fuel, args, |text, part| text.starts_with(part))
    }),
    ("string.format(list(dyn)) -> string", format::format),
    ("string.indexOf(string) -> int", index_of),
    ("string.indexOf(string, int) -> int", index_of),
    ("string.lastIndexOf(string) -> int", last_index_of),
    ("string.lastIndexOf(string, int) -> int", last_index_of),
    ("list(string).join() -> string", join),
    ("list(string).join(string) -> string", join),
    ("string.lowerAscii() -> string", |fuel, args| change(fuel, args, str::to_ascii_lowercase)),
    ("string.upperAscii() -> string", |fuel, args| change(fuel, args, str::to_ascii_uppercase)),
    ("string.trim() -> string", |fuel, args| change(fuel, args, |text| text.trim().to_owned())),
    ("string.replace(string, string) -> string", replace),
    ("string.replace(string, string, int) -> string", replace),
    ("string.split(string) -> list(string)", split),
    ("string.split(string, int) -> list(string)", split),
    ("string.substring(int) -> string", substring),
    ("string.substring(int, int) -> string", substring),
    ("strings.quote(string) -> string", |fuel, args| change(fuel, args, quote)),
];

fn test<'a>(fuel: &mut Fuel, args: &[Value<'a>], holds: fn(&str, &str) -> bool) -> Outcome<'a> {
    let [Value::String(text), Value::String(part)] = args else { return mismatch() };
    fuel.spend_bytes(text.len() + part.len())?;
    Ok(Value::Bool(holds(text, part)))
}

fn change<'a>(fuel: &mut Fuel, args: &[Value<'a>], change: fn(&str) -> String) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    // A quoted text is up to twice as long.
    fuel.spend_bytes(text.len() * 2)?;
    Ok(Value::text(change(text)))
}

/// A number of characters, if it is one.
fn place(index: i64) -> Result<usize, Failure> {
    usize::try_from(index).map_err(|_| Failure::Other)
}

fn char_at<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), Value::Int(index)] = args else { return mismatch() };
    fuel.spend_bytes(text.len())?;
    let index = place(*index)?;
    match text.chars().nth(index) {
        Some(c) => Ok(Value::text(c.to_string())),
        None if text.chars().count() == index => Ok(Value::text("")),
        None => Err(Failure::Other),
    }
}

/// The byte at which the character of this number starts; the end is the last.
fn byte_of(text: &str, index: usize) -> Option<usize> {
    text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(index)
}

/// The character that starts at a byte, by its number.
fn number_of(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, |before| before.chars().count())
}

fn index_of<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match args {
        [Value::String(text), Value::String(part)] => (text, part, 0),
        [Value::String(text), Value::String(part), Value::Int(offset)] => (text, part, *offset),
        _ => return mismatch(),
    };
    fuel.spend_bytes(text.len() + part.len())?;
    if part.is_empty() {
        return Ok(Value::Int(offset));
    }
    let found = byte_of(text, place(offset)?).and_then(|from| {
        let at = text.get(from..)?.find(&**part)?;
        Some(number_of(text, from + at))
    });
    Ok(found.map_or(Value::Int(-1), Value::count))
}

fn last_index_of<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, part, offset) = match args {
        [Value::String(text), Value::String(part)] => (text, part, None),
        [Value::String(text), Value::String(part), Value::Int(offset)] => {
            (text, part, Some(*offset))
        }
        _ => return mismatch(),
    };
    fuel.spend_bytes(text.len() + part.len())?;
    let length = text.chars().count();
    if part.is_empty() {
        return Ok(offset.map_or_else(|| Value::count(length), Value::Int));
    }
    let last = match offset {
        None => length,
        Some(offset) => match place(offset)? {
            beyond if beyond >= length => return Ok(Value::Int(-1)),
            last => last,
        },
    };
    // A match may start at the offset, and ends behind it.
    let end = byte_of(text, last).map_or(text.len(), |byte| text.len().min(byte + part.len()));
    let end = (end..=text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    let found = text.get(..end).and_then(|head| head.rfind(&**part));
    let found = found.map(|byte| number_of(text, byte)).filter(|number| *number <= last);
    Ok(found.map_or(Value::Int(-1), Value::count))
}

fn join<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (list, between) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::String(between)] => (list, &**between),
        _ => return mismatch(),
    };
    let mut joined = String::new();
    for (index, item) in list.to_vec(fuel)?.iter().enumerate() {
        let Value::String(text) = item else { return Err(Failure::MismatchedTypes) };
        fuel.spend_bytes(text.len() + between.len())?;
        if index > 0 {
            joined.push_str(between);
        }
        joined.push_str(text);
    }
    Ok(Value::text(joined))
}

fn replace<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, from, to, limit) = match args {
        [Value::String(text), Value::String(from), Value::String(to)] => (text, from, to, -1),
        [Value::String(text), Value::String(from), Value::String(to), Value::Int(limit)] => {
            (text, from, to, *limit)
        }
        _ => return mismatch(),
    };
    fuel.spend_bytes(text.len() + from.len() + to.len())?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let count = text.matches(&**from).count().min(limit);
    fuel.spend(count)?;
    fuel.spend_bytes(text.len().saturating_add(count.saturating_mul(to.len())))?;
    Ok(Value::text(text.replacen(&**from, to, limit)))
}

/// A negative limit is none; an empty separator splits into characters.
fn split<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, separator, limit) = match args {
        [Value::String(text), Value::String(separator)] => (text, separator, -1),
        [Value::String(text), Value::String(separator), Value::Int(limit)] => {
            (text, separator, *limit)
        }
        _ => return mismatch(),
    };
    fuel.spend_bytes(text.len() * 2 + separator.len())?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Ok(Value::list(Vec::new()));
    }
    let mut parts = Vec::new();
    let mut rest: &str = text;
    while parts.len() + 1 < limit {
        let cut = if separator.is_empty() {
            rest.chars()
                .next()
                .map(|c| (c.len_utf8(), 0))
                .filter(|(length, _)| *length < rest.len())
        } else {
            rest.find(&**separator).map(|at| (at, separator.len()))
        };
        let Some((end, skip)) = cut else { break };
        fuel.spend(2)?;
        let (part, behind) = rest.split_at(end);
        parts.push(part.to_owned());
        rest = behind.get(skip..).unwrap_or_default();
    }
    if !(separator.is_empty() && text.is_empty()) {
        parts.push(rest.to_owned());
    }
    Ok(Value::texts(parts))
}

fn substring<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, start, end) = match args {
        [Value::String(text), Value::Int(start)] => (text, place(*start)?, None),
        [Value::String(text), Value::Int(start), Value::Int(end)] => {
            (text, place(*start)?, Some(place(*end)?))
        }
        _ => return mismatch(),
    };
    fuel.spend_bytes(text.len())?;
    let from = byte_of(text, start);
    let to = end.map_or(Some(text.len()), |end| byte_of(text, end));
    let part = from.zip(to).and_then(|(from, to)| text.get(from..to));
    part.map(|part| Value::text(part.to_owned())).ok_or(Failure::Other)
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
