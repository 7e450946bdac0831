//! Times and durations, with Go's texts for them and its limits: a duration is 64 bits of
//! nanoseconds, a time lies in the years 1 to 9999.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Zoned};

use super::super::Failure;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("timestamp.getDate() -> int", |_, args| field(args, |time| time.day().into())),
    ("timestamp.getDate(string) -> int", |_, args| field(args, |time| time.day().into())),
    ("timestamp.getDayOfMonth() -> int", |_, args| field(args, day_of_month)),
    ("timestamp.getDayOfMonth(string) -> int", |_, args| field(args, day_of_month)),
    ("timestamp.getDayOfWeek() -> int", |_, args| field(args, day_of_week)),
    ("timestamp.getDayOfWeek(string) -> int", |_, args| field(args, day_of_week)),
    ("timestamp.getDayOfYear() -> int", |_, args| field(args, day_of_year)),
    ("timestamp.getDayOfYear(string) -> int", |_, args| field(args, day_of_year)),
    ("timestamp.getFullYear() -> int", |_, args| field(args, |time| time.year().into())),
    ("timestamp.getFullYear(string) -> int", |_, args| field(args, |time| time.year().into())),
    ("timestamp.getHours() -> int", |_, args| field(args, |time| time.hour().into())),
    ("timestamp.getHours(string) -> int", |_, args| field(args, |time| time.hour().into())),
    ("timestamp.getMilliseconds() -> int", |_, args| field(args, |time| time.millisecond().into())),
    ("timestamp.getMilliseconds(string) -> int", |_, args| {
        field(args, |time| time.millisecond().into())
    }),
    ("timestamp.getMinutes() -> int", |_, args| field(args, |time| time.minute().into())),
    ("timestamp.getMinutes(string) -> int", |_, args| field(args, |time| time.minute().into())),
    ("timestamp.getMonth() -> int", |_, args| field(args, |time| i64::from(time.month()) - 1)),
    ("timestamp.getMonth(string) -> int", |_, args| {
        field(args, |time| i64::from(time.month()) - 1)
    }),
    ("timestamp.getSeconds() -> int", |_, args| field(args, |time| time.second().into())),
    ("timestamp.getSeconds(string) -> int", |_, args| field(args, |time| time.second().into())),
    ("duration.getHours() -> int", |_, args| units(args, 3_600_000_000_000)),
    ("duration.getMilliseconds() -> int", |_, args| units(args, 1_000_000)),
    ("duration.getMinutes() -> int", |_, args| units(args, 60_000_000_000)),
    ("duration.getSeconds() -> int", |_, args| units(args, 1_000_000_000)),
];

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Duration(i64);

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Timestamp(jiff::Timestamp);

impl Duration {
    pub(in super::super) const ZERO: Self = Self(0);

    pub(super) const fn of_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    pub(in super::super) const fn nanos(self) -> i64 {
        self.0
    }

    pub(super) fn plus(self, other: Self) -> Result<Self, Failure> {
        self.0.checked_add(other.0).map(Self).ok_or(Failure::Other)
    }

    pub(super) fn minus(self, other: Self) -> Result<Self, Failure> {
        self.0.checked_sub(other.0).map(Self).ok_or(Failure::Other)
    }
}

impl Timestamp {
    /// The moment, if it lies in the years that there are.
    pub(in super::super) fn of(time: jiff::Timestamp) -> Result<Self, Failure> {
        // 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
        let known = -62_135_596_800..=253_402_300_799;
        if known.contains(&time.as_second()) { Ok(Self(time)) } else { Err(Failure::Other) }
    }

    pub(super) fn of_seconds(seconds: i64) -> Result<Self, Failure> {
        Self::of(jiff::Timestamp::from_second(seconds).map_err(|_| Failure::Other)?)
    }

    /// Since 1970, towards the past.
    pub(super) fn seconds(self) -> i64 {
        let nanos = self.0.as_nanosecond().div_euclid(1_000_000_000);
        i64::try_from(nanos).unwrap_or_default()
    }

