//! No value out of an object reaches an error, a flaw or a `Debug`, whatever fails on it.

use super::*;
use crate::policy::Objects;
use crate::policy::tests::{known, rule, set};

const MARKER: &str = "hunter2-MARKER";

/// An object in which every name and every text is the marker.
fn secret() -> Json {
    json!({
        MARKER: MARKER,
        "a": MARKER,
        "list": [MARKER, 1, null, {MARKER: MARKER}],
        "number": 7_771_117,
        "map": {MARKER: {MARKER: MARKER}},
    })
}

/// Expressions that fail on the object, or are out of types with it.
const FAILING: &[&str] = &[
    "object[object.a].b.c",
    "object.a.missing",
    "object.a + 1 == 2",
    "object.a < 1",
    "-object.a == 1",
    "!object.a",
    "object.a ? true : false",
    "object.a && true",
    "object.list.all(x, x)",
    "object.list.map(x, x + 1) == []",
    "object.list.sort() == []",
    "object.list.sum() == 1",
    "object.list.join() == ''",
    "object.list[object.number] == 1",
    "object.map[object.a][object.a].x",
    "object.map.missing",
    "object.map[object.number]",
    "int(object.a) == 1",
    "uint(object.a) == 1u",
    "double(object.a) == 1.0",
    "bool(object.a)",
    "timestamp(object.a) == now",
    "duration(object.a) == duration('1s')",
    "now.getHours(object.a) == 1",
    "'a'.matches(object.a + '(')",
    "'a'.find(object.a + '[') == ''",
    "quantity(object.a) == quantity('1')",
    "ip(object.a) == ip('1.1.1.1')",
    "ip.isCanonical(object.a)",
    "cidr(object.a) == cidr('1.1.1.0/24')",
    "cidr('1.1.1.0/24').containsIP(object.a)",
    "semver(object.a) == semver('1.0.0')",
    "url(object.a).getHost() == ''",
    "object.a.charAt(object.number) == ''",
    "object.a.substring(object.number) == ''",
    "(object.a + '%').format([1]) == ''",
    "{object.list: 1} == {}",
    "[object.a, object.a].transformMapEntry(i, x, {x: i}) == {}",
    "{?'a': object.a} == {}",
    "optional.none().orValue(object.a)",
    "object.?missing.value() == 1",
    "object.number / (object.number - object.number) == 1",
    "object.number * 9223372036854775807 == 1",
    "lists.range(object.number * 1000).exists(x, string(x) == object.a)",
    "object.a",
    "object",
];

#[test]
fn no_failure_carries_a_value() {
    for text in FAILING {
        let expression = Expression::compile(text, Vocabulary::Full)
            .unwrap_or_else(|flaws| panic!("{text}: {flaws:#?}"));
        let Err(failure) = evaluate_on(&expression, &secret()) else { panic!("{text} holds") };
        for said in [format!("{failure}"), format!("{failure:?}"), format!("{expression:?}")] {
            assert!(!said.contains("hunter2") && !said.contains("7771117"), "{text}: {said}");
        }
    }
}

#[test]
fn no_decision_carries_a_value() {
    let objects = Objects { object: known(secret()), ..Objects::default() };
    let request = request(Verb::Patch, "configmaps", "shop", "c");
    for text in FAILING {
        let text = text.replace('"', "\\\"").replace('\\', "\\\\");
        let message = "of {{ request.name }}, {{ request.query }}, {{ request.query.missing }}";
        let set = set(&[&format!("{{when: \"{text}\", effect: deny, message: \"{message}\"}}")]);
        let ruling = rule(&set, &request, CallerKind::Person, &objects);
        for said in [format!("{ruling:?}"), format!("{set:?}"), format!("{objects:?}")] {
            assert!(!said.contains("hunter2") && !said.contains("7771117"), "{text}: {said}");
        }
    }
}

#[test]
fn an_evaluation_for_its_author_fails_without_a_value_too() {
    let objects = Objects { object: known(secret()), ..Objects::default() };
    let request = request(Verb::Patch, "configmaps", "shop", "c");
    let caller = caller(CallerKind::Person);
    let facts = Facts { request: &request, query: &[], caller: &caller, cluster: "prod" };
    for text in FAILING {
        let evaluated = crate::policy::evaluate(text, &facts, &objects, Timestamp::UNIX_EPOCH);
        let shows_value = matches!(evaluated, Evaluated::Value(_));
        assert!(shows_value || !format!("{evaluated:?}").contains("hunter2"), "{text}");
    }
}
