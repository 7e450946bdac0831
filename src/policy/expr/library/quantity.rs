//! Kubernetes' quantities (`apimachinery/pkg/api/resource`), as `1.5Gi`. They are counted in
//! nanos, which is as fine as Kubernetes counts them.

use std::cmp::Ordering;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("quantity(string) -> Quantity", quantity),
    ("isQuantity(string) -> bool", is_quantity),
    ("sign(Quantity) -> int", |_, args| with(args, |quantity| Ok(Value::Int(quantity.sign())))),
    ("Quantity.add(Quantity) -> Quantity", add),
    ("Quantity.add(int) -> Quantity", add),
    ("Quantity.sub(Quantity) -> Quantity", subtract),
    ("Quantity.sub(int) -> Quantity", subtract),
    ("Quantity.asApproximateFloat() -> double", |_, args| {
        with(args, |quantity| Ok(Value::Double(quantity.to_double())))
    }),
    ("Quantity.asInteger() -> int", |_, args| {
        with(args, |quantity| quantity.to_int().map(Value::Int).ok_or(Failure::Other))
    }),
    ("Quantity.isInteger() -> bool", |_, args| {
        with(args, |quantity| Ok(Value::Bool(quantity.to_int().is_some())))
    }),
    ("Quantity.compareTo(Quantity) -> int", |_, args| {
        compare(args, |order| Value::Int(order as i64))
    }),
    ("Quantity.isGreaterThan(Quantity) -> bool", |_, args| {
        compare(args, |order| Value::Bool(order.is_gt()))
    }),
    ("Quantity.isLessThan(Quantity) -> bool", |_, args| {
        compare(args, |order| Value::Bool(order.is_lt()))
    }),
];

const NANO: i128 = 1_000_000_000;

/// No quantity with a binary suffix is larger.
const MAX_BINARY: i128 = i64::MAX as i128 * NANO;

/// More digits than Kubernetes keeps in its fast form.
const MAX_FAST_DIGITS: i32 = 18;

/// An amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Quantity {
    nanos: i128,
    /// The value and the power of ten, if Kubernetes keeps it so: only such a quantity is an
    /// integer to it, and only if the power is not negative.
    fast: Option<(i64, i32)>,
}

/// What a suffix multiplies with.
enum Unit {
    Ten(i32),
    Two(u32),
}

impl Quantity {
    fn of_int(number: i64) -> Self {
        Self { nanos: i128::from(number) * NANO, fast: Some((number, 0)) }
    }

    pub(in super::super) const fn nanos(&self) -> i128 {
        self.nanos
    }

    const fn sign(&self) -> i64 {
        self.nanos.signum() as i64
    }

    fn to_int(&self) -> Option<i64> {
        let (value, power) = self.fast?;
        value.checked_mul(10_i64.checked_pow(u32::try_from(power).ok()?)?)
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest double is meant")]
    fn to_double(&self) -> f64 {
        match self.fast {
            Some((value, 0)) => value as f64,
            Some((value, power)) => value as f64 * 10_f64.powi(power),
            None => self.nanos as f64 / NANO as f64,
        }
    }

    fn plus(&self, other: &Self) -> Result<Self, Failure> {
        let nanos = self.nanos.checked_add(other.nanos).ok_or(Failure::Other)?;
        let fast = self.fast.zip(other.fast).and_then(|(a, b)| add_fast(a, b));
        Ok(Self { nanos, fast })
    }

    fn negated(&self) -> Result<Self, Failure> {
        let fast = self.fast.and_then(|(value, power)| Some((value.checked_neg()?, power)));
        Ok(Self { nanos: self.nanos.checked_neg().ok_or(Failure::Other)?, fast })
    }
}

/// `int64Amount.Add`: at the smaller of the powers.
fn add_fast(a: (i64, i32), b: (i64, i32)) -> Option<(i64, i32)> {
    if b.0 == 0 {
        return Some(a);
    }
    if a.0 == 0 {
        return Some(b);
    }
    let (large, small) = if a.1 > b.1 { (a, b) } else { (b, a) };
    let factor = 10_i64.checked_pow(u32::try_from(large.1 - small.1).ok()?)?;
    Some((large.0.checked_mul(factor)?.checked_add(small.0)?, small.1))
}

/// `ParseQuantity`.
fn read(text: &str) -> Option<Quantity> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.is_empty() {
        return None;
    }
    let (whole, rest) = split_digits(digits.trim_start_matches('0'));
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
    let unit = unit(suffix)?;
    let amount =
        Quantity { nanos: nanos(whole, fraction, &unit)?, fast: fast(whole, fraction, &unit) };
    if negative { amount.negated().ok() } else { Some(amount) }
}