    pub(super) fn plus(self, by: Duration) -> Result<Self, Failure> {
        let moved = self.0.checked_add(SignedDuration::from_nanos(by.0));
        Self::of(moved.map_err(|_| Failure::Other)?)
    }

    pub(super) fn minus(self, by: Duration) -> Result<Self, Failure> {
        let moved = self.0.checked_sub(SignedDuration::from_nanos(by.0));
        Self::of(moved.map_err(|_| Failure::Other)?)
    }

    pub(super) fn since(self, other: Self) -> Result<Duration, Failure> {
        let nanos = self.0.as_nanosecond() - other.0.as_nanosecond();
        i64::try_from(nanos).map(Duration).map_err(|_| Failure::Other)
    }
}

/// As cel-go writes it: seconds.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) =
            (self.0.unsigned_abs() / 1_000_000_000, self.0.unsigned_abs() % 1_000_000_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{fraction:09}");
        write!(f, "{}s", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// RFC 3339, as long as it has to be.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Go's `time.ParseDuration`: `1h30m`, `-1.5s`.
impl FromStr for Duration {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        let mut nanos: i128 = 0;
        loop {
            let (part, behind) = part(rest).ok_or(Failure::Other)?;
            nanos = nanos.checked_add(part).ok_or(Failure::Other)?;
            if behind.is_empty() {
                break;
            }
            rest = behind;
        }
        i64::try_from(if negative { -nanos } else { nanos }).map(Self).map_err(|_| Failure::Other)
    }
}

/// The nanoseconds of a number with its unit, and what comes behind.
fn part(text: &str) -> Option<(i128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    let (unit, rest) =
        rest.split_at(rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len()));
    let unit: i128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let number =
        |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    // Beyond this nothing of a fraction is left.
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let nanos = number(whole)?
        .checked_mul(unit)?
        .checked_add(number(fraction)?.checked_mul(unit)? / scale)?;
    Some((nanos, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// Strictly RFC 3339, as Go's layout of that name.
impl FromStr for Timestamp {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let shape: String =
            text.chars().take(64).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let rest = shape.strip_prefix("0000-00-00T00:00:00").ok_or(Failure::Other)?;
        let zone = match rest.strip_prefix('.') {
            Some(fraction) if fraction.starts_with('0') => fraction.trim_start_matches('0'),
            Some(_) => return Err(Failure::Other),
            None => rest,
        };
        if !["Z", "+00:00", "-00:00"].contains(&zone) {
            return Err(Failure::Other);
        }
        Self::of(text.parse().map_err(|_| Failure::Other)?)
    }
}

/// A field of a moment, in UTC or the zone that the second argument names.
fn field<'a>(args: &[Value<'a>], read: fn(&Zoned) -> i64) -> Outcome<'a> {
    let (time, zone) = match args {
        [Value::Timestamp(time)] => (time, TimeZone::UTC),
        [Value::Timestamp(time), Value::String(zone)] => {
            (time, named_zone(zone).ok_or(Failure::Other)?)
        }
        _ => return mismatch(),
    };
    Ok(Value::Int(read(&time.0.to_zoned(zone))))
}

/// `Europe/Berlin`, or `+02:00`.
fn named_zone(name: &str) -> Option<TimeZone> {
    let Some((hours, minutes)) = name.split_once(':') else {
        return if name.is_empty() { Some(TimeZone::UTC) } else { TimeZone::get(name).ok() };
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let signed = if hours < 0 { minutes.checked_neg()? } else { minutes };
    let seconds = hours.checked_mul(60)?.checked_add(signed)?.checked_mul(60)?;
    Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?))
}

fn day_of_month(time: &Zoned) -> i64 {
    i64::from(time.day()) - 1
}

fn day_of_week(time: &Zoned) -> i64 {
    time.weekday().since(Weekday::Sunday).into()
}

fn day_of_year(time: &Zoned) -> i64 {
    i64::from(time.day_of_year()) - 1
}

/// A duration in whole units.
fn units<'a>(args: &[Value<'a>], nanos: i64) -> Outcome<'a> {
    let [Value::Duration(duration)] = args else { return mismatch() };
    Ok(Value::Int(duration.0 / nanos))
}
