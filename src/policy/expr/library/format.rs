//! Named formats of texts (`library/format.go`): `format.dns1123Label().validate(text)` is an
//! optional list of what is wrong. The words are our own and never the text's.

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::url::is_request_uri;
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("format.named(string) -> optional(Format)", named),
    ("Format.validate(string) -> optional(list(string))", validate),
    ("format.byte() -> Format", |_, _| by_name("byte")),
    ("format.date() -> Format", |_, _| by_name("date")),
    ("format.datetime() -> Format", |_, _| by_name("datetime")),
    ("format.dns1035Label() -> Format", |_, _| by_name("dns1035Label")),
    ("format.dns1035LabelPrefix() -> Format", |_, _| by_name("dns1035LabelPrefix")),
    ("format.dns1123Label() -> Format", |_, _| by_name("dns1123Label")),
    ("format.dns1123LabelPrefix() -> Format", |_, _| by_name("dns1123LabelPrefix")),
    ("format.dns1123Subdomain() -> Format", |_, _| by_name("dns1123Subdomain")),
    ("format.dns1123SubdomainPrefix() -> Format", |_, _| by_name("dns1123SubdomainPrefix")),
    ("format.labelValue() -> Format", |_, _| by_name("labelValue")),
    ("format.qualifiedName() -> Format", |_, _| by_name("qualifiedName")),
    ("format.uri() -> Format", |_, _| by_name("uri")),
    ("format.uuid() -> Format", |_, _| by_name("uuid")),
];

/// A format.
pub(in super::super) struct Format {
    name: &'static str,
    admits: fn(&str) -> bool,
}

impl Format {
    pub(in super::super) const fn name(&self) -> &'static str {
        self.name
    }
}

static FORMATS: [Format; 13] = [
    Format { name: "byte", admits: is_base64 },
    Format { name: "date", admits: is_date },
    Format { name: "datetime", admits: is_datetime },
    Format { name: "dns1035Label", admits: is_dns_1035_label },
    Format { name: "dns1035LabelPrefix", admits: |text| is_dns_1035_label(&mask_dash(text)) },
    Format { name: "dns1123Label", admits: is_dns_label },
    Format { name: "dns1123LabelPrefix", admits: |text| is_dns_label(&mask_dash(text)) },
    Format { name: "dns1123Subdomain", admits: is_dns_subdomain },
    Format { name: "dns1123SubdomainPrefix", admits: |text| is_dns_subdomain(&mask_dash(text)) },
    Format { name: "labelValue", admits: |text| text.is_empty() || is_qualified(text) },
    Format { name: "qualifiedName", admits: is_qualified_name },
    Format { name: "uri", admits: is_request_uri },
    Format { name: "uuid", admits: is_uuid },
];

fn by_name<'a>(name: &str) -> Outcome<'a> {
    FORMATS.iter().find(|format| format.name == name).map(Value::Format).ok_or(Failure::Other)
}

fn named<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(name)] = args else { return mismatch() };
    Ok(by_name(name).map_or(Value::NONE, Value::some))
}

fn validate<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Format(format), Value::String(text)] = args else { return mismatch() };
    fuel.spend_bytes(text.len() * 8)?;
    if (format.admits)(text) {
        return Ok(Value::NONE);
    }
    Ok(Value::some(Value::texts([format!("does not match the format {}", format.name)])))
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 63 && ends_and_middle(text, inner, |byte| inner(byte) || byte == b'-')
}

fn is_dns_1035_label(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn is_dns_subdomain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label| ends_and_middle(label, inner, |byte| inner(byte) || byte == b'-');
    text.len() <= 253 && text.split('.').all(label)
}

/// The name of a label, without its prefix.
fn is_qualified(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric();
    text.len() <= 63 && ends_and_middle(text, inner, |byte| inner(byte) || b"-_.".contains(&byte))
}

fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_qualified(name),
        None => is_qualified(text),
    }
}

fn ends_and_middle(text: &str, end: impl Fn(u8) -> bool, middle: impl Fn(u8) -> bool) -> bool {
    match text.as_bytes() {
        [] => false,
        [only] => end(*only),
        [first, inner @ .., last] => {
            end(*first) && end(*last) && inner.iter().all(|byte| middle(*byte))
        }
    }
}

/// A prefix may end in a dash, since something follows it.
fn mask_dash(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let mut masked = rest.to_owned();
            masked.pop();
            masked.push('a');
            masked
        }
        _ => text.to_owned(),
    }
}

fn is_base64(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body.bytes().all(alphabet)
}

fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == text)
}

fn is_datetime(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, time)) = text.split_once('t') else { return false };
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let Some(rest) = shape.strip_prefix("00:00:00") else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
        Some(_) => return false,
        None => rest,
    };
    let part = |from: usize| time.get(from..from + 2).and_then(|digits| digits.parse::<u8>().ok());
    let in_day = part(0).is_some_and(|hour| hour < 24)
        && part(3).is_some_and(|minute| minute < 60)
        && part(6).is_some_and(|second| second < 60);
    is_date(date) && in_day && ["z", "+00:00", "-00:00"].contains(&zone)
}

/// With dashes or without any.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    (lengths == [8, 4, 4, 4, 12] || lengths == [32])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
