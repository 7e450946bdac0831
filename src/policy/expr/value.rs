//! Requests, callers and objects as CEL values.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use jiff::Timestamp;

use super::Failure;
use crate::identity::{Caller, CallerKind};
use crate::kube::request_info::ResourceInfo;
use crate::policy::Facts;
use crate::policy::capability::{Capabilities, Capability};
use crate::policy::matcher::verb_name;

/// Values, counted together over `object` and `oldObject`, beyond which no expression looks at
/// them.
const MAX_VALUES: u64 = 200_000;

/// The fields of `request`.
pub(super) const REQUEST_FIELDS: &[&str] = &[
    "apiGroup",
    "apiVersion",
    "capabilities",
    "cluster",
    "name",
    "namespace",
    "path",
    "query",
    "resource",
    "subresource",
    "verb",
];

/// The fields of `caller`.
pub(super) const CALLER_FIELDS: &[&str] = &["groups", "issuer", "kind", "name", "uid"];

/// `request`: every field is always there, empty where the request has none.
pub(super) fn request(facts: &Facts<'_>, carried: Capabilities) -> Value {
    let request = facts.request;
    let none = ResourceInfo::default();
    let resource = request.resource.as_ref().unwrap_or(&none);
    let capabilities: Vec<&str> = carried.iter().map(Capability::name).collect();
    map([
        ("apiGroup", resource.api_group.as_str().into()),
        ("apiVersion", resource.api_version.as_str().into()),
        ("capabilities", capabilities.into()),
        ("cluster", facts.cluster.into()),
        ("name", resource.name.as_str().into()),
        ("namespace", resource.namespace.as_str().into()),
        ("path", request.path.as_str().into()),
        ("query", query(facts.query)),
        ("resource", resource.resource.as_str().into()),
        ("subresource", resource.subresource.as_str().into()),
        ("verb", verb_name(request.verb).into()),
    ])
}

/// Lists of values by name, as parameters such as `command` come more than once.
fn query(pairs: &[(String, String)]) -> Value {
    let mut lists: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in pairs {
        lists.entry(name).or_default().push(value);
    }
    map(lists.into_iter().map(|(name, values)| (name, values.into())))
}

/// `caller`.
pub(super) fn caller(caller: &Caller) -> Value {
    let kind = match caller.kind {
        CallerKind::Person => "person",
        CallerKind::Workload => "workload",
    };
    map([
        ("groups", caller.groups.clone().into()),
        ("issuer", caller.issuer.as_str().into()),
        ("kind", kind.into()),
        ("name", caller.name.as_str().into()),
        ("uid", caller.uid.as_deref().unwrap_or_default().into()),
    ])
}

/// `now`.
pub(super) fn timestamp(now: Timestamp) -> Value {
    // Between two libraries' types RFC 3339 is the common ground; years that CEL has no room for
    // become null and fail in use.
    now.to_string().parse().map_or(Value::Null, Value::Timestamp)
}

fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let map = entries.into_iter().map(|(name, value)| (key(name), value)).collect();
    Value::Map(Map { map: Arc::new(map) })
}

fn key(name: &str) -> Key {
    Key::String(Arc::new(name.to_owned()))
}

/// Converts JSON within a bound on the number of values.
#[derive(Default)]
pub(super) struct Room {
    taken: u64,
}

impl Room {
    /// How many values were converted, long texts counting for several.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn convert(&mut self, json: &serde_json::Value) -> Result<Value, Failure> {
        use serde_json::Value as Json;
        self.take(1)?;
        Ok(match json {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => self::number(number).ok_or(Failure::Other)?,
            Json::String(text) => {
                self.take(u64::try_from(text.len() / 64).unwrap_or(u64::MAX))?;
                text.as_str().into()
            }
            Json::Array(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| self.convert(item)).collect();
                Value::List(Arc::new(items?))
            }
            Json::Object(fields) => {
                let fields =
                    fields.iter().map(|(name, field)| Ok((key(name), self.convert(field)?)));
                Value::Map(Map { map: Arc::new(fields.collect::<Result<_, Failure>>()?) })
            }
        })
    }

    fn take(&mut self, values: u64) -> Result<(), Failure> {
        self.taken = self.taken.saturating_add(values);
        if self.taken > MAX_VALUES { Err(Failure::ObjectTooLarge) } else { Ok(()) }
    }
}

/// Whole numbers are ints however they are written: the API server reads `3.0` into an integer
/// field as 3.
#[expect(clippy::cast_possible_truncation, reason = "the bounds are checked before the cast")]
fn number(number: &serde_json::Number) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(int) = number.as_i64() {
        return Some(Value::Int(int));
    }
    if let Some(uint) = number.as_u64() {
        return Some(Value::UInt(uint));
    }
    let float = number.as_f64().filter(|float| float.is_finite())?;
    let whole = float.fract() == 0.0 && float.abs() <= EXACT;
    Some(if whole { Value::Int(float as i64) } else { Value::Float(float) })
}
