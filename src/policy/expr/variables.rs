//! The variables of expressions: their types, and how a request and its caller become values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::Failure;
use super::types::Record;
use super::value::Value;
use super::value::key::Key;
use crate::identity::{Caller, CallerKind};
use crate::kube::request_info::ResourceInfo;
use crate::policy::Facts;
use crate::policy::capability::{Capabilities, Capability};

/// Values, counted together over `object` and `oldObject`, beyond which no expression looks at
/// them.
const MAX_VALUES: usize = 200_000;

/// How deep they may nest: comparing them recurses.
const MAX_DEPTH: usize = 128;

/// `request`: every field is always there, empty where the request has none.
pub(super) static REQUEST: Record = Record {
    name: "request",
    fields: &[
        ("apiGroup", "string"),
        ("apiVersion", "string"),
        ("capabilities", "list(string)"),
        ("cluster", "string"),
        ("name", "string"),
        ("namespace", "string"),
        ("path", "string"),
        ("query", "map(string, list(string))"),
        ("resource", "string"),
        ("subresource", "string"),
        ("verb", "string"),
    ],
};

/// `caller`.
pub(super) static CALLER: Record = Record {
    name: "caller",
    fields: &[
        ("groups", "list(string)"),
        ("issuer", "string"),
        ("kind", "string"),
        ("name", "string"),
        ("uid", "string"),
    ],
};

pub(super) fn request(facts: &Facts<'_>, carried: Capabilities) -> Value<'static> {
    let request = facts.request;
    let none = ResourceInfo::default();
    let resource = request.resource.as_ref().unwrap_or(&none);
    let text = |text: &str| Value::text(text.to_owned());
    map([
        ("apiGroup", text(&resource.api_group)),
        ("apiVersion", text(&resource.api_version)),
        ("capabilities", Value::texts(carried.iter().map(Capability::name))),
        ("cluster", text(facts.cluster)),
        ("name", text(&resource.name)),
        ("namespace", text(&resource.namespace)),
        ("path", text(&request.path)),
        ("query", query(facts.query)),
        ("resource", text(&resource.resource)),
        ("subresource", text(&resource.subresource)),
        ("verb", text(request.verb.as_str())),
    ])
}

/// Lists of values by name, as parameters such as `command` come more than once.
fn query(pairs: &[(String, String)]) -> Value<'static> {
    let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs {
        lists.entry(name).or_default().push(value.clone());
    }
    let lists = lists.into_iter();
    let entry = |(name, values): (&str, Vec<String>)| {
        (Key::String(name.to_owned().into()), Value::texts(values))
    };
    Value::map(lists.map(entry).collect())
}

pub(super) fn caller(caller: &Caller) -> Value<'static> {
    let kind = match caller.kind {
        CallerKind::Person => "person",
        CallerKind::Workload => "workload",
    };
    let text = |text: &str| Value::text(text.to_owned());
    map([
        ("groups", Value::texts(caller.groups.iter().cloned())),
        ("issuer", text(&caller.issuer)),
        ("kind", Value::text(kind)),
        ("name", text(&caller.name)),
        ("uid", text(caller.uid.as_deref().unwrap_or_default())),
    ])
}

fn map<const N: usize>(entries: [(&'static str, Value<'static>); N]) -> Value<'static> {
    Value::map(entries.into_iter().map(|(name, value)| (Key::String(name.into()), value)).collect())
}

/// Refuses objects that are too large or too deep to go through. Counting stops where they are.
pub(super) fn bound(objects: [Option<&Json>; 2]) -> Result<(), Failure> {
    let mut room = MAX_VALUES;
    objects.into_iter().flatten().try_for_each(|object| count(object, &mut room, MAX_DEPTH))
}

fn count(json: &Json, room: &mut usize, depth: usize) -> Result<(), Failure> {
    let depth = depth.checked_sub(1).ok_or(Failure::ObjectTooLarge)?;
    *room = room.checked_sub(1).ok_or(Failure::ObjectTooLarge)?;
    match json {
        Json::Array(items) => items.iter().try_for_each(|item| count(item, room, depth)),
        Json::Object(fields) => fields.values().try_for_each(|field| count(field, room, depth)),
        _ => Ok(()),
    }
}