fn split_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<Unit> {
    Some(match suffix {
        "n" => Unit::Ten(-9),
        "u" => Unit::Ten(-6),
        "m" => Unit::Ten(-3),
        "" => Unit::Ten(0),
        "k" => Unit::Ten(3),
        "M" => Unit::Ten(6),
        "G" => Unit::Ten(9),
        "T" => Unit::Ten(12),
        "P" => Unit::Ten(15),
        "E" => Unit::Ten(18),
        "Ki" => Unit::Two(10),
        "Mi" => Unit::Two(20),
        "Gi" => Unit::Two(30),
        "Ti" => Unit::Two(40),
        "Pi" => Unit::Two(50),
        "Ei" => Unit::Two(60),
        _ => Unit::Ten(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

/// The form that Kubernetes keeps small amounts in, by its own rules of what is small.
fn fast(whole: &str, fraction: &str, unit: &Unit) -> Option<(i64, i32)> {
    let whole = if whole.is_empty() { "0" } else { whole };
    let digits = i32::try_from(whole.len() + fraction.len()).ok()?;
    let (factor, power) = match unit {
        Unit::Ten(power) if digits <= MAX_FAST_DIGITS => (1, *power),
        Unit::Two(power)
            if fraction.is_empty() && 14 - digits - i32::try_from(power * 3 / 10).ok()? >= 0 =>
        {
            (1_i64 << power, 0)
        }
        _ => return None,
    };
    let power = power.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let value: i64 = format!("{whole}{fraction}").parse().ok()?;
    if power < -9 { None } else { Some((value.checked_mul(factor)?, power)) }
}

/// The amount in nanos, rounded away from zero.
fn nanos(whole: &str, fraction: &str, unit: &Unit) -> Option<i128> {
    // Digits behind these only tell whether there is anything left to round.
    let kept = fraction.get(..fraction.len().min(20)).unwrap_or(fraction);
    let lost = fraction.len() > kept.len() && fraction.trim_end_matches('0').len() > kept.len();
    let digits = format!("{whole}{kept}");
    let number: i128 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let (number, power) = match unit {
        Unit::Ten(power) => (number, *power),
        Unit::Two(power) => (number.checked_mul(1 << power)?, 0),
    };
    let power = power.checked_add(9)?.checked_sub(i32::try_from(kept.len()).ok()?)?;
    let nanos = scaled(number, power, lost)?;
    Some(if matches!(unit, Unit::Two(_)) { nanos.min(MAX_BINARY) } else { nanos })
}

fn scaled(number: i128, power: i32, lost: bool) -> Option<i128> {
    if number == 0 {
        return Some(i128::from(lost));
    }
    let Ok(power) = u32::try_from(power) else {
        let Some(divisor) = 10_i128.checked_pow(power.unsigned_abs()) else { return Some(1) };
        let rounds = number % divisor != 0 || lost;
        return Some(number / divisor + i128::from(rounds));
    };
    number.checked_mul(10_i128.checked_pow(power)?)?.checked_add(i128::from(lost))
}

fn quantity<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    fuel.spend_bytes(text.len())?;
    Ok(Value::Quantity(read(text).ok_or(Failure::Other)?.into()))
}

fn is_quantity<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = args else { return mismatch() };
    fuel.spend_bytes(text.len())?;
    Ok(Value::Bool(read(text).is_some()))
}

fn with<'a>(args: &[Value<'a>], read: fn(&Quantity) -> Outcome<'a>) -> Outcome<'a> {
    let [Value::Quantity(quantity)] = args else { return mismatch() };
    read(quantity)
}

fn operands(args: &[Value<'_>]) -> Result<(Quantity, Quantity), Failure> {
    match args {
        [Value::Quantity(a), Value::Quantity(b)] => Ok(((**a).clone(), (**b).clone())),
        [Value::Quantity(a), Value::Int(b)] => Ok(((**a).clone(), Quantity::of_int(*b))),
        _ => Err(Failure::MismatchedTypes),
    }
}

fn add<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (a, b) = operands(args)?;
    Ok(Value::Quantity(a.plus(&b)?.into()))
}

fn subtract<'a>(_: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (a, b) = operands(args)?;
    Ok(Value::Quantity(a.plus(&b.negated()?)?.into()))
}

fn compare<'a>(args: &[Value<'a>], tell: fn(Ordering) -> Value<'a>) -> Outcome<'a> {
    let [Value::Quantity(a), Value::Quantity(b)] = args else { return mismatch() };
    Ok(tell(a.nanos.cmp(&b.nanos)))
}
