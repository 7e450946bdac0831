//! Regular expressions: CEL's `matches` and Kubernetes' `find` (`library/regex.go`), in Go's
//! syntax (RE2), which differs from the crate's in small things.

mod translation;

use std::sync::Arc;

use super::super::Failure;
use super::super::fuel::Fuel;
use super::super::value::{Outcome, Text, Value};
use super::{Table, mismatch};

pub(super) const TABLE: Table = &[
    ("string.matches(string) -> bool", matches),
    ("matches(string, string) -> bool", matches),
    ("string.find(string) -> string", find),
    ("string.findAll(string) -> list(string)", find_all),
    ("string.findAll(string, int) -> list(string)", find_all),
];

/// Which functions take a pattern as their second value.
pub(in super::super) const TAKES_PATTERN: [&str; 3] = ["find", "findAll", "matches"];

/// What a compiled expression may take, from small ones to the largest, and how many steps each
/// byte costs that one of them searches: in the worst case all of it is gone through for each.
const CLASSES: [(usize, usize); 4] = [(1 << 12, 1), (1 << 14, 4), (1 << 16, 16), (1 << 18, 64)];

/// How many of these classes are for expressions that are compiled while a policy is evaluated.
const CLASSES_OF_COMPUTED: usize = 3;

/// What the tables may take that a search makes for itself.
const MAX_TABLE_BYTES: usize = 1 << 20;

/// What compiling one costs, beside what it costs for each of its bytes.
const STEPS_TO_COMPILE: usize = 5_000;
const STEPS_PER_BYTE: usize = 50;

/// A compiled expression.
pub(in super::super) struct Pattern {
    text: String,
    regex: regex::Regex,
    steps_per_byte: usize,
}

impl Pattern {
    /// Compiles an expression that is a literal.
    pub(in super::super) fn compile(text: &str) -> Option<Self> {
        Self::compile_within(text, CLASSES.len())
    }

    fn compile_within(text: &str, classes: usize) -> Option<Self> {
        let translated = translation::from_go(text)?;
        CLASSES.into_iter().take(classes).find_map(|(size, steps_per_byte)| {
            let regex = regex::RegexBuilder::new(&translated)
                .size_limit(size)
                .dfa_size_limit(MAX_TABLE_BYTES)
                .nest_limit(64)
                .build()
                .ok()?;
            Some(Self { text: text.to_owned(), regex, steps_per_byte })
        })
    }

    /// What was compiled.
    pub(in super::super) fn text(&self) -> &str {
        &self.text
    }

    /// Pays for searching through `text` once.
    fn pay(&self, fuel: &mut Fuel, text: &str) -> Result<(), Failure> {
        fuel.spend_product(text.len(), self.steps_per_byte)
    }
}

fn pattern(fuel: &mut Fuel, value: &Value<'_>) -> Result<Arc<Pattern>, Failure> {
    match value {
        Value::Pattern(pattern) => Ok(Arc::clone(pattern)),
        Value::String(text) => {
            fuel.spend(STEPS_TO_COMPILE)?;
            fuel.spend_product(text.len(), STEPS_PER_BYTE)?;
            let pattern = Pattern::compile_within(text, CLASSES_OF_COMPUTED);
            pattern.map(Arc::new).ok_or(Failure::Other)
        }
        _ => Err(Failure::MismatchedTypes),
    }
}

fn matches<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), expression] = args else { return mismatch() };
    let pattern = pattern(fuel, expression)?;
    pattern.pay(fuel, text)?;
    Ok(Value::Bool(pattern.regex.is_match(text)))
}

fn find<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text), expression] = args else { return mismatch() };
    let pattern = pattern(fuel, expression)?;
    pattern.pay(fuel, text)?;
    let found = pattern.regex.find(text).map_or("", |found| found.as_str());
    Ok(Value::text(found.to_owned()))
}

/// A negative limit is none.
fn find_all<'a>(fuel: &mut Fuel, args: &[Value<'a>]) -> Outcome<'a> {
    let (text, expression, limit): (&Text<'a>, _, _) = match args {
        [Value::String(text), expression] => (text, expression, -1),
        [Value::String(text), expression, Value::Int(limit)] => (text, expression, *limit),
        _ => return mismatch(),
    };
    let pattern = pattern(fuel, expression)?;
    let mut found = Vec::new();
    let mut end = None;
    for hit in pattern.regex.find_iter(text).take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        // A search may look at all that is left before it finds something short.
        pattern.pay(fuel, text.get(hit.start()..).unwrap_or_default())?;
        fuel.spend(2)?;
        // Go finds nothing empty right behind a match, the crate does neither.
        if !(hit.is_empty() && end == Some(hit.start())) {
            found.push(hit.as_str().to_owned());
        }
        end = Some(hit.end());
    }
    pattern.pay(fuel, text)?;
    Ok(Value::texts(found))
}
