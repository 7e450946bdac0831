//! What to say of a call that no overload fits.

use super::calls::Call;
use super::{Check, Typed};
use crate::policy::expr::library::{OVERLOADS, Overload, overloads};
use crate::policy::expr::types::Type;
use crate::policy::problem::did_you_mean;

/// What is a call in the grammar and a macro to everybody.
pub(super) const MACROS: [&str; 13] = [
    "all",
    "exists",
    "existsOne",
    "exists_one",
    "filter",
    "has",
    "map",
    "optFlatMap",
    "optMap",
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

/// What Kubernetes has beside what kguard has: all of it asks who may do what.
const OF_THE_AUTHORIZER: [&str; 14] = [
    "allowed",
    "check",
    "error",
    "errored",
    "fieldSelector",
    "group",
    "labelSelector",
    "name",
    "namespace",
    "path",
    "reason",
    "resource",
    "serviceAccount",
    "subresource",
];

/// Functions that people know from elsewhere, and what there is instead.
const ELSEWHERE: [(&str, &str); 6] = [
    ("cel.bind", "Kubernetes has no variables within expressions"),
    ("json.parse", "an object is parsed already"),
    ("length", "write `size()`"),
    ("lower", "write `lowerAscii()`"),
    ("toString", "write `string(..)`"),
    ("upper", "write `upperAscii()`"),
];

impl Check<'_> {
    /// Says why no overload fits.
    pub(super) fn misfit(&mut self, call: &Call<'_>, types: &[Type], known: &[&Overload]) -> Typed {
        if let Some(symbol) = symbol(call.name) {
            let operands: Vec<String> = types.iter().map(Type::to_string).collect();
            let message = format!("`{symbol}` does not take {}", operands.join(" and "));
            return self.flaw(call.at, message, operator_hint(symbol, types));
        }
        let name = call.name;
        if known.is_empty() {
            return self.unknown(call);
        }
        let written = types.len() - usize::from(call.method);
        let counts: Vec<usize> =
            known.iter().map(|known| known.parameters.len() - usize::from(call.method)).collect();
        let hint = Some(signatures(known));
        if !counts.contains(&written) {
            let plural = if written == 1 { "" } else { "s" };
            let message = format!("`{name}` does not take {written} argument{plural}");
            return self.flaw(call.at, message, hint);
        }
        let first = types.first().filter(|_| call.method);
        if let Some(receiver) = first.filter(|receiver| !has_method(receiver, known)) {
            let contains = matches!(receiver, Type::List(_)) && name == "contains";
            let instead = || "write `.. in ..`: the item before, the list behind".to_owned();
            let hint = if contains { Some(instead()) } else { hint };
            return self.flaw(call.at, format!("{receiver} has no `{name}`"), hint);
        }
        let taken: Vec<String> =
            types.iter().skip(usize::from(call.method)).map(Type::to_string).collect();
        self.flaw(call.at, format!("`{name}` does not take {}", taken.join(" and ")), hint)
    }

    /// Says that there is no such function, or none that is called like this.
    pub(super) fn unknown(&mut self, call: &Call<'_>) -> Typed {
        let name = call.name;
        let other: Vec<_> = overloads(name).collect();
        let hint = match MACROS.iter().find(|known| **known == name) {
            Some(&"has") => Some("it is `has(value.field)`".to_owned()),
            Some(_) => Some(
                "it is called on a list or map, with a name for its items: `list.all(x, x > 0)`"
                    .to_owned(),
            ),
            None => (!other.is_empty()).then(|| signatures(&other)),
        };
        if hint.is_some() {
            return self.flaw(call.at, format!("`{name}` is not called like this"), hint);
        }
        if OF_THE_AUTHORIZER.contains(&name) {
            let hint = "kguard asks no authorizer; write who may in `match` or ask `caller.groups`";
            let message = format!("`{name}` is not to be had here");
            return self.flaw(call.at, message, Some(hint.to_owned()));
        }
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == name);
        if let Some((_, hint)) = elsewhere {
            let message = format!("unknown function `{name}`");
            return self.flaw(call.at, message, Some((*hint).to_owned()));
        }
        let mut names: Vec<&str> = OVERLOADS
            .iter()
            .filter(|overload| symbol(&overload.name).is_none())
            .map(|overload| overload.name.as_str())
            .chain(MACROS)
            .collect();
        names.sort_unstable();
        names.dedup();
        self.flaw(call.at, format!("unknown function `{name}`"), did_you_mean(name, &names))
    }
}

/// Whether any of the methods is one of the type.
fn has_method(of: &Type, known: &[&Overload]) -> bool {
    let mut receivers = known.iter().filter_map(|known| known.parameters.first());
    receivers.any(|receiver| receiver.admits(of, &mut Vec::new()))
}

/// How an operator is written.
fn symbol(name: &str) -> Option<&str> {
    match name {
        "@in" => Some("in"),
        _ => name
            .strip_prefix('_')
            .unwrap_or(name)
            .strip_suffix('_')
            .map(|symbol| symbol.trim_start_matches('_')),
    }
}

fn operator_hint(symbol: &str, types: &[Type]) -> Option<String> {
    let number = |of: &Type| matches!(of, Type::Int | Type::Uint | Type::Double);
    let [a, b] = types else { return None };
    match (symbol, a, b) {
        ("==" | "!=", Type::List(item), other) | ("==" | "!=", other, Type::List(item))
            if **item == *other =>
        {
            Some("it is a list: write `.. in ..`".to_owned())
        }
        ("+", Type::String, _) | ("+", _, Type::String) => {
            Some("write `string(..)` around what is none".to_owned())
        }
        ("==" | "!=", Type::String, other) | ("==" | "!=", other, Type::String)
            if number(other) =>
        {
            Some("texts are written in quotes".to_owned())
        }
        _ if number(a) && number(b) => {
            Some("convert one of them: `int(..)`, `uint(..)`, `double(..)`".to_owned())
        }
        _ => None,
    }
}

/// The signatures, for a hint.
fn signatures(known: &[&Overload]) -> String {
    let listed: Vec<String> =
        known.iter().take(3).map(|known| format!("`{}`", known.signature)).collect();
    let more = if known.len() > listed.len() { ", .." } else { "" };
    format!("there is {}{more}", listed.join(", "))
}
