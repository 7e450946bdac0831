//! Semantic versions (`library/semverlib.go` over `blang/semver`).

use std::cmp::Ordering;
use std::fmt;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("semver(string) -> Semver", semver),
    ("semver(string, bool) -> Semver", semver),
    ("isSemver(string) -> bool", is_semver),
    ("isSemver(string, bool) -> bool", is_semver),
    ("Semver.major() -> int", |_, args| number(args, |version| version.major)),
    ("Semver.minor() -> int", |_, args| number(args, |version| version.minor)),
    ("Semver.patch() -> int", |_, args| number(args, |version| version.patch)),
    ("Semver.compareTo(Semver) -> int", |_, args| compare(args, |order| Value::Int(order as i64))),
    ("Semver.isGreaterThan(Semver) -> bool", |_, args| {
        compare(args, |order| Value::Bool(order.is_gt()))
    }),
    ("Semver.isLessThan(Semver) -> bool", |_, args| {
        compare(args, |order| Value::Bool(order.is_lt()))
    }),
];

/// A version.
#[derive(Debug, Clone)]
pub(in super::super) struct Semver {
    major: u64,
    minor: u64,
    patch: u64,
    pre: Vec<Identifier>,
    build: String,
}

/// A part of a pre-release. Numbers come before names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u64),
    Name(String),
}

impl Semver {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let (major, minor, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (rest, build) =
            rest.split_once('+').map_or((rest, None), |(rest, build)| (rest, Some(build)));
        let (patch, pre) =
            rest.split_once('-').map_or((rest, None), |(patch, pre)| (patch, Some(pre)));
        let well_formed = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if !build.is_none_or(|build| build.split('.').all(well_formed)) {
            return None;
        }
        let identifier = |part: &str| match part.bytes().all(|byte| byte.is_ascii_digit()) {
            _ if !well_formed(part) => None,
            true => whole(part).map(Identifier::Number),
            false => Some(Identifier::Name(part.to_owned())),
        };
        let pre = pre.map_or(Some(Vec::new()), |pre| pre.split('.').map(identifier).collect())?;
        let build = build.unwrap_or_default().to_owned();
        Some(Self { major: whole(major)?, minor: whole(minor)?, patch: whole(patch)?, pre, build })
    }

    /// Of two versions; the build does not count.
    pub(in super::super) fn precedence(&self, other: &Self) -> Ordering {
        let numbers = |version: &Self| (version.major, version.minor, version.patch);
        numbers(self)
            .cmp(&numbers(other))
            // A release comes after all that precede it.
            .then_with(|| self.pre.is_empty().cmp(&other.pre.is_empty()))
            .then_with(|| self.pre.cmp(&other.pre))
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        for (index, part) in self.pre.iter().enumerate() {
            f.write_str(if index == 0 { "-" } else { "." })?;
            match part {
                Identifier::Number(number) => number.fmt(f)?,
                Identifier::Name(name) => name.fmt(f)?,
            }
        }
        if self.build.is_empty() { Ok(()) } else { write!(f, "+{}", self.build) }
    }
}

fn whole(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| canonical && digits)
}

/// `v1.02` as `1.2.0`.
fn normalize(text: &str) -> Option<String> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut parts: Vec<String> = text
        .splitn(3, '.')
        .map(|part| match part.trim_start_matches('0') {
            _ if part.len() <= 1 => part.to_owned(),
            rest if rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
            rest => format!("0{rest}"),
        })
        .collect();
    if parts.len() < 3 && parts.last()?.contains(['+', '-']) {
        return None;
    }
    parts.resize(3, "0".to_owned());
    Some(parts.join("."))
}

fn version_of(fuel: &mut Fuel, args: &[Value<'_>]) -> Result<Option<Semver>, Failure> {
    let (text, tolerant) = match args {
        [Value::String(text)] => (text, false),
        [Value::String(text), Value::Bool(tolerant)] => (text, *tolerant),
        _ => return Err(Failure::MismatchedTypes),
    };
    fuel.spend_bytes(text.len())?;
    Ok(if tolerant {
        normalize(text).and_then(|text| Semver::read(&text))
    } else {
        Semver::read(text)
    })
}

fn semver<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Semver(version_of(fuel, args)?.ok_or(Failure::Other)?.into()))
}

fn is_semver<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(version_of(fuel, args)?.is_some()))
}

fn number<'a>(args: &[Value<'a>], read: fn(&Semver) -> u64) -> Outcome<'a> {
    let [Value::Semver(version)] = args else { return mismatch() };
    i64::try_from(read(version)).map(Value::Int).map_err(|_| Failure::Other)
}

fn compare<'a>(args: &[Value<'a>], tell: fn(Ordering) -> Value<'a>) -> Outcome<'a> {
    let [Value::Semver(a), Value::Semver(b)] = args else { return mismatch() };
    Ok(tell(a.precedence(b)))
}
